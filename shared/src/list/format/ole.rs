//! Compound files (MS-CFB), in which the older spreadsheets lie: the bytes of one stream in them. Chains of sectors are
//! followed no longer than the file is.

use super::blocks::Blocks;
use super::refusal;
use crate::problem::Problem;
use std::collections::HashSet;

/// Marks the end of a chain; what is above means nothing, either.
const END: u32 = 0xffff_fffa;
/// Sectors of the allocation table that the header has room for.
const IN_HEADER: usize = 109;
const ENTRY: usize = 128;
const SMALL: usize = 64;

/// A compound file.
pub(super) struct Ole {
    blocks: Blocks,
    sector: usize,
    next: Vec<u32>,
    small_next: Vec<u32>,
    small: Vec<u32>,
    small_below: u32,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    start: u32,
    len: usize,
}

/// A stream in it: its sectors in their order.
pub(super) struct Stream {
    blocks: Blocks,
    sector: usize,
    places: Vec<usize>,
    len: usize,
}

impl Ole {
    /// Reads the directory.
    pub fn open(blocks: Blocks) -> Result<Self, Problem> {
        let mut header = [0; 512];
        if blocks.read(0, &mut header) < header.len() {
            return Err(broken());
        }
        let word = |at: usize| long(&header, at).unwrap_or(END);
        let sector = match header.get(30) {
            Some(9) => 512,
            Some(12) => 4096,
            _ => return Err(broken()),
        };
        let sectors = blocks.len() / sector;
        let mut ole = Ole {
            sector,
            next: Vec::new(),
            small_next: Vec::new(),
            small: Vec::new(),
            small_below: word(56),
            entries: Vec::new(),
            blocks,
        };
        // Where the allocation table is: in the header first, then in a chain of sectors of its own.
        let mut table: Vec<u32> = (0..IN_HEADER).map(|at| word(76 + 4 * at)).take_while(|at| *at < END).collect();
        let mut more = word(68);
        while more < END && table.len() <= sectors {
            let list = ole.words(more)?;
            let (last, places) = list.split_last().ok_or_else(broken)?;
            table.extend(places.iter().take_while(|at| **at < END));
            more = *last;
        }
        if table.len() > sectors {
            return Err(broken());
        }
        for place in table {
            let words = ole.words(place)?;
            ole.next.extend(words);
        }
        for place in ole.chain(word(60), sectors)? {
            let words = ole.words(place)?;
            ole.small_next.extend(words);
        }
        for place in ole.chain(word(48), sectors)? {
            let at = ole.place(place);
            for number in 0..sector / ENTRY {
                let mut entry = [0; ENTRY];
                ole.blocks.read(at.saturating_add(number * ENTRY), &mut entry);
                ole.entries.extend(directory_entry(&entry));
            }
        }
        let root = ole.entries.iter().find(|entry| entry.name == "Root Entry").map(|root| root.start);
        if let Some(root) = root {
            ole.small = ole.chain(root, sectors)?;
        }
        Ok(ole)
    }

    /// Whether there is a stream or folder of that name.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// The stream of that name.
    pub fn stream(self, name: &str) -> Result<Stream, Problem> {
        let entry = self.entries.iter().find(|entry| entry.name == name).ok_or_else(broken)?;
        let (len, start) = (entry.len, entry.start);
        if len > self.blocks.len() {
            return Err(broken());
        }
        let (sector, places) = if len < self.small_below as usize {
            let chain = follow(&self.small_next, start, len / SMALL + 1)?;
            let each = self.sector / SMALL;
            let place = |small: u32| {
                let sector = self.small.get(small as usize / each)?;
                Some(self.place(*sector).saturating_add(small as usize % each * SMALL))
            };
            (SMALL, chain.into_iter().map(place).collect::<Option<Vec<_>>>().ok_or_else(broken)?)
        } else {
            let chain = self.chain(start, len / self.sector + 1)?;
            (self.sector, chain.into_iter().map(|at| self.place(at)).collect())
        };
        if places.len() * sector < len {
            return Err(refusal::damaged("The spreadsheet is cut off: its end is missing."));
        }
        Ok(Stream { blocks: self.blocks, sector, places, len })
    }

    fn place(&self, sector: u32) -> usize {
        (sector as usize).saturating_add(1).saturating_mul(self.sector)
    }

    fn words(&self, sector: u32) -> Result<Vec<u32>, Problem> {
        let mut bytes = vec![0; self.sector];
        if self.blocks.read(self.place(sector), &mut bytes) < bytes.len() {
            return Err(broken());
        }
        Ok(bytes.chunks_exact(4).filter_map(|word| long(word, 0)).collect())
    }

    fn chain(&self, start: u32, most: usize) -> Result<Vec<u32>, Problem> {
        follow(&self.next, start, most)
    }
}

fn follow(next: &[u32], start: u32, most: usize) -> Result<Vec<u32>, Problem> {
    let mut chain = Vec::new();
    let mut seen = HashSet::new();
    let mut at = start;
    while at < END && chain.len() < most {
        if !seen.insert(at) {
            return Err(refusal::hostile("The sectors of the file form a ring."));
        }
        chain.push(at);
        at = *next.get(at as usize).ok_or_else(broken)?;
    }
    Ok(chain)
}

/// A stream, or the root; `None` for what is not in use.
fn directory_entry(entry: &[u8; ENTRY]) -> Option<Entry> {
    let kind = *entry.get(66)?;
    if !matches!(kind, 1 | 2 | 5) {
        return None;
    }
    let len = usize::from(short(entry, 64)?).min(64);
    let units: Vec<u16> = (0..len / 2).filter_map(|at| short(entry, 2 * at)).take_while(|unit| *unit != 0).collect();
    Some(Entry {
        name: String::from_utf16_lossy(&units),
        start: long(entry, 116)?,
        len: long(entry, 120).and_then(|len| usize::try_from(len).ok())?,
    })
}

impl Stream {
    /// Fills `out` with what lies from `at` on, and answers how much that was.
    pub fn read(&self, at: usize, out: &mut [u8]) -> usize {
        let mut filled = 0;
        let wanted = out.len().min(self.len.saturating_sub(at));
        while filled < wanted {
            let from = at + filled;
            let Some(place) = self.places.get(from / self.sector) else { break };
            let part = (self.sector - from % self.sector).min(wanted - filled);
            let Some(rest) = out.get_mut(filled..filled + part) else { break };
            let read = self.blocks.read(place.saturating_add(from % self.sector), rest);
            filled += read;
            if read < part {
                break;
            }
        }
        filled
    }
}

/// Two bytes, the lower first.
pub(super) fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|word| u16::from_le_bytes(*word))
}

/// Four bytes, the lowest first.
pub(super) fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

fn broken() -> Problem {
    refusal::damaged("The spreadsheet's directory (of an XLS file) is broken.")
}
