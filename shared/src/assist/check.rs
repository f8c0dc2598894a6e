//! May this call be dialled now? Looked at when it was offered, and again at the moment of dialling.

use crate::campaign::{Campaign, Mode, Shelf, State};
use crate::contact::Contact;
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

/// The rules that can change between the claim and the call.
pub async fn check<S: Store>(
    store: &S,
    vault: &Vault,
    shelf: &Shelf,
    legal_hours: &LegalHours,
    claim: &Claim,
    contact: &Contact,
    now_ms: i64,
) -> Result<Option<Stop>, Problem> {
    if let Some(stop) = person(store, vault, claim, contact, now_ms).await? {
        return Ok(Some(stop));
    }
    let live = |c: &&Campaign| c.state == State::Running && c.settings.mode == Mode::Assisted;
    let Some(campaign) = shelf.get(&claim.campaign).filter(live) else { return Ok(Some(Stop::Paused)) };
    let settings = &campaign.settings;
    let zone = contact.time_zone.as_deref();
    let calendar = Calendar::new(settings, legal_hours);
    let today = calendar.date(zone, now_ms);
    if today.is_none_or(|day| day > last_day(settings, contact.due_date)) {
        return Ok(Some(Stop::Expired));
    }
    let ring_ms = settings.call.ring.as_millis() as i64;
    Ok((!calendar.callable(zone, now_ms, ring_ms)).then_some(Stop::OutsideHours))
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
