//! Where the campaigns are kept: one cell with all of them, and each version of each under a key of its own, so that
//! a call in flight is spoken with the words it was claimed under.

use super::Campaign;
use crate::hours::Holidays;
use crate::problem::Problem;
use crate::store::{ATTEMPTS, Cell, Change, Store, StoreError, Version, backoff_ms, decode_json, encode_json, keys};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

const VERSION: u8 = 1;
const NAME: &str = "campaigns";
/// Campaigns kept at most: they are one value, of about a kilobyte each.
pub const CAMPAIGNS_MAX: usize = 1_000;

/// All campaigns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shelf {
    pub campaigns: Vec<Campaign>,
    /// Calendars of holidays that were loaded. They are here because whoever knows the campaigns must know them, and for no
    /// further read.
    #[serde(default)]
    pub holidays: Holidays,
}

impl Shelf {
    /// The campaign of that id.
    pub fn get(&self, id: &str) -> Option<&Campaign> {
        self.campaigns.iter().find(|c| c.id == id)
    }

    fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        // Unreadable means nothing can be said about any campaign: no call, and an error somebody sees.
        decode_json(VERSION, bytes).ok_or_else(|| {
            Problem::new(
                500,
                "campaigns_unreadable",
                "The stored campaigns cannot be read",
                "the bytes are damaged or of another version",
                "Run the version that wrote them, or restore the store from a backup.",
            )
        })
    }
}

/// The campaigns as last edited. Costs no durable commit.
pub async fn read<S: Store>(store: &S) -> Result<Shelf, Problem> {
    match Cell::new(NAME).read(store).await.map_err(|e| Problem::store(&e))? {
        Some(version) => Shelf::decode(&version.bytes),
        None => Ok(Shelf::default()),
    }
}

/// Versions of campaigns that an instance keeps: a call is made under one to its end, and few are current.
const VERSIONS_MAX: usize = 64;

/// The campaigns as an instance last saw them; it keeps them from one request to the next.
#[derive(Debug, Clone, Default)]
pub struct Remembered {
    newest: RefCell<Option<(u64, Rc<Shelf>)>>,
    versions: RefCell<HashMap<(String, u64), Rc<Campaign>>>,
}

impl Remembered {
    /// The campaigns as last edited. As long as nobody edits them it costs one look at a counter.
    pub async fn read<S: Store>(&self, store: &S) -> Result<Rc<Shelf>, Problem> {
        let cell = Cell::new(NAME);
        let known = self.newest.borrow().clone();
        if let Some((ballot, shelf)) = known
            && cell.is_newest(store, ballot).await.map_err(|e| Problem::store(&e))?
        {
            return Ok(shelf);
        }
        let Some(version) = cell.read(store).await.map_err(|e| Problem::store(&e))? else { return Ok(Rc::default()) };
        let shelf = Rc::new(Shelf::decode(&version.bytes)?);
        self.newest.replace(Some((version.ballot, Rc::clone(&shelf))));
        Ok(shelf)
    }

    /// A campaign as it was under `version`. A version never changes: it costs a read once an instance.
    pub async fn version<S: Store>(
        &self,
        store: &S,
        id: &str,
        version: u64,
    ) -> Result<Option<Rc<Campaign>>, StoreError> {
        let name = (id.to_owned(), version);
        let known = self.versions.borrow().get(&name).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let Some(campaign) = read_version(store, id, version).await? else { return Ok(None) };
        let campaign = Rc::new(campaign);
        let mut versions = self.versions.borrow_mut();
        if versions.len() >= VERSIONS_MAX {
            versions.clear();
        }
        versions.insert(name, Rc::clone(&campaign));
        Ok(Some(campaign))
    }
}

/// Edits the calendars of holidays. `change` is asked again when another edit came first, after a `pause` of so many ms.
pub async fn edit_holidays<S: Store>(
    store: &S,
    pause: impl AsyncFn(u64),
    mut change: impl FnMut(&mut Holidays) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let edit = |_, base: Option<&Version>| {
        let mut shelf = base.map_or_else(|| Ok(Shelf::default()), |base| Shelf::decode(&base.bytes))?;
        change(&mut shelf.holidays)?;
        Ok(Change::Put(encode_json(VERSION, &shelf)))
    };
    Cell::new(NAME).update(store, ATTEMPTS, pause, edit).await.map(drop).map_err(Problem::from)
}

/// A campaign as it was under `version`.
pub async fn read_version<S: Store>(store: &S, id: &str, version: u64) -> Result<Option<Campaign>, StoreError> {
    let bytes = store.get(&keys::campaign_version(id, version)).await?;
    Ok(bytes.and_then(|b| decode_json(VERSION, &b)))
}

/// Edits one campaign. `change` gets what is there under `id` and answers what shall be there; `None` deletes it.
/// It is asked again when another edit came first, after a `pause` of so many ms, so it must only depend on what it is
/// given.
pub async fn edit<S: Store>(
    store: &S,
    pause: impl AsyncFn(u64),
    id: &str,
    mut change: impl FnMut(Option<&Campaign>) -> Result<Option<Campaign>, Problem>,
) -> Result<Option<Campaign>, Problem> {
    let cell = Cell::new(NAME);
    let failed = |e: StoreError| Problem::store(&e);
    let mut ours = Vec::new();
    for attempt in 0..ATTEMPTS {
        let draft = cell.begin(store).await.map_err(failed)?;
        let mut shelf = match &draft.base {
            Some(base) => Shelf::decode(&base.bytes)?,
            None => Shelf::default(),
        };
        let at = shelf.campaigns.iter().position(|c| c.id == id);
        let current = at.map(|i| shelf.campaigns[i].clone());
        // If our earlier try was not confirmed but the next writer built on it, the edit is in and needs only be confirmed.
        let is_in = current.as_ref().is_some_and(|c| ours.contains(&c.version));
        let changed = if is_in { current.clone() } else { change(current.as_ref())? };
        let wanted = changed.map(|mut c| {
            let same = current.as_ref().is_some_and(|o| o.state == c.state && o.settings == c.settings);
            c.version = match (&current, same) {
                (Some(old), true) => old.version,
                _ => draft.ballot,
            };
            c
        });
        match (at, &wanted) {
            (Some(i), Some(c)) => shelf.campaigns[i] = c.clone(),
            (Some(i), None) => drop(shelf.campaigns.remove(i)),
            (None, Some(_)) if shelf.campaigns.len() >= CAMPAIGNS_MAX => {
                return Err(Problem::new(
                    409,
                    "too_many_campaigns",
                    "There are too many campaigns",
                    format!("{CAMPAIGNS_MAX} campaigns are kept at most"),
                    "Delete finished campaigns first.",
                ));
            }
            (None, Some(c)) => shelf.campaigns.push(c.clone()),
            (None, None) => {}
        }
        // Also an edit that changes nothing is committed: what was found may be of a writer that never was.
        if let Some(c) = wanted.as_ref().filter(|c| c.version == draft.ballot) {
            let bytes = encode_json(VERSION, c);
            store.set(&keys::campaign_version(id, draft.ballot), &bytes).await.map_err(failed)?;
            ours.push(draft.ballot);
        }
        let bytes = encode_json(VERSION, &shelf);
        cell.propose(store, &draft, &bytes).await.map_err(failed)?;
        if cell.commit(store, &draft).await.map_err(failed)? {
            // What is left behind costs only space: the next edit deletes it.
            let _ = store.delete_many(&cell.stale(&draft)).await;
            return Ok(wanted);
        }
        pause(backoff_ms(attempt, draft.ballot)).await;
    }
    Err(Problem::contended())
}
