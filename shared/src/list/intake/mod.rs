//! The intake: a file on its way into the store, from a stream.
//!
//! | module | what it decides |
//! |---|---|
//! | `draft` | what is written, when, and how it is taken back: [`Draft`](draft::Draft) |
//! | `named` | which list a file is: a new one, or the one that it became before |

mod draft;
mod named;

use super::format::Content;
use super::gather::{Gather, PARTS, Together};
use super::noted::Noted;
use super::others::Others;
use super::shelf::Manifest;
use super::sift::{Sift, Sifted};
use super::{Format, Label, Pages, Row, Rules, family};
use crate::campaign::AllowedNumbers;
use crate::contact::Contact;
use crate::problem::Problem;
use crate::store::{Store, keys};
use crate::tick;
use crate::vault::Vault;
use draft::{Dice, Draft};

type ShardOf<'a> = Box<dyn Fn(&str) -> u16 + 'a>;

/// A file on its way into the store.
pub struct Intake<'a, S: Store> {
    store: &'a S,
    vault: &'a Vault,
    shards: u16,
    label: Label,
    sift: Option<Sift>,
    others: Option<Others>,
    /// What is said of how to read the file: the same one understood otherwise is another list.
    understood: String,
    pages: Option<Pages<ShardOf<'a>>>,
    /// Where rows of the same person become one contact.
    gather: Option<Gather>,
    draft: Draft<'a, S>,
    /// What the file is known again by.
    content: Content,
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
        let Format { delimiter, sheet, .. } = &label.format;
        let mut understood = format!("{}{delimiter:?}{sheet:?}", rules.mapping.fingerprint());
        if rules.allowed_numbers != AllowedNumbers::default() {
            // Who allows more numbers and sends the file again wants what was rejected for them.
            understood.push_str(&format!("{:?}", rules.allowed_numbers));
        }
        let pages = Pages::new(shards, Box::new(move |phone: &str| shard_of(vault, phone, shards)) as ShardOf<'a>);
        let gather = rules.together.then(Gather::new);
        let content = Content::new(&file_key(vault));
        let mut sift = Sift::new(rules, label.format.clone());
        sift.listen(content.clone());
        Intake {
            store,
            vault,
            shards,
            gather,
            understood,
            sift: Some(sift),
            others: None,
            label,
            pages: Some(pages),
            draft: Draft::new(store, vault, dice),
            content,
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
            self.draft.flush_if_much().await?;
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
        match later.meet(self.store, &self.draft.key, &manifest).await {
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
            self.draft.keep(page);
        }
        self.draft.close(identities).await?;
        let draft = &self.draft;
        let place = keys::manifest(&draft.list);
        let manifest = Manifest {
            list: draft.list.clone(),
            campaign: self.label.campaign.clone(),
            name: self.label.name.clone(),
            office: self.label.office.clone(),
            occasion: self.label.occasion,
            reference: self.label.reference.clone(),
            contact: self.label.sealed_contact(&draft.key, &draft.nonce(), &place),
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
            groups: draft.groups.clone(),
            rejected_pages: draft.rejected_pages,
            noted_pages: draft.noted_pages,
            identity_pages: draft.identity_pages,
            together,
        };
        self.draft.put(place, manifest.encode());
        let digest = self.content.digest();
        self.draft.file = Some(named::cell(self.vault, &self.label.campaign, &digest, &self.understood));
        self.draft.flush().await?;
        Ok(manifest)
    }

    /// Takes back what was written of a file that is refused.
    pub async fn undo(&mut self) {
        self.draft.undo().await;
    }

    fn take(&mut self, rows: Vec<Row>) {
        for row in rows {
            match row {
                Row::Accepted { contact, warnings, origin } => {
                    if let Some(noted) = Noted::of(contact.duty.row, &warnings, &origin) {
                        self.draft.note(noted);
                    }
                    match &mut self.gather {
                        Some(gather) => {
                            if let Some(aside) = gather.add(contact) {
                                self.draft.lay_aside(aside);
                            }
                        }
                        None => self.add(contact),
                    }
                }
                Row::Rejected(rejection) => self.draft.reject(rejection),
            }
        }
    }

    fn add(&mut self, contact: Contact) {
        if let Some(page) = self.pages.as_mut().and_then(|pages| pages.add(contact)) {
            self.draft.keep(page);
        }
    }

    /// Makes contacts of the rows gathered. While all of them are held, the contacts come in the file's order; else part by
    /// part.
    async fn put_together(&mut self, mut gather: Gather) -> Result<(), Problem> {
        let laid_aside = self.draft.aside();
        if laid_aside.is_empty() {
            let mut rows: Vec<Contact> = (0..PARTS).flat_map(|part| gather.take(part)).collect();
            rows.sort_by_key(|contact| contact.duty.row);
            let mut together = Together::default();
            together.add(rows);
            together.finish().into_iter().for_each(|contact| self.add(contact));
            return Ok(());
        }
        self.draft.flush().await?;
        for (part, pages) in laid_aside.into_iter().enumerate() {
            let mut together = Together::default();
            for page in 0..pages {
                together.add(self.draft.read_aside(part, page).await?);
            }
            together.add(gather.take(part));
            for contact in together.finish() {
                self.add(contact);
                self.draft.flush_if_much().await?;
            }
        }
        self.draft.drop_aside().await
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
