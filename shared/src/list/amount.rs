//! Amounts in whole rupiah, with the separators of either locale.

use super::Reason;
use super::text;

/// Most digits of an amount: what a spreadsheet keeps exactly.
const DIGITS_MAX: usize = 15;

/// Understands an amount; `None` if the cell says nothing. `.` or `,` before three digits groups thousands, so
/// `1.250` is 1250; `,00` and `,-` are dropped; an amount with a fraction of a rupiah is refused, as taxes have none
/// and `1,25` most likely stands for something else.
pub(super) fn parse(cell: &str) -> Result<Option<u64>, Reason> {
    let text = text::value(cell).to_ascii_lowercase();
    let text = text.strip_prefix("idr").unwrap_or(&text);
    let text = match text.strip_prefix("rp") {
        Some(rest) => rest.strip_prefix('.').unwrap_or(rest),
        None => text,
    };
    let text = text.trim();
    let text = text.strip_suffix('-').map(|rest| rest.trim_end_matches([',', '.', ' '])).unwrap_or(text);
    if text.is_empty() || text == "-" {
        return Ok(None);
    }
    let digits = whole(text).ok_or(Reason::AmountInvalid)?;
    if digits.len() > DIGITS_MAX {
        return Err(Reason::AmountInvalid);
    }
    digits.parse().map(Some).map_err(|_| Reason::AmountInvalid)
}

/// The digits of the whole rupiah.
fn whole(text: &str) -> Option<String> {
    let last = text.char_indices().rfind(|(_, c)| matches!(c, '.' | ','));
    let (grouped, separator) = match last {
        Some((at, mark)) => {
            let (before, after) = (text.get(..at)?, text.get(at + 1..)?);
            match after {
                // Cents, behind a mark that occurs nowhere else.
                "0" | "00" if !before.contains(mark) => (before, None),
                _ => (text, Some(mark)),
            }
        }
        None => (text, None),
    };
    let separator = separator.or_else(|| grouped.chars().find(|c| matches!(c, '.' | ',' | ' ')));
    let Some(separator) = separator else {
        return all_digits(grouped).then(|| grouped.to_owned());
    };
    let mut groups = grouped.split(separator);
    let first = groups.next()?;
    let first_fits = (1..=3).contains(&first.len()) && all_digits(first);
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || !all_digits(group) {
            return None;
        }
        digits.push_str(group);
    }
    first_fits.then_some(digits)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_lists_write_them() {
        for (text, amount) in [
            ("1.250.000", 1_250_000),
            ("1,250,000", 1_250_000),
            ("1 250 000", 1_250_000),
            ("1250000", 1_250_000),
            ("Rp 350.000,-", 350_000),
            ("Rp. 350.000", 350_000),
            ("rp350000", 350_000),
            ("IDR 350,000.00", 350_000),
            ("Rp12.750.000,00", 12_750_000),
            ("12,750,000.00", 12_750_000),
            ("4.400.000,00", 4_400_000),
            ("100000,00", 100_000),
            ("100000.0", 100_000),
            ("1.250", 1_250),
            ("1,250", 1_250),
            ("75", 75),
            ("１.２５０", 1_250),
            ("0", 0),
            ("'1.250.000", 1_250_000),
            ("999.999.999.999.999", 999_999_999_999_999),
        ] {
            assert_eq!(parse(text), Ok(Some(amount)), "{text}");
        }
        for text in ["", " ", "-", "Rp -", " Rp                 -   "] {
            assert_eq!(parse(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn amounts_that_are_not_clear() {
        for text in [
            "1,25",
            "1.25",
            "1.250,50",
            "1250,000",
            "1.250,000",
            "1,25E+06",
            "-100.000",
            "(100.000)",
            "12.34.567",
            "1.250.00",
            "seratus ribu",
            "100 ribu",
            "75²",
            "①",
            "1..250",
            ".250",
            "1.000.000.000.000.000",
            "1.250.000 USD",
            ",00",
            "99999999999999999999999",
        ] {
            assert_eq!(parse(text), Err(Reason::AmountInvalid), "{text}");
        }
    }
}
