//! The intake: a file on its way into the store, from a stream.

use super::gather::{Aside, Gather, PARTS, Together};
use super::shelf::{self, Manifest, ManifestGroup, seal};
use super::{Format, Group, Page, Pages, Progress, Reader, Rejection, Row, Rules, Summary};
use crate::contact::Contact;
use crate::problem::Problem;
use crate::store::{ATTEMPTS, Cell, Change, Store, StoreError, keys};
use crate::tick;
use crate::vault::{DataKey, Vault};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// Bytes of pages collected before they are written: one durable commit for many pages, and bounded memory.
const FLUSH_BYTES: usize = 512 * 1024;
/// Rejected rows a page.
const REJECTED_PER_PAGE: usize = 200;

type ShardOf<'a> = Box<dyn Fn(&str) -> u16 + 'a>;

/// Random bytes.
pub type Dice<'a> = &'a dyn Fn(&mut [u8]);

/// What an upload says about itself.
#[derive(Debug, Clone, Default)]
pub struct Label {
    pub campaign: String,
    pub name: String,
    pub office: String,
    /// How many contacts are expected: a list with more waits to be confirmed.
    pub expected: Option<u64>,
    /// The format of its file.
    pub format: Format,
}

/// A file on its way into the store.
pub struct Intake<'a, S: Store> {
    store: &'a S,
    vault: &'a Vault,
    dice: Dice<'a>,
    shards: u16,
    label: Label,
    list: String,
    key: DataKey,
    reader: Option<Reader>,
    pages: Option<Pages<ShardOf<'a>>>,
    /// Where rows of the same person become one contact.
    gather: Option<Gather>,
    /// Pages laid aside, of each part.
    aside: Vec<u32>,
    groups: Vec<ManifestGroup>,
    group_at: HashMap<(u16, Group), u32>,
    rejected: Vec<Rejection>,
    rejected_pages: u32,
    rejected_by_reason: BTreeMap<String, u64>,
    writes: Vec<(String, Vec<u8>)>,
    bytes: usize,
    /// Keys written so far, to be taken back if the file turns out to be refused or known.
    written: Vec<String>,
    /// Whether the shard's log has been told that this upload is under way.
    announced: bool,
    /// The cell that names the list of this file, once the file is over.
    file: Option<String>,
    hash: Sha256,
}

/// How an upload ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    New(Manifest),
    /// The same file was taken before: the list it became.
    Known(Manifest),
}

impl<'a, S: Store> Intake<'a, S> {
    /// Begins an upload.
    pub fn new(store: &'a S, vault: &'a Vault, dice: Dice<'a>, shards: u16, label: Label, rules: Rules) -> Self {
        let mut id = [0; 8];
        dice(&mut id);
        let list = format!("l-{}", id.iter().map(|b| format!("{b:02x}")).collect::<String>());
        let (mut random, mut nonce) = ([0; 32], [0; 24]);
        dice(&mut random);
        dice(&mut nonce);
        let place = keys::data_key(&list);
        let (key, wrapped) = vault.new_data_key(&random, &nonce, &place);
        let pages = Pages::new(shards, Box::new(move |phone: &str| shard_of(vault, phone, shards)) as ShardOf<'a>);
        Intake {
            store,
            vault,
            dice,
            shards,
            gather: rules.together.then(Gather::new),
            reader: Some(Reader::with_format(rules, label.format.clone())),
            label,
            key,
            aside: Vec::new(),
            pages: Some(pages),
            groups: Vec::new(),
            group_at: HashMap::new(),
            rejected: Vec::new(),
            rejected_pages: 0,
            rejected_by_reason: BTreeMap::new(),
            bytes: wrapped.len(),
            written: vec![keys::upload(&list), place.clone()],
            writes: vec![(place, wrapped)],
            announced: false,
            file: None,
            list,
            hash: Sha256::new(),
        }
    }

    /// The next bytes of the file, in pieces of any size.
    pub async fn push(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        self.hash.update(chunk);
        let Some(mut reader) = self.reader.take() else { return Ok(()) };
        let mut rows = Vec::new();
        let given = reader.give(chunk, &mut rows);
        let read = self.read_on(&mut reader, rows, given).await;
        self.reader = Some(reader);
        read
    }

    /// Takes rows, and all that the reader can make of the bytes that it has.
    async fn read_on(
        &mut self,
        reader: &mut Reader,
        mut rows: Vec<Row>,
        given: Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut more = given.map(|()| true);
        loop {
            self.take(std::mem::take(&mut rows));
            if !more? {
                return Ok(());
            }
            if self.bytes >= FLUSH_BYTES {
                self.flush().await?;
            }
            more = reader.step(&mut rows);
        }
    }

    async fn read_out(&mut self) -> Result<Summary, Problem> {
        let Some(mut reader) = self.reader.take() else { return Ok(Summary::default()) };
        let mut rows = Vec::new();
        let ended = reader.end(&mut rows);
        self.read_on(&mut reader, rows, ended).await?;
        let mut rows = Vec::new();
        let summary = reader.finish(&mut rows);
        self.take(rows);
        summary
    }

    /// The file is over. Afterwards the list is there as a whole, or (on an error) not at all.
    pub async fn finish(mut self, clock: impl Fn() -> i64, pause: impl AsyncFn(u64)) -> Result<Taken, Problem> {
        let failed = |e: StoreError| Problem::store(&e);
        let summary = match self.read_out().await {
            Ok(summary) => summary,
            Err(problem) => {
                self.undo().await;
                return Err(problem);
            }
        };
        let together = self.gather.is_some();
        if let Some(gather) = self.gather.take()
            && let Err(problem) = self.put_together(gather).await
        {
            self.undo().await;
            return Err(problem);
        }
        for page in self.pages.take().map(Pages::finish).unwrap_or_default() {
            self.keep(page);
        }
        self.keep_rejected();
        let manifest = Manifest {
            list: self.list.clone(),
            campaign: self.label.campaign.clone(),
            name: self.label.name.clone(),
            office: self.label.office.clone(),
            received_ms: clock(),
            expected: self.label.expected,
            rows: summary.rows.into(),
            accepted: summary.accepted.into(),
            rejected: summary.rejected.into(),
            duplicates: summary.duplicates.into(),
            warnings: summary.warnings.into(),
            rejected_by_reason: self.rejected_by_reason.clone(),
            header: summary.header,
            columns: summary.columns,
            file: summary.file,
            groups: self.groups.clone(),
            rejected_pages: self.rejected_pages,
            together,
        };
        let place = keys::manifest(&self.list);
        self.written.push(place.clone());
        self.writes.push((place, manifest.encode()));
        // One file is one list, also when it is uploaded twice at the same moment: the cell of its content hash names the list.
        let digest = self.hash.clone().finalize();
        let text = [self.label.campaign.as_bytes(), b"|", digest.as_slice()].concat();
        let file = format!("file/{}", self.vault.hash(b"file", &text));
        self.file = Some(file.clone());
        self.flush().await?;
        let cell = Cell::new(file);
        let ours = self.list.clone();
        let version = cell
            .update(self.store, ATTEMPTS, pause, |_, base| {
                Ok::<_, Problem>(match base {
                    Some(_) => Change::Keep,
                    None => Change::Put(ours.clone().into_bytes()),
                })
            })
            .await
            .map_err(Problem::from)?;
        let list = version.map(|v| String::from_utf8_lossy(&v.bytes).into_owned()).unwrap_or_default();
        let taken = if list == self.list {
            Taken::New(manifest)
        } else {
            let known = shelf::manifest(self.store, &list).await.map_err(failed)?;
            self.undo().await;
            Taken::Known(known.ok_or_else(|| {
                Problem::new(
                    409,
                    "list_withdrawn",
                    "This file was taken and withdrawn",
                    format!("the same file was list {list}, which is gone"),
                    "Change the file (for example add a note) if it shall be called again.",
                )
            })?)
        };
        // Told also for a known list: the first upload may have died before it said so. Folding it twice changes nothing.
        for shard in 0..self.shards {
            let news = tick::ShardNews::ListAdded { list: list.clone() };
            tick::log(shard).append(self.store, &news.encode(), &clock).await.map_err(Problem::from)?;
        }
        Ok(taken)
    }

    /// Takes back what was written of a file that is refused.
    pub async fn undo(&mut self) {
        let written = std::mem::take(&mut self.written);
        // What stays behind is sealed with a key that nobody else has, and named by nothing.
        let _ = self.store.delete_many(&written).await;
    }

    fn take(&mut self, rows: Vec<Row>) {
        for row in rows {
            match row {
                Row::Accepted { contact, .. } => match &mut self.gather {
                    Some(gather) => {
                        if let Some(aside) = gather.add(contact) {
                            self.lay_aside(aside);
                        }
                    }
                    None => self.add(contact),
                },
                Row::Rejected(rejection) => {
                    *self.rejected_by_reason.entry(rejection.reason.as_str().to_owned()).or_default() += 1;
                    self.rejected.push(rejection);
                    if self.rejected.len() >= REJECTED_PER_PAGE {
                        self.keep_rejected();
                    }
                }
            }
        }
    }

    fn add(&mut self, contact: Contact) {
        if let Some(page) = self.pages.as_mut().and_then(|pages| pages.add(contact)) {
            self.keep(page);
        }
    }

    fn lay_aside(&mut self, Aside { part, rows }: Aside) {
        self.aside.resize(PARTS, 0);
        let Some(n) = self.aside.get_mut(part) else { return };
        let place = keys::aside(&self.list, part as u32, *n);
        *n += 1;
        self.seal(place, &rows);
    }

    /// Makes contacts of the rows gathered. While all of them are held, the contacts come in the file's order; else part by
    /// part.
    async fn put_together(&mut self, mut gather: Gather) -> Result<(), Problem> {
        let failed = |e: StoreError| Problem::store(&e);
        if self.aside.is_empty() {
            let mut rows: Vec<Contact> = (0..PARTS).flat_map(|part| gather.take(part)).collect();
            rows.sort_by_key(|contact| contact.duty.row);
            let mut together = Together::default();
            together.add(rows);
            together.finish().into_iter().for_each(|contact| self.add(contact));
            return Ok(());
        }
        self.flush().await?;
        for (part, pages) in self.aside.clone().into_iter().enumerate() {
            let mut together = Together::default();
            for n in 0..pages {
                let place = keys::aside(&self.list, part as u32, n);
                let rows = shelf::open(self.store, &self.key, &place).await.map_err(failed)?;
                together.add(rows.ok_or_else(lost)?);
            }
            together.add(gather.take(part));
            for contact in together.finish() {
                self.add(contact);
                if self.bytes >= FLUSH_BYTES {
                    self.flush().await?;
                }
            }
        }
        // Nobody would know of them once the list is named.
        let done =
            Progress { groups: Vec::new(), rejected_pages: 0, aside: std::mem::take(&mut self.aside), file: None };
        let places: Vec<String> = done.aside_keys(&self.list).collect();
        self.store.delete_many(&places).await.map_err(failed)
    }

    fn keep(&mut self, page: Page) {
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

    fn keep_rejected(&mut self) {
        if self.rejected.is_empty() {
            return;
        }
        let page = std::mem::take(&mut self.rejected);
        let place = keys::rejected(&self.list, self.rejected_pages);
        self.rejected_pages += 1;
        self.seal(place, &page);
    }

    fn seal<T: Serialize>(&mut self, place: String, page: &T) {
        let mut nonce = [0; 24];
        (self.dice)(&mut nonce);
        let sealed = seal(&self.key, &nonce, &place, page);
        self.bytes += sealed.len();
        self.written.push(place.clone());
        self.writes.push((place, sealed));
    }

    /// Writes what was collected. The first time the upload announces itself (one durable commit), and each time it
    /// writes down how far it is, in the same commit as the pages: see [`Progress`].
    async fn flush(&mut self) -> Result<(), Problem> {
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
            aside: self.aside.clone(),
            file: self.file.clone(),
        };
        self.writes.push((keys::upload(&self.list), progress.encode()));
        let writes = std::mem::take(&mut self.writes);
        self.bytes = 0;
        self.store.set_many(&writes).await.map_err(failed)
    }
}

fn lost() -> Problem {
    Problem::new(
        500,
        "upload_damaged",
        "The upload could not be finished",
        "rows that were stored a moment ago cannot be read",
        "Nothing was taken. Look at the store, then upload the file again.",
    )
}

/// The shard of a phone.
pub fn shard_of(vault: &Vault, phone: &str, shards: u16) -> u16 {
    let mac = vault.mac(b"shard", phone.as_bytes());
    (u32::from_be_bytes([mac[0], mac[1], mac[2], mac[3]]) % u32::from(shards.max(1))) as u16
}
