//! XLS (MS-XLS, Excel 97 to 2003), record by record. Formulas by the values that were saved with them.

mod globals;
mod records;
mod sheet;

use super::blocks::Blocks;
use super::ole::Ole;
use super::strings::Strings;
use super::workbook::{Book, find_sheet};
use super::{File, Record, State, refusal};
use crate::list::format::number::Shown;
use crate::problem::Problem;
use records::Records;
use sheet::Sheet;

/// Opens a compound file.
pub(super) fn open(blocks: Blocks, wanted: Option<&str>) -> Result<Box<dyn Book>, Problem> {
    let ole = Ole::open(blocks)?;
    if ole.has("EncryptedPackage") {
        return Err(refusal::encrypted());
    }
    if !ole.has("Workbook") {
        return Err(refusal::kind(if ole.has("Book") {
            "The file is a spreadsheet of Excel 95 or older."
        } else {
            "The file is an older office document, not a spreadsheet."
        }));
    }
    let mut records = Records::new(ole.stream("Workbook")?);
    let globals = globals::read(&mut records)?;
    let names: Vec<String> = globals.sheets.iter().map(|sheet| sheet.name.clone()).collect();
    let mut queue: Vec<usize> = match wanted {
        Some(wanted) => vec![find_sheet(wanted, &names)?],
        None => (0..names.len()).filter(|at| globals.sheets.get(*at).is_some_and(|sheet| !sheet.hidden)).collect(),
    };
    queue.reverse();
    Ok(Box::new(Xls { records, globals, queue, current: None, sheet: Sheet::default() }))
}

/// An opened workbook.
struct Xls {
    records: Records,
    globals: Globals,
    queue: Vec<usize>,
    current: Option<usize>,
    sheet: Sheet,
}

/// What cells refer to.
struct Globals {
    sheets: Vec<Place>,
    strings: Strings,
    styles: Vec<Shown>,
    since_1904: bool,
}

struct Place {
    name: String,
    at: usize,
    hidden: bool,
}

impl Book for Xls {
    fn step(&mut self, out: &mut Vec<Record>) -> Result<State, Problem> {
        if self.current.is_none() {
            return Ok(if self.next_table()? { State::More } else { State::Over });
        }
        Ok(if self.sheet.read(&mut self.records, &self.globals, out)? { State::Over } else { State::More })
    }

    fn next_table(&mut self) -> Result<bool, Problem> {
        let next = self.queue.pop().and_then(|at| Some((at, self.globals.sheets.get(at)?)));
        let Some((current, place)) = next else { return Ok(false) };
        self.current = Some(current);
        self.records.go(place.at);
        self.sheet = Sheet::default();
        Ok(true)
    }

    fn describe(&self, file: &mut File) {
        file.kind = "xls".to_owned();
        file.hidden_rows = self.sheet.hidden_rows();
        for (at, sheet) in self.globals.sheets.iter().enumerate() {
            if Some(at) == self.current {
                file.sheet = Some(sheet.name.clone());
            } else {
                file.other_sheets.push(sheet.name.clone());
            }
        }
    }
}
