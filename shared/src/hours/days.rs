//! Days without calls: holidays, by calendar or by date, and blackouts.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A day or a range of days without calls: `2027-03-10`, or `2027-03-19/2027-03-25` with both ends in it (the date
/// interval of ISO 8601).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blackout {
    pub first: Date,
    pub last: Date,
}

impl FromStr for Blackout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let date = |part: &str| {
            part.trim().parse::<Date>().map_err(|_| {
                format!("\"{text}\" is no date such as 2027-03-10 and no range such as 2027-03-19/2027-03-25")
            })
        };
        let (first, last) = match text.split_once('/') {
            Some((first, last)) => (date(first)?, date(last)?),
            None => (date(text)?, date(text)?),
        };
        if last < first { Err(format!("\"{text}\" ends before it begins")) } else { Ok(Blackout { first, last }) }
    }
}

impl fmt::Display for Blackout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}/{}", self.first, self.last) }
    }
}

impl Serialize for Blackout {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Blackout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Days of a named calendar, or the one day that is written.
///
/// `id`: Indonesia's national holidays and its collective leave (cuti bersama); `id-national`: the holidays alone. Of 2026 by
/// the joint decree of three ministers 1497, 2 and 5 of 2025; of 2027 by that of September 2026. Other years are not in it,
/// and a decree may change during its year: add such days by date.
pub fn holidays_named(name: &str) -> Result<Vec<Date>, String> {
    let dates = |table: &[(i16, i8, i8)]| -> Vec<Date> {
        table.iter().filter_map(|(y, m, d)| Date::new(*y, *m, *d).ok()).collect()
    };
    match name {
        "id" => Ok([dates(&NATIONAL), dates(&COLLECTIVE_LEAVE)].concat()),
        "id-national" => Ok(dates(&NATIONAL)),
        _ => name.parse::<Date>().map(|d| vec![d]).map_err(|_| {
            format!("\"{name}\" is neither a calendar (there are: id, id-national) nor a date such as 2027-03-10")
        }),
    }
}

#[rustfmt::skip]
const NATIONAL: [(i16, i8, i8); 35] = [
    (2026, 1, 1), (2026, 1, 16), (2026, 2, 17), (2026, 3, 19), (2026, 3, 21), (2026, 3, 22), (2026, 4, 3), (2026, 4, 5),
    (2026, 5, 1), (2026, 5, 14), (2026, 5, 27), (2026, 5, 31), (2026, 6, 1), (2026, 6, 16), (2026, 8, 17), (2026, 8, 25),
    (2026, 12, 25),
    (2027, 1, 1), (2027, 1, 5), (2027, 2, 6), (2027, 3, 8), (2027, 3, 10), (2027, 3, 11), (2027, 3, 26), (2027, 3, 28),
    (2027, 5, 1), (2027, 5, 6), (2027, 5, 17), (2027, 5, 20), (2027, 6, 1), (2027, 6, 6), (2027, 8, 15), (2027, 8, 17),
    (2027, 12, 25), (2027, 12, 26),
];

#[rustfmt::skip]
const COLLECTIVE_LEAVE: [(i16, i8, i8); 16] = [
    (2026, 2, 16), (2026, 3, 18), (2026, 3, 20), (2026, 3, 23), (2026, 3, 24), (2026, 5, 15), (2026, 5, 28), (2026, 12, 24),
    (2027, 2, 5), (2027, 3, 9), (2027, 3, 12), (2027, 3, 15), (2027, 3, 25), (2027, 5, 18), (2027, 5, 19), (2027, 12, 24),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blackouts_are_read_and_written_the_same_and_bad_ones_are_refused() {
        for good in ["2027-03-10", "2027-03-19/2027-03-25"] {
            assert_eq!(good.parse::<Blackout>().map(|b| b.to_string()).as_deref(), Ok(good));
        }
        for bad in ["", "/", "10-03-2027", "2027-03-19/", "2027-03-25/2027-03-19", "2027-03-19/2027-03-25/2027-03-26"] {
            assert!(bad.parse::<Blackout>().is_err(), "{bad}");
        }
    }

    #[test]
    fn calendars_have_each_of_their_days() {
        let count = |name| holidays_named(name).map(|d| d.len());
        assert_eq!((count("id"), count("id-national"), count("2028-01-01")), (Ok(51), Ok(35), Ok(1)));
        assert!(holidays_named("us").is_err());
    }
}
