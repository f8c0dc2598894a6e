//! The line of one call: its time, who holds the phone, and the fields that name it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::behaviour::Behaviour;
use crate::delivery::Fields;
use crate::dialogue::Outcome;
use crate::state::{Control, Shared};
use crate::{Protocol, telnyx};

/// Time of one call, which passes only while the call waits: what becomes of the call depends on no network.
pub(crate) struct Clock {
    shared: Arc<Shared>,
    elapsed: Duration,
    /// When the call is cut, whatever is going on.
    cut_at: Duration,
    control: watch::Receiver<Control>,
}

impl Clock {
    pub(crate) fn new(shared: &Arc<Shared>, cut_at: Duration, control: watch::Receiver<Control>) -> Self {
        Self { shared: Arc::clone(shared), elapsed: Duration::ZERO, cut_at, control }
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// A clock for the other leg of the same call, to be added by [`Clock::advance`].
    pub(crate) fn branch(&self) -> Self {
        let left = self.cut_at.saturating_sub(self.elapsed);
        Self::new(&self.shared, left, self.control.clone())
    }

    pub(crate) fn advance(&mut self, passed: Duration) {
        self.elapsed += passed;
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.elapsed
    }

    pub(crate) async fn wait(&mut self, duration: Duration) -> Result<(), Outcome> {
        let left = self.cut_at.saturating_sub(self.elapsed);
        let step = duration.min(left);
        tokio::select! {
            biased;
            () = ordered(&mut self.control) => return Err(Outcome::Ordered),
            () = self.shared.sleep(step) => {}
        }
        self.elapsed += step;
        if duration >= left { Err(Outcome::Cut) } else { Ok(()) }
    }
}

/// Waits until a client orders the end of the call.
pub(crate) async fn ordered(control: &mut watch::Receiver<Control>) {
    if control.wait_for(|order| *order != Control::Go).await.is_err() {
        // Nobody can give orders any more.
        std::future::pending().await
    }
}

/// Who holds the phone.
#[derive(Clone, Debug)]
pub(crate) enum Person {
    Called {
        behaviour: Behaviour,
        pressed: usize,
    },
    /// Presses these keys in turn; `.` lets one question pass.
    Caller {
        keys: String,
    },
    /// Takes a transferred call, and accepts it with 1 if asked to.
    Officer,
}

impl Person {
    pub(crate) fn keys(&mut self, most: usize) -> String {
        match self {
            Self::Called { behaviour, pressed } => {
                let key = behaviour.key(*pressed);
                *pressed += usize::from(key.is_some());
                key.into_iter().collect()
            }
            Self::Caller { keys } if keys.starts_with('.') => {
                keys.remove(0);
                String::new()
            }
            Self::Caller { keys } => {
                let now: String = keys.chars().take(most).take_while(|key| *key != '.').collect();
                keys.drain(..now.len());
                now
            }
            Self::Officer => "1".into(),
        }
    }
}

/// The fields of every voice request, except `CallStatus`. Places are unknown, and then empty, as they often are.
pub(crate) fn leg(shared: &Shared, sid: &str, from: &str, to: &str, direction: &str) -> Fields {
    if shared.options.protocol == Protocol::Telnyx {
        return telnyx::leg(&shared.options, sid, from, to);
    }
    let mut fields: Fields = [
        ("CallSid", sid),
        ("AccountSid", shared.options.account_sid.as_str()),
        ("From", from),
        ("To", to),
        ("Caller", from),
        ("Called", to),
        ("ApiVersion", "2010-04-01"),
        ("Direction", direction),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    for side in ["From", "To", "Caller", "Called"] {
        for (place, value) in [("City", ""), ("State", ""), ("Zip", ""), ("Country", "ID")] {
            fields.push((format!("{side}{place}"), value.into()));
        }
    }
    fields
}
