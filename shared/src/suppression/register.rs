//! The register of do-not-call entries, for those who look at all of them.
//!
//! An entry is kept under a keyed hash, so nobody could list the entries or tell whose they are. The register is a log of
//! pages of entries' ids, which are never changed; an entry that is in it carries the number of its page, and whom it is
//! about, sealed. A reader goes through the pages, looks the entries up, and takes those that name the page: each once,
//! none that was deleted, and no more at a time than some pages.
//!
//! The key that seals is made at first use, wrapped by the master key, and kept in a cell, so that there is one.

use super::{DoNotCall, Entry, Named};
use crate::problem::Problem;
use crate::store::{ATTEMPTS, Cell, Change, Log, Store, StoreError, Version, decode, encode, keys};
use crate::vault::{DataKey, Vault};

const VERSION: u8 = 1;
const NAME: &str = "suppressions";
/// Entries a page at most.
pub const PAGE_MAX: usize = 2_000;
/// Pages looked at for one answer, at most, and at once.
const PAGES_MAX: u64 = 512;
const PAGES_AT_ONCE: u64 = 8;

/// Random bytes.
pub type Dice<'a> = &'a dyn Fn(&mut [u8]);

/// What the register's key is bound to.
fn place() -> String {
    format!("{}{NAME}", keys::PREFIX)
}

fn cell() -> Cell {
    Cell::new(NAME)
}

fn log() -> Log {
    Log::new(NAME)
}

/// The register's key; made if there is none. Reads only, but for the first time.
pub async fn key<S: Store>(
    store: &S,
    vault: &Vault,
    dice: Dice<'_>,
    pause: impl AsyncFn(u64),
) -> Result<DataKey, Problem> {
    let failed = |e: StoreError| Problem::store(&e);
    let found = cell().read(store).await.map_err(failed)?;
    let version = match found {
        // Whoever comes later builds on it.
        Some(version) if cell().is_newest(store, version.ballot).await.map_err(failed)? => Some(version),
        _ => {
            let (mut random, mut nonce) = ([0; 32], [0; 24]);
            dice(&mut random);
            dice(&mut nonce);
            let (_, wrapped) = vault.new_data_key(&random, &nonce, &place());
            let make = |_, base: Option<&Version>| {
                Ok::<_, Problem>(if base.is_some() { Change::Keep } else { Change::Put(encode(VERSION, &wrapped)) })
            };
            cell().update(store, ATTEMPTS, pause, make).await.map_err(Problem::from)?
        }
    };
    let opened = version.and_then(|version| open_key(vault, &version.bytes));
    opened.ok_or_else(unreadable)
}

fn open_key(vault: &Vault, bytes: &[u8]) -> Option<DataKey> {
    vault.data_key(&decode::<Vec<u8>>(VERSION, bytes)?, &place()).ok()
}

/// Whether the register has a key: whether there ever was an entry.
pub async fn is_there<S: Store>(store: &S) -> Result<bool, Problem> {
    Ok(cell().read(store).await.map_err(|e| Problem::store(&e))?.is_some())
}

/// After the master key was replaced: wraps the register's key by the new one. `false`: it cannot be opened.
pub async fn rewrap<S: Store>(store: &S, vault: &Vault, nonce: &[u8; 24]) -> Result<bool, Problem> {
    let mut readable = true;
    let wrap = |_, base: Option<&Version>| {
        let Some(base) = base else { return Ok::<_, Problem>(Change::Keep) };
        let again = decode::<Vec<u8>>(VERSION, &base.bytes).map(|wrapped| vault.rewrap(&wrapped, nonce, &place()));
        Ok(match again {
            Some(Ok(Some(again))) => Change::Put(encode(VERSION, &again)),
            Some(Ok(None)) => Change::Keep,
            None | Some(Err(_)) => {
                readable = false;
                Change::Keep
            }
        })
    };
    cell().update(store, ATTEMPTS, async |_| {}, wrap).await.map_err(Problem::from)?;
    Ok(readable)
}

/// Takes the number of a new page. One durable commit.
pub async fn page_number<S: Store>(store: &S) -> Result<u64, StoreError> {
    log().reserve(store).await
}

/// The page of that number: to be written before the entries that name it, or together with them.
pub fn page(number: u64, ids: &[String]) -> (String, Vec<u8>) {
    (keys::entry(log().name(), number), encode(VERSION, &ids))
}

/// An entry that is on page `number`, as it is kept under its key.
pub fn entry(
    vault: &Vault,
    key: &DataKey,
    nonce: &[u8; 24],
    number: u64,
    named: &Named,
    entry: DoNotCall,
) -> (String, Vec<u8>) {
    let place = named.subject().key(vault);
    let sealed = key.seal(nonce, &place, &encode(VERSION, named));
    let bytes = Entry { entry, page: number, sealed }.encode();
    (place, bytes)
}

/// An entry as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub id: String,
    /// `None`: it was repeated by the call in which it was asked for, and whom it is about is not in it any more.
    pub named: Option<Named>,
    pub entry: DoNotCall,
}

/// Some entries, and where the next are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    pub entries: Vec<Shown>,
    /// Page after which to go on; `None`: these were the last.
    pub next: Option<u64>,
}

/// The entries that hold at `now_ms` (Unix ms), from the page after `after` on: some pages of them.
pub async fn read<S: Store>(store: &S, vault: &Vault, after: u64, now_ms: i64) -> Result<Shelf, Problem> {
    let failed = |e: StoreError| Problem::store(&e);
    let Some(version) = cell().read(store).await.map_err(failed)? else { return Ok(Shelf::default()) };
    let key = open_key(vault, &version.bytes).ok_or_else(unreadable)?;
    let top = store.counter(&keys::log_counter(log().name())).await.map_err(failed)?;
    let top = u64::try_from(top).unwrap_or(0);
    let mut at = after;
    let mut listed: Vec<(u64, String)> = Vec::new();
    while at < top && listed.len() < PAGE_MAX && at.saturating_sub(after) < PAGES_MAX {
        let to = at.saturating_add(PAGES_AT_ONCE).min(top);
        let names: Vec<String> = (at + 1..=to).map(|n| keys::entry(log().name(), n)).collect();
        let pages = store.get_all(&names).await.map_err(failed)?;
        for (n, bytes) in (at + 1..=to).zip(pages) {
            // A number whose page was never written: its writer died, and no entry names it.
            let ids = match bytes {
                None => Vec::new(),
                Some(bytes) => decode::<Vec<String>>(VERSION, &bytes).ok_or_else(unreadable)?,
            };
            listed.extend(ids.into_iter().map(|id| (n, id)));
            at = n;
            if listed.len() >= PAGE_MAX {
                break;
            }
        }
    }
    let places: Vec<Option<String>> = listed.iter().map(|(_, id)| super::key_of(id)).collect();
    let wanted: Vec<String> = places.iter().map(|place| place.clone().unwrap_or_default()).collect();
    let found = store.get_all(&wanted).await.map_err(failed)?;
    let mut entries = Vec::new();
    for (((page, id), place), bytes) in listed.into_iter().zip(places).zip(found) {
        let (Some(place), Some(bytes)) = (place, bytes) else { continue };
        let (entry, named) = match Entry::decode(&bytes) {
            Some(kept) if kept.page != page => continue,
            Some(kept) => (kept.entry, key.open(&place, &kept.sealed).ok().and_then(|bytes| decode(VERSION, &bytes))),
            None => match DoNotCall::decode(&bytes) {
                Some(entry) => (entry, None),
                None => return Err(unreadable()),
            },
        };
        if entry.until_ms.is_none_or(|until| now_ms < until) {
            entries.push(Shown { id, named, entry });
        }
    }
    Ok(Shelf { entries, next: (at < top).then_some(at) })
}

fn unreadable() -> Problem {
    Problem::new(
        500,
        "suppressions_unreadable",
        "The do-not-call register cannot be read",
        "its key or a page of it is damaged, or the master key is another one",
        "Entries hold all the same. Set the master key that they were taken under, or restore the store from a backup.",
    )
}
