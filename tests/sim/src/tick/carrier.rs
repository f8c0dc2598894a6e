//! A carrier that remembers every order, and what comes of its calls.

use super::Dice;
use dering::attempt::{AnsweredBy, CallId, Disposition, Ending, News, Said};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// An order as it reached the carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    pub call: CallId,
    pub to: String,
    pub at_ms: i64,
    /// Whether the carrier took it.
    pub rings: bool,
}

/// What the carrier makes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Taken,
    /// Taken, and the answer does not arrive.
    Lost,
    /// It is never reached.
    Unreachable,
    /// An error of that HTTP status and code.
    Error(u16, u32),
}

type Behaviour = Box<dyn Fn(&CallId) -> Answer>;

/// The carrier.
pub struct Carrier {
    orders: RefCell<Vec<Ordered>>,
    behaviour: Behaviour,
}

impl Default for Carrier {
    fn default() -> Self {
        Carrier { orders: RefCell::default(), behaviour: Box::new(|_| Answer::Taken) }
    }
}

impl Carrier {
    /// Answers as `behaviour` says.
    pub fn new(behaviour: impl Fn(&CallId) -> Answer + 'static) -> Self {
        Carrier { behaviour: Box::new(behaviour), ..Carrier::default() }
    }

    /// One that took the same orders and takes all that follow.
    pub fn fork(&self) -> Self {
        Carrier { orders: self.orders.clone(), ..Carrier::default() }
    }

    pub fn orders(&self) -> Vec<Ordered> {
        self.orders.borrow().clone()
    }

    /// Orders that ring.
    pub fn rung(&self) -> Vec<Ordered> {
        self.orders.borrow().iter().filter(|o| o.rings).cloned().collect()
    }

    /// What it answers, or would answer, to an order of that call.
    pub fn would(&self, call: &CallId) -> Answer {
        (self.behaviour)(call)
    }

    /// An order arrives.
    ///
    /// # Panics
    /// The same call was ordered before: the one thing that must never happen.
    pub(super) fn order(&self, call: CallId, to: String, at_ms: i64) -> Answer {
        let answer = self.would(&call);
        let mut orders = self.orders.borrow_mut();
        assert!(orders.iter().rev().all(|o| o.call != call), "{call:?} was ordered twice");
        orders.push(Ordered { call, to, at_ms, rings: matches!(answer, Answer::Taken | Answer::Lost) });
        answer
    }

    /// Calls by claim.
    pub fn calls(&self) -> BTreeSet<(u64, u16)> {
        self.orders.borrow().iter().map(|o| (o.call.ballot, o.call.index)).collect()
    }
}

/// What comes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Said(Said, Disposition),
    Transferred,
    HungUp,
    Machine,
    Unanswered(Ending, Disposition),
    Network(u16, Disposition),
    /// Nothing is ever heard of it.
    Silence,
}

impl Fate {
    /// A fate of each kind.
    pub const ALL: [Fate; 17] = [
        Fate::Said(Said::Informed, Disposition::Informed),
        Fate::Said(Said::Promise, Disposition::Promise),
        Fate::Said(Said::SaysSettled, Disposition::SaysSettled),
        Fate::Said(Said::Callback, Disposition::Callback),
        Fate::Said(Said::DoNotCall, Disposition::DoNotCall),
        Fate::Said(Said::WrongNumber, Disposition::WrongNumber),
        Fate::Said(Said::ThirdParty, Disposition::ThirdParty),
        Fate::Said(Said::NoInput, Disposition::Refused),
        Fate::Transferred,
        Fate::HungUp,
        Fate::Machine,
        Fate::Unanswered(Ending::NoAnswer, Disposition::NoAnswer),
        Fate::Unanswered(Ending::Busy, Disposition::Busy),
        Fate::Unanswered(Ending::Canceled, Disposition::Failed),
        Fate::Network(404, Disposition::InvalidNumber),
        Fate::Network(503, Disposition::Failed),
        Fate::Silence,
    ];

    /// One that depends on the call and the seed only.
    pub fn of(call: &CallId, seed: u64) -> Fate {
        let mut dice = Dice::new(seed ^ (call.ballot << 16) ^ u64::from(call.index));
        Fate::ALL[dice.below(Fate::ALL.len())]
    }

    /// What is heard of the call.
    pub fn news(self) -> Vec<News> {
        let ended = |ending, talk_s, sip| News::Ended { ending, talk_s, sip, answered_by: None };
        let completed = || ended(Ending::Completed, Some(20), Some(200));
        match self {
            Fate::Said(said, _) => vec![News::Dialog(said), completed()],
            Fate::Transferred => {
                vec![News::Dialog(Said::TransferAsked), News::Transfer { bridged: true }, completed()]
            }
            Fate::HungUp => vec![completed()],
            Fate::Machine => vec![completed(), News::Machine(AnsweredBy::Machine)],
            Fate::Unanswered(ending, _) => vec![ended(ending, None, None)],
            Fate::Network(sip, _) => vec![ended(Ending::Failed, None, Some(sip))],
            Fate::Silence => Vec::new(),
        }
    }

    /// What the books must say of it.
    pub fn disposition(self) -> Disposition {
        match self {
            Fate::Said(_, disposition) | Fate::Unanswered(_, disposition) | Fate::Network(_, disposition) => {
                disposition
            }
            Fate::Transferred => Disposition::Transferred,
            Fate::HungUp => Disposition::Refused,
            Fate::Machine => Disposition::Voicemail,
            Fate::Silence => Disposition::Unknown,
        }
    }
}
