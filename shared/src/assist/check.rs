//! May this call be dialled now? Looked at when it was offered, and again at the moment of dialling.

use super::Desk;
use crate::campaign::{Campaign, Mode, Shelf, State};
use crate::contact::{Contact, Duty};
use crate::hours::Calendar;
use crate::person::{self, History, Person};
use crate::problem::Problem;
use crate::settlement;
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
    /// The campaign's last day is over, or a due date since the claim was made.
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

/// What was looked up of a claim.
pub struct Looked<'a> {
    /// What stops even a call that is on.
    pub stop: Option<Stop>,
    /// What of the contact's duties is not settled.
    pub open: Vec<&'a Duty>,
}

/// The rules that can change between the claim and the call. `shelf`: the campaigns as they are now.
pub async fn check<'a, S: Store>(
    desk: &Desk<'_, S>,
    shelf: &Shelf,
    claim: &Claim,
    contact: &'a Contact,
) -> Result<Looked<'a>, Problem> {
    let (store, vault, now_ms) = (desk.store, desk.vault, desk.now_ms);
    let callee = Person::of(vault, contact, contact.phones.get(usize::from(claim.phone)).map_or("", String::as_str));
    let looked = try_join(person(store, vault, claim, contact, now_ms), dialled(desk, &callee)).await?;
    let (Looked { stop, open }, history) = looked;
    let stop = stop.or_else(|| moment(desk, shelf, claim, contact, &open, &history));
    Ok(Looked { stop, open })
}

/// What about the campaign, the time and the person's other calls stops the call.
fn moment<S: Store>(
    desk: &Desk<'_, S>,
    shelf: &Shelf,
    claim: &Claim,
    contact: &Contact,
    open: &[&Duty],
    history: &History,
) -> Option<Stop> {
    let now_ms = desk.now_ms;
    let live = |c: &&Campaign| c.state == State::Running && c.settings.mode == Mode::Assisted;
    let Some(campaign) = shelf.get(&claim.campaign).filter(live) else { return Some(Stop::Paused) };
    let settings = &campaign.settings;
    let zone = contact.time_zone.as_deref();
    let calendar = Calendar::new(settings, desk.legal_hours, &shelf.holidays);
    let last_due = open.iter().map(|duty| duty.due_date).max().unwrap_or(contact.last_due());
    let Some(today) = calendar.date(zone, now_ms) else { return Some(Stop::Expired) };
    // Since it was claimed a due date went by: the script on the screen is not that of today.
    let went_by = |duty: &&Duty| (claim.day..today).contains(&duty.due_date);
    if today > last_day(settings, last_due) || open.iter().any(went_by) {
        return Some(Stop::Expired);
    }
    let ring_ms = settings.call.ring.as_millis() as i64;
    if !calendar.callable(zone, now_ms, ring_ms) {
        return Some(Stop::OutsideHours);
    }
    // Another shard may have called the taxpayer meanwhile, on another phone; or the limits were lowered.
    let limits = person::limits(desk.limits, settings.person_limits);
    let full = |dials: &Vec<i64>| {
        person::day_free(dials, limits.per_day, &calendar, zone, now_ms).is_some()
            || person::week_free(dials, limits.per_week, now_ms).is_some()
    };
    history.dials.iter().any(full).then_some(Stop::PersonLimit)
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
pub async fn person<'a, S: Store>(
    store: &S,
    vault: &Vault,
    claim: &Claim,
    contact: &'a Contact,
    now_ms: i64,
) -> Result<Looked<'a>, Problem> {
    let Some(phone) = contact.phones.get(usize::from(claim.phone)) else {
        return Ok(Looked { stop: Some(Stop::Expired), open: Vec::new() });
    };
    let subjects = [
        (Subject::Phone(phone), Stop::DoNotCall),
        (Subject::Taxpayer(&contact.taxpayer_id), Stop::DoNotCall),
        (Subject::WrongNumber(phone), Stop::WrongNumber),
    ];
    let entries = subjects.iter().map(|(subject, _)| subject.key(vault));
    let keys: Vec<String> = entries.chain(claim.settlement_keys.iter().flatten().cloned()).collect();
    let found = store.get_all(&keys).await.map_err(|e| Problem::store(&e))?;
    let (entries, settlements) = found.split_at_checked(subjects.len()).unwrap_or_default();
    let open = settlement::open(contact, &claim.settlement_keys, settlements);
    let holds = |entry: &Option<Vec<u8>>| entry.as_deref().and_then(|b| suppression::reason(b, now_ms)).is_some();
    let entered = subjects.iter().zip(entries).find(|(_, entry)| holds(entry)).map(|((_, stop), _)| *stop);
    let stop = if open.is_empty() { Some(Stop::Settled) } else { entered };
    Ok(Looked { stop, open })
}
