//! A list, pushed in pieces: rows out.

use super::columns::Columns;
use super::csv::{Record, Records};
use super::refusal::masked;
use super::row::{self, Bad};
use super::{Reason, Rejection, Row, Rules};
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

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
}

/// Reads a list in pieces of any size. Memory is bounded by the longest row allowed, and 16 bytes and some a row
/// for the search for duplicates.
pub struct Reader {
    rules: Rules,
    records: Records,
    parsed: Vec<Record>,
    columns: Option<Columns>,
    seen: HashSet<u128, BuildHasherDefault<AsIs>>,
    niks: u32,
    niks_ending_in_0: u32,
    summary: Summary,
    /// A list that was refused stays refused.
    refused: Option<Problem>,
}

impl Reader {
    /// Nothing read yet.
    pub fn new(rules: Rules) -> Self {
        Reader {
            rules,
            records: Records::new(),
            parsed: Vec::new(),
            columns: None,
            seen: HashSet::default(),
            niks: 0,
            niks_ending_in_0: 0,
            summary: Summary::default(),
            refused: None,
        }
    }

    /// Reads on; rows that are whole are added to `out`. A problem refuses the list as a whole, and is answered
    /// again to every later call.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<Row>) -> Result<(), Problem> {
        self.advance(out, |records, parsed| records.push(chunk, parsed))
    }

    /// The file has ended; its last rows are added to `out`.
    pub fn finish(mut self, out: &mut Vec<Row>) -> Result<Summary, Problem> {
        self.advance(out, Records::finish)?;
        let Some(columns) = self.columns else {
            return Err(Problem::new(
                422,
                "empty_file",
                "The file is empty",
                "The file has no row with anything in it.",
                "Upload a file whose first row names the columns, with one taxpayer in each row below.",
            ));
        };
        self.summary.columns = columns.mapping();
        self.summary.header = columns.header().to_vec();
        self.summary.niks_seem_cut = self.niks >= NIKS_MIN && self.niks_ending_in_0 > self.niks / 2;
        Ok(self.summary)
    }

    fn advance(
        &mut self,
        out: &mut Vec<Row>,
        parse: impl FnOnce(&mut Records, &mut Vec<Record>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        if let Some(problem) = &self.refused {
            return Err(problem.clone());
        }
        let mut parsed = std::mem::take(&mut self.parsed);
        let result = parse(&mut self.records, &mut parsed);
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
            return Ok(());
        };
        let delimiter = char::from(self.records.delimiter().unwrap_or(b';'));
        let Record { row, cells } = record;
        self.summary.rows += 1;
        let bad = match row::read(row, &cells, columns, delimiter, &self.rules) {
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
