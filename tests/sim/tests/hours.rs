//! R4: nobody is rung outside of the callable hours, holidays and clock changes included. Every minute of ten years in
//! Indonesia's zones, every minute of two years in all zones of the database, against a table made from wall clocks.

use dering::hours::{COUNTRY_ZONES, LegalHours};
use dering_sim::hours::{Clock, Schedule, Span, Truth, clock, holidays, local_minutes};
use jiff::civil::{Weekday, date};
use jiff::tz::TimeZoneDatabase;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Hour and minute.
type Time = (u16, u16);

/// From eight to twelve is `(8, 0)..(12, 0)` to `within`.
fn within(minute: u16, spans: &[(Time, Time)]) -> bool {
    spans.iter().any(|(from, to)| (from.0 * 60 + from.1..to.0 * 60 + to.1).contains(&minute))
}

fn schedules() -> Vec<Schedule> {
    let (all, national) = (holidays("id"), holidays("id-national"));
    vec![
        Schedule {
            name: "office hours with breaks and holidays",
            settings: json!({
                "name": "c", "matter": "not_filed", "holidays": ["id", "2027-06-14"], "blackouts": ["2028-02-29"],
                "callable_hours": {
                    "mon-thu": ["08:00-12:00", "13:00-15:15", "15:30-17:00"], "fri": ["08:00-11:30", "13:30-17:00"]
                }
            }),
            limits: LegalHours::default(),
            ring_ms: 25_000,
            open: Box::new(move |day, weekday, minute| {
                let spans: &[_] = match weekday {
                    Weekday::Saturday | Weekday::Sunday => &[],
                    Weekday::Friday => &[((8, 0), (11, 30)), ((13, 30), (17, 0))],
                    _ => &[((8, 0), (12, 0)), ((13, 0), (15, 15)), ((15, 30), (17, 0))],
                };
                let closed = all.contains(&day) || [date(2027, 6, 14), date(2028, 2, 29)].contains(&day);
                !closed && within(minute, spans)
            }),
        },
        Schedule {
            name: "around the clock but for blackouts",
            settings: json!({
                "name": "c", "matter": "not_filed", "callable_hours": { "mon-sun": ["00:00-09:30", "09:30-24:00"] },
                "blackouts": ["2027-03-28", "2027-10-30/2027-11-07", "2028-02-20/2028-03-20", "2028-03-15/2028-03-26"]
            }),
            limits: LegalHours::unlimited(),
            ring_ms: 90_000,
            open: Box::new(|day, _, _| {
                let off = [
                    (date(2027, 3, 28), date(2027, 3, 28)),
                    (date(2027, 10, 30), date(2027, 11, 7)),
                    (date(2028, 2, 20), date(2028, 3, 26)),
                ];
                !off.iter().any(|(first, last)| (*first..=*last).contains(&day))
            }),
        },
        Schedule {
            name: "the hours in which clocks change, between two dates",
            settings: json!({
                "name": "c", "matter": "not_filed", "starts": "2027-01-20", "ends": "2028-11-20",
                "callable_hours": {
                    "mon-sun": ["00:00-00:20", "00:30-01:10", "01:45-02:15", "02:30-03:00", "03:01-03:02", "22:50-24:00"]
                }
            }),
            limits: LegalHours::unlimited(),
            ring_ms: 60_000,
            open: Box::new(|day, _, minute| {
                (date(2027, 1, 20)..=date(2028, 11, 20)).contains(&day)
                    && within(
                        minute,
                        &[
                            ((0, 0), (0, 20)),
                            ((0, 30), (1, 10)),
                            ((1, 45), (2, 15)),
                            ((2, 30), (3, 0)),
                            ((3, 1), (3, 2)),
                            ((22, 50), (24, 0)),
                        ],
                    )
            }),
        },
        Schedule {
            name: "as much as the limit of Indonesia allows",
            settings: json!({ "name": "c", "matter": "not_filed", "callable_hours": { "mon-sun": ["00:00-24:00"] } }),
            limits: LegalHours::default(),
            ring_ms: 0,
            open: Box::new(move |day, weekday, minute| {
                weekday != Weekday::Sunday && !national.contains(&day) && within(minute, &[((8, 0), (20, 0))])
            }),
        },
        Schedule {
            name: "a weekend's nights, through midnight",
            settings: json!({
                "name": "c", "matter": "not_filed",
                "callable_hours": { "sat": ["21:00-24:00"], "sun": ["00:00-02:30", "12:00-24:00"], "mon": ["00:00-01:00"] }
            }),
            limits: LegalHours::unlimited(),
            ring_ms: 120_000,
            open: Box::new(|_, weekday, minute| match weekday {
                Weekday::Saturday => within(minute, &[((21, 0), (24, 0))]),
                Weekday::Sunday => within(minute, &[((0, 0), (2, 30)), ((12, 0), (24, 0))]),
                Weekday::Monday => within(minute, &[((0, 0), (1, 0))]),
                _ => false,
            }),
        },
    ]
}

/// Does `job` for each number below `jobs`, on all cores; the sum of what it answers.
fn spread(jobs: usize, job: impl Fn(usize) -> u64 + Sync) -> u64 {
    let (next, sum) = (AtomicUsize::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= jobs {
                        return;
                    }
                    sum.fetch_add(job(n), Ordering::Relaxed);
                }
            });
        }
    });
    sum.into_inner()
}

#[test]
fn each_minute_of_ten_years_in_indonesia() {
    let span = Span { from: date(2026, 1, 1), days: 3652 };
    let clocks: Vec<Clock> = COUNTRY_ZONES.iter().map(|zone| clock(zone, span)).collect();
    let schedules = schedules();
    let compared = spread(schedules.len(), |n| {
        let (schedule, local) = (&schedules[n], local_minutes(&schedules[n], span));
        let calendar = schedule.calendar();
        let mut compared = 0;
        for (zone, clock) in COUNTRY_ZONES.iter().zip(&clocks) {
            let truth = Truth::new(schedule, &local, &[clock], span);
            compared += truth.compare(schedule.name, &calendar, Some(zone));
        }
        let everywhere: Vec<&Clock> = clocks.iter().collect();
        compared + Truth::new(schedule, &local, &everywhere, span).compare(schedule.name, &calendar, None)
    });
    println!("{compared} minutes compared");
    assert_eq!(compared, 5 * 4 * 3652 * 24 * 60);
}

/// Names by what their clocks do.
fn clocks(span: Span) -> Vec<(Clock, Vec<String>)> {
    let mut kinds: BTreeMap<Clock, Vec<String>> = BTreeMap::new();
    for name in TimeZoneDatabase::bundled().available() {
        kinds.entry(clock(name.as_str(), span)).or_default().push(name.as_str().to_owned());
    }
    kinds.into_iter().collect()
}

/// Each zone under one of the schedules, each kind of clock under all.
#[test]
fn each_minute_of_two_years_in_every_zone() {
    let span = Span { from: date(2027, 1, 1), days: 731 };
    let kinds = clocks(span);
    let names: usize = kinds.iter().map(|(_, names)| names.len()).sum();
    println!("{names} zones, {} kinds of clock", kinds.len());
    assert!(names > 400 && kinds.len() > 50);
    let schedules = schedules();
    let local: Vec<Vec<bool>> = schedules.iter().map(|s| local_minutes(s, span)).collect();
    let compared = spread(kinds.len(), |n| {
        let (clock, names) = &kinds[n];
        let mut compared = 0;
        for (i, (schedule, local)) in schedules.iter().zip(&local).enumerate() {
            let (truth, calendar) = (Truth::new(schedule, local, &[clock], span), schedule.calendar());
            for (k, name) in names.iter().enumerate() {
                if k == 0 || k % schedules.len() == i {
                    compared += truth.compare(schedule.name, &calendar, Some(name));
                }
            }
        }
        compared
    });
    println!("{compared} minutes compared");
    assert!(compared >= names as u64 * 731 * 24 * 60);
}
