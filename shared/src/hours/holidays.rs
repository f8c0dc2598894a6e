//! Calendars of days without calls, by year. The published ones of Indonesia are here; an admin loads others, or puts one in the
//! place of one of these.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a calendar's name ends in that has the national holidays alone.
const NATIONAL_ALONE: &str = "-national";
/// Days of a loaded year at most.
pub const DAYS_MAX: usize = 120;
/// Years loaded at most, over all calendars: they are kept with the campaigns, in one value.
pub const YEARS_MAX: usize = 60;

/// What kind of day it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolidayKind {
    #[default]
    National,
    /// Collective leave (cuti bersama): binds civil servants.
    CollectiveLeave,
}

/// A day without calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Holiday {
    pub date: Date,
    pub kind: HolidayKind,
    /// For people to read; may be empty.
    pub name: String,
}

/// A calendar's days of one year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidayYear {
    pub calendar: String,
    pub year: i16,
    /// In order, each day once.
    pub days: Vec<Holiday>,
}

/// The days that a name stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DaysOff {
    pub closed: Vec<Date>,
    /// First and last of the days about which nothing is known.
    pub unknown: Vec<(Date, Date)>,
}

/// All calendars: those that were loaded, before those that are part of the application.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Holidays {
    loaded: Vec<HolidayYear>,
}

impl Holidays {
    /// The days of a named calendar, or the one day that is written.
    ///
    /// `NAME` stands for the national holidays and the collective leave, `NAME-national` for the holidays alone. Of a year
    /// that is not in the calendar no day is known to be free.
    pub fn named(&self, name: &str) -> Result<DaysOff, String> {
        if let Ok(date) = name.parse::<Date>() {
            return Ok(DaysOff { closed: vec![date], unknown: Vec::new() });
        }
        let (calendar, alone) = match name.strip_suffix(NATIONAL_ALONE) {
            Some(calendar) => (calendar, true),
            None => (name, false),
        };
        let years = self.years(calendar);
        if years.is_empty() {
            return Err(format!(
                "\"{name}\" is neither a calendar that is known (id, id-national, or one that was loaded) nor a date such as 2027-03-10"
            ));
        }
        let days = years.iter().flat_map(|year| &year.days);
        let days = days.filter(|day| !alone || day.kind == HolidayKind::National);
        Ok(DaysOff {
            closed: days.map(|day| day.date).collect(),
            unknown: gaps(&years.iter().map(|year| year.year).collect()),
        })
    }

    /// A calendar's days of one year.
    pub fn year(&self, calendar: &str, year: i16) -> Option<HolidayYear> {
        let loaded = self.loaded.iter().find(|y| y.calendar == calendar && y.year == year).cloned();
        loaded.or_else(|| shipped().into_iter().find(|y| y.calendar == calendar && y.year == year))
    }

    /// Whether it was loaded.
    pub fn is_loaded(&self, calendar: &str, year: i16) -> bool {
        self.loaded.iter().any(|y| y.calendar == calendar && y.year == year)
    }

    /// All years that are known, by calendar and year.
    pub fn all(&self) -> Vec<HolidayYear> {
        let shipped = shipped().into_iter().filter(|y| !self.is_loaded(&y.calendar, y.year));
        let mut all: Vec<HolidayYear> = self.loaded.iter().cloned().chain(shipped).collect();
        all.sort_by(|a, b| (&a.calendar, a.year).cmp(&(&b.calendar, b.year)));
        all
    }

    /// Takes a year in place of what is known of it. `false`: there is no room.
    pub fn put(&mut self, year: HolidayYear) -> bool {
        self.remove(&year.calendar, year.year);
        if self.loaded.len() >= YEARS_MAX {
            return false;
        }
        self.loaded.push(year);
        true
    }

    /// Forgets a loaded year: what is part of the application holds again, if there is such a year.
    pub fn remove(&mut self, calendar: &str, year: i16) {
        self.loaded.retain(|y| !(y.calendar == calendar && y.year == year));
    }

    fn years(&self, calendar: &str) -> Vec<HolidayYear> {
        self.all().into_iter().filter(|year| year.calendar == calendar).collect()
    }
}

/// Whether it can be the name of a calendar: small letters, digits and dashes, and not one that stands for a part of another.
pub fn is_calendar_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.ends_with(NATIONAL_ALONE)
}

/// The days outside of some years.
fn gaps(years: &BTreeSet<i16>) -> Vec<(Date, Date)> {
    let mut gaps = Vec::new();
    let mut from = Some(Date::MIN);
    for year in years {
        let (Ok(first), Ok(last)) = (Date::new(*year, 1, 1), Date::new(*year, 12, 31)) else { continue };
        if let (Some(from), Ok(before)) = (from, first.yesterday())
            && from <= before
        {
            gaps.push((from, before));
        }
        from = last.tomorrow().ok();
    }
    gaps.extend(from.map(|from| (from, Date::MAX)));
    gaps
}

/// Indonesia's national holidays and collective leave: of 2026 by the joint decree of three ministers 1497, 2 and 5 of 2025;
/// of 2027 by that of September 2026. A decree may change during its year: then the year is loaded anew.
fn shipped() -> Vec<HolidayYear> {
    let days = |table: &'static [(i16, i8, i8)], kind, year: i16| {
        let of_year = table.iter().filter(move |(y, ..)| *y == year);
        of_year
            .filter_map(move |(y, m, d)| Some(Holiday { date: Date::new(*y, *m, *d).ok()?, kind, name: String::new() }))
    };
    let year = |year| {
        let leave = days(&COLLECTIVE_LEAVE, HolidayKind::CollectiveLeave, year);
        let mut days: Vec<Holiday> = days(&NATIONAL, HolidayKind::National, year).chain(leave).collect();
        days.sort();
        HolidayYear { calendar: "id".into(), year, days }
    };
    vec![year(2026), year(2027)]
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
    use jiff::civil::date;

    fn loaded(calendar: &str, year: i16, days: &[(i8, i8, HolidayKind)]) -> HolidayYear {
        let day =
            |(m, d, kind): &(i8, i8, HolidayKind)| Holiday { date: date(year, *m, *d), kind: *kind, name: "x".into() };
        HolidayYear { calendar: calendar.into(), year, days: days.iter().map(day).collect() }
    }

    #[test]
    fn calendars_have_each_of_their_days() {
        let known = Holidays::default();
        let count = |name: &str| known.named(name).map(|days| days.closed.len());
        assert_eq!((count("id"), count("id-national"), count("2028-01-01")), (Ok(51), Ok(35), Ok(1)));
        assert!(["us", "", "-national", "id-national-national", "10-03-2027"].iter().all(|name| count(name).is_err()));
        let year = |y| known.year("id", y).map(|year| year.days.len());
        assert_eq!((year(2025), year(2026), year(2027), year(2028)), (None, Some(25), Some(26), None));
    }

    #[test]
    fn a_year_that_is_loaded_takes_the_place_of_what_is_known_of_it() {
        use HolidayKind::*;
        let mut known = Holidays::default();
        assert!(known.put(loaded("id", 2028, &[(1, 1, National), (12, 22, CollectiveLeave)])));
        assert!(known.put(loaded("id", 2027, &[(8, 18, National)])));
        assert!(known.put(loaded("au", 2027, &[(1, 26, National)])));
        let days = |known: &Holidays, name: &str| known.named(name).map(|d| d.closed.len()).unwrap_or(0);
        assert_eq!((days(&known, "id"), days(&known, "id-national"), days(&known, "au")), (25 + 1 + 2, 17 + 1 + 1, 1));
        assert_eq!(
            known.all().iter().map(|y| (y.calendar.as_str(), y.year)).collect::<Vec<_>>(),
            [("au", 2027), ("id", 2026), ("id", 2027), ("id", 2028)]
        );
        let back: Holidays = serde_json::from_str(&serde_json::to_string(&known).unwrap()).unwrap();
        assert_eq!(back, known);
        known.remove("id", 2027);
        assert_eq!(days(&known, "id"), 51 + 2);
        for year in 0..100 {
            assert_eq!(known.put(loaded("x", 1000 + year, &[])), year < 58);
        }
        assert!(known.put(loaded("au", 2027, &[])), "one that is there can be replaced");
    }

    #[test]
    fn of_other_years_nothing_is_known() {
        let known = Holidays::default();
        let (before, after) = ((Date::MIN, date(2025, 12, 31)), (date(2028, 1, 1), Date::MAX));
        assert_eq!(known.named("id").map(|d| d.unknown), Ok(vec![before, after]));
        assert_eq!(known.named("2030-01-01").map(|d| d.unknown), Ok(vec![]));
        let years = [2026, 2028, 2029].into_iter().collect();
        assert_eq!(gaps(&years), [before, (date(2027, 1, 1), date(2027, 12, 31)), (date(2030, 1, 1), Date::MAX)]);
        assert_eq!(gaps(&[9999].into_iter().collect()), [(Date::MIN, date(9998, 12, 31))]);
    }

    #[test]
    fn names_of_calendars() {
        for (name, good) in [
            ("id", true),
            ("au-nsw", true),
            ("", false),
            ("ID", false),
            ("2027", false),
            ("id-national", false),
            ("a/b", false),
            (&"x".repeat(33), false),
        ] {
            assert_eq!(is_calendar_name(name), good, "{name}");
        }
    }
}
