//! What falls due later: retries, and calls whose keys are to be forgotten. Kept as pages in the store, found by the
//! small index in the shard's state. A page is never changed: its entries are written anew under the tick's own ballot.

use super::Work;
use super::state::{Bucket, Call, Retry, Sweep};
use crate::assist::lease;
use crate::attempt::{ENDING_KINDS, OTHER_KINDS};
use crate::problem::Problem;
use crate::store::{Store, decode, encode, keys};
use std::collections::BTreeMap;

const VERSION: u8 = 1;
/// Entries a page at most: a page is rewritten when an entry joins it.
const PAGE_MAX: usize = 200;
/// Spans of sweeps.
const SWEEP_SLOT_MS: i64 = 10 * 60_000;

/// The span of time whose retries share a page: finer when it is near.
fn slot(now_ms: i64, not_before_ms: i64) -> i64 {
    let ahead = not_before_ms.saturating_sub(now_ms);
    let width = match ahead {
        ..3_600_000 => 60_000,
        3_600_000..21_600_000 => 300_000,
        _ => 900_000,
    };
    not_before_ms.div_euclid(width) * width
}

/// Takes retries of a campaign that are due, at least `want` if there are so many. Whole pages are taken: what is not
/// due or not wanted after all must be put back by the caller with [`put`].
pub async fn take_due<S: Store>(work: &mut Work<'_, S>, campaign: &str, want: usize) -> Result<Vec<Retry>, Problem> {
    let mut due: Vec<Bucket> =
        work.state.retries.iter().filter(|b| b.campaign == campaign && b.earliest_ms <= work.now_ms).cloned().collect();
    due.sort_by_key(|b| (b.earliest_ms, b.ballot, b.n));
    let mut taken = Vec::new();
    for bucket in due {
        if taken.iter().filter(|r: &&Retry| r.not_before_ms <= work.now_ms).count() >= want {
            break;
        }
        match read::<Retry, S>(work, bucket.ballot, bucket.n).await? {
            Some(page) if page.len() == bucket.count as usize => {
                work.state.retries.retain(|b| *b != bucket);
                work.deletes.push(keys::agenda(work.shard, bucket.ballot, bucket.n));
                taken.extend(page);
            }
            // Not to be read: nobody in it is called, and the report says so until somebody has looked.
            _ => work.hold("unreadable", u64::from(bucket.count)),
        }
    }
    Ok(taken)
}

/// Drops all retries of a campaign and answers how many there were.
pub fn drop_all<S: Store>(work: &mut Work<'_, S>, campaign: &str) -> u64 {
    let (gone, kept): (Vec<Bucket>, Vec<Bucket>) =
        std::mem::take(&mut work.state.retries).into_iter().partition(|b| b.campaign == campaign);
    work.state.retries = kept;
    work.deletes.extend(gone.iter().map(|b| keys::agenda(work.shard, b.ballot, b.n)));
    gone.iter().map(|b| u64::from(b.count)).sum()
}

/// Puts retries on the agenda.
pub async fn put<S: Store>(work: &mut Work<'_, S>, retries: Vec<(String, Retry)>) -> Result<(), Problem> {
    let mut groups: BTreeMap<(String, i64), Vec<Retry>> = BTreeMap::new();
    for (campaign, retry) in retries {
        groups.entry((campaign, slot(work.now_ms, retry.not_before_ms))).or_default().push(retry);
    }
    for ((campaign, slot_ms), mut entries) in groups {
        let joins = work
            .state
            .retries
            .iter()
            .find(|b| b.campaign == campaign && b.slot_ms == slot_ms && b.count as usize + entries.len() <= PAGE_MAX)
            .cloned();
        if let Some(bucket) = joins
            && let Some(mut page) = read::<Retry, S>(work, bucket.ballot, bucket.n).await?
            && page.len() == bucket.count as usize
        {
            work.state.retries.retain(|b| *b != bucket);
            work.deletes.push(keys::agenda(work.shard, bucket.ballot, bucket.n));
            page.append(&mut entries);
            entries = page;
        }
        for page in entries.chunks(PAGE_MAX) {
            let n = write(work, page);
            let earliest_ms = page.iter().map(|r| r.not_before_ms).min().unwrap_or(slot_ms);
            let (ballot, count) = (work.ballot, page.len() as u32);
            work.state.retries.push(Bucket { campaign: campaign.clone(), slot_ms, earliest_ms, count, ballot, n });
        }
    }
    Ok(())
}

/// Notes that the keys of these calls can be deleted for good from `due_ms` on.
pub async fn sweep_later<S: Store>(work: &mut Work<'_, S>, mut calls: Vec<Call>, due_ms: i64) -> Result<(), Problem> {
    if calls.is_empty() {
        return Ok(());
    }
    let due_ms = (due_ms.div_euclid(SWEEP_SLOT_MS) + 1) * SWEEP_SLOT_MS;
    let joins = work
        .state
        .sweeps
        .iter()
        .find(|s| s.due_ms == due_ms && s.count as usize + calls.len() <= 4 * PAGE_MAX)
        .cloned();
    if let Some(sweep) = joins
        && let Some(mut page) = read::<Call, S>(work, sweep.ballot, sweep.n).await?
    {
        work.state.sweeps.retain(|s| *s != sweep);
        work.deletes.push(keys::agenda(work.shard, sweep.ballot, sweep.n));
        page.append(&mut calls);
        calls = page;
    }
    let n = write(work, &calls);
    let (ballot, count) = (work.ballot, calls.len() as u32);
    work.state.sweeps.push(Sweep { due_ms, count, ballot, n });
    Ok(())
}

/// Deletes what is left of calls of which no callback is taken any more: late repeats of events, and their claims.
pub async fn sweep<S: Store>(work: &mut Work<'_, S>) -> Result<(), Problem> {
    // One page a tick: a few thousand keys in one delete.
    let Some(sweep) = work.state.sweeps.iter().find(|s| s.due_ms <= work.now_ms).cloned() else { return Ok(()) };
    for call in read::<Call, S>(work, sweep.ballot, sweep.n).await?.unwrap_or_default() {
        work.deletes.push(super::claim::place(work.shard, call));
        work.deletes.extend(event_keys(work.shard, call));
        work.deletes.extend(lease::KINDS.iter().map(|kind| keys::event(work.shard, call.0, call.1, kind)));
        work.deletes.push(keys::handed_out(work.shard, call.0, call.1));
    }
    work.deletes.push(keys::agenda(work.shard, sweep.ballot, sweep.n));
    work.state.sweeps.retain(|s| *s != sweep);
    Ok(())
}

/// Every key an event of a call can have.
pub fn event_keys(shard: u16, call: Call) -> impl Iterator<Item = String> {
    ENDING_KINDS.iter().chain(&OTHER_KINDS).map(move |kind| keys::event(shard, call.0, call.1, kind))
}

fn write<T: serde::Serialize, S: Store>(work: &mut Work<'_, S>, page: &[T]) -> u16 {
    let n = work.agenda_pages;
    work.agenda_pages = n.saturating_add(1);
    work.writes.push((keys::agenda(work.shard, work.ballot, n), encode(VERSION, &page)));
    n
}

/// A page: from the store, or from what this tick is about to write.
async fn read<T: serde::de::DeserializeOwned, S: Store>(
    work: &Work<'_, S>,
    ballot: u64,
    n: u16,
) -> Result<Option<Vec<T>>, Problem> {
    let key = keys::agenda(work.shard, ballot, n);
    if let Some((_, bytes)) = work.writes.iter().rev().find(|(k, _)| *k == key) {
        return Ok(decode(VERSION, bytes));
    }
    let bytes = work.store.get(&key).await.map_err(|e| Problem::store(&e))?;
    Ok(bytes.and_then(|b| decode(VERSION, &b)))
}
