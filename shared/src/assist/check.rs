//! May this call be dialled now? Looked at when it was offered, and again at the moment of dialling.

use crate::campaign::{Campaign, Mode, Shelf, State};
use crate::contact::{Contact, Duty};
use crate::hours::{Calendar, LegalHours};
use crate::problem::Problem;
use crate::store::Store;
use crate::suppression::{self, Subject};
use crate::tick::Claim;
use crate::tick::rules::last_day;
use crate::vault::Vault;
use serde::{Deserialize, Serialize};

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Filed or paid meanwhile.
    Settled,
    DoNotCall,
    /// The number is not the taxpayer's.
    WrongNumber,
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

/// The rules that can change between the claim and the call.
pub async fn check<'a, S: Store>(
    store: &S,
    vault: &Vault,
    shelf: &Shelf,
    legal_hours: &LegalHours,
    claim: &Claim,
    contact: &'a Contact,
    now_ms: i64,
) -> Result<Looked<'a>, Problem> {
    let Looked { stop, open } = person(store, vault, claim, contact, now_ms).await?;
    let stop = stop.or_else(|| moment(shelf, legal_hours, claim, contact, &open, now_ms));
    Ok(Looked { stop, open })
}

/// What about the campaign and the time stops the call.
fn moment(
    shelf: &Shelf,
    legal_hours: &LegalHours,
    claim: &Claim,
    contact: &Contact,
    open: &[&Duty],
    now_ms: i64,
) -> Option<Stop> {
    let live = |c: &&Campaign| c.state == State::Running && c.settings.mode == Mode::Assisted;
    let Some(campaign) = shelf.get(&claim.campaign).filter(live) else { return Some(Stop::Paused) };
    let settings = &campaign.settings;
    let zone = contact.time_zone.as_deref();
    let calendar = Calendar::new(settings, legal_hours);
    let last_due = open.iter().map(|duty| duty.due_date).max().unwrap_or(contact.last_due());
    let Some(today) = calendar.date(zone, now_ms) else { return Some(Stop::Expired) };
    // Since it was claimed a due date went by: the script on the screen is not that of today.
    let went_by = |duty: &&Duty| (claim.day..today).contains(&duty.due_date);
    if today > last_day(settings, last_due) || open.iter().any(went_by) {
        return Some(Stop::Expired);
    }
    let ring_ms = settings.call.ring.as_millis() as i64;
    (!calendar.callable(zone, now_ms, ring_ms)).then_some(Stop::OutsideHours)
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
    let open = suppression::open(contact, &claim.settlement_keys, settlements);
    let holds = |entry: &Option<Vec<u8>>| entry.as_deref().and_then(|b| suppression::reason(b, now_ms)).is_some();
    let entered = subjects.iter().zip(entries).find(|(_, entry)| holds(entry)).map(|((_, stop), _)| *stop);
    let stop = if open.is_empty() { Some(Stop::Settled) } else { entered };
    Ok(Looked { stop, open })
}
