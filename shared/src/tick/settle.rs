//! Whoever settles while waiting for another attempt has ended, and is not counted as waiting until that attempt's turn.
//!
//! A feed of settlements tells the shard's log that there are some, no more. From then on each tick looks at a page of those
//! who wait: at most [`agenda::PAGE_MAX`] contacts, by reads alone. A page is looked at once a feed; which were, says
//! [`Bucket::looked`](super::state::Bucket::looked). Contacts that nobody has called yet are looked up when their turn comes.

use super::claim::Claim;
use super::state::{Effect, Retry};
use super::{Work, agenda, choose};
use crate::attempt::End;
use crate::contact::Contact;
use crate::problem::Problem;
use crate::settlement::{self, Done};
use crate::store::Store;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The log told that something was settled: what was looked up before this tick may have changed.
pub fn reported<S: Store>(work: &mut Work<'_, S>) {
    work.state.settled = Some(work.ballot);
}

/// Pages of waiting contacts that were last looked at before the newest settlements came.
pub fn left(state: &super::Shard) -> usize {
    state.settled.map_or(0, |since| state.retries.iter().filter(|b| b.looked < since).count())
}

/// Looks at one page of those who wait.
pub async fn sweep<S: Store>(work: &mut Work<'_, S>) -> Result<(), Problem> {
    let Some(since) = work.state.settled else { return Ok(()) };
    let Some(bucket) = work.state.retries.iter().find(|b| b.looked < since).cloned() else { return Ok(()) };
    let page = agenda::page(work, &bucket).await?;
    let mut waiting = Vec::new();
    for retry in page {
        if !may_end(work, &retry) {
            continue;
        }
        let place = &retry.contact;
        let contacts = work.page(&place.list, place.group, place.page).await?;
        if let Some(contact) = contacts.and_then(|page| page.get(usize::from(place.index)).cloned()) {
            waiting.push((retry, contact));
        }
    }
    let keys: Vec<Vec<Vec<String>>> =
        waiting.iter().map(|(_, contact)| settlement::settlement_keys(work.vault, contact)).collect();
    let wanted: Vec<String> = keys.iter().flatten().flatten().cloned().collect();
    let found = work.store.get_all(&wanted).await.map_err(|e| Problem::store(&e))?;
    let mut found = found.as_slice();
    let mut settled = Vec::new();
    for ((retry, contact), keys) in waiting.into_iter().zip(keys) {
        let (own, rest) = found.split_at_checked(keys.iter().map(Vec::len).sum()).unwrap_or_default();
        found = rest;
        if let Some(done) = all_done(&settlement::standing(&contact, &keys, own)) {
            settled.push((retry, contact, done));
        }
    }
    if settled.is_empty() {
        let ballot = work.ballot;
        work.state.retries.iter_mut().filter(|b| **b == bucket).for_each(|b| b.looked = ballot);
        return Ok(());
    }
    let mut rest = agenda::take(work, &bucket).await?;
    rest.retain(|retry| settled.iter().all(|(gone, ..)| gone.contact != retry.contact));
    for (retry, contact, done) in settled {
        choose::reclaimed(work, &retry, Some(End::Settled));
        enter(work, &bucket.campaign, &contact, (retry.attempts, &retry.past.dials), done.on);
        work.closed(&bucket.campaign, &retry.contact.list, End::Settled, 1);
    }
    let ballot = work.ballot;
    let rest = rest.into_iter().map(|retry| (bucket.campaign.clone(), Retry { looked: ballot, ..retry }));
    agenda::put(work, rest.collect()).await
}

/// Whether nothing else has ended the contact.
fn may_end<S: Store>(work: &Work<'_, S>, retry: &Retry) -> bool {
    let overtaken = work.state.overtaken.iter().any(|o| Some(o.call) == retry.unknown);
    let withdrawn = work.state.lists.iter().any(|l| l.id == retry.contact.list && l.withdrawn);
    !overtaken && !withdrawn
}

/// When the last of a contact's duties was settled; `None`: one of them is not.
pub fn all_done<D>(standing: &[(D, Option<Done>)]) -> Option<Done> {
    let all: Option<Vec<Done>> = standing.iter().map(|(_, done)| *done).collect();
    let days: Option<Vec<Date>> = all?.iter().map(|done| done.on).collect();
    Some(Done { on: days.and_then(|days| days.into_iter().max()) })
}

/// Looks up what calls brought that reached the right party, when they are forgotten two weeks later: calls by the place of
/// their claims.
pub async fn follow_up<S: Store>(work: &mut Work<'_, S>, calls: Vec<(String, Claim)>) -> Result<(), Problem> {
    let wanted: Vec<String> =
        calls.iter().flat_map(|(_, claim)| claim.settlement_keys.iter().flatten()).cloned().collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let found = work.store.get_all(&wanted).await.map_err(|e| Problem::store(&e))?;
    let mut found = found.as_slice();
    for (place, claim) in calls {
        let keys = &claim.settlement_keys;
        let (own, rest) = found.split_at_checked(keys.iter().map(Vec::len).sum()).unwrap_or_default();
        found = rest;
        // A list that was erased says nothing any more.
        let Some(key) = work.data_key(&claim.contact.list).await? else { continue };
        let Some(contact) = claim.contact(&place, &key) else { continue };
        let done = all_done(&settlement::standing(&contact, keys, own));
        let after = done.map_or(After::NoCall, |done| after_call(1, &[claim.day], done.on));
        let effect = &mut work.state.books.entry(claim.campaign.clone()).or_default().effect;
        effect.followed_up += 1;
        if let After::Call(days) = after {
            effect.settled_since += 1;
            count(&mut effect.days_since, days);
        }
    }
    Ok(())
}

fn count(by_days: &mut BTreeMap<u16, u64>, days: Option<u16>) {
    if let Some(days) = days {
        *by_days.entry(days.min(Effect::DAYS_MAX)).or_default() += 1;
    }
}

/// Enters into the books whether a call came before the settlement of a contact that ended by it. So many attempts were made,
/// those of the last week at these moments (Unix ms).
pub fn enter<S: Store>(
    work: &mut Work<'_, S>,
    campaign: &str,
    contact: &Contact,
    (attempts, dials): (u8, &[i64]),
    on: Option<Date>,
) {
    let shelf = Rc::clone(&work.shelf);
    let calendar = shelf.get(campaign).map(|campaign| work.calendar(campaign));
    let zone = contact.time_zone.as_deref();
    let day = |at_ms: i64| calendar.as_ref().and_then(|calendar| calendar.date(zone, at_ms));
    let dials: Vec<Date> = dials.iter().filter_map(|at_ms| day(*at_ms)).collect();
    let after = after_call(attempts, &dials, on);
    let effect = &mut work.state.books.entry(campaign.to_owned()).or_default().effect;
    effect.enter(after);
}

/// Whether it was settled after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Nobody had been called.
    NoCall,
    /// So many days after the last call before it, if both days are known; on the same day: 0.
    Call(Option<u16>),
}

/// `attempts` were made, of which `dials` are the days of the last week; `on`: the day it was settled.
fn after_call(attempts: u8, dials: &[Date], on: Option<Date>) -> After {
    if attempts == 0 {
        return After::NoCall;
    }
    let Some(on) = on else { return After::Call(None) };
    match dials.iter().filter(|dial| **dial <= on).max() {
        Some(dial) => {
            let days = on.since((jiff::Unit::Day, *dial)).ok().and_then(|span| u16::try_from(span.get_days()).ok());
            After::Call(days)
        }
        // Older calls are counted, but not their days: they came before those that are known.
        None if usize::from(attempts) > dials.len() && dials.first().is_none_or(|first| on >= *first) => {
            After::Call(None)
        }
        None => After::NoCall,
    }
}

impl Effect {
    /// Longest distance told apart, in days.
    pub const DAYS_MAX: u16 = 60;

    fn enter(&mut self, after: After) {
        if let After::Call(days) = after {
            self.settled_after_call += 1;
            count(&mut self.days, days);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_table_of_calls_and_settlements() {
        let day = |d: i8| date(2027, 3, d);
        let call = |days| After::Call(Some(days));
        for (attempts, dials, on, expected) in [
            (0, &[][..], Some(day(5)), After::NoCall),
            (0, &[][..], None, After::NoCall),
            (1, &[day(4)][..], Some(day(5)), call(1)),
            (1, &[day(4)][..], Some(day(4)), call(0)),
            // Paid before the call: the feed came later.
            (1, &[day(4)][..], Some(day(3)), After::NoCall),
            (2, &[day(2), day(4)][..], Some(day(3)), call(1)),
            (2, &[day(2), day(4)][..], Some(day(9)), call(5)),
            (1, &[day(4)][..], None, After::Call(None)),
            // The call is more than a week ago: nobody knows its day any more.
            (1, &[][..], Some(day(20)), After::Call(None)),
            (2, &[day(12)][..], Some(day(2)), After::NoCall),
        ] {
            assert_eq!(after_call(attempts, dials, on), expected, "{attempts} {dials:?} {on:?}");
        }
    }
}
