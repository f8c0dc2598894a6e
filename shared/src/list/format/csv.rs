//! Delimited text, pushed in pieces of any size: records out, in bounded memory.

use super::super::text;
use super::refusal::{self, field_too_long, record_too_long, too_many_columns};
use super::{COLUMNS_MAX, FIELD_MAX, File, Parser, RECORD_MAX, Record, State};
use crate::problem::Problem;
use csv_core::ReadRecordResult;

/// What may part the cells, most likely first.
const DELIMITERS: [u8; 4] = [b';', b'\t', b',', b'|'];
/// Lines with content that are looked at to find the delimiter.
const HEAD_LINES: usize = 20;
/// Bytes of whole lines that are enough to find the delimiter.
const HEAD_BYTES: usize = 64 * 1024;

/// The delimiter of that name.
pub(super) fn delimiter(name: &str) -> Result<u8, Problem> {
    match name {
        ";" | "semicolon" => Ok(b';'),
        "\t" | "tab" => Ok(b'\t'),
        "," | "comma" => Ok(b','),
        "|" | "pipe" => Ok(b'|'),
        _ => Err(Problem::new(
            400,
            "parameter_invalid",
            "A parameter is missing or not understood",
            "the parameter `delimiter` must be semicolon, comma, tab or pipe",
            "Correct the parameter, or leave it out: the delimiter is found in the file.",
        )),
    }
}

/// The push parser.
pub(super) struct Csv {
    stage: Stage,
    ended: bool,
}

enum Stage {
    /// Bytes are kept until some lines are whole: they tell the delimiter.
    Head(Head),
    Body(Box<Body>),
}

impl Csv {
    /// `named`: the delimiter, where somebody said which it is.
    pub fn new(named: Option<u8>) -> Self {
        Csv { stage: Stage::Head(Head { named, ..Head::default() }), ended: false }
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

impl Parser for Csv {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Record>) -> Result<(), Problem> {
        refuse_nul(chunk)?;
        match &mut self.stage {
            Stage::Head(head) => {
                // No more than a record may take is ever kept; the rest of the chunk waits where it is.
                let room = (RECORD_MAX + 1).saturating_sub(head.kept.len());
                let (now, later) = chunk.split_at(chunk.len().min(room));
                head.kept.extend_from_slice(now);
                let Some(delimiter) = head.scan() else {
                    return if head.kept.len() > RECORD_MAX { Err(record_too_long(1)) } else { Ok(()) };
                };
                self.start_body(delimiter, out)?;
                self.push(later, out)
            }
            Stage::Body(body) => body.feed(chunk, out),
        }
    }

    fn end(&mut self, out: &mut Vec<Record>) -> Result<(), Problem> {
        self.ended = true;
        if let Stage::Head(head) = &mut self.stage {
            let delimiter = head.scan().unwrap_or_else(|| head.likeliest());
            self.start_body(delimiter, out)?;
        }
        match &mut self.stage {
            Stage::Body(body) => body.end(out),
            Stage::Head(_) => Ok(()),
        }
    }

    fn step(&mut self, _: &mut Vec<Record>) -> Result<State, Problem> {
        Ok(if self.ended { State::Over } else { State::Waits })
    }

    fn describe(&self, file: &mut File) {
        file.kind = "csv".to_owned();
        if let Stage::Body(body) = &self.stage {
            file.delimiter = Some(char::from(body.delimiter));
        }
    }
}

/// The first lines. The header may stand below titles, which hold commas and the like: so the delimiter is not what
/// one line has most of, but what most lines have equally many of.
#[derive(Default)]
struct Head {
    kept: Vec<u8>,
    named: Option<u8>,
    /// Where the list begins: behind a byte order mark and a `sep=` line.
    start: usize,
    scanned: usize,
    line: usize,
    quoted: bool,
    /// The byte before closed a quotation: another quotation mark says that it did not.
    closed: bool,
    /// A cell may begin here, and with it a quotation.
    inside: bool,
    content: bool,
    /// How many of each delimiter the line has that is being scanned.
    counts: [usize; DELIMITERS.len()],
    lines: Vec<[usize; DELIMITERS.len()]>,
}

impl Head {
    /// The delimiter, once it is clear.
    fn scan(&mut self) -> Option<u8> {
        while let Some(&byte) = self.kept.get(self.scanned) {
            self.scanned += 1;
            let starts = !std::mem::replace(&mut self.inside, true);
            let closed = std::mem::take(&mut self.closed);
            match byte {
                b'"' if self.quoted => (self.quoted, self.closed) = (false, true),
                b'"' if starts || closed => self.quoted = true,
                b'\r' | b'\n' if !self.quoted => {
                    self.inside = false;
                    let line = self.kept.get(self.line..self.scanned - 1);
                    if self.lines.is_empty()
                        && let Some(delimiter) = line.and_then(declared)
                    {
                        // The line end stays: the parser steps over it, so it is taken off the count of rows there.
                        self.start = self.scanned;
                        if byte == b'\r' && self.kept.get(self.scanned) == Some(&b'\n') {
                            self.start += 1;
                        }
                        return Some(self.named.unwrap_or(delimiter));
                    }
                    let counts = std::mem::take(&mut self.counts);
                    if std::mem::take(&mut self.content) {
                        self.lines.push(counts);
                    }
                    self.line = self.scanned;
                    if self.lines.len() >= HEAD_LINES {
                        return Some(self.likeliest());
                    }
                }
                _ if self.quoted => self.content = true,
                b' ' => self.inside = !starts,
                _ => match DELIMITERS.iter().position(|d| *d == byte) {
                    Some(which) => {
                        self.inside = false;
                        if let Some(count) = self.counts.get_mut(which) {
                            *count += 1;
                        }
                    }
                    None => self.content = true,
                },
            }
        }
        (self.kept.len() >= HEAD_BYTES && !self.lines.is_empty()).then(|| self.likeliest())
    }

    fn likeliest(&self) -> u8 {
        let lines: &[_] = if self.lines.is_empty() { &[self.counts] } else { &self.lines };
        let likely = |which: usize| {
            let counts = || lines.iter().filter_map(move |line| line.get(which).copied()).filter(|count| *count > 0);
            let equal = |count: usize| counts().filter(|other| *other == count).count();
            counts().map(|count| (equal(count), count)).max().unwrap_or_default()
        };
        // The first of equals, so the last of the reverse.
        let most = (0..DELIMITERS.len()).rev().max_by_key(|which| likely(*which));
        self.named.or_else(|| DELIMITERS.get(most?).copied()).unwrap_or(b';')
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
        return Err(refusal::kind("The file holds bytes that are no text."));
    }
    Ok(())
}
