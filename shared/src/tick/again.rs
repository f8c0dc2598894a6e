//! When a contact is tried again: the pause, the time that was asked for, another part of the day, the limits of a day and
//! a week, the callable hours.

use super::place::reach_ms;
use crate::campaign::{Again, Settings};
use crate::contact::Contact;
use crate::hours::{self, Calendar, Part};
use crate::person;
use jiff::civil::{Date, Time};

/// Rounds until limits and hours agree. Each moves at least to another day.
const ROUNDS: usize = 40;

/// A contact's clock and calendar.
#[derive(Debug, Clone, Copy)]
pub struct Local<'a> {
    pub settings: &'a Settings,
    /// Of these settings, for the number that is called.
    pub calendar: &'a Calendar,
    /// IANA name; `None` where nobody knows it.
    pub zone: Option<&'a str>,
}

impl<'a> Local<'a> {
    /// Where a contact is whose `phone`-th number (from 0) is called. `calendar`: the campaign's.
    pub fn of(settings: &'a Settings, calendar: &'a Calendar, contact: &'a Contact, phone: u8) -> Self {
        let number = contact.phones.get(usize::from(phone)).map_or("", String::as_str);
        Local { settings, calendar: calendar.of_number(number), zone: contact.time_zone.as_deref() }
    }

    /// The local date.
    pub fn date(&self, at_ms: i64) -> Option<Date> {
        self.calendar.date(self.zone, at_ms)
    }

    /// The first moment from `from_ms` on within the callable hours.
    pub fn next_callable(&self, from_ms: i64) -> Option<i64> {
        self.calendar.next(self.zone, from_ms, reach_ms(&self.settings.call))
    }

    /// When one more call keeps a day's limit; `None`: at `at_ms`. `dials` (Unix ms) are in order.
    pub fn day_free(&self, dials: &[i64], limit: u8, at_ms: i64) -> Option<i64> {
        person::day_free(dials, limit, self.calendar, self.zone, at_ms)
    }

    /// The moment at which a day is over.
    fn end_of(&self, day: Date) -> Option<i64> {
        let zone = hours::zone(self.zone.unwrap_or(&self.settings.time_zone)).ok()?;
        let midnight = day.tomorrow().ok()?.to_datetime(Time::midnight()).to_zoned_datetime(zone).ok()?;
        Some(midnight.timestamp().as_millisecond())
    }

    /// `at_ms`, but no later than the last day is over: then the contact is looked at again, and expires.
    pub fn by_the_end_of(&self, last_day: Date, at_ms: i64) -> i64 {
        self.end_of(last_day).map_or(at_ms, |end_ms| at_ms.min(end_ms))
    }

    /// The first callable moment from `from_ms` on that is in another part of the day than `not_ms`.
    fn other_part(&self, from_ms: i64, not_ms: i64) -> Option<i64> {
        let (_, minute) = self.calendar.local(self.zone, not_ms)?;
        let parts = [Part::MORNING, Part::AFTERNOON, Part::EVENING];
        let others = parts.into_iter().filter(|part| !part.contains(minute));
        let reach_ms = reach_ms(&self.settings.call);
        others.filter_map(|part| self.calendar.next_in(self.zone, from_ms, reach_ms, part)).min()
    }
}

/// The moment from which the contact may be tried again. `dials`: when it was called in the last week, the last call included
/// if it rang. `last_day`: nobody is called after it, so no wish may lead beyond.
pub fn not_before(
    local: &Local<'_>,
    how: &Again,
    asked_ms: Option<i64>,
    dials: &[i64],
    last_day: Date,
    now_ms: i64,
) -> i64 {
    let pause_ms = i64::try_from(how.after.as_millis()).unwrap_or(i64::MAX);
    let earliest = match asked_ms {
        Some(asked_ms) => asked_ms.max(now_ms),
        None => now_ms.saturating_add(pause_ms),
    };
    let attempts = &local.settings.attempts;
    let allowed = |mut at: i64| {
        for _ in 0..ROUNDS {
            let free = local
                .day_free(dials, attempts.per_day, at)
                .max(person::week_free(dials, attempts.per_week, at))
                .unwrap_or(at);
            // No callable moment ahead: looked at again when it is due, and expired then.
            let next = local.next_callable(free).unwrap_or(free);
            if next == at {
                break;
            }
            at = next;
        }
        at
    };
    let mut at = allowed(earliest);
    if let (true, None, Some(last)) = (how.other_part_of_day, asked_ms, dials.last()) {
        let other = local.other_part(at, *last).map(allowed);
        at = other.filter(|other| local.date(*other).is_some_and(|date| date <= last_day)).unwrap_or(at);
    }
    local.by_the_end_of(last_day, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::Disposition;
    use crate::campaign::Row;
    use crate::campaign::{Attempts, Campaign};
    use crate::hours::{Holidays, LegalHours};
    use jiff::Timestamp;
    use serde_json::{Value, json};

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    /// When a contact in Jakarta is tried again that was last called at `last`. All times in UTC, 7 hours behind Jakarta.
    fn again(changes: Value, ended: Disposition, last: &str, asked: Option<&str>, before: &[&str]) -> String {
        let mut settings = json!({ "name": "c", "matter": "not_filed", "attempts": changes });
        settings["callable_hours"] = json!({ "mon-fri": ["08:00-12:00", "13:00-17:00"] });
        let (_, settings) = Campaign::parse(settings).unwrap();
        let calendar = Calendar::new(&settings, &LegalHours::unlimited(), &Holidays::default());
        let local = Local { settings: &settings, calendar: &calendar, zone: Some("Asia/Jakarta") };
        let Row::Again(how) = settings.attempts.row(ended) else { panic!("nothing follows {ended:?}") };
        let mut dials: Vec<i64> = before.iter().map(|t| ms(t)).collect();
        dials.push(ms(last));
        let last_day = "2027-03-31".parse().unwrap();
        let at = not_before(&local, &how, asked.map(ms), &dials, last_day, ms(last) + 30_000);
        Timestamp::from_millisecond(at).unwrap().strftime("%d %H:%M:%S").to_string()
    }

    #[test]
    fn the_table_of_next_moments() {
        use Disposition::*;
        let plain = || json!({});
        // Tuesday 2 March 2027, 09:00 in Jakarta, is 02:00 UTC.
        let nine = "2027-03-02T02:00:00Z";
        assert_eq!(again(plain(), Busy, nine, None, &[]), "02 02:30:30");
        // Not answered in the morning: two hours later it is still morning, so after noon.
        assert_eq!(again(plain(), NoAnswer, nine, None, &[]), "02 06:00:00");
        let same = json!({ "retry": { "no_answer": { "other_part_of_day": false } } });
        assert_eq!(again(same, NoAnswer, nine, None, &[]), "02 04:00:30");
        // Four hours later it is the afternoon anyway.
        assert_eq!(again(plain(), Voicemail, nine, None, &[]), "02 06:00:30");
        // At 15:00: the evening begins at 16:00, the pause ends at 17:00, so the next morning.
        assert_eq!(again(plain(), NoAnswer, "2027-03-02T08:00:00Z", None, &[]), "03 01:00:00");
        // Twice a day, then the next; three times a week, then when the first is a week old.
        assert_eq!(again(plain(), Busy, nine, None, &["2027-03-02T01:10:00Z"]), "03 01:00:00");
        let week = json!({ "max": 9, "per_week": 2 });
        assert_eq!(again(week, Busy, nine, None, &["2027-02-25T03:00:00Z"]), "04 03:00:00");
        // At the time that was asked for, or the next callable moment after it; never in the past.
        assert_eq!(again(plain(), Callback, nine, Some("2027-03-04T03:00:00Z"), &[]), "04 03:00:00");
        assert_eq!(again(plain(), Callback, nine, Some("2027-03-04T05:30:00Z"), &[]), "04 06:00:00");
        assert_eq!(again(plain(), Callback, nine, Some("2027-03-01T05:30:00Z"), &[]), "02 02:00:30");
        assert_eq!(again(plain(), Callback, nine, None, &[]), "03 02:00:30");
    }

    #[test]
    fn a_wish_for_another_part_of_the_day_does_not_lead_beyond_the_last_day() {
        // The last day is the 31st; after the evening of that day there is no other part.
        let soon = json!({ "retry": { "no_answer": "10m" } });
        assert_eq!(again(soon.clone(), Disposition::NoAnswer, "2027-03-30T09:10:00Z", None, &[]), "31 01:00:00");
        assert_eq!(again(soon, Disposition::NoAnswer, "2027-03-31T09:10:00Z", None, &[]), "31 09:20:30");
        // What is later than the last day is looked at when that is over, at midnight in Jakarta.
        assert_eq!(again(json!({}), Disposition::Refused, "2027-03-31T09:10:00Z", None, &[]), "31 17:00:00");
    }

    #[test]
    fn whatever_the_settings_a_limit_is_kept() {
        let now = ms("2027-03-02T02:00:30Z");
        for (per_day, per_week) in (1..4_u8).flat_map(|d| (1..6_u8).map(move |w| (d, w))) {
            let attempts = Attempts { per_day, per_week, max: 20, ..Attempts::default() };
            let (_, mut settings) = Campaign::parse(json!({ "name": "c", "matter": "not_filed" })).unwrap();
            settings.attempts = attempts;
            let calendar = Calendar::new(&settings, &LegalHours::unlimited(), &Holidays::default());
            let local = Local { settings: &settings, calendar: &calendar, zone: Some("Asia/Jakarta") };
            let Row::Again(how) = settings.attempts.row(Disposition::Busy) else { unreachable!() };
            // Twelve calls, each as soon as it may be.
            let (mut dials, mut at) = (Vec::new(), now);
            for _ in 0..12 {
                dials.push(at);
                at = not_before(&local, &how, None, &dials, "2028-01-01".parse().unwrap(), at);
            }
            for dial in &dials {
                let week = dials.iter().filter(|d| (*dial - 7 * 86_400_000 + 1..=*dial).contains(*d)).count();
                let day = dials.iter().filter(|d| local.date(**d) == local.date(*dial)).count();
                assert!(week <= usize::from(per_week) && day <= usize::from(per_day), "{per_day} {per_week} {dials:?}");
            }
        }
    }
}
