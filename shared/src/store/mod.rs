//! The store between the components: five verbs, and two primitives over them.
//!
//! Only what every supported Spin backend does correctly is used: no compare-and-swap, no key listing.

mod cell;
mod counting;
pub mod keys;
mod log;
mod memory;

pub use cell::{ATTEMPTS, Cell, Change, Draft, UpdateError, Version, backoff_ms};
pub use counting::{Counting, Counts};
pub use log::{APPEND_MS_MAX, AppendError, GIVE_UP_MS, Log, LogReader};
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
    /// The value of a counter (absent: 0), as of some moment during the call.
    ///
    /// As it stands this is an increment by 0, which costs a durable commit on every backend. A store that can tell a
    /// counter's value from its bytes ([`counter_from_bytes`]) reads it without.
    async fn counter(&self, key: &str) -> Result<i64, StoreError> {
        self.increment(key, 0).await
    }
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
    async fn counter(&self, key: &str) -> Result<i64, StoreError> {
        (**self).counter(key).await
    }
}

/// The value of a counter from what `get` answers for its key; `None` if the bytes are neither of the two known forms,
/// and the caller then asks by `increment`.
///
/// Spin 4.1's SQLite keeps 8 bytes, least significant first; its Redis and DynamoDB stores keep decimal text. The two
/// cannot be mistaken for each other: below 2^56 the last of the 8 bytes is zero, which is no digit. (A counter of
/// Spin's that is larger, or negative, is `None` too.)
pub fn counter_from_bytes(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [_, _, _, _, _, _, _, 0] => bytes.try_into().ok().map(i64::from_le_bytes),
        [] => None,
        _ if bytes.iter().all(u8::is_ascii_digit) => std::str::from_utf8(bytes).ok()?.parse().ok(),
        _ => None,
    }
}

/// What a counter of ours answered: it starts at 0 and never falls.
fn number(counter: i64) -> Result<u64, StoreError> {
    u64::try_from(counter).map_err(|_| StoreError(format!("a counter stands at {counter}")))
}

/// A value as bytes: a version byte, the value, a checksum over both (CRC-32 as in IEEE 802.3, least significant byte
/// first). A newer version of the program reads the older versions' bytes.
///
/// The checksum is for accidents, not for adversaries: it finds every error of up to three bits in values of up to
/// 11 KB and every burst of up to 32 bits, and of all others all but one in four thousand million.
pub fn encode<T: serde::Serialize>(version: u8, value: &T) -> Vec<u8> {
    // Serialising plain data into a growing buffer has no way to fail; an empty value would be refused by `decode`.
    let mut bytes = postcard::to_extend(value, vec![version]).unwrap_or_default();
    let sum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// The inverse of [`encode`]; `None` for another version, and for cut, altered or trailing bytes.
pub fn decode<T: serde::de::DeserializeOwned>(version: u8, bytes: &[u8]) -> Option<T> {
    let (bytes, sum) = bytes.split_last_chunk()?;
    if crc32fast::hash(bytes) != u32::from_le_bytes(*sum) {
        return None;
    }
    match bytes.split_first() {
        Some((v, rest)) if *v == version => match postcard::take_from_bytes(rest) {
            Ok((value, [])) => Some(value),
            _ => None,
        },
        _ => None,
    }
}

/// A value as JSON inside [`encode`]: for what people look at in the store, and for settings that gain members.
pub fn encode_json<T: serde::Serialize>(version: u8, value: &T) -> Vec<u8> {
    encode(version, &serde_json::to_string(value).unwrap_or_default())
}

/// The inverse of [`encode_json`]; `None` also for JSON that is no `T`.
pub fn decode_json<T: serde::de::DeserializeOwned>(version: u8, bytes: &[u8]) -> Option<T> {
    serde_json::from_str(&decode::<String>(version, bytes)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_told_from_their_bytes() {
        for n in [0, 1, 255, 256, 12_345_678, 0x30_3030_3030_3030, (1 << 56) - 1] {
            assert_eq!(counter_from_bytes(&i64::to_le_bytes(n)), Some(n));
            assert_eq!(counter_from_bytes(n.to_string().as_bytes()), Some(n));
        }
        for unknown in [&b""[..], b"-1", b" 1", b"1\n", b"99999999999999999999", &[0; 7], &[0; 9], &[0xff; 8]] {
            assert_eq!(counter_from_bytes(unknown), None);
        }
        assert_eq!(counter_from_bytes(&i64::to_be_bytes(1)), None, "another byte order is not taken for a huge number");
    }

    #[test]
    fn a_value_is_read_only_as_it_was_written() {
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct Value {
            a: u64,
            b: Vec<String>,
        }
        let value = Value { a: 300, b: vec!["x".into(), String::new()] };
        type Decode = fn(u8, &[u8]) -> Option<Value>;
        for (bytes, decode) in [(encode(1, &value), decode as Decode), (encode_json(1, &value), decode_json)] {
            assert_eq!(decode(1, &bytes).as_ref(), Some(&value));
            assert_eq!(decode(2, &bytes), None);
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(decode(1, &flipped), None, "bit {bit}");
            }
            for cut in 0..bytes.len() {
                assert_eq!(decode(1, &bytes[..cut]), None);
            }
            assert_eq!(decode(1, &[&bytes[..], b"0"].concat()), None);
        }
        // The checksum's published check value.
        assert_eq!(crc32fast::hash(b"123456789"), 0xCBF4_3926);
    }
}
