//! Tables as files: what was rejected and what was noted, as CSV, JSON or XLSX, written part by part.

mod contacts;
mod xlsx;
mod zip;

pub use contacts::{ContactLine, contact_titles};

use super::columns::OWN;
use super::{Rejection, Remark};
use crate::problem::Problem;
use serde::Serialize;
use xlsx::Workbook;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// UTF-8 with its mark, by which spreadsheet programs know it; semicolons.
    Csv,
    /// An array of objects.
    Json,
    /// A workbook in which every cell is text.
    Xlsx,
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

impl TableFormat {
    /// What the header `Accept` asks for; CSV where it asks for nothing known here.
    pub fn of(accept: Option<&str>) -> Self {
        match accept {
            Some(accept) if accept.contains("json") => TableFormat::Json,
            Some(accept) if accept.contains(XLSX) => TableFormat::Xlsx,
            _ => TableFormat::Csv,
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            TableFormat::Csv => "text/csv; charset=utf-8",
            TableFormat::Json => "application/json",
            TableFormat::Xlsx => XLSX,
        }
    }
}

/// A row of a table.
pub trait Line: Serialize {
    /// Its cells.
    fn cells(&self) -> Vec<String>;
}

/// A table on its way.
pub struct Table {
    format: TableFormat,
    titles: Vec<String>,
    workbook: Option<Workbook>,
    any: bool,
}

impl Table {
    /// Begins a table: its first bytes are added to `out`.
    pub fn new(format: TableFormat, titles: Vec<String>, out: &mut Vec<u8>) -> Result<Self, Problem> {
        let mut table = Table { format, titles, workbook: None, any: false };
        match format {
            TableFormat::Csv => {
                out.extend_from_slice("\u{feff}".as_bytes());
                csv_line(&table.titles, out);
            }
            TableFormat::Json => out.push(b'['),
            TableFormat::Xlsx => table.workbook = Some(Workbook::new(&table.titles, out)?),
        }
        Ok(table)
    }

    /// Adds a row.
    pub fn add<L: Line>(&mut self, line: &L, out: &mut Vec<u8>) -> Result<(), Problem> {
        match self.format {
            TableFormat::Csv => {
                let mut cells = line.cells();
                // A row that lost its last cells has them empty, so that what follows stands under its title.
                cells.resize(cells.len().max(self.titles.len()), String::new());
                csv_line(&cells, out);
            }
            TableFormat::Json => {
                if self.any {
                    out.push(b',');
                }
                // Plain data always has a form in JSON, and memory takes it.
                let _ = serde_json::to_writer(&mut *out, line);
            }
            TableFormat::Xlsx => {
                if let Some(workbook) = &mut self.workbook {
                    workbook.row(&line.cells(), out)?;
                }
            }
        }
        self.any = true;
        Ok(())
    }

    /// Ends the table.
    pub fn end(self, out: &mut Vec<u8>) -> Result<(), Problem> {
        match (self.format, self.workbook) {
            (TableFormat::Json, _) => out.push(b']'),
            (_, Some(workbook)) => workbook.end(out)?,
            _ => {}
        }
        Ok(())
    }
}

/// A rejected row in the file's own columns, with its number, the reason and what to do: ready to be corrected and sent
/// again.
#[derive(Debug, Serialize)]
pub struct RejectedLine<'a> {
    #[serde(flatten)]
    rejection: &'a Rejection,
    #[serde(skip)]
    columns: usize,
}

/// The titles of rejected rows, given the file's header.
pub fn rejected_titles(header: &[String]) -> Vec<String> {
    header.iter().take(own_columns(header)).cloned().chain(OWN.map(str::to_owned)).collect()
}

/// How many columns are the file's own: a corrected file may still have ours at its end.
fn own_columns(header: &[String]) -> usize {
    match header.strip_suffix(&OWN.map(str::to_owned)) {
        Some(rest) => rest.len(),
        None => header.len(),
    }
}

impl<'a> RejectedLine<'a> {
    pub fn of(rejection: &'a Rejection, header: &[String]) -> Self {
        RejectedLine { rejection, columns: own_columns(header) }
    }
}

impl Line for RejectedLine<'_> {
    fn cells(&self) -> Vec<String> {
        let Rejection { row, reason, hint, list, cells, .. } = self.rejection;
        let mut cells = cells.clone();
        // Of a row with too many cells none is left out: which of them are too many nobody knows.
        if cells.len() <= self.columns + OWN.len() {
            cells.resize(self.columns, String::new());
        }
        let hint = match list {
            Some(list) => format!("{hint} It is list {list}."),
            None => (*hint).to_owned(),
        };
        cells.extend([row.to_string(), reason.as_str().to_owned(), hint]);
        cells
    }
}

/// The titles of what was noted of accepted rows.
pub fn noted_titles() -> Vec<String> {
    ["row", "column", "warning", "value", "hint"].map(str::to_owned).into()
}

impl Line for Remark {
    fn cells(&self) -> Vec<String> {
        let Remark { row, column, warning, value, hint } = self;
        vec![row.to_string(), column.clone(), (*warning).to_owned(), value.clone(), (*hint).to_owned()]
    }
}

fn csv_line(cells: &[String], out: &mut Vec<u8>) {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(&mut *out);
    // Writing into memory cannot fail.
    for cell in cells {
        let _ = writer.write_field(inert(cell).as_bytes());
    }
    let _ = writer.write_record(None::<&[u8]>);
    let _ = writer.flush();
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe in front, which reading a list drops again.
fn inert(cell: &str) -> std::borrow::Cow<'_, str> {
    match super::text::is_formula(cell) {
        true => format!("'{cell}").into(),
        false => cell.into(),
    }
}

#[cfg(test)]
mod tests;
