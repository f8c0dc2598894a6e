//! Lists to upload, and what is expected of their rows: by the list's author, not by the code under test.

use anyhow::{Context, Result, bail, ensure};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Sixty made-up rows as an office would send them: 46 good ones in many spellings, and one bad one for each reason.
/// Dates are placeholders relative to today.
const SAMPLE: &str = include_str!("../lists/contoh.csv");
/// What its rows must become.
const SAMPLE_EXPECTED: &str = include_str!("../lists/contoh-expected.csv");

/// What must become of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Phones in E.164, in the order they are tried.
    Accepted(Vec<String>),
    /// The reason's word.
    Rejected(String),
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Row in the file, from 1; the header is the first.
    pub row: u32,
    pub verdict: Verdict,
}

/// A list and what it must become.
#[derive(Debug, Clone)]
pub struct List {
    pub name: String,
    pub file: Vec<u8>,
    pub rows: Vec<Row>,
}

impl List {
    /// The accepted rows: row number and phones.
    pub fn contacts(&self) -> impl Iterator<Item = (u32, &[String])> {
        self.rows.iter().filter_map(|r| match &r.verdict {
            Verdict::Accepted(phones) => Some((r.row, phones.as_slice())),
            Verdict::Rejected(_) => None,
        })
    }

    /// The rejected rows: row number and reason.
    pub fn rejected(&self) -> impl Iterator<Item = (u32, &str)> {
        self.rows.iter().filter_map(|r| match &r.verdict {
            Verdict::Accepted(_) => None,
            Verdict::Rejected(reason) => Some((r.row, reason.as_str())),
        })
    }
}

/// Today where the service counts its days.
pub fn today() -> Date {
    let zone = TimeZone::get("Asia/Jakarta").unwrap_or(TimeZone::UTC);
    Timestamp::now().to_zoned_datetime(zone).date()
}

/// The sample of 60 rows, with dates relative to `today`.
///
/// # Errors
/// The files of the sample are damaged.
pub fn sample(today: Date) -> Result<List> {
    let file = render(SAMPLE, today)?.into_bytes();
    let mut rows = Vec::new();
    for line in SAMPLE_EXPECTED.lines().skip(1) {
        let mut cells = line.splitn(3, ',');
        let (Some(no), Some(verdict), Some(rest)) = (cells.next(), cells.next(), cells.next()) else {
            bail!("an expectation needs three cells: {line}");
        };
        let verdict = match verdict {
            "accepted" => Verdict::Accepted(rest.split(' ').map(str::to_owned).collect()),
            "rejected" => Verdict::Rejected(rest.to_owned()),
            other => bail!("no such verdict: {other}"),
        };
        rows.push(Row { row: no.parse::<u32>()? + 1, verdict });
    }
    Ok(List { name: "contoh".into(), file, rows })
}

/// A list of `contacts` good rows in three time zones, each with a number of its own that nobody can have.
///
/// # Errors
/// More than a million are asked for.
pub fn generated(contacts: u32, today: Date) -> Result<List> {
    ensure!(contacts <= 1_000_000, "at most a million contacts");
    let form = Generated::new(today)?;
    let mut file = Generated::HEADER.to_owned();
    (0..contacts).for_each(|i| file.push_str(&form.row(i)));
    let row = |i| Row { row: i + 2, verdict: Verdict::Accepted(vec![format!("+62{}", phone(i))]) };
    Ok(List { name: format!("rekaan-{contacts}"), file: file.into_bytes(), rows: (0..contacts).map(row).collect() })
}

/// The rows of generated lists, for those that are too long to be held.
pub struct Generated {
    due: String,
    year: i16,
}

impl Generated {
    pub const HEADER: &str =
        "NPWP;NAMA WP;NO TELP/HP;PERIHAL;JENIS PAJAK;KAP-KJS;MASA PAJAK;TAHUN PAJAK;JATUH TEMPO;PROVINSI;PRIORITAS\r\n";

    /// Rows that fall due 30 days after `today`.
    ///
    /// # Errors
    /// The calendar ends.
    pub fn new(today: Date) -> Result<Self> {
        Ok(Generated { due: format_date(plus_days(today, 30)?, "dmy")?, year: today.year() - 1 })
    }

    /// Row `i` of ten million.
    pub fn row(&self, i: u32) -> String {
        let (province, office) =
            [("DKI Jakarta", 13), ("Bali", 904), ("Papua", 952), ("Jawa Barat", 423)][i as usize % 4];
        let npwp = npwp(&format!("{:08}", 7_000_000 + i % 10_000_000), office);
        format!(
            "{npwp};Orang Rekaan {i};0{};BELUM LAPOR SPT;SPT Tahunan PPh Orang Pribadi;411125-200;01-12;{};{};{province};{}\r\n",
            phone(i),
            self.year,
            self.due,
            1 + i % 3
        )
    }
}

/// The mobile number of row `i`, as it is dialled within the country, without the zero.
fn phone(i: u32) -> String {
    format!("8120{:07}", i % 10_000_000)
}

/// An old 15-digit taxpayer number: eight digits, their check digit (Luhn), the office, the head office.
fn npwp(eight: &str, office: u16) -> String {
    let sum: u32 = eight
        .bytes()
        .enumerate()
        .map(|(i, b)| {
            let digit = u32::from(b - b'0') * if i % 2 == 1 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    format!("{eight}{}{office:03}000", (10 - sum % 10) % 10)
}

/// Fills the placeholders: `{due+30:dmy}` a date, `{year-1}` a year, `{month-1}` a month of two digits,
/// `{year@month-1}` the year of that month.
fn render(template: &str, today: Date) -> Result<String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (placeholder, after) = after.split_once('}').context("a placeholder without an end")?;
        out.push_str(before);
        out.push_str(&value(placeholder, today).with_context(|| format!("the placeholder {{{placeholder}}}"))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn value(placeholder: &str, today: Date) -> Result<String> {
    let at = placeholder.find(['+', '-']).context("no sign")?;
    let (name, rest) = placeholder.split_at(at);
    let (number, form) = rest.split_once(':').unwrap_or((rest, ""));
    let number: i32 = number.parse()?;
    let month = || today.first_of_month().checked_add(number.months());
    Ok(match name {
        "due" => format_date(plus_days(today, number)?, form)?,
        "year" => (i32::from(today.year()) + number).to_string(),
        "month" => format!("{:02}", month()?.month()),
        "year@month" => month()?.year().to_string(),
        _ => bail!("no such name"),
    })
}

fn plus_days(day: Date, days: i32) -> Result<Date> {
    Ok(day.checked_add(days.days())?)
}

const MONTHS: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];

/// A date in one of the spellings that lists use.
fn format_date(day: Date, form: &str) -> Result<String> {
    let (y, m, d) = (day.year(), day.month(), day.day());
    let name = MONTHS.get(m.unsigned_abs() as usize - 1).copied().unwrap_or_default();
    Ok(match form {
        "dmy" => format!("{d:02}/{m:02}/{y}"),
        "dmy-" => format!("{d:02}-{m:02}-{y}"),
        "iso" => day.to_string(),
        "long" => format!("{d} {name} {y}"),
        "short" => format!("{d} {} {y}", name.get(..3).unwrap_or(name)),
        // A spreadsheet counts days from 30 December 1899.
        "serial" => (day - date(1899, 12, 30)).get_days().to_string(),
        _ => bail!("no such form of a date: {form:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn placeholders_become_dates_relative_to_today() {
        let today = date(2027, 3, 1);
        for (template, expected) in [
            ("{due+30:dmy}", "31/03/2027"),
            ("{due+30:dmy-}", "31-03-2027"),
            ("{due+30:iso}", "2027-03-31"),
            ("{due+30:long}", "31 Maret 2027"),
            ("{due+30:short}", "31 Mar 2027"),
            ("{due+15:serial}", "46462"),
            ("{due-20:dmy}", "09/02/2027"),
            ("31/04/{year+1}", "31/04/2028"),
            ("{month-1} {year@month-1} {month-5} {year@month-5}", "02 2027 10 2026"),
        ] {
            assert_eq!(render(template, today).unwrap(), expected);
        }
        assert!(render("{due+30:roman}", today).is_err());
        assert!(render("{due+30", today).is_err());
    }

    #[test]
    fn the_sample_has_every_reason_once_and_no_number_twice() {
        let list = sample(date(2027, 3, 1)).unwrap();
        let phones: Vec<&String> = list.contacts().flat_map(|(_, phones)| phones).collect();
        assert_eq!((list.contacts().count(), list.rejected().count()), (46, 14));
        assert_eq!(phones.iter().collect::<BTreeSet<_>>().len(), phones.len());
        assert_eq!(list.rejected().map(|(_, reason)| reason).collect::<BTreeSet<_>>().len(), 14);
        assert_eq!(String::from_utf8(list.file).unwrap().lines().count(), 61);
    }

    #[test]
    fn check_digits_are_those_of_published_examples() {
        assert_eq!(npwp("01312166", 91), "013121660091000");
        assert_eq!(npwp("01609052", 17), "016090524017000");
    }
}
