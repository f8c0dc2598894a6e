//! Where lists are kept: sealed pages, a wrapped data key, a manifest.

use super::{File, Noted, Occasion, Rejection, Size, Tally};
use crate::contact::Contact;
use crate::problem::Problem;
use crate::store::{Store, StoreError, decode, decode_json, encode, encode_json, keys};
use crate::vault::{DataKey, Vault};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;
/// A group of pages in a manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManifestGroup {
    pub shard: u16,
    pub zone: Option<String>,
    pub due_date: Date,
    /// Of the contacts with several duties, when the last falls due.
    pub last_due: Date,
    pub priority: u8,
    pub contacts: u32,
    pub pages: u32,
}

/// What is known of a list, with nothing personal in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub list: String,
    pub campaign: String,
    pub name: String,
    pub office: String,
    pub occasion: Option<Occasion>,
    pub reference: String,
    /// Whom to ask, sealed for the manifest's key.
    pub contact: Option<Vec<u8>>,
    /// The list that these rows were appended to.
    pub part_of: Option<String>,
    pub received_ms: i64,
    /// How many contacts the upload said were to be expected.
    pub expected: Option<u64>,
    pub rows: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub duplicates: u64,
    pub warnings: u64,
    pub tally: Tally,
    /// Header of the file, and the field each column was understood as.
    pub header: Vec<String>,
    pub columns: Vec<(String, String)>,
    /// Columns that serve no field and are kept with the contacts.
    pub kept_columns: Vec<String>,
    /// See [`Summary::niks_seem_cut`](super::Summary::niks_seem_cut).
    pub niks_seem_cut: bool,
    /// What kind of file it was, and what of it is not among the rows.
    pub file: File,
    pub groups: Vec<ManifestGroup>,
    pub rejected_pages: u32,
    pub noted_pages: u32,
    pub identity_pages: u32,
    /// Rows of the same person are one contact.
    pub together: bool,
}

impl Manifest {
    /// Reads a manifest.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        decode_json(VERSION, bytes)
    }

    /// The manifest's bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode_json(VERSION, self)
    }

    /// How many contacts it has, and how many were expected.
    pub fn size(&self) -> Size {
        Size { contacts: self.groups.iter().map(|g| u64::from(g.contacts)).sum(), meant: self.expected }
    }

    /// Whom to ask about the list; `None` if nobody was named, or it cannot be opened.
    pub fn contact(&self, key: &DataKey) -> Option<String> {
        let opened = key.open(&keys::manifest(&self.list), self.contact.as_deref()?).ok()?;
        String::from_utf8(opened).ok()
    }

    /// The answer to an upload, and to a question about the list. `confirm_above`: as the campaign says.
    pub fn to_json(&self, size: Size, confirm_above: u32) -> serde_json::Value {
        let awaits = size.awaits_confirmation(confirm_above);
        let hint = format!(
            "Nobody of this list is called: it has more contacts than were expected. If it is the right file, POST \
             {{\"contacts\": {}}} to /v1/lists/{}/confirm; if not, withdraw it with DELETE.",
            size.contacts, self.list
        );
        let columns: serde_json::Map<String, serde_json::Value> =
            self.columns.iter().map(|(header, field)| (header.clone(), field.clone().into())).collect();
        let mut json = serde_json::json!({
            "list": self.list,
            "campaign": self.campaign,
            "name": self.name,
            "office": self.office,
            "occasion": self.occasion,
            "reference": self.reference,
            "part_of": self.part_of,
            "rows": self.rows,
            "accepted": self.accepted,
            "contacts": size.contacts,
            "expected": self.expected,
            "confirmed": !awaits,
            "rejected": self.rejected,
            "duplicates": self.duplicates,
            "warnings": self.warnings,
            "rejected_by_reason": self.tally.rejected,
            "rejected_url": format!("/v1/lists/{}/rejected", self.list),
            "warnings_by_kind": self.tally.warnings,
            "warnings_url": format!("/v1/lists/{}/warnings", self.list),
            "guesses_by_kind": self.tally.guesses,
            "duplicates_of": self.tally.duplicates_of,
            "also_in": self.tally.also_in,
            "not_compared": self.tally.not_compared,
            "niks_seem_cut": self.niks_seem_cut,
            "columns": columns,
            "file": self.file,
            "kept_columns": self.kept_columns,
            "ignored_columns": ignored(&self.header, &self.columns, &self.kept_columns),
        });
        if let (true, Some(object)) = (awaits, json.as_object_mut()) {
            object.insert("hint".into(), hint.into());
        }
        json
    }
}

/// Columns of a file that serve no field and are not kept.
pub(super) fn ignored<'a>(header: &'a [String], columns: &[(String, String)], kept: &[String]) -> Vec<&'a String> {
    let used = |name: &&String| columns.iter().any(|(column, _)| column == *name) || kept.contains(name);
    header.iter().filter(|name| !name.is_empty() && !used(name)).collect()
}

/// The manifest of a list; `None` if there is no such list.
pub async fn manifest<S: Store>(store: &S, list: &str) -> Result<Option<Manifest>, StoreError> {
    Ok(store.get(&keys::manifest(list)).await?.and_then(|b| Manifest::decode(&b)))
}

/// A list's data key; `None` if it is gone or not to be opened.
pub async fn data_key<S: Store>(store: &S, vault: &Vault, list: &str) -> Result<Option<DataKey>, StoreError> {
    let place = keys::data_key(list);
    Ok(store.get(&place).await?.and_then(|wrapped| vault.data_key(&wrapped, &place).ok()))
}

/// A page of contacts; `None` if it is gone or not to be opened.
pub async fn read_page<S: Store>(
    store: &S,
    key: &DataKey,
    list: &str,
    group: u32,
    page: u32,
) -> Result<Option<Vec<Contact>>, StoreError> {
    open(store, key, &keys::page(list, group, page)).await
}

/// A page of rejected rows; `None` if there is none.
pub async fn read_rejected<S: Store>(
    store: &S,
    key: &DataKey,
    list: &str,
    page: u32,
) -> Result<Option<Vec<Rejection>>, StoreError> {
    open(store, key, &keys::rejected(list, page)).await
}

/// A page of what was noted of accepted rows; `None` if there is none.
pub async fn read_noted<S: Store>(
    store: &S,
    key: &DataKey,
    list: &str,
    page: u32,
) -> Result<Option<Vec<Noted>>, StoreError> {
    open(store, key, &keys::noted(list, page)).await
}

pub(super) async fn open<T: serde::de::DeserializeOwned, S: Store>(
    store: &S,
    key: &DataKey,
    place: &str,
) -> Result<Option<T>, StoreError> {
    let sealed = store.get(place).await?;
    Ok(sealed.and_then(|s| key.open(place, &s).ok()).and_then(|bytes| decode(VERSION, &bytes)))
}

/// A page's bytes, sealed for its place.
pub(super) fn seal<T: Serialize>(key: &DataKey, nonce: &[u8; 24], place: &str, page: &T) -> Vec<u8> {
    key.seal(nonce, place, &encode(VERSION, page))
}

/// The number of shards, fixed at first use: changing it later would send contacts to ticks that do not know them.
pub async fn fix_shards<S: Store>(store: &S, wanted: u16) -> Result<(), Problem> {
    let failed = |e: StoreError| Problem::store(&e);
    match store.get(&keys::shards()).await.map_err(failed)? {
        None => store.set(&keys::shards(), wanted.to_string().as_bytes()).await.map_err(failed),
        Some(bytes) if bytes == wanted.to_string().as_bytes() => Ok(()),
        Some(bytes) => Err(Problem::new(
            503,
            "shards_changed",
            "The number of shards was changed",
            format!(
                "the store was set up with {} shards, the variable `shards` says {wanted}",
                String::from_utf8_lossy(&bytes)
            ),
            "Set the variable `shards` back to that number.",
        )),
    }
}
