//! The rules that decide whether a contact may be called at a moment: a list of named conditions over plain data. The
//! tick asks for the verdict, the reports ask which of them hold; both by the same evaluation.

use super::state::Retry;
use crate::attempt::End;
use crate::campaign::Settings;
use crate::contact::Contact;
use crate::hours::{self, Days};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// When a person is in another call: looked at again after this.
const IN_CALL_MS: i64 = 60_000;
/// When no callable moment is ahead: looked at again after this, should the hours be changed meanwhile.
const NO_HOURS_MS: i64 = 24 * 3_600_000;

/// What is known of a contact and its person at a moment. No store, no keys: whoever asks has looked everything up.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub now_ms: i64,
    pub settings: &'a Settings,
    /// Of these settings: [`Settings::days`].
    pub days: &'a Days,
    pub contact: &'a Contact,
    pub retry: &'a Retry,
    /// Late news of the last call ended the contact so.
    pub overtaken: Option<End>,
    /// Its list was withdrawn.
    pub withdrawn: bool,
    /// The matter is settled.
    pub settled: bool,
    /// A do-not-call entry holds.
    pub do_not_call: bool,
    /// The taxpayer is of the group that is not called.
    pub held_out: bool,
    /// Another call to this person is open.
    pub in_call: bool,
}

/// What is to be done with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Call,
    /// Looked at again at that moment (Unix ms).
    Later(i64),
    Close(End),
}

/// A rule. Each has a stable name, and holds a contact back or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    Overtaken,
    Withdrawn,
    WrongNumber,
    Expired,
    Settled,
    DoNotCall,
    HeldOut,
    InCall,
    Blackout,
    OutsideHours,
}

/// What a rule does to the contact that it holds back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Close(End),
    /// Until that moment (Unix ms).
    Wait(i64),
}

/// One rule's part in a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Stable word.
    pub rule: &'static str,
    /// Whether the rule keeps the contact from being called.
    pub holds: bool,
    /// For people.
    pub detail: String,
    /// How long it does; `None`: for good, or it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// All rules. The first that ends the contact decides; of those that only let it wait, the longest wait.
pub const RULES: [Rule; 10] = [
    Rule::Overtaken,
    Rule::Withdrawn,
    Rule::WrongNumber,
    Rule::Expired,
    Rule::Settled,
    Rule::DoNotCall,
    Rule::HeldOut,
    Rule::InCall,
    Rule::Blackout,
    Rule::OutsideHours,
];

/// Whether the contact is called now.
pub fn judge(facts: &Facts<'_>) -> Verdict {
    let mut wait = None;
    for rule in RULES {
        match rule.effect(facts) {
            Some(Effect::Close(end)) => return Verdict::Close(end),
            Some(Effect::Wait(until_ms)) => wait = wait.max(Some(until_ms)),
            None => {}
        }
    }
    match wait {
        None => Verdict::Call,
        Some(at_ms) => Verdict::Later(facts.next_callable(at_ms).unwrap_or(at_ms)),
    }
}

/// Every rule's part in the verdict.
pub fn explain(facts: &Facts<'_>) -> Vec<Held> {
    let held = |rule: Rule| {
        let effect = rule.effect(facts);
        let until = match effect {
            Some(Effect::Wait(until_ms)) => Timestamp::from_millisecond(until_ms).ok(),
            _ => None,
        };
        Held { rule: rule.as_str(), holds: effect.is_some(), detail: rule.detail(facts), until }
    };
    RULES.into_iter().map(held).collect()
}

impl Rule {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Overtaken => "overtaken",
            Rule::Withdrawn => "withdrawn",
            Rule::WrongNumber => "wrong_number",
            Rule::Expired => "expired",
            Rule::Settled => "settled",
            Rule::DoNotCall => "do_not_call",
            Rule::HeldOut => "held_out",
            Rule::InCall => "in_call",
            Rule::Blackout => "blackout",
            Rule::OutsideHours => "outside_hours",
        }
    }

    fn effect(self, f: &Facts<'_>) -> Option<Effect> {
        let close = |holds: bool, end| holds.then_some(Effect::Close(end));
        match self {
            Rule::Overtaken => f.overtaken.map(Effect::Close),
            Rule::Withdrawn => close(f.withdrawn, End::Withdrawn),
            Rule::WrongNumber => close(f.phone().is_none(), End::WrongNumber),
            Rule::Expired => close(f.today().is_none_or(|today| today > f.last_day()), End::Expired),
            Rule::Settled => close(f.settled, End::Settled),
            Rule::DoNotCall => close(f.do_not_call, End::Suppressed),
            // A change of the share does not touch those who were called before.
            Rule::HeldOut => close(f.held_out && f.retry.attempts == 0, End::HeldOut),
            Rule::InCall => f.in_call.then(|| Effect::Wait(f.now_ms.saturating_add(IN_CALL_MS))),
            Rule::Blackout | Rule::OutsideHours => {
                let next = f.next_callable(f.now_ms);
                let waits = next != Some(f.now_ms) && (self == Rule::Blackout) == f.blackout();
                waits.then(|| Effect::Wait(next.unwrap_or(f.now_ms.saturating_add(NO_HOURS_MS))))
            }
        }
    }

    fn detail(self, f: &Facts<'_>) -> String {
        match self {
            Rule::Overtaken => "late news of the last call ended the contact".into(),
            Rule::Withdrawn => "its list was withdrawn".into(),
            Rule::WrongNumber => format!("number {} of {}", f.retry.phone.saturating_add(1), f.contact.phones.len()),
            Rule::Expired => format!("last day of calls: {}", f.last_day()),
            Rule::Settled => "the tax administration reported the matter as settled".into(),
            Rule::DoNotCall => "the person is on the do-not-call list".into(),
            Rule::HeldOut => format!("{} % of taxpayers are never called, for comparison", f.settings.holdout_percent),
            Rule::InCall => "another call to this person is open".into(),
            Rule::Blackout => "a day without calls".into(),
            Rule::OutsideHours => {
                format!("callable hours, in {}", f.contact.time_zone.as_deref().unwrap_or("every zone"))
            }
        }
    }
}

impl Facts<'_> {
    /// The number that would be called.
    fn phone(&self) -> Option<&str> {
        self.contact.phones.get(usize::from(self.retry.phone)).map(String::as_str)
    }

    /// The zone in which the contact's days begin.
    fn day_zone(&self) -> &str {
        self.contact.time_zone.as_deref().unwrap_or(&self.settings.time_zone)
    }

    fn today(&self) -> Option<Date> {
        hours::local_date(self.day_zone(), self.now_ms)
    }

    fn last_day(&self) -> Date {
        self.settings.ends.map_or(self.contact.due_date, |ends| ends.min(self.contact.due_date))
    }

    fn blackout(&self) -> bool {
        self.today().is_some_and(|d| self.days.closed.contains(&d) || self.days.starts.is_some_and(|starts| d < starts))
    }

    /// The first moment from `from_ms` on that is within the contact's callable hours.
    fn next_callable(&self, from_ms: i64) -> Option<i64> {
        let ring_ms = i64::try_from(self.settings.call.ring.as_millis()).unwrap_or(0);
        self.settings.callable_hours.next(self.days, self.contact.time_zone.as_deref(), from_ms, ring_ms)
    }
}
