//! A list, pushed in pieces: rows out.

use super::columns::Columns;
use super::format::{Content, File, Format, Record, Records};
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
    /// What kind of file it was, and what of it is not among the rows.
    pub file: File,
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
    /// `None` if the format that was named is not known.
    records: Option<Records>,
    parsed: Vec<Record>,
    ended: bool,
    judge: Judge,
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
        let mapping = rules.mapping.clone();
        let is_header = move |cells: &[String]| Columns::find(cells.to_vec(), &mapping).map(drop);
        let (records, refused) = match Records::new(format, Box::new(is_header)) {
            Ok(records) => (Some(records), None),
            Err(problem) => (None, Some(problem)),
        };
        Reader { records, parsed: Vec::new(), ended: false, judge: Judge::new(rules), refused }
    }

    /// Before the first bytes: adds them to a hash, as they are when they are unpacked.
    pub(super) fn listen(&mut self, content: Content) {
        self.records.iter_mut().for_each(|records| records.listen(content.clone()));
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
        Ok(self.close()?.0)
    }

    /// What the file came to, and what its accepted rows are known by, when there is nothing left to do.
    pub(super) fn close(self) -> Result<(Summary, Identities), Problem> {
        let (mut summary, identities) = self.judge.finish()?;
        if let Some(records) = self.records {
            let File { totals, beyond_header, .. } = summary.file;
            summary.file = File { totals, beyond_header, ..records.file() };
        }
        Ok((summary, identities))
    }

    /// Takes back an accepted row that was found in another list.
    pub(super) fn reject(&mut self, row: u32, origin: Origin, reason: Reason, list: &str) -> Option<Rejection> {
        self.judge.reject(row, origin, reason, list)
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
        let (judge, delimiter) = (&mut self.judge, records.file().delimiter);
        let judged = parsed.drain(..).try_for_each(|record| judge.record(record, delimiter, out));
        let result = judged.and(result);
        self.parsed = parsed;
        if let Err(problem) = &result {
            self.refused = Some(problem.clone());
        }
        result
    }
}
