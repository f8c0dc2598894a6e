//! Dates in stored values as days since 1970: three bytes instead of eleven, in entries of which there are millions.

use jiff::civil::Date;
use jiff::{ToSpan, Unit};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// Days since 1970.
pub fn number(day: Date) -> Option<i32> {
    day.since((Unit::Day, EPOCH)).ok().map(|since| since.get_days())
}

/// The date so many days after (or before) the first of 1970.
pub fn date(days: i32) -> Option<Date> {
    0.days().try_days(days).ok().and_then(|span| EPOCH.checked_add(span).ok())
}

/// For `#[serde(with)]`.
pub fn serialize<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    number(*day).ok_or_else(|| serde::ser::Error::custom("no such day"))?.serialize(serializer)
}

/// For `#[serde(with)]`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    date(i32::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("no such day"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
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
