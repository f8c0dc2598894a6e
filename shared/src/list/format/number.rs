//! Numbers and dates of spreadsheets as text that cannot be mistaken.

use jiff::ToSpan;
use jiff::civil::Date;

/// Up to here every whole number has a double of its own (2^53).
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// A spreadsheet shows 15 digits; behind them is what computing left over.
const SHOWN_MAX: f64 = 1e15;
/// 31 December 9999, the last day that a spreadsheet knows.
const SERIAL_MAX: f64 = 2_958_465.0;
/// Days between the two beginnings of time that spreadsheets know.
const DAYS_TO_1904: f64 = 1_462.0;

/// A number as a file has it, in the digits that were typed: `8.12345E+11` is `812345000000`. What has lost its
/// digits stays in scientific notation, so that it is seen. A fraction of three digits gets a fourth, lest it be
/// taken for thousands.
pub(super) fn number(text: &str) -> String {
    let text = text.trim();
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return text.to_owned();
    }
    match text.parse::<f64>() {
        Ok(value) => rounded(value).unwrap_or_else(|| text.to_owned()),
        Err(_) => text.to_owned(),
    }
}

/// As [`number`], of a number that the file has in binary.
pub(super) fn double(value: f64) -> String {
    rounded(value).unwrap_or_else(|| format!("{value:e}"))
}

fn rounded(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    if value.abs() >= SHOWN_MAX {
        return (value.fract() == 0.0 && value.abs() <= EXACT_MAX).then(|| format!("{value:.0}"));
    }
    if value.fract() == 0.0 {
        // Adding nothing makes of the negative zero a plain one.
        return Some(format!("{:.0}", value + 0.0));
    }
    let shown: f64 = format!("{value:.14e}").parse().ok()?;
    let mut text = format!("{}", shown + 0.0);
    if text.split_once('.').is_some_and(|(_, fraction)| fraction.len() == 3) {
        text.push('0');
    }
    Some(text)
}

/// What a number format shows of a date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shown {
    year: bool,
    month: bool,
    day: bool,
    time: bool,
}

impl Shown {
    const DATE: Shown = Shown { year: true, month: true, day: true, time: false };

    /// The formats that have a number and no code.
    pub fn builtin(id: u32) -> Shown {
        match id {
            14..=16 | 27..=31 | 36 | 50..=58 => Shown::DATE,
            17 => Shown { day: false, ..Shown::DATE },
            22 => Shown { time: true, ..Shown::DATE },
            _ => Shown::default(),
        }
    }

    /// What a format code shows, for example `[$-421]dd mmmm yyyy;@`. Codes are in English in every file.
    pub fn of(code: &str) -> Shown {
        let mut letters: Vec<char> = Vec::new();
        let mut chars = code.chars();
        while let Some(c) = chars.next() {
            match c {
                ';' => break,
                '"' => drop(chars.find(|c| *c == '"')),
                '[' => {
                    // Hours that go on beyond a day; else a colour, a language or a condition.
                    let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    let first = inside.chars().next().map(|c| c.to_ascii_lowercase());
                    if let Some(first @ ('h' | 'm' | 's')) = first
                        && inside.chars().all(|c| c.eq_ignore_ascii_case(&first))
                    {
                        letters.push(if first == 'm' { 's' } else { first });
                    }
                }
                '\\' | '_' | '*' => drop(chars.next()),
                _ => {
                    let c = c.to_ascii_lowercase();
                    if matches!(c, 'y' | 'm' | 'd' | 'h' | 's') && letters.last() != Some(&c) {
                        letters.push(c);
                    }
                }
            }
        }
        let mut shown = Shown::default();
        for (at, letter) in letters.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| letters.get(at));
            match letter {
                'y' => shown.year = true,
                'd' => shown.day = true,
                // Minutes, next to hours or seconds.
                'm' if before == Some(&'h') || letters.get(at + 1) == Some(&'s') => shown.time = true,
                'm' => shown.month = true,
                _ => shown.time = true,
            }
        }
        shown
    }

    /// Whether it shows no date at all; hours alone are none.
    pub fn is_number(self) -> bool {
        !(self.year || self.month || self.day)
    }

    /// A serial number as the date that it stands for, as much of it as is shown: `2027-03-31`,
    /// `2027-03-31 08:00:00`, `03-2027`, `2027`. `None` if there is no such day, as of a phone number in a column
    /// of dates.
    pub fn date(self, serial: f64, since_1904: bool) -> Option<String> {
        let serial = if since_1904 { serial + DAYS_TO_1904 } else { serial };
        if !(1.0..=SERIAL_MAX).contains(&serial) {
            return None;
        }
        let (mut day, mut seconds) = (serial.floor() as i32, (serial.fract() * 86_400.0).round() as u32);
        if seconds >= 86_400 {
            (day, seconds) = (day.saturating_add(1), 0);
        }
        // 1900 counts as a leap year: its 60th day is one that never was.
        if day == 60 {
            return Some("1900-02-29".to_owned());
        }
        let days = if day < 60 { day.saturating_add(1) } else { day };
        let date = Date::new(1899, 12, 30).ok()?.checked_add(days.days()).ok()?;
        let (year, month) = (date.year(), date.month());
        Some(match self {
            Shown { day: true, time: true, .. } if seconds > 0 => {
                format!("{date} {:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
            }
            Shown { day: true, .. } => date.to_string(),
            Shown { month: true, year: true, .. } => format!("{month:02}-{year}"),
            Shown { month: true, .. } => format!("{month:02}"),
            _ => year.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_digits_that_were_typed() {
        for (kept, text) in [
            ("812345000000", "812345000000"),
            ("8.12345E+11", "812345000000"),
            ("8.12345e11", "812345000000"),
            ("6281200000101", "6281200000101"),
            ("6.281200000101E12", "6281200000101"),
            ("3173042501900001", "3173042501900001"),
            ("3.173042501900001E+15", "3173042501900001"),
            ("1250000.0000000002", "1250000"),
            ("1249999.9999999998", "1250000"),
            ("1250000.0", "1250000"),
            ("1.25", "1.25"),
            ("1.125", "1.1250"),
            ("0.1", "0.1"),
            ("-5", "-5"),
            ("-0.0", "0"),
            ("1E-7", "0.0000001"),
            ("9.17104250190000123E+18", "9.17104250190000123E+18"),
            ("1E400", "1E400"),
            ("NaN", "NaN"),
            ("", ""),
        ] {
            assert_eq!(number(kept), text, "{kept}");
        }
        assert_eq!(double(812_345_000_000.0), "812345000000");
        assert_eq!(double(0.1 + 0.2), "0.3");
        assert_eq!(double(1e20), "1e20");
        assert_eq!(double(f64::NAN), "NaN");
    }

    #[test]
    fn formats_show_dates_or_they_do_not() {
        let (full, month) = (Shown::DATE, Shown { day: false, ..Shown::DATE });
        for (code, shown) in [
            ("dd/mm/yyyy", full),
            ("[$-421]dd mmmm yyyy;@", full),
            ("yyyy\\-mm\\-dd", full),
            ("m/d/yy h:mm", Shown { time: true, ..full }),
            ("mmm-yy", month),
            ("General", Shown::default()),
            ("\"Rp\"#,##0_);[Red]\\(\"Rp\"#,##0\\)", Shown::default()),
            ("0000\\-0000\\-0000", Shown::default()),
            ("_(* #,##0_);_(* \\(#,##0\\);_(* \"-\"_);_(@_)", Shown::default()),
            ("\"day\" 0", Shown::default()),
            ("@", Shown::default()),
            ("\"never closed", Shown::default()),
        ] {
            assert_eq!(Shown::of(code), shown, "{code}");
        }
        for time in ["h:mm:ss", "mm:ss.0", "[h]:mm"] {
            assert!(Shown::of(time).is_number(), "{time}");
        }
    }

    #[test]
    fn serial_numbers_are_days() {
        for (serial, date) in [
            (46_477.0, "2027-03-31"),
            (46_477.5, "2027-03-31"),
            (46_476.999_999_999, "2027-03-31"),
            (1.0, "1900-01-01"),
            (59.0, "1900-02-28"),
            (60.0, "1900-02-29"),
            (61.0, "1900-03-01"),
            (2_958_465.0, "9999-12-31"),
        ] {
            assert_eq!(Shown::DATE.date(serial, false).as_deref(), Some(date), "{serial}");
        }
        for serial in [0.0, -1.0, 0.5, 81_200_000_101.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Shown::DATE.date(serial, false), None, "{serial}");
        }
        assert_eq!(Shown::DATE.date(46_477.0 - 1_462.0, true).as_deref(), Some("2027-03-31"));
        assert_eq!(Shown::builtin(22).date(46_477.25, false).as_deref(), Some("2027-03-31 06:00:00"));
        assert_eq!(Shown::builtin(17).date(46_447.0, false).as_deref(), Some("03-2027"));
        assert_eq!(Shown::of("yyyy").date(46_447.0, false).as_deref(), Some("2027"));
        assert_eq!(Shown::of("mmmm").date(46_447.0, false).as_deref(), Some("03"));
    }
}
