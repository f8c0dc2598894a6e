//! Callbacks that expect no instructions, on their way: in order, with the faults that are due.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::behaviour::Dice;
use crate::delivery::{Answer, Failure, Fields, is_xml, tries};
use crate::state::{Index, Shared};
use crate::twiml::Method;

/// A callback that expects no instructions: call progress, or the verdict of machine detection.
#[derive(Clone, Debug)]
pub(crate) struct Callback {
    /// Distinct within a call; names the dice.
    pub kind: &'static str,
    pub url: String,
    pub method: Method,
    pub fields: Fields,
    /// Does it report the end of the call?
    pub ends: bool,
}

/// Delivers the callbacks of one call in order, except where a fault is due.
pub(crate) fn courier(shared: &Arc<Shared>, call: Index, dice: Dice) -> mpsc::UnboundedSender<Callback> {
    let (sender, mut receiver) = mpsc::unbounded_channel::<Callback>();
    let courier = Courier { shared: Arc::clone(shared), call, dice };
    shared.spawn(async move {
        let faults = courier.shared.options.faults.clone();
        let mut held: Option<Callback> = None;
        while let Some(callback) = receiver.recv().await {
            let due = |fault: &str, share| courier.dice.below(&format!("{fault} {}", callback.kind), share);
            if due("lose", faults.lose) {
                courier.shared.count(|f| &mut f.lose);
            } else if due("delay", faults.delay) {
                courier.shared.count(|f| &mut f.delay);
                courier.later(callback);
            } else if held.is_none() && due("reorder", faults.reorder) {
                held = Some(callback);
            } else {
                courier.deliver(callback).await;
                if let Some(overtaken) = held.take() {
                    courier.shared.count(|f| &mut f.reorder);
                    courier.deliver(overtaken).await;
                }
            }
        }
        if let Some(callback) = held {
            courier.deliver(callback).await;
        }
    });
    sender
}

#[derive(Clone)]
struct Courier {
    shared: Arc<Shared>,
    call: Index,
    dice: Dice,
}

impl Courier {
    fn later(&self, callback: Callback) {
        let courier = self.clone();
        self.shared.spawn(async move {
            let pause = courier.dice.seconds(&format!("delayed by {}", callback.kind), 5.0, 30.0);
            courier.shared.sleep(pause).await;
            courier.deliver(callback).await;
        });
    }

    async fn deliver(&self, callback: Callback) {
        self.persist(&callback).await;
        let share = self.shared.options.faults.duplicate;
        if self.dice.below(&format!("duplicate {}", callback.kind), share) {
            self.shared.count(|f| &mut f.duplicate);
            self.persist(&callback).await;
        }
    }

    /// Tries as the carrier does, and then as persistently as the options ask.
    async fn persist(&self, callback: &Callback) {
        let options = &self.shared.options;
        for redelivery in 0..=options.max_redeliveries {
            if redelivery > 0 {
                tokio::time::sleep(options.redelivery_pause).await;
            }
            let last = redelivery == options.max_redeliveries;
            let result = tries(&self.shared, &callback.url, callback.method, &callback.fields).await;
            match result {
                Ok(answer) => return self.delivered(callback, &answer),
                Err(Failure::Connection | Failure::Timeout | Failure::Status(500..)) if !last => {}
                Err(_) => break,
            }
        }
        self.shared.state().snapshot.webhooks_failed += 1;
    }

    fn delivered(&self, callback: &Callback, answer: &Answer) {
        if !answer.body.is_empty() && !answer.content_type.as_deref().is_some_and(is_xml) {
            self.shared.violation(format!(
                "15003 the callback {} was answered with a body of type {:?}",
                callback.url, answer.content_type
            ));
        }
        if callback.ends {
            self.shared.update(self.call, |record| record.ended_delivered = true);
        }
    }
}
