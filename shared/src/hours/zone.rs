//! A time zone, cut into stretches of one offset from UTC.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use std::cell::Cell;

/// A span of time in which local clocks run evenly, in Unix milliseconds; `to_ms` is the first moment after it.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    pub from_ms: i64,
    pub to_ms: i64,
    pub offset_ms: i64,
}

/// A zone that remembers the stretch it was last asked about: nearly always the next question is about the same.
#[derive(Debug, Clone)]
pub struct Zone {
    tz: TimeZone,
    last: Cell<Stretch>,
}

impl Zone {
    /// `None` if the database does not know the name.
    pub fn named(name: &str) -> Option<Self> {
        let tz = zone(name).ok()?;
        Some(Zone { tz, last: Cell::new(Stretch { from_ms: 0, to_ms: 0, offset_ms: 0 }) })
    }

    /// The stretch that a moment lies in. `None` beyond the calendar's years.
    pub fn stretch(&self, at_ms: i64) -> Option<Stretch> {
        let last = self.last.get();
        if (last.from_ms..last.to_ms).contains(&at_ms) {
            return Some(last);
        }
        let at = Timestamp::from_millisecond(at_ms).ok()?;
        // `preceding` leaves out the moment itself, and a stretch begins with its transition.
        let after = at.checked_add(SignedDuration::from_nanos(1)).ok()?;
        let offset: Offset = self.tz.to_offset(at);
        let stretch = Stretch {
            from_ms: self.tz.preceding(after).next().map_or(i64::MIN, |t| t.timestamp().as_millisecond()),
            to_ms: self.tz.following(at).next().map_or(i64::MAX, |t| t.timestamp().as_millisecond()),
            offset_ms: i64::from(offset.seconds()) * 1000,
        };
        self.last.set(stretch);
        Some(stretch)
    }
}

/// The zone of that IANA name.
pub fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("\"{name}\" is no time zone; use an IANA name such as Asia/Jakarta"))
}

/// The local date at a moment.
pub fn local_date(zone_name: &str, at_ms: i64) -> Option<Date> {
    Some(zone(zone_name).ok()?.to_datetime(Timestamp::from_millisecond(at_ms).ok()?).date())
}

/// The local hour (0 to 23) at a moment.
pub fn local_hour(zone_name: &str, at_ms: i64) -> Option<i8> {
    Some(zone(zone_name).ok()?.to_datetime(Timestamp::from_millisecond(at_ms).ok()?).hour())
}
