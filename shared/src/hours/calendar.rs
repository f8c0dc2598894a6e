//! A campaign's hours, days and outer limits, prepared for many questions.

use super::holidays::{DaysOff, Holidays};
use super::legal::{Country, LegalHours};
use super::week::{Span, Week};
use super::zone::Zone;
use crate::campaign::Settings;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// No clock is further from UTC.
const OFFSET_MAX_MS: i64 = 26 * 60 * MINUTE_MS;
/// How far ahead a callable moment is looked for.
const SEARCH_MS: i64 = 100 * DAY_MS;

/// A part of each day, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part(Span);

impl Part {
    pub const MORNING: Part = Part((0, 12 * 60));
    pub const AFTERNOON: Part = Part((12 * 60, 16 * 60));
    pub const EVENING: Part = Part((16 * 60, 24 * 60));

    /// From one minute after midnight to another, exclusive; `None` if that is not within a day.
    pub fn new(from: u16, to: u16) -> Option<Self> {
        (from < to && to <= 24 * 60).then_some(Part((from, to)))
    }

    /// Whether a minute after midnight is in it.
    pub fn contains(self, minute: u16) -> bool {
        (self.0.0..self.0.1).contains(&minute)
    }
}

/// When the contacts of one campaign may be rung. Prepared once; asked for each contact. It is that of numbers of the campaign's
/// own country; [`Calendar::of_number`] has those of others.
///
/// `zone` is always the contact's, by IANA name. `None`: nobody knows it, and a moment is callable only if it is in every zone of
/// the number's country. A name the database does not know: never, see [`Calendar::reason`].
///
/// `ring_ms` is how long after the moment the call may still be answered: it is callable only if that last moment is, too,
/// and all between. So nothing rings into a break, or past the last hour.
#[derive(Debug)]
pub struct Calendar {
    country: Country,
    /// Whether all that closes a day is known. If not, no moment is callable.
    readable: bool,
    /// The campaign's hours within the outer limit.
    week: Week,
    /// First and last of days without calls, as days since 1970-01-01; in order, apart.
    closed: Vec<(i64, i64)>,
    /// The same of days of which nobody knows whether they are without calls: there are none on them.
    unknown: Vec<(i64, i64)>,
    first_day: Option<i64>,
    last_day: Option<i64>,
    /// The campaign's own zone, by whose calendar the days of a contact without one are counted.
    home: Option<Rc<Zone>>,
    /// Where a contact without a zone could be; `None` if one of them is not known.
    anywhere: Option<Vec<Rc<Zone>>>,
    /// Zones asked for so far.
    zones: RefCell<BTreeMap<String, Option<Rc<Zone>>>>,
    /// Of the other countries whose numbers are called.
    abroad: Vec<(Country, Calendar)>,
}

impl Calendar {
    /// Prepares a campaign's calendar. Whatever the settings say, nothing outside of the limit of a number's country is callable.
    pub fn new(settings: &Settings, limits: &LegalHours, holidays: &Holidays) -> Self {
        let foreign = settings.allowed_numbers.foreign.iter().filter(|country| **country != settings.country);
        let abroad = foreign.map(|country| (*country, Calendar::of(settings, *country, limits, holidays))).collect();
        Calendar { abroad, ..Calendar::of(settings, settings.country, limits, holidays) }
    }

    /// The campaign's hours and days for numbers of one country.
    fn of(settings: &Settings, country: Country, limits: &LegalHours, holidays: &Holidays) -> Self {
        let limit = limits.of(country);
        let names = settings.holidays.iter().chain(limit.iter().flat_map(|l| &l.holidays));
        let named: Option<Vec<DaysOff>> = names.map(|name| holidays.named(name).ok()).collect();
        let limit = limit.filter(|_| named.is_some());
        let named = named.unwrap_or_default();
        let blackouts = settings.blackouts.iter().map(|b| (b.first, b.last));
        let closed = named.iter().flat_map(|days| &days.closed).map(|day| (*day, *day));
        let unknown = named.iter().flat_map(|days| &days.unknown).copied();
        let zone = |name: &str| Zone::named(name).map(Rc::new);
        Calendar {
            country,
            readable: limit.is_some(),
            week: limit.map_or_else(Week::default, |l| settings.callable_hours.within(&l.hours)),
            closed: merged(closed.chain(blackouts)),
            unknown: merged(unknown),
            first_day: settings.starts.map(day_number),
            last_day: settings.ends.map(day_number),
            home: zone(&settings.time_zone),
            anywhere: country.zones().iter().map(|z| zone(z)).collect(),
            zones: RefCell::default(),
            abroad: Vec::new(),
        }
    }

    /// The calendar for a number (E.164): another one if it is of a country that the campaign calls besides its own.
    pub fn of_number(&self, e164: &str) -> &Calendar {
        self.abroad.iter().find(|(country, _)| country.has_number(e164)).map_or(self, |(_, calendar)| calendar)
    }

    /// Why a contact may not be rung at a moment that is not callable, in a word for reports: `outside_hours`, or what is not
    /// known and must be before anybody is called.
    pub fn reason(&self, zone: Option<&str>, at_ms: i64) -> &'static str {
        let known = match zone {
            None => self.anywhere.is_some(),
            Some(name) => self.zone(name).is_some(),
        };
        let day = self.date(zone, at_ms).map(day_number);
        let readable = self.readable && !day.is_some_and(|day| among(&self.unknown, day));
        match (readable, known) {
            (false, _) => "unknown_holidays",
            (true, false) => "unknown_zone",
            (true, true) => "outside_hours",
        }
    }

    /// Whether a call may be rung now.
    pub fn callable(&self, zone: Option<&str>, now_ms: i64, ring_ms: i64) -> bool {
        self.with_zones(zone, |zones| {
            zones.iter().all(|z| first(z, |day| self.spans(day), now_ms, ring_ms, now_ms) == Some(now_ms)).then_some(())
        })
        .is_some()
    }

    /// Whether some number of contacts of that zone may be rung now, be it of this country or of another that the campaign calls.
    /// Who has an own zone of the country is taken to have a number of it.
    pub fn callable_for_some(&self, zone: Option<&str>, now_ms: i64, ring_ms: i64) -> bool {
        let at_home = zone.is_some_and(|zone| self.country.zones().contains(&zone));
        let mut abroad = self.abroad.iter().filter(|_| !at_home);
        self.callable(zone, now_ms, ring_ms) || abroad.any(|(_, calendar)| calendar.callable(zone, now_ms, ring_ms))
    }

    /// The first callable moment from `from_ms` (Unix milliseconds) on. `None`: not before the campaign ends, not within 100
    /// days, or never.
    pub fn next(&self, zone: Option<&str>, from_ms: i64, ring_ms: i64) -> Option<i64> {
        self.search(zone, from_ms, ring_ms, None)
    }

    /// The first callable moment from `from_ms` on that lies in a part of the day. The part is told by the contact's clock, or
    /// by the campaign's where the contact's zone is not known. `None` also where hours and part have nothing in common:
    /// then [`Calendar::next`] says when the contact can be called at all.
    pub fn next_in(&self, zone: Option<&str>, from_ms: i64, ring_ms: i64, part: Part) -> Option<i64> {
        self.search(zone, from_ms, ring_ms, Some(part))
    }

    /// The local date, and minutes after midnight. By the campaign's clock where the contact's zone is not known.
    pub fn local(&self, zone: Option<&str>, at_ms: i64) -> Option<(Date, u16)> {
        let local_ms = at_ms.checked_add(self.clock(zone)?.stretch(at_ms)?.offset_ms)?;
        let date = TimeZone::UTC.to_datetime(Timestamp::from_millisecond(local_ms).ok()?).date();
        Some((date, u16::try_from(local_ms.rem_euclid(DAY_MS) / MINUTE_MS).ok()?))
    }

    /// The local date where the contact is, or by the campaign's clock if that cannot be told.
    pub fn date(&self, zone: Option<&str>, at_ms: i64) -> Option<Date> {
        self.local(zone, at_ms).or_else(|| self.local(None, at_ms)).map(|(date, _)| date)
    }

    /// Whether the local day is one without calls: a holiday, a blackout, or before the campaign's first.
    pub fn day_off(&self, zone: Option<&str>, at_ms: i64) -> bool {
        self.date(zone, at_ms)
            .map(day_number)
            .is_some_and(|day| self.first_day.is_some_and(|first| day < first) || among(&self.closed, day))
    }

    /// The first moment of a later local day than the one that `at_ms` is in.
    pub fn next_day(&self, zone: Option<&str>, at_ms: i64) -> Option<i64> {
        let clock = self.clock(zone)?;
        let mut at = at_ms;
        let mut today = None;
        loop {
            let stretch = clock.stretch(at)?;
            let local = at.checked_add(stretch.offset_ms)?;
            let day = local.div_euclid(DAY_MS);
            if day > *today.get_or_insert(day) {
                return Some(at);
            }
            at = at.checked_add(DAY_MS - local.rem_euclid(DAY_MS))?.min(stretch.to_ms);
        }
    }

    fn search(&self, zone: Option<&str>, from_ms: i64, ring_ms: i64, part: Option<Part>) -> Option<i64> {
        let begins = self.first_day.map_or(from_ms, |day| (day * DAY_MS - OFFSET_MAX_MS).max(from_ms));
        let ends = self.last_day.map_or(i64::MAX, |day| (day + 1) * DAY_MS + OFFSET_MAX_MS);
        let until = begins.saturating_add(SEARCH_MS).min(ends);
        let in_part = match part {
            Some(part) => Some((part, self.clock(zone)?)),
            None => None,
        };
        self.with_zones(zone, |zones| {
            let mut at = begins;
            // Each round moves on to where the most restrictive clock allows it, until none has anything against it.
            loop {
                let mut latest = at;
                for zone in zones {
                    latest = first(zone, |day| self.spans(day), latest, ring_ms, until)?;
                }
                if let Some((part, clock)) = &in_part {
                    latest = first(clock, |_| std::slice::from_ref(&part.0), latest, 0, until)?;
                }
                if latest == at {
                    return Some(at);
                }
                at = latest;
            }
        })
    }

    /// The open spans of a day.
    fn spans(&self, day: i64) -> &[Span] {
        let outside = self.first_day.is_some_and(|first| day < first) || self.last_day.is_some_and(|last| day > last);
        if outside || among(&self.closed, day) || among(&self.unknown, day) {
            return &[];
        }
        // 1970-01-01 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or_default();
        self.week.get(weekday).map_or(&[], Vec::as_slice)
    }

    /// The clock that counts a contact's days.
    fn clock(&self, zone: Option<&str>) -> Option<Rc<Zone>> {
        zone.map_or_else(|| self.home.clone(), |name| self.zone(name))
    }

    fn zone(&self, name: &str) -> Option<Rc<Zone>> {
        if let Some(known) = self.zones.borrow().get(name) {
            return known.clone();
        }
        let zone = Zone::named(name).map(Rc::new);
        self.zones.borrow_mut().insert(name.to_owned(), zone.clone());
        zone
    }

    fn with_zones<T>(&self, zone: Option<&str>, ask: impl FnOnce(&[Rc<Zone>]) -> Option<T>) -> Option<T> {
        match zone {
            None => ask(self.anywhere.as_deref()?),
            Some(name) => ask(std::slice::from_ref(&self.zone(name)?)),
        }
    }
}

/// The first moment from `from_ms` to `until_ms` from which on the clock shows open time for `ring_ms`, its last moment
/// included. `spans`: the open spans of a day, in order.
fn first<'a>(zone: &Zone, spans: impl Fn(i64) -> &'a [Span], from_ms: i64, ring_ms: i64, until_ms: i64) -> Option<i64> {
    let ms = |minute: u16| i64::from(minute) * MINUTE_MS;
    let mut at = from_ms;
    // Since when it has been open without a break.
    let mut since: Option<i64> = None;
    while at <= until_ms || since.is_some() {
        let stretch = zone.stretch(at)?;
        let local = at.checked_add(stretch.offset_ms)?;
        let (day, time) = (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS));
        let today = spans(day);
        let ahead = match today.iter().find(|(_, end)| time < ms(*end)) {
            Some((start, end)) if ms(*start) <= time => {
                since.get_or_insert(at);
                ms(*end) - time
            }
            Some((start, _)) => {
                since = None;
                ms(*start) - time
            }
            None => {
                since = None;
                DAY_MS - time
            }
        };
        // Up to here nothing changes, unless the clocks do.
        at = at.checked_add(ahead)?.min(stretch.to_ms);
        if let Some(since) = since
            && since.saturating_add(ring_ms.max(0)) < at
        {
            return Some(since);
        }
    }
    None
}

/// First and last of days, in order and apart.
fn merged(ranges: impl Iterator<Item = (Date, Date)>) -> Vec<(i64, i64)> {
    let mut ranges: Vec<(i64, i64)> = ranges.map(|(first, last)| (day_number(first), day_number(last))).collect();
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let joins = next.0 <= kept.1.saturating_add(1);
        if joins {
            kept.1 = kept.1.max(next.1);
        }
        joins
    });
    ranges
}

/// Whether a day is in one of the ranges, which are [`merged`].
fn among(ranges: &[(i64, i64)], day: i64) -> bool {
    let next = ranges.partition_point(|(_, last)| *last < day);
    ranges.get(next).is_some_and(|(first, _)| *first <= day)
}

/// Days since 1970-01-01.
fn day_number(date: Date) -> i64 {
    date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours() / 24
}

#[cfg(test)]
mod tests;
