//! Which lists there are: those that the ticks of shard 0 know, and those that came or went since its last tick.
//!
//! Every shard is told of every list, so one of them is asked. What is told is in the log before whoever told it is
//! answered; so a list is known here as soon as its upload was answered, also when no tick runs.

use super::Manifest;
use crate::problem::Problem;
use crate::store::{Store, StoreError, keys};
use crate::tick::{self, ShardNews};
use std::collections::BTreeMap;

/// News read at a time, and how often: far more than come between two ticks.
const NEWS_MAX: usize = 1_000;
const READS_MAX: usize = 100;

/// The lists that were not withdrawn, and their campaigns, in the lists' order.
pub async fn live<S: Store>(store: &S, now_ms: i64) -> Result<BTreeMap<String, String>, Problem> {
    let failed = |e: StoreError| Problem::store(&e);
    let state = match tick::cell(0).read(store).await.map_err(failed)? {
        Some(version) => tick::decode_state(&version.bytes)?,
        None => tick::Shard::default(),
    };
    let (mut withdrawn, mut live) = (Vec::new(), BTreeMap::new());
    for list in state.lists {
        match list.withdrawn {
            true => withdrawn.push(list.id),
            false => drop(live.insert(list.id, list.campaign)),
        }
    }
    let (log, mut reader, mut added) = (tick::log(0), state.news, Vec::new());
    for _ in 0..READS_MAX {
        let entries = reader.read(store, &log, now_ms, NEWS_MAX, true).await.map_err(failed)?;
        if entries.is_empty() {
            break;
        }
        for (_, bytes) in entries {
            match ShardNews::decode(&bytes) {
                Some(ShardNews::ListAdded { list }) => added.push(list),
                Some(ShardNews::ListWithdrawn { list }) => withdrawn.push(list),
                _ => {}
            }
        }
    }
    added.retain(|list| !live.contains_key(list));
    let places: Vec<String> = added.iter().map(|list| keys::manifest(list)).collect();
    let manifests = store.get_all(&places).await.map_err(failed)?;
    for (list, bytes) in added.into_iter().zip(manifests) {
        if let Some(manifest) = bytes.and_then(|bytes| Manifest::decode(&bytes)) {
            live.insert(list, manifest.campaign);
        }
    }
    live.retain(|list, campaign| !campaign.is_empty() && !withdrawn.contains(list));
    Ok(live)
}
