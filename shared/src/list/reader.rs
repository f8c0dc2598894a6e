//! A list, pushed in pieces: rows out.

use super::columns::Columns;
use super::format::{File, Format, Record, Records};
use super::refusal::masked;
use super::row::{self, Bad};
use super::total::is_total;
use super::{Reason, Rejection, Row, Rules};
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// No cell of delimited text has it: other files have no delimiter that could shift their cells.
const NO_DELIMITER: char = '\0';

/// NIKs below which their last digits tell nothing about the list.
const NIKS_MIN: u32 = 5;

/// What a whole list came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Rows below the header with anything in them; the sum of the accepted and the rejected.
    pub rows: u32,
    /// Rows that can be called.
    pub accepted: u32,
    /// Rows that cannot, duplicates among them.
    pub rejected: u32,
    /// Rows rejected as `duplicate`.
    pub duplicates: u32,
    /// Accepted rows with at least one warning.
    pub warnings: u32,
    /// More than half of the NIKs end in 0, where a tenth should: a spreadsheet seems to have cut their last digit,
    /// and they may be other people's.
    pub niks_seem_cut: bool,
    /// Columns that were recognised: name in the file, field.
    pub columns: Vec<(String, String)>,
    /// The header line as in the file.
    pub header: Vec<String>,
    /// What kind of file it was, and what of it is not among the rows.
    pub file: File,
}

/// Reads a list in pieces of any size. Memory is bounded by the longest row allowed, and 16 bytes and some a row
/// for the search for duplicates.
pub struct Reader {
    rules: Rules,
    /// `None` if the format that was named is not known.
    records: Option<Records>,
    parsed: Vec<Record>,
    columns: Option<Columns>,
    /// The delimiter of delimited text.
    delimiter: Option<char>,
    ended: bool,
    seen: HashSet<u128, BuildHasherDefault<AsIs>>,
    niks: u32,
    niks_ending_in_0: u32,
    summary: Summary,
    /// A list that was refused stays refused.
    refused: Option<Problem>,
}

impl Reader {
    /// Nothing read yet, and nothing said of the file's format.
    pub fn new(rules: Rules) -> Self {
        Reader::with_format(rules, Format::default())
    }

    /// Nothing read yet. If what is said of the format is not known, the first bytes are refused.
    pub fn with_format(rules: Rules, format: Format) -> Self {
        let is_header = |cells: &[String]| Columns::find(cells.to_vec()).map(drop);
        let (records, refused) = match Records::new(format, Box::new(is_header)) {
            Ok(records) => (Some(records), None),
            Err(problem) => (None, Some(problem)),
        };
        Reader {
            rules,
            records,
            parsed: Vec::new(),
            columns: None,
            delimiter: None,
            ended: false,
            seen: HashSet::default(),
            niks: 0,
            niks_ending_in_0: 0,
            summary: Summary::default(),
            refused,
        }
    }

    /// Reads on; rows that are whole are added to `out`. A problem refuses the list as a whole, and is answered
    /// again to every later call.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<Row>) -> Result<(), Problem> {
        self.give(chunk, out)?;
        while self.step(out)? {}
        Ok(())
    }

    /// As [`Reader::push`], but of packed files it only takes the bytes: [`Reader::step`] reads them.
    pub fn give(&mut self, chunk: &[u8], out: &mut Vec<Row>) -> Result<(), Problem> {
        self.advance(out, |records, parsed| records.push(chunk, parsed))
    }

    /// No more bytes will come; what is left of the file, [`Reader::step`] reads.
    pub fn end(&mut self, out: &mut Vec<Row>) -> Result<(), Problem> {
        if std::mem::replace(&mut self.ended, true) {
            return Ok(());
        }
        self.advance(out, Records::end)
    }

    /// Goes on with what it has, a part at a time: however much a file unpacks to, `out` gets a bounded number of rows.
    /// False if nothing is left to do.
    pub fn step(&mut self, out: &mut Vec<Row>) -> Result<bool, Problem> {
        self.advance(out, Records::step)
    }

    /// The file has ended; its last rows are added to `out`.
    pub fn finish(mut self, out: &mut Vec<Row>) -> Result<Summary, Problem> {
        self.end(out)?;
        while self.step(out)? {}
        if let Some(columns) = self.columns {
            self.summary.columns = columns.mapping();
            self.summary.header = columns.header().to_vec();
        }
        if let Some(records) = self.records {
            let File { totals, beyond_header, .. } = self.summary.file;
            self.summary.file = File { totals, beyond_header, ..records.file() };
        }
        self.summary.niks_seem_cut = self.niks >= NIKS_MIN && self.niks_ending_in_0 > self.niks / 2;
        Ok(self.summary)
    }

    fn advance<T: Default>(
        &mut self,
        out: &mut Vec<Row>,
        parse: impl FnOnce(&mut Records, &mut Vec<Record>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        if let Some(problem) = &self.refused {
            return Err(problem.clone());
        }
        let Some(records) = &mut self.records else { return Ok(T::default()) };
        let mut parsed = std::mem::take(&mut self.parsed);
        let result = parse(records, &mut parsed);
        let result = parsed.drain(..).try_for_each(|record| self.record(record, out)).and(result);
        self.parsed = parsed;
        if let Err(problem) = &result {
            self.refused = Some(problem.clone());
        }
        result
    }

    fn record(&mut self, record: Record, out: &mut Vec<Row>) -> Result<(), Problem> {
        let Some(columns) = &self.columns else {
            self.columns = Some(Columns::find(record.cells)?);
            self.delimiter = self.records.as_ref().and_then(|records| records.file().delimiter);
            return Ok(());
        };
        let Record { row, mut cells } = record;
        if is_total(&cells, columns) {
            self.summary.file.totals += 1;
            return Ok(());
        }
        self.summary.rows += 1;
        let mut read = cells.len();
        if self.delimiter.is_none() {
            // Each cell says in which column it stands: what is missing at the end is empty, and what is behind the
            // header's columns has shifted nothing.
            read = columns.header().len();
            let beyond = cells.get(read..).unwrap_or_default();
            self.summary.file.beyond_header += u32::from(beyond.iter().any(|cell| !cell.trim().is_empty()));
            cells.resize(cells.len().max(read), String::new());
        }
        let delimiter = self.delimiter.unwrap_or(NO_DELIMITER);
        let bad = match row::read(row, cells.get(..read).unwrap_or_default(), columns, delimiter, &self.rules) {
            Ok(good) => {
                self.niks += u32::from(good.nik_end.is_some());
                self.niks_ending_in_0 += u32::from(good.nik_end == Some('0'));
                if self.seen.insert(good.identity) {
                    self.summary.accepted += 1;
                    self.summary.warnings += u32::from(!good.warnings.is_empty());
                    out.push(Row::Accepted { contact: good.contact, warnings: good.warnings });
                    return Ok(());
                }
                self.summary.duplicates += 1;
                Bad { reason: Reason::Duplicate, field: Some(super::columns::Field::TaxpayerId) }
            }
            Err(bad) => bad,
        };
        self.summary.rejected += 1;
        let at = bad.field.and_then(|field| columns.column(&cells, field));
        let text = |row: &[String]| at.and_then(|at| row.get(at)).cloned().unwrap_or_default();
        out.push(Row::Rejected(Rejection {
            row,
            column: text(columns.header()),
            reason: bad.reason,
            value: masked(&text(&cells)),
            hint: bad.reason.hint(),
            cells,
        }));
        Ok(())
    }
}

/// The keys are hashes already.
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

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}
