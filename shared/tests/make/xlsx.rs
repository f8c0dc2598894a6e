//! XLSX files, part by part.

use super::{escape, zip};

const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const KIND: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// What a cell holds.
#[derive(Debug, Clone)]
pub enum Cell {
    Empty,
    /// A text in the cell.
    Text(String),
    /// A text that is kept once.
    Shared(usize),
    /// A number as it is to stand in the file, and the number of its format.
    Number(String, usize),
    /// What stands between the tags of a cell, with its attributes.
    Raw(&'static str, &'static str),
}

pub fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

pub fn number(number: &str) -> Cell {
    Cell::Number(number.to_owned(), 0)
}

/// A serial number that is shown as a date.
pub fn date(serial: &str) -> Cell {
    Cell::Number(serial.to_owned(), 1)
}

/// A workbook.
#[derive(Default)]
pub struct Book {
    /// Name, attributes, the inside of its `worksheet` element.
    pub sheets: Vec<(String, &'static str, String)>,
    pub strings: Vec<String>,
    pub since_1904: bool,
    /// Format codes of the styles from 2 on; 0 is plain, 1 a date.
    pub formats: Vec<&'static str>,
}

impl Book {
    /// A workbook of one sheet.
    pub fn of(rows: &[Vec<Cell>]) -> Self {
        Book::default().sheet("Sheet1", rows)
    }

    pub fn sheet(mut self, name: &str, rows: &[Vec<Cell>]) -> Self {
        self.sheets.push((name.to_owned(), "", data(rows)));
        self
    }

    pub fn parts(&self) -> Vec<(String, Vec<u8>)> {
        let mut parts = vec![
            ("[Content_Types].xml".to_owned(), b"<Types/>".to_vec()),
            (
                "_rels/.rels".to_owned(),
                relations(&[("rId1".to_owned(), "officeDocument", "xl/workbook.xml".to_owned())]),
            ),
        ];
        let mut links = vec![
            ("st".to_owned(), "styles", "styles.xml".to_owned()),
            ("ss".to_owned(), "sharedStrings", "sharedStrings.xml".to_owned()),
        ];
        let mut sheets = String::new();
        for (n, (name, attributes, inside)) in self.sheets.iter().enumerate() {
            sheets += &format!(r#"<sheet name="{}" sheetId="{}" r:id="s{n}" {attributes}/>"#, escape(name), n + 1);
            links.push((format!("s{n}"), "worksheet", format!("worksheets/sheet{n}.xml")));
            parts.push((format!("xl/worksheets/sheet{n}.xml"), xml("worksheet", inside)));
        }
        let base = if self.since_1904 { r#"<workbookPr date1904="1"/>"# } else { "" };
        parts.push(("xl/workbook.xml".to_owned(), xml("workbook", &format!("{base}<sheets>{sheets}</sheets>"))));
        parts.push(("xl/_rels/workbook.xml.rels".to_owned(), relations(&links)));
        let codes = self.formats.iter().enumerate();
        let codes: String = codes
            .map(|(n, code)| format!(r#"<numFmt numFmtId="{}" formatCode="{}"/>"#, 164 + n, escape(code)))
            .collect();
        let own: String = (0..self.formats.len()).map(|n| format!(r#"<xf numFmtId="{}"/>"#, 164 + n)).collect();
        let styles = format!(
            r#"<numFmts>{codes}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/>{own}</cellXfs>"#
        );
        parts.push(("xl/styles.xml".to_owned(), xml("styleSheet", &styles)));
        let strings: String = self.strings.iter().map(|text| format!("<si>{text}</si>")).collect();
        parts.push(("xl/sharedStrings.xml".to_owned(), xml("sst", &strings)));
        parts
    }

    pub fn file(&self) -> Vec<u8> {
        let parts = self.parts();
        zip(parts.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())))
    }

    /// The file, with one part in place of its own, or added.
    pub fn file_with(&self, part: &str, bytes: Vec<u8>) -> Vec<u8> {
        let mut parts = self.parts();
        parts.retain(|(name, _)| name != part);
        parts.push((part.to_owned(), bytes));
        zip(parts.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())))
    }
}

/// A part's XML.
pub fn xml(root: &str, inside: &str) -> Vec<u8> {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><{root} xmlns="{MAIN}" xmlns:r="{KIND}">{inside}</{root}>"#
    )
    .into_bytes()
}

fn relations(links: &[(String, &str, String)]) -> Vec<u8> {
    let links = links.iter();
    let links: String = links
        .map(|(id, kind, target)| format!(r#"<Relationship Id="{id}" Type="{KIND}/{kind}" Target="{target}"/>"#))
        .collect();
    format!(r#"<Relationships xmlns="{RELATIONS}">{links}</Relationships>"#).into_bytes()
}

/// The inside of a sheet.
pub fn data(rows: &[Vec<Cell>]) -> String {
    let row = |(at, cells): (usize, &Vec<Cell>)| {
        let cells = cells.iter().enumerate().map(|(column, cell)| {
            let name = format!("{}{}", letters(column), at + 1);
            match cell {
                Cell::Empty => String::new(),
                Cell::Text(text) => {
                    format!(r#"<c r="{name}" t="inlineStr"><is><t xml:space="preserve">{}</t></is></c>"#, escape(text))
                }
                Cell::Shared(n) => format!(r#"<c r="{name}" t="s"><v>{n}</v></c>"#),
                Cell::Number(number, style) => format!(r#"<c r="{name}" s="{style}"><v>{number}</v></c>"#),
                Cell::Raw(attributes, inside) => format!(r#"<c r="{name}" {attributes}>{inside}</c>"#),
            }
        });
        format!(r#"<row r="{}">{}</row>"#, at + 1, cells.collect::<String>())
    };
    format!("<sheetData>{}</sheetData>", rows.iter().enumerate().map(row).collect::<String>())
}

/// The name of a column, counted from 0.
pub fn letters(mut column: usize) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b'A' + (column % 26) as u8));
        if column < 26 {
            return name;
        }
        column = column / 26 - 1;
    }
}
