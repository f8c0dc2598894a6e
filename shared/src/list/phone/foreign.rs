//! Numbers of other countries than Indonesia, by the numbering plans of libphonenumber. It is asked only about what is a `+` and
//! digits, and only whether they are a number: what it makes of a text is another matter (it reads letters as keys).

use super::Reason;
use super::numbering::Kind;
use crate::hours::Country;
use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberType, Region, ValidationError};

/// Most digits of a number (ITU-T E.164), and the 0 that people write behind the country's code.
const DIGITS_MAX: usize = 16;

/// The number (E.164) that the digits behind a `+` are, and its kind.
pub(super) fn number(country: Country, digits: &str) -> Result<(String, Kind), Reason> {
    if digits.len() > DIGITS_MAX {
        return Err(Reason::PhoneTooLong);
    }
    let code = country.calling_code();
    let typed = digits.strip_prefix(code).ok_or(Reason::PhoneForeign)?;
    // Within these countries a 0 is dialled first, and no number begins with it.
    let zero = matches!(country, Country::Au | Country::Id | Country::My);
    let national = typed.strip_prefix('0').filter(|_| zero).unwrap_or(typed);
    let e164 = format!("+{code}{national}");
    let plans = &*PHONE_NUMBER_UTIL;
    let parsed = plans.parse(&e164, None).map_err(|_| wrong_length(national))?;
    // The library takes national prefixes off: nobody else's phone may ring.
    if parsed.national_number.to_string() != national {
        return Err(Reason::PhoneUnassigned);
    }
    let kind = kind(&parsed)?;
    // Several countries share a code.
    match plans.get_region_for_number(&parsed) {
        Some(found) if found == region(country) => Ok((e164, kind)),
        _ => Err(Reason::PhoneForeign),
    }
}

fn kind(number: &PhoneNumber) -> Result<Kind, Reason> {
    match PHONE_NUMBER_UTIL.get_number_type(number) {
        PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile => Ok(Kind::Mobile),
        PhoneNumberType::FixedLine => Ok(Kind::Fixed),
        PhoneNumberType::PremiumRate => Ok(Kind::Premium),
        PhoneNumberType::Unknown => Err(match PHONE_NUMBER_UTIL.is_possible_number_with_reason(number) {
            Ok(NumberLengthType::IsPossibleLocalOnly) | Err(ValidationError::TooShort) => Reason::PhoneTooShort,
            Err(ValidationError::TooLong) => Reason::PhoneTooLong,
            _ => Reason::PhoneUnassigned,
        }),
        // Free, shared-cost, personal and company numbers, pagers, mailboxes, Internet telephony.
        _ => Err(Reason::PhoneSpecial),
    }
}

/// What is too short or too long for a number of any country.
fn wrong_length(national: &str) -> Reason {
    if national.len() < 7 { Reason::PhoneTooShort } else { Reason::PhoneTooLong }
}

fn region(country: Country) -> Region {
    match country {
        Country::Au => Region::AU,
        Country::Id => Region::ID,
        Country::My => Region::MY,
        Country::Sg => Region::SG,
        Country::Us => Region::US,
    }
}
