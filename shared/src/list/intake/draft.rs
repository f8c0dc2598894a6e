//! A list being written: sealed pages on their way into the store, in few durable commits. Until the list is named nobody
//! reads any of it.

use super::lost;
use crate::contact::Contact;
use crate::list::gather::{Aside, PARTS};
use crate::list::identity::{Identities, distances};
use crate::list::noted::Noted;
use crate::list::shelf::{self, ManifestGroup, seal};
use crate::list::{Group, Page, Progress, Rejection};
use crate::problem::Problem;
use crate::store::{Store, StoreError, keys};
use crate::tick;
use crate::vault::{DataKey, Vault};
use serde::Serialize;
use std::collections::HashMap;

/// Random bytes.
pub type Dice<'a> = &'a dyn Fn(&mut [u8]);

/// Bytes of pages collected before they are written: one durable commit for many pages, and bounded memory.
const FLUSH_BYTES: usize = 512 * 1024;
/// Rejected rows a page.
const REJECTED_PER_PAGE: usize = 200;
/// Rows a page of what was noted of the accepted ones.
const NOTED_PER_PAGE: usize = 2_000;

/// The pages of a list that is not yet named.
pub struct Draft<'a, S: Store> {
    store: &'a S,
    dice: Dice<'a>,
    pub list: String,
    pub key: DataKey,
    pub groups: Vec<ManifestGroup>,
    group_at: HashMap<(u16, Group), u32>,
    rejected: Vec<Rejection>,
    pub rejected_pages: u32,
    noted: Vec<Noted>,
    pub noted_pages: u32,
    pub identity_pages: u32,
    /// Pages laid aside, of each part.
    aside: Vec<u32>,
    /// The cell that names the list of this file, once the file is over.
    pub file: Option<String>,
    writes: Vec<(String, Vec<u8>)>,
    bytes: usize,
    /// Keys written so far, to be taken back if the file turns out to be refused or known.
    written: Vec<String>,
    /// Whether the shard's log has been told that this upload is under way.
    announced: bool,
}

impl<'a, S: Store> Draft<'a, S> {
    /// A list with a name and a key of its own, and nothing in it. Nothing is written yet.
    pub fn new(store: &'a S, vault: &Vault, dice: Dice<'a>) -> Self {
        let mut id = [0; 8];
        dice(&mut id);
        let list = format!("l-{}", id.iter().map(|b| format!("{b:02x}")).collect::<String>());
        let (mut random, mut nonce) = ([0; 32], [0; 24]);
        dice(&mut random);
        dice(&mut nonce);
        let place = keys::data_key(&list);
        let (key, wrapped) = vault.new_data_key(&random, &nonce, &place);
        Draft {
            store,
            dice,
            key,
            groups: Vec::new(),
            group_at: HashMap::new(),
            rejected: Vec::new(),
            rejected_pages: 0,
            noted: Vec::new(),
            noted_pages: 0,
            identity_pages: 0,
            aside: Vec::new(),
            file: None,
            bytes: wrapped.len(),
            written: vec![keys::upload(&list), place.clone()],
            writes: vec![(place, wrapped)],
            announced: false,
            list,
        }
    }

    /// Keeps a page of contacts.
    pub fn keep(&mut self, page: Page) {
        let Page { shard, group, contacts } = page;
        let at = *self.group_at.entry((shard, group.clone())).or_insert_with(|| {
            let Group { zone, due_date, last_due, priority } = group;
            self.groups.push(ManifestGroup { shard, zone, due_date, last_due, priority, contacts: 0, pages: 0 });
            self.groups.len() as u32 - 1
        });
        let g = &mut self.groups[at as usize];
        let place = keys::page(&self.list, at, g.pages);
        g.pages += 1;
        g.contacts += contacts.len() as u32;
        self.seal(place, &contacts);
    }

    /// Keeps a rejected row.
    pub fn reject(&mut self, rejection: Rejection) {
        self.rejected.push(rejection);
        if self.rejected.len() >= REJECTED_PER_PAGE {
            self.keep_rejected();
        }
    }

    /// Keeps what was noted of an accepted row.
    pub fn note(&mut self, noted: Noted) {
        self.noted.push(noted);
        if self.noted.len() >= NOTED_PER_PAGE {
            self.keep_noted();
        }
    }

    /// Keeps the last rejected and noted rows, and what the accepted ones are known by: no more rows will come.
    pub async fn close(&mut self, identities: Identities) -> Result<(), Problem> {
        self.keep_rejected();
        self.keep_noted();
        for page in identities.into_pages() {
            let place = keys::identities(&self.list, self.identity_pages);
            self.identity_pages += 1;
            self.seal(place, &distances(page));
            self.flush_if_much().await?;
        }
        Ok(())
    }

    /// Lays rows aside that are too many to be held.
    pub fn lay_aside(&mut self, Aside { part, rows }: Aside) {
        self.aside.resize(PARTS, 0);
        let Some(n) = self.aside.get_mut(part) else { return };
        let place = keys::aside(&self.list, part as u32, *n);
        *n += 1;
        self.seal(place, &rows);
    }

    /// How many pages were laid aside of each part; of none, nothing.
    pub fn aside(&self) -> Vec<u32> {
        self.aside.clone()
    }

    /// Rows that were laid aside.
    pub async fn read_aside(&self, part: usize, page: u32) -> Result<Vec<Contact>, Problem> {
        let place = keys::aside(&self.list, part as u32, page);
        let rows = shelf::open(self.store, &self.key, &place).await.map_err(|e| Problem::store(&e))?;
        rows.ok_or_else(lost)
    }

    /// Deletes what was laid aside: nobody would know of it once the list is named.
    pub async fn drop_aside(&mut self) -> Result<(), Problem> {
        let done = Progress { aside: std::mem::take(&mut self.aside), ..Progress::default() };
        let places: Vec<String> = done.aside_keys(&self.list).collect();
        self.store.delete_many(&places).await.map_err(|e| Problem::store(&e))
    }

    /// A value that is not sealed, and is taken back with the rest.
    pub fn put(&mut self, place: String, bytes: Vec<u8>) {
        self.written.push(place.clone());
        self.writes.push((place, bytes));
    }

    /// Fresh random bytes to seal with.
    pub fn nonce(&self) -> [u8; 24] {
        let mut nonce = [0; 24];
        (self.dice)(&mut nonce);
        nonce
    }

    /// Writes what was collected, once it is much.
    pub async fn flush_if_much(&mut self) -> Result<(), Problem> {
        match self.bytes >= FLUSH_BYTES {
            true => self.flush().await,
            false => Ok(()),
        }
    }

    /// Writes what was collected. The first time the upload announces itself (one durable commit), and each time it
    /// writes down how far it is, in the same commit as the pages: see [`Progress`].
    pub async fn flush(&mut self) -> Result<(), Problem> {
        let failed = |e: StoreError| Problem::store(&e);
        if !self.announced {
            let log = tick::log(0);
            let n = log.reserve(self.store).await.map_err(failed)?;
            let news = tick::ShardNews::ListBegun { list: self.list.clone() };
            self.writes.push((keys::entry(log.name(), n), news.encode()));
            self.announced = true;
        }
        let progress = Progress {
            groups: self.groups.iter().map(|g| g.pages).collect(),
            rejected_pages: self.rejected_pages,
            noted_pages: self.noted_pages,
            identity_pages: self.identity_pages,
            aside: self.aside.clone(),
            file: self.file.clone(),
        };
        self.writes.push((keys::upload(&self.list), progress.encode()));
        let writes = std::mem::take(&mut self.writes);
        self.bytes = 0;
        self.store.set_many(&writes).await.map_err(failed)
    }

    /// Takes back what was written of a file that is refused.
    pub async fn undo(&mut self) {
        let written = std::mem::take(&mut self.written);
        // What stays behind is sealed with a key that nobody else has, and named by nothing.
        let _ = self.store.delete_many(&written).await;
    }

    fn keep_rejected(&mut self) {
        if self.rejected.is_empty() {
            return;
        }
        let page = std::mem::take(&mut self.rejected);
        let place = keys::rejected(&self.list, self.rejected_pages);
        self.rejected_pages += 1;
        self.seal(place, &page);
    }

    fn keep_noted(&mut self) {
        if self.noted.is_empty() {
            return;
        }
        let page = std::mem::take(&mut self.noted);
        let place = keys::noted(&self.list, self.noted_pages);
        self.noted_pages += 1;
        self.seal(place, &page);
    }

    fn seal<T: Serialize>(&mut self, place: String, page: &T) {
        let sealed = seal(&self.key, &self.nonce(), &place, page);
        self.bytes += sealed.len();
        self.written.push(place.clone());
        self.writes.push((place, sealed));
    }
}
