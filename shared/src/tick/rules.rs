//! The rules that decide whether a contact may be called at a moment: a list of named conditions over plain data. The
//! tick asks for the verdict, the reports ask which of them hold; both by the same evaluation.

use super::again::Local;
use super::state::Retry;
use crate::attempt::End;
use crate::campaign::{AfterDue, PersonLimits, Settings};
use crate::contact::Contact;
use crate::hours::Country;
use crate::person;
use crate::suppression::Reason;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// When a person is in another call, or a list not confirmed: looked at again after this.
const SOON_MS: i64 = 60_000;
/// When nothing tells from when on it may be called: looked at again after this, should the settings be changed meanwhile.
const LOOKED_AGAIN_MS: i64 = 24 * 3_600_000;

/// What is known of a contact and its person at a moment. No store, no keys: whoever asks has looked everything up.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub now_ms: i64,
    /// The campaign's settings and days, in the contact's zone.
    pub local: Local<'a>,
    pub contact: &'a Contact,
    pub retry: &'a Retry,
    /// Late news of the last call ended the contact so.
    pub overtaken: Option<End>,
    /// Its list was withdrawn.
    pub withdrawn: bool,
    /// Its list is larger than anybody said it would be.
    pub unconfirmed: bool,
    /// All that the contact is called about is settled.
    pub settled: bool,
    /// When the last of it that is not settled falls due; of all of it, if all is.
    pub last_due: Date,
    /// Why the person is not to be called, if an entry for the phone or the taxpayer holds.
    pub suppressed: Option<Reason>,
    /// The number that comes next was reported as wrong.
    pub wrong_number: bool,
    /// The taxpayer is of the group that is not called.
    pub held_out: bool,
    /// Another call to this person is open.
    pub in_call: bool,
    /// When the person was called over all campaigns, by phone and by taxpayer number (Unix ms), oldest first.
    pub person_dials: &'a [Vec<i64>; 2],
    pub person_limits: PersonLimits,
}

/// What is to be done with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Call,
    /// Looked at again at that moment (Unix ms), for that reason.
    Later(i64, Option<&'static str>),
    /// This number is not to be called; that one comes next.
    OtherNumber(u8),
    Close(End),
}

/// A rule. Each has a stable name, and holds a contact back or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Late news of its last call ended the contact.
    Overtaken,
    /// Its list was withdrawn.
    Withdrawn,
    /// The due date or the campaign's last day is over.
    Expired,
    /// The matter is settled.
    Settled,
    /// The taxpayer has died.
    Deceased,
    /// The person is on the do-not-call list.
    DoNotCall,
    /// No number of the contact is the taxpayer's, or not this one.
    WrongNumber,
    /// The campaign's attempts are used up.
    AttemptsCampaign,
    /// In the group that is not called, for comparison.
    HeldOut,
    /// The size of its list is not confirmed, and it was not called before.
    Unconfirmed,
    /// Another call to this person is open.
    InCall,
    /// The number is of a country that the campaign does not call: its limits were not looked at.
    ForeignNumber,
    /// Whoever calls the number pays its owner, and the campaign does not.
    PremiumNumber,
    /// The pause after the last attempt, or the time that was asked for.
    NotYetDue,
    /// The campaign's attempts of this day.
    AttemptsDay,
    /// The campaign's attempts of seven days.
    AttemptsWeek,
    /// Calls to this person on this day, over all campaigns.
    PersonDay,
    /// Calls to this person in seven days, over all campaigns.
    PersonWeek,
    /// A day without calls.
    Blackout,
    /// Outside the callable hours.
    OutsideHours,
}

/// What a rule does to the contact that it holds back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Close(End),
    OtherNumber(u8),
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

/// All rules. The first that ends the contact or its number decides; of those that only let it wait, the longest wait.
pub const RULES: [Rule; 20] = [
    Rule::Overtaken,
    Rule::Withdrawn,
    Rule::Expired,
    Rule::Settled,
    Rule::Deceased,
    Rule::DoNotCall,
    Rule::WrongNumber,
    Rule::AttemptsCampaign,
    Rule::HeldOut,
    Rule::Unconfirmed,
    Rule::InCall,
    Rule::ForeignNumber,
    Rule::PremiumNumber,
    Rule::NotYetDue,
    Rule::AttemptsDay,
    Rule::AttemptsWeek,
    Rule::PersonDay,
    Rule::PersonWeek,
    Rule::Blackout,
    Rule::OutsideHours,
];

/// Whether the contact is called now.
pub fn judge(facts: &Facts<'_>) -> Verdict {
    let mut wait = None;
    for rule in RULES {
        match rule.effect(facts) {
            Some(Effect::Close(end)) => return Verdict::Close(end),
            Some(Effect::OtherNumber(phone)) => return Verdict::OtherNumber(phone),
            Some(Effect::Wait(until_ms)) if wait.is_none_or(|(longest_ms, _)| longest_ms < until_ms) => {
                wait = Some((until_ms, rule));
            }
            Some(Effect::Wait(_)) | None => {}
        }
    }
    match wait {
        None => Verdict::Call,
        Some((at_ms, rule)) => {
            let at_ms = facts.local.next_callable(at_ms).unwrap_or(at_ms);
            Verdict::Later(facts.local.by_the_end_of(facts.last_day(), at_ms), Some(rule.reason(facts)))
        }
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
            Rule::Expired => "expired",
            Rule::Settled => "settled",
            Rule::Deceased => "deceased",
            Rule::DoNotCall => "do_not_call",
            Rule::WrongNumber => "wrong_number",
            Rule::AttemptsCampaign => "attempts_campaign",
            Rule::HeldOut => "held_out",
            Rule::Unconfirmed => "unconfirmed",
            Rule::InCall => "in_call",
            Rule::ForeignNumber => "foreign_number",
            Rule::PremiumNumber => "premium_number",
            Rule::NotYetDue => "not_yet_due",
            Rule::AttemptsDay => "attempts_day",
            Rule::AttemptsWeek => "attempts_week",
            Rule::PersonDay => "person_day",
            Rule::PersonWeek => "person_week",
            Rule::Blackout => "blackout",
            Rule::OutsideHours => "outside_hours",
        }
    }

    /// The word in the tick's report. Of hours it says if something is not known that must be before anybody is called.
    fn reason(self, f: &Facts<'_>) -> &'static str {
        match self {
            Rule::OutsideHours => f.local.calendar.reason(f.local.zone, f.now_ms),
            rule => rule.as_str(),
        }
    }

    /// Whether it keeps the contact from being called.
    pub fn holds(self, facts: &Facts<'_>) -> bool {
        self.effect(facts).is_some()
    }

    fn effect(self, f: &Facts<'_>) -> Option<Effect> {
        let close = |holds: bool, end| holds.then_some(Effect::Close(end));
        let (now_ms, attempts) = (f.now_ms, &f.local.settings.attempts);
        let dials = &f.retry.past.dials;
        match self {
            Rule::Overtaken => f.overtaken.map(Effect::Close),
            Rule::Withdrawn => close(f.withdrawn, End::Withdrawn),
            Rule::Expired => close(f.local.date(now_ms).is_none_or(|today| today > f.last_day()), End::Expired),
            Rule::Settled => close(f.settled, End::Settled),
            Rule::Deceased => close(f.suppressed == Some(Reason::Deceased), End::Suppressed),
            Rule::DoNotCall => close(f.suppressed.is_some_and(|r| r != Reason::Deceased), End::Suppressed),
            Rule::WrongNumber => f.wrong(),
            Rule::AttemptsCampaign => close(f.retry.attempts >= attempts.max, End::Exhausted),
            // A change of the share does not touch those who were called before.
            Rule::HeldOut => close(f.held_out && f.retry.attempts == 0, End::HeldOut),
            Rule::Unconfirmed => {
                let waits = f.unconfirmed && f.retry.attempts == 0;
                waits.then(|| Effect::Wait(now_ms.saturating_add(SOON_MS)))
            }
            Rule::InCall => f.in_call.then(|| Effect::Wait(now_ms.saturating_add(SOON_MS))),
            Rule::ForeignNumber => f.not_to_be_called(|settings, number| !settings.has_number(number)),
            Rule::PremiumNumber => f.not_to_be_called(Settings::too_dear),
            Rule::NotYetDue => (f.retry.not_before_ms > now_ms).then_some(Effect::Wait(f.retry.not_before_ms)),
            Rule::AttemptsDay => f.local.day_free(dials, attempts.per_day, now_ms).map(Effect::Wait),
            Rule::AttemptsWeek => person::week_free(dials, attempts.per_week, now_ms).map(Effect::Wait),
            Rule::PersonDay => {
                let free = |d: &Vec<i64>| f.local.day_free(d, f.person_limits.per_day, now_ms);
                f.person_dials.iter().filter_map(free).max().map(Effect::Wait)
            }
            Rule::PersonWeek => {
                let free = |d: &Vec<i64>| person::week_free(d, f.person_limits.per_week, now_ms);
                f.person_dials.iter().filter_map(free).max().map(Effect::Wait)
            }
            Rule::Blackout | Rule::OutsideHours => {
                let next = f.local.next_callable(now_ms);
                let waits = next != Some(now_ms) && (self == Rule::Blackout) == f.blackout();
                waits.then(|| Effect::Wait(next.unwrap_or(now_ms.saturating_add(LOOKED_AGAIN_MS))))
            }
        }
    }

    fn detail(self, f: &Facts<'_>) -> String {
        let settings = f.local.settings;
        let (attempts, limits) = (&settings.attempts, f.person_limits);
        match self {
            Rule::Overtaken => "late news of the last call".into(),
            Rule::Withdrawn => "the contact's list".into(),
            Rule::Expired => format!("the last day of calls is {}", f.last_day()),
            Rule::Settled => "the tax administration's report on the matter".into(),
            Rule::Deceased => "an entry for the taxpayer".into(),
            Rule::DoNotCall => "an entry for the phone or the taxpayer".into(),
            Rule::WrongNumber => format!("number {} of {}", f.retry.phone.saturating_add(1), f.contact.phones.len()),
            Rule::AttemptsCampaign => format!("{} of {} attempts", f.retry.attempts, attempts.max),
            Rule::HeldOut => format!("{} % of the taxpayers are not called, for comparison", settings.holdout_percent),
            Rule::Unconfirmed => "the list has more contacts than were expected, and nobody has confirmed them".into(),
            Rule::InCall => "open calls to the phone or the taxpayer".into(),
            Rule::ForeignNumber => {
                let called = Country::ALL.into_iter().filter(|country| settings.calls(*country));
                format!("numbers of {} only", called.map(Country::as_str).collect::<Vec<_>>().join(", "))
            }
            Rule::PremiumNumber => "premium numbers of the campaign's country, if it allows them".into(),
            Rule::NotYetDue => "the pause after the last attempt, or the time that was asked for".into(),
            Rule::AttemptsDay => format!("at most {} attempts a day", attempts.per_day),
            Rule::AttemptsWeek => format!("at most {} attempts in seven days", attempts.per_week),
            Rule::PersonDay => format!("at most {} calls a day to a person, over all campaigns", limits.per_day),
            Rule::PersonWeek => {
                format!("at most {} calls in seven days to a person, over all campaigns", limits.per_week)
            }
            Rule::Blackout => "days without calls".into(),
            Rule::OutsideHours => match f.local.zone {
                Some(zone) => format!("callable hours in {zone}"),
                None => "callable hours in every zone the contact could be in".into(),
            },
        }
    }
}

impl Facts<'_> {
    /// A wait until the settings may have been changed, if they keep the number that comes next from being called.
    fn not_to_be_called(&self, kept: impl Fn(&Settings, &str) -> bool) -> Option<Effect> {
        let number = self.contact.phones.get(usize::from(self.retry.phone))?;
        let kept = kept(self.local.settings, number);
        kept.then(|| Effect::Wait(self.now_ms.saturating_add(LOOKED_AGAIN_MS)))
    }

    /// Whether the number that comes next can be called at all, and if not, which can.
    fn wrong(&self) -> Option<Effect> {
        let numbers = self.contact.phones.len();
        let usable = usize::from(self.retry.phone) < numbers;
        if usable && !self.wrong_number {
            return None;
        }
        let mut past = self.retry.past.clone();
        past.spoil(self.retry.phone);
        Some(match past.number_after(self.retry.phone, numbers) {
            Some(phone) => Effect::OtherNumber(phone),
            None => Effect::Close(End::WrongNumber),
        })
    }

    fn last_day(&self) -> Date {
        last_day(self.local.settings, self.last_due)
    }

    fn blackout(&self) -> bool {
        self.local.calendar.day_off(self.local.zone, self.now_ms)
    }
}

/// The last day on which somebody is called about what falls due on `due_date`.
pub fn last_day(settings: &Settings, due_date: Date) -> Date {
    match (&settings.after_due, settings.ends) {
        (AfterDue::Script(_), Some(ends)) => ends,
        (AfterDue::Stop, Some(ends)) => ends.min(due_date),
        (_, None) => due_date,
    }
}

#[cfg(test)]
mod tests;
