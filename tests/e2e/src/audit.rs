//! The service's books against the carrier's, call by call: what no test may find different.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dering::attempt::CallId;
use dering::vault::Vault;
use dering_carrier::{Behaviour, CallRecord, Options, Status};

use crate::api::{Attempt, CampaignReport};
use crate::lists::List;
use crate::model;

/// What may have gone wrong on the way, and so must be forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Nothing: the books must be exactly as foretold.
    Calm,
    /// The carrier repeated, reordered, delayed or lost callbacks, or spoiled answers to orders.
    Faults,
    /// The host died now and then: conversations may have broken off.
    Kills,
}

/// What is compared.
pub struct Books<'a> {
    pub list: &'a List,
    pub report: &'a CampaignReport,
    pub attempts: &'a [Attempt],
    pub calls: &'a [CallRecord],
    pub violations: &'a [String],
    pub options: &'a Options,
    pub vault: &'a Vault,
    pub attempts_max: u8,
    pub weather: Weather,
}

/// Everything that is wrong; empty if the books agree.
pub fn audit(books: &Books<'_>) -> Vec<String> {
    let mut wrong = Wrong(Vec::new());
    // A host that dies breaks connections, and the carrier complains of that.
    if books.weather != Weather::Kills {
        wrong.0.extend(books.violations.iter().map(|v| format!("the carrier complains: {v}")));
    }
    sums(books, &mut wrong);
    let calls = calls_by_id(books, &mut wrong);
    let latest = latest(books, &mut wrong);
    attempts_and_calls(books, &calls, &latest, &mut wrong);
    tallies(books, &latest, &mut wrong);
    contacts(books, &mut wrong);
    if books.weather == Weather::Calm {
        foretold(books, &mut wrong);
    }
    wrong.0
}

struct Wrong(Vec<String>);

impl Wrong {
    fn unless(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }

    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, reported: T, expected: T) {
        self.unless(reported == expected, || format!("{what}: reported {reported:?}, expected {expected:?}"));
    }
}

fn sums(books: &Books<'_>, wrong: &mut Wrong) {
    let report = books.report;
    wrong.unless(report.balanced, || "the report says itself that it is not balanced".into());
    wrong.equal("contacts", report.contacts, books.list.contacts().count() as u64);
    wrong.equal("contacts that have ended", report.ended(), report.contacts);
    wrong.equal("contacts that have not ended", report.unsettled(), 0);
    let not_placed = report.dispositions.get("not_placed").copied().unwrap_or_default();
    wrong.equal("attempts", report.attempts, report.dispositions.values().sum::<u64>() - not_placed);
}

/// The carrier's calls by shard, ballot and index. One claim is dialled once.
fn calls_by_id<'a>(books: &Books<'a>, wrong: &mut Wrong) -> BTreeMap<String, &'a CallRecord> {
    let mut by_id = BTreeMap::new();
    for call in books.calls {
        let id = call.call_id.as_deref().and_then(|id| CallId::open(id, books.vault, 0).ok());
        let Some(id) = id else {
            wrong.0.push(format!("the call {} has no call id of ours: {:?}", call.sid, call.call_id));
            continue;
        };
        let name = format!("{}.{}.{}", id.shard, id.ballot, id.index);
        if let Some(other) = by_id.insert(name.clone(), call) {
            wrong.0.push(format!("the claim {name} was dialled twice: {} and {}", other.sid, call.sid));
        }
    }
    by_id
}

/// The last word on each call: late news replaces what was recorded first.
fn latest<'a>(books: &Books<'a>, wrong: &mut Wrong) -> BTreeMap<&'a str, &'a Attempt> {
    let (mut first, mut late) = (BTreeMap::new(), BTreeMap::new());
    for attempt in books.attempts {
        let records = if attempt.late { &mut late } else { &mut first };
        if records.insert(attempt.call.as_str(), attempt).is_some() {
            wrong.0.push(format!("the call {} was entered twice", attempt.call));
        }
    }
    for (call, attempt) in late {
        match first.insert(call, attempt) {
            Some(before) => wrong.unless(before.disposition == "unknown", || {
                format!("late news replaced a {}: {call}", before.disposition)
            }),
            None => wrong.0.push(format!("there is late news of a call that was never entered: {call}")),
        }
    }
    first
}

fn attempts_and_calls(
    books: &Books<'_>,
    calls: &BTreeMap<String, &CallRecord>,
    latest: &BTreeMap<&str, &Attempt>,
    wrong: &mut Wrong,
) {
    let phones: HashMap<u32, &[String]> = books.list.contacts().collect();
    for (name, call) in calls {
        let Some(attempt) = latest.get(name.as_str()) else {
            wrong.0.push(format!("the carrier had a call that is not in the books: {name}, {:?}", call.status));
            continue;
        };
        wrong.unless(attempt.provider_call.as_ref().is_none_or(|sid| *sid == call.sid), || {
            format!("the call {name} is {} at the carrier, in the books {:?}", call.sid, attempt.provider_call)
        });
        wrong.unless(phones.get(&attempt.row).is_some_and(|phones| phones.contains(&call.to)), || {
            format!("the call {name} for row {} went to a number that is not of that row", attempt.row)
        });
        let allowed = allowed(books, call);
        wrong.unless(allowed.contains(&attempt.disposition.as_str()), || {
            format!(
                "the call {name} is in the books as {}, but the carrier saw {:?}, {:?}, keys {:?}, transferred {}, machine detection {:?}, end delivered {}: expected {allowed:?}",
                attempt.disposition, call.behaviour, call.status, call.keys, call.transferred, call.amd, call.ended_delivered
            )
        });
        wrong.unless(books.weather != Weather::Calm || u64::from(attempt.talk_s) == call.duration, || {
            format!(
                "the call {name} has {} s of talk in the books, the carrier counted {}",
                attempt.talk_s, call.duration
            )
        });
    }
    for (name, attempt) in latest.iter().filter(|(name, _)| !calls.contains_key(**name)) {
        let never_rang =
            attempt.disposition == "not_placed" || (attempt.disposition == "unknown" && books.weather != Weather::Calm);
        wrong.unless(never_rang, || {
            format!("the carrier knows nothing of the call {name}, in the books as {}", attempt.disposition)
        });
    }
}

/// What a call may be in the books, given what the carrier saw.
fn allowed(books: &Books<'_>, call: &CallRecord) -> Vec<&'static str> {
    let told = model::disposition(books.options, call.behaviour, &call.to, call.nth);
    let mut allowed = vec![told];
    if books.weather != Weather::Calm && !call.ended_delivered {
        allowed.push("unknown");
    }
    if books.weather == Weather::Kills && call.status == Status::Completed {
        // The conversation may have broken off at any point.
        allowed.push("refused");
        if call.behaviour == Behaviour::AsksOfficer {
            allowed.push("no_officer");
        }
        if call.keys.starts_with('1') {
            allowed.push("informed");
        }
    }
    allowed
}

fn tallies(books: &Books<'_>, latest: &BTreeMap<&str, &Attempt>, wrong: &mut Wrong) {
    let mut dispositions: BTreeMap<String, u64> = BTreeMap::new();
    let (mut right_party, mut talk) = (0, 0);
    for attempt in latest.values() {
        *dispositions.entry(attempt.disposition.clone()).or_default() += 1;
        right_party += u64::from(model::RIGHT_PARTY.contains(&attempt.disposition.as_str()));
        talk += u64::from(attempt.talk_s);
    }
    wrong.equal("calls by disposition", CampaignReport::nonzero(&books.report.dispositions), dispositions);
    wrong.equal("right-party contacts", books.report.right_party_contacts, right_party);
    wrong.equal("seconds of talk", books.report.talk_seconds, talk);
}

/// Each contact has one end, at its last attempt, after attempts numbered without a gap.
fn contacts(books: &Books<'_>, wrong: &mut Wrong) {
    let rows: BTreeSet<u32> = books.list.contacts().map(|(row, _)| row).collect();
    let mut by_row: BTreeMap<u32, Vec<&Attempt>> = BTreeMap::new();
    for attempt in books.attempts.iter().rev() {
        wrong.unless(rows.contains(&attempt.row), || format!("row {} was called, but not accepted", attempt.row));
        by_row.entry(attempt.row).or_default().push(attempt);
    }
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    for (row, attempts) in &by_row {
        let spent: Vec<u8> =
            attempts.iter().filter(|a| !a.late && a.disposition != "not_placed").map(|a| a.attempt).collect();
        let numbered = spent.iter().enumerate().all(|(i, n)| usize::from(*n) == i + 1);
        wrong.unless(numbered && spent.len() <= usize::from(books.attempts_max), || {
            format!("row {row} has attempts numbered {spent:?}")
        });
        // Late news may tell an end, too: of a contact that is still to be tried, or instead of the end it had.
        let told: Vec<&str> = attempts.iter().filter(|a| !a.late).filter_map(|a| a.end.as_deref()).collect();
        let late: Vec<&str> = attempts.iter().filter(|a| a.late).filter_map(|a| a.end.as_deref()).collect();
        wrong.unless(told.len() <= 1 && told.len() + late.len() >= 1, || {
            format!("row {row} has the ends {told:?}, and by late news {late:?}")
        });
        if late.is_empty() {
            let last = attempts.iter().rfind(|a| !a.late).and_then(|a| a.end.as_deref());
            wrong.unless(last.is_some(), || format!("row {row} was tried again after its end {told:?}"));
            *ends.entry(last.unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    for (end, n) in &ends {
        let reported = books.report.ends.get(end).copied().unwrap_or_default();
        wrong.unless(reported >= *n, || {
            format!("{n} contacts ended as {end} by their attempts, {reported} are reported")
        });
    }
    let untouched: Vec<&u32> = rows.iter().filter(|row| !by_row.contains_key(row)).collect();
    let without_call = ["settled", "suppressed", "expired", "withdrawn", "held_out"];
    let possible: u64 = without_call.iter().filter_map(|end| books.report.ends.get(*end)).sum();
    wrong.unless(untouched.len() as u64 <= possible, || {
        format!("rows that were never called, with no reason reported: {untouched:?}")
    });
}

fn foretold(books: &Books<'_>, wrong: &mut Wrong) {
    let totals = model::foretell(books.options, books.list.contacts().map(|(_, phones)| phones), books.attempts_max);
    wrong.equal("attempts, as foretold", books.report.attempts, totals.attempts);
    let mut dispositions = CampaignReport::nonzero(&books.report.dispositions);
    // What missed its turn, or was refused by another carrier before, cost nobody anything; how often is not foretold. That no
    // carrier took such an order was compared call by call.
    dispositions.remove("not_placed");
    wrong.equal("dispositions, as foretold", dispositions, totals.dispositions);
    wrong.equal("ends, as foretold", CampaignReport::nonzero(&books.report.ends), totals.ends);
    wrong.equal("right-party contacts, as foretold", books.report.right_party_contacts, totals.right_party);
    wrong.equal("calls at the carrier", books.calls.len() as u64, totals.attempts);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::{Row, Verdict};
    use std::time::SystemTime;

    struct World {
        list: List,
        report: CampaignReport,
        attempts: Vec<Attempt>,
        calls: Vec<CallRecord>,
        options: Options,
        vault: Vault,
    }

    /// One contact, who promises at the first call.
    fn world() -> World {
        let options =
            Options { mix: dering_carrier::Mix { promise: 1.0, ..dering_carrier::Mix::none() }, ..Options::default() };
        let vault = Vault::for_tests();
        let id = CallId { shard: 0, ballot: 7, index: 0, valid_until_s: 2_000_000_000 }.seal(&vault);
        let phone = "+6281200000201".to_owned();
        let one = |name: &str| BTreeMap::from([(name.to_owned(), 1)]);
        World {
            list: List {
                name: String::new(),
                file: Vec::new(),
                rows: vec![Row { row: 2, verdict: Verdict::Accepted(vec![phone.clone()]) }],
            },
            report: CampaignReport {
                contacts: 1,
                ends: one("reached"),
                attempts: 1,
                dispositions: one("promise"),
                right_party_contacts: 1,
                talk_seconds: 30,
                balanced: true,
                ..CampaignReport::default()
            },
            attempts: vec![Attempt {
                list: "l".into(),
                row: 2,
                call: "0.7.0".into(),
                attempt: 1,
                disposition: "promise".into(),
                talk_s: 30,
                provider_call: Some("CA1".into()),
                end: Some("reached".into()),
                late: false,
            }],
            calls: vec![CallRecord {
                sid: "CA1".into(),
                to: phone,
                nth: 0,
                from: String::new(),
                url: String::new(),
                call_id: Some(id),
                placed_at: SystemTime::UNIX_EPOCH,
                behaviour: Behaviour::Promise,
                status: Status::Completed,
                keys: "11".into(),
                heard: Vec::new(),
                transferred: false,
                amd: Some("human"),
                duration: 30,
                ended_delivered: true,
            }],
            options,
            vault,
        }
    }

    fn faults(change: impl FnOnce(&mut World)) -> usize {
        let mut world = world();
        change(&mut world);
        audit(&Books {
            list: &world.list,
            report: &world.report,
            attempts: &world.attempts,
            calls: &world.calls,
            violations: &[],
            options: &world.options,
            vault: &world.vault,
            attempts_max: 3,
            weather: Weather::Calm,
        })
        .len()
    }

    #[test]
    fn right_books_pass_and_each_falsification_is_found() {
        assert_eq!(faults(|_| {}), 0);
        let falsifications: [fn(&mut World); 12] = [
            |w| w.report.contacts = 2,
            |w| w.report.balanced = false,
            |w| w.report.waiting = 1,
            |w| w.report.attempts = 2,
            |w| w.report.right_party_contacts = 0,
            |w| w.report.talk_seconds = 31,
            |w| w.report.ends = BTreeMap::from([("exhausted".to_owned(), 1)]),
            |w| w.report.dispositions = BTreeMap::from([("informed".to_owned(), 1)]),
            |w| w.attempts[0].disposition = "informed".into(),
            |w| w.attempts[0].end = None,
            |w| w.attempts.clear(),
            |w| {
                let again = w.calls[0].clone();
                w.calls.push(again);
            },
        ];
        for (n, falsify) in falsifications.into_iter().enumerate() {
            assert!(faults(falsify) > 0, "falsification {n} passed");
        }
    }
}
