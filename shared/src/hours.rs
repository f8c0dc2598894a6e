//! Callable hours: may this contact be rung at a moment, and if not, from when on?

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// Zones a contact of this country can be in: Western, Central and Eastern Indonesia Time.
pub const COUNTRY_ZONES: [&str; 3] = ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"];
/// How far ahead a callable moment is looked for.
const SEARCH_DAYS: i32 = 60;

/// Minutes after midnight, from and to (exclusive).
type Span = (u16, u16);

/// Callable hours by weekday, in the called person's local time.
///
/// In JSON: `{ "mon-thu": ["08:00-12:00", "13:00-17:00"], "fri": ["08:00-11:30"] }`; days not named have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours([Vec<Span>; 7]);

impl Default for Hours {
    /// Office hours, with the Friday prayer left out.
    fn default() -> Self {
        let mut days: [Vec<Span>; 7] = Default::default();
        for day in &mut days[..4] {
            *day = vec![(8 * 60, 17 * 60)];
        }
        days[4] = vec![(8 * 60, 11 * 60 + 30), (13 * 60, 17 * 60)];
        Hours(days)
    }
}

/// Days on which calls are made at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Days {
    pub starts: Option<Date>,
    pub ends: Option<Date>,
    pub closed: BTreeSet<Date>,
}

const DAY_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Hours {
    /// The whole week.
    pub fn always() -> Self {
        Hours(std::array::from_fn(|_| vec![(0, 24 * 60)]))
    }

    /// Reads the JSON form.
    pub fn parse(map: &BTreeMap<String, Vec<String>>) -> Result<Self, String> {
        let mut days: [Vec<Span>; 7] = Default::default();
        for (names, spans) in map {
            let day = |name: &str| {
                let name = name.trim();
                DAY_NAMES.iter().position(|d| *d == name).ok_or(format!(
                    "\"{name}\" is no weekday: use mon tue wed thu fri sat sun, or a range such as mon-thu"
                ))
            };
            let (from, to) = match names.split_once('-') {
                Some((from, to)) => (day(from)?, day(to)?),
                None => (day(names)?, day(names)?),
            };
            if to < from {
                return Err(format!("\"{names}\" runs backwards"));
            }
            let spans = spans.iter().map(|s| span(s)).collect::<Result<Vec<Span>, String>>()?;
            for day in &mut days[from..=to] {
                day.extend(&spans);
            }
        }
        for (name, day) in DAY_NAMES.iter().zip(&mut days) {
            day.sort_unstable();
            if day.windows(2).any(|w| w[1].0 < w[0].1) {
                return Err(format!("the hours of {name} overlap"));
            }
        }
        Ok(Hours(days))
    }

    /// Reads the JSON form from text.
    pub fn from_json(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|e| e.to_string())
    }

    fn of(&self, day: Weekday) -> &[Span] {
        &self.0[day.to_monday_zero_offset().clamp(0, 6) as usize]
    }

    /// The first moment from `from_ms` (Unix milliseconds) on at which a call may be rung that takes up to `ring_ms` to
    /// be answered. `zone` `None`: a moment that is callable in every zone the contact could be in. `None`: not
    /// within 60 days, or the zone is not known to the zone database.
    pub fn next(&self, days: &Days, zone_name: Option<&str>, from_ms: i64, ring_ms: i64) -> Option<i64> {
        let zones: Vec<TimeZone> = match zone_name {
            Some(name) => vec![zone(name).ok()?],
            None => COUNTRY_ZONES.iter().map(|z| zone(z).ok()).collect::<Option<_>>()?,
        };
        let mut at = from_ms;
        // Each round moves `at` forward to where the most restrictive zone allows it; with fixed hours it settles fast.
        for _ in 0..4 * SEARCH_DAYS {
            let mut latest = at;
            for zone in &zones {
                latest = latest.max(self.next_in(days, zone, at, ring_ms)?);
            }
            if latest == at {
                return Some(at);
            }
            at = latest;
        }
        None
    }

    /// Whether a call may be rung now.
    pub fn callable(&self, days: &Days, zone: Option<&str>, now_ms: i64, ring_ms: i64) -> bool {
        self.next(days, zone, now_ms, ring_ms) == Some(now_ms)
    }

    fn next_in(&self, days: &Days, zone: &TimeZone, from_ms: i64, ring_ms: i64) -> Option<i64> {
        let from = Timestamp::from_millisecond(from_ms).ok()?;
        let mut date = from.to_zoned_datetime(zone.clone()).date();
        if let Some(starts) = days.starts {
            date = date.max(starts);
        }
        for _ in 0..SEARCH_DAYS {
            if days.ends.is_some_and(|ends| date > ends) {
                return None;
            }
            if !days.closed.contains(&date) {
                for (start, end) in self.of(date.weekday()) {
                    let start = instant(date, *start, zone)?;
                    let end = instant(date, *end, zone)?;
                    let at = start.max(from_ms);
                    if at.saturating_add(ring_ms) < end {
                        return Some(at);
                    }
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }
}

/// The instant of a local wall-clock minute. A minute that does not exist is the one after the gap; of one that occurs twice
/// the first counts for a start, so that nobody is rung in the second who would not be in the first.
fn instant(date: Date, minute: u16, zone: &TimeZone) -> Option<i64> {
    let (date, minute) = if minute == 24 * 60 { (date.tomorrow().ok()?, 0) } else { (date, minute) };
    let time = Time::new((minute / 60) as i8, (minute % 60) as i8, 0, 0).ok()?;
    Some(date.to_datetime(time).to_zoned_datetime(zone.clone()).ok()?.timestamp().as_millisecond())
}

/// The local date at a moment. For an unknown zone: the campaign's.
pub fn local_date(zone_name: &str, at_ms: i64) -> Option<Date> {
    Some(Timestamp::from_millisecond(at_ms).ok()?.to_zoned_datetime(zone(zone_name).ok()?).date())
}

/// The local hour (0 to 23) at a moment.
pub fn local_hour(zone_name: &str, at_ms: i64) -> Option<i8> {
    Some(Timestamp::from_millisecond(at_ms).ok()?.to_zoned_datetime(zone(zone_name).ok()?).hour())
}

/// A moment as RFC 3339 with the zone's offset, to the second.
pub fn rfc3339(zone_name: &str, at_ms: i64) -> Option<String> {
    let at = Timestamp::from_second(at_ms.div_euclid(1000)).ok()?.to_zoned_datetime(zone(zone_name).ok()?);
    Some(at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// The first instant of the local day after the one that `at_ms` is in.
pub fn next_day(zone_name: &str, at_ms: i64) -> Option<i64> {
    instant(local_date(zone_name, at_ms)?.tomorrow().ok()?, 0, &zone(zone_name).ok()?)
}

/// The zone of that IANA name.
pub fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("\"{name}\" is no time zone; use an IANA name such as Asia/Jakarta"))
}

/// Days of a named calendar (`id`: Indonesia's national holidays and collective leave of 2026 and 2027), or the one
/// day that is written.
///
/// 2026: joint decree 1497/2/5 of 2025; 2027: joint decree of September 2026. They change during a year: add days by date.
pub fn holidays_named(name: &str) -> Result<Vec<Date>, String> {
    if name == "id" {
        return Ok(INDONESIA.iter().filter_map(|(y, m, d)| Date::new(*y, *m, *d).ok()).collect());
    }
    name.parse::<Date>()
        .map(|d| vec![d])
        .map_err(|_| format!("\"{name}\" is neither a calendar (there is: id) nor a date such as 2027-03-10"))
}

#[rustfmt::skip]
const INDONESIA: [(i16, i8, i8); 51] = [
    (2026, 1, 1), (2026, 1, 16), (2026, 2, 17), (2026, 3, 19), (2026, 3, 21), (2026, 3, 22), (2026, 4, 3), (2026, 4, 5),
    (2026, 5, 1), (2026, 5, 14), (2026, 5, 27), (2026, 5, 31), (2026, 6, 1), (2026, 6, 16), (2026, 8, 17), (2026, 8, 25),
    (2026, 12, 25),
    (2026, 2, 16), (2026, 3, 18), (2026, 3, 20), (2026, 3, 23), (2026, 3, 24), (2026, 5, 15), (2026, 5, 28), (2026, 12, 24),
    (2027, 1, 1), (2027, 1, 5), (2027, 2, 6), (2027, 3, 8), (2027, 3, 10), (2027, 3, 11), (2027, 3, 26), (2027, 3, 28),
    (2027, 5, 1), (2027, 5, 6), (2027, 5, 17), (2027, 5, 20), (2027, 6, 1), (2027, 6, 6), (2027, 8, 15), (2027, 8, 17),
    (2027, 12, 25), (2027, 12, 26),
    (2027, 2, 5), (2027, 3, 9), (2027, 3, 12), (2027, 3, 15), (2027, 3, 25), (2027, 5, 18), (2027, 5, 19), (2027, 12, 24),
];

/// `08:00-12:00`.
fn span(text: &str) -> Result<Span, String> {
    let bad = || format!("\"{text}\" is no span of hours; write it like 08:00-12:00");
    let minute = |t: &str| -> Option<u16> {
        let (h, m) = t.trim().split_once([':', '.'])?;
        let (h, m): (u16, u16) = (h.parse().ok()?, m.parse().ok()?);
        (m < 60 && h * 60 + m <= 24 * 60).then_some(h * 60 + m)
    };
    let (from, to) = text.split_once('-').ok_or_else(bad)?;
    match (minute(from), minute(to)) {
        (Some(from), Some(to)) if from < to => Ok((from, to)),
        _ => Err(bad()),
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = |m: u16| format!("{:02}:{:02}", m / 60, m % 60);
        let map: BTreeMap<&str, Vec<String>> = DAY_NAMES
            .iter()
            .zip(&self.0)
            .filter(|(_, spans)| !spans.is_empty())
            .map(|(day, spans)| (*day, spans.iter().map(|(a, b)| format!("{}-{}", text(*a), text(*b))).collect()))
            .collect();
        map.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<String, Vec<String>>::deserialize(deserializer)?;
        Hours::parse(&map).map_err(serde::de::Error::custom)
    }
}

/// The day that lies `days` after a date; the date itself where the calendar ends.
pub fn days_after(date: Date, days: i32) -> Date {
    date.checked_add(i64::from(days).days()).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn next(zone: Option<&str>, from: &str) -> Option<String> {
        let days = Days { closed: holidays_named("id").unwrap().into_iter().collect(), ..Days::default() };
        Hours::default()
            .next(&days, zone, ms(from), 30_000)
            .map(|m| Timestamp::from_millisecond(m).unwrap().to_string())
    }

    #[test]
    fn the_table_of_callable_moments() {
        for (zone, from, expected) in [
            // Tuesday 2 March 2027.
            (Some("Asia/Jakarta"), "2027-03-02T00:59:59Z", "2027-03-02T01:00:00Z"),
            (Some("Asia/Jakarta"), "2027-03-02T05:00:00Z", "2027-03-02T05:00:00Z"),
            // A call that could not be answered before 17:00 waits for the next day.
            (Some("Asia/Jakarta"), "2027-03-02T09:59:29Z", "2027-03-02T09:59:29Z"),
            (Some("Asia/Jakarta"), "2027-03-02T09:59:30Z", "2027-03-03T01:00:00Z"),
            (Some("Asia/Makassar"), "2027-03-02T00:30:00Z", "2027-03-02T00:30:00Z"),
            (Some("Asia/Jayapura"), "2027-03-02T08:00:00Z", "2027-03-02T23:00:00Z"),
            // Friday prayer.
            (Some("Asia/Jakarta"), "2027-03-05T05:00:00Z", "2027-03-05T06:00:00Z"),
            // 6 to 15 March 2027 has no working day.
            (Some("Asia/Jakarta"), "2027-03-05T10:00:00Z", "2027-03-16T01:00:00Z"),
            // An unknown zone: 08:00 in Jakarta is the first moment callable everywhere, 17:00 in Jayapura the last.
            (None, "2027-03-01T23:00:00Z", "2027-03-02T01:00:00Z"),
            (None, "2027-03-02T08:00:00Z", "2027-03-03T01:00:00Z"),
        ] {
            assert_eq!(next(zone, from).as_deref(), Some(expected), "{zone:?} {from}");
        }
        assert_eq!(next(Some("Asia/Nowhere"), "2027-03-02T00:00:00Z"), None);
    }

    #[test]
    fn a_campaign_has_a_first_and_a_last_day() {
        let days = Days { starts: "2027-03-03".parse().ok(), ends: "2027-03-04".parse().ok(), ..Days::default() };
        let next = |from| Hours::default().next(&days, Some("Asia/Jakarta"), ms(from), 0);
        assert_eq!(next("2027-01-04T00:00:00Z"), Some(ms("2027-03-03T01:00:00Z")));
        assert_eq!(next("2027-03-04T10:00:00Z"), None);
    }

    #[test]
    fn hours_read_and_written_are_the_same_and_bad_ones_are_refused() {
        let read = |json: &str| serde_json::from_str::<Hours>(json);
        let hours = read(
            r#"{"mon-thu":["08:00-12:00","13:00-17:00"],"fri":["08.00-11.30","13:30-17:00"],"sun":["00:00-24:00"]}"#,
        )
        .unwrap();
        assert_eq!(read(&serde_json::to_string(&hours).unwrap()).unwrap(), hours);
        for bad in [
            r#"{"monday":["08:00-12:00"]}"#,
            r#"{"thu-mon":["08:00-12:00"]}"#,
            r#"{"mon":["12:00-08:00"]}"#,
            r#"{"mon":["08:00-25:00"]}"#,
            r#"{"mon":["08:00-12:00","11:00-13:00"]}"#,
            r#"{"mon":["8-12"]}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
