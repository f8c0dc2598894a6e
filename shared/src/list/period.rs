//! Tax period and year, as lists write them, to `YYYY` or `YYYY-MM`.

use super::{date, text};

/// The period of a duty: `YYYY` for a year or a range of months, `YYYY-MM` for a month; `None` if it is not clear.
pub(super) fn parse(period: &str, year: &str) -> Option<String> {
    let (period, year) = (text::value(period), text::value(year));
    let period = period.trim_matches(|c: char| !c.is_alphanumeric());
    let year = number(year.trim(), 4);
    if period.is_empty() {
        return year.map(str::to_owned);
    }
    let parts: Vec<&str> = period.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let (from, to, own_year) = match parts.as_slice() {
        [one] => match (number(one, 4), month(one)) {
            (_, Some(month)) => (month, month, None),
            // 2027 is a year; 0202 is from month to month.
            (Some(digits), None) => match (month(digits.get(..2)?), month(digits.get(2..)?)) {
                (Some(from), Some(to)) => (from, to, None),
                _ => return agree(year, Some(digits)),
            },
            (None, None) => match (number(one, 6), one.get(..2), one.get(2..)) {
                (Some(_), Some(first), Some(year)) => (month(first)?, month(first)?, Some(year)),
                _ => return None,
            },
        },
        [first, second] => match (number(first, 4), number(second, 4)) {
            (None, None) => (month(first)?, month(second)?, None),
            (None, own) => (month(first)?, month(first)?, own),
            (own, None) => (month(second)?, month(second)?, own),
            (Some(_), Some(_)) => return None,
        },
        [first, second, third] => (month(first)?, month(second)?, Some(number(third, 4)?)),
        _ => return None,
    };
    let year = agree(year, own_year)?;
    match from.cmp(&to) {
        std::cmp::Ordering::Equal => Some(format!("{year}-{from:02}")),
        std::cmp::Ordering::Less => Some(year),
        std::cmp::Ordering::Greater => None,
    }
}

/// The year, from either place; they must not differ.
fn agree(column: Option<&str>, own: Option<&str>) -> Option<String> {
    let year = match (column, own) {
        (Some(a), Some(b)) if a != b => return None,
        (Some(year), _) | (None, Some(year)) => year,
        (None, None) => return None,
    };
    (year.starts_with("19") || year.starts_with("20")).then(|| year.to_owned())
}

fn number(text: &str, length: usize) -> Option<&str> {
    let fits = text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(text)
}

fn month(text: &str) -> Option<i8> {
    if text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok().filter(|month| (1..=12).contains(month));
    }
    date::month_named(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_as_lists_write_them() {
        for (period, year, expected) in [
            ("01-12", "2026", Some("2026")),
            ("0112", "2026", Some("2026")),
            ("1 - 12", "2026", Some("2026")),
            ("Januari-Desember", "2026", Some("2026")),
            ("01-06", "2026", Some("2026")),
            ("", "2026", Some("2026")),
            ("2026", "", Some("2026")),
            ("2026", "2026", Some("2026")),
            ("01-12 2026", "", Some("2026")),
            ("02", "2027", Some("2027-02")),
            ("2", "2027", Some("2027-02")),
            ("02-02", "2027", Some("2027-02")),
            ("0202", "2027", Some("2027-02")),
            ("Februari", "2027", Some("2027-02")),
            ("FEB", "2027", Some("2027-02")),
            ("02/2027", "", Some("2027-02")),
            ("2027-02", "", Some("2027-02")),
            ("2027-02", "2027", Some("2027-02")),
            ("Februari 2027", "", Some("2027-02")),
            ("022027", "", Some("2027-02")),
            ("'02", "'2027", Some("2027-02")),
            ("10", "2026", Some("2026-10")),
            ("02", "", None),
            ("02", "27", None),
            ("13", "2027", None),
            ("12-01", "2027", None),
            ("2026", "2027", None),
            ("Triwulan I", "2027", None),
            ("01-Des", "2026", Some("2026")),
            ("01-Des", "", None),
            ("", "", None),
        ] {
            assert_eq!(parse(period, year).as_deref(), expected, "{period} {year}");
        }
    }
}
