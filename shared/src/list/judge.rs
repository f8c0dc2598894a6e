//! Records in, rows out: the header found, each row judged, what is in the file twice noticed.

use super::columns::{Columns, Field};
use super::format::Record;
use super::identity::Identities;
use super::refusal::masked;
use super::row::{self, Bad};
use super::total::is_total;
use super::{Origin, Reason, Rejection, Row, Rules, Summary, Warning};
use crate::problem::Problem;

/// No cell of delimited text has it: other files have no delimiter that could shift their cells.
const NO_DELIMITER: char = '\0';
/// NIKs below which their last digits tell nothing about the list.
const NIKS_MIN: u32 = 5;

/// Judges the records of a file.
pub(super) struct Judge {
    rules: Rules,
    columns: Option<Columns>,
    seen: Identities,
    niks: u32,
    niks_ending_in_0: u32,
    summary: Summary,
}

impl Judge {
    pub fn new(rules: Rules) -> Self {
        Judge {
            rules,
            columns: None,
            seen: Identities::new(),
            niks: 0,
            niks_ending_in_0: 0,
            summary: Summary::default(),
        }
    }

    /// Takes the next record that is not empty: the first is the header. `delimiter`: what parts the cells of delimited
    /// text.
    pub fn record(&mut self, record: Record, delimiter: Option<char>, out: &mut Vec<Row>) -> Result<(), Problem> {
        let Some(columns) = &self.columns else {
            self.columns = Some(Columns::find(record.cells, &self.rules.mapping)?.keeping(&self.rules.keep));
            return Ok(());
        };
        let Record { row, mut cells } = record;
        let names_somebody = |at| [Field::Phone, Field::TaxpayerId].iter().any(|f| columns.of(*f).any(|c| c == at));
        if is_total(&cells, names_somebody) {
            self.summary.file.totals += 1;
            return Ok(());
        }
        self.summary.rows += 1;
        let mut read = cells.len();
        if delimiter.is_none() {
            // Each cell says in which column it stands: what is missing at the end is empty, and what is behind the
            // header's columns has shifted nothing.
            read = columns.header().len();
            let beyond = cells.get(read..).unwrap_or_default();
            self.summary.file.beyond_header += u32::from(beyond.iter().any(|cell| !cell.trim().is_empty()));
            cells.resize(cells.len().max(read), String::new());
        }
        let delimiter = delimiter.unwrap_or(NO_DELIMITER);
        let bad = match row::read(row, cells.get(..read).unwrap_or_default(), columns, delimiter, &self.rules) {
            Ok(good) => {
                self.niks += u32::from(good.nik_end.is_some());
                self.niks_ending_in_0 += u32::from(good.nik_end == Some('0'));
                if self.seen.insert(good.identity) {
                    self.summary.accepted += 1;
                    self.summary.warnings += u32::from(!good.warnings.is_empty());
                    let cell = |warning: &Warning| warning.field().map_or("", |field| columns.cell(&cells, field));
                    let values = good.warnings.iter().map(|warning| masked(cell(warning))).collect();
                    let origin = Origin { identity: good.identity, guesses: good.guesses, values, cells };
                    out.push(Row::Accepted { contact: good.contact, warnings: good.warnings, origin });
                    return Ok(());
                }
                self.summary.duplicates += 1;
                Bad { reason: Reason::Duplicate, field: Some(Field::TaxpayerId) }
            }
            Err(bad) => bad,
        };
        self.summary.rejected += 1;
        out.push(Row::Rejected(rejection(columns, row, cells, bad, None)));
        Ok(())
    }

    /// Takes back an accepted row that was found in another list.
    pub fn reject(&mut self, row: u32, origin: Origin, reason: Reason, list: &str) -> Option<Rejection> {
        self.seen.remove(origin.identity);
        self.summary.accepted = self.summary.accepted.saturating_sub(1);
        self.summary.warnings = self.summary.warnings.saturating_sub(u32::from(!origin.values.is_empty()));
        self.summary.rejected += 1;
        let bad = Bad { reason, field: Some(Field::TaxpayerId) };
        Some(rejection(self.columns.as_ref()?, row, origin.cells, bad, Some(list.to_owned())))
    }

    /// What the file came to, and what its accepted rows are known by.
    pub fn finish(mut self) -> Result<(Summary, Identities), Problem> {
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
        self.summary.kept_columns = columns.kept().map(|(name, _)| name.to_owned()).collect();
        self.summary.header = columns.header().to_vec();
        self.summary.niks_seem_cut = self.niks >= NIKS_MIN && self.niks_ending_in_0 > self.niks / 2;
        Ok((self.summary, self.seen))
    }
}

fn rejection(columns: &Columns, row: u32, cells: Vec<String>, bad: Bad, list: Option<String>) -> Rejection {
    let at = bad.field.and_then(|field| columns.column(&cells, field));
    let text = |row: &[String]| at.and_then(|at| row.get(at)).cloned().unwrap_or_default();
    Rejection {
        row,
        column: text(columns.header()),
        reason: bad.reason,
        value: masked(&text(&cells)),
        hint: bad.reason.hint(),
        list,
        cells,
    }
}
