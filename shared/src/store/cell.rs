//! One value, many would-be writers, no compare-and-swap.
//!
//! Keys: a counter that hands out ballots, and one slot a ballot. A writer
//!
//! 1. takes a ballot `b` ([`Cell::begin`]),
//! 2. looks for its base, the newest slot below `b`,
//! 3. writes its value into slot `b` ([`Cell::propose`]),
//! 4. asks the counter: still `b`? Then, and only then, the value is **committed** ([`Cell::commit`]) and effects may
//!    follow. Otherwise somebody newer is at work, and this writer stops without effect,
//! 5. after a commit only, deletes older slots ([`Cell::stale`]).
//!
//! Why every committed value descends from all earlier ones: let `z` be the newest ballot committed below `b`. It passed
//! step 4 before `b` was handed out, so its slot was there when `b` looked. Only a commit above `z` deletes that slot;
//! if there is none until `b` passes step 4, `b`'s base was `z` or a slot above `z`, which by the same argument
//! descends from `z`. If there is one, it has taken a ballot above `b`, and `b` does not pass step 4. The same holds
//! when writes land late, twice, or after their slot was deleted: such a slot lies below a committed one for good.
//! Neither clocks nor leases are involved, and `get_all` need not be a snapshot.
//!
//! Ballots start at 1; slots of writers that died or lost are normal and count for nothing unless they become a base.

use std::fmt;

use super::{Store, StoreError, keys, number};

/// Ballots looked up in the first call of a search; nearly always enough.
const WINDOW: u64 = 16;
/// Ballots looked up in one later call, after a long row of writers that left no slot.
const WINDOW_MAX: u64 = 1024;
/// Slots deleted after one commit: within DynamoDB's 25 items a batch, with room for one of the caller's.
const STALE_MAX: usize = 24;
/// How often a read starts again because a writer took a ballot meanwhile.
const LOOKS_MAX: u32 = 16;

/// How often an edit is tried while other writers win: with the pauses, for some seconds.
pub const ATTEMPTS: u32 = 12;

/// How long a writer that lost waits before its next attempt, in ms.
///
/// Writers that go in step take each other's turn for ever: each new ballot keeps the one before it from committing.
/// Whoever lost has another ballot than its rivals, so the ballot tells them apart without a random number; the pause
/// grows until one of them has the time of a whole attempt to itself.
pub fn backoff_ms(attempt: u32, ballot: u64) -> u64 {
    // The golden ratio's bits spread neighbouring ballots over the whole range.
    let spread = ballot.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let range = 8u64 << attempt.min(6);
    1 + ((spread * range) >> 32)
}

/// A shared value under optimistic concurrency; see the module's head for the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    name: String,
}

/// A value of a cell, and the ballot it was written under. The ballot serves as the value's entity tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub ballot: u64,
    pub bytes: Vec<u8>,
}

/// A writer's turn: its ballot, and what it builds on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub ballot: u64,
    /// The newest value below the ballot; `None` if the cell was never written. Not necessarily a committed one:
    /// whatever is built on it must not have effects before the draft itself is committed.
    pub base: Option<Version>,
    /// Slots below the base that an earlier writer did not come to delete.
    left_over: Vec<u64>,
}

/// What an [update](Cell::update) wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The value is as it should be.
    Keep,
    /// The new value.
    Put(Vec<u8>),
}

/// Why an [update](Cell::update) was not committed, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateError<E> {
    /// Other writers won every attempt. Nothing is broken: try again.
    Contended,
    /// The store failed. The change may be in, may come in later, or may never come in: try again.
    Store(StoreError),
    /// The update function refused.
    Refused(E),
}

impl<E: fmt::Display> fmt::Display for UpdateError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contended => f.write_str("other writers were faster every time: try again"),
            Self::Store(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for UpdateError<E> {}

impl<E> From<StoreError> for UpdateError<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Cell {
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    /// The newest value: the last one committed before the call, or one that builds on it. `None`: never written.
    ///
    /// Costs no durable commit where the store reads counters [without one](Store::counter). The value need not
    /// be committed, and if its writer dies, a later read may not show it any more; who needs certainty that an edit
    /// will last takes a ballot ([`Cell::update`]).
    ///
    /// The counter says where to look, and by not having moved says that what was found still held. With the counter
    /// at `top` throughout, only writer `top` can commit, hence only it can have deleted the last committed slot under
    /// our eyes, and then its own slot is there on the second look. A hint key instead of the counter would not do: a
    /// stalled writer may set it back at any time, next to a stale slot.
    pub async fn read<S: Store>(&self, store: &S) -> Result<Option<Version>, StoreError> {
        let counter = keys::cell_counter(&self.name);
        for _ in 0..LOOKS_MAX {
            let top = number(store.counter(&counter).await?)?;
            let mut newest = self.slots_at_or_below(store, top).await?.into_iter().next();
            if top > 0 && newest.as_ref().is_none_or(|found| found.ballot != top) {
                let landed = store.get(&keys::slot(&self.name, top)).await?;
                newest = landed.map(|bytes| Version { ballot: top, bytes }).or(newest);
            }
            if number(store.counter(&counter).await?)? == top {
                return Ok(newest);
            }
        }
        Err(StoreError(format!("writers of cell {} overtook {LOOKS_MAX} reads in a row", self.name)))
    }

    /// Whether a value [read](Cell::read) under `ballot` is still what a read would answer: nobody took a ballot since, so
    /// nobody can have committed. Costs no durable commit where the store reads counters [without one](Store::counter).
    pub async fn is_newest<S: Store>(&self, store: &S, ballot: u64) -> Result<bool, StoreError> {
        Ok(number(store.counter(&keys::cell_counter(&self.name)).await?)? == ballot)
    }

    /// Takes a ballot and finds its base. One durable commit.
    pub async fn begin<S: Store>(&self, store: &S) -> Result<Draft, StoreError> {
        let ballot = number(store.increment(&keys::cell_counter(&self.name), 1).await?)?;
        let mut found = self.slots_at_or_below(store, ballot.saturating_sub(1)).await?.into_iter();
        let base = found.next();
        Ok(Draft { ballot, base, left_over: found.map(|version| version.ballot).collect() })
    }

    /// Writes the draft's value where later writers and readers find it. One durable commit.
    ///
    /// After an error the caller stops: the slot may be in, or come in at any later time, like that of a writer
    /// that died here. To go on and ask for the commit would be wrong, since nobody might see the slot.
    pub async fn propose<S: Store>(&self, store: &S, draft: &Draft, bytes: &[u8]) -> Result<(), StoreError> {
        store.set(&keys::slot(&self.name, draft.ballot), bytes).await
    }

    /// Is the proposed draft committed? One durable commit.
    ///
    /// An error means "not known" and must be treated as `false`. After either there must be no effects; yet the value
    /// may live on as the base of a newer writer.
    pub async fn commit<S: Store>(&self, store: &S, draft: &Draft) -> Result<bool, StoreError> {
        // Not `Store::counter`: a store set up for stale reads would answer wrongly, and here all safety hangs on it.
        let newest = store.increment(&keys::cell_counter(&self.name), 0).await?;
        Ok(number(newest)? == draft.ballot)
    }

    /// What may be deleted once the draft is committed: its base, what an earlier writer left below that, and the
    /// ballots between base and draft, whose writers may still have written. At most 24 keys, one `delete_many`.
    ///
    /// Slots that land later still, of writers stalled for many ballots, stay behind: lost space, nothing more.
    pub fn stale(&self, draft: &Draft) -> Vec<String> {
        let base = draft.base.as_ref().map(|base| base.ballot);
        let between = (base.unwrap_or(0).saturating_add(1)..draft.ballot).rev();
        base.into_iter()
            .chain(draft.left_over.iter().copied())
            .chain(between)
            .take(STALE_MAX)
            .map(|ballot| keys::slot(&self.name, ballot))
            .collect()
    }

    /// Changes the value, and tries again when another writer won, at most `attempts` times, each after a
    /// [pause](backoff_ms) that `pause` waits out. `change` gets the ballot that its value will be written under, and
    /// the value to change (`None`: never written).
    /// Answers the committed version; `None` only for [`Change::Keep`] of a cell never written. Four durable commits.
    ///
    /// **`change` must be idempotent.** When another writer won, or the store failed, our value may
    /// nevertheless have become the other's base: the next attempt, or the client's next request, then finds the edit
    /// already in. So `change` looks for its own edit (by an id, or by comparing what is with what should be) and answers
    /// [`Change::Keep`] if it is in; an edit that adds to what it finds without looking would be done twice, and
    /// an `If-Match` on the ballot must be judged after that look.
    ///
    /// [`Change::Keep`] is committed too, with the same bytes under the new ballot: the value found may be that of a
    /// writer that never committed, and could be lost after we have called it good.
    pub async fn update<S: Store, E>(
        &self,
        store: &S,
        attempts: u32,
        pause: impl AsyncFn(u64),
        mut change: impl FnMut(u64, Option<&Version>) -> Result<Change, E>,
    ) -> Result<Option<Version>, UpdateError<E>> {
        for attempt in 0..attempts {
            let draft = self.begin(store).await?;
            let bytes = match (change(draft.ballot, draft.base.as_ref()).map_err(UpdateError::Refused)?, &draft.base) {
                (Change::Put(bytes), _) => bytes,
                (Change::Keep, Some(base)) => base.bytes.clone(),
                (Change::Keep, None) => return Ok(None),
            };
            self.propose(store, &draft, &bytes).await?;
            if self.commit(store, &draft).await? {
                // Committed: what an error leaves behind, the next writer deletes.
                let _ = store.delete_many(&self.stale(&draft)).await;
                return Ok(Some(Version { ballot: draft.ballot, bytes }));
            }
            pause(backoff_ms(attempt, draft.ballot)).await;
        }
        Err(UpdateError::Contended)
    }

    /// Slots at or below `top`, newest first: all those of the first window downward that holds any.
    async fn slots_at_or_below<S: Store>(&self, store: &S, top: u64) -> Result<Vec<Version>, StoreError> {
        let (mut top, mut width) = (top, WINDOW);
        while top > 0 {
            let bottom = top.saturating_sub(width - 1).max(1);
            let slots: Vec<String> = (bottom..=top).rev().map(|ballot| keys::slot(&self.name, ballot)).collect();
            let values = store.get_all(&slots).await?;
            let found: Vec<Version> = (bottom..=top)
                .rev()
                .zip(values)
                .filter_map(|(ballot, bytes)| bytes.map(|bytes| Version { ballot, bytes }))
                .collect();
            if !found.is_empty() {
                return Ok(found);
            }
            top = bottom - 1;
            width = (width * 4).min(WINDOW_MAX);
        }
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use futures::executor::block_on;

    use super::*;
    use crate::store::{Counting, MemoryStore};

    fn put(bytes: &[u8]) -> impl FnMut(u64, Option<&Version>) -> Result<Change, String> {
        move |_, _| Ok(Change::Put(bytes.to_vec()))
    }

    async fn at_once(_: u64) {}

    #[test]
    fn an_update_costs_four_commits_and_a_read_none() {
        block_on(async {
            let (store, cell) = (Counting::new(MemoryStore::new()), Cell::new("c"));
            assert_eq!(cell.read(&store).await, Ok(None));
            cell.update(&store, 1, at_once, put(b"one")).await.unwrap();
            store.reset();
            let second = cell.update(&store, 1, at_once, put(b"two")).await.unwrap();
            let counts = store.counts();
            assert_eq!((counts.increment, counts.set, counts.delete_many, counts.commits), (2, 1, 1, 4));
            store.reset();
            assert_eq!(cell.read(&store).await, Ok(second));
            assert_eq!(store.counts().commits, 0);
            assert_eq!(store.into_inner().keys(), ["dering/c/c@2", "dering/n/c/c"]);
        });
    }

    #[test]
    fn whoever_took_the_newer_ballot_wins() {
        block_on(async {
            let (store, cell) = (MemoryStore::new(), Cell::new("c"));
            let older = cell.begin(&store).await.unwrap();
            let newer = cell.begin(&store).await.unwrap();
            assert_eq!((older.ballot, newer.ballot), (1, 2));
            cell.propose(&store, &older, b"older").await.unwrap();
            assert!(!cell.commit(&store, &older).await.unwrap());
            cell.propose(&store, &newer, b"newer").await.unwrap();
            assert!(cell.commit(&store, &newer).await.unwrap());
            assert_eq!(cell.stale(&newer), ["dering/c/c@1"]);
        });
    }

    #[test]
    fn the_base_is_found_below_any_number_of_dead_writers() {
        block_on(async {
            for dead in [0, 1, 15, 16, 17, 100, 3000] {
                let (store, cell) = (MemoryStore::new(), Cell::new("c"));
                cell.update(&store, 1, at_once, put(b"base")).await.unwrap();
                store.increment(&keys::cell_counter("c"), dead).await.unwrap();
                let base = Some(Version { ballot: 1, bytes: b"base".to_vec() });
                assert_eq!(cell.read(&store).await.unwrap(), base);
                let draft = cell.begin(&store).await.unwrap();
                assert_eq!(draft.base, base);
                let stale = cell.stale(&draft);
                assert_eq!(stale[0], keys::slot("c", 1));
                assert_eq!(stale.len(), STALE_MAX.min(1 + dead as usize));
            }
        });
    }

    #[test]
    fn what_a_crash_left_behind_is_deleted_by_a_later_writer() {
        block_on(async {
            let (store, cell) = (MemoryStore::new(), Cell::new("c"));
            for bytes in [b"1", b"2", b"3"] {
                let draft = cell.begin(&store).await.unwrap();
                cell.propose(&store, &draft, bytes).await.unwrap();
                assert!(cell.commit(&store, &draft).await.unwrap());
            }
            cell.update(&store, 1, at_once, put(b"4")).await.unwrap();
            assert_eq!(store.keys(), ["dering/c/c@4", "dering/n/c/c"]);
        });
    }

    #[test]
    fn an_update_gives_up_when_it_always_loses() {
        block_on(async {
            let (store, cell, mut tries) = (MemoryStore::new(), Cell::new("c"), 0);
            let lost = cell
                .update(&store, 3, at_once, |_, _| {
                    tries += 1;
                    store.increment(&keys::cell_counter("c"), 1).now_or_never().unwrap().map(|_| Change::Put(vec![]))
                })
                .await;
            assert_eq!((lost, tries), (Err(UpdateError::Contended), 3));
        });
    }

    #[test]
    fn writers_in_step_get_out_of_it() {
        // Two writers whose every verb takes one turn of the same length, begun at once: the worst case, and with one
        // instance serving both requests a common one.
        for start in 0..200 {
            let (store, cell) = (MemoryStore::new(), Cell::new("c"));
            block_on(store.increment(&keys::cell_counter("c"), start)).unwrap();
            let turns = std::cell::Cell::new(0u64);
            let step = Slow { store: &store, turns: &turns, verb: 3 };
            let pause = async |ms: u64| wait(&turns, ms).await;
            let writer = |name: &'static [u8]| {
                let (cell, step) = (&cell, &step);
                async move { cell.update(step, ATTEMPTS, pause, put(name)).await }
            };
            let both = async { futures::join!(writer(b"a"), writer(b"b")) };
            let (a, b) = drive(both, &turns);
            assert!(a.is_ok() && b.is_ok(), "{start}: {a:?} {b:?}");
        }
    }

    /// Polls to the end; every poll is one turn.
    fn drive<T>(work: impl Future<Output = T>, turns: &std::cell::Cell<u64>) -> T {
        let mut work = std::pin::pin!(work);
        for turn in 0..1_000_000 {
            turns.set(turn);
            if let Some(done) = work.as_mut().now_or_never() {
                return done;
            }
        }
        panic!("no end");
    }

    async fn wait(turns: &std::cell::Cell<u64>, length: u64) {
        let until = turns.get() + length;
        std::future::poll_fn(|_| match turns.get() >= until {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        })
        .await;
    }

    struct Slow<'a> {
        store: &'a MemoryStore,
        turns: &'a std::cell::Cell<u64>,
        verb: u64,
    }

    impl Store for Slow<'_> {
        async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
            wait(self.turns, self.verb).await;
            self.store.get(key).await
        }
        async fn get_all(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
            wait(self.turns, self.verb).await;
            self.store.get_all(keys).await
        }
        async fn set(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
            wait(self.turns, self.verb).await;
            self.store.set(key, bytes).await
        }
        async fn set_many(&self, values: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
            wait(self.turns, self.verb).await;
            self.store.set_many(values).await
        }
        async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
            wait(self.turns, self.verb).await;
            self.store.delete_many(keys).await
        }
        async fn increment(&self, key: &str, by: i64) -> Result<i64, StoreError> {
            wait(self.turns, self.verb).await;
            self.store.increment(key, by).await
        }
    }

    #[test]
    fn keeping_confirms_what_an_uncommitted_writer_left() {
        block_on(async {
            let (store, cell) = (MemoryStore::new(), Cell::new("c"));
            let keep = |_: u64, _: Option<&Version>| Ok::<_, String>(Change::Keep);
            assert_eq!(cell.update(&store, 1, at_once, keep).await, Ok(None));
            let draft = cell.begin(&store).await.unwrap();
            cell.propose(&store, &draft, b"left").await.unwrap();
            let kept = cell.update(&store, 1, at_once, keep).await.unwrap().unwrap();
            assert_eq!((kept.ballot, kept.bytes), (3, b"left".to_vec()));
            let refused = cell.update(&store, 1, at_once, |_, _| Err("no")).await;
            assert_eq!(refused, Err(UpdateError::Refused("no")));
        });
    }
}
