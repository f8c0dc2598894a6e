//! The records of a workbook, and texts that run on from one into the next.

use super::super::ole::{Stream, short};
use super::super::{FIELD_MAX, refusal};
use crate::problem::Problem;

/// Goes on where the record before ended.
const CONTINUE: u16 = 0x3c;
/// Most bytes of a record, by the format.
const RECORD_BYTES: usize = 8224;

/// Reads records one after the other.
pub(super) struct Records {
    stream: Stream,
    at: usize,
    data: Vec<u8>,
}

impl Records {
    pub fn new(stream: Stream) -> Self {
        Records { stream, at: 0, data: Vec::new() }
    }

    /// Goes to a record.
    pub fn go(&mut self, at: usize) {
        self.at = at;
    }

    /// Kind and bytes of the next record.
    pub fn next(&mut self) -> Result<(u16, &[u8]), Problem> {
        let kind = self.load()?;
        Ok((kind, &self.data))
    }

    fn load(&mut self) -> Result<u16, Problem> {
        let mut head = [0; 4];
        if self.stream.read(self.at, &mut head) < head.len() {
            return Err(cut_off());
        }
        let len = usize::from(short(&head, 2).unwrap_or(0));
        if len > RECORD_BYTES {
            return Err(broken());
        }
        self.data.resize(len, 0);
        if self.stream.read(self.at.saturating_add(4), &mut self.data) < len {
            return Err(cut_off());
        }
        self.at = self.at.saturating_add(4 + len);
        Ok(short(&head, 0).unwrap_or(0))
    }

    /// Reads the record before on, from that byte, over the records in which it continues.
    pub fn run_on(&mut self, from: usize) -> Run<'_> {
        Run { records: self, next: from }
    }
}

/// A record and those in which it continues.
pub(super) struct Run<'a> {
    records: &'a mut Records,
    next: usize,
}

impl Run<'_> {
    /// Goes on in the next record if this one is over.
    fn fill(&mut self) -> Result<bool, Problem> {
        let mut moved = false;
        while self.next >= self.records.data.len() {
            if self.records.load()? != CONTINUE {
                return Err(broken());
            }
            self.next = 0;
            moved = true;
        }
        Ok(moved)
    }

    fn byte(&mut self) -> Result<u8, Problem> {
        self.fill()?;
        let byte = self.records.data.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        Ok(byte)
    }

    /// The next two bytes.
    pub fn short(&mut self) -> Result<u16, Problem> {
        Ok(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn long(&mut self) -> Result<u32, Problem> {
        Ok(u32::from(self.short()?) | u32::from(self.short()?) << 16)
    }

    fn skip(&mut self, mut count: usize) -> Result<(), Problem> {
        while count > 0 {
            self.fill()?;
            let part = count.min(self.records.data.len() - self.next);
            self.next += part;
            count -= part;
        }
        Ok(())
    }

    /// A text with its length in front, as shared texts and formats have it.
    pub fn text(&mut self) -> Result<String, Problem> {
        let count = usize::from(self.short()?);
        let flags = self.byte()?;
        let runs = if flags & 8 != 0 { usize::from(self.short()?) } else { 0 };
        let extra = if flags & 4 != 0 { self.long()? as usize } else { 0 };
        let mut wide = flags & 1 != 0;
        let mut units: Vec<u16> = Vec::with_capacity(count);
        while units.len() < count {
            // In the next record the characters may be of another width.
            if self.fill()? {
                wide = self.byte()? & 1 != 0;
                continue;
            }
            units.push(if wide { self.short()? } else { u16::from(self.byte()?) });
        }
        self.skip(runs * 4)?;
        self.skip(extra)?;
        let text = String::from_utf16_lossy(&units);
        if text.len() > FIELD_MAX {
            return Err(refusal::text_too_long());
        }
        Ok(text)
    }
}

/// A text of so many characters within one record, behind the byte that says how wide they are.
pub(super) fn short_text(bytes: &[u8], count: usize) -> String {
    let (wide, chars) = match bytes.split_first() {
        Some((flags, chars)) => (flags & 1 != 0, chars),
        None => return String::new(),
    };
    let units: Vec<u16> = if wide {
        chars.chunks_exact(2).take(count).filter_map(|unit| short(unit, 0)).collect()
    } else {
        chars.iter().take(count).map(|byte| u16::from(*byte)).collect()
    };
    String::from_utf16_lossy(&units)
}

pub(super) fn broken() -> Problem {
    refusal::damaged("The spreadsheet (an XLS file) is broken.")
}

fn cut_off() -> Problem {
    refusal::damaged("The spreadsheet (an XLS file) is cut off: its end is missing.")
}
