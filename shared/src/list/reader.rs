//! A list, pushed in pieces: rows out.

use super::csv::{Record, Records};
use super::identity::Identities;
use super::judge::Judge;
use super::{Origin, Reason, Rejection, Row, Rules};
use crate::problem::Problem;
use serde::{Deserialize, Serialize};

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
    /// Columns that serve no field and are kept with the contacts.
    pub kept_columns: Vec<String>,
    /// The header line as in the file.
    pub header: Vec<String>,
}

impl Summary {
    /// Columns that serve no field.
    pub fn ignored_columns(&self) -> Vec<&String> {
        super::shelf::ignored(&self.header, &self.columns, &self.kept_columns)
    }
}

/// Reads a list in pieces of any size. Memory is bounded by the longest row allowed, and 16 bytes and some a row
/// for the search for duplicates.
pub struct Reader {
    records: Records,
    parsed: Vec<Record>,
    judge: Judge,
    /// A list that was refused stays refused.
    refused: Option<Problem>,
}

impl Reader {
    /// Nothing read yet.
    pub fn new(rules: Rules) -> Self {
        Reader { records: Records::new(), parsed: Vec::new(), judge: Judge::new(rules), refused: None }
    }

    /// Reads on; rows that are whole are added to `out`. A problem refuses the list as a whole, and is answered
    /// again to every later call.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<Row>) -> Result<(), Problem> {
        self.advance(out, |records, parsed| records.push(chunk, parsed))
    }

    /// The file has ended; its last rows are added to `out`.
    pub fn finish(mut self, out: &mut Vec<Row>) -> Result<Summary, Problem> {
        self.end(out)?;
        Ok(self.judge.finish()?.0)
    }

    /// The file has ended; its last rows are added to `out`, and may still be judged.
    pub(super) fn end(&mut self, out: &mut Vec<Row>) -> Result<(), Problem> {
        self.advance(out, Records::finish)
    }

    /// What the file came to, and what its accepted rows are known by, after its [end](Self::end).
    pub(super) fn close(self) -> Result<(Summary, Identities), Problem> {
        self.judge.finish()
    }

    /// Takes back an accepted row that was found in another list.
    pub(super) fn reject(&mut self, row: u32, origin: Origin, reason: Reason, list: &str) -> Option<Rejection> {
        self.judge.reject(row, origin, reason, list)
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
        let delimiter = char::from(self.records.delimiter().unwrap_or(b';'));
        let judge = &mut self.judge;
        let judged = parsed.drain(..).try_for_each(|r| judge.record(r.row, r.cells, delimiter, out));
        let result = judged.and(result);
        self.parsed = parsed;
        if let Err(problem) = &result {
            self.refused = Some(problem.clone());
        }
        result
    }
}
