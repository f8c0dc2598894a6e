//! Taxpayer numbers of Indonesia: NPWP of 15 and 16 digits, NIK, NITKU; what spreadsheets do to them.
//!
//! Since 2024 the number of a resident person is the NIK, that of others `0` and the old 15 digits (PMK 112/2022);
//! a NITKU is the 16 digits and 6 more for the place of business.

use super::text;
use super::zone::Zone;
use super::{Reason, Warning};
use jiff::civil::Date;

/// A taxpayer number that passed every check there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taxpayer {
    /// 16 digits.
    pub id: String,
    pub kind: Kind,
    pub warnings: Vec<Warning>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `0` and an old NPWP.
    Legacy,
    /// A resident person.
    Nik,
    /// Neither: seen with the prefix `1000` for newly registered companies.
    New,
}

/// Understands a cell that should hold one taxpayer number.
pub(super) fn parse(cell: &str) -> Result<Taxpayer, Reason> {
    let text = text::value(cell);
    if text::is_blank(&text) {
        return Err(Reason::NpwpMissing);
    }
    if text::is_scientific(&text) {
        return Err(Reason::NpwpScientific);
    }
    let mut digits = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '.' | '-' | ' ' | '/' | '\u{2010}'..='\u{2015}' => {}
            _ => return Err(Reason::NpwpLength),
        }
    }
    let mut warnings = Vec::new();
    let id = match digits.len() {
        // One digit is missing, and only a leading zero gets lost: the check digit tells.
        14 => {
            let whole = format!("00{digits}");
            if legacy(&whole).is_err() {
                return Err(Reason::NpwpLength);
            }
            warnings.push(Warning::NpwpLeadingZeroRestored);
            whole
        }
        15 => format!("0{digits}"),
        16 => digits,
        22 => {
            warnings.push(Warning::NpwpFromNitku);
            digits.get(..16).unwrap_or_default().to_owned()
        }
        _ if all_equal(&digits) => return Err(Reason::NpwpPlaceholder),
        _ => return Err(Reason::NpwpLength),
    };
    if all_equal(id.get(1..).unwrap_or_default()) {
        return Err(Reason::NpwpPlaceholder);
    }
    let kind = if id.starts_with('0') {
        legacy(&id)?;
        if !id.ends_with("000") {
            warnings.push(Warning::NpwpBranch);
        }
        Kind::Legacy
    } else if id.starts_with("1000") {
        warnings.push(Warning::NpwpPrefixUnknown);
        Kind::New
    } else {
        nik(&id)?;
        Kind::Nik
    };
    Ok(Taxpayer { id, kind, warnings })
}

/// `0` and an old NPWP: the taxpayer is known by 9 digits, the last of which checks the others.
fn legacy(id: &str) -> Result<(), Reason> {
    let person = id.get(1..10).unwrap_or_default();
    if all_equal(person) && person.starts_with('0') {
        // Written with any office code for people who have no number; it would pass the check.
        return Err(Reason::NpwpPlaceholder);
    }
    if luhn_holds(person) { Ok(()) } else { Err(Reason::NpwpChecksum) }
}

/// Luhn: every second digit from the right but one is doubled, products' digits are added up, the sum ends in 0.
fn luhn_holds(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit.wrapping_sub(b'0'));
            match at % 2 {
                0 => digit,
                _ => digit * 2 / 10 + digit * 2 % 10,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// `PPRRSS DDMMYY NNNN`: province at first issue, date of birth (day + 40 for women), serial from 0001. There is no
/// check digit; districts are split every year, so of the place only the province is checked.
fn nik(id: &str) -> Result<(), Reason> {
    let number = |from: usize| -> u8 {
        let two = id.get(from..from + 2).unwrap_or_default();
        two.parse().unwrap_or(0)
    };
    if Zone::of_province_code(number(0)).is_none() {
        return Err(Reason::NikProvince);
    }
    let day = match number(6) {
        woman @ 41..=71 => woman - 40,
        day => day,
    };
    let (Ok(day), Ok(month)) = (i8::try_from(day), i8::try_from(number(8))) else {
        return Err(Reason::NikDate);
    };
    let year = i16::from(number(10));
    if Date::new(1900 + year, month, day).or_else(|_| Date::new(2000 + year, month, day)).is_err() {
        return Err(Reason::NikDate);
    }
    // A spreadsheet keeps 15 digits; the first serial number of a day then reads 0000.
    if id.ends_with("0000") {
        return Err(Reason::NikTruncated);
    }
    Ok(())
}

fn all_equal(digits: &str) -> bool {
    let mut bytes = digits.bytes();
    let first = bytes.next();
    bytes.all(|b| Some(b) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_verdicts() {
        use Reason::*;
        use Warning::*;
        let good =
            |id: &str, kind, warnings: &[Warning]| Ok(Taxpayer { id: id.into(), kind, warnings: warnings.into() });
        for (text, verdict) in [
            ("01.312.166.0-091.000", good("0013121660091000", Kind::Legacy, &[])),
            ("016090524017000", good("0016090524017000", Kind::Legacy, &[])),
            ("01.300.066.6-091.000", good("0013000666091000", Kind::Legacy, &[])),
            ("07.900.101.2-541.000", good("0079001012541000", Kind::Legacy, &[])),
            ("0013121660091000", good("0013121660091000", Kind::Legacy, &[])),
            ("'013121660091000", good("0013121660091000", Kind::Legacy, &[])),
            ("’013121660091000", good("0013121660091000", Kind::Legacy, &[])),
            ("=\"013121660091000\"", good("0013121660091000", Kind::Legacy, &[])),
            ("０１３１２１６６００９１０００", good("0013121660091000", Kind::Legacy, &[])),
            ("01.312.166.0\u{2013}091.000\u{a0}", good("0013121660091000", Kind::Legacy, &[])),
            ("02.900.136.9-415.001", good("0029001369415001", Kind::Legacy, &[NpwpBranch])),
            ("13121660091000", good("0013121660091000", Kind::Legacy, &[NpwpLeadingZeroRestored])),
            ("0029001187217000000000", good("0029001187217000", Kind::Legacy, &[NpwpFromNitku])),
            ("3273011503859001000001", good("3273011503859001", Kind::Nik, &[NpwpFromNitku])),
            ("3273011503859001", good("3273011503859001", Kind::Nik, &[])),
            ("327301 150385 9001", good("3273011503859001", Kind::Nik, &[])),
            ("3174055207909002", good("3174055207909002", Kind::Nik, &[])),
            ("6571024812889004", good("6571024812889004", Kind::Nik, &[])),
            ("9471010101900001", good("9471010101900001", Kind::Nik, &[])),
            ("3273012902009010", good("3273012902009010", Kind::Nik, &[])), // 29 February 2000
            ("1000123456789012", good("1000123456789012", Kind::New, &[NpwpPrefixUnknown])),
            ("01.312.166.1-091.000", Err(NpwpChecksum)),
            ("01.321.166.0-091.000", Err(NpwpChecksum)),
            ("216090524017001", Err(NpwpChecksum)),
            ("13121661091000", Err(NpwpLength)),
            ("1312166009100", Err(NpwpLength)),
            ("131216600910000000", Err(NpwpLength)),
            ("01.312.166.O-091.000", Err(NpwpLength)),
            ("1.312166009E+13", Err(NpwpScientific)),
            ("1.31217E+13", Err(NpwpScientific)),
            ("3,17101E+15", Err(NpwpScientific)),
            ("3.17101E+21", Err(NpwpScientific)),
            ("000000000000000", Err(NpwpPlaceholder)),
            ("00.000.000.0-091.000", Err(NpwpPlaceholder)),
            ("0000000000000000", Err(NpwpPlaceholder)),
            ("1111111111111111", Err(NpwpPlaceholder)),
            ("0", Err(NpwpPlaceholder)),
            ("", Err(NpwpMissing)),
            (" - ", Err(NpwpMissing)),
            ("3273013002909010", Err(NikDate)),
            ("3273012902909010", Err(NikDate)), // 1990 and 2090 have no 29 February
            ("3171010008450001", Err(NikDate)),
            ("3171017202900001", Err(NikDate)),
            ("3171013508450001", Err(NikDate)),
            ("3171011713450001", Err(NikDate)),
            ("3578101708850000", Err(NikTruncated)),
            ("9971011708450001", Err(NikProvince)),
            ("2001010101900001", Err(NikProvince)),
        ] {
            assert_eq!(parse(text), verdict, "{text}");
            let id = verdict.ok().map(|taxpayer| taxpayer.id);
            assert_eq!(crate::list::taxpayer_id(text), id, "{text}");
        }
    }

    #[test]
    fn the_check_digit_finds_every_single_wrong_digit() {
        for good in ["013121660091000", "079001012541000", "029001369415000"] {
            assert!(parse(good).is_ok(), "{good}");
            for place in 0..9 {
                for digit in '0'..='9' {
                    let mut wrong: Vec<char> = good.chars().collect();
                    if wrong[place] == digit {
                        continue;
                    }
                    wrong[place] = digit;
                    let wrong: String = wrong.iter().collect();
                    assert_eq!(parse(&wrong), Err(Reason::NpwpChecksum), "{wrong}");
                }
            }
        }
    }

    #[test]
    fn the_check_digit_finds_swapped_neighbours_but_0_and_9() {
        let good = "123456782091000";
        assert!(parse(good).is_ok());
        for place in 0..8 {
            let mut swapped: Vec<u8> = good.bytes().collect();
            swapped.swap(place, place + 1);
            let swapped = String::from_utf8(swapped).unwrap();
            assert_eq!(parse(&swapped), Err(Reason::NpwpChecksum), "{swapped}");
        }
    }
}
