//! After the master key was replaced: the lists' data keys, and that of the do-not-call register, are wrapped by the new one,
//! so that the old one can be forgotten.
//!
//! Every shard knows every list; the first one does it for all. The tick's report says how many are still to do: `held`,
//! `old_master_key`. Once a tick of shard 0, two minutes or more after the change, does not say so any more, no list
//! needs `master_key_previous`. An upload that began before the change must have ended by then.

use super::Work;
use crate::problem::Problem;
use crate::store::{Store, keys};
use crate::suppression::register;
use serde::{Deserialize, Serialize};

/// How long after a new master key was first seen the old one is relied on: instances that were running keep their
/// variables for some seconds, and cannot open what the new key wraps.
pub const SEEN_MS: i64 = 60_000;
/// Lists a tick at most.
pub const LISTS_MAX: usize = 200;

/// The replacement under way, or the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// [`Vault::master_key_id`](crate::vault::Vault::master_key_id) of the new key.
    pub key: u32,
    /// When a tick first saw it.
    pub since_ms: i64,
    /// The key of the do-not-call register is wrapped by it.
    pub register: bool,
}

/// Re-wraps what is still to do.
pub async fn rewrap<S: Store>(work: &mut Work<'_, S>) -> Result<(), Problem> {
    if work.shard != 0 || !work.vault.is_replacing() {
        return Ok(());
    }
    let key = work.vault.master_key_id();
    let since_ms = match &work.state.replacement {
        Some(r) if r.key == key => r.since_ms,
        _ => {
            work.state.replacement = Some(Replacement { key, since_ms: work.now_ms, register: false });
            work.now_ms
        }
    };
    let seen = work.now_ms.saturating_sub(since_ms) >= SEEN_MS;
    rewrap_register(work, seen).await?;
    let old = work.state.lists.iter().enumerate().filter(|(_, l)| l.wrapped_by != Some(key));
    let old: Vec<(usize, String)> = old.map(|(i, l)| (i, keys::data_key(&l.id))).collect();
    let count = if seen { old.len().min(LISTS_MAX) } else { 0 };
    work.hold("old_master_key", (old.len() - count) as u64);
    let places: Vec<String> = old.iter().take(count).map(|(_, place)| place.clone()).collect();
    if places.is_empty() {
        return Ok(());
    }
    let wrapped = work.store.get_all(&places).await.map_err(|e| Problem::store(&e))?;
    for ((i, place), bytes) in old.into_iter().zip(wrapped) {
        // A list that was erased has no key. One that neither master key opens needs neither.
        if let Some(bytes) = bytes {
            let nonce = work.nonce();
            match work.vault.rewrap(&bytes, &nonce, &place) {
                Ok(Some(again)) => work.writes.push((place, again)),
                Ok(None) => {}
                Err(_) => work.hold("unreadable", 1),
            }
        }
        if let Some(list) = work.state.lists.get_mut(i) {
            list.wrapped_by = Some(key);
        }
    }
    Ok(())
}

/// There is none until the first entry is made: then it is looked for again with every tick.
async fn rewrap_register<S: Store>(work: &mut Work<'_, S>, seen: bool) -> Result<(), Problem> {
    let done = work.state.replacement.as_ref().is_some_and(|r| r.register);
    if done || !register::is_there(work.store).await? {
        return Ok(());
    }
    if !seen {
        work.hold("old_master_key", 1);
        return Ok(());
    }
    let nonce = work.nonce();
    if !register::rewrap(work.store, work.vault, &nonce).await? {
        work.hold("unreadable_register", 1);
    }
    if let Some(replacement) = &mut work.state.replacement {
        replacement.register = true;
    }
    Ok(())
}
