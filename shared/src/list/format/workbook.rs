//! A spreadsheet: kept until it is whole, since its directory is at its end, then read sheet by sheet.

use super::blocks::Blocks;
use super::ods::Ods;
use super::packed::check_size;
use super::xlsx::Xlsx;
use super::zip::Zip;
use super::{File, Parser, Record, State, WORKBOOK_MAX, refusal};
use crate::problem::Problem;

/// Rows of a sheet.
pub(super) const ROWS_MAX: u32 = 1_048_576;
/// Columns of a sheet, most of which are empty.
pub(super) const WIDTH_MAX: usize = 16_384;
/// Bytes of cells that are handed on in one step.
pub(super) const STEP_BYTES: usize = 1 << 20;
/// Sheets of a spreadsheet.
pub(super) const SHEETS_MAX: usize = 1024;

/// A spreadsheet's sheets.
pub(super) trait Book {
    /// Goes on, a bounded part at a time.
    fn step(&mut self, out: &mut Vec<Record>) -> Result<State, Problem>;
    /// Leaves this sheet for the next; false if there is none.
    fn next_table(&mut self) -> Result<bool, Problem>;
    /// Says what it knows of the file.
    fn describe(&self, file: &mut File);
}

/// Opens a file; the name is that of the sheet that is wanted.
pub(super) type Open = fn(Blocks, Option<&str>) -> Result<Box<dyn Book>, Problem>;

/// The parser of any spreadsheet.
pub(super) struct Workbook {
    kept: Blocks,
    sheet: Option<String>,
    open: Open,
    book: Option<Box<dyn Book>>,
    ended: bool,
    /// Bytes of the file, and of the cells handed on.
    len: u64,
    given: u64,
}

impl Workbook {
    /// A spreadsheet that `open` can read.
    pub fn new(sheet: Option<String>, open: Open) -> Self {
        Workbook { kept: Blocks::default(), sheet, open, book: None, ended: false, len: 0, given: 0 }
    }

    /// A ZIP file, which may hold a spreadsheet.
    pub fn zipped(sheet: Option<String>) -> Self {
        Workbook::new(sheet, open_zip)
    }
}

fn open_zip(blocks: Blocks, sheet: Option<&str>) -> Result<Box<dyn Book>, Problem> {
    let zip = Zip::open(blocks)?;
    if zip.has("content.xml") && zip.has("mimetype") {
        return Ok(Box::new(Ods::open(zip, sheet)?));
    }
    if zip.has("xl/workbook.bin") {
        return Err(refusal::kind("The file is a binary spreadsheet (XLSB)."));
    }
    if zip.has("_rels/.rels") && zip.has("[Content_Types].xml") {
        return Ok(Box::new(Xlsx::open(zip, sheet)?));
    }
    Err(refusal::kind("The file is a ZIP archive, not a spreadsheet: unpack it, and upload what is in it."))
}

impl Parser for Workbook {
    fn push(&mut self, bytes: &[u8], _: &mut Vec<Record>) -> Result<(), Problem> {
        for part in bytes.chunks(64 * 1024) {
            self.kept.push(part);
            self.len += part.len() as u64;
            if self.kept.held() > WORKBOOK_MAX {
                return Err(refusal::workbook_too_large());
            }
        }
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<Record>) -> Result<(), Problem> {
        self.ended = true;
        Ok(())
    }

    fn step(&mut self, out: &mut Vec<Record>) -> Result<State, Problem> {
        if !self.ended {
            return Ok(State::Waits);
        }
        let Some(book) = &mut self.book else {
            self.book = Some((self.open)(std::mem::take(&mut self.kept), self.sheet.as_deref())?);
            return Ok(State::More);
        };
        let before = out.len();
        let state = book.step(out)?;
        let cells = out.iter().skip(before).flat_map(|record| &record.cells);
        // A text that stands once in the file may be named by a million cells.
        self.given += cells.map(|cell| cell.len() as u64).sum::<u64>();
        check_size(self.len, self.given)?;
        Ok(state)
    }

    fn next_table(&mut self) -> Result<bool, Problem> {
        self.book.as_mut().map_or(Ok(false), |book| book.next_table())
    }

    fn describe(&self, file: &mut File) {
        if let Some(book) = &self.book {
            book.describe(file);
        }
    }
}

/// Where the wanted sheet stands among these names.
pub(super) fn find_sheet(wanted: &str, names: &[String]) -> Result<usize, Problem> {
    let same = |name: &String| name.trim().to_lowercase() == wanted.trim().to_lowercase();
    names.iter().position(same).ok_or_else(|| {
        let names: Vec<&str> = names.iter().take(20).map(String::as_str).collect();
        Problem::new(
            422,
            "sheet_unknown",
            "The file has no such sheet",
            format!("The sheets are: {}.", names.join(", ")),
            "Name one of them in the parameter `sheet`, or leave it out: then the first is read that has the header.",
        )
    })
}

/// The cells of a row that is being read.
#[derive(Default)]
pub(super) struct Row {
    cells: Vec<String>,
    bytes: usize,
    filled: bool,
    width: usize,
    given: usize,
}

impl Row {
    /// Whether so much was handed on that the next step should do the rest.
    pub fn pause(&mut self) -> bool {
        let pause = self.given >= STEP_BYTES;
        if pause {
            self.given = 0;
        }
        pause
    }

    /// Puts a text into a column, counted from 0. Empty texts need no place.
    pub fn put(&mut self, row: u32, column: usize, text: String) -> Result<(), Problem> {
        if text.is_empty() {
            return Ok(());
        }
        if column >= super::COLUMNS_MAX {
            return Err(refusal::too_many_columns(row));
        }
        if text.len() > super::FIELD_MAX {
            return Err(refusal::field_too_long(row));
        }
        self.bytes += text.len();
        if self.bytes > super::RECORD_MAX {
            return Err(refusal::record_too_long(row));
        }
        self.filled |= !text.trim().is_empty();
        if self.cells.capacity() == 0 {
            self.cells.reserve(self.width);
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = text;
        }
        Ok(())
    }

    /// The row, if anything is in it. What comes next is another row.
    pub fn take(&mut self, row: u32) -> Option<Record> {
        let cells = std::mem::take(&mut self.cells);
        self.width = self.width.max(cells.len());
        self.given += self.bytes + cells.len() * size_of::<String>();
        self.bytes = 0;
        std::mem::take(&mut self.filled).then_some(Record { row, cells })
    }
}
