//! Counts what goes through a store: the cost of an operation, in verbs and in durable commits.

use std::cell::Cell;

use super::{Store, StoreError};

/// Calls of each verb, and the durable commits they cost on a backend with transactions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub get: u64,
    pub set: u64,
    pub set_many: u64,
    pub delete_many: u64,
    pub increment: u64,
    pub get_all: u64,
    /// Keys asked for by `get_all`.
    pub keys: u64,
    /// Not counted as a commit: the supported backends read a counter without one.
    pub counter: u64,
    /// One for each `set`, `set_many`, `delete_many` and `increment`, also if it failed.
    pub commits: u64,
}

/// A store that counts. Empty `set_many` and `delete_many` do not reach the store and cost nothing.
#[derive(Debug, Default)]
pub struct Counting<S> {
    inner: S,
    counts: Cell<Counts>,
}

impl<S> Counting<S> {
    pub fn new(inner: S) -> Self {
        Self { inner, counts: Cell::default() }
    }

    /// What was counted since the beginning or the last [`reset`](Self::reset).
    pub fn counts(&self) -> Counts {
        self.counts.get()
    }

    pub fn reset(&self) {
        self.counts.set(Counts::default());
    }

    pub fn inner(&self) -> &S {
        &self.inner
    }

    pub fn into_inner(self) -> S {
        self.inner
    }

    fn count(&self, add: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.get();
        add(&mut counts);
        self.counts.set(counts);
    }

    fn count_commit(&self, add: impl FnOnce(&mut Counts)) {
        self.count(|counts| {
            counts.commits += 1;
            add(counts);
        });
    }
}

impl<S: Store> Store for Counting<S> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.count(|counts| counts.get += 1);
        self.inner.get(key).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.count_commit(|counts| counts.set += 1);
        self.inner.set(key, value).await
    }

    async fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        if pairs.is_empty() {
            return Ok(());
        }
        self.count_commit(|counts| counts.set_many += 1);
        self.inner.set_many(pairs).await
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.count_commit(|counts| counts.delete_many += 1);
        self.inner.delete_many(keys).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.count_commit(|counts| counts.increment += 1);
        self.inner.increment(key, delta).await
    }

    async fn get_all(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.count(|counts| {
            counts.get_all += 1;
            counts.keys += keys.len() as u64;
        });
        self.inner.get_all(keys).await
    }

    async fn counter(&self, key: &str) -> Result<i64, StoreError> {
        self.count(|counts| counts.counter += 1);
        self.inner.counter(key).await
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::store::MemoryStore;

    #[test]
    fn each_verb_counts_once_and_nothing_costs_nothing() {
        block_on(async {
            let store = Counting::new(MemoryStore::new());
            store.set_many(&[]).await.unwrap();
            store.delete_many(&[]).await.unwrap();
            assert_eq!(store.counts(), Counts::default());
            store.get("a").await.unwrap();
            store.set("a", b"1").await.unwrap();
            store.set_many(&[("b".into(), vec![]), ("c".into(), vec![])]).await.unwrap();
            store.delete_many(&["b".into(), "c".into()]).await.unwrap();
            store.increment("n", 0).await.unwrap();
            store.get_all(&["a".into()]).await.unwrap();
            store.counter("n").await.unwrap();
            let counts = store.counts();
            let one_each = Counts {
                get: 1,
                set: 1,
                set_many: 1,
                delete_many: 1,
                increment: 1,
                get_all: 1,
                keys: 1,
                counter: 1,
                commits: 4,
            };
            assert_eq!(counts, one_each);
            store.reset();
            assert_eq!((store.counts().commits, store.inner().len()), (0, 2));
        });
    }
}
