//! Dates in stored values as days since 1970: three bytes instead of eleven, in entries of which there are millions.

use jiff::civil::{Date, date};
use jiff::{ToSpan, Unit};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const EPOCH: Date = date(1970, 1, 1);

/// For `#[serde(with)]`.
pub fn serialize<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    let since = day.since((Unit::Day, EPOCH)).map_err(serde::ser::Error::custom)?;
    since.get_days().serialize(serializer)
}

/// For `#[serde(with)]`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let days = i32::deserialize(deserializer)?;
    let span = 0.days().try_days(days).map_err(serde::de::Error::custom)?;
    EPOCH.checked_add(span).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Day(#[serde(with = "super")] Date);

    #[test]
    fn every_date_comes_back_and_nothing_else_is_read() {
        for day in [Date::MIN, date(1969, 12, 31), EPOCH, date(2027, 3, 31), Date::MAX] {
            let bytes = postcard::to_allocvec(&Day(day)).unwrap();
            assert_eq!(postcard::from_bytes(&bytes), Ok(Day(day)));
        }
        assert_eq!(postcard::to_allocvec(&Day(date(2027, 3, 31))).unwrap().len(), 3);
    }

    proptest! {
        #[test]
        fn any_number_is_a_date_or_refused(days: i32) {
            let bytes = postcard::to_allocvec(&days).unwrap();
            if let Ok(Day(day)) = postcard::from_bytes::<Day>(&bytes) {
                prop_assert_eq!(postcard::to_allocvec(&Day(day)).unwrap(), bytes);
            }
        }
    }
}
