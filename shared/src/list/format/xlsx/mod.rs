//! XLSX (ECMA-376): numbers and dates as they are stored, formulas by the values that were saved with them. Macros,
//! links and pictures are not looked at.

mod parts;
mod sheet;

use super::number::Shown;
use super::strings::Strings;
use super::workbook::{Book, find_sheet};
use super::xml::{Piece, Xml};
use super::zip::Zip;
use super::{FIELD_MAX, File, Record, State, TEXTS_MAX, refusal};
use crate::problem::Problem;
use sheet::Sheet;

/// Pieces of XML that are read in one step.
const PIECES: usize = 20_000;

/// An opened workbook.
pub(super) struct Xlsx {
    at: At,
    contents: Contents,
    sheets: Vec<parts::Sheet>,
    /// Sheets to look at, the next one last.
    queue: Vec<usize>,
    current: usize,
    hidden_rows: u32,
}

/// What cells refer to.
struct Contents {
    strings: Strings,
    styles: Vec<Shown>,
    since_1904: bool,
}

enum At {
    Strings {
        xml: Xml,
        text: String,
    },
    Sheet {
        xml: Xml,
        sheet: Sheet,
    },
    /// Between two sheets.
    Idle(Zip),
    /// Something failed.
    Gone,
}

impl Xlsx {
    /// Reads all but the texts and the sheets.
    pub fn open(zip: Zip, wanted: Option<&str>) -> Result<Self, Problem> {
        let (zip, parts) = parts::read(zip)?;
        let sheets = parts.sheets;
        let names: Vec<String> = sheets.iter().map(|sheet| sheet.name.clone()).collect();
        let mut queue: Vec<usize> = match wanted {
            Some(wanted) => vec![find_sheet(wanted, &names)?],
            None => (0..sheets.len()).filter(|at| sheets.get(*at).is_some_and(|sheet| !sheet.hidden)).collect(),
        };
        queue.reverse();
        let at = match parts.strings {
            Some(part) => At::Strings { xml: Xml::open(zip, &part, true)?, text: String::new() },
            None => At::Idle(zip),
        };
        let contents = Contents { strings: Strings::default(), styles: parts.styles, since_1904: parts.since_1904 };
        Ok(Xlsx { at, contents, sheets, queue, current: usize::MAX, hidden_rows: 0 })
    }
}

impl Book for Xlsx {
    fn step(&mut self, out: &mut Vec<Record>) -> Result<State, Problem> {
        match std::mem::replace(&mut self.at, At::Gone) {
            At::Strings { mut xml, mut text } => {
                let over = read_strings(&mut xml, &mut text, &mut self.contents.strings)?;
                self.at = if over { At::Idle(xml.into_zip()) } else { At::Strings { xml, text } };
                Ok(State::More)
            }
            At::Sheet { mut xml, mut sheet } => {
                let over = sheet.read(&mut xml, &self.contents, out)?;
                self.hidden_rows = sheet.hidden_rows();
                if over {
                    self.at = At::Idle(xml.into_zip());
                    return Ok(State::Over);
                }
                self.at = At::Sheet { xml, sheet };
                Ok(State::More)
            }
            At::Idle(zip) => {
                self.at = At::Idle(zip);
                if self.current != usize::MAX {
                    return Ok(State::Over);
                }
                Ok(if self.next_table()? { State::More } else { State::Over })
            }
            At::Gone => Err(refusal::damaged("The spreadsheet could not be read.")),
        }
    }

    fn next_table(&mut self) -> Result<bool, Problem> {
        let zip = match std::mem::replace(&mut self.at, At::Gone) {
            At::Strings { xml, .. } | At::Sheet { xml, .. } => xml.into_zip(),
            At::Idle(zip) => zip,
            At::Gone => return Ok(false),
        };
        let next = self.queue.pop().and_then(|at| Some((at, self.sheets.get(at)?)));
        let Some((current, next)) = next else {
            self.at = At::Idle(zip);
            return Ok(false);
        };
        self.current = current;
        self.at = At::Sheet { xml: Xml::open(zip, &next.part, true)?, sheet: Sheet::default() };
        Ok(true)
    }

    fn describe(&self, file: &mut File) {
        file.kind = "xlsx".to_owned();
        file.hidden_rows = self.hidden_rows;
        for (at, sheet) in self.sheets.iter().enumerate() {
            if at == self.current {
                file.sheet = Some(sheet.name.clone());
            } else {
                file.other_sheets.push(sheet.name.clone());
            }
        }
    }
}

/// Reads on in the texts; true at their end. Their number and bytes are bounded by the memory that they take.
fn read_strings(xml: &mut Xml, text: &mut String, strings: &mut Strings) -> Result<bool, Problem> {
    for _ in 0..PIECES {
        match xml.next()? {
            Piece::Start(tag) => match tag.local_name().as_ref() {
                "si" => text.clear(),
                // How the characters are read out.
                "rPh" => xml.skip()?,
                "t" => append(xml, text)?,
                _ => {}
            },
            Piece::End(tag) if tag.local_name().as_ref() == "si" => {
                strings.push(&unescape(text));
                if strings.held() > TEXTS_MAX {
                    return Err(refusal::workbook_too_large());
                }
            }
            Piece::Over => return Ok(true),
            _ => {}
        }
    }
    Ok(false)
}

/// Adds the text of the element whose start was read.
fn append(xml: &mut Xml, text: &mut String) -> Result<(), Problem> {
    loop {
        match xml.next()? {
            Piece::Text(more) => text.push_str(&more),
            Piece::Char(c) => text.push(c),
            Piece::Start(_) => xml.skip()?,
            Piece::End(_) => return Ok(()),
            Piece::Nothing => {}
            Piece::Over => return Err(refusal::damaged("The spreadsheet's XML is cut off.")),
        }
        if text.len() > FIELD_MAX {
            return Err(refusal::text_too_long());
        }
    }
}

/// Characters that XML does not have are written as `_x000D_`.
fn unescape(text: &str) -> String {
    if !text.contains("_x") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let code = escape
            .get(2..6)
            .filter(|code| escape.get(6..7) == Some("_") && code.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
            Some(c) => {
                out.push(c);
                rest = escape.get(7..).unwrap_or_default();
            }
            None => {
                out.push_str("_x");
                rest = escape.get(2..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn escapes_become_characters() {
        for (text, plain) in [
            ("Budi", "Budi"),
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x00", "_x00"),
            ("_xZZZZ_", "_xZZZZ_"),
            ("_xD800_", "_xD800_"),
            ("é_x000é_", "é_x000é_"),
        ] {
            assert_eq!(unescape(text), plain, "{text}");
        }
    }
}
