//! News that belongs to no call: lists that came or went, inbound calls. Kept in the shard's log until folded.

use super::state::{GroupCursor, ListState, ListTally};
use super::{Work, settle, unread, uploads, void};
use crate::attempt::End;
use crate::hours;
use crate::list::{Manifest, Size};
use crate::problem::Problem;
use crate::store::{Log, Store, decode, encode, keys};
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;
/// Entries folded a tick at most.
const ENTRIES_MAX: usize = 200;
/// How often the log's counter is asked (a durable commit) to learn of entries whose writer died.
const COUNTER_EVERY_MS: i64 = 60_000;
/// How long a repeated inbound webhook is recognised.
const INBOUND_KEPT_MS: i64 = 6 * 3_600_000;

/// One entry of a shard's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShardNews {
    /// A list is being uploaded. Only in the log of shard 0.
    ListBegun { list: String },
    /// A list was stored; its manifest says the rest.
    ListAdded { list: String },
    /// A list was withdrawn: nobody of it is called any more.
    ListWithdrawn { list: String },
    /// An inbound call came in (`answered` false), or was answered by an officer. `call` is a keyed hash.
    Inbound { call: String, at_ms: i64, answered: bool },
    /// A tick did not commit, and placed none of its claims.
    TickVoid(void::Left),
    /// Somebody settled something, or it was taken back.
    SettlementsReported,
}

impl ShardNews {
    /// The entry's bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode(VERSION, self)
    }

    /// Reads an entry; `None` if the bytes are damaged or of no version known here.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        decode(VERSION, bytes)
    }
}

/// The log of a shard.
pub fn log(shard: u16) -> Log {
    Log::new(format!("shard/{shard}"))
}

/// Folds new entries into the state.
pub async fn fold<S: Store>(work: &mut Work<'_, S>) -> Result<(), Problem> {
    let failed = |e| Problem::store(&e);
    let log = log(work.shard);
    let ask = work.now_ms - work.state.counter_asked_ms >= COUNTER_EVERY_MS;
    if ask {
        work.state.counter_asked_ms = work.now_ms;
    }
    unread::look_again(work, &log).await?;
    let entries = work.state.news.read(work.store, &log, work.now_ms, ENTRIES_MAX, ask).await.map_err(failed)?;
    let any = !entries.is_empty();
    for (n, bytes) in entries {
        match ShardNews::decode(&bytes) {
            None => unread::keep(work, n, None),
            Some(news) => {
                if let Some(list) = apply(work, news).await? {
                    unread::keep(work, n, Some(list));
                }
            }
        }
    }
    if any {
        work.deletes.extend(work.state.news.prunable(&log));
    }
    work.state.inbound.retain(|(_, at, _)| work.now_ms - at < INBOUND_KEPT_MS);
    Ok(())
}

/// Folds one entry. Answers the list whose manifest it needs and cannot read: then nothing is folded.
pub async fn apply<S: Store>(work: &mut Work<'_, S>, news: ShardNews) -> Result<Option<String>, Problem> {
    match news {
        ShardNews::ListBegun { list } => uploads::begun(work, list),
        ShardNews::ListAdded { list } => {
            let known = work.state.lists.iter().find(|l| l.id == list);
            let withdrawn = known.is_some_and(|l| l.withdrawn);
            if known.is_some_and(|l| !l.campaign.is_empty()) {
                return Ok(None); // told again: the upload was repeated
            }
            let bytes = work.store.get(&keys::manifest(&list)).await.map_err(|e| Problem::store(&e))?;
            let Some(manifest) = bytes.and_then(|b| Manifest::decode(&b)) else {
                // Of a list that was withdrawn nobody needs to know more.
                return Ok((!withdrawn).then_some(list));
            };
            uploads::ended(work, &list);
            work.state.identity.get_or_insert(work.vault.id());
            let mut groups: Vec<GroupCursor> = manifest
                .groups
                .iter()
                .enumerate()
                .filter(|(_, g)| g.shard == work.shard && g.contacts > 0)
                .map(|(i, g)| GroupCursor {
                    group: i as u32,
                    zone: g.zone.clone(),
                    due_date: g.due_date,
                    last_due: g.last_due,
                    priority: g.priority,
                    page: 0,
                    index: 0,
                    left: g.contacts,
                })
                .collect();
            groups.sort_by_key(|g| (g.priority, g.due_date, g.group));
            let contacts: u64 = groups.iter().map(|g| u64::from(g.left)).sum();
            work.state.books.entry(manifest.campaign.clone()).or_default().contacts += contacts;
            if withdrawn {
                groups.clear();
                work.state.lists.retain(|l| l.id != list);
            }
            let (size, campaign) = (manifest.size(), manifest.campaign);
            let (id, of) = (list.clone(), campaign.clone());
            work.state.lists.push(ListState {
                id: list,
                campaign,
                withdrawn,
                size,
                wrapped_by: None,
                turn: 0,
                groups,
                retrying: 0,
                tally: ListTally::default(),
            });
            if withdrawn {
                work.closed(&of, &id, End::Withdrawn, contacts);
            }
        }
        ShardNews::ListWithdrawn { list } => {
            let Some(l) = work.state.lists.iter_mut().find(|l| l.id == list) else {
                // It was withdrawn before its coming could be read: remembered, so that it counts when that is read.
                let campaign = String::new();
                let groups = Vec::new();
                work.state.lists.push(ListState {
                    id: list,
                    campaign,
                    withdrawn: true,
                    size: Size::default(),
                    wrapped_by: None,
                    turn: 0,
                    groups,
                    retrying: 0,
                    tally: ListTally::default(),
                });
                return Ok(None);
            };
            l.withdrawn = true;
            let left = std::mem::take(&mut l.groups).iter().map(|g| u64::from(g.left)).sum();
            let campaign = l.campaign.clone();
            work.closed(&campaign, &list, End::Withdrawn, left);
        }
        ShardNews::Inbound { call, at_ms, answered } => {
            let Some(day) = hours::local_date(crate::hours::COUNTRY_ZONES[0], at_ms) else { return Ok(None) };
            let seen = work.state.inbound.iter_mut().find(|(c, ..)| *c == call);
            let year = work.state.years.entry(day.year()).or_default();
            let already_answered = match seen {
                Some((_, _, was)) => std::mem::replace(was, *was || answered),
                None => {
                    year.inbound += 1;
                    work.state.inbound.push((call, at_ms, answered));
                    false
                }
            };
            if answered && !already_answered {
                year.inbound_answered += 1;
            }
        }
        ShardNews::TickVoid(left) => void::told(work, left).await?,
        ShardNews::SettlementsReported => settle::reported(work),
    }
    Ok(None)
}
