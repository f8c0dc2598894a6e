//! The store between the components: five verbs, and two primitives over them.
//!
//! Only what every supported Spin backend does correctly is used: no compare-and-swap, no key listing.

mod cell;
mod counting;
pub mod keys;
mod log;
mod memory;

pub use cell::{Cell, Change, Draft, Version};
pub use counting::{Counting, Counts};
pub use log::{Log, LogReader};
pub use memory::MemoryStore;

use std::fmt;

/// A verb failed. It may still have been applied: a lost reply looks just like a refusal, so callers must be
/// right in both cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError(pub String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store did not answer as expected: {}", self.0)
    }
}

impl std::error::Error for StoreError {}

/// The verbs. Futures need not be `Send`: a component has one thread.
#[allow(async_fn_in_trait)]
pub trait Store {
    /// The value of a key; `None` if the key does not exist.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Writes one value; one durable commit.
    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    /// Writes many values; one durable commit where the backend has transactions. On an error any subset may have landed.
    async fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<(), StoreError>;
    /// Deletes many keys, existing or not; one durable commit where the backend has transactions.
    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError>;
    /// Adds to a counter (absent: 0) and answers its new value; one durable commit, also with a delta of 0.
    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError>;
    /// The values of many keys, in the keys' order. Not a snapshot: each value is as of some moment during the call.
    async fn get_all(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError>;
}

impl<S: Store> Store for &S {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(key).await
    }
    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        (**self).set(key, value).await
    }
    async fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        (**self).set_many(pairs).await
    }
    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        (**self).delete_many(keys).await
    }
    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        (**self).increment(key, delta).await
    }
    async fn get_all(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        (**self).get_all(keys).await
    }
}

/// A value as bytes behind a version byte. A newer version of the program reads the older versions' bytes.
pub fn encode<T: serde::Serialize>(version: u8, value: &T) -> Vec<u8> {
    // Serialising plain data into a growing buffer has no way to fail; an empty value would be refused by `decode`.
    postcard::to_extend(value, vec![version]).unwrap_or_default()
}

/// The inverse of [`encode`]; `None` for another version, cut or trailing bytes.
pub fn decode<T: serde::de::DeserializeOwned>(version: u8, bytes: &[u8]) -> Option<T> {
    match bytes.split_first() {
        Some((v, rest)) if *v == version => match postcard::take_from_bytes(rest) {
            Ok((value, [])) => Some(value),
            _ => None,
        },
        _ => None,
    }
}
