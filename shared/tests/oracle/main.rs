//! Our table of Indonesia's numbering plan against libphonenumber's, over random numbers. Where the two differ, it is meant, and
//! said why. `DERING_NUMBERS=10000000` compares so many.

use dering::list::{Reason, phone_numbers};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType};
use std::collections::BTreeMap;
use std::env;

const EVERYDAY: u32 = 200_000;

/// What the library says of a number: nothing if it is none.
fn theirs(e164: &str) -> Option<PhoneNumberType> {
    let number = PHONE_NUMBER_UTIL.parse(e164, None).ok()?;
    // It takes what it holds for a prefix off: that would be another number.
    let same = e164.strip_prefix("+62").is_some_and(|national| number.national_number.to_string() == national);
    let kind = PHONE_NUMBER_UTIL.get_number_type(&number);
    Some(kind).filter(|kind| same && *kind != PhoneNumberType::Unknown)
}

/// Why a number is not called that the library knows.
fn stricter(national: &str, kind: PhoneNumberType, told: Reason) -> Option<&'static str> {
    let begins = |with: &str| national.starts_with(with);
    match kind {
        PhoneNumberType::Mobile if begins("868") => Some("satellite phones, dear to call"),
        PhoneNumberType::FixedLine if told == Reason::PhoneSpecial => Some("call centres behind an area code"),
        PhoneNumberType::FixedLine if begins("2114") && national.len() == 7 => Some("call centres behind an area code"),
        PhoneNumberType::FixedLine if begins("21500") && national.len() == 8 => {
            Some("call centres behind an area code")
        }
        PhoneNumberType::FixedLine if begins("22") && national.len() == 8 => {
            Some("Bandung with six digits: its numbers have seven or eight, so one was lost")
        }
        PhoneNumberType::Mobile | PhoneNumberType::FixedLine => None,
        _ => Some("free, shared-cost, premium and company numbers, which no person has"),
    }
}

/// Random numbers without the country's code: half of them any digits, half with an area code or an operator's prefix.
fn national(dice: &mut fastrand::Rng) -> String {
    let begins = match dice.u8(0..8) {
        0..4 => dice.u32(1..10).to_string(),
        4 | 5 => dice.u32(200..1000).to_string(),
        6 => ["21", "22", "24", "31", "61"][dice.usize(0..5)].to_owned(),
        _ => format!("8{}", dice.u32(10..100)),
    };
    let length = dice.usize(begins.len().max(3)..15);
    let rest = length.saturating_sub(begins.len());
    begins + &(0..rest).map(|_| char::from(dice.u8(b'0'..=b'9'))).collect::<String>()
}

#[test]
fn every_difference_to_the_library_is_meant() {
    let numbers = env::var("DERING_NUMBERS").map_or(EVERYDAY, |text| text.parse().expect("a number of numbers"));
    let mut dice = fastrand::Rng::with_seed(62);
    let (mut called, mut differences) = (0_u32, BTreeMap::<&'static str, u32>::new());
    for _ in 0..numbers {
        let national = national(&mut dice);
        let e164 = format!("+62{national}");
        let ours = phone_numbers(&e164);
        let theirs = theirs(&e164);
        let why = match (&ours, theirs) {
            (Ok(found), Some(PhoneNumberType::Mobile | PhoneNumberType::FixedLine)) => {
                assert_eq!(*found, [e164]);
                called += 1;
                continue;
            }
            (Err(_), None) => continue,
            (Ok(_), other) => panic!("{e164} is called, and to the library it is {other:?}"),
            (Err(told), Some(kind)) => stricter(&national, kind, *told)
                .unwrap_or_else(|| panic!("{e164} is not called ({told:?}), and to the library it is {kind:?}")),
        };
        *differences.entry(why).or_default() += 1;
    }
    println!("{numbers} numbers, {called} called by both");
    for (why, times) in &differences {
        println!("{times} not called by us: {why}");
    }
    assert_eq!(differences.len(), 4, "each of the differences is met: {differences:?}");
}
