//! How far an upload is, written together with its pages. If its host dies in the middle, nothing else names what
//! it has written.
//!
//! An upload announces itself in the log of shard 0 (one durable commit; the entry and the progress are part of commits
//! that are made anyway). The ticks of that shard forget it once the list is added. After a day they delete whatever is
//! left of it: the data key first, so that what it sealed cannot be opened any more.

use crate::store::{decode, encode, keys};
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;

/// What an upload has written so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Pages of each group.
    pub groups: Vec<u32>,
    pub rejected_pages: u32,
    pub noted_pages: u32,
    pub identity_pages: u32,
    /// Pages of rows that were laid aside until the file is over, of each part.
    pub aside: Vec<u32>,
    /// The cell that is about to name the list, once the whole file has come. A list that it names is no left-over:
    /// whoever sends the file again is answered with it.
    pub file: Option<String>,
}

impl Progress {
    /// The progress's bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode(VERSION, self)
    }

    /// Reads a progress; `None` for damaged bytes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        decode(VERSION, bytes)
    }

    /// Keys of all that was written, the data key first. The progress's own is not among them.
    pub fn keys<'a>(&'a self, list: &'a str) -> impl Iterator<Item = String> + 'a {
        let pages =
            (0u32..).zip(&self.groups).flat_map(move |(g, n)| (0..*n).map(move |page| keys::page(list, g, page)));
        let rejected = (0..self.rejected_pages).map(move |n| keys::rejected(list, n));
        let noted = (0..self.noted_pages).map(move |n| keys::noted(list, n));
        let identities = (0..self.identity_pages).map(move |n| keys::identities(list, n));
        [keys::data_key(list), keys::manifest(list)]
            .into_iter()
            .chain(pages)
            .chain(rejected)
            .chain(noted)
            .chain(identities)
            .chain(self.aside_keys(list))
    }

    /// Keys of what was laid aside.
    pub fn aside_keys<'a>(&'a self, list: &'a str) -> impl Iterator<Item = String> + 'a {
        (0u32..).zip(&self.aside).flat_map(move |(part, n)| (0..*n).map(move |page| keys::aside(list, part, page)))
    }
}
