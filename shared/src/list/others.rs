//! What other lists have: the rows of a list that is uploaded are looked for in the lists that are still called.
//!
//! Each list keeps the hashes of its accepted rows, sorted and in pages ([`super::identity`]). Rows are looked up many at
//! a time. A file that is over soon is looked up at once; for a longer one the pages of all lists are read once into a
//! filter, after which only what the filter lets through is looked up. So memory is bounded by the filter and by the
//! pages kept, however many lists there are.

use super::filter::Filter;
use super::identity::{from_distances, page_of};
use super::{live, shelf};
use crate::campaign::{Shelf, State};
use crate::problem::Problem;
use crate::store::{Store, decode, keys};
use crate::vault::{DataKey, Vault};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const VERSION: u8 = 1;
/// Pages read at a time: 4 MiB.
const PAGES_AT_A_TIME: usize = 512;
/// Pages kept: 8 MiB, all of a list of a million rows.
const KEPT_MAX: usize = 1_024;

/// Another list that is still called.
struct Other {
    list: String,
    /// Whether it is one of the campaign's own.
    own: bool,
    key: DataKey,
    pages: u32,
    hashes: u64,
    /// Rows found in it so far: where many were, more will be.
    found: u64,
}

/// Where a row was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub list: &'a str,
    pub own: bool,
}

/// The lists that are still called.
pub struct Others {
    campaign: String,
    /// Campaigns that are not finished.
    open: BTreeSet<String>,
    /// All lists of theirs that there were.
    known: BTreeSet<String>,
    lists: Vec<Other>,
    filter: Option<Filter>,
    kept: HashMap<(usize, u32), Vec<u64>>,
    /// Lists whose hashes cannot be read.
    unread: BTreeSet<String>,
}

impl Others {
    /// The lists of `campaign` and of all that are not finished, but those withdrawn.
    pub async fn of<S: Store>(
        store: &S,
        vault: &Vault,
        campaigns: &Shelf,
        campaign: &str,
        now_ms: i64,
    ) -> Result<Self, Problem> {
        let open = campaigns.campaigns.iter().filter(|c| c.state != State::Finished).map(|c| c.id.clone()).collect();
        Others::but(store, vault, campaign, open, &BTreeSet::new(), now_ms).await
    }

    /// Those that came since.
    pub(super) async fn since<S: Store>(&self, store: &S, vault: &Vault, now_ms: i64) -> Result<Self, Problem> {
        Others::but(store, vault, &self.campaign, self.open.clone(), &self.known, now_ms).await
    }

    async fn but<S: Store>(
        store: &S,
        vault: &Vault,
        campaign: &str,
        open: BTreeSet<String>,
        except: &BTreeSet<String>,
        now_ms: i64,
    ) -> Result<Self, Problem> {
        let mut live = live::live(store, now_ms).await?;
        live.retain(|list, of| (of == campaign || open.contains(of)) && !except.contains(list));
        let known: BTreeSet<String> = live.into_keys().collect();
        let (mut lists, mut unread) = (Vec::new(), BTreeSet::new());
        for part in known.iter().collect::<Vec<_>>().chunks(PAGES_AT_A_TIME) {
            let places = part.iter().flat_map(|list| [keys::manifest(list), keys::data_key(list)]);
            let values = store.get_all(&places.collect::<Vec<_>>()).await.map_err(|e| Problem::store(&e))?;
            let mut values = values.into_iter();
            for list in part {
                let (manifest, wrapped) = (values.next().flatten(), values.next().flatten());
                let manifest = manifest.and_then(|bytes| shelf::Manifest::decode(&bytes));
                // A list without its key calls nobody any more.
                let Some(wrapped) = wrapped else { continue };
                let key = vault.data_key(&wrapped, &keys::data_key(list));
                match (manifest, key) {
                    (Some(manifest), Ok(key)) if manifest.identity_pages > 0 => lists.push(Other {
                        own: manifest.campaign == campaign,
                        list: manifest.list,
                        key,
                        pages: manifest.identity_pages,
                        hashes: manifest.accepted,
                        found: 0,
                    }),
                    (Some(manifest), Ok(_)) if manifest.accepted == 0 => {}
                    _ => drop(unread.insert((*list).clone())),
                }
            }
        }
        let campaign = campaign.to_owned();
        Ok(Others { campaign, open, known, lists, filter: None, kept: HashMap::new(), unread })
    }

    /// Lists that rows could not be looked for in.
    pub(super) fn unread(&self) -> &BTreeSet<String> {
        &self.unread
    }

    /// Prepares for many rows more.
    pub(super) async fn prepare<S: Store>(&mut self, store: &S) -> Result<(), Problem> {
        if self.filter.is_some() {
            return Ok(());
        }
        let mut filter = Filter::new(self.lists.iter().map(|other| other.hashes).sum());
        for at in 0..self.lists.len() {
            let pages: Vec<u32> = (0..self.lists.get(at).map_or(0, |other| other.pages)).collect();
            for part in pages.chunks(PAGES_AT_A_TIME) {
                for (_, page) in self.read(store, at, part).await? {
                    page.into_iter().for_each(|hash| filter.insert(hash));
                }
            }
        }
        self.filter = Some(filter);
        Ok(())
    }

    /// Which of the hashes are in another list, and in which.
    pub(super) async fn find<S: Store>(
        &mut self,
        store: &S,
        hashes: impl Iterator<Item = u64>,
    ) -> Result<HashMap<u64, usize>, Problem> {
        let filter = self.filter.as_ref();
        let mut left: BTreeSet<u64> = hashes.filter(|h| filter.is_none_or(|f| f.may_contain(*h))).collect();
        let mut order: Vec<usize> = (0..self.lists.len()).collect();
        order.sort_by_key(|at| self.lists.get(*at).map(|other| (Reverse(other.own), Reverse(other.found))));
        let mut found = HashMap::new();
        for at in order {
            if left.is_empty() {
                break;
            }
            let Some(other) = self.lists.get(at) else { continue };
            let mut wanted: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
            for hash in &left {
                wanted.entry(page_of(*hash, other.pages)).or_default().push(*hash);
            }
            let pages: Vec<u32> = wanted.keys().copied().collect();
            for part in pages.chunks(PAGES_AT_A_TIME) {
                self.keep(store, at, part).await?;
                for n in part {
                    let Some(page) = self.kept.get(&(at, *n)) else { continue };
                    for hash in wanted.get(n).into_iter().flatten() {
                        if page.binary_search(hash).is_ok() {
                            left.remove(hash);
                            found.insert(*hash, at);
                        }
                    }
                }
            }
        }
        for at in found.values() {
            if let Some(other) = self.lists.get_mut(*at) {
                other.found += 1;
            }
        }
        Ok(found)
    }

    /// Does not count a list among those that came since: it is the one compared.
    pub(super) fn leave_out(&mut self, list: &str) {
        self.lists.retain(|other| other.list != list);
    }

    /// How many rows of a list these have, by list.
    pub(super) async fn meet<S: Store>(
        &mut self,
        store: &S,
        key: &DataKey,
        manifest: &shelf::Manifest,
    ) -> Result<BTreeMap<String, u64>, Problem> {
        let mut met = BTreeMap::new();
        for n in 0..if self.lists.is_empty() { 0 } else { manifest.identity_pages } {
            let page = shelf::open::<Vec<u64>, S>(store, key, &keys::identities(&manifest.list, n)).await;
            let page = from_distances(page.map_err(|e| Problem::store(&e))?.unwrap_or_default());
            for at in self.find(store, page.into_iter()).await?.into_values() {
                if let Some(place) = self.place(at) {
                    *met.entry(place.list.to_owned()).or_default() += 1;
                }
            }
        }
        Ok(met)
    }

    /// A list by its number in what was found.
    pub(super) fn place(&self, at: usize) -> Option<Place<'_>> {
        self.lists.get(at).map(|other| Place { list: &other.list, own: other.own })
    }

    /// Reads those pages that are not kept, and keeps them.
    async fn keep<S: Store>(&mut self, store: &S, at: usize, pages: &[u32]) -> Result<(), Problem> {
        let missing: Vec<u32> = pages.iter().copied().filter(|n| !self.kept.contains_key(&(at, *n))).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let wanted = |of: usize, n: u32| of == at && pages.binary_search(&n).is_ok();
        // A file that is sent again is found in one list: its pages stay longest.
        let likely = (0..self.lists.len()).max_by_key(|at| self.lists.get(*at).map(|other| other.found));
        for stays in [likely, None] {
            if self.kept.len() + missing.len() > KEPT_MAX {
                self.kept.retain(|(of, n), _| wanted(*of, *n) || Some(*of) == stays);
            }
        }
        let read = self.read(store, at, &missing).await?;
        self.kept.extend(read.into_iter().map(|(n, page)| ((at, n), page)));
        Ok(())
    }

    /// Reads pages of a list; one that cannot be read is told of, and holds nothing.
    async fn read<S: Store>(&mut self, store: &S, at: usize, pages: &[u32]) -> Result<Vec<(u32, Vec<u64>)>, Problem> {
        let Some(other) = self.lists.get(at) else { return Ok(Vec::new()) };
        let places: Vec<String> = pages.iter().map(|n| keys::identities(&other.list, *n)).collect();
        let sealed = store.get_all(&places).await.map_err(|e| Problem::store(&e))?;
        let mut read = Vec::with_capacity(pages.len());
        for ((n, place), sealed) in pages.iter().zip(&places).zip(sealed) {
            let opened = sealed.and_then(|sealed| other.key.open(place, &sealed).ok());
            match opened.and_then(|bytes| decode::<Vec<u64>>(VERSION, &bytes)) {
                Some(page) => read.push((*n, from_distances(page))),
                None => drop(self.unread.insert(other.list.clone())),
            }
        }
        Ok(read)
    }
}
