//! ODS (OpenDocument 1.3): one document with all sheets, in which cells and rows may say how often they are repeated.

use super::number;
use super::workbook::{Book, ROWS_MAX, Row, SHEETS_MAX, STEP_BYTES, find_sheet};
use super::xml::{Piece, Xml, attribute};
use super::zip::Zip;
use super::{COLUMNS_MAX, FIELD_MAX, File, Record, State, refusal};
use crate::problem::Problem;
use quick_xml::events::BytesStart;

/// Pieces of XML that are read in one step.
const PIECES: usize = 20_000;

/// An opened spreadsheet.
pub(super) struct Ods {
    xml: Xml,
    wanted: Option<String>,
    names: Vec<String>,
    current: Option<usize>,
    row: u32,
    column: usize,
    cells: Row,
    cell: Cell,
    /// How often the row stands there.
    row_repeat: u32,
    /// A row that is still being handed on, and how often.
    repeated: Option<(Record, u32)>,
    hidden_rows: u32,
    inside: bool,
    over: bool,
}

#[derive(Default)]
struct Cell {
    repeat: usize,
    value: Option<String>,
    text: String,
    paragraphs: u32,
}

impl Ods {
    /// Looks whether it is a spreadsheet, and not encrypted.
    pub fn open(zip: Zip, wanted: Option<&str>) -> Result<Self, Problem> {
        let mut zip = zip;
        if zip.has("META-INF/manifest.xml") {
            let mut manifest = Xml::open(zip, "META-INF/manifest.xml", false)?;
            loop {
                match manifest.next()? {
                    Piece::Start(tag) if tag.local_name().as_ref() == "encryption-data" => {
                        return Err(refusal::encrypted());
                    }
                    Piece::Over => break,
                    _ => {}
                }
            }
            zip = manifest.into_zip();
        }
        Ok(Ods {
            xml: Xml::open(zip, "content.xml", true)?,
            wanted: wanted.map(str::to_owned),
            names: Vec::new(),
            current: None,
            row: 0,
            column: 0,
            cells: Row::default(),
            cell: Cell::default(),
            row_repeat: 1,
            repeated: None,
            hidden_rows: 0,
            inside: false,
            over: false,
        })
    }

    /// Reads up to the beginning of the next sheet that is wanted.
    fn find_table(&mut self) -> Result<bool, Problem> {
        let mut spreadsheet = self.current.is_some() || !self.names.is_empty();
        loop {
            match self.xml.next()? {
                Piece::Start(tag) => match tag.name().as_ref() {
                    "office:spreadsheet" => spreadsheet = true,
                    "table:table" if spreadsheet => {
                        let name = attribute(&tag, "table:name").unwrap_or_default().chars().take(80).collect();
                        self.names.push(name);
                        if self.names.len() > SHEETS_MAX {
                            return Err(refusal::hostile("The spreadsheet has too many sheets."));
                        }
                        let last = self.names.len() - 1;
                        let name = self.names.get(last..).unwrap_or_default();
                        if self.wanted.as_deref().is_none_or(|wanted| find_sheet(wanted, name).is_ok()) {
                            self.current = Some(last);
                            (self.row, self.inside, self.repeated) = (0, true, None);
                            self.cells = Row::default();
                            return Ok(true);
                        }
                        self.xml.skip()?;
                    }
                    _ => {}
                },
                Piece::Over => break,
                _ => {}
            }
        }
        self.over = true;
        if !spreadsheet {
            return Err(refusal::kind("The file is a document, not a spreadsheet."));
        }
        match &self.wanted {
            Some(wanted) if self.current.is_none() => find_sheet(wanted, &self.names).map(|_| false),
            _ => Ok(false),
        }
    }

    fn start_row(&mut self) -> Result<(), Problem> {
        self.row = self.row.saturating_add(1);
        self.column = 0;
        if self.row > ROWS_MAX || self.row_repeat > ROWS_MAX {
            return Err(too_many_rows());
        }
        Ok(())
    }

    /// Hands the row on, or lays it aside to be handed on so often as it stands there.
    fn end_row(&mut self, out: &mut Vec<Record>) -> Result<(), Problem> {
        let first = self.row;
        let last = first.saturating_add(self.row_repeat.saturating_sub(1));
        self.row = last.min(ROWS_MAX);
        let Some(record) = self.cells.take(first) else { return Ok(()) };
        if last > ROWS_MAX {
            return Err(too_many_rows());
        }
        if self.row_repeat > 1 {
            self.repeated = Some((record, self.row_repeat));
        } else {
            out.push(record);
        }
        Ok(())
    }

    fn hand_on(&mut self, out: &mut Vec<Record>) {
        let Some((mut record, mut left)) = self.repeated.take() else { return };
        let mut bytes = 0;
        while left > 0 && bytes < STEP_BYTES {
            out.push(record.clone());
            bytes += record.cells.iter().map(|cell| cell.len() + size_of::<String>()).sum::<usize>() + 1;
            record.row = record.row.saturating_add(1);
            left -= 1;
        }
        self.repeated = (left > 0).then_some((record, left));
    }

    fn end_cell(&mut self) -> Result<(), Problem> {
        let Cell { repeat, value, text, .. } = std::mem::take(&mut self.cell);
        let value = value.unwrap_or(text);
        if value.is_empty() {
            self.column = self.column.saturating_add(repeat);
            return Ok(());
        }
        // Whatever is said, no more are made than there may be, and one more to be refused.
        for _ in 0..repeat.min(COLUMNS_MAX + 1) {
            self.cells.put(self.row, self.column, value.clone())?;
            self.column = self.column.saturating_add(1);
        }
        Ok(())
    }

    fn paragraph(&mut self) -> Result<(), Problem> {
        if self.cell.paragraphs > 0 {
            self.cell.text.push('\n');
        }
        self.cell.paragraphs = self.cell.paragraphs.saturating_add(1);
        let mut open = 1u32;
        while open > 0 {
            match self.xml.next()? {
                Piece::Text(text) => self.cell.text.push_str(&text),
                Piece::Char(c) => self.cell.text.push(c),
                Piece::Start(tag) => {
                    let white = match tag.name().as_ref() {
                        "text:s" => {
                            let count = attribute(&tag, "text:c").and_then(|count| count.parse().ok()).unwrap_or(1);
                            " ".repeat(FIELD_MAX.min(count))
                        }
                        "text:tab" => "\t".to_owned(),
                        "text:line-break" => "\n".to_owned(),
                        // Remarks that hang on the text, and how characters are read out.
                        "office:annotation" | "text:note" | "text:ruby-text" => {
                            self.xml.skip()?;
                            continue;
                        }
                        _ => String::new(),
                    };
                    self.cell.text.push_str(&white);
                    open += 1;
                }
                Piece::End(_) => open -= 1,
                Piece::Nothing => {}
                Piece::Over => return Err(refusal::damaged("The spreadsheet's XML is cut off.")),
            }
            if self.cell.text.len() > FIELD_MAX {
                return Err(refusal::field_too_long(self.row));
            }
        }
        Ok(())
    }

    /// Reads on in the sheet; true at its end.
    fn read(&mut self, out: &mut Vec<Record>) -> Result<bool, Problem> {
        for _ in 0..PIECES {
            if self.repeated.is_some() {
                self.hand_on(out);
                return Ok(false);
            }
            match self.xml.next()? {
                Piece::Start(tag) => match tag.name().as_ref() {
                    "table:table-row" => {
                        self.row_repeat = repeat(&tag, "table:number-rows-repeated");
                        let hidden = attribute(&tag, "table:visibility").is_some_and(|how| how != "visible");
                        self.start_row()?;
                        self.hidden_rows = self.hidden_rows.saturating_add(if hidden { self.row_repeat } else { 0 });
                    }
                    "table:table-cell" | "table:covered-table-cell" => self.cell = cell(&tag),
                    "text:p" => self.paragraph()?,
                    "table:table-header-rows" | "table:table-rows" | "table:table-row-group" => {}
                    // Remarks, pictures, lists of columns, tables in cells.
                    _ => self.xml.skip()?,
                },
                Piece::End(tag) => match tag.name().as_ref() {
                    "table:table-cell" | "table:covered-table-cell" => self.end_cell()?,
                    "table:table-row" => {
                        self.end_row(out)?;
                        if self.cells.pause() {
                            return Ok(false);
                        }
                    }
                    "table:table" => {
                        self.inside = false;
                        return Ok(true);
                    }
                    _ => {}
                },
                Piece::Over => return Err(refusal::damaged("The spreadsheet's XML is cut off.")),
                _ => {}
            }
        }
        Ok(false)
    }
}

impl Book for Ods {
    fn step(&mut self, out: &mut Vec<Record>) -> Result<State, Problem> {
        if self.inside {
            return Ok(if self.read(out)? { State::Over } else { State::More });
        }
        if self.current.is_some() || self.over {
            return Ok(State::Over);
        }
        Ok(if self.find_table()? { State::More } else { State::Over })
    }

    fn next_table(&mut self) -> Result<bool, Problem> {
        if self.over || (self.wanted.is_some() && self.current.is_some()) {
            return Ok(false);
        }
        // The rest of this sheet.
        while self.inside {
            match self.xml.next()? {
                Piece::Start(_) => self.xml.skip()?,
                Piece::End(tag) if tag.name().as_ref() == "table:table" => self.inside = false,
                Piece::Over => return Err(refusal::damaged("The spreadsheet's XML is cut off.")),
                _ => {}
            }
        }
        self.hidden_rows = 0;
        self.find_table()
    }

    fn describe(&self, file: &mut File) {
        file.kind = "ods".to_owned();
        file.hidden_rows = self.hidden_rows;
        for (at, name) in self.names.iter().enumerate() {
            if Some(at) == self.current {
                file.sheet = Some(name.clone());
            } else {
                file.other_sheets.push(name.clone());
            }
        }
    }
}

fn cell(tag: &BytesStart) -> Cell {
    let of = |name: &str| attribute(tag, name);
    let value = match of("office:value-type").as_deref() {
        Some("float" | "percentage" | "currency") => of("office:value").map(|value| number::number(&value)),
        Some("date") => of("office:date-value"),
        Some("boolean") => of("office:boolean-value").map(|value| value.to_ascii_uppercase()),
        Some("string") => of("office:string-value"),
        _ => None,
    };
    let repeat = repeat(tag, "table:number-columns-repeated") as usize;
    Cell { repeat, value: value.filter(|value| !value.is_empty()), ..Cell::default() }
}

fn repeat(tag: &BytesStart, name: &str) -> u32 {
    attribute(tag, name).map_or(1, |count| count.parse().unwrap_or(u32::MAX))
}

fn too_many_rows() -> Problem {
    refusal::hostile(format!("The sheet says that it has more than {ROWS_MAX} rows."))
}
