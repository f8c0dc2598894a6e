//! Callable hours by another road than the code's: a table with one entry for each minute, filled from the wall clock of that
//! minute and read backwards. Nothing here adds up instants, or asks when clocks change.

use dering::campaign::{Campaign, Settings};
use dering::hours::{Calendar, Holiday, HolidayKind, HolidayYear, Holidays, LegalHours};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use std::collections::BTreeSet;

const MINUTE_MS: i64 = 60_000;
/// Minutes between two looks at a zone's offset.
const LOOK: usize = 15;
/// Days that a table goes on for after those that are compared: longer than any schedule here is closed.
const TAIL_DAYS: i64 = 40;
/// Days of local time before and after those of UTC.
const MARGIN_DAYS: i64 = 2;

/// A campaign's hours, as its settings say it and as this page says it.
pub struct Schedule {
    pub name: &'static str,
    pub settings: Value,
    pub limits: LegalHours,
    pub ring_ms: i64,
    /// Whether a local minute is open, by date, weekday and minutes after midnight.
    pub open: Box<dyn Fn(Date, Weekday, u16) -> bool + Send + Sync>,
}

impl Schedule {
    fn settings(&self) -> Settings {
        Campaign::parse(self.settings.clone()).unwrap_or_else(|e| panic!("{}: {e:?}", self.name)).1
    }

    /// What is tested.
    pub fn calendar(&self) -> Calendar {
        Calendar::new(&self.settings(), &self.limits, &known())
    }
}

/// The published years, and each other one of the tables with Independence Day alone: in a year that nobody knows there is no
/// call, and nothing to compare.
fn known() -> Holidays {
    let mut known = Holidays::default();
    for year in (2000..2050).filter(|year| known.year("id", *year).is_none()).collect::<Vec<_>>() {
        let date = jiff::civil::date(year, 8, 17);
        let day = Holiday { date, kind: HolidayKind::National, name: String::new() };
        assert!(known.put(HolidayYear { calendar: "id".into(), year, days: vec![day] }));
    }
    known
}

/// Dates of a named calendar.
pub fn holidays(name: &str) -> BTreeSet<Date> {
    known().named(name).expect("there is such a calendar").closed.into_iter().collect()
}

/// Whole days from a date on, at UTC.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub from: Date,
    pub days: i64,
}

impl Span {
    fn minutes(self) -> usize {
        (self.days * 24 * 60) as usize
    }

    fn table_minutes(self) -> usize {
        self.minutes() + (TAIL_DAYS * 24 * 60) as usize
    }

    /// Unix milliseconds of the n-th minute.
    pub fn at(self, minute: usize) -> i64 {
        let begin = self
            .from
            .at(0, 0, 0, 0)
            .to_zoned_datetime(TimeZone::UTC)
            .expect("a date of our days")
            .timestamp()
            .as_millisecond();
        begin + minute as i64 * MINUTE_MS
    }
}

/// Which minutes of local time are open; the first is `MARGIN_DAYS` before the span.
pub fn local_minutes(schedule: &Schedule, span: Span) -> Vec<bool> {
    let mut open = Vec::new();
    for n in -MARGIN_DAYS..span.days + TAIL_DAYS + MARGIN_DAYS {
        let date = span.from.checked_add(n.days()).expect("a date of our days");
        open.extend((0..24 * 60).map(|minute| (schedule.open)(date, date.weekday(), minute)));
    }
    open
}

/// How far local clocks are ahead of UTC, in minutes, for each quarter of an hour.
pub type Clock = Vec<i16>;

/// Looks at a zone's clock.
pub fn clock(zone: &str, span: Span) -> Clock {
    let tz = TimeZone::get(zone).expect("a name of the database");
    let minutes = |at_ms: i64| {
        let seconds = tz.to_offset(Timestamp::from_millisecond(at_ms).expect("a moment of our days")).seconds();
        assert_eq!(seconds % 60, 0, "{zone} has an offset of odd seconds");
        i16::try_from(seconds / 60).expect("an offset is below two days")
    };
    let begin = span.at(0);
    let looks = 0..span.table_minutes() / LOOK;
    looks
        .map(|n| {
            let at = begin + (n * LOOK) as i64 * MINUTE_MS;
            let offset = minutes(at);
            assert_eq!(minutes(at + LOOK as i64 * MINUTE_MS - 1), offset, "{zone} changes within a quarter of an hour");
            offset
        })
        .collect()
}

/// What is true of each minute of a span, for one schedule and all zones that a contact could be in.
pub struct Truth {
    span: Span,
    ring_ms: i64,
    /// How many minutes from this one on are open without a break.
    run: Vec<u32>,
    /// The first callable minute from this one on; `u32::MAX` if there is none in the table.
    next: Vec<u32>,
}

impl Truth {
    pub fn new(schedule: &Schedule, local: &[bool], clocks: &[&Clock], span: Span) -> Self {
        let minutes = span.table_minutes();
        let margin = MARGIN_DAYS * 24 * 60;
        let (mut run, mut next) = (vec![0_u32; minutes + 1], vec![u32::MAX; minutes + 1]);
        for m in (0..minutes).rev() {
            let open = clocks.iter().all(|clock| local[(m as i64 + margin + i64::from(clock[m / LOOK])) as usize]);
            run[m] = if open { run[m + 1] + 1 } else { 0 };
            next[m] = if rings_through(run[m], schedule.ring_ms) { m as u32 } else { next[m + 1] };
        }
        Truth { span, ring_ms: schedule.ring_ms, run, next }
    }

    fn callable(&self, minute: usize) -> bool {
        self.next[minute] as usize == minute
    }

    /// Compares a calendar with the truth; answers how many minutes were compared.
    ///
    /// # Panics
    /// They differ.
    pub fn compare(&self, what: &str, calendar: &Calendar, zone: Option<&str>) -> u64 {
        let (begin, ring) = (self.span.at(0), self.ring_ms);
        let at = |m: usize| begin + m as i64 * MINUTE_MS;
        let differs = |at_ms: i64| format!("{what}, {zone:?}, {at_ms} ms: {:?}", Timestamp::from_millisecond(at_ms));
        for m in 0..self.span.minutes() {
            assert_eq!(calendar.callable(zone, at(m), ring), self.callable(m), "{}", differs(at(m)));
            let edge = m > 0 && (self.run[m - 1] == 0) != (self.run[m] == 0);
            let turns = m > 0 && self.callable(m - 1) != self.callable(m);
            if edge || turns || m % 1439 == 0 {
                assert_eq!(calendar.next(zone, at(m), ring), self.next_ms(m), "next from {}", differs(at(m)));
            }
            if edge {
                self.compare_edge(m, calendar, zone, &differs);
            }
        }
        self.span.minutes() as u64
    }

    /// To the millisecond, where hours begin or end.
    fn compare_edge(&self, m: usize, calendar: &Calendar, zone: Option<&str>, differs: &dyn Fn(i64) -> String) {
        let (edge, ring) = (self.span.at(m), self.ring_ms);
        if self.run[m] > 0 {
            assert!(!calendar.callable(zone, edge - 1, ring), "before {}", differs(edge));
            assert_eq!(calendar.next(zone, edge - 1, ring), self.next_ms(m), "next before {}", differs(edge));
            return;
        }
        // The last moment from which a call has stopped ringing in time is a millisecond before this one.
        let too_late = edge - ring;
        assert!(!calendar.callable(zone, too_late, ring), "too late for {}", differs(edge));
        assert_eq!(calendar.next(zone, too_late, ring), self.next_ms(m), "next after {}", differs(edge));
        let last = too_late - 1;
        let minute = usize::try_from((last - self.span.at(0)).div_euclid(MINUTE_MS)).unwrap_or(usize::MAX);
        let open = self.run.get(minute).is_some_and(|run| minute + *run as usize == m);
        if open {
            assert!(calendar.callable(zone, last, ring), "in time for {}", differs(edge));
        }
    }

    fn next_ms(&self, minute: usize) -> Option<i64> {
        let next = self.next[minute];
        (next != u32::MAX).then(|| self.span.at(next as usize))
    }
}

/// Whether a call that begins with a minute, of so many open ones, has stopped ringing in the last of them.
fn rings_through(run: u32, ring_ms: i64) -> bool {
    i64::from(run) > ring_ms / MINUTE_MS
}
