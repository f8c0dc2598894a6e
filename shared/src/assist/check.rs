//! May this call be dialled now? Looked at when it was offered, and again at the moment of dialling.

use super::Desk;
use crate::campaign::{Campaign, Mode, Shelf, State};
use crate::contact::Contact;
use crate::hours::Calendar;
use crate::person::{self, History, Person};
use crate::problem::Problem;
use crate::store::Store;
use crate::suppression::{self, Subject};
use crate::tick::Claim;
use crate::tick::rules::last_day;
use crate::vault::Vault;
use futures::future::try_join;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Filed or paid meanwhile.
    Settled,
    DoNotCall,
    /// The number is not the taxpayer's.
    WrongNumber,
    /// The person was called as often as may be, over all campaigns.
    PersonLimit,
    /// Outside the callable hours, or too close to their end to be answered in time.
    OutsideHours,
    /// The due date or the campaign's last day is over.
    Expired,
    /// The campaign is paused, finished, or not for agents any more.
    Paused,
    /// The agent gave the claim back.
    Released,
    /// The lease is over.
    LeaseOver,
    /// The call was reported on already.
    Ended,
}

/// The rules that can change between the claim and the call. `shelf`: the campaigns as they are now.
pub async fn check<S: Store>(
    desk: &Desk<'_, S>,
    shelf: &Shelf,
    claim: &Claim,
    contact: &Contact,
) -> Result<Option<Stop>, Problem> {
    let (store, vault, now_ms) = (desk.store, desk.vault, desk.now_ms);
    let Some(phone) = contact.phones.get(usize::from(claim.phone)) else { return Ok(Some(Stop::Expired)) };
    let callee = Person::of(vault, contact, phone);
    let (stop, history) = try_join(person(store, vault, claim, contact, now_ms), dialled(desk, &callee)).await?;
    if stop.is_some() {
        return Ok(stop);
    }
    let live = |c: &&Campaign| c.state == State::Running && c.settings.mode == Mode::Assisted;
    let Some(campaign) = shelf.get(&claim.campaign).filter(live) else { return Ok(Some(Stop::Paused)) };
    let settings = &campaign.settings;
    let zone = contact.time_zone.as_deref();
    let calendar = Calendar::new(settings, desk.legal_hours);
    let today = calendar.date(zone, now_ms);
    if today.is_none_or(|day| day > last_day(settings, contact.due_date)) {
        return Ok(Some(Stop::Expired));
    }
    let ring_ms = settings.call.ring.as_millis() as i64;
    if !calendar.callable(zone, now_ms, ring_ms) {
        return Ok(Some(Stop::OutsideHours));
    }
    // Another shard may have called the taxpayer meanwhile, on another phone; or the limits were lowered.
    let limits = person::limits(desk.limits, settings.person_limits);
    let full = |dials: &Vec<i64>| {
        person::day_free(dials, limits.per_day, &calendar, zone, now_ms).is_some()
            || person::week_free(dials, limits.per_week, now_ms).is_some()
    };
    Ok(history.dials.iter().any(full).then_some(Stop::PersonLimit))
}

/// When the person was called, over all campaigns.
async fn dialled<S: Store>(desk: &Desk<'_, S>, callee: &Person) -> Result<History, Problem> {
    let failed = |e| Problem::store(&e);
    let first = person::first_keys(callee, desk.shards, desk.now_ms);
    let first = desk.store.get_all(&first).await.map_err(failed)?;
    let persons = [(callee, first.as_slice())];
    let found = person::histories(desk.store, desk.shards, desk.now_ms, &persons, &BTreeMap::new()).await;
    Ok(found.map_err(failed)?.pop().unwrap_or_default())
}

/// What stops even a call that is on.
pub async fn person<S: Store>(
    store: &S,
    vault: &Vault,
    claim: &Claim,
    contact: &Contact,
    now_ms: i64,
) -> Result<Option<Stop>, Problem> {
    let Some(phone) = contact.phones.get(usize::from(claim.phone)) else { return Ok(Some(Stop::Expired)) };
    let subjects = [
        (Subject::Phone(phone), Stop::DoNotCall),
        (Subject::Taxpayer(&contact.taxpayer_id), Stop::DoNotCall),
        (Subject::WrongNumber(phone), Stop::WrongNumber),
    ];
    let entries = subjects.iter().map(|(subject, _)| subject.key(vault));
    let keys: Vec<String> = entries.chain(claim.settlement_keys.iter().cloned()).collect();
    let found = store.get_all(&keys).await.map_err(|e| Problem::store(&e))?;
    if found.iter().skip(subjects.len()).any(Option::is_some) {
        return Ok(Some(Stop::Settled));
    }
    let holds = |entry: &Option<Vec<u8>>| entry.as_deref().and_then(|b| suppression::reason(b, now_ms)).is_some();
    Ok(subjects.iter().zip(&found).find(|(_, entry)| holds(entry)).map(|((_, stop), _)| *stop))
}
