//! What all targets do: read a list, and look whether its books balance.

use dering::contact::{Contact, Matter};
use dering::list::{Format, Reader, Row, Rules, Summary};
use dering::problem::Problem;
use jiff::civil::date;

/// A header for a row of one cell under test and good ones beside it.
const HEADER: &str = "NPWP;NAMA WP;NO TELP/HP;JUMLAH;JATUH TEMPO\n";

/// Which cell is under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Npwp,
    Phone,
    Amount,
    Due,
}

fn rules() -> Rules {
    Rules { as_of: date(2026, 1, 1), matter: Matter::NotPaid, past_due_allowed: true, ..Rules::default() }
}

/// Reads a file in pieces of that size.
pub fn read(format: Format, bytes: &[u8], piece: usize) -> Result<(Vec<Row>, Summary), Problem> {
    let mut reader = Reader::with_format(rules(), format);
    let mut rows = Vec::new();
    for piece in bytes.chunks(piece.max(1)) {
        reader.push(piece, &mut rows)?;
    }
    let summary = reader.finish(&mut rows)?;
    let accepted = rows.iter().filter(|row| matches!(row, Row::Accepted { .. })).count();
    assert_eq!(summary.rows as usize, rows.len());
    assert_eq!(summary.accepted as usize, accepted);
    assert_eq!(summary.rows, summary.accepted + summary.rejected);
    Ok((rows, summary))
}

/// A file comes to the same whole, and in pieces of a size that its first byte chooses.
pub fn same_in_pieces(format: &Format, data: &[u8]) {
    let Some((piece, bytes)) = data.split_first() else { return };
    let whole = read(format.clone(), bytes, usize::MAX);
    let parts = read(format.clone(), bytes, usize::from(*piece) + 1);
    // Which of several faults is met first may differ.
    assert_eq!(whole.ok(), parts.ok());
}

/// The contact of a row in which one cell holds `text`; `None` if the row is rejected.
pub fn contact(cell: Cell, text: &str) -> Option<Contact> {
    let good = ["013121660091000", "Orang Rekaan", "081200000101", "1250000", "31/03/2027"];
    let at = match cell {
        Cell::Npwp => 0,
        Cell::Phone => 2,
        Cell::Amount => 3,
        Cell::Due => 4,
    };
    let quoted = format!("\"{}\"", text.replace('"', "\"\""));
    let row: Vec<&str> = good.iter().enumerate().map(|(i, cell)| if i == at { &quoted } else { *cell }).collect();
    let (rows, _) = read(Format::default(), format!("{HEADER}{}\n", row.join(";")).as_bytes(), usize::MAX).ok()?;
    rows.into_iter().find_map(|row| match row {
        Row::Accepted { contact, .. } => Some(contact),
        Row::Rejected(_) => None,
    })
}

/// The digits of a text, also those of other scripts that are read as digits (full width).
pub fn digits(text: &str) -> String {
    let digit = |c: char| match c {
        '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32),
        c => Some(c).filter(char::is_ascii_digit),
    };
    text.chars().filter_map(digit).collect()
}

/// Names of a workbook's parts.
pub const PARTS: [&str; 7] = [
    "_rels/.rels",
    "[Content_Types].xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
];

/// The [`PARTS`] of a small workbook.
pub fn workbook() -> [&'static str; 7] {
    [
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#,
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#,
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>TELP</t></is></c><c r="C1" t="s"><v>1</v></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>013121660091000</t></is></c><c r="B2"><v>8.12345E+11</v></c><c r="C2" s="1"><v>46477</v></c></row></sheetData></worksheet>"#,
        r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>NPWP</t></si><si><r><t>JATUH </t></r><r><t>TEMPO</t></r></si></sst>"#,
        r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#,
    ]
}

/// A ZIP file whose parts are stored as they are.
pub fn zip<'a>(parts: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let (mut file, mut directory, mut count) = (Vec::new(), Vec::new(), 0_u16);
    for (name, bytes) in parts {
        let offset = file.len() as u32;
        let (crc, size, name_len) = (crc32(bytes), bytes.len() as u32, name.len() as u16);
        let mut common = Vec::new();
        // Version, flags, method, time, date.
        common.extend([20_u16, 0, 0, 0, 33].map(u16::to_le_bytes).concat());
        common.extend([crc, size, size].map(u32::to_le_bytes).concat());
        common.extend([name_len, 0].map(u16::to_le_bytes).concat());
        file.extend(b"PK\x03\x04");
        file.extend(&common);
        file.extend(name.as_bytes());
        file.extend(bytes);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        // Comment, disk, attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
        count += 1;
    }
    let (at, size) = (file.len() as u32, directory.len() as u32);
    file.extend(directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([count, count].map(u16::to_le_bytes).concat());
    file.extend([size, at].map(u32::to_le_bytes).concat());
    file.extend([0; 2]);
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    };
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workbook_has_a_row() {
        let file = zip(PARTS.into_iter().zip(workbook().map(str::as_bytes)));
        let (rows, summary) = read(Format::default(), &file, 7).expect("it is taken");
        assert_eq!((rows.len(), summary.accepted), (1, 1), "{rows:?}");
    }
}
