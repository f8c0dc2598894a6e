//! A feed on its way into the store.

use super::{Change, Full, Settlement};
use crate::hours;
use crate::list::feed::{Kind, Refused, SettlementRow, Settlements, Tally, Why};
use crate::problem::Problem;
use crate::store::{Store, StoreError};
use crate::tick::{self, ShardNews};
use crate::vault::Identity;
use jiff::civil::Date;
use serde::Serialize;
use std::collections::HashMap;

/// Bytes of settlements, keys included, that are written at once: one durable commit for thousands, and bounded memory.
const FLUSH_BYTES: usize = 512 * 1024;
/// About what a settlement takes with its key.
const SETTLEMENT_BYTES: usize = 64;

/// What became of a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Answer {
    #[serde(flatten)]
    pub tally: Tally,
    /// Accepted rows that took a settlement back.
    pub reversals: u64,
}

/// A feed on its way into the store: written in batches of rows, each batch by one durable commit. A row that was accepted
/// stays, whatever comes after it; sending the feed again changes nothing.
pub struct Intake<'a, S: Store> {
    store: &'a S,
    identity: &'a Identity,
    shards: u16,
    rows: Settlements,
    parsed: Vec<Result<SettlementRow, Refused>>,
    waiting: Vec<Waiting>,
    bytes: usize,
    answer: Answer,
    changed: bool,
}

struct Waiting {
    row: u32,
    keys: Vec<String>,
    change: Change,
}

impl<'a, S: Store> Intake<'a, S> {
    /// `now_ms` (Unix ms): nothing was settled later than the day after.
    pub fn new(store: &'a S, identity: &'a Identity, shards: u16, kind: Kind, now_ms: i64) -> Self {
        let today = hours::local_date(hours::COUNTRY_ZONES[0], now_ms).unwrap_or(Date::MAX);
        Intake {
            store,
            identity,
            shards,
            rows: Settlements::new(kind, today),
            parsed: Vec::new(),
            waiting: Vec::new(),
            bytes: 0,
            answer: Answer::default(),
            changed: false,
        }
    }

    /// The next bytes of the feed, in pieces of any size. After a problem call [`Intake::stop`].
    pub async fn push(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        let read = self.rows.push(chunk, &mut self.parsed);
        self.take().await?;
        read?;
        self.steps().await
    }

    async fn steps(&mut self) -> Result<(), Problem> {
        loop {
            let more = self.rows.step(&mut self.parsed);
            self.take().await?;
            if !more? {
                return Ok(());
            }
        }
    }

    /// The feed is over.
    pub async fn finish(mut self, now: impl Fn() -> i64) -> Result<Answer, Problem> {
        let read = self.rows.end(&mut self.parsed);
        self.take().await?;
        let read = if read.is_ok() { self.steps().await } else { read };
        let stopped = self.stop(now).await;
        read.and(stopped)
    }

    /// Writes what was accepted so far, and tells the shards that something was settled: their ticks then look at whoever
    /// waits for another attempt.
    pub async fn stop(mut self, now: impl Fn() -> i64) -> Result<Answer, Problem> {
        self.flush().await?;
        self.answer.tally.totals = self.rows.totals();
        if self.changed {
            for shard in 0..self.shards {
                let news = ShardNews::SettlementsReported.encode();
                tick::log(shard).append(self.store, &news, &now).await.map_err(Problem::from)?;
            }
        }
        Ok(self.answer)
    }

    async fn take(&mut self) -> Result<(), Problem> {
        let parsed = std::mem::take(&mut self.parsed);
        for row in parsed {
            match row {
                Err(refused) => self.answer.tally.refuse(refused),
                Ok(SettlementRow { row, about, change }) => {
                    let keys: Vec<String> = about.iter().map(|about| about.key(self.identity)).collect();
                    self.bytes += keys.len() * SETTLEMENT_BYTES;
                    self.waiting.push(Waiting { row, keys, change });
                }
            }
            if self.bytes >= FLUSH_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Problem> {
        let failed = |e: StoreError| Problem::store(&e);
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        if waiting.is_empty() {
            return Ok(());
        }
        let mut keys: Vec<String> = waiting.iter().flat_map(|w| &w.keys).cloned().collect();
        keys.sort_unstable();
        keys.dedup();
        let found = self.store.get_all(&keys).await.map_err(failed)?;
        let mut kept: HashMap<&str, (Settlement, bool)> = HashMap::with_capacity(keys.len());
        for (key, bytes) in keys.iter().zip(&found) {
            kept.insert(key, (Settlement::read(bytes.as_deref()), false));
        }
        for Waiting { row, keys, change } in &waiting {
            let mut news = Ok(false);
            for key in keys {
                let Some((settlement, changed)) = kept.get_mut(key.as_str()) else { continue };
                match settlement.enter(self.identity, change) {
                    Ok(new) => {
                        *changed |= new;
                        news = news.map(|before| before || new);
                    }
                    Err(Full) => news = Err(Full),
                }
            }
            match news {
                Err(Full) => self.answer.tally.refuse(Refused::new(*row, Why::PAYMENTS_TOO_MANY, "", "")),
                Ok(new) => {
                    self.answer.tally.accept(new);
                    self.answer.reversals += u64::from(matches!(change, Change::Reversed(_)));
                }
            }
        }
        let writes: Vec<(String, Vec<u8>)> = kept
            .into_iter()
            .filter(|(_, (_, changed))| *changed)
            .map(|(key, (settlement, _))| (key.to_owned(), settlement.encode()))
            .collect();
        if !writes.is_empty() {
            // Before the write: one that fails may be in all the same.
            self.changed = true;
            self.store.set_many(&writes).await.map_err(failed)?;
        }
        Ok(())
    }
}
