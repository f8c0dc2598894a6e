//! The domain's `Store` over Spin's key-value store.
//!
//! `get` and `set` are asynchronous; the verbs on many keys and `increment` exist only in the draft interface
//! `wasi:keyvalue`, whose imports block the whole instance while they run. Both see the same data. The SDK hides the
//! draft's bindings; they are used here and nowhere else.

use crate::clock;
use dering::store::{Store, StoreError, counter_from_bytes};
use futures::future::join_all;
use spin_sdk::experimental::wasi::keyvalue::store::{Bucket, Error as BatchError};
use spin_sdk::experimental::wasi::keyvalue::{atomics, batch, store as draft};
use spin_sdk::key_value::{self, Error as KvError};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::rc::Rc;

/// The label every Spin host provides.
const LABEL: &str = "default";
/// Keys of one `get-many`. It blocks the instance, and with it the orders whose turn comes meanwhile: between two of them the
/// others go on.
const GET_MANY: usize = 1_000;
/// Single reads under way at once, where `get-many` does not work.
const JOINED: usize = 256;
/// What DynamoDB takes in one batch of writes.
const SMALL_BATCH: usize = 25;

/// What this instance has learnt about its host.
struct Learnt {
    /// `get-many` failed (Redis: always; DynamoDB: above 100 keys).
    no_get_many: Cell<bool>,
    /// A batch of writes failed that has more than [`SMALL_BATCH`] items.
    small_batches: Cell<bool>,
}

thread_local! {
    // An `open` is a round trip on some backends; the handles of the instance serve all its requests.
    static STORE: RefCell<Option<Rc<key_value::Store>>> = const { RefCell::new(None) };
    static BUCKET: RefCell<Option<Rc<Bucket>>> = const { RefCell::new(None) };
    static LEARNT: Learnt = const { Learnt { no_get_many: Cell::new(false), small_batches: Cell::new(false) } };
}

/// The application's store. It has no state of its own: make one wherever it is needed.
#[derive(Debug, Clone, Copy, Default)]
pub struct SpinStore;

impl Store for SpinStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let store = store().await?;
        store.get(key).await.map_err(kv_failed)
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let store = store().await?;
        store.set(key, value).await.map_err(kv_failed)
    }

    async fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        // Written in order, the last of equal keys stays.
        let mut newest: Vec<&(String, Vec<u8>)> = unique_by(pairs.iter().rev(), |(key, _)| key.as_str());
        newest.reverse();
        in_batches(&newest, |part| batch::set_many(&*bucket()?, &part.iter().copied().cloned().collect::<Vec<_>>()))
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        let keys: Vec<&String> = unique_by(keys.iter(), |key| key.as_str());
        in_batches(&keys, |part| batch::delete_many(&*bucket()?, &part.iter().copied().cloned().collect::<Vec<_>>()))
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        bucket().and_then(|bucket| atomics::increment(&bucket, key, delta)).map_err(batch_failed)
    }

    async fn counter(&self, key: &str) -> Result<i64, StoreError> {
        match self.get(key).await? {
            None => Ok(0),
            Some(bytes) => match counter_from_bytes(&bytes) {
                Some(n) => Ok(n),
                None => self.increment(key, 0).await,
            },
        }
    }

    async fn get_all(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        if keys.len() > 1 && !LEARNT.with(|l| l.no_get_many.get()) {
            match get_many(keys).await {
                Ok(values) => return Ok(values),
                Err(_) => LEARNT.with(|l| l.no_get_many.set(true)),
            }
        }
        let store = store().await?;
        let mut values = Vec::with_capacity(keys.len());
        for part in keys.chunks(JOINED) {
            for value in join_all(part.iter().map(|key| store.get(key))).await {
                values.push(value.map_err(kv_failed)?);
            }
        }
        Ok(values)
    }
}

async fn store() -> Result<Rc<key_value::Store>, StoreError> {
    if let Some(store) = STORE.with_borrow(Clone::clone) {
        return Ok(store);
    }
    let store = Rc::new(key_value::Store::open(LABEL).await.map_err(kv_failed)?);
    STORE.with_borrow_mut(|kept| *kept = Some(Rc::clone(&store)));
    Ok(store)
}

fn bucket() -> Result<Rc<Bucket>, BatchError> {
    if let Some(bucket) = BUCKET.with_borrow(Clone::clone) {
        return Ok(bucket);
    }
    let bucket = Rc::new(draft::open(LABEL)?);
    BUCKET.with_borrow_mut(|kept| *kept = Some(Rc::clone(&bucket)));
    Ok(bucket)
}

/// The host answers in any order and leaves out what is missing, or says `none`.
async fn get_many(keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, BatchError> {
    let bucket = bucket()?;
    let wanted: Vec<&String> = unique_by(keys.iter(), |key| key.as_str());
    let mut found = HashMap::with_capacity(wanted.len());
    for (n, part) in wanted.chunks(GET_MANY).enumerate() {
        if n > 0 {
            clock::sleep_ms(1).await;
        }
        let part: Vec<String> = part.iter().copied().cloned().collect();
        found.extend(batch::get_many(&bucket, &part)?.into_iter().filter_map(|(key, value)| Some((key, value?))));
    }
    Ok(in_order(keys, wanted.len() < keys.len(), found))
}

fn in_order(keys: &[String], repeated: bool, mut found: HashMap<String, Vec<u8>>) -> Vec<Option<Vec<u8>>> {
    // Values may be large: they are copied only where a key is asked for twice.
    let take = |key: &String| {
        if repeated { found.get(key).cloned() } else { found.remove(key) }
    };
    keys.iter().map(take).collect()
}

/// The first item of each key, in order: some backends refuse a batch that names a key twice.
fn unique_by<T, K: Hash + Eq>(items: impl Iterator<Item = T>, key: impl Fn(T) -> K) -> Vec<T>
where
    T: Copy,
{
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(key(*item))).collect()
}

/// All at once where the backend can; else in small batches. Repeating what the failed attempt may have done is
/// harmless: both verbs say what shall be, not what shall change.
fn in_batches<T>(items: &[T], write: impl Fn(&[T]) -> Result<(), BatchError>) -> Result<(), StoreError> {
    if items.is_empty() {
        return Ok(());
    }
    if items.len() <= SMALL_BATCH {
        return write(items).map_err(batch_failed);
    }
    if !LEARNT.with(|l| l.small_batches.get()) {
        match write(items) {
            Ok(()) => return Ok(()),
            Err(_) => LEARNT.with(|l| l.small_batches.set(true)),
        }
    }
    items.chunks(SMALL_BATCH).try_for_each(write).map_err(batch_failed)
}

fn kv_failed(error: KvError) -> StoreError {
    match error {
        KvError::StoreTableFull => failed("too many open stores"),
        KvError::NoSuchStore => failed("the host has no such store"),
        KvError::AccessDenied => failed("the manifest does not give this component the store"),
        KvError::Other(text) => failed(&text),
    }
}

fn batch_failed(error: BatchError) -> StoreError {
    match error {
        BatchError::NoSuchStore => failed("the host has no such store"),
        BatchError::AccessDenied => failed("the manifest does not give this component the store"),
        BatchError::Other(text) => failed(&text),
    }
}

/// The handles are dropped with the failure: the next verb opens the store anew. A backend's text is cut and loses
/// its control characters.
fn failed(text: &str) -> StoreError {
    STORE.with_borrow_mut(|kept| *kept = None);
    BUCKET.with_borrow_mut(|kept| *kept = None);
    StoreError(text.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_in_the_order_of_the_keys() {
        let keys = ["b", "a", "c", "b"].map(String::from);
        let found = || HashMap::from([("a".to_owned(), vec![1]), ("b".to_owned(), vec![2])]);
        assert_eq!(in_order(&keys, true, found()), [Some(vec![2]), Some(vec![1]), None, Some(vec![2])]);
        assert_eq!(in_order(&keys[..3], false, found()), [Some(vec![2]), Some(vec![1]), None]);
    }

    #[test]
    fn large_batches_are_split_after_the_first_failure_and_from_then_on() {
        let sizes = RefCell::new(Vec::new());
        let dynamo = |part: &[u32]| {
            sizes.borrow_mut().push(part.len());
            if part.len() > SMALL_BATCH { Err(BatchError::Other("too many items".into())) } else { Ok(()) }
        };
        let items: Vec<u32> = (0..60).collect();
        assert_eq!(in_batches(&items[..25], dynamo), Ok(()));
        assert_eq!(in_batches(&items, dynamo), Ok(()));
        assert_eq!(in_batches(&items[..26], dynamo), Ok(()));
        assert_eq!(in_batches(&items[..0], dynamo), Ok(()));
        assert_eq!(*sizes.borrow(), [25, 60, 25, 25, 10, 25, 1]);
    }

    #[test]
    fn a_small_batch_is_not_repeated() {
        let calls = Cell::new(0);
        let broken = |_: &[u32]| {
            calls.set(calls.get() + 1);
            Err(BatchError::Other("line\u{1b}[31m\nbreak".into()))
        };
        assert_eq!(in_batches(&[1, 2], broken), Err(StoreError("line [31m break".into())));
        assert_eq!(calls.get(), 1);
    }
}
