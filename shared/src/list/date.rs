//! Dates as lists write them: day first, always; a spreadsheet's serial number; Indonesian and English months.

use super::text;
use super::{Reason, Warning};
use jiff::ToSpan;
use jiff::civil::Date;

/// The months' names and their usual short forms, each with the month's number.
#[rustfmt::skip]
const MONTHS: &[(&str, i8)] = &[
    ("januari", 1), ("january", 1), ("jan", 1),
    ("februari", 2), ("pebruari", 2), ("february", 2), ("feb", 2), ("peb", 2),
    ("maret", 3), ("march", 3), ("mar", 3),
    ("april", 4), ("apr", 4),
    ("mei", 5), ("may", 5),
    ("juni", 6), ("june", 6), ("jun", 6),
    ("juli", 7), ("july", 7), ("jul", 7),
    ("agustus", 8), ("august", 8), ("agu", 8), ("ags", 8), ("agt", 8), ("aug", 8),
    ("september", 9), ("sept", 9), ("sep", 9),
    ("oktober", 10), ("october", 10), ("okt", 10), ("oct", 10),
    ("november", 11), ("nopember", 11), ("nov", 11), ("nop", 11),
    ("desember", 12), ("december", 12), ("des", 12), ("dec", 12),
];

/// Serial numbers taken for dates: 2009 to 2064. Outside, a bare number is a mistake.
const SERIALS: std::ops::RangeInclusive<i32> = 40_000..=60_000;

/// Understands a due date. A serial number is accepted with a warning.
pub(super) fn parse(cell: &str) -> Result<(Date, Option<Warning>), Reason> {
    let text = text::value(cell);
    if text::is_blank(&text) {
        return Err(Reason::DueDateMissing);
    }
    if let Ok(serial) = text.parse::<i32>()
        && SERIALS.contains(&serial)
    {
        // Day 1 is 1 January 1900, and 1900 counts as a leap year: from March 1900 on, day 0 is 30 December 1899.
        let date = Date::new(1899, 12, 30).and_then(|day0| day0.checked_add(serial.days()));
        return date.map(|date| (date, Some(Warning::DueDateExcelSerial))).map_err(|_| Reason::DueDateInvalid);
    }
    let date = calendar(&text).ok_or(Reason::DueDateInvalid)?;
    Ok((date, None))
}

fn calendar(text: &str) -> Option<Date> {
    let date = without_time(text);
    let parts: Vec<&str> = date.split(['/', '-', '.', ' ', ',']).filter(|part| !part.is_empty()).collect();
    let [first, second, third] = parts.as_slice() else {
        return None;
    };
    let (day, month, year) = match (number(first), number(second), number(third)) {
        (Some(year), Some(month), Some(day)) if first.len() == 4 => (day, i8::try_from(month).ok()?, year),
        (Some(day), Some(month), Some(year)) if third.len() == 4 => (day, i8::try_from(month).ok()?, year),
        // With the month in letters a short year cannot be mistaken for a day that comes first.
        (Some(day), None, Some(year)) if third.len() == 2 => (day, month_named(second)?, 2000 + year),
        (Some(day), None, Some(year)) if third.len() == 4 => (day, month_named(second)?, year),
        _ => return None,
    };
    if !(2000..=2100).contains(&year) {
        return None;
    }
    Date::new(year, month, i8::try_from(day).ok()?).ok()
}

/// Databases export midnight with every date.
fn without_time(text: &str) -> &str {
    match text.rsplit_once([' ', 'T']) {
        Some((date, time)) if time.contains(':') => date.trim_end(),
        _ => text,
    }
}

fn number(text: &str) -> Option<i16> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// The month of a name or short form, 1 to 12.
pub(super) fn month_named(name: &str) -> Option<i8> {
    let name = name.to_ascii_lowercase();
    MONTHS.iter().find(|(known, _)| *known == name).map(|(_, month)| *month)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn dates_as_lists_write_them() {
        let end = date(2027, 3, 31);
        for text in [
            "31/03/2027",
            "31-03-2027",
            "31.03.2027",
            "2027-03-31",
            "2027/03/31",
            "31 Maret 2027",
            "31 MARET 2027",
            "31 Mar 2027",
            "31-Mar-27",
            "31-Mar-2027",
            "'31/03/2027",
            "31\u{a0}Maret\u{a0}2027",
            "31/3/2027",
            "2027-03-31 00:00:00",
            "2027-03-31T00:00:00",
            "31/03/2027 0:00",
        ] {
            assert_eq!(parse(text), Ok((end, None)), "{text}");
        }
        assert_eq!(parse("46477"), Ok((end, Some(Warning::DueDateExcelSerial))));
        assert_eq!(parse("05/04/2027"), Ok((date(2027, 4, 5), None)));
        assert_eq!(parse("1 Agustus 2027"), Ok((date(2027, 8, 1), None)));
        assert_eq!(parse("29/02/2028"), Ok((date(2028, 2, 29), None)));
    }

    #[test]
    fn dates_that_do_not_exist_or_are_not_clear() {
        for text in [
            "31/04/2027",
            "29/02/2027",
            "03/31/2027",
            "31/03/27",
            "27-03-31",
            "2027",
            "31 Maret",
            "akhir Maret 2027",
            "4,6477E+04",
            "20270331",
            "31/03/0207",
            "0/03/2027",
            "31/03/2027/1",
            "99999999999",
            "7",
            "-31/03/2027x",
        ] {
            assert_eq!(parse(text), Err(Reason::DueDateInvalid), "{text}");
        }
        assert_eq!(parse(" "), Err(Reason::DueDateMissing));
        assert_eq!(parse("-"), Err(Reason::DueDateMissing));
    }

    #[test]
    fn every_month_has_its_names() {
        for (month, names) in (1..).zip([
            "Januari Jan",
            "Februari Feb",
            "Maret Mar",
            "April Apr",
            "Mei",
            "Juni Jun",
            "Juli Jul",
            "Agustus Agu Ags",
            "September Sep Sept",
            "Oktober Okt",
            "November Nov Nop",
            "Desember Des",
        ]) {
            for name in names.split(' ') {
                let text = format!("15 {name} 2027");
                assert_eq!(parse(&text), Ok((date(2027, month, 15), None)), "{text}");
            }
        }
    }
}
