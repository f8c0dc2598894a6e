//! One record to a contact, or the reason why not.

use super::columns::{Columns, Field};
use super::taxpayer::Kind;
use super::zone::{Clues, Zone};
use super::{Guess, Reason, Rules, Warning, amount, date, period, phone, taxpayer, text};
use crate::contact::{Contact, Duty, EXTRA_BYTES_MAX, Language, Matter, NOTE_MAX};
use crate::hours;
use std::collections::BTreeMap;

/// A row that can be called, unless an earlier one is the same.
#[derive(Debug)]
pub(super) struct Good {
    pub contact: Contact,
    pub warnings: Vec<Warning>,
    pub guesses: Vec<Guess>,
    /// Hash of what makes two rows the same: see [`Reason::Duplicate`].
    pub identity: u64,
    /// Last digit of a NIK.
    pub nik_end: Option<char>,
}

/// The first check that failed, and the column at fault.
#[derive(Debug)]
pub(super) struct Bad {
    pub reason: Reason,
    /// `None`: the row as a whole.
    pub field: Option<Field>,
}

/// Reads the cells of row `row`.
pub(super) fn read(row: u32, cells: &[String], columns: &Columns, delimiter: char, rules: &Rules) -> Result<Good, Bad> {
    if !columns.fit(cells) || swallowed(cells, columns, delimiter) {
        return Err(Bad { reason: Reason::Columns, field: None });
    }
    let bad = |field| move |reason| Bad { reason, field: Some(field) };
    let cell = |field| columns.cell(cells, field);
    let (mut warnings, mut guesses) = (Vec::new(), Vec::new());

    let taxpayer = taxpayer::parse(cell(Field::TaxpayerId)).map_err(bad(Field::TaxpayerId))?;
    warnings.extend(taxpayer.warnings);

    let phones = columns.of(Field::Phone).filter_map(|column| cells.get(column));
    let phones = phone::parse(phones.map(String::as_str), rules.callable()).map_err(bad(Field::Phone))?;
    warnings.extend(phones.warnings);

    let (due_date, warning) = date::parse(cell(Field::DueDate)).map_err(bad(Field::DueDate))?;
    if due_date < rules.as_of && !rules.past_due_allowed {
        return Err(bad(Field::DueDate)(Reason::DueDatePast));
    }
    warnings.extend(warning);

    let amount = amount::parse(cell(Field::Amount)).map_err(bad(Field::Amount))?;

    let name = text::words(cell(Field::Name));
    if text::is_blank(&name) {
        warnings.push(Warning::NameMissing);
    }
    let matter = matter(cell(Field::Matter)).unwrap_or_else(|| {
        if !text::is_blank(cell(Field::Matter)) {
            warnings.push(Warning::MatterUnknown);
        }
        guesses.push(Guess::MatterOfCampaign);
        rules.matter
    });
    let (period, year) = (cell(Field::TaxPeriod), cell(Field::TaxYear));
    let tax_period = period::parse(period, year);
    if tax_period.is_none() && !(text::is_blank(period) && text::is_blank(year)) {
        warnings.push(Warning::TaxPeriodUnknown);
    }
    let billing_code = billing_code(cell(Field::BillingCode)).unwrap_or_else(|| {
        warnings.push(Warning::BillingCodeInvalid);
        String::new()
    });
    let office = office(cell(Field::Office));
    if office.is_empty() && !text::is_blank(cell(Field::Office)) {
        warnings.push(Warning::OfficeUnknown);
    }
    let time_zone = if phones.abroad {
        zone_abroad(cell(Field::TimeZone))
    } else {
        let zone = Zone::of(&Clues {
            time_zone: cell(Field::TimeZone),
            fixed_line: phones.fixed_line.as_deref(),
            province: cell(Field::Province),
            office: &office,
            registered_at: taxpayer.id.get(10..13).filter(|_| taxpayer.kind == Kind::Legacy),
            nik: Some(taxpayer.id.as_str()).filter(|_| taxpayer.kind == Kind::Nik),
        });
        zone.map(|(zone, guess)| (zone.iana().to_owned(), guess))
    };
    let named = time_zone.as_ref().is_some_and(|(_, guess)| guess.is_none());
    if !named && !text::is_blank(cell(Field::TimeZone)) {
        warnings.push(Warning::TimeZoneUnknown);
    }
    guesses.extend(time_zone.as_ref().and_then(|(_, guess)| *guess));
    let time_zone = time_zone.map(|(zone, _)| zone).or_else(|| {
        let default = rules.default_zone.as_ref().filter(|_| !phones.abroad)?;
        guesses.push(Guess::ZoneOfCampaign);
        Some(default.clone())
    });
    if time_zone.is_none() {
        warnings.push(Warning::ZoneUnknown);
    }
    let priority = priority(cell(Field::Priority)).unwrap_or_else(|| {
        warnings.push(Warning::PriorityUnknown);
        PRIORITY
    });
    let language = language(cell(Field::Language));
    if language.is_none() && !text::is_blank(cell(Field::Language)) {
        warnings.push(Warning::LanguageUnknown);
    }

    let (mut note, note_cut) = text::remark(cell(Field::Note), NOTE_MAX);
    if note_cut {
        warnings.push(Warning::NoteCut);
    } else if text::is_blank(&note) {
        note.clear();
    }

    let (extra, extra_cut) = extra(cells, columns);
    if extra_cut {
        warnings.push(Warning::ExtraCut);
    }

    let tax_type = text::words(cell(Field::TaxType));
    let tax_code = tax_code(columns, cells);
    let tax = if tax_code.is_empty() { text::key(&tax_type) } else { tax_code.clone() };
    let unnamed = tax.is_empty() && text::is_blank(period) && text::is_blank(year);
    let identity = rules.row_key.hash(&[
        &taxpayer.id,
        matter.as_str(),
        &tax,
        // Two periods that were not understood are the same only if they are written the same.
        &tax_period.clone().unwrap_or_else(|| format!("?{period}?{year}")),
        // Where nothing else names the duty, its last day does.
        &if unnamed { due_date.to_string() } else { String::new() },
    ]);
    let nik_end = match taxpayer.kind {
        Kind::Nik => taxpayer.id.chars().next_back(),
        Kind::Legacy | Kind::New => None,
    };
    let duty = Duty {
        row,
        matter,
        tax_type,
        tax_code,
        tax_period: tax_period.unwrap_or_default(),
        amount,
        due_date,
        office,
        billing_code,
        note,
        extra,
    };
    let contact = Contact {
        taxpayer_id: taxpayer.id,
        name,
        phones: phones.numbers,
        duty,
        others: Vec::new(),
        priority,
        language,
        time_zone,
    };
    Ok(Good { contact, warnings, guesses, identity, nik_end })
}

/// The zone of somebody with a number of another country: as the list names it, or none. What else a row says (an office, a
/// province) is about Indonesia, and the person need not be there.
fn zone_abroad(cell: &str) -> Option<(String, Option<Guess>)> {
    let named = Zone::of(&Clues { time_zone: cell, ..Clues::default() });
    let name = named.map(|(zone, _)| zone.iana().to_owned()).or_else(|| {
        let zone = hours::zone(text::value(cell).trim()).ok()?;
        zone.iana_name().map(str::to_owned)
    });
    name.map(|name| (name, None))
}

/// Whether a cell holds a line break and then as many delimiters as a row has: a quotation mark was not closed, and
/// the rows behind it would be lost without a word.
fn swallowed(cells: &[String], columns: &Columns, delimiter: char) -> bool {
    let per_row = columns.header().len().saturating_sub(1);
    let broken = |cell: &String| cell.bytes().any(|b| matches!(b, b'\n' | b'\r'));
    cells.iter().any(|cell| broken(cell) && cell.matches(delimiter).count() >= per_row)
}

/// What is kept of the row's other columns, and whether some of it is left out.
fn extra(cells: &[String], columns: &Columns) -> (BTreeMap<String, String>, bool) {
    let (mut extra, mut bytes, mut cut) = (BTreeMap::new(), 0, false);
    for (name, column) in columns.kept() {
        let (text, shortened) = text::remark(cells.get(column).map_or("", String::as_str), text::TEXT_MAX);
        cut |= shortened;
        if text.is_empty() {
            continue;
        }
        bytes += name.len() + text.len();
        if bytes > EXTRA_BYTES_MAX {
            return (extra, true);
        }
        extra.insert(name.to_owned(), text);
    }
    (extra, cut)
}

pub(super) fn matter(cell: &str) -> Option<Matter> {
    let key = text::key(cell);
    let is = |part: &str| key.contains(part);
    if key == "notfiled" || is("belumlapor") {
        Some(Matter::NotFiled)
    } else if key == "notpaid" || is("belumbayar") {
        Some(Matter::NotPaid)
    } else if key == "fallsdue" || key.starts_with("skp") || key.starts_with("stp") {
        Some(Matter::FallsDue)
    } else if key == "arrears" || is("tunggakan") {
        Some(Matter::Arrears)
    } else {
        None
    }
}

/// `KAP-KJS`, from one column or two; the account code alone if there is no more.
fn tax_code(columns: &Columns, cells: &[String]) -> String {
    let cell = |field| text::value(columns.cell(cells, field));
    let whole = cell(Field::TaxCode);
    tax_code_of(&if text::is_blank(&whole) {
        format!("{}-{}", cell(Field::Kap), cell(Field::Kjs))
    } else {
        whole.into_owned()
    })
}

/// `KAP-KJS` of a cell that was [cleaned](text::value).
pub(super) fn tax_code_of(whole: &str) -> String {
    let digits = text::digits(whole);
    let others = whole.chars().any(char::is_alphabetic);
    match (digits.get(..6), digits.get(6..)) {
        (Some(account), Some("")) if !others => account.to_owned(),
        (Some(account), Some(payment)) if !others && payment.len() == 3 => {
            format!("{account}-{payment}")
        }
        _ if text::is_blank(whole) => String::new(),
        _ => text::words(whole),
    }
}

/// 15 digits, or nothing; `None` if the cell holds something else. A spreadsheet loses a leading zero.
pub(super) fn billing_code(cell: &str) -> Option<String> {
    let value = text::value(cell);
    if text::is_blank(&value) {
        return Some(String::new());
    }
    let only_digits = value.bytes().all(|b| b.is_ascii_digit() || b == b' ');
    let digits = text::digits(&value);
    match digits.len() {
        15 if only_digits => Some(digits),
        14 if only_digits => Some(format!("0{digits}")),
        _ => None,
    }
}

/// The three digits with which a tax office's cell begins; leading zeros that a spreadsheet lost are put back.
fn office(cell: &str) -> String {
    let value = text::value(cell);
    let value = value.trim_start_matches(|c: char| c.is_alphabetic() || c == ' ');
    let rest = value.trim_start_matches(|c: char| c.is_ascii_digit());
    let code = value.strip_suffix(rest).unwrap_or_default();
    if (1..=3).contains(&code.len()) { format!("{code:0>3}") } else { String::new() }
}

/// What a row's priority is that says nothing of it.
const PRIORITY: u8 = 2;

/// `None` if the cell holds something else than a priority.
fn priority(cell: &str) -> Option<u8> {
    match text::key(cell).as_str() {
        "" | "sedang" | "normal" | "medium" => Some(PRIORITY),
        "tinggi" | "high" | "urgent" | "mendesak" => Some(1),
        "rendah" | "low" => Some(3),
        key => key.parse().ok().filter(|p| (1..=9).contains(p)),
    }
}

fn language(cell: &str) -> Option<Language> {
    match text::key(cell).as_str() {
        "id" | "indonesia" | "bahasaindonesia" | "indonesian" => Some(Language::Id),
        "en" | "inggris" | "bahasainggris" | "english" => Some(Language::En),
        _ => None,
    }
}
