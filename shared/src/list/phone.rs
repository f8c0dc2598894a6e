//! Phone numbers, as people write them, to E.164: those of Indonesia in all ways; those of other countries, if the campaign
//! calls there, only behind `+` and the country's code, since nothing else tells them from numbers of Indonesia.
//!
//! A number found consists of exactly the digits that were typed, but for the prefix (`0`, `+62`, an exit code) and
//! a leading zero that a spreadsheet lost from a mobile number. Letters among the digits are never read as digits.

use super::text;
use super::{Reason, Warning};
use crate::campaign::AllowedNumbers;
use crate::hours::Country;
use numbering::Kind;

mod foreign;
mod numbering;

/// Most numbers kept of one taxpayer.
const NUMBERS_MAX: usize = 8;

/// Words that say what a number is; they stand before or behind it.
const LABELS: &[&str] = &[
    "hp",
    "wa",
    "telp",
    "tlp",
    "tel",
    "telepon",
    "telpon",
    "phone",
    "no",
    "nomor",
    "handphone",
    "ponsel",
    "mobile",
    "whatsapp",
    "kontak",
    "kantor",
    "rumah",
];
const FAX: &[&str] = &["fax", "faks", "faksimile", "facsimile", "faksimili"];
const EXTENSION: &[&str] = &["ext", "extension", "ekst", "ekstensi", "eks", "psw", "pswt", "pesawat", "x"];
const SEPARATING_WORDS: &[&str] = &["atau", "dan"];

/// The numbers of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phones {
    /// E.164, in the cell's order, at least one.
    pub numbers: Vec<String>,
    /// The first number without its country code, if it is a fixed line of Indonesia.
    pub fixed_line: Option<String>,
    /// Whether one of them is of another country: nothing in Indonesia tells then where the person is.
    pub abroad: bool,
    pub warnings: Vec<Warning>,
}

/// Which numbers are called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Callable<'a> {
    /// E.164; never called.
    pub own: &'a [String],
    /// The campaign's.
    pub country: Country,
    pub allowed: &'a AllowedNumbers,
}

impl Callable<'_> {
    fn calls(&self, country: Country) -> bool {
        country == self.country || self.allowed.foreign.contains(&country)
    }
}

/// Understands one or more cells with phone numbers.
pub(super) fn parse<'a>(cells: impl Iterator<Item = &'a str>, callable: Callable<'_>) -> Result<Phones, Reason> {
    let phones = Phones { numbers: Vec::new(), fixed_line: None, abroad: false, warnings: Vec::new() };
    let mut found = Found { callable, phones, refused: None };
    for cell in cells {
        found.cell(cell);
    }
    match (found.phones.numbers.is_empty(), found.refused) {
        (true, reason) => Err(reason.unwrap_or(Reason::PhoneMissing)),
        (false, None) => Ok(found.phones),
        (false, Some(_)) => {
            found.warn(Warning::PhonePartIgnored);
            Ok(found.phones)
        }
    }
}

struct Found<'a> {
    callable: Callable<'a>,
    phones: Phones,
    /// Why the first part that could not be dialled could not.
    refused: Option<Reason>,
}

impl Found<'_> {
    fn cell(&mut self, cell: &str) {
        // Most cells are one number: there is nothing to part.
        if is_plain(cell) {
            return self.part(&text::value(cell));
        }
        if text::is_scientific(cell) {
            return self.refuse(Reason::PhoneScientific);
        }
        if !cell.is_ascii() && cell.chars().any(text::is_ornamental_digit) {
            return self.refuse(Reason::PhoneLetters);
        }
        let value = text::value(cell);
        for part in split(&value) {
            self.part(&part);
        }
    }

    fn part(&mut self, part: &str) {
        match read(part, &self.callable) {
            Part::Nothing => {}
            Part::Extension => self.warn(Warning::PhoneExtension),
            Part::Refused(reason) => self.refuse(reason),
            Part::Number(number) => self.number(number),
        }
    }

    fn number(&mut self, number: Number) {
        let Number { e164, country, kind, .. } = number;
        if !self.callable.calls(country) {
            return self.refuse(Reason::PhoneForeign);
        }
        let dear = kind == Kind::Premium;
        if dear && !(self.callable.allowed.premium && country == self.callable.country) {
            return self.refuse(Reason::PhoneSpecial);
        }
        if self.callable.own.contains(&e164) {
            return self.refuse(Reason::PhoneOwn);
        }
        if self.phones.numbers.contains(&e164) {
            return;
        }
        if self.phones.numbers.len() >= NUMBERS_MAX {
            return self.warn(Warning::PhonePartIgnored);
        }
        let national = e164.strip_prefix('+').and_then(|digits| digits.strip_prefix(country.calling_code()));
        let national = national.unwrap_or_default();
        if self.phones.numbers.is_empty() && kind == Kind::Fixed && country == Country::Id {
            self.phones.fixed_line = Some(national.to_owned());
        }
        self.phones.abroad |= country != Country::Id;
        if number.zero_restored {
            self.warn(Warning::PhoneLeadingZeroRestored);
        }
        if number.extension {
            self.warn(Warning::PhoneExtension);
        }
        if is_placeholder(national) {
            self.warn(Warning::PhonePlaceholder);
        }
        self.phones.numbers.push(e164);
    }

    fn refuse(&mut self, reason: Reason) {
        self.refused.get_or_insert(reason);
    }

    fn warn(&mut self, warning: Warning) {
        if !self.phones.warnings.contains(&warning) {
            self.phones.warnings.push(warning);
        }
    }
}

enum Part {
    /// A label or a dash.
    Nothing,
    /// An extension of the number before.
    Extension,
    Refused(Reason),
    Number(Number),
}

struct Number {
    e164: String,
    country: Country,
    kind: Kind,
    zero_restored: bool,
    extension: bool,
}

/// The parts of a cell between separators.
fn split(cell: &str) -> Vec<String> {
    let lower = cell.to_lowercase().replace("https://", "").replace("http://", "");
    // This slash separates no numbers.
    let lower = lower.replace("wa.me/", "wa ");
    let mut parts = vec![String::new()];
    let mut word = String::new();
    for c in lower.chars().chain(std::iter::once('\n')) {
        if c.is_alphabetic() {
            word.push(c);
            continue;
        }
        let separates = SEPARATING_WORDS.contains(&word.as_str());
        if separates {
            word.clear();
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push_str(&word);
            word.clear();
            part.push(c);
        }
        if matches!(c, '/' | ';' | ',' | '|' | '&' | '\n' | '\r') {
            if let Some(part) = parts.last_mut() {
                part.pop();
            }
            parts.push(String::new());
        }
    }
    parts
}

fn read(part: &str, callable: &Callable<'_>) -> Part {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    if !part.bytes().any(|b| b.is_ascii_digit()) {
        let labels_only =
            words(part).iter().all(|word| LABELS.contains(&word.as_str()) || FAX.contains(&word.as_str()));
        // Words such as "tidak ada" say that there is no number.
        return if labels_only { Part::Nothing } else { Part::Refused(Reason::PhoneMissing) };
    }
    let (bare, extension) = if is_plain(part) {
        (part.trim_matches([' ', '.', '-', ')']), false)
    } else {
        if words(part).iter().any(|word| FAX.contains(&word.as_str())) {
            return Part::Refused(Reason::PhoneSpecial);
        }
        match without_extension(without_labels(part)) {
            Ok(("", true)) => return Part::Extension,
            Ok(split) => split,
            Err(reason) => return Part::Refused(reason),
        }
    };
    let bare = bare.trim_start_matches(['\'', '’', '`', ' ', '(']);
    let (plus, bare) = match bare.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, bare),
    };
    if is_decimal(bare) {
        return Part::Refused(Reason::PhoneLetters);
    }
    let mut digits = String::with_capacity(bare.len());
    for c in bare.chars() {
        match c {
            '0'..='9' => digits.push(c),
            ' ' | '\t' | '.' | '-' | '(' | ')' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
            _ => return Part::Refused(Reason::PhoneLetters),
        }
    }
    let number = match numbering::national(plus, &digits) {
        Ok((national, kind, zero_restored)) => {
            Ok(Number { e164: ["+62", national].concat(), country: Country::Id, kind, zero_restored, extension })
        }
        // Other plans are looked at only where the campaign calls.
        Err(Reason::PhoneForeign) if plus => {
            let country = Country::ALL.into_iter().find(|country| digits.starts_with(country.calling_code()));
            country.filter(|country| callable.calls(*country)).ok_or(Reason::PhoneForeign).and_then(|country| {
                let (e164, kind) = foreign::number(country, &digits)?;
                Ok(Number { e164, country, kind, zero_restored: false, extension })
            })
        }
        Err(reason) => Err(reason),
    };
    number.map_or_else(Part::Refused, Part::Number)
}

/// Whether there is nothing but digits and what people write between them.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'+' | b'-' | b'.' | b'(' | b')'))
}

/// A number that some program counted with: `81234567890.5`. The digit behind the point belongs to no phone.
fn is_decimal(number: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    number
        .split_once('.')
        .is_some_and(|(whole, rest)| whole.len() >= 9 && digits(whole) && rest.len() <= 2 && digits(rest))
}

fn without_labels(part: &str) -> &str {
    let is_mark = |c: char| matches!(c, ' ' | '.' | ':' | '=' | '-' | '(' | ')' | '\t');
    let mut rest = part.trim_matches(|c: char| is_mark(c) && c != '(');
    loop {
        let text = rest.trim_start_matches(is_mark);
        let after = text.trim_start_matches(char::is_alphabetic);
        let word = text.strip_suffix(after).unwrap_or_default();
        if !LABELS.contains(&word) {
            break;
        }
        rest = after.trim_start_matches(|c: char| is_mark(c) && c != '(');
    }
    loop {
        let text = rest.trim_end_matches(is_mark);
        let before = text.trim_end_matches(char::is_alphabetic);
        let word = text.strip_prefix(before).unwrap_or_default();
        if !LABELS.contains(&word) || before.ends_with(|c: char| c.is_ascii_digit()) {
            return rest;
        }
        rest = before;
    }
}

/// A number and whether an extension followed it; an empty number if there is nothing but the extension.
fn without_extension(text: &str) -> Result<(&str, bool), Reason> {
    let is_word = |c: char| c.is_alphabetic() || c == '#';
    let Some(start) = text.find(is_word) else {
        return Ok((text, false));
    };
    let (number, rest) = text.split_at(start);
    let after = rest.trim_start_matches(is_word);
    let word = rest.strip_suffix(after).unwrap_or_default();
    let digits = after.trim_matches(|c: char| matches!(c, ' ' | '.' | ':' | '=' | '-' | '(' | ')'));
    let is_extension = (word == "#" || EXTENSION.contains(&word))
        && (1..=6).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_extension {
        return Err(Reason::PhoneLetters);
    }
    Ok((number.trim_end_matches([' ', '(', '.', '-']), true))
}

/// Numbers that people type to fill a field: counting up, or one digit again and again.
fn is_placeholder(national: &str) -> bool {
    let tail = national.get(1..).unwrap_or_default();
    let mut digits = tail.bytes();
    let first = digits.next();
    matches!(national, "81234567890" | "8123456789") || digits.all(|b| Some(b) == first)
}

#[cfg(test)]
mod tests;
