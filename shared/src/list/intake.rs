//! The intake: a file on its way into the store, from a stream.

use super::gather::{Aside, Gather, PARTS, Together};
use super::identity::{Identities, distances};
use super::noted::Noted;
use super::others::Others;
use super::shelf::{self, Manifest, ManifestGroup, seal};
use super::sift::{Sift, Sifted};
use super::{Format, Group, Label, Page, Pages, Progress, Rejection, Row, Rules, family};
use crate::campaign::AllowedNumbers;
use crate::contact::Contact;
use crate::problem::Problem;
use crate::store::{ATTEMPTS, Cell, Change, Store, StoreError, keys};
use crate::tick;
use crate::vault::{DataKey, Vault};
use serde::Serialize;
use siphasher::sip128::{Hasher128, SipHasher24};
use std::collections::HashMap;
use std::hash::Hasher;

/// Bytes of pages collected before they are written: one durable commit for many pages, and bounded memory.
const FLUSH_BYTES: usize = 512 * 1024;
/// Rejected rows a page.
const REJECTED_PER_PAGE: usize = 200;
/// Rows a page of what was noted of the accepted ones.
const NOTED_PER_PAGE: usize = 2_000;

type ShardOf<'a> = Box<dyn Fn(&str) -> u16 + 'a>;

/// Random bytes.
pub type Dice<'a> = &'a dyn Fn(&mut [u8]);

/// A file on its way into the store.
pub struct Intake<'a, S: Store> {
    store: &'a S,
    vault: &'a Vault,
    dice: Dice<'a>,
    shards: u16,
    label: Label,
    list: String,
    key: DataKey,
    sift: Option<Sift>,
    others: Option<Others>,
    /// What is said of how to read the file: the same one understood otherwise is another list.
    understood: String,
    pages: Option<Pages<ShardOf<'a>>>,
    /// Where rows of the same person become one contact.
    gather: Option<Gather>,
    /// Pages laid aside, of each part.
    aside: Vec<u32>,
    groups: Vec<ManifestGroup>,
    group_at: HashMap<(u16, Group), u32>,
    rejected: Vec<Rejection>,
    rejected_pages: u32,
    noted: Vec<Noted>,
    noted_pages: u32,
    identity_pages: u32,
    writes: Vec<(String, Vec<u8>)>,
    bytes: usize,
    /// Keys written so far, to be taken back if the file turns out to be refused or known.
    written: Vec<String>,
    /// Whether the shard's log has been told that this upload is under way.
    announced: bool,
    /// The cell that names the list of this file, once the file is over.
    file: Option<String>,
    /// Of the bytes as they came: 128 bits, keyed, so that nobody can make two files alike. SHA-256 took an eighth of the
    /// time of an upload in the component, where no processor instruction helps it.
    hash: SipHasher24,
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
        let Format { delimiter, sheet, .. } = &label.format;
        let mut understood = format!("{}{delimiter:?}{sheet:?}", rules.mapping.fingerprint());
        if rules.allowed_numbers != AllowedNumbers::default() {
            // Who allows more numbers and sends the file again wants what was rejected for them.
            understood.push_str(&format!("{:?}", rules.allowed_numbers));
        }
        let pages = Pages::new(shards, Box::new(move |phone: &str| shard_of(vault, phone, shards)) as ShardOf<'a>);
        Intake {
            store,
            vault,
            dice,
            shards,
            gather: rules.together.then(Gather::new),
            key,
            aside: Vec::new(),
            understood,
            sift: Some(Sift::new(rules, label.format.clone())),
            others: None,
            label,
            pages: Some(pages),
            groups: Vec::new(),
            group_at: HashMap::new(),
            rejected: Vec::new(),
            rejected_pages: 0,
            noted: Vec::new(),
            noted_pages: 0,
            identity_pages: 0,
            bytes: wrapped.len(),
            written: vec![keys::upload(&list), place.clone()],
            writes: vec![(place, wrapped)],
            announced: false,
            file: None,
            list,
            hash: SipHasher24::new_with_key(&file_key(vault)),
        }
    }

    /// Compares the rows with those of other lists: what they have is rejected.
    pub fn beside(mut self, others: Others) -> Self {
        if let Some(sift) = &mut self.sift {
            sift.beside(others);
        }
        self
    }

    /// The next bytes of the file, in pieces of any size.
    pub async fn push(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        self.hash.write(chunk);
        let Some(mut sift) = self.sift.take() else { return Ok(()) };
        let mut rows = Vec::new();
        let given = sift.give(self.store, chunk, &mut rows).await;
        let read = self.read_on(&mut sift, rows, given).await;
        self.sift = Some(sift);
        read
    }

    /// Takes rows, and all that can be made of the bytes that there are.
    async fn read_on(
        &mut self,
        sift: &mut Sift,
        mut rows: Vec<Row>,
        given: Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut more = given.map(|()| true);
        loop {
            self.take(std::mem::take(&mut rows));
            if self.bytes >= FLUSH_BYTES {
                self.flush().await?;
            }
            if !more? {
                return Ok(());
            }
            more = sift.step(self.store, &mut rows).await;
        }
    }

    /// The file is over. Afterwards the list is there as a whole, or (on an error) not at all.
    pub async fn finish(mut self, clock: impl Fn() -> i64, pause: impl AsyncFn(u64)) -> Result<Taken, Problem> {
        let written = self.write(&clock).await;
        let named = match written {
            Ok(manifest) => self.name(manifest, &pause).await,
            Err(problem) => Err(problem),
        };
        let taken = match named {
            Ok(taken) => taken,
            Err(problem) => {
                // A store that failed may still have named the list.
                if problem.status < 500 {
                    self.undo().await;
                }
                return Err(problem);
            }
        };
        let (Taken::New(manifest) | Taken::Known(manifest)) = &taken;
        if let Some(whole) = &manifest.part_of {
            let appended = family::append(self.store, &pause, whole, &manifest.list).await;
            if let Err(problem) = appended {
                // Refused for good: the file may be another list's.
                if problem.status < 500 {
                    family::mark(self.store, &pause, &manifest.list).await?;
                    self.undo().await;
                }
                return Err(problem);
            }
        }
        // Told also for a known list: the first upload may have died before it said so. Folding it twice changes nothing.
        for shard in 0..self.shards {
            let news = tick::ShardNews::ListAdded { list: manifest.list.clone() };
            tick::log(shard).append(self.store, &news.encode(), &clock).await.map_err(Problem::from)?;
        }
        Ok(match taken {
            Taken::New(manifest) => Taken::New(self.meet(manifest, clock()).await),
            known => known,
        })
    }

    /// Compares a list that was just told of with those that came while it was uploaded: of two, one at least is told of the
    /// other. The list is taken, so nothing that goes wrong here is an error.
    async fn meet(&self, manifest: Manifest, now_ms: i64) -> Manifest {
        let Some(others) = &self.others else { return manifest };
        let Ok(mut later) = others.since(self.store, self.vault, now_ms).await else { return manifest };
        later.leave_out(&manifest.list);
        match later.meet(self.store, &self.key, &manifest).await {
            Ok(also_in) if !also_in.is_empty() => {
                let mut told = manifest;
                told.tally.also_in = also_in;
                let _ = self.store.set(&keys::manifest(&told.list), &told.encode()).await;
                told
            }
            _ => manifest,
        }
    }

    /// Writes all there is of the file.
    async fn write(&mut self, clock: &impl Fn() -> i64) -> Result<Manifest, Problem> {
        let Some(mut sift) = self.sift.take() else { return Err(lost()) };
        let mut rows = Vec::new();
        let ended = sift.end(self.store, &mut rows).await;
        self.read_on(&mut sift, rows, ended).await?;
        let mut rows = Vec::new();
        let Sifted { summary, tally, identities, others } = sift.close(self.store, &mut rows).await?;
        self.others = others;
        self.take(rows);
        let together = self.gather.is_some();
        if let Some(gather) = self.gather.take() {
            self.put_together(gather).await?;
        }
        for page in self.pages.take().map(Pages::finish).unwrap_or_default() {
            self.keep(page);
        }
        self.keep_rejected();
        self.keep_noted();
        self.keep_identities(identities).await?;
        let place = keys::manifest(&self.list);
        let nonce = self.nonce();
        let manifest = Manifest {
            list: self.list.clone(),
            campaign: self.label.campaign.clone(),
            name: self.label.name.clone(),
            office: self.label.office.clone(),
            occasion: self.label.occasion,
            reference: self.label.reference.clone(),
            contact: self.label.sealed_contact(&self.key, &nonce, &place),
            part_of: self.label.part_of.clone(),
            received_ms: clock(),
            expected: self.label.expected,
            rows: summary.rows.into(),
            accepted: summary.accepted.into(),
            rejected: summary.rejected.into(),
            duplicates: summary.duplicates.into(),
            warnings: summary.warnings.into(),
            tally,
            header: summary.header,
            columns: summary.columns,
            kept_columns: summary.kept_columns,
            niks_seem_cut: summary.niks_seem_cut,
            file: summary.file,
            groups: self.groups.clone(),
            rejected_pages: self.rejected_pages,
            noted_pages: self.noted_pages,
            identity_pages: self.identity_pages,
            together,
        };
        self.written.push(place.clone());
        self.writes.push((place, manifest.encode()));
        // One file is one list, also when it is uploaded twice at the same moment: the cell of its content hash names the list.
        let digest = self.hash.finish128().as_bytes();
        let text = [self.label.campaign.as_bytes(), b"|", digest.as_slice(), self.understood.as_bytes()].concat();
        self.file = Some(format!("file/{}", self.vault.hash(b"file", &text)));
        self.flush().await?;
        Ok(manifest)
    }

    /// Names the list as that of its file, unless the file is another list already.
    async fn name(&mut self, manifest: Manifest, pause: &impl AsyncFn(u64)) -> Result<Taken, Problem> {
        let file = self.file.clone().unwrap_or_default();
        if let Some(key) = &self.label.key {
            let text = format!("{}|{key}", self.label.campaign);
            let cell = Cell::new(format!("upload/{}", self.vault.hash(b"upload", text.as_bytes())));
            let same = cell.update(self.store, ATTEMPTS, pause, |_, base| match base {
                Some(base) if base.bytes != file.as_bytes() => Err(other_file()),
                Some(_) => Ok(Change::Keep),
                None => Ok(Change::Put(file.clone().into_bytes())),
            });
            same.await.map_err(Problem::from)?;
        }
        let cell = Cell::new(file);
        let before = cell.read(self.store).await.map_err(|e| Problem::store(&e))?;
        let before = before.map(|version| String::from_utf8_lossy(&version.bytes).into_owned());
        // Whoever withdrew a list and sends its file again means it.
        let withdrawn = match &before {
            Some(list) => family::family(self.store, list).await?.withdrawn,
            None => false,
        };
        let ours = self.list.clone();
        let version = cell
            .update(self.store, ATTEMPTS, pause, |_, base| {
                let replaced =
                    base.is_some_and(|base| withdrawn && before.as_ref().is_some_and(|b| b.as_bytes() == base.bytes));
                Ok::<_, Problem>(match base {
                    Some(_) if !replaced => Change::Keep,
                    _ => Change::Put(ours.clone().into_bytes()),
                })
            })
            .await
            .map_err(Problem::from)?;
        let list = version.map(|v| String::from_utf8_lossy(&v.bytes).into_owned()).unwrap_or_default();
        if list == self.list {
            return Ok(Taken::New(manifest));
        }
        let known = shelf::manifest(self.store, &list).await.map_err(|e| Problem::store(&e))?;
        self.undo().await;
        known.map(Taken::Known).ok_or_else(|| {
            Problem::new(
                409,
                "list_damaged",
                "This file was taken, and is damaged",
                format!("the same file is list {list}, which cannot be read"),
                format!("Withdraw it with DELETE /v1/lists/{list}, and upload the file again."),
            )
        })
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
                Row::Accepted { contact, warnings, origin } => {
                    if let Some(noted) = Noted::of(contact.duty.row, &warnings, &origin) {
                        self.noted.push(noted);
                        if self.noted.len() >= NOTED_PER_PAGE {
                            self.keep_noted();
                        }
                    }
                    match &mut self.gather {
                        Some(gather) => {
                            if let Some(aside) = gather.add(contact) {
                                self.lay_aside(aside);
                            }
                        }
                        None => self.add(contact),
                    }
                }
                Row::Rejected(rejection) => {
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
        let done = Progress { aside: std::mem::take(&mut self.aside), ..Progress::default() };
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

    fn keep_noted(&mut self) {
        if self.noted.is_empty() {
            return;
        }
        let page = std::mem::take(&mut self.noted);
        let place = keys::noted(&self.list, self.noted_pages);
        self.noted_pages += 1;
        self.seal(place, &page);
    }

    async fn keep_identities(&mut self, identities: Identities) -> Result<(), Problem> {
        for page in identities.into_pages() {
            let place = keys::identities(&self.list, self.identity_pages);
            self.identity_pages += 1;
            self.seal(place, &distances(page));
            if self.bytes >= FLUSH_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    fn nonce(&self) -> [u8; 24] {
        let mut nonce = [0; 24];
        (self.dice)(&mut nonce);
        nonce
    }

    fn seal<T: Serialize>(&mut self, place: String, page: &T) {
        let sealed = seal(&self.key, &self.nonce(), &place, page);
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
}

fn other_file() -> Problem {
    Problem::new(
        422,
        "idempotency_key_used",
        "The Idempotency-Key stands for another file",
        "an upload of this campaign with the same key had another file, or named its columns otherwise",
        "Send a fresh value in Idempotency-Key for each file, for example a UUID.",
    )
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

fn file_key(vault: &Vault) -> [u8; 16] {
    vault.mac(b"file", b"").first_chunk().copied().unwrap_or_default()
}

/// The shard of a phone.
pub fn shard_of(vault: &Vault, phone: &str, shards: u16) -> u16 {
    if shards <= 1 {
        return 0;
    }
    let mac = vault.mac(b"shard", phone.as_bytes());
    (u32::from_be_bytes([mac[0], mac[1], mac[2], mac[3]]) % u32::from(shards)) as u16
}
