//! What the carrier knows: calls, counters, violations.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::behaviour::{Behaviour, Dice};
use crate::delivery::Deliverer;
use crate::{Options, Protocol};

/// Violations beyond this many are only counted.
const MAX_VIOLATIONS: usize = 1000;

/// The state of a call, as the carrier's API names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Accepted, not yet on the line.
    Queued,
    /// The phone rings.
    Ringing,
    /// Answered, by a person or a machine.
    InProgress,
    /// Ended after it was answered.
    Completed,
    /// Engaged.
    Busy,
    /// Rang out.
    NoAnswer,
    /// Could not be connected.
    Failed,
    /// Called off before it was answered.
    Canceled,
}

impl Status {
    /// The name in the API and in callbacks.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Is the call over?
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Ringing | Self::InProgress)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One outbound call, as the carrier saw it.
#[derive(Clone, Debug)]
pub struct CallRecord {
    /// `CA` (Telnyx: `v3:`) and 32 hexadecimal digits.
    pub sid: String,
    /// Number called, E.164.
    pub to: String,
    /// How often `to` had been called before.
    pub nth: u32,
    /// Caller ID, E.164.
    pub from: String,
    /// Instruction URL as ordered; empty if the order brought its TwiML along.
    pub url: String,
    /// The segment after `/hooks/twilio/` (or `telnyx`) in the path of `url`.
    pub call_id: Option<String>,
    /// When the order was accepted, by the wall clock.
    pub placed_at: SystemTime,
    /// What the person called does.
    pub behaviour: Behaviour,
    /// Where the call stands.
    pub status: Status,
    /// Keys pressed, in order.
    pub keys: String,
    /// Texts said on the line, in order, also those begun and cut short. Complete once the call has ended.
    pub heard: Vec<String>,
    /// Was the call connected to an officer?
    pub transferred: bool,
    /// The verdict of machine detection (`AnsweredBy`), once reached.
    pub amd: Option<&'static str>,
    /// Length of the call in simulated seconds since the answer.
    pub duration: u64,
    /// Was the callback of the call's end answered with 2xx?
    pub ended_delivered: bool,
}

/// How often each of the [`Faults`](crate::Faults) of the same names was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts {
    pub duplicate: u64,
    pub reorder: u64,
    pub delay: u64,
    pub lose: u64,
    pub reply_429: u64,
    pub reply_500_before: u64,
    pub reply_500_after: u64,
    pub lose_reply: u64,
    pub slow: u64,
}

/// Counters, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Orders for a call received, of whatever fate.
    pub orders: u64,
    /// Orders refused with an error, those refused by a fault included: no call came of them.
    pub refused: u64,
    /// Calls waiting for a line.
    pub queued: u64,
    /// Calls ringing.
    pub ringing: u64,
    /// Calls answered and not ended.
    pub in_progress: u64,
    /// Calls ended after an answer.
    pub completed: u64,
    /// Calls that met an engaged line.
    pub busy: u64,
    /// Calls that rang out.
    pub no_answer: u64,
    /// Calls that could not be connected.
    pub failed: u64,
    /// Calls called off.
    pub canceled: u64,
    /// Requests made to the service, every try counted.
    pub webhooks_posted: u64,
    /// Webhooks given up: no try brought a 2xx.
    pub webhooks_failed: u64,
    /// Calls not ended.
    pub open: u64,
    /// Faults made.
    pub faults: FaultCounts,
}

impl Snapshot {
    fn of_status(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Queued => &mut self.queued,
            Status::Ringing => &mut self.ringing,
            Status::InProgress => &mut self.in_progress,
            Status::Completed => &mut self.completed,
            Status::Busy => &mut self.busy,
            Status::NoAnswer => &mut self.no_answer,
            Status::Failed => &mut self.failed,
            Status::Canceled => &mut self.canceled,
        }
    }
}

/// What a client ordered for a live call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    Go,
    Cancel,
    Complete,
}

/// Handle of a call in [`Shared`].
pub(crate) type Index = usize;

#[derive(Default)]
pub(crate) struct State {
    pub snapshot: Snapshot,
    pub calls: Vec<CallRecord>,
    pub by_sid: HashMap<String, Index>,
    pub live: HashMap<String, watch::Sender<Control>>,
    /// Per number: orders seen, calls placed.
    pub numbers: HashMap<String, (u32, u32)>,
    violations: Vec<String>,
    violations_left_out: u64,
}

pub(crate) struct Shared {
    pub options: Options,
    pub base: String,
    pub down: AtomicBool,
    pub deliverer: Deliverer,
    /// Calls and deliveries under way.
    pub busy: watch::Sender<usize>,
    pub stop: watch::Sender<bool>,
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn new(options: Options, base: String) -> Self {
        Self {
            options,
            base,
            down: AtomicBool::new(false),
            deliverer: Deliverer::new(),
            busy: watch::Sender::new(0),
            stop: watch::Sender::new(false),
            state: Mutex::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self, fault: impl FnOnce(&mut FaultCounts) -> &mut u64) {
        *fault(&mut self.state().snapshot.faults) += 1;
    }

    pub(crate) fn violation(&self, text: String) {
        let mut state = self.state();
        if state.violations.len() < MAX_VIOLATIONS {
            state.violations.push(text);
        } else {
            state.violations_left_out += 1;
        }
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        let state = self.state();
        let mut all = state.violations.clone();
        if state.violations_left_out > 0 {
            all.push(format!("and {} more", state.violations_left_out));
        }
        all
    }

    pub(crate) fn update(&self, call: Index, change: impl FnOnce(&mut CallRecord)) {
        if let Some(record) = self.state().calls.get_mut(call) {
            change(record);
        }
    }

    pub(crate) fn set_status(&self, call: Index, status: Status) {
        let mut guard = self.state();
        let state = &mut *guard;
        let Some(record) = state.calls.get_mut(call) else {
            return;
        };
        *state.snapshot.of_status(record.status) -= 1;
        *state.snapshot.of_status(status) += 1;
        record.status = status;
        if status.is_final() {
            state.snapshot.open -= 1;
            state.live.remove(&record.sid);
        }
    }

    /// Sleeps for a duration of the simulated world.
    pub(crate) async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.div_f64(self.options.speed)).await;
    }

    /// Runs a piece of the simulation until it ends or the carrier is shut down; [`crate::Carrier::idle`] waits for it.
    pub(crate) fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let busy = Busy::new(self);
        let mut stop = self.stop.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = work => {}
            }
            drop(busy);
        });
    }

    /// Opens the books for an accepted order.
    pub(crate) fn open_call(&self, to: &str, from: &str, url: &str) -> NewCall {
        let mut guard = self.state();
        let state = &mut *guard;
        let (_, placed) = state.numbers.entry(to.to_owned()).or_default();
        let nth = *placed;
        *placed += 1;
        let options = &self.options;
        let dice = Dice::new(options.seed, to, nth);
        let sid = options.protocol.sid(&dice.hex("sid"));
        let behaviour = crate::behaviour(options.seed, &options.mix, to, nth);
        let record = CallRecord {
            sid: sid.clone(),
            to: to.to_owned(),
            nth,
            from: from.to_owned(),
            url: url.to_owned(),
            call_id: call_id(options.protocol, url),
            placed_at: SystemTime::now(),
            behaviour,
            status: Status::Queued,
            keys: String::new(),
            heard: Vec::new(),
            transferred: false,
            amd: None,
            duration: 0,
            ended_delivered: false,
        };
        let control = watch::Sender::new(Control::Go);
        let ordered = control.subscribe();
        let index = state.calls.len();
        state.calls.push(record);
        state.by_sid.insert(sid.clone(), index);
        state.live.insert(sid.clone(), control);
        state.snapshot.queued += 1;
        state.snapshot.open += 1;
        NewCall { index, sid, behaviour, dice, control: ordered }
    }
}

pub(crate) struct NewCall {
    pub index: Index,
    pub sid: String,
    pub behaviour: Behaviour,
    pub dice: Dice,
    pub control: watch::Receiver<Control>,
}

impl Protocol {
    /// A call's id, made of 32 hexadecimal digits.
    pub(crate) fn sid(self, digits: &str) -> String {
        match self {
            Self::Twilio => format!("CA{digits}"),
            Self::Telnyx => format!("v3:{digits}"),
        }
    }
}

fn call_id(protocol: Protocol, url: &str) -> Option<String> {
    let (_, rest) = url.split_once(&format!("/hooks/{}/", protocol.name()))?;
    rest.split(['/', '?', '#']).next().filter(|id| !id.is_empty()).map(str::to_owned)
}

/// Counts something as under way for as long as it lives.
pub(crate) struct Busy(Arc<Shared>);

impl Busy {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        shared.busy.send_modify(|count| *count += 1);
        Self(Arc::clone(shared))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::call_id;
    use crate::Protocol::{Telnyx, Twilio};

    #[test]
    fn the_call_id_is_the_segment_after_the_hooks() {
        assert_eq!(call_id(Twilio, "http://h/hooks/twilio/abc/answer?x=1"), Some("abc".into()));
        assert_eq!(call_id(Twilio, "http://h/hooks/twilio/abc#rc=1"), Some("abc".into()));
        assert_eq!(call_id(Twilio, "http://h/hooks/twilio/"), None);
        assert_eq!(call_id(Twilio, "http://h/other/abc"), None);
        assert_eq!(call_id(Telnyx, "http://h/hooks/telnyx/abc/answer"), Some("abc".into()));
    }
}
