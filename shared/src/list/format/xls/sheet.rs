//! The cells of one sheet.

use super::super::ole::{long, short};
use super::super::workbook::Row;
use super::super::{Record, number, refusal};
use super::Globals;
use super::records::{Records, broken, short_text};
use crate::problem::Problem;

const EOF: u16 = 0x0a;
const BOF: u16 = 0x809;
const FORMULA: u16 = 0x06;
const STRING: u16 = 0x207;
const ROW: u16 = 0x208;
const LABELSST: u16 = 0xfd;
const LABEL: u16 = 0x204;
const RSTRING: u16 = 0xd6;
const NUMBER: u16 = 0x203;
const RK: u16 = 0x27e;
const MULRK: u16 = 0xbd;
const BOOLERR: u16 = 0x205;

/// Records that are read in one step.
const RECORDS: usize = 20_000;

/// How far the sheet is read.
#[derive(Default)]
pub(super) struct Sheet {
    /// Row as the spreadsheet shows it; 0 before the first.
    row: u32,
    cells: Row,
    /// The text of a formula comes in a record of its own.
    awaited: Option<usize>,
    /// Charts within the sheet have a beginning and an end of their own.
    depth: u32,
    hidden_rows: u32,
}

impl Sheet {
    /// Rows that are hidden, so far.
    pub fn hidden_rows(&self) -> u32 {
        self.hidden_rows
    }

    /// Reads on; true at the end of the sheet.
    pub fn read(&mut self, records: &mut Records, globals: &Globals, out: &mut Vec<Record>) -> Result<bool, Problem> {
        for _ in 0..RECORDS {
            let (kind, data) = records.next()?;
            match kind {
                BOF => self.depth = self.depth.saturating_add(1),
                EOF if self.depth > 1 => self.depth -= 1,
                EOF => {
                    out.extend(self.cells.take(self.row));
                    return Ok(true);
                }
                _ if self.depth > 1 => {}
                ROW => self.hidden_rows += u32::from(data.get(12).is_some_and(|flags| flags & 0x20 != 0)),
                STRING => {
                    if let Some(column) = self.awaited.take() {
                        let count = usize::from(short(data, 0).unwrap_or(0));
                        self.cells.put(self.row, column, short_text(data.get(2..).unwrap_or_default(), count))?;
                    }
                }
                LABELSST | LABEL | RSTRING | NUMBER | RK | MULRK | BOOLERR | FORMULA => {
                    let row = u32::from(short(data, 0).ok_or_else(broken)?) + 1;
                    if row < self.row {
                        return Err(refusal::damaged("The rows of the sheet are not in their order."));
                    }
                    let begins = row > self.row;
                    if begins {
                        out.extend(self.cells.take(self.row));
                        self.row = row;
                    }
                    self.cell(kind, data, globals)?;
                    if begins && self.cells.pause() {
                        return Ok(false);
                    }
                }
                _ => {}
            }
        }
        Ok(false)
    }

    fn cell(&mut self, kind: u16, data: &[u8], globals: &Globals) -> Result<(), Problem> {
        let mut column = usize::from(short(data, 2).ok_or_else(broken)?);
        let style = short(data, 4).unwrap_or(0);
        let rest = data.get(6..).unwrap_or_default();
        self.awaited = None;
        let text = match kind {
            LABELSST => {
                let string = long(rest, 0).and_then(|number| globals.strings.get(number as usize));
                string
                    .ok_or_else(|| refusal::damaged("A cell of the spreadsheet refers to a text that is not there."))?
            }
            LABEL | RSTRING => short_text(rest.get(2..).unwrap_or_default(), usize::from(short(rest, 0).unwrap_or(0))),
            NUMBER => shown(double(rest).ok_or_else(broken)?, style, globals),
            RK => shown(packed(long(rest, 0).ok_or_else(broken)?), style, globals),
            MULRK => {
                // The last two bytes are the last column.
                let cells = data.get(4..data.len().saturating_sub(2)).unwrap_or_default();
                for cell in cells.chunks_exact(6) {
                    let value = packed(long(cell, 2).unwrap_or(0));
                    self.cells.put(self.row, column, shown(value, short(cell, 0).unwrap_or(0), globals))?;
                    column += 1;
                }
                return Ok(());
            }
            BOOLERR => match rest {
                [value, 0, ..] => truth(*value),
                [code, ..] => error(*code),
                [] => return Err(broken()),
            },
            _ => match rest.get(..8) {
                // Not a number, but something else.
                Some([0, .., 0xff, 0xff]) => {
                    self.awaited = Some(column);
                    return Ok(());
                }
                Some([1, _, value, .., 0xff, 0xff]) => truth(*value),
                Some([2, _, code, .., 0xff, 0xff]) => error(*code),
                Some([3, .., 0xff, 0xff]) => return Ok(()),
                Some(value) => shown(double(value).ok_or_else(broken)?, style, globals),
                None => return Err(broken()),
            },
        };
        self.cells.put(self.row, column, text)
    }
}

fn shown(value: f64, style: u16, globals: &Globals) -> String {
    let shown = globals.styles.get(usize::from(style)).copied().unwrap_or_default();
    let date = if shown.is_number() { None } else { shown.date(value, globals.since_1904) };
    date.unwrap_or_else(|| number::double(value))
}

fn double(bytes: &[u8]) -> Option<f64> {
    bytes.first_chunk().map(|bytes| f64::from_le_bytes(*bytes))
}

/// A number in 30 bits: whole, or the upper half of a double; the lowest bit says that it is a hundredth.
fn packed(bits: u32) -> f64 {
    let value = if bits & 2 != 0 { f64::from(bits as i32 >> 2) } else { f64::from_bits(u64::from(bits & !3) << 32) };
    if bits & 1 != 0 { value / 100.0 } else { value }
}

fn truth(value: u8) -> String {
    if value == 0 { "FALSE" } else { "TRUE" }.to_owned()
}

fn error(code: u8) -> String {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0f => "#VALUE!",
        0x17 => "#REF!",
        0x1d => "#NAME?",
        0x24 => "#NUM!",
        0x2a => "#N/A",
        _ => "#ERROR",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::packed;

    #[test]
    fn numbers_in_30_bits() {
        assert_eq!(packed(12_345 << 2 | 2), 12_345.0);
        assert_eq!(packed(12_345 << 2 | 3), 123.45);
        assert_eq!(packed((-5i32 << 2) as u32 | 2), -5.0);
        assert_eq!(packed((1.5f64.to_bits() >> 32) as u32), 1.5);
    }
}
