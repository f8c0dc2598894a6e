//! The small parts of a workbook: which sheets it has, where they are, and how numbers are shown.

use super::super::number::Shown;
use super::super::refusal;
use super::super::workbook::SHEETS_MAX;
use super::super::xml::{Piece, Xml, attribute};
use super::super::zip::Zip;
use crate::problem::Problem;
use std::collections::HashMap;

/// Formats of cells; the spreadsheet program has 65,490 at most.
const STYLES_MAX: usize = 65_536;
/// Links from one part to another.
const LINKS_MAX: usize = 4096;

/// A sheet by its name.
pub(super) struct Sheet {
    pub name: String,
    pub part: String,
    pub hidden: bool,
}

/// What is known before the sheets are read.
pub(super) struct Parts {
    pub sheets: Vec<Sheet>,
    pub strings: Option<String>,
    pub styles: Vec<Shown>,
    pub since_1904: bool,
}

/// Reads the small parts.
pub(super) fn read(zip: Zip) -> Result<(Zip, Parts), Problem> {
    let (zip, links) = links(zip, "_rels/.rels", "")?;
    let workbook = links.of_kind("officeDocument").unwrap_or("xl/workbook.xml").to_owned();
    let (folder, file) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
    let (zip, links) = links_of(zip, folder, file)?;
    if !workbook.ends_with(".xml") || (!zip.has(&workbook) && zip.names().any(|name| name.starts_with("word/"))) {
        return Err(refusal::kind("The file is a document, not a spreadsheet."));
    }
    let mut book = Xml::open(zip, &workbook, false)?;
    let mut sheets = Vec::new();
    let mut since_1904 = false;
    let mut is_workbook = false;
    loop {
        match book.next()? {
            Piece::Start(tag) => match tag.local_name().as_ref() {
                "workbook" => is_workbook = true,
                "workbookPr" => {
                    since_1904 = attribute(&tag, "date1904").is_some_and(|value| value == "1" || value == "true");
                }
                "sheet" => {
                    let id = tag.attributes().with_checks(false).flatten().find(|a| a.key.as_ref().ends_with(":id"));
                    let part = id.and_then(|id| links.by_id.get(id.value.as_ref()).cloned());
                    let hidden = attribute(&tag, "state").is_some_and(|state| state != "visible");
                    // Sheets of charts and of old macros have no cells.
                    if let Some(Link { kind, part }) = part
                        && kind == "worksheet"
                    {
                        let name = attribute(&tag, "name").unwrap_or_default().chars().take(80).collect();
                        sheets.push(Sheet { name, part, hidden });
                    }
                    if sheets.len() > SHEETS_MAX {
                        return Err(refusal::hostile("The spreadsheet has too many sheets."));
                    }
                }
                _ => {}
            },
            Piece::Over => break,
            _ => {}
        }
    }
    if !is_workbook {
        return Err(refusal::kind("The file is a document, not a spreadsheet."));
    }
    let mut zip = book.into_zip();
    let mut styles = Vec::new();
    if let Some(part) = links.of_kind("styles").filter(|part| zip.has(part)) {
        (zip, styles) = read_styles(zip, part)?;
    }
    let strings = links.of_kind("sharedStrings").filter(|part| zip.has(part)).map(str::to_owned);
    Ok((zip, Parts { sheets, strings, styles, since_1904 }))
}

#[derive(Clone)]
struct Link {
    kind: String,
    part: String,
}

struct Links {
    by_id: HashMap<String, Link>,
}

impl Links {
    fn of_kind(&self, kind: &str) -> Option<&str> {
        self.by_id.values().filter(|link| link.kind == kind).map(|link| link.part.as_str()).min()
    }
}

fn links_of(zip: Zip, folder: &str, file: &str) -> Result<(Zip, Links), Problem> {
    let slash = if folder.is_empty() { "" } else { "/" };
    links(zip, &format!("{folder}{slash}_rels/{file}.rels"), folder)
}

/// The links of a part that lies in `folder`.
fn links(zip: Zip, part: &str, folder: &str) -> Result<(Zip, Links), Problem> {
    let mut by_id = HashMap::new();
    let mut xml = Xml::open(zip, part, false)?;
    loop {
        match xml.next()? {
            Piece::Start(tag) if tag.local_name().as_ref() == "Relationship" => {
                let value = |name: &str| attribute(&tag, name).unwrap_or_default();
                if value("TargetMode") == "External" {
                    continue;
                }
                let kind = value("Type").rsplit('/').next().unwrap_or_default().to_owned();
                by_id.insert(value("Id"), Link { kind, part: resolve(folder, &value("Target")) });
                if by_id.len() > LINKS_MAX {
                    return Err(refusal::hostile("The spreadsheet has too many links between its parts."));
                }
            }
            Piece::Over => return Ok((xml.into_zip(), Links { by_id })),
            _ => {}
        }
    }
}

/// A part's name, from where the link to it stands.
fn resolve(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut path: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "." | "" => {}
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    path.join("/")
}

/// What each format of cells shows.
fn read_styles(zip: Zip, part: &str) -> Result<(Zip, Vec<Shown>), Problem> {
    let mut xml = Xml::open(zip, part, false)?;
    let mut codes: HashMap<u32, Shown> = HashMap::new();
    let mut styles = Vec::new();
    let mut of_cells = false;
    loop {
        match xml.next()? {
            Piece::Start(tag) => {
                let id = || attribute(&tag, "numFmtId").and_then(|id| id.parse::<u32>().ok()).unwrap_or(0);
                match tag.local_name().as_ref() {
                    "numFmt" => {
                        codes.insert(id(), Shown::of(&attribute(&tag, "formatCode").unwrap_or_default()));
                    }
                    "cellXfs" => of_cells = true,
                    "xf" if of_cells => {
                        let id = id();
                        styles.push(codes.get(&id).copied().unwrap_or_else(|| Shown::builtin(id)));
                    }
                    _ => {}
                }
                if codes.len() > STYLES_MAX || styles.len() > STYLES_MAX {
                    return Err(refusal::hostile("The spreadsheet has too many formats."));
                }
            }
            Piece::End(tag) if tag.local_name().as_ref() == "cellXfs" => of_cells = false,
            Piece::Over => return Ok((xml.into_zip(), styles)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn links_lead_to_parts() {
        for (folder, target, part) in [
            ("", "xl/workbook.xml", "xl/workbook.xml"),
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/styles.xml", "xl/styles.xml"),
            ("xl", "../xl/./styles.xml", "xl/styles.xml"),
            ("xl", "../../../etc/passwd", "etc/passwd"),
        ] {
            assert_eq!(resolve(folder, target), part);
        }
    }
}
