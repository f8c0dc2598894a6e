//! A do-not-call list on its way into the store.

use super::register::{self, Dice, PAGE_MAX};
use super::{DoNotCall, Entry, Named};
use crate::list::feed::{Kind, Refused, SuppressionRow, Suppressions, Tally};
use crate::problem::Problem;
use crate::store::{Store, StoreError};
use crate::vault::{DataKey, Vault};
use std::collections::BTreeMap;

/// A list on its way into the store: written in batches, each by three durable commits. A row that was accepted stays,
/// whatever comes after it; sending the list again changes nothing.
pub struct Intake<'a, S: Store> {
    store: &'a S,
    vault: &'a Vault,
    dice: Dice<'a>,
    now_ms: i64,
    rows: Suppressions,
    parsed: Vec<Result<SuppressionRow, Refused>>,
    waiting: Vec<SuppressionRow>,
    named: usize,
    key: Option<DataKey>,
    tally: Tally,
}

impl<'a, S: Store> Intake<'a, S> {
    /// `now_ms` (Unix ms): since when the entries hold.
    pub fn new(store: &'a S, vault: &'a Vault, dice: Dice<'a>, kind: Kind, now_ms: i64) -> Self {
        Intake {
            store,
            vault,
            dice,
            now_ms,
            rows: Suppressions::new(kind),
            parsed: Vec::new(),
            waiting: Vec::new(),
            named: 0,
            key: None,
            tally: Tally::default(),
        }
    }

    /// The next bytes of the list, in pieces of any size. After a problem call [`Intake::stop`].
    pub async fn push(&mut self, chunk: &[u8], pause: impl AsyncFn(u64)) -> Result<(), Problem> {
        let read = self.rows.push(chunk, &mut self.parsed);
        self.take(&pause).await?;
        read?;
        self.steps(&pause).await
    }

    async fn steps(&mut self, pause: &impl AsyncFn(u64)) -> Result<(), Problem> {
        loop {
            let more = self.rows.step(&mut self.parsed);
            self.take(pause).await?;
            if !more? {
                return Ok(());
            }
        }
    }

    /// The list is over.
    pub async fn finish(mut self, pause: impl AsyncFn(u64)) -> Result<Tally, Problem> {
        let read = self.rows.end(&mut self.parsed);
        self.take(&pause).await?;
        let read = if read.is_ok() { self.steps(&pause).await } else { read };
        let stopped = self.stop(pause).await;
        read.and(stopped)
    }

    /// Writes what was accepted so far.
    pub async fn stop(mut self, pause: impl AsyncFn(u64)) -> Result<Tally, Problem> {
        self.flush(&pause).await?;
        self.tally.totals = self.rows.totals();
        Ok(self.tally)
    }

    async fn take(&mut self, pause: &impl AsyncFn(u64)) -> Result<(), Problem> {
        for row in std::mem::take(&mut self.parsed) {
            match row {
                Err(refused) => self.tally.refuse(refused),
                Ok(row) => {
                    self.named += row.named.len();
                    self.waiting.push(row);
                }
            }
            // A row names some numbers at most; with them a page is never full.
            if self.named >= PAGE_MAX / 2 {
                self.flush(pause).await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self, pause: &impl AsyncFn(u64)) -> Result<(), Problem> {
        let failed = |e: StoreError| Problem::store(&e);
        self.named = 0;
        let waiting = std::mem::take(&mut self.waiting);
        // The last row about somebody counts.
        let mut wanted: BTreeMap<String, (Named, DoNotCall)> = BTreeMap::new();
        for row in &waiting {
            let entry = DoNotCall { reason: row.reason, since_ms: self.now_ms, until_ms: row.until_ms };
            for named in &row.named {
                wanted.insert(named.subject().key(self.vault), (named.clone(), entry));
            }
        }
        let places: Vec<String> = wanted.keys().cloned().collect();
        let found = self.store.get_all(&places).await.map_err(failed)?;
        // One that is not in the register yet is entered there, too.
        for (place, bytes) in places.iter().zip(&found) {
            let known = bytes.as_deref().and_then(Entry::decode).map(|kept| kept.entry);
            let same = |(_, new): &(Named, DoNotCall)| {
                known.is_some_and(|old| (old.reason, old.until_ms) == (new.reason, new.until_ms))
            };
            if wanted.get(place).is_some_and(same) {
                wanted.remove(place);
            }
        }
        let changed: Vec<&str> = wanted.keys().map(String::as_str).collect();
        for row in &waiting {
            let new = row.named.iter().any(|named| changed.contains(&named.subject().key(self.vault).as_str()));
            self.tally.accept(new);
        }
        self.write(wanted.into_values().collect(), pause).await
    }

    async fn write(&mut self, entries: Vec<(Named, DoNotCall)>, pause: &impl AsyncFn(u64)) -> Result<(), Problem> {
        if entries.is_empty() {
            return Ok(());
        }
        let key = match self.key.take() {
            Some(key) => key,
            None => register::key(self.store, self.vault, self.dice, pause).await?,
        };
        enter(self.store, self.vault, self.dice, &key, &entries).await?;
        self.key = Some(key);
        Ok(())
    }
}

/// Enters some, at most [`PAGE_MAX`]. Three durable commits: the page is there before any entry that names it.
pub async fn enter<S: Store>(
    store: &S,
    vault: &Vault,
    dice: Dice<'_>,
    key: &DataKey,
    entries: &[(Named, DoNotCall)],
) -> Result<(), Problem> {
    let failed = |e: StoreError| Problem::store(&e);
    let number = register::page_number(store).await.map_err(failed)?;
    let ids: Vec<String> = entries.iter().map(|(named, _)| named.subject().id(vault)).collect();
    let (place, page) = register::page(number, &ids);
    store.set(&place, &page).await.map_err(failed)?;
    let writes: Vec<(String, Vec<u8>)> = entries
        .iter()
        .map(|(named, entry)| {
            let mut nonce = [0; 24];
            dice(&mut nonce);
            register::entry(vault, key, &nonce, number, named, *entry)
        })
        .collect();
    store.set_many(&writes).await.map_err(failed)
}
