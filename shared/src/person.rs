//! Persons over all lists and campaigns: who they are to the store, and how often they were called.
//!
//! A person is known by two keyed hashes, of the phone and of the taxpayer number. What is counted, is counted under each:
//! two taxpayers with one phone are one person to whoever picks up, and a taxpayer with two phones is one person.
//!
//! # How calls are counted without a commit of their own
//! Each call that rang (or may have) gets an entry under both hashes: key `shard, hash, week, n`, value the moment it was
//! dialled. `n` counts the person's calls in that shard and week (weeks of the epoch) and is fixed when the call is
//! claimed; the claim carries the keys.
//!
//! 1. While a call is open in the shard's cell nobody else calls the person there, so two calls never share an `n`.
//! 2. The tick that folds a call writes its entries, in the batch before its commit. If it does not commit, the call is
//!    still open and the next fold writes the same keys with the same values: an entry is never lost, and a stalled
//!    tick that wakes writes nothing but what stands there already.
//! 3. An order that was surely never rung leaves no entry. Where one fold took it for rung and was not committed, the entry
//!    stays: the count is never too low, at worst too high by one.
//!
//! Entries are counted up to the first gap; they are deleted when no rolling week can reach them any more.
//!
//! # Several shards
//! The shards cannot see into each other's cells, and contacts of one person may be in two of them. There the entry is written
//! when the call is claimed, in the claims' batch, as [`claimed`]; the fold writes over it. After its commit, before it places,
//! a tick looks for the other shards' entries once more: of two that claim the same person in the same moments, the later
//! writer finds the earlier one's entry and does not place (perhaps both do, and try again). A call that was not rung leaves
//! its entry as [`not_rung`]: were its number used again, a stalled tick could strike out a call that rang. What a tick that
//! did not commit leaves behind counts as a call for the other shards: never too low.

use crate::campaign::PersonLimits;
use crate::contact::Contact;
use crate::hours::Calendar;
use crate::store::{Store, StoreError, decode, encode, keys};
use crate::suppression;
use crate::vault::Identity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

const VERSION: u8 = 1;
const DAY_MS: i64 = 24 * 3_600_000;
const WEEK_MS: i64 = 7 * DAY_MS;
/// How far the clocks of two hosts may be apart; also, how much later than claimed an agent may start a call.
const SKEW_MS: i64 = 3_600_000;
/// Entries are kept so long: a rolling week reaches into two weeks of the epoch.
pub const KEPT_MS: i64 = 2 * WEEK_MS + DAY_MS;
/// Entries read at once of those who have any.
const STRIDE: u16 = 5;
/// Nobody may be called so often in a week: limits are below, and whoever has more entries of calls that were not rung is left
/// alone until the week is over.
const ENTRIES_MAX: u16 = 500;

/// A contact's person, by keyed hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub phone: String,
    pub taxpayer: String,
}

impl Person {
    /// The person of a contact when called on that number.
    pub fn of(identity: &Identity, contact: &Contact, phone: &str) -> Self {
        let taxpayer = suppression::taxpayer(identity, &contact.taxpayer_id);
        Person { phone: suppression::person(identity, phone), taxpayer }
    }

    fn hashes(&self) -> [&str; 2] {
        [&self.phone, &self.taxpayer]
    }
}

/// A person's calls of the last week and more, for each of the two hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// When they were dialled (Unix ms), oldest first.
    pub dials: [Vec<i64>; 2],
    /// Until when (Unix ms) a call may be on that another shard has claimed.
    pub elsewhere_ms: Option<i64>,
    /// Entries found, by hash, shard and week.
    entries: BTreeMap<(usize, u16, i64), u16>,
}

impl History {
    /// Whether another shard may have a call to the person on.
    pub fn in_call_elsewhere(&self, now_ms: i64) -> bool {
        self.elsewhere_ms.is_some_and(|until_ms| until_ms > now_ms)
    }

    /// Where a call dialled at that moment is entered, once it has rung.
    pub fn next_keys(&self, person: &Person, shard: u16, dial_at_ms: i64) -> Vec<String> {
        let week = dial_at_ms.div_euclid(WEEK_MS);
        let key = |(which, hash): (usize, &str)| {
            let n = self.entries.get(&(which, shard, week)).copied().unwrap_or(0);
            keys::dial(shard, hash, week, n)
        };
        person.hashes().into_iter().enumerate().map(key).collect()
    }
}

/// What stands in an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Entry {
    /// A call that rang, or may have, and when it was dialled.
    Rang(i64),
    /// A call that may be on until then.
    Claimed {
        dial_at_ms: i64,
        until_ms: i64,
    },
    NotRung,
}

/// The entry of a call that rang, or may have.
pub fn entry(dial_at_ms: i64) -> Vec<u8> {
    encode(VERSION, &Entry::Rang(dial_at_ms))
}

/// The entry of a call that is claimed, for the other shards: it may be on until then.
pub fn claimed(dial_at_ms: i64, until_ms: i64) -> Vec<u8> {
    encode(VERSION, &Entry::Claimed { dial_at_ms, until_ms })
}

/// The entry of a claim that never rang.
pub fn not_rung() -> Vec<u8> {
    encode(VERSION, &Entry::NotRung)
}

/// Weeks that a rolling week which ends now reaches into.
fn weeks(now_ms: i64) -> RangeInclusive<i64> {
    (now_ms - WEEK_MS - SKEW_MS).div_euclid(WEEK_MS)..=(now_ms + SKEW_MS).div_euclid(WEEK_MS)
}

/// A person's series of entries: which hash, shard, week.
fn series(shards: u16, now_ms: i64) -> impl Iterator<Item = (usize, u16, i64)> {
    (0..2).flat_map(move |which| {
        (0..shards.max(1)).flat_map(move |shard| weeks(now_ms).map(move |week| (which, shard, week)))
    })
}

/// The keys that tell whether a person was called at all of late: to be read with whatever else is asked of the person.
pub fn first_keys(person: &Person, shards: u16, now_ms: i64) -> Vec<String> {
    let hashes = person.hashes();
    series(shards, now_ms).map(|(which, shard, week)| keys::dial(shard, hashes[which], week, 0)).collect()
}

/// The histories of many persons, as the shard `own` sees them. `first` are the values of each one's [`first_keys`]; only of those who were called more is
/// read. `pending` are entries that stand before a tick's commit.
pub async fn histories<S: Store>(
    store: &S,
    (own, shards): (u16, u16),
    now_ms: i64,
    persons: &[(&Person, &[Option<Vec<u8>>])],
    pending: &BTreeMap<String, Vec<u8>>,
) -> Result<Vec<History>, StoreError> {
    let mut found: Vec<History> = vec![History::default(); persons.len()];
    // Series that may go on, and the next entry of each.
    let mut open = Vec::new();
    for (i, (_, first)) in persons.iter().enumerate() {
        for (at, value) in series(shards, now_ms).zip(first.iter()) {
            if let Some(bytes) = value {
                found[i].enter(at, bytes, own, now_ms);
                open.push((i, at, 1, STRIDE));
            }
        }
    }
    while !open.is_empty() {
        let mut wanted = Vec::new();
        for (i, (which, shard, week), from, stride) in &open {
            let hash = persons[*i].0.hashes()[*which];
            wanted.extend((*from..from + stride).map(|n| keys::dial(*shard, hash, *week, n)));
        }
        let mut values = store.get_all(&wanted).await?;
        for (key, value) in wanted.iter().zip(&mut values) {
            if let Some(bytes) = pending.get(key) {
                *value = Some(bytes.clone());
            }
        }
        let mut further = Vec::new();
        let mut values = values.into_iter();
        for (i, at, from, stride) in open {
            let values: Vec<Option<Vec<u8>>> = values.by_ref().take(usize::from(stride)).collect();
            let run: Vec<&Vec<u8>> = values.iter().map_while(Option::as_ref).collect();
            run.iter().for_each(|bytes| found[i].enter(at, bytes, own, now_ms));
            match (run.len() == usize::from(stride), from + stride) {
                (false, _) => {}
                (true, next) if next < ENTRIES_MAX => further.push((i, at, next, stride * 2)),
                // Too many to be told: as if each allowed call were of this moment.
                (true, _) => found[i].dials[at.0].extend([now_ms; u8::MAX as usize]),
            }
        }
        open = further;
    }
    for dials in found.iter_mut().flat_map(|h| &mut h.dials) {
        dials.sort_unstable();
    }
    Ok(found)
}

impl History {
    /// An entry that cannot be read counts as a call of this moment: when in doubt there is no call.
    fn enter(&mut self, at: (usize, u16, i64), bytes: &[u8], own: u16, now_ms: i64) {
        *self.entries.entry(at).or_default() += 1;
        match decode(VERSION, bytes).unwrap_or(Entry::Rang(now_ms)) {
            Entry::Rang(dial_at_ms) => self.dials[at.0].push(dial_at_ms),
            Entry::NotRung => {}
            // The own shard's cell knows which of its calls are on.
            Entry::Claimed { .. } if at.1 == own => {}
            Entry::Claimed { dial_at_ms, until_ms } => {
                self.dials[at.0].push(dial_at_ms);
                self.elsewhere_ms = self.elsewhere_ms.max(Some(until_ms));
            }
        }
    }
}

/// When one more call keeps the day's limit; `None`: now. `dials` are in order, days those of the zone.
pub fn day_free(dials: &[i64], limit: u8, calendar: &Calendar, zone: Option<&str>, now_ms: i64) -> Option<i64> {
    let today = calendar.date(zone, now_ms);
    // From the future: of a host whose clock is ahead. It counts as of today.
    let on_it = |dial: &&i64| **dial >= now_ms || calendar.date(zone, **dial) == today;
    if dials.iter().rev().filter(on_it).count() < usize::from(limit) {
        return None;
    }
    Some(calendar.next_day(zone, now_ms).unwrap_or(now_ms.saturating_add(DAY_MS)))
}

/// When one more call keeps the limit of any seven days; `None`: now. `dials` are in order.
pub fn week_free(dials: &[i64], limit: u8, now_ms: i64) -> Option<i64> {
    if limit == 0 {
        return Some(now_ms.saturating_add(WEEK_MS));
    }
    // The last but `limit` - 1: while it is of the last seven days there is no room.
    let at = dials.len().checked_sub(usize::from(limit))?;
    let free_ms = dials.get(at)?.saturating_add(WEEK_MS);
    (free_ms > now_ms).then_some(free_ms)
}

/// Drops what no rolling week reaches any more.
pub fn prune(dials: &mut Vec<i64>, now_ms: i64) {
    dials.retain(|dial| dial.saturating_add(WEEK_MS + DAY_MS) > now_ms);
}

/// The limits that hold: a campaign's own, where they are lower than the installation's.
pub fn limits(installation: PersonLimits, campaign: Option<PersonLimits>) -> PersonLimits {
    let own = campaign.unwrap_or(installation);
    PersonLimits { per_day: own.per_day.min(installation.per_day), per_week: own.per_week.min(installation.per_week) }
}
