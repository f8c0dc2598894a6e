//! The parts of a ZIP file, within bounds: what the directory says of sizes is used to find bytes, never to make room
//! for them.

use super::blocks::Blocks;
use super::packed::check_size;
use super::refusal;
use crate::problem::Problem;
use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};
use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ReaderAt, ZipLocator};
use std::io::{self, BufRead, Read};

/// Parts of a workbook with many sheets and pictures are some hundred.
const ENTRIES_MAX: u64 = 4096;
/// Bytes of a part's name.
const NAME_MAX: usize = 256;
/// How far from its end the directory is looked for: the longest comment.
const COMMENT_MAX: u64 = 64 * 1024 + 22;
/// Bytes inflated at a time.
const PART: usize = 32 * 1024;

/// A ZIP file and its directory.
pub(super) struct Zip {
    blocks: Blocks,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    name: String,
    start: usize,
    end: usize,
    method: Method,
    crc: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Stored,
    Deflated,
    Other,
}

impl ReaderAt for &Blocks {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(usize::try_from(offset).map_or(0, |offset| self.read(offset, buf)))
    }
}

impl Zip {
    /// Reads the directory of a file.
    pub fn open(blocks: Blocks) -> Result<Self, Problem> {
        let entries = directory(&blocks)?;
        Ok(Zip { blocks, entries })
    }

    /// Whether there is a part of that name.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// Names of the parts.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// Opens a part. `once`: nobody will want it again, so its bytes are let go as they are read.
    pub fn read(self, name: &str, once: bool) -> Result<Source, Problem> {
        let Some(entry) = self.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name)).cloned() else {
            return Err(refusal::damaged("A part of the spreadsheet is missing."));
        };
        if entry.method == Method::Other {
            return Err(refusal::kind("The spreadsheet is packed in a way that is not usual."));
        }
        Ok(Source {
            at: entry.start,
            inflate: (entry.method == Method::Deflated).then(|| Decompress::new(false)),
            entry,
            zip: self,
            once,
            buffer: vec![0; PART],
            next: 0,
            filled: 0,
            crc: Hasher::new(),
            unpacked: 0,
            over: false,
            budget: usize::MAX,
            problem: None,
        })
    }
}

fn directory(blocks: &Blocks) -> Result<Vec<Entry>, Problem> {
    let broken = || {
        refusal::damaged("The directory of the spreadsheet (a ZIP file) is missing or broken: its end may be cut off.")
    };
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let len = blocks.len();
    let archive = ZipLocator::new()
        .max_search_space(COMMENT_MAX)
        .locate_in_reader(blocks, &mut buffer, len as u64)
        .map_err(|_| broken())?;
    let declared = archive.entries_hint();
    if declared > ENTRIES_MAX {
        return Err(refusal::hostile(format!("The file has more than {ENTRIES_MAX} parts.")));
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut found = archive.entries(&mut buffer);
    while let Some(record) = found.next_entry().map_err(|_| broken())? {
        if entries.len() as u64 >= declared {
            return Err(broken());
        }
        if record.flags().is_encrypted() {
            return Err(refusal::encrypted());
        }
        let name = record.file_path().as_bytes().to_vec();
        if name.len() > NAME_MAX {
            return Err(refusal::hostile("A part of the file has a name that is too long."));
        }
        let name = String::from_utf8_lossy(&name).replace('\\', "/");
        let (start, end) = archive.get_entry(record.wayfinder()).map_err(|_| broken())?.compressed_data_range();
        let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end)) else { return Err(broken()) };
        if start > end || end > len {
            return Err(broken());
        }
        let method = match record.compression_method() {
            CompressionMethod::STORE => Method::Stored,
            CompressionMethod::DEFLATE => Method::Deflated,
            _ => Method::Other,
        };
        entries.push(Entry { name: name.trim_start_matches('/').to_owned(), start, end, method, crc: record.crc32() });
    }
    if entries.len() as u64 != declared {
        return Err(broken());
    }
    let mut places: Vec<(usize, usize)> = entries.iter().map(|entry| (entry.start, entry.end)).collect();
    places.sort_unstable();
    if places.windows(2).any(|pair| matches!(pair, [(_, end), (start, _)] if end > start)) {
        return Err(refusal::hostile("Parts of the file lie one in another."));
    }
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return Err(refusal::hostile("Two parts of the file have the same name."));
    }
    Ok(entries)
}

/// The bytes of a part, inflated as they are read and checked at the end.
pub(super) struct Source {
    zip: Zip,
    entry: Entry,
    at: usize,
    inflate: Option<Decompress>,
    once: bool,
    buffer: Vec<u8>,
    next: usize,
    filled: usize,
    crc: Hasher,
    unpacked: u64,
    over: bool,
    budget: usize,
    problem: Option<Problem>,
}

impl Source {
    /// The file again, when the part was read.
    pub fn into_zip(self) -> Zip {
        self.zip
    }

    /// How many bytes may be read until this is called again.
    pub fn allow(&mut self, bytes: usize) {
        self.budget = bytes;
    }

    /// Why reading failed.
    pub fn problem(&mut self) -> Option<Problem> {
        self.problem.take()
    }

    fn refill(&mut self) -> Result<(), Problem> {
        let broken = || refusal::damaged("A part of the spreadsheet cannot be unpacked.");
        self.next = 0;
        self.filled = 0;
        while self.filled == 0 && !self.over {
            let rest = self.entry.end - self.at;
            let input = self.zip.blocks.at(self.at);
            let input = input.get(..rest).unwrap_or(input);
            let (read, wrote, over) = match &mut self.inflate {
                None => {
                    let part = input.len().min(self.buffer.len());
                    if let (Some(to), Some(from)) = (self.buffer.get_mut(..part), input.get(..part)) {
                        to.copy_from_slice(from);
                    }
                    (part, part, part == rest)
                }
                Some(inflate) => {
                    let (read, wrote) = (inflate.total_in(), inflate.total_out());
                    let status = inflate.decompress(input, &mut self.buffer, FlushDecompress::None);
                    let status = status.map_err(|_| broken())?;
                    let (read, wrote) = (inflate.total_in() - read, inflate.total_out() - wrote);
                    (read as usize, wrote as usize, status == Status::StreamEnd)
                }
            };
            if read == 0 && wrote == 0 && !over {
                return Err(broken());
            }
            self.at += read;
            self.filled = wrote;
            self.unpacked += wrote as u64;
            self.crc.update(self.buffer.get(..wrote).unwrap_or_default());
            self.over = over;
            check_size((self.at - self.entry.start) as u64, self.unpacked)?;
        }
        if self.once {
            self.zip.blocks.free(self.entry.start, self.at);
        }
        if self.over && self.crc.clone().finalize() != self.entry.crc {
            return Err(refusal::damaged("The checksum of a part of the spreadsheet is wrong."));
        }
        Ok(())
    }
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.next == self.filled
            && !self.over
            && let Err(problem) = self.refill()
        {
            self.problem = Some(problem);
            return Err(io::ErrorKind::InvalidData.into());
        }
        let ready = self.buffer.get(self.next..self.filled).unwrap_or_default();
        if self.budget == 0 && !ready.is_empty() {
            self.problem = Some(refusal::hostile("A piece of the spreadsheet's XML is far longer than a cell may be."));
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(ready.get(..self.budget).unwrap_or(ready))
    }

    fn consume(&mut self, count: usize) {
        self.next = self.next.saturating_add(count).min(self.filled);
        self.budget = self.budget.saturating_sub(count);
    }
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}
