//! What makes two rows the same: a keyed hash, and the set of a list's hashes.
//!
//! A hash is 64 bits of SipHash-2-4 under a key that only the identity key makes: nobody who reads the store can try a
//! taxpayer number against it. Of a million rows compared with ten million, one in two million comparisons of such a pair
//! of lists finds two different rows the same.

use crate::vault::Identity;
use siphasher::sip::SipHasher24;
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

/// Hashes a page. A list is looked up page by page, so a page must not cost much to read for one hash.
const PER_PAGE: usize = 1_024;
/// Parts of the set: each grows for itself, so that growing never needs the whole set twice.
const PARTS: usize = 256;

/// The key of rows' hashes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct RowKey([u8; 16]);

impl RowKey {
    /// The key that an identity makes.
    pub fn of(identity: &Identity) -> Self {
        let mac = identity.mac(b"row", b"");
        RowKey(mac.first_chunk().copied().unwrap_or_default())
    }

    /// The hash of the parts that make a row what it is.
    pub(super) fn hash(&self, parts: &[&str]) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        for part in parts {
            hasher.write(&(part.len() as u64).to_le_bytes());
            hasher.write(part.as_bytes());
        }
        hasher.finish()
    }
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowKey(…)")
    }
}

/// The hashes of a list's accepted rows, while it is read. 10 to 21 bytes each.
pub(super) struct Identities {
    parts: Vec<HashSet<u64, BuildHasherDefault<AsIs>>>,
}

impl Identities {
    pub fn new() -> Self {
        Identities { parts: vec![HashSet::default(); PARTS] }
    }

    /// Adds one; `false` if it is there already.
    pub fn insert(&mut self, hash: u64) -> bool {
        self.parts.get_mut(part(hash)).is_some_and(|part| part.insert(hash))
    }

    /// Takes one out.
    pub fn remove(&mut self, hash: u64) {
        if let Some(part) = self.parts.get_mut(part(hash)) {
            part.remove(&hash);
        }
    }

    pub fn len(&self) -> usize {
        self.parts.iter().map(HashSet::len).sum()
    }

    /// The pages that the set fills: see [`page_of`].
    pub fn pages(&self) -> u32 {
        u32::try_from(self.len().div_ceil(PER_PAGE)).unwrap_or(u32::MAX)
    }

    /// The pages, from the first, each with its hashes in ascending order; what was taken is freed on the way.
    pub fn into_pages(self) -> impl Iterator<Item = Vec<u64>> {
        let pages = self.pages();
        let mut parts = self.parts.into_iter();
        let mut left: std::iter::Peekable<std::vec::IntoIter<u64>> = Vec::new().into_iter().peekable();
        (0..pages).map(move |n| {
            let mut page = Vec::new();
            loop {
                while let Some(hash) = left.next_if(|hash| page_of(*hash, pages) == n) {
                    page.push(hash);
                }
                if left.peek().is_some() {
                    return page;
                }
                let Some(part) = parts.next() else { return page };
                let mut hashes: Vec<u64> = part.into_iter().collect();
                hashes.sort_unstable();
                left = hashes.into_iter().peekable();
            }
        })
    }
}

fn part(hash: u64) -> usize {
    (hash >> 56) as usize
}

/// On which of so many pages a hash is, if it is there: hashes are spread evenly.
pub(super) fn page_of(hash: u64, pages: u32) -> u32 {
    ((u128::from(hash) * u128::from(pages)) >> 64) as u32
}

/// A page as it is kept: the first hash, then the distances, which take less room.
pub(super) fn distances(mut page: Vec<u64>) -> Vec<u64> {
    let mut before = 0;
    for hash in &mut page {
        before = std::mem::replace(hash, hash.wrapping_sub(before));
    }
    page
}

/// The inverse of [`distances`].
pub(super) fn from_distances(mut page: Vec<u64>) -> Vec<u64> {
    let mut before = 0_u64;
    for hash in &mut page {
        before = before.wrapping_add(*hash);
        *hash = before;
    }
    page
}

/// The values are hashes already. The bits that chose the part go last: within it they are all the same.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash.rotate_left(8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Vault;

    #[test]
    fn a_hash_depends_on_the_key_and_on_each_part() {
        let key = RowKey::of(&Vault::for_tests());
        assert_eq!(key.hash(&["a", "b"]), key.hash(&["a", "b"]));
        assert_ne!(key.hash(&["a", "b"]), RowKey::default().hash(&["a", "b"]));
        assert_ne!(key.hash(&["ab", ""]), key.hash(&["a", "b"]));
        assert_eq!(format!("{key:?}"), "RowKey(…)");
        // The reference vector of SipHash-2-4 for an empty text under the key 00…0f.
        let reference = RowKey(std::array::from_fn(|n| n as u8));
        assert_eq!(reference.hash(&[]), 0x726f_db47_dd0e_0e31);
    }

    #[test]
    fn every_hash_is_once_on_the_page_where_it_is_looked_for() {
        for count in [0_u64, 1, 1_024, 1_025, 50_000] {
            let mut set = Identities::new();
            let key = RowKey::default();
            let mut hashes: Vec<u64> = (0..count).map(|n| key.hash(&[&n.to_string()])).collect();
            hashes.extend([0, u64::MAX].into_iter().filter(|_| count > 1));
            for hash in &hashes {
                assert!(set.insert(*hash));
                assert!(!set.insert(*hash));
            }
            assert!(set.insert(77));
            set.remove(77);
            let pages = set.pages();
            assert_eq!(set.len(), hashes.len());
            let found: Vec<Vec<u64>> = set.into_pages().collect();
            assert_eq!(found.len(), pages as usize);
            for (n, page) in (0..).zip(&found) {
                assert!(page.is_sorted() && page.len() < 2 * PER_PAGE, "{}", page.len());
                assert!(page.iter().all(|hash| page_of(*hash, pages) == n));
                assert_eq!(&from_distances(distances(page.clone())), page);
            }
            hashes.sort_unstable();
            assert_eq!(found.concat(), hashes);
        }
    }
}
