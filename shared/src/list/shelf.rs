//! Where lists are kept: sealed pages, a wrapped data key, a manifest.

use super::{File, Rejection, Size};
use crate::contact::Contact;
use crate::problem::Problem;
use crate::store::{Store, StoreError, decode, decode_json, encode, encode_json, keys};
use crate::vault::{DataKey, Vault};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    pub received_ms: i64,
    /// How many contacts the upload said were to be expected.
    pub expected: Option<u64>,
    pub rows: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub duplicates: u64,
    pub warnings: u64,
    pub rejected_by_reason: BTreeMap<String, u64>,
    /// Header of the file, and the field each column was understood as.
    pub header: Vec<String>,
    pub columns: Vec<(String, String)>,
    /// What kind of file it was, and what of it is not among the rows.
    #[serde(default)]
    pub file: File,
    pub groups: Vec<ManifestGroup>,
    pub rejected_pages: u32,
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
            "rows": self.rows,
            "accepted": self.accepted,
            "contacts": size.contacts,
            "expected": self.expected,
            "confirmed": !awaits,
            "rejected": self.rejected,
            "duplicates": self.duplicates,
            "warnings": self.warnings,
            "rejected_by_reason": self.rejected_by_reason,
            "rejected_url": format!("/v1/lists/{}/rejected", self.list),
            "columns": columns,
            "file": self.file,
        });
        if let (true, Some(object)) = (awaits, json.as_object_mut()) {
            object.insert("hint".into(), hint.into());
        }
        json
    }
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

/// Rejected rows as a file in the uploaded file's own columns, and three more: ready to be corrected and sent again.
/// A cell that a spreadsheet would take for a formula gets an apostrophe in front, which reading a list drops again.
pub fn rejected_csv(header: &[String], rows: &[Rejection]) -> String {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').flexible(true).from_writer(Vec::new());
    let own = ["row", "reason", "hint"];
    let titles = header.iter().map(String::as_str).chain(own);
    // Writing into memory cannot fail.
    let _ = writer.write_record(titles);
    for rejection in rows {
        let mut cells: Vec<String> = rejection.cells.iter().map(|c| inert(c)).collect();
        cells.resize(cells.len().max(header.len()), String::new());
        cells.extend([rejection.row.to_string(), rejection.reason.as_str().to_owned(), rejection.hint.to_owned()]);
        let _ = writer.write_record(&cells);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn inert(cell: &str) -> String {
    let first = cell.chars().find(|c| *c != ' ');
    match first {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠') => format!("'{cell}"),
        _ => cell.to_owned(),
    }
}
