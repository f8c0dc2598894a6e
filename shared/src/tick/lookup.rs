//! Looking up: what the store knows of candidates' persons and matters, for all of them at once.

use super::again::Local;
pub use super::queue::Candidate;
use super::rules::Facts;
use super::settle;
use super::state::Shard;
use crate::campaign::{Campaign, PersonLimits};
use crate::hours::Calendar;
use crate::person::{self, History, Person};
use crate::problem::Problem;
use crate::settlement::{self, Done};
use crate::store::Store;
use crate::suppression::{self, Reason, Subject};
use crate::vault::Vault;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::ops::Range;

/// Where and when it is looked up.
pub struct Scope<'a, S> {
    pub store: &'a S,
    pub vault: &'a Vault,
    /// Whose candidates they are.
    pub shard: u16,
    pub shards: u16,
    pub now_ms: i64,
    /// Entries that are about to be written: they count as written.
    pub entries: &'a BTreeMap<String, Vec<u8>>,
}

/// What a candidate is judged by, besides what is known of it.
pub struct Around<'a> {
    pub vault: &'a Vault,
    pub state: &'a Shard,
    pub campaign: &'a Campaign,
    pub calendar: &'a Calendar,
    pub limits: PersonLimits,
    pub now_ms: i64,
}

/// What is known of a candidate.
pub struct Known {
    pub person: Person,
    /// What it is called about and is not settled: row of the list, due date.
    pub open: Vec<(u32, Date)>,
    /// When the last of it was settled, if all is.
    pub done: Option<Done>,
    /// Of each duty.
    pub settlement_keys: Vec<Vec<String>>,
    pub suppressed: Option<Reason>,
    /// The number that comes next was reported as wrong.
    pub wrong_number: bool,
    pub history: History,
}

impl Known {
    /// All that it is called about is settled.
    pub fn settled(&self) -> bool {
        self.open.is_empty()
    }

    /// What the rules decide by.
    pub fn facts<'a>(&'a self, around: &Around<'a>, candidate: &'a Candidate, in_call: bool) -> Facts<'a> {
        let Around { vault, state, campaign, calendar, limits, now_ms } = *around;
        let Candidate { retry, contact } = candidate;
        let settings = &campaign.settings;
        let list = state.lists.iter().find(|l| l.id == retry.contact.list);
        Facts {
            now_ms,
            local: Local::of(settings, calendar, contact, retry.phone),
            contact,
            retry,
            overtaken: state.overtaken.iter().find(|o| Some(o.call) == retry.unknown).map(|o| o.end),
            withdrawn: list.is_some_and(|l| l.withdrawn),
            unconfirmed: list.is_some_and(|l| l.size.awaits_confirmation(settings.confirm_above)),
            settled: self.settled(),
            last_due: self.open.iter().map(|(_, due)| *due).max().unwrap_or(contact.last_due()),
            suppressed: self.suppressed,
            wrong_number: self.wrong_number,
            held_out: suppression::held_out(vault, &contact.taxpayer_id, settings.holdout_percent),
            in_call: in_call || self.history.in_call_elsewhere(now_ms),
            person_dials: &self.history.dials,
            person_limits: person::limits(limits, settings.person_limits),
        }
    }
}

/// Entries before the settlements: the phone's, the taxpayer's, the wrong number's.
const ENTRIES: usize = 3;

/// The keys asked for one candidate.
struct Asked {
    person: Person,
    settlements: Vec<Vec<String>>,
    /// Entries and settlements among all keys.
    range: Range<usize>,
    history: Range<usize>,
}

/// Looks up candidates.
pub async fn of<S: Store>(scope: &Scope<'_, S>, candidates: &[Candidate]) -> Result<Vec<Known>, Problem> {
    let Scope { store, vault, shard, shards, now_ms, entries: pending } = scope;
    let (shard, shards, now_ms) = (*shard, *shards, *now_ms);
    let failed = |e| Problem::store(&e);
    let mut keys: Vec<String> = Vec::new();
    let mut asked: Vec<Asked> = Vec::new();
    for Candidate { retry, contact } in candidates {
        let phone = contact.phones.get(usize::from(retry.phone)).map_or("", String::as_str);
        let subjects = [Subject::Phone(phone), Subject::Taxpayer(&contact.taxpayer_id), Subject::WrongNumber(phone)];
        let person = Person::of(vault, contact, phone);
        let from = keys.len();
        keys.extend(subjects.map(|subject| subject.key(vault)));
        let settlements = settlement::settlement_keys(vault, contact);
        keys.extend(settlements.iter().flatten().cloned());
        let history = keys.len();
        keys.extend(person::first_keys(&person, shards, now_ms));
        asked.push(Asked { person, settlements, range: from..history, history: history..keys.len() });
    }
    let mut found = store.get_all(&keys).await.map_err(failed)?;
    for (key, value) in keys.iter().zip(&mut found) {
        if let Some(bytes) = pending.get(key) {
            *value = Some(bytes.clone());
        }
    }
    let part = |range: &Range<usize>| found.get(range.clone()).unwrap_or_default();
    let persons: Vec<_> = asked.iter().map(|a| (&a.person, part(&a.history))).collect();
    let histories = person::histories(store, (shard, shards), now_ms, &persons, pending).await.map_err(failed)?;
    let looked_up = asked.iter().zip(histories).zip(candidates);
    let known =
        looked_up.map(|((Asked { person, settlements: keys, range, .. }, history), Candidate { contact, .. })| {
            let (entries, settlements) = part(range).split_at_checked(ENTRIES).unwrap_or_default();
            let reason = |i: usize| {
                let bytes = entries.get(i).and_then(Option::as_deref);
                bytes.and_then(|bytes| suppression::reason(bytes, now_ms))
            };
            let standing = settlement::standing(contact, keys, settlements);
            let open = standing.iter().filter(|(_, done)| done.is_none()).map(|(duty, _)| duty);
            Known {
                person: person.clone(),
                open: open.map(|duty| (duty.row, duty.due_date)).collect(),
                done: settle::all_done(&standing),
                settlement_keys: keys.clone(),
                suppressed: [reason(0), reason(1)].into_iter().flatten().max_by_key(|r| *r == Reason::Deceased),
                wrong_number: reason(2).is_some(),
                history,
            }
        });
    Ok(known.collect())
}
