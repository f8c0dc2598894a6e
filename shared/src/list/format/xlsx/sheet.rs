//! The cells of one sheet.

use super::super::number;
use super::super::workbook::{ROWS_MAX, Row, WIDTH_MAX};
use super::super::xml::{Piece, Xml, plain_attributes};
use super::super::{Record, refusal};
use super::{Contents, PIECES, append, unescape};
use crate::problem::Problem;
use quick_xml::events::BytesStart;

/// How far the sheet is read.
#[derive(Default)]
pub(super) struct Sheet {
    /// Row as the spreadsheet shows it; 0 before the first.
    row: u32,
    /// Column of the next cell that does not say where it stands.
    column: usize,
    hidden_rows: u32,
    cells: Row,
    cell: Cell,
    inside: bool,
}

#[derive(Default)]
struct Cell {
    column: usize,
    kind: Kind,
    style: usize,
    formula: bool,
    text: String,
}

/// The attribute `t`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Number,
    Shared,
    Text,
    Truth,
    /// An error, or a date in ISO 8601: what stands there is handed on.
    Plain,
}

impl Sheet {
    /// Rows that are hidden, so far.
    pub fn hidden_rows(&self) -> u32 {
        self.hidden_rows
    }

    /// Reads on; true at the end of the sheet.
    pub fn read(&mut self, xml: &mut Xml, contents: &Contents, out: &mut Vec<Record>) -> Result<bool, Problem> {
        for _ in 0..PIECES {
            match xml.next()? {
                Piece::Start(tag) => match tag.local_name().as_ref() {
                    "sheetData" => self.inside = true,
                    _ if !self.inside => {}
                    "c" => self.cell(&tag)?,
                    "v" | "t" => append(xml, &mut self.cell.text)?,
                    "row" => self.row(&tag)?,
                    "f" => {
                        self.cell.formula = true;
                        xml.skip()?;
                    }
                    "is" | "r" => {}
                    _ => xml.skip()?,
                },
                Piece::End(tag) if self.inside => match tag.local_name().as_ref() {
                    "c" => self.put(contents)?,
                    "row" => {
                        out.extend(self.cells.take(self.row));
                        if self.cells.pause() {
                            return Ok(false);
                        }
                    }
                    "sheetData" => return Ok(true),
                    _ => {}
                },
                Piece::Over => return Ok(true),
                _ => {}
            }
        }
        Ok(false)
    }

    fn row(&mut self, tag: &BytesStart) -> Result<(), Problem> {
        let mut row = self.row.saturating_add(1);
        let mut hidden = false;
        for (name, value) in plain_attributes(tag) {
            match name {
                "r" => row = value.parse().map_err(|_| misplaced())?,
                "hidden" => hidden = matches!(value, "1" | "true"),
                _ => {}
            }
        }
        if row <= self.row || row > ROWS_MAX {
            return Err(misplaced());
        }
        self.row = row;
        self.column = 0;
        self.hidden_rows += u32::from(hidden);
        Ok(())
    }

    fn cell(&mut self, tag: &BytesStart) -> Result<(), Problem> {
        let mut text = std::mem::take(&mut self.cell.text);
        text.clear();
        self.cell = Cell { column: self.column, text, ..Cell::default() };
        for (name, value) in plain_attributes(tag) {
            match name {
                "r" => self.cell.column = column(value).filter(|at| *at >= self.column).ok_or_else(misplaced)?,
                "s" => self.cell.style = value.parse().unwrap_or(0),
                "t" => {
                    self.cell.kind = match value {
                        "s" => Kind::Shared,
                        "str" | "inlineStr" => Kind::Text,
                        "b" => Kind::Truth,
                        "e" | "d" => Kind::Plain,
                        _ => Kind::Number,
                    }
                }
                _ => {}
            }
        }
        if self.cell.column >= WIDTH_MAX {
            return Err(refusal::too_many_columns(self.row));
        }
        self.column = self.cell.column + 1;
        Ok(())
    }

    fn put(&mut self, contents: &Contents) -> Result<(), Problem> {
        let Cell { column, kind, style, formula, text } = &self.cell;
        let value = match kind {
            Kind::Text => unescape(text),
            // The program that wrote the file did not compute it: nobody knows what would stand there.
            _ if text.is_empty() => {
                if *formula {
                    "#FORMULA".to_owned()
                } else {
                    return Ok(());
                }
            }
            Kind::Shared => {
                let string = text.trim().parse().ok().and_then(|number| contents.strings.get(number));
                string
                    .ok_or_else(|| refusal::damaged("A cell of the spreadsheet refers to a text that is not there."))?
            }
            Kind::Truth => if text == "1" { "TRUE" } else { "FALSE" }.to_owned(),
            Kind::Plain => text.clone(),
            Kind::Number => {
                let shown = contents.styles.get(*style).copied().unwrap_or_default();
                let date = (!shown.is_number()).then(|| text.trim().parse().ok()).flatten();
                let date = date.and_then(|serial| shown.date(serial, contents.since_1904));
                date.unwrap_or_else(|| number::number(text))
            }
        };
        self.cells.put(self.row, *column, value)
    }
}

/// The column of a cell's name: `AB12` is 27.
fn column(name: &str) -> Option<usize> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic);
    let mut column = 0usize;
    let mut count = 0;
    for letter in letters {
        column = column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        count += 1;
        if count > 3 {
            return None;
        }
    }
    column.checked_sub(1)
}

fn misplaced() -> Problem {
    refusal::damaged("The rows or cells of the sheet are not in their order, or there are more than a sheet has.")
}

#[cfg(test)]
mod tests {
    use super::column;

    #[test]
    fn columns_have_letters() {
        for (name, at) in [("A1", 0), ("Z9", 25), ("AA1", 26), ("ab12", 27), ("XFD1048576", 16_383), ("C", 2)] {
            assert_eq!(column(name), Some(at), "{name}");
        }
        for name in ["", "1", "AAAA1", "é1"] {
            assert_eq!(column(name), None, "{name}");
        }
    }
}
