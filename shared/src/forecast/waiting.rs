//! Who waits, as a shard's state, its agenda pages and the lists' manifests tell: counts only, nothing is decrypted.

use super::Waiting;
use crate::list::{self, Manifest};
use crate::problem::Problem;
use crate::store::Store;
use crate::tick::{self, Shard};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Retries that fall due within this of each other are one group.
const TOGETHER_MS: i64 = 10 * 60_000;

/// Zone, first and last due date, priority, attempts made, and when (in units of [`TOGETHER_MS`]) they may be called.
type Alike = (Option<String>, (Date, Date), u8, u8, i64);

/// The campaign's contacts in a shard that have not ended. Those in a call right now count as waiting for the next.
pub(super) async fn of_shard<S: Store>(
    store: &S,
    shard: u16,
    state: &Shard,
    campaign: &str,
    now_ms: i64,
) -> Result<Vec<Waiting>, Problem> {
    let mut counts: BTreeMap<Alike, u64> = BTreeMap::new();
    for list in state.lists.iter().filter(|l| l.campaign == campaign && !l.withdrawn) {
        for group in &list.groups {
            *counts.entry((group.zone.clone(), (group.due_date, group.last_due), group.priority, 0, 0)).or_default() +=
                u64::from(group.left);
        }
    }
    let mut manifests: BTreeMap<String, Option<Manifest>> = BTreeMap::new();
    for (place, attempts, not_before_ms) in under_way(store, shard, state, campaign).await? {
        if !manifests.contains_key(&place.list) {
            let manifest = list::manifest(store, &place.list).await.map_err(|e| Problem::store(&e))?;
            manifests.insert(place.list.clone(), manifest);
        }
        let manifest = manifests.get(&place.list).and_then(Option::as_ref);
        let Some(group) = manifest.and_then(|m| m.groups.get(place.group as usize)) else { continue };
        let when = (not_before_ms - now_ms).max(0).div_euclid(TOGETHER_MS);
        let due = (group.due_date, group.last_due);
        *counts.entry((group.zone.clone(), due, group.priority, attempts, when)).or_default() += 1;
    }
    let waiting =
        counts.into_iter().map(|((zone, (due_date, last_due), priority, attempts, when), contacts)| Waiting {
            zone,
            due_date,
            last_due,
            priority,
            contacts,
            attempts,
            not_before_ms: now_ms.saturating_add(when.saturating_mul(TOGETHER_MS)),
        });
    Ok(waiting.collect())
}

/// Contacts with a retry on the agenda or a call open: place, attempts made, when they may be called next.
async fn under_way<S: Store>(
    store: &S,
    shard: u16,
    state: &Shard,
    campaign: &str,
) -> Result<Vec<(tick::ContactRef, u8, i64)>, Problem> {
    let retries = tick::retries_of(store, shard, state, campaign).await?;
    let mut found: Vec<_> = retries.into_iter().map(|r| (r.contact, r.attempts, r.not_before_ms)).collect();
    let open: Vec<_> = state.open.iter().filter(|o| o.campaign == campaign).collect();
    let places: Vec<String> = open.iter().map(|o| tick::claim_place(shard, o.call)).collect();
    let claims = store.get_all(&places).await.map_err(|e| Problem::store(&e))?;
    for bytes in claims.into_iter().flatten() {
        if let Some(claim) = tick::Claim::decode(&bytes) {
            found.push((claim.contact, claim.attempt.saturating_sub(1), 0));
        }
    }
    Ok(found)
}
