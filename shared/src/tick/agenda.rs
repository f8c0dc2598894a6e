//! What falls due later: retries, and calls whose keys are to be forgotten. Kept as pages in the store, found by the
//! small index in the shard's state. A page is never changed: its entries are written anew under the tick's own ballot.

use super::claim::{self, Claim};
use super::state::{Bucket, Call, ContactRef, Rank, Retry, Shard, Sweep};
use super::{Work, settle};
use crate::assist::lease;
use crate::attempt::{ENDING_KINDS, OTHER_KINDS};
use crate::person;
use crate::problem::Problem;
use crate::store::{Store, decode, encode, keys};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const VERSION: u8 = 1;
/// Entries a page at most: a page is rewritten when an entry joins it.
pub const PAGE_MAX: usize = 200;
/// Spans of sweeps: so long that the weeks for which calls are remembered make few of them.
const SWEEP_SLOT_MS: i64 = 6 * 3_600_000;

/// A call that is to be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    pub call: Call,
    /// It reached the right party: what it brought is looked up then.
    pub reached: bool,
}

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

/// The pages of a campaign in which something is due.
pub fn due<S: Store>(work: &Work<'_, S>, campaign: &str) -> Vec<Bucket> {
    let due = |b: &&Bucket| b.campaign == campaign && b.earliest_ms <= work.now_ms;
    work.state.retries.iter().filter(due).cloned().collect()
}

/// Takes a page off the agenda. What of it is not due or not wanted after all must be put back by the caller with [`put`].
pub async fn take<S: Store>(work: &mut Work<'_, S>, bucket: &Bucket) -> Result<Vec<Retry>, Problem> {
    match read::<Retry, S>(work, bucket.ballot, bucket.n).await? {
        Some(mut page) if page.len() == bucket.count as usize => {
            page.iter_mut().for_each(|retry| retry.looked = bucket.looked);
            work.state.retries.retain(|b| b != bucket);
            work.state.wait_no_more(page.iter().map(|retry| retry.contact.list.as_str()));
            drop_page(work, bucket.ballot, bucket.n);
            Ok(page)
        }
        // Not to be read: nobody in it is called, and the report says so until somebody has looked.
        _ => {
            work.hold("unreadable", u64::from(bucket.count));
            Ok(Vec::new())
        }
    }
}

/// What is on a page, for those who only look; nothing if it cannot be read.
pub async fn page<S: Store>(work: &Work<'_, S>, bucket: &Bucket) -> Result<Vec<Retry>, Problem> {
    Ok(read::<Retry, S>(work, bucket.ballot, bucket.n).await?.unwrap_or_default())
}

/// The retry of a contact, if it is on the agenda. Reads the campaign's pages: for a question now and then.
pub async fn find<S: Store>(
    store: &S,
    shard: u16,
    state: &Shard,
    campaign: &str,
    contact: &ContactRef,
) -> Result<Option<Retry>, Problem> {
    let pages = state.retries.iter().filter(|b| b.campaign == campaign);
    let pages: Vec<String> = pages.map(|b| keys::agenda(shard, b.ballot, b.n)).collect();
    let found = store.get_all(&pages).await.map_err(|e| Problem::store(&e))?;
    let retries = found.iter().flatten().filter_map(|bytes| decode::<Vec<Retry>>(VERSION, bytes)).flatten();
    Ok(retries.into_iter().find(|retry| retry.contact == *contact))
}

/// Deletes a page after the commit.
fn drop_page<S: Store>(work: &mut Work<'_, S>, ballot: u64, n: u16) {
    work.deletes.push(keys::agenda(work.shard, ballot, n));
    work.pages_gone.push((ballot, n));
}

/// Whether the state knows a page.
pub fn names(state: &Shard, ballot: u64, n: u16) -> bool {
    state.retries.iter().any(|bucket| (bucket.ballot, bucket.n) == (ballot, n))
        || state.sweeps.iter().any(|sweep| (sweep.ballot, sweep.n) == (ballot, n))
}

/// Drops all pages of a campaign. Those who waited on them are counted by their lists until somebody closes them.
pub fn drop_all<S: Store>(work: &mut Work<'_, S>, campaign: &str) {
    let (gone, kept): (Vec<Bucket>, Vec<Bucket>) =
        std::mem::take(&mut work.state.retries).into_iter().partition(|b| b.campaign == campaign);
    work.state.retries = kept;
    gone.iter().for_each(|b| drop_page(work, b.ballot, b.n));
}

/// Puts retries on the agenda.
pub async fn put<S: Store>(work: &mut Work<'_, S>, retries: Vec<(String, Retry)>) -> Result<(), Problem> {
    work.state.wait(retries.iter().map(|(_, retry)| retry.contact.list.as_str()));
    let mut groups: BTreeMap<(String, Rank, i64), Vec<Retry>> = BTreeMap::new();
    for (campaign, retry) in retries {
        groups.entry((campaign, retry.rank, slot(work.now_ms, retry.not_before_ms))).or_default().push(retry);
    }
    for ((campaign, rank, slot_ms), mut entries) in groups {
        let place = (&campaign, rank, slot_ms);
        let room = |b: &Bucket| b.count as usize + entries.len() <= PAGE_MAX;
        let joins = |b: &&Bucket| (&b.campaign, b.rank, b.slot_ms) == place && room(b);
        let joins = work.state.retries.iter().find(joins).cloned();
        if let Some(bucket) = joins
            && let Some(mut page) = read::<Retry, S>(work, bucket.ballot, bucket.n).await?
            && page.len() == bucket.count as usize
        {
            work.state.retries.retain(|b| *b != bucket);
            drop_page(work, bucket.ballot, bucket.n);
            page.iter_mut().for_each(|retry| retry.looked = bucket.looked);
            page.append(&mut entries);
            entries = page;
        }
        for page in entries.chunks(PAGE_MAX) {
            let n = write(work, page);
            let earliest_ms = page.iter().map(|r| r.not_before_ms).min().unwrap_or(slot_ms);
            let lists = page.iter().fold(0, |lists, retry| lists | Bucket::bit(&retry.contact.list));
            let looked = page.iter().map(|retry| retry.looked).min().unwrap_or(0);
            let (ballot, count) = (work.ballot, page.len() as u32);
            work.state.retries.push(Bucket {
                campaign: campaign.clone(),
                rank,
                slot_ms,
                earliest_ms,
                lists,
                count,
                ballot,
                n,
                looked,
            });
        }
    }
    Ok(())
}

/// All retries of a campaign, for those who only look. What cannot be read is left out.
pub(crate) async fn of_campaign<S: Store>(
    store: &S,
    shard: u16,
    state: &Shard,
    campaign: &str,
) -> Result<Vec<Retry>, Problem> {
    let buckets = state.retries.iter().filter(|b| b.campaign == campaign);
    let pages: Vec<String> = buckets.map(|b| keys::agenda(shard, b.ballot, b.n)).collect();
    let pages = store.get_all(&pages).await.map_err(|e| Problem::store(&e))?;
    Ok(pages.into_iter().flatten().filter_map(|bytes| decode::<Vec<Retry>>(VERSION, &bytes)).flatten().collect())
}

/// Notes that the keys of these calls can be deleted for good from `due_ms` on.
pub async fn sweep_later<S: Store>(work: &mut Work<'_, S>, mut calls: Vec<Past>, due_ms: i64) -> Result<(), Problem> {
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
        && let Some(mut page) = read::<Past, S>(work, sweep.ballot, sweep.n).await?
    {
        work.state.sweeps.retain(|s| *s != sweep);
        drop_page(work, sweep.ballot, sweep.n);
        page.append(&mut calls);
        calls = page;
    }
    let n = write(work, &calls);
    let (ballot, count) = (work.ballot, calls.len() as u32);
    work.state.sweeps.push(Sweep { due_ms, count, ballot, n });
    Ok(())
}

/// Deletes what is left of calls that no limit counts any more, nor is any callback taken of them: late repeats of events,
/// their persons' entries, their claims.
pub async fn sweep<S: Store>(work: &mut Work<'_, S>) -> Result<(), Problem> {
    // One page a tick: a few thousand keys in one delete.
    let Some(sweep) = work.state.sweeps.iter().find(|s| s.due_ms <= work.now_ms).cloned() else { return Ok(()) };
    let past = read::<Past, S>(work, sweep.ballot, sweep.n).await?.unwrap_or_default();
    let calls: Vec<Call> = past.iter().map(|past| past.call).collect();
    let places: Vec<String> = calls.iter().map(|call| claim::place(work.shard, *call)).collect();
    let claims = work.store.get_all(&places).await.map_err(|e| Problem::store(&e))?;
    // An agent's claim that came back was no call: another one's entries may stand where its own would have.
    let over = |claim: &Claim| claim.dial_at_ms.saturating_add(person::KEPT_MS) <= work.now_ms;
    let claims = claims.iter().map(|bytes| bytes.as_deref().and_then(Claim::decode).filter(over));
    let claims: Vec<Option<Claim>> = claims.collect();
    let reached = past.iter().zip(&places).zip(&claims).filter(|((past, _), _)| past.reached);
    let reached = reached.filter_map(|((_, place), claim)| Some((place.clone(), claim.clone()?))).collect();
    settle::follow_up(work, reached).await?;
    let entries: Vec<String> = claims.into_iter().flatten().flat_map(|claim| claim.dial_keys).collect();
    work.deletes.extend(entries);
    for call in &calls {
        work.deletes.extend(lease::KINDS.iter().map(|kind| keys::event(work.shard, call.0, call.1, kind)));
        work.deletes.push(keys::handed_out(work.shard, call.0, call.1));
    }
    work.deletes.extend(places);
    work.deletes.extend(calls.into_iter().flat_map(|call| event_keys(work.shard, call)));
    drop_page(work, sweep.ballot, sweep.n);
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
