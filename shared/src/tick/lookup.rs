//! Looking up: what the store knows of candidates' persons and matters, for all of them at once.

use super::Work;
use super::queue::Candidate;
use crate::person::{self, History, Person};
use crate::problem::Problem;
use crate::store::Store;
use crate::suppression::{self, Reason, Subject};
use std::ops::Range;

/// What is known of a candidate.
pub struct Known {
    pub person: Person,
    pub settled: bool,
    pub settlement_keys: Vec<String>,
    pub suppressed: Option<Reason>,
    /// The number that comes next was reported as wrong.
    pub wrong_number: bool,
    pub history: History,
}

/// Entries before the settlements: the phone's, the taxpayer's, the wrong number's.
const ENTRIES: usize = 3;

/// Looks up candidates. Entries that this tick is about to write count as written.
pub async fn of<S: Store>(work: &Work<'_, S>, candidates: &[Candidate]) -> Result<Vec<Known>, Problem> {
    let failed = |e| Problem::store(&e);
    let mut keys: Vec<String> = Vec::new();
    let mut asked: Vec<(Person, Range<usize>, Range<usize>)> = Vec::new();
    for Candidate { retry, contact } in candidates {
        let phone = contact.phones.get(usize::from(retry.phone)).map_or("", String::as_str);
        let subjects = [Subject::Phone(phone), Subject::Taxpayer(&contact.taxpayer_id), Subject::WrongNumber(phone)];
        let person = Person::of(work.vault, contact, phone);
        let from = keys.len();
        keys.extend(subjects.map(|subject| subject.key(work.vault)));
        keys.extend(suppression::settlement_keys(work.vault, contact));
        let history = keys.len();
        keys.extend(person::first_keys(&person, work.shards, work.now_ms));
        asked.push((person, from..history, history..keys.len()));
    }
    let mut found = work.store.get_all(&keys).await.map_err(failed)?;
    for (key, value) in keys.iter().zip(&mut found) {
        if let Some(bytes) = work.entries.get(key) {
            *value = Some(bytes.clone());
        }
    }
    let part = |range: &Range<usize>| found.get(range.clone()).unwrap_or_default();
    let persons: Vec<_> = asked.iter().map(|(person, _, first)| (person, part(first))).collect();
    let histories =
        person::histories(work.store, work.shards, work.now_ms, &persons, &work.entries).await.map_err(failed)?;
    let known = asked.iter().zip(histories).map(|((person, range, _), history)| {
        let (entries, settlements) = part(range).split_at_checked(ENTRIES).unwrap_or_default();
        let reason = |i: usize| {
            let bytes = entries.get(i).and_then(Option::as_deref);
            bytes.and_then(|bytes| suppression::reason(bytes, work.now_ms))
        };
        Known {
            person: person.clone(),
            settled: settlements.iter().any(Option::is_some),
            settlement_keys: keys.get(range.start + ENTRIES..range.end).unwrap_or_default().to_vec(),
            suppressed: [reason(0), reason(1)].into_iter().flatten().max_by_key(|r| *r == Reason::Deceased),
            wrong_number: reason(2).is_some(),
            history,
        }
    });
    Ok(known.collect())
}
