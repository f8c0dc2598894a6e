//! A store in memory, for tests and simulations.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{Store, StoreError};

/// Keeps values and counters apart, as the domain must: a value `set` under a counter's key is not the counter.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    values: RefCell<BTreeMap<String, Vec<u8>>>,
    counters: RefCell<BTreeMap<String, i64>>,
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of keys, counters included.
    pub fn len(&self) -> usize {
        self.values.borrow().len() + self.counters.borrow().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All keys: those of the values in order, then those of the counters in order.
    pub fn keys(&self) -> Vec<String> {
        let (values, counters) = (self.values.borrow(), self.counters.borrow());
        values.keys().chain(counters.keys()).cloned().collect()
    }
}

impl Store for MemoryStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.values.borrow().get(key).cloned())
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.values.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    async fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        self.values.borrow_mut().extend(pairs.iter().cloned());
        Ok(())
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        let mut values = self.values.borrow_mut();
        keys.iter().for_each(|key| drop(values.remove(key)));
        Ok(())
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        let mut counters = self.counters.borrow_mut();
        let counter = counters.entry(key.to_owned()).or_default();
        *counter = counter.checked_add(delta).ok_or_else(|| StoreError("counter overflow".into()))?;
        Ok(*counter)
    }

    async fn get_all(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let values = self.values.borrow();
        Ok(keys.iter().map(|key| values.get(key).cloned()).collect())
    }

    async fn counter(&self, key: &str) -> Result<i64, StoreError> {
        Ok(self.counters.borrow().get(key).copied().unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn values_and_counters_do_not_meet() {
        block_on(async {
            let store = MemoryStore::new();
            assert!(store.is_empty());
            assert_eq!(store.increment("k", 2).await, Ok(2));
            store.set("k", b"v").await.unwrap();
            assert_eq!(store.increment("k", 0).await, Ok(2));
            assert_eq!(store.get("k").await, Ok(Some(b"v".to_vec())));
            assert_eq!((store.len(), store.counter("absent").await), (2, Ok(0)));
            assert!(store.increment("k", i64::MAX).await.is_err());
        });
    }

    #[test]
    fn many_at_once() {
        block_on(async {
            let store = MemoryStore::new();
            store.set_many(&[("a".into(), vec![1]), ("b".into(), vec![2])]).await.unwrap();
            store.delete_many(&["a".into(), "absent".into()]).await.unwrap();
            let all = store.get_all(&["b".into(), "a".into()]).await;
            assert_eq!(all, Ok(vec![Some(vec![2]), None]));
            assert_eq!(store.keys(), ["b"]);
        });
    }
}
