//! News from many writers to one reader, numbered by a counter.
//!
//! A writer takes a number, then writes the entry under it. One that dies or dawdles in between leaves a **hole**: the
//! reader goes on past it and looks it up again with every read until [`GIVE_UP_MS`] have passed, while a writer that
//! took longer than [`APPEND_MS_MAX`] does not claim success. So every append that was answered with success is read,
//! exactly once, as long as clocks are wrong by less than the difference.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Store, StoreError, keys, number};

/// Longest time an append may take, in ms.
pub const APPEND_MS_MAX: i64 = 20_000;
/// How long a hole is looked up again, in ms: three days.
pub const GIVE_UP_MS: i64 = 3 * 24 * 3_600_000;

/// Numbers looked up in one call.
const WINDOW: u64 = 16;
/// Calls in one read.
const WINDOWS_MAX: u32 = 64;

/// A log's keys, and the writers' side of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    name: String,
}

/// An append did not succeed for certain. The entry may be in nevertheless, or come in later: repeating the append can
/// make it appear twice, so whoever folds the entries takes the same news twice without harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendError {
    Store(StoreError),
    /// It took longer than [`APPEND_MS_MAX`]: the reader may have given the entry up. Append it again.
    Slow,
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Slow => f.write_str("the store took too long to append: try again"),
        }
    }
}

impl std::error::Error for AppendError {}

impl From<StoreError> for AppendError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Log {
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes a number for an entry that the caller writes itself, under [`keys::entry`], together with something else. It
    /// is read if it is written within [`GIVE_UP_MS`]. One durable commit.
    pub async fn reserve<S: Store>(&self, store: &S) -> Result<u64, StoreError> {
        number(store.increment(&keys::log_counter(&self.name), 1).await?)
    }

    /// Appends an entry and answers its number, from 1. `now` is the wall clock in ms. Two durable commits.
    pub async fn append<S: Store>(&self, store: &S, bytes: &[u8], now: impl Fn() -> i64) -> Result<u64, AppendError> {
        let started = now();
        let n = self.reserve(store).await?;
        store.set(&keys::entry(&self.name, n), bytes).await?;
        // A clock that was set back tells nothing, so it is no proof of having been in time.
        match now().checked_sub(started) {
            Some(0..=APPEND_MS_MAX) => Ok(n),
            _ => Err(AppendError::Slow),
        }
    }
}

/// A number whose entry was missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Hole {
    n: u64,
    /// When it was first found still missing, in ms. `None` until the read after the one that came upon it: only then
    /// is it certain that the number had been taken before that moment.
    missed_ms: Option<i64>,
}

/// How far a log has been read. Belongs into the reader's own state and is committed together with what the entries
/// changed there; a reader that does not commit has read nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogReader {
    next: u64,
    holes: Vec<Hole>,
    taken: Vec<u64>,
    taken_before: Vec<u64>,
}

impl Default for LogReader {
    fn default() -> Self {
        Self { next: 1, holes: Vec::new(), taken: Vec::new(), taken_before: Vec::new() }
    }
}

impl LogReader {
    /// At most `max` entries not returned before, with their numbers, in the numbers' order. On an error the state is
    /// unchanged.
    ///
    /// `now_ms` is the wall clock, taken after this state was read from the store. Entries are found by looking up the
    /// next few numbers, which costs no commit; entries behind a row of 16 or more missing ones are found only when
    /// the counter is asked (`ask_counter`: one durable commit, or none, see [`Store::counter`]).
    pub async fn read<S: Store>(
        &mut self,
        store: &S,
        log: &Log,
        now_ms: i64,
        max: usize,
        ask_counter: bool,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let handed_out = match ask_counter {
            true => number(store.counter(&keys::log_counter(&log.name)).await?)?,
            false => 0,
        };
        let (mut entries, mut holes, mut next) = (Vec::new(), Vec::new(), self.next);
        let mut again: &[Hole] = &self.holes;
        for _ in 0..WINDOWS_MAX {
            let window = next..next.saturating_add(WINDOW);
            let wanted = again.iter().map(|hole| hole.n).chain(window.clone());
            let wanted: Vec<String> = wanted.map(|n| keys::entry(&log.name, n)).collect();
            let mut values = store.get_all(&wanted).await?.into_iter();
            for (hole, value) in again.iter().zip(values.by_ref().take(again.len())) {
                let missed_ms = hole.missed_ms.unwrap_or(now_ms);
                match value {
                    Some(bytes) if entries.len() < max => entries.push((hole.n, bytes)),
                    None if now_ms.saturating_sub(missed_ms) > GIVE_UP_MS => {}
                    _ => holes.push(Hole { n: hole.n, missed_ms: Some(missed_ms) }),
                }
            }
            again = &[];
            for (n, value) in window.clone().zip(values) {
                let found = value.is_some();
                match value {
                    Some(bytes) if entries.len() < max => entries.push((n, bytes)),
                    Some(_) => break,
                    None if n <= handed_out => {}
                    None => continue,
                }
                let missing = if found { next..n } else { next..n.saturating_add(1) };
                holes.extend(missing.map(|n| Hole { n, missed_ms: None }));
                next = n.saturating_add(1);
            }
            if entries.len() >= max || next < window.end {
                break;
            }
        }
        let taken = entries.iter().map(|(n, _)| *n).collect();
        self.taken_before = std::mem::replace(&mut self.taken, taken);
        self.holes = holes;
        self.next = next;
        Ok(entries)
    }

    /// Keys of entries no reader will ask for again: delete them after this state has been committed, never before.
    ///
    /// Those of the last read, and once more those of the read before, in case the reader died before deleting them.
    pub fn prunable(&self, log: &Log) -> Vec<String> {
        self.taken_before.iter().chain(&self.taken).map(|n| keys::entry(&log.name, *n)).collect()
    }

    /// Takes an entry of the last read out of [`LogReader::prunable`]: the reader could do nothing with it.
    pub fn spare(&mut self, n: u64) {
        self.taken.retain(|taken| *taken != n);
    }

    /// Entries that are missing and still looked for.
    pub fn holes(&self) -> usize {
        self.holes.len()
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::store::{Counting, MemoryStore, decode, encode};

    const DAY_MS: i64 = 24 * 3_600_000;

    async fn numbers(reader: &mut LogReader, store: &MemoryStore, now_ms: i64, max: usize, ask: bool) -> Vec<u64> {
        let entries = reader.read(store, &Log::new("l"), now_ms, max, ask).await.unwrap();
        entries.into_iter().map(|(n, _)| n).collect()
    }

    async fn fill(store: &MemoryStore, written: impl IntoIterator<Item = u64>) {
        for n in written {
            store.set(&keys::entry("l", n), &n.to_le_bytes()).await.unwrap();
        }
    }

    #[test]
    fn an_append_costs_two_commits_and_a_read_none() {
        block_on(async {
            let (store, log, mut reader) = (Counting::new(MemoryStore::new()), Log::new("l"), LogReader::default());
            assert_eq!(log.append(&store, b"a", || 0).await, Ok(1));
            assert_eq!(store.counts().commits, 2);
            assert_eq!(log.append(&store, b"b", || 0).await, Ok(2));
            store.reset();
            let read = reader.read(&store, &log, 0, 10, false).await;
            assert_eq!(read, Ok(vec![(1, b"a".to_vec()), (2, b"b".to_vec())]));
            assert_eq!(reader.read(&store, &log, 0, 10, true).await, Ok(vec![]));
            assert_eq!(store.counts().commits, 0);
        });
    }

    #[test]
    fn a_slow_append_does_not_claim_success() {
        block_on(async {
            for (took, expected) in
                [(0, Ok(1)), (20_000, Ok(1)), (20_001, Err(AppendError::Slow)), (-1, Err(AppendError::Slow))]
            {
                let clock = std::cell::Cell::new(-took);
                let now = || clock.replace(clock.get() + took) + took;
                assert_eq!(Log::new("l").append(&MemoryStore::new(), b"a", now).await, expected, "{took}");
            }
        });
    }

    #[test]
    fn a_hole_is_filled_late_or_given_up() {
        block_on(async {
            let (store, mut reader) = (MemoryStore::new(), LogReader::default());
            fill(&store, [1, 3, 5]).await;
            assert_eq!(numbers(&mut reader, &store, 0, 9, false).await, [1, 3, 5]);
            assert_eq!(reader.holes(), 2);
            fill(&store, [4, 6]).await;
            assert_eq!(numbers(&mut reader, &store, DAY_MS, 9, false).await, [4, 6]);
            assert_eq!(numbers(&mut reader, &store, 4 * DAY_MS, 9, false).await, [0; 0]);
            assert_eq!(reader.holes(), 1, "missed for three days, but not for more");
            assert_eq!(numbers(&mut reader, &store, 4 * DAY_MS + 1, 9, false).await, [0; 0]);
            assert_eq!(reader.holes(), 0);
        });
    }

    #[test]
    fn entries_behind_many_dead_writers_are_found_by_the_counter() {
        block_on(async {
            let (store, mut reader) = (MemoryStore::new(), LogReader::default());
            store.increment(&keys::log_counter("l"), 41).await.unwrap();
            fill(&store, [40]).await;
            assert_eq!(numbers(&mut reader, &store, 0, 9, false).await, [0; 0]);
            assert_eq!(numbers(&mut reader, &store, 0, 9, true).await, [40]);
            assert_eq!(reader.holes(), 40);
            fill(&store, 1..=42).await;
            assert_eq!(numbers(&mut reader, &store, 0, 99, false).await, (1..40).chain([41, 42]).collect::<Vec<_>>());
        });
    }

    #[test]
    fn a_bounded_read_goes_on_where_it_stopped() {
        block_on(async {
            let (store, mut reader, mut read) = (MemoryStore::new(), LogReader::default(), Vec::new());
            fill(&store, (1..=40).filter(|n| n % 3 != 0)).await;
            for _ in 0..10 {
                let some = numbers(&mut reader, &store, 0, 3, false).await;
                assert!(some.len() <= 3);
                read.extend(some);
            }
            fill(&store, 41..=60).await;
            fill(&store, (1..=40).filter(|n| n % 3 == 0)).await;
            while let some @ [_, ..] = &numbers(&mut reader, &store, 0, 3, false).await[..] {
                assert!(some.is_sorted());
                read.extend(some);
            }
            read.sort_unstable();
            assert_eq!(read, (1..=60).collect::<Vec<_>>());
        });
    }

    #[test]
    fn what_was_read_may_be_deleted_twice_and_no_longer() {
        block_on(async {
            let (store, log, mut reader) = (MemoryStore::new(), Log::new("l"), LogReader::default());
            fill(&store, [1, 2]).await;
            numbers(&mut reader, &store, 0, 9, false).await;
            assert_eq!(reader.prunable(&log), ["dering/l/l@1", "dering/l/l@2"]);
            fill(&store, [3]).await;
            numbers(&mut reader, &store, 0, 9, false).await;
            assert_eq!(reader.prunable(&log), ["dering/l/l@1", "dering/l/l@2", "dering/l/l@3"]);
            reader.spare(3);
            assert_eq!(reader.prunable(&log), ["dering/l/l@1", "dering/l/l@2"]);
            numbers(&mut reader, &store, 0, 9, false).await;
            numbers(&mut reader, &store, 0, 9, false).await;
            assert_eq!(reader.prunable(&log), [""; 0]);
        });
    }

    #[test]
    fn the_reader_survives_being_stored() {
        block_on(async {
            let (store, mut reader) = (MemoryStore::new(), LogReader::default());
            fill(&store, [2, 4]).await;
            numbers(&mut reader, &store, 7, 9, false).await;
            numbers(&mut reader, &store, 8, 9, false).await;
            assert_eq!(decode::<LogReader>(1, &encode(1, &reader)), Some(reader));
        });
    }
}
