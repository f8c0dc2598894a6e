//! What a campaign must come to, foretold from the carrier's seed: who is called how often, and how each ends.
//! Written from the rules as documented, not with the code that is under test.

use std::collections::BTreeMap;

use dering_carrier::{Behaviour, Options, behaviour, officer_answers};

/// What becomes of one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// Of each attempt, in order.
    pub dispositions: Vec<&'static str>,
    pub end: &'static str,
}

/// What becomes of a campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    pub contacts: u64,
    pub attempts: u64,
    pub dispositions: BTreeMap<String, u64>,
    pub ends: BTreeMap<String, u64>,
    pub right_party: u64,
}

/// Dispositions that mean the right person was spoken to.
pub const RIGHT_PARTY: [&str; 6] = ["informed", "promise", "says_settled", "transferred", "no_officer", "do_not_call"];

/// What a call comes to when nothing goes wrong on the way.
pub fn disposition(options: &Options, behaved: Behaviour, to: &str, nth: u32) -> &'static str {
    match behaved {
        Behaviour::NoAnswer => "no_answer",
        Behaviour::Busy => "busy",
        Behaviour::Invalid => "invalid_number",
        Behaviour::NetworkFailure => "failed",
        Behaviour::Voicemail => "voicemail",
        Behaviour::HangsUp | Behaviour::Silent => "refused",
        Behaviour::WrongNumber => "wrong_number",
        Behaviour::ThirdParty => "third_party",
        Behaviour::Promise => "promise",
        Behaviour::AsksOfficer if officer_answers(options.seed, to, nth) => "transferred",
        Behaviour::AsksOfficer => "no_officer",
        Behaviour::SaysSettled => "says_settled",
        Behaviour::DoNotCall => "do_not_call",
        Behaviour::Informed => "informed",
    }
}

/// Foretells one contact whose numbers nobody else has, tried `max` times at most.
pub fn fate(options: &Options, phones: &[String], max: u8) -> Fate {
    let mut dispositions = Vec::new();
    let mut numbers = phones.iter();
    let mut number = numbers.next();
    let mut nth = 0;
    let end = loop {
        let Some(to) = number else { break "wrong_number" };
        let came = disposition(options, behaviour(options.seed, &options.mix, to, nth), to, nth);
        dispositions.push(came);
        nth += 1;
        let spent = dispositions.len() >= usize::from(max);
        match came {
            "informed" | "promise" | "says_settled" | "transferred" => break "reached",
            "do_not_call" => break "suppressed",
            "wrong_number" | "invalid_number" if spent => break "wrong_number",
            "wrong_number" | "invalid_number" => (number, nth) = (numbers.next(), 0),
            _ if spent => break "exhausted",
            _ => {}
        }
    };
    Fate { dispositions, end }
}

/// Foretells a campaign.
pub fn foretell<'a>(options: &Options, contacts: impl Iterator<Item = &'a [String]>, max: u8) -> Totals {
    let mut totals = Totals::default();
    for phones in contacts {
        let fate = fate(options, phones, max);
        totals.contacts += 1;
        totals.attempts += fate.dispositions.len() as u64;
        for disposition in fate.dispositions {
            totals.right_party += u64::from(RIGHT_PARTY.contains(&disposition));
            *totals.dispositions.entry(disposition.to_owned()).or_default() += 1;
        }
        *totals.ends.entry(fate.end.to_owned()).or_default() += 1;
    }
    totals
}
