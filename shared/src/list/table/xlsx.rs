//! A workbook in which every cell is text (ECMA-376, part 1): no zero is lost, and nothing is a formula.

use super::zip::Archive;
use crate::problem::Problem;
use std::fmt::Write as _;

/// What a sheet can have, and what keeps an entry of the archive far below 4 GiB.
const ROWS_MAX: u32 = 1_048_576;
const SHEET_MAX: u64 = 1 << 30;
/// What a cell can have.
const CELL_MAX: usize = 32_767;

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const TYPES: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// A workbook on its way.
pub struct Workbook {
    archive: Archive,
    titles: Vec<String>,
    sheets: u32,
    rows: u32,
}

impl Workbook {
    pub fn new(titles: &[String], out: &mut Vec<u8>) -> Result<Self, Problem> {
        let mut workbook = Workbook { archive: Archive::default(), titles: titles.to_vec(), sheets: 0, rows: 0 };
        workbook.sheet(out)?;
        Ok(workbook)
    }

    pub fn row(&mut self, cells: &[String], out: &mut Vec<u8>) -> Result<(), Problem> {
        if self.rows >= ROWS_MAX || self.archive.size() >= SHEET_MAX {
            self.archive.write(b"</sheetData></worksheet>", out)?;
            self.sheet(out)?;
        }
        self.cells(cells, out)
    }

    pub fn end(mut self, out: &mut Vec<u8>) -> Result<(), Problem> {
        self.archive.write(b"</sheetData></worksheet>", out)?;
        let (mut types, mut sheets, mut relations) = (String::new(), String::new(), String::new());
        for n in 1..=self.sheets {
            // Writing into a text cannot fail.
            let _ = write!(
                types,
                r#"<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{TYPES}.worksheet+xml"/>"#
            );
            let _ = write!(sheets, r#"<sheet name="{n}" sheetId="{n}" r:id="r{n}"/>"#);
            let _ = write!(
                relations,
                r#"<Relationship Id="r{n}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>"#
            );
        }
        for (name, text) in [
            (
                "[Content_Types].xml",
                format!(
                    r#"<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="{TYPES}.styles+xml"/>{types}</Types>"#
                ),
            ),
            (
                "_rels/.rels",
                format!(
                    r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
                ),
            ),
            (
                "xl/workbook.xml",
                format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{sheets}</sheets></workbook>"#),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                format!(
                    r#"<Relationships xmlns="{PACKAGE}/relationships">{relations}<Relationship Id="s" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>"#
                ),
            ),
            // TableFormat 49 is text: what is typed into a cell stays as it is typed.
            (
                "xl/styles.xml",
                format!(
                    r#"<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf numFmtId="49" applyNumberFormat="1"/></cellXfs></styleSheet>"#
                ),
            ),
        ] {
            self.archive.begin(name, out)?;
            self.archive.write(DECLARATION.as_bytes(), out)?;
            self.archive.write(text.as_bytes(), out)?;
        }
        self.archive.end(out)
    }

    fn sheet(&mut self, out: &mut Vec<u8>) -> Result<(), Problem> {
        self.sheets += 1;
        self.rows = 0;
        self.archive.begin(&format!("xl/worksheets/sheet{}.xml", self.sheets), out)?;
        let columns = self.titles.len().max(1);
        let head = format!(
            r#"{DECLARATION}<worksheet xmlns="{MAIN}"><cols><col min="1" max="{columns}" width="18" style="1" customWidth="1"/></cols><sheetData>"#
        );
        self.archive.write(head.as_bytes(), out)?;
        let titles = self.titles.clone();
        self.cells(&titles, out)
    }

    fn cells(&mut self, cells: &[String], out: &mut Vec<u8>) -> Result<(), Problem> {
        self.rows += 1;
        let mut row = String::from("<row>");
        for cell in cells {
            row.push_str(r#"<c s="1" t="inlineStr"><is><t xml:space="preserve">"#);
            escape(cell, &mut row);
            row.push_str("</t></is></c>");
        }
        row.push_str("</row>");
        self.archive.write(row.as_bytes(), out)
    }
}

/// A cell's text in XML. Signs that XML cannot have are left out.
fn escape(cell: &str, out: &mut String) {
    for (at, c) in cell.char_indices().take(CELL_MAX) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            // `_x0041_` stands for a sign by its number, unless its underscore is written so itself.
            '_' if is_number(cell.get(at..).unwrap_or_default()) => out.push_str("_x005F_"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
}

fn is_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.get(1) == Some(&b'x')
        && bytes.get(6) == Some(&b'_')
        && bytes.get(2..6).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}
