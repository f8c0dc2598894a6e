//! What people and spreadsheets do to a cell's text, undone.

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// Longest text kept of a cell that is only shown or spoken, in characters.
pub(super) const TEXT_MAX: usize = 200;

/// A cell that holds a number, date or phone: compatibility forms (full-width digits, no-break spaces) folded by
/// NFKC, invisible characters dropped, and the marks removed by which spreadsheets keep text as text
/// (a leading apostrophe, or `="…"`). Ornamental digits stay what they are: folded, a footnote mark would become the last digit.
pub(super) fn value(cell: &str) -> Cow<'_, str> {
    match cell.is_ascii() {
        // Almost all are: nothing is to be folded.
        true => Cow::Borrowed(unmarked(cell)),
        false => {
            let folded = cell.chars().filter(|c| !is_invisible(*c)).fold(String::new(), |mut folded, c| {
                if is_ornamental_digit(c) {
                    folded.push(c)
                } else {
                    folded.extend(std::iter::once(c).nfkc())
                }
                folded
            });
            Cow::Owned(unmarked(&folded).to_owned())
        }
    }
}

fn unmarked(text: &str) -> &str {
    let mut text = text.trim();
    if let Some(quoted) = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        text = quoted.trim();
    }
    without_decimals(text.trim_start_matches(['\'', '’', '‘', '`']).trim())
}

/// Superscripts, circled numbers, fractions.
pub(super) fn is_ornamental_digit(c: char) -> bool {
    !c.is_ascii() && !matches!(c, '０'..='９') && std::iter::once(c).nfkc().any(|c| c.is_numeric())
}

/// `81234567890.0` is what programs make of a number that they count with: its last zero is nobody's digit.
fn without_decimals(text: &str) -> &str {
    let Some((whole, decimals)) = text.split_once(['.', ',']) else { return text };
    let is_number = !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit());
    if is_number && matches!(decimals, "0" | "00") { whole } else { text }
}

/// A cell that holds words: white space collapsed, control and invisible characters dropped, length bounded.
pub(super) fn words(cell: &str) -> String {
    collapsed(cell, TEXT_MAX).0
}

/// A remark, as [`words`], but longer; and whether its end was cut off, in place of which there is `…`.
pub(super) fn remark(cell: &str, max: usize) -> (String, bool) {
    let (text, cut) = collapsed(cell, max);
    if !cut {
        return (text, false);
    }
    (collapsed(cell, max.saturating_sub(1)).0 + "…", true)
}

/// Whether a spreadsheet would take a cell for a formula.
pub(super) fn is_formula(cell: &str) -> bool {
    let first = cell.chars().find(|c| *c != ' ');
    matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠'))
}

/// Without the apostrophe that keeps a spreadsheet from taking the cell for a formula.
fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// At most `max` characters, and whether there were more.
fn collapsed(cell: &str, max: usize) -> (String, bool) {
    let cell = unguarded(cell);
    let trimmed = cell.trim();
    let plain = |b: u8| matches!(b, b' '..=b'~');
    if trimmed.len() <= max && trimmed.bytes().all(plain) && !trimmed.contains("  ") {
        return (trimmed.to_owned(), false);
    }
    let mut out = String::new();
    for word in cell.split_whitespace() {
        let start = out.len();
        if start > 0 {
            out.push(' ');
        }
        let space = out.len();
        out.extend(word.chars().filter(|c| !c.is_control() && !is_invisible(*c)));
        if out.len() == space {
            out.truncate(start); // nothing of the word is left
        }
        if out.len() > max * 4 {
            break;
        }
    }
    let end = out.char_indices().nth(max).map(|(end, _)| end);
    if let Some(end) = end {
        out.truncate(end);
    }
    (out.trim().to_owned(), end.is_some())
}

/// Letters and digits only, lower case: what is compared when headers, provinces or matters are looked up.
pub(super) fn key(text: &str) -> String {
    if text.is_ascii() {
        let bytes = text.bytes().filter(u8::is_ascii_alphanumeric);
        return bytes.map(|b| char::from(b.to_ascii_lowercase())).collect();
    }
    text.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Nothing in it that could be a value: empty, or dashes and the like.
pub(super) fn is_blank(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}

/// Whether a spreadsheet wrote a number in scientific notation (`6,28123E+12`): its digits are gone.
pub(super) fn is_scientific(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(3).enumerate().any(|(at, w)| {
        let [before, e, after] = w else { return false };
        let exponent = match after {
            b'+' | b'-' => bytes.get(at + 3).is_some_and(u8::is_ascii_digit),
            digit => digit.is_ascii_digit(),
        };
        before.is_ascii_digit() && matches!(e, b'e' | b'E') && exponent
    })
}

/// The digits of a text.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Bytes of a cell as text: UTF-8, or Windows-1252 (what spreadsheets write where "CSV" is saved without "UTF-8").
pub(super) fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
            text.into_owned()
        }
    }
}

/// Zero-width characters, direction marks (phones copied from messengers carry them) and soft hyphens.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
