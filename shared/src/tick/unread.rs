//! What was found in the store and cannot be read. It changes nothing, but it is not forgotten either: news is kept
//! for another look at every later tick, and counted in ticks and reports until then.

use super::Work;
use super::news::{self, ShardNews};
use crate::problem::Problem;
use crate::store::{Log, Store, keys};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Entries kept for another look at most: they are part of a state that every tick reads and writes.
pub const NEWS_MAX: usize = 200;

/// Part of a shard's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Entries of the shard's log that could not be folded yet. Their keys stay in the store. To give one up for good,
    /// an admin deletes its key, or withdraws the list that it is about.
    pub news: Vec<UnreadNews>,
    /// Entries beyond [`NEWS_MAX`]: not looked at again. Their keys stay in the store, too.
    pub given_up: u64,
    /// Events that calls were folded without, by campaign.
    pub events: BTreeMap<String, u64>,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadNews {
    pub n: u64,
    /// The list that it adds, if it is the list's manifest that cannot be read; `None`: the entry itself.
    pub list: Option<String>,
}

impl Unread {
    /// What waits to be read, by the reasons that ticks and reports name.
    pub fn held(&self) -> BTreeMap<&'static str, u64> {
        let lists = self.news.iter().filter(|u| u.list.is_some()).count() as u64;
        let entries = self.news.len() as u64 - lists;
        let all = [("unreadable_list", lists), ("unreadable_news", entries + self.given_up)];
        all.into_iter().filter(|(_, n)| *n > 0).collect()
    }

    /// The lists that nobody is called from because their manifests cannot be read.
    pub fn lists(&self) -> impl Iterator<Item = &str> {
        self.news.iter().filter_map(|u| u.list.as_deref())
    }

    fn keep(&mut self, n: u64, list: Option<String>) {
        if self.news.len() < NEWS_MAX {
            self.news.push(UnreadNews { n, list });
        } else {
            self.given_up += 1;
        }
    }
}

/// Keeps an entry that was just read from the log for another look.
pub fn keep<S: Store>(work: &mut Work<'_, S>, n: u64, list: Option<String>) {
    work.state.news.spare(n);
    work.state.unread.keep(n, list);
}

/// Looks at the kept entries again: a newer version may read what an older one could not, and a store that was restored
/// has what was missing.
pub async fn look_again<S: Store>(work: &mut Work<'_, S>, log: &Log) -> Result<(), Problem> {
    let kept = std::mem::take(&mut work.state.unread.news);
    if kept.is_empty() {
        return Ok(());
    }
    let places: Vec<String> = kept.iter().map(|u| keys::entry(log.name(), u.n)).collect();
    let entries = work.store.get_all(&places).await.map_err(|e| Problem::store(&e))?;
    for ((UnreadNews { n, .. }, place), bytes) in kept.into_iter().zip(places).zip(entries) {
        let Some(bytes) = bytes else { continue }; // an admin has given it up
        match ShardNews::decode(&bytes) {
            None => work.state.unread.keep(n, None),
            Some(entry) => match news::apply(work, entry).await? {
                Some(list) => work.state.unread.keep(n, Some(list)),
                None => work.deletes.push(place),
            },
        }
    }
    Ok(())
}
