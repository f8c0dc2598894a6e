//! Numbers, money, dates and times as words. Speech engines read figures by rules of their own, often those of another
//! language, so the script hands them words only.

mod en;
mod id;

use crate::contact::Language;
use jiff::civil::{Date, Time};

/// A whole number.
pub fn number(language: Language, n: u64) -> String {
    match language {
        Language::Id => id::number(n),
        Language::En => en::number(n),
    }
}

/// Whole rupiah.
pub fn rupiah(language: Language, amount: u64) -> String {
    format!("{} rupiah", number(language, amount))
}

/// Day, month and year.
pub fn date(language: Language, date: Date) -> String {
    let (day, month, year) = (date.day(), month(language, date.month()), year(language, date.year()));
    match language {
        Language::Id => format!("{} {month} {year}", id::number(day.unsigned_abs().into())),
        Language::En => format!("the {} of {month} {year}", en::ordinal(day.unsigned_abs().into())),
    }
}

/// The year as a number; the calendar's years before 1 do not occur in lists.
pub fn year(language: Language, year: i16) -> String {
    number(language, year.unsigned_abs().into())
}

/// A month's name, 1 to 12; empty for any other number.
pub fn month(language: Language, month: i8) -> &'static str {
    let names = match language {
        Language::Id => &id::MONTHS,
        Language::En => &en::MONTHS,
    };
    usize::try_from(month).ok().and_then(|m| names.get(m.checked_sub(1)?)).copied().unwrap_or("")
}

/// The time of day on the 12-hour clock with its part of the day: spoken Indonesian has no 24-hour clock, and its
/// "half two" is half past one, so minutes are always counted from the full hour.
pub fn time(language: Language, time: Time) -> String {
    let hour = u64::from(time.hour().unsigned_abs());
    let (hour12, minute) = ((hour + 11) % 12 + 1, u64::from(time.minute().unsigned_abs()));
    match language {
        Language::Id => id::time(hour12, minute, daypart(language, time.hour())),
        Language::En => en::time(hour12, minute, daypart(language, time.hour())),
    }
}

/// The part of the day as a greeting names it. `hour` is local, 0 to 23.
pub fn daypart(language: Language, hour: i8) -> &'static str {
    match (language, hour) {
        (Language::Id, 1..=10) => "pagi",
        (Language::Id, 11..=14) => "siang",
        (Language::Id, 15..=17) => "sore",
        (Language::Id, _) => "malam",
        (Language::En, 1..=11) => "morning",
        (Language::En, 12..=17) => "afternoon",
        (Language::En, _) => "evening",
    }
}

/// A code, one digit after the other. Commas make the voice pause where the writing separates the digits, and within
/// runs too long to remember after every three or four.
pub fn digits(language: Language, code: &str) -> String {
    let digit = |c: char| c.to_digit(10).map(|d| number(language, d.into()));
    let groups = code.split(|c: char| !c.is_ascii_digit()).flat_map(|run| evenly(run, 4));
    let spoken = groups.map(|group| group.chars().filter_map(digit).collect::<Vec<_>>().join(" "));
    spoken.collect::<Vec<_>>().join(", ")
}

/// Cuts `run` (ASCII) into the fewest pieces of at most `longest`, the longer ones first, none shorter by more than one.
fn evenly(run: &str, longest: usize) -> Vec<&str> {
    let pieces = run.len().div_ceil(longest);
    let mut rest = run;
    let mut out = Vec::with_capacity(pieces);
    for left in (1..=pieces).rev() {
        let Some((piece, after)) = rest.split_at_checked(rest.len().div_ceil(left)) else {
            break;
        };
        out.push(piece);
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{En, Id};
    use jiff::civil::{date as day, time as clock};

    #[test]
    fn money_is_words_and_the_currency() {
        assert_eq!(rupiah(Id, 1_250_000), "satu juta dua ratus lima puluh ribu rupiah");
        assert_eq!(rupiah(En, 1_250_000), "one million two hundred fifty thousand rupiah");
    }

    #[test]
    fn a_date_has_its_month_by_name() {
        assert_eq!(date(Id, day(2027, 3, 31)), "tiga puluh satu Maret dua ribu dua puluh tujuh");
        assert_eq!(date(En, day(2027, 3, 31)), "the thirty-first of March two thousand twenty-seven");
        assert_eq!(date(En, day(2028, 2, 20)), "the twentieth of February two thousand twenty-eight");
        assert_eq!((month(Id, 0), month(Id, 12), month(En, 13)), ("", "Desember", ""));
    }

    #[test]
    fn a_time_counts_minutes_from_the_full_hour() {
        for (hour, minute, id, en) in [
            (8, 0, "pukul delapan pagi", "eight o'clock in the morning"),
            (16, 0, "pukul empat sore", "four o'clock in the afternoon"),
            (13, 30, "pukul satu lewat tiga puluh menit siang", "one thirty in the afternoon"),
            (0, 5, "pukul dua belas lewat lima menit malam", "twelve oh five in the evening"),
            (12, 15, "pukul dua belas lewat lima belas menit siang", "twelve fifteen in the afternoon"),
            (23, 59, "pukul sebelas lewat lima puluh sembilan menit malam", "eleven fifty-nine in the evening"),
        ] {
            assert_eq!(time(Id, clock(hour, minute, 0, 0)), id);
            assert_eq!(time(En, clock(hour, minute, 0, 0)), en);
        }
    }

    #[test]
    fn the_part_of_the_day_changes_at_its_hours() {
        let said = |language| (0..24).map(|h| daypart(language, h)).collect::<Vec<_>>();
        let parts = |runs: &[(usize, &'static str)]| {
            runs.iter().flat_map(|(n, part)| std::iter::repeat_n(*part, *n)).collect::<Vec<_>>()
        };
        assert_eq!(said(Id), parts(&[(1, "malam"), (10, "pagi"), (4, "siang"), (3, "sore"), (6, "malam")]));
        assert_eq!(said(En), parts(&[(1, "evening"), (11, "morning"), (6, "afternoon"), (6, "evening")]));
    }

    #[test]
    fn a_code_is_read_digit_by_digit_in_groups() {
        let id = |code| digits(Id, code);
        assert_eq!(id("0812-0000-0101"), "nol delapan satu dua, nol nol nol nol, nol satu nol satu");
        assert_eq!(id("1500200"), "satu lima nol nol, dua nol nol");
        assert_eq!(id("02703"), "nol dua tujuh, nol tiga");
        assert_eq!(digits(En, "12/07"), "one two, zero seven");
        assert_eq!(id(""), "");
        assert_eq!(id("é-٣"), "");
    }

    #[test]
    fn runs_are_cut_into_threes_and_fours() {
        for n in 6..40 {
            let run = "1".repeat(n);
            let cut = evenly(&run, 4);
            assert_eq!(cut.concat(), run);
            assert!(cut.iter().all(|piece| (3..=4).contains(&piece.len())), "{cut:?}");
        }
    }
}
