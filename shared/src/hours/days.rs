//! Days without calls of one campaign.

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
}
