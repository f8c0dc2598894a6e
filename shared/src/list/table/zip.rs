//! A ZIP archive written front to back: each entry's sizes and checksum come behind it (APPNOTE.TXT 6.3.10, section
//! 4.3.9), so that nothing has to be kept or gone back to.

use crate::problem::Problem;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::Write as _;

/// Version 2.0: deflate.
const VERSION: u16 = 20;
/// Sizes follow the data; names are UTF-8.
const FLAGS: u16 = 1 << 3 | 1 << 11;
const DEFLATED: u16 = 8;
/// 1 January 1980, the first day the format knows: the time of writing is nobody's business.
const TIME_AND_DAY: u32 = 1 << 21 | 1 << 16;

/// An archive on its way.
#[derive(Default)]
pub struct Archive {
    written: u64,
    directory: Vec<Entry>,
    open: Option<Open>,
}

struct Entry {
    name: String,
    offset: u32,
    checksum: u32,
    compressed: u32,
    size: u32,
}

struct Open {
    name: String,
    offset: u64,
    checksum: crc32fast::Hasher,
    /// Of the entry, after compression and before.
    compressed: u64,
    size: u64,
    deflate: DeflateEncoder<Vec<u8>>,
}

impl Archive {
    /// Begins an entry; the one before is ended.
    pub fn begin(&mut self, name: &str, out: &mut Vec<u8>) -> Result<(), Problem> {
        self.end_entry(out)?;
        let offset = self.written;
        let from = out.len();
        out.extend(0x0403_4b50_u32.to_le_bytes());
        out.extend(VERSION.to_le_bytes());
        out.extend(FLAGS.to_le_bytes());
        out.extend(DEFLATED.to_le_bytes());
        out.extend(TIME_AND_DAY.to_le_bytes());
        out.extend([0; 12]);
        out.extend((name.len() as u16).to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        out.extend(name.as_bytes());
        self.written += (out.len() - from) as u64;
        self.open = Some(Open {
            name: name.to_owned(),
            offset,
            checksum: crc32fast::Hasher::new(),
            compressed: 0,
            size: 0,
            deflate: DeflateEncoder::new(Vec::new(), Compression::fast()),
        });
        Ok(())
    }

    /// Adds to the open entry.
    pub fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Problem> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.checksum.update(bytes);
        open.size += bytes.len() as u64;
        open.deflate.write_all(bytes).map_err(|_| too_large())?;
        self.written += open.drain(out);
        Ok(())
    }

    /// Bytes in the open entry.
    pub fn size(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.size)
    }

    fn end_entry(&mut self, out: &mut Vec<u8>) -> Result<(), Problem> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        open.deflate.try_finish().map_err(|_| too_large())?;
        self.written += open.drain(out);
        let small = |n: u64| u32::try_from(n).map_err(|_| too_large());
        let entry = Entry {
            name: open.name,
            offset: small(open.offset)?,
            checksum: open.checksum.finalize(),
            compressed: small(open.compressed)?,
            size: small(open.size)?,
        };
        for field in [0x0807_4b50, entry.checksum, entry.compressed, entry.size] {
            out.extend(field.to_le_bytes());
        }
        self.written += 16;
        self.directory.push(entry);
        Ok(())
    }

    /// Ends the archive.
    pub fn end(mut self, out: &mut Vec<u8>) -> Result<(), Problem> {
        self.end_entry(out)?;
        let offset = u32::try_from(self.written).map_err(|_| too_large())?;
        let from = out.len();
        for entry in &self.directory {
            out.extend(0x0201_4b50_u32.to_le_bytes());
            for field in [VERSION, VERSION, FLAGS, DEFLATED] {
                out.extend(field.to_le_bytes());
            }
            for field in [TIME_AND_DAY, entry.checksum, entry.compressed, entry.size] {
                out.extend(field.to_le_bytes());
            }
            out.extend((entry.name.len() as u16).to_le_bytes());
            out.extend([0; 12]);
            out.extend(entry.offset.to_le_bytes());
            out.extend(entry.name.as_bytes());
        }
        let directory = (out.len() - from) as u32;
        let entries = self.directory.len() as u16;
        out.extend(0x0605_4b50_u32.to_le_bytes());
        out.extend([0; 4]);
        out.extend(entries.to_le_bytes());
        out.extend(entries.to_le_bytes());
        out.extend(directory.to_le_bytes());
        out.extend(offset.to_le_bytes());
        out.extend([0; 2]);
        Ok(())
    }
}

impl Open {
    /// Moves on what is compressed.
    fn drain(&mut self, out: &mut Vec<u8>) -> u64 {
        let ready = self.deflate.get_mut();
        let bytes = ready.len() as u64;
        out.append(ready);
        self.compressed += bytes;
        bytes
    }
}

fn too_large() -> Problem {
    Problem::new(
        500,
        "table_too_large",
        "The table is too large for a workbook",
        "a ZIP archive without extensions holds 4 GiB at most",
        "Ask for CSV: send the header Accept: text/csv.",
    )
}
