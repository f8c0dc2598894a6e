//! What stands before the sheets: their names, the texts that cells share, and how numbers are shown.

use super::super::ole::{long, short};
use super::super::workbook::SHEETS_MAX;
use super::super::{TEXTS_MAX, refusal};
use super::records::{Records, broken, short_text};
use super::{Globals, Place};
use crate::list::format::number::Shown;
use crate::list::format::strings::Strings;
use crate::problem::Problem;
use std::collections::HashMap;

const BOF: u16 = 0x809;
const EOF: u16 = 0x0a;
const FILEPASS: u16 = 0x2f;
const DATEMODE: u16 = 0x22;
const BOUNDSHEET: u16 = 0x85;
const FORMAT: u16 = 0x41e;
const XF: u16 = 0xe0;
const SST: u16 = 0xfc;
/// The version of Excel 97 and later.
const BIFF8: u16 = 0x600;
/// Formats of cells that a file may have.
const STYLES_MAX: usize = 65_536;

pub(super) fn read(records: &mut Records) -> Result<Globals, Problem> {
    let mut globals =
        Globals { sheets: Vec::new(), strings: Strings::default(), styles: Vec::new(), since_1904: false };
    let mut codes: HashMap<u32, Shown> = HashMap::new();
    let mut formats: Vec<u32> = Vec::new();
    match records.next()? {
        (BOF, data) if short(data, 0) == Some(BIFF8) => {}
        (BOF, _) => return Err(refusal::kind("The file is a spreadsheet of Excel 95 or older.")),
        _ => return Err(broken()),
    }
    loop {
        let (kind, data) = records.next()?;
        match kind {
            EOF => break,
            FILEPASS => return Err(refusal::encrypted()),
            DATEMODE => globals.since_1904 = short(data, 0) == Some(1),
            // Others are charts and old macros.
            BOUNDSHEET if data.get(5) == Some(&0) => {
                let count = usize::from(data.get(6).copied().unwrap_or(0));
                let at = long(data, 0).ok_or_else(broken)? as usize;
                let hidden = data.get(4).is_some_and(|state| state & 3 != 0);
                globals.sheets.push(Place { name: short_text(data.get(7..).unwrap_or_default(), count), at, hidden });
            }
            FORMAT => {
                let id = u32::from(short(data, 0).ok_or_else(broken)?);
                let count = usize::from(short(data, 2).unwrap_or(0));
                codes.insert(id, Shown::of(&short_text(data.get(4..).unwrap_or_default(), count)));
            }
            XF => formats.push(u32::from(short(data, 2).ok_or_else(broken)?)),
            SST => {
                let count = long(data, 4).ok_or_else(broken)?;
                let mut run = records.run_on(8);
                for _ in 0..count {
                    globals.strings.push(&run.text()?);
                    if globals.strings.held() > TEXTS_MAX {
                        return Err(refusal::workbook_too_large());
                    }
                }
            }
            _ => {}
        }
        if globals.sheets.len() > SHEETS_MAX || formats.len() > STYLES_MAX || codes.len() > STYLES_MAX {
            return Err(refusal::hostile("The spreadsheet has too many sheets or formats."));
        }
    }
    let shown = |id: u32| codes.get(&id).copied().unwrap_or_else(|| Shown::builtin(id));
    globals.styles = formats.into_iter().map(shown).collect();
    Ok(globals)
}
