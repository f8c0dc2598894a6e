//! Bytes of an upload in, records out: whatever kind of file it is.
//!
//! | module | what it is for |
//! |---|---|
//! | `sniff` | what kind of file this is, by its first bytes |
//! | `packed` | gzip and zstd, taken off as the bytes come |
//! | `content` | what a file is known again by, however it is packed |
//! | `utf16` | text in UTF-16 to UTF-8 |
//! | `csv`, `json` | text to records |
//! | `workbook` | the sheets of a spreadsheet, one after the other |
//! | `xlsx`, `ods`, `xls` | one kind of spreadsheet each |
//! | `blocks`, `zip`, `xml`, `ole` | what spreadsheets are made of, within bounds |
//! | `strings` | the texts that a spreadsheet keeps once, held compactly |
//! | `number` | numbers and dates of spreadsheets as text |
//! | `refusal` | what is said of files that are not taken |
//!
//! A file is never trusted: what it says of its own sizes is not used, all that grows with it is bounded, and
//! what it unpacks to is counted as it comes.

mod blocks;
mod content;
mod csv;
mod json;
mod number;
mod ods;
mod ole;
mod packed;
mod refusal;
mod sniff;
mod strings;
mod utf16;
mod workbook;
mod xls;
mod xlsx;
mod xml;
mod zip;

use crate::problem::Problem;
pub use content::Content;
use serde::{Deserialize, Serialize};

/// Longest cell, in bytes. A longer one is an unclosed quotation mark or no list at all.
pub const FIELD_MAX: usize = 64 * 1024;
/// Longest record, in bytes of its cells.
pub const RECORD_MAX: usize = 256 * 1024;
/// Most columns of a record.
pub const COLUMNS_MAX: usize = 512;
/// Most bytes that a file may unpack to.
pub const UNPACKED_MAX: u64 = 4 << 30;
/// Most bytes of a spreadsheet's file, which is kept until it is whole.
pub const WORKBOOK_MAX: usize = 60 << 20;
/// Most memory for the texts that a spreadsheet keeps once. What they lie in in the file is let go as they are read.
pub const TEXTS_MAX: usize = 40 << 20;
/// Rows, not counting blank ones, among which the header is looked for.
pub const HEADER_WITHIN: u32 = 20;

/// What an upload says of its file's format. Nothing of it need be said: the bytes tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Format {
    /// The header `Content-Type`. It counts only where the bytes could be anything.
    pub content_type: Option<String>,
    /// The header `Content-Encoding`: `gzip`, `zstd` or `identity`.
    pub content_encoding: Option<String>,
    /// What parts the cells of a text: `,` `;` `|` or a tab, or the words `comma`, `semicolon`, `pipe`, `tab`.
    pub delimiter: Option<String>,
    /// The sheet of a spreadsheet, by its name.
    pub sheet: Option<String>,
}

/// What a file turned out to be, and what of it was passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct File {
    /// `csv`, `json`, `json_lines`, `xlsx`, `xls` or `ods`.
    pub kind: String,
    /// What it was packed with, outermost first: `gzip`, `zstd`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packed: Vec<String>,
    /// `utf-16le` or `utf-16be`; nothing for UTF-8 and Windows-1252, which are told apart cell by cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// What parts the cells of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The sheet that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Sheets that were not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_sheets: Vec<String>,
    /// Row of the header, as a spreadsheet shows it; 0 where the names are members of JSON objects.
    pub header_row: u32,
    /// Rows that the spreadsheet hides. They were read like all others.
    #[serde(skip_serializing_if = "is_zero")]
    pub hidden_rows: u32,
    /// Lines of totals, which are no taxpayers.
    #[serde(skip_serializing_if = "is_zero")]
    pub totals: u32,
    /// Rows with something behind the last column of the header, which was not read.
    #[serde(skip_serializing_if = "is_zero")]
    pub beyond_header: u32,
    /// Members that no object had at the beginning: they were not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub late_members: Vec<String>,
}

/// For members that are left out where there is nothing to tell.
pub(super) fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl File {
    /// Whether a row of another length than the header's has shifted cells. So it is in delimited text; where
    /// every cell says in which column it stands, the end of a row is only empty.
    pub fn length_matters(&self) -> bool {
        self.kind == "csv"
    }
}

/// One record that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Row as a spreadsheet shows it, from 1: blank lines count, line breaks inside quoted cells do not. Of JSON,
    /// the object's number, from 1; of JSON Lines, the line.
    pub row: u32,
    /// The cells, as text.
    pub cells: Vec<String>,
}

/// Whether a record is the header that is looked for, or what is missing in it.
pub type IsHeader = Box<dyn Fn(&[String]) -> Result<(), Problem>>;

/// Reads a file in pieces of any size. The first record is the header: titles above it are passed over, and so are
/// sheets that have none.
///
/// Whoever reads pushes bytes and then steps until there is nothing left to do, so that no piece of a packed file
/// ever comes to more records than memory has room for.
pub struct Records {
    parser: Box<dyn Parser>,
    search: Search,
    read: Vec<Record>,
}

impl Records {
    /// Nothing read yet. Refuses an encoding or a delimiter that is not known.
    pub fn new(format: Format, is_header: IsHeader) -> Result<Self, Problem> {
        Ok(Records { parser: sniff::parser(format)?, search: Search::new(is_header), read: Vec::new() })
    }

    /// Before the first bytes: adds them to a hash, as they are when they are unpacked.
    pub fn listen(&mut self, content: Content) {
        self.parser.listen(content);
    }

    /// Takes the next bytes, and adds the records that are whole to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Record>) -> Result<(), Problem> {
        let parsed = self.parser.push(bytes, &mut self.read);
        self.sift(out)?;
        parsed
    }

    /// No more bytes will come.
    pub fn end(&mut self, out: &mut Vec<Record>) -> Result<(), Problem> {
        let parsed = self.parser.end(&mut self.read);
        self.sift(out)?;
        parsed
    }

    /// Goes on with what it has, a part at a time; false once nothing is left to do until more bytes come. After
    /// [`Records::end`], false means that the file was read, and that it has a header.
    pub fn step(&mut self, out: &mut Vec<Record>) -> Result<bool, Problem> {
        let parsed = self.parser.step(&mut self.read);
        if self.sift(out)? {
            return Ok(true);
        }
        match parsed? {
            State::More => Ok(true),
            State::Waits => Ok(false),
            State::Over if self.search.found => Ok(false),
            State::Over => self.go_on().map(|()| true),
        }
    }

    /// Hands on the header and what is below it. True if this table has none and the next is to be read.
    fn sift(&mut self, out: &mut Vec<Record>) -> Result<bool, Problem> {
        if !self.search.sift(&mut self.read) {
            self.read.clear();
            return self.go_on().map(|()| true);
        }
        out.append(&mut self.read);
        Ok(false)
    }

    /// Goes on to the next table.
    fn go_on(&mut self) -> Result<(), Problem> {
        self.search.seen = 0;
        if self.parser.next_table()? {
            return Ok(());
        }
        Err(self.search.problem.take().unwrap_or_else(refusal::empty))
    }

    /// What kind of file it is, as far as it is known by now.
    pub fn file(&self) -> File {
        let mut file = File { header_row: self.search.row, ..File::default() };
        self.parser.describe(&mut file);
        file
    }
}

/// How far a parser is.
enum State {
    /// It can go on.
    More,
    /// It needs more bytes.
    Waits,
    /// The table is over.
    Over,
}

/// What turns bytes into records.
trait Parser {
    /// Takes bytes. May read them at once; records are then a bounded multiple of the bytes.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Record>) -> Result<(), Problem>;

    /// No more bytes will come.
    fn end(&mut self, out: &mut Vec<Record>) -> Result<(), Problem>;

    /// Goes on, a bounded part at a time.
    fn step(&mut self, out: &mut Vec<Record>) -> Result<State, Problem>;

    /// Leaves this table for the next; false if there is none.
    fn next_table(&mut self) -> Result<bool, Problem> {
        Ok(false)
    }

    /// Adds to a hash what it is pushed, if that is not packed. Whoever finds out whether it is does so.
    fn listen(&mut self, _: Content) {}

    /// Says what it knows of the file.
    fn describe(&self, file: &mut File);
}

/// Looks for the header.
struct Search {
    is_header: IsHeader,
    found: bool,
    row: u32,
    /// Records of this table that were no header.
    seen: u32,
    /// What was wrong with the record that came nearest: it is told if none is the header.
    problem: Option<Problem>,
}

impl Search {
    fn new(is_header: IsHeader) -> Self {
        Search { is_header, found: false, row: 0, seen: 0, problem: None }
    }

    /// Leaves the header and all below it; false if there is none where it would have to be.
    fn sift(&mut self, read: &mut Vec<Record>) -> bool {
        if self.found {
            return true;
        }
        let mut above = 0;
        for record in read.iter() {
            match (self.is_header)(&record.cells) {
                Ok(()) => {
                    self.found = true;
                    self.row = record.row;
                    break;
                }
                Err(problem) => self.keep_nearest(problem.at(format!("row {}", record.row))),
            }
            above += 1;
            self.seen += 1;
            if self.seen >= HEADER_WITHIN {
                return false;
            }
        }
        read.drain(..above);
        true
    }

    /// The nearest is what has the fewest columns missing: its detail names them, parted by commas.
    fn keep_nearest(&mut self, problem: Problem) {
        let missing = |problem: &Problem| problem.detail.matches(',').count();
        if self.problem.as_ref().is_none_or(|kept| missing(&problem) < missing(kept)) {
            self.problem = Some(problem);
        }
    }
}
