//! Delimited text, pushed in pieces of any size: records out, in bounded memory.

use super::text;
use crate::problem::Problem;
use csv_core::ReadRecordResult;

/// Longest cell, in bytes. A longer one is an unclosed quotation mark or no list at all.
pub const FIELD_MAX: usize = 64 * 1024;
/// Longest record, in bytes of its cells.
pub const RECORD_MAX: usize = 256 * 1024;
/// Most columns of a record.
pub const COLUMNS_MAX: usize = 512;

const DELIMITERS: [u8; 4] = [b';', b'\t', b',', b'|'];
const SAVE_AS_CSV: &str = "Save the list as \"CSV UTF-8 (delimited)\" in the spreadsheet program and upload that file.";

/// One record that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// Row as a spreadsheet shows it, from 1: blank lines count, line breaks inside quoted cells do not.
    pub row: u32,
    pub cells: Vec<String>,
}

/// The push parser.
pub(super) struct Records {
    stage: Stage,
}

enum Stage {
    /// Bytes are kept until the first line with content is whole: it tells the delimiter.
    Head(Head),
    Body(Box<Body>),
}

impl Records {
    pub fn new() -> Self {
        Records { stage: Stage::Head(Head::default()) }
    }

    /// The delimiter, once it is known.
    pub fn delimiter(&self) -> Option<u8> {
        match &self.stage {
            Stage::Head(_) => None,
            Stage::Body(body) => Some(body.delimiter),
        }
    }

    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<Record>) -> Result<(), Problem> {
        match &mut self.stage {
            Stage::Head(head) => {
                // No more than a record may take is ever kept; the rest of the chunk waits where it is.
                let room = (RECORD_MAX + 1).saturating_sub(head.kept.len());
                let (now, later) = chunk.split_at(chunk.len().min(room));
                head.kept.extend_from_slice(now);
                head.check_kind(false)?;
                refuse_nul(now)?;
                let Some(delimiter) = head.scan() else {
                    return if head.kept.len() > RECORD_MAX { Err(record_too_long(1)) } else { Ok(()) };
                };
                self.start_body(delimiter, out)?;
                self.push(later, out)
            }
            Stage::Body(body) => {
                refuse_nul(chunk)?;
                body.feed(chunk, out)
            }
        }
    }

    /// The input has ended.
    pub fn finish(&mut self, out: &mut Vec<Record>) -> Result<(), Problem> {
        if let Stage::Head(head) = &mut self.stage {
            head.check_kind(true)?;
            let delimiter = head.scan().unwrap_or_else(|| head.most_frequent());
            self.start_body(delimiter, out)?;
        }
        match &mut self.stage {
            Stage::Body(body) => body.end(out),
            Stage::Head(_) => Ok(()),
        }
    }

    fn start_body(&mut self, delimiter: u8, out: &mut Vec<Record>) -> Result<(), Problem> {
        let mut body = Box::new(Body::new(delimiter));
        if let Stage::Head(head) = &self.stage {
            let kept = head.kept.get(head.start..).unwrap_or_default();
            body.feed(kept, out)?;
        }
        self.stage = Stage::Body(body);
        Ok(())
    }
}

#[derive(Default)]
struct Head {
    kept: Vec<u8>,
    kind_checked: bool,
    /// Where the list begins: behind a byte order mark and a `sep=` line.
    start: usize,
    scanned: usize,
    line: usize,
    quoted: bool,
    content: bool,
    counts: [usize; DELIMITERS.len()],
}

impl Head {
    /// Refuses by their first bytes the files that are no text, and steps over a UTF-8 byte order mark.
    fn check_kind(&mut self, ended: bool) -> Result<(), Problem> {
        if self.kind_checked || (self.kept.len() < 4 && !ended) {
            return Ok(());
        }
        self.kind_checked = true;
        let kept = self.kept.as_slice();
        let is = |magic: &[u8]| kept.starts_with(magic);
        if is(b"PK\x03\x04") || is(b"\xd0\xcf\x11\xe0") {
            return Err(unsupported("The file is a spreadsheet, not CSV text."));
        }
        if is(b"%PDF") {
            return Err(unsupported("The file is a PDF document, not CSV text."));
        }
        if is(b"\xff\xfe") || is(b"\xfe\xff") {
            return Err(unsupported("The file is text in UTF-16, not in UTF-8."));
        }
        if is(b"\xef\xbb\xbf") {
            self.start = 3;
            self.scanned = 3;
            self.line = 3;
        }
        Ok(())
    }

    /// The delimiter, if the first line with content is whole.
    fn scan(&mut self) -> Option<u8> {
        if !self.kind_checked {
            return None;
        }
        while let Some(&byte) = self.kept.get(self.scanned) {
            self.scanned += 1;
            match byte {
                b'"' => self.quoted = !self.quoted,
                b'\r' | b'\n' if !self.quoted => {
                    let line = self.kept.get(self.line..self.scanned - 1);
                    if let Some(delimiter) = line.and_then(declared) {
                        // The line end stays: the parser steps over it, so it is taken off the count of rows there.
                        self.start = self.scanned;
                        if byte == b'\r' && self.kept.get(self.scanned) == Some(&b'\n') {
                            self.start += 1;
                        }
                        return Some(delimiter);
                    }
                    if self.content {
                        return Some(self.most_frequent());
                    }
                    self.counts = Default::default();
                    self.line = self.scanned;
                }
                _ if self.quoted => self.content = true,
                b' ' => {}
                _ => match DELIMITERS.iter().position(|d| *d == byte) {
                    Some(which) => {
                        if let Some(count) = self.counts.get_mut(which) {
                            *count += 1;
                        }
                    }
                    None => self.content = true,
                },
            }
        }
        None
    }

    fn most_frequent(&self) -> u8 {
        let most = DELIMITERS.iter().zip(self.counts).rev();
        most.max_by_key(|(_, count)| *count).map_or(b';', |(delimiter, _)| *delimiter)
    }
}

/// The delimiter of a `sep=;` line, which spreadsheet programs read and hide.
fn declared(line: &[u8]) -> Option<u8> {
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => {
            DELIMITERS.contains(delimiter).then_some(*delimiter)
        }
        _ => None,
    }
}

struct Body {
    core: csv_core::Reader,
    delimiter: u8,
    row: u32,
    /// Between two records.
    between: bool,
    /// The byte before was a carriage return: a line feed belongs to it.
    after_cr: bool,
    bytes: Vec<u8>,
    len: usize,
    ends: Vec<usize>,
    fields: usize,
}

impl Body {
    fn new(delimiter: u8) -> Self {
        Body {
            core: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            delimiter,
            row: 0,
            between: true,
            after_cr: false,
            bytes: vec![0; 4 * 1024],
            len: 0,
            ends: vec![0; COLUMNS_MAX + 1],
            fields: 0,
        }
    }

    fn feed(&mut self, mut input: &[u8], out: &mut Vec<Record>) -> Result<(), Problem> {
        loop {
            if self.between {
                input = self.skip_line_ends(input);
            }
            if input.is_empty() {
                return Ok(());
            }
            if self.between {
                self.between = false;
                self.row = self.row.saturating_add(1);
            }
            let read = self.step(input, out)?;
            input = input.get(read..).unwrap_or_default();
        }
    }

    fn end(&mut self, out: &mut Vec<Record>) -> Result<(), Problem> {
        while !self.between {
            self.step(&[], out)?;
        }
        Ok(())
    }

    /// Hands bytes (none: the end) to the parser, and answers how many it took.
    fn step(&mut self, input: &[u8], out: &mut Vec<Record>) -> Result<usize, Problem> {
        let bytes = self.bytes.get_mut(self.len..).unwrap_or_default();
        let ends = self.ends.get_mut(self.fields..).unwrap_or_default();
        let (result, read, wrote, ended) = self.core.read_record(input, bytes, ends);
        self.len += wrote;
        self.fields += ended;
        self.check_field()?;
        match result {
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull => {
                if self.bytes.len() >= RECORD_MAX {
                    return Err(record_too_long(self.row));
                }
                let room = (self.bytes.len() * 2).min(RECORD_MAX);
                self.bytes.resize(room, 0);
            }
            ReadRecordResult::OutputEndsFull => return Err(too_many_columns(self.row)),
            ReadRecordResult::Record => {
                self.after_cr = read > 0 && input.get(read - 1) == Some(&b'\r');
                self.emit(out)?;
            }
            ReadRecordResult::End => self.between = true,
        }
        Ok(read)
    }

    fn emit(&mut self, out: &mut Vec<Record>) -> Result<(), Problem> {
        if self.fields > COLUMNS_MAX {
            return Err(too_many_columns(self.row));
        }
        let mut cells = Vec::with_capacity(self.fields);
        let mut start = 0;
        for &end in self.ends.iter().take(self.fields) {
            let bytes = self.bytes.get(start..end).unwrap_or_default();
            if bytes.len() > FIELD_MAX {
                return Err(field_too_long(self.row));
            }
            cells.push(text::decode(bytes));
            start = end;
        }
        self.len = 0;
        self.fields = 0;
        self.between = true;
        // Rows that were only formatted, never filled in.
        if cells.iter().any(|cell| !cell.trim().is_empty()) {
            out.push(Record { row: self.row, cells });
        }
        Ok(())
    }

    /// The cell that is still growing must not exceed its bound.
    fn check_field(&self) -> Result<(), Problem> {
        let last = self.fields.checked_sub(1).and_then(|at| self.ends.get(at));
        let start = last.copied().unwrap_or(0);
        if self.len.saturating_sub(start) > FIELD_MAX {
            return Err(field_too_long(self.row));
        }
        Ok(())
    }

    /// Steps over the line ends between two records; the parser itself would not count the blank lines.
    fn skip_line_ends<'a>(&mut self, mut input: &'a [u8]) -> &'a [u8] {
        while let Some((byte, rest)) = input.split_first() {
            match byte {
                b'\n' if self.after_cr => self.after_cr = false,
                b'\r' | b'\n' => {
                    self.row = self.row.saturating_add(1);
                    self.after_cr = *byte == b'\r';
                }
                _ => break,
            }
            input = rest;
        }
        if !input.is_empty() {
            self.after_cr = false;
        }
        input
    }
}

fn refuse_nul(chunk: &[u8]) -> Result<(), Problem> {
    if chunk.contains(&0) {
        return Err(unsupported("The file holds bytes that are not text, or it is in UTF-16."));
    }
    Ok(())
}

fn unsupported(detail: &str) -> Problem {
    Problem::new(415, "file_not_csv", "The file is not CSV text", detail, SAVE_AS_CSV)
}

fn record_too_long(row: u32) -> Problem {
    let detail = format!("Row {row} is longer than {} KiB.", RECORD_MAX / 1024);
    too_large("row_too_long", "A row is too long", detail, row)
}

fn field_too_long(row: u32) -> Problem {
    let detail = format!("A cell of row {row} is longer than {} KiB.", FIELD_MAX / 1024);
    too_large("cell_too_long", "A cell is too long", detail, row)
}

fn too_many_columns(row: u32) -> Problem {
    let detail = format!("Row {row} has more than {COLUMNS_MAX} columns.");
    too_large("too_many_columns", "Too many columns", detail, row)
}

fn too_large(code: &'static str, title: &'static str, detail: String, row: u32) -> Problem {
    let hint = "Look for a quotation mark that is not closed at or above this row, then upload the file again.";
    Problem::new(422, code, title, detail, hint).at(format!("row {row}"))
}
