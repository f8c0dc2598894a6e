use super::*;
use crate::campaign::Campaign;
use crate::hours::{Holiday, HolidayKind, HolidayYear};
use serde_json::{Value, json};

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn written(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).unwrap().to_string()
}

fn calendar(changes: &Value, limits: &LegalHours) -> Calendar {
    let mut settings = json!({ "name": "c", "matter": "not_filed" });
    for (name, value) in changes.as_object().unwrap() {
        settings[name] = value.clone();
    }
    Calendar::new(&Campaign::parse(settings).unwrap().1, limits, &Holidays::default())
}

fn office_hours() -> Calendar {
    calendar(&json!({ "holidays": ["id"] }), &LegalHours::default())
}

#[test]
fn the_table_of_callable_moments() {
    let calendar = office_hours();
    for (zone, from, expected) in [
        // Tuesday 2 March 2027.
        (Some("Asia/Jakarta"), "2027-03-02T00:59:59Z", "2027-03-02T01:00:00Z"),
        (Some("Asia/Jakarta"), "2027-03-02T05:00:00Z", "2027-03-02T05:00:00Z"),
        // A call that could not be answered before 17:00 waits for the next day.
        (Some("Asia/Jakarta"), "2027-03-02T09:59:29Z", "2027-03-02T09:59:29Z"),
        (Some("Asia/Jakarta"), "2027-03-02T09:59:30Z", "2027-03-03T01:00:00Z"),
        (Some("Asia/Makassar"), "2027-03-02T00:30:00Z", "2027-03-02T00:30:00Z"),
        (Some("Asia/Jayapura"), "2027-03-02T08:00:00Z", "2027-03-02T23:00:00Z"),
        // Friday prayer: nor may it ring into it.
        (Some("Asia/Jakarta"), "2027-03-05T04:29:29.999Z", "2027-03-05T04:29:29.999Z"),
        (Some("Asia/Jakarta"), "2027-03-05T04:29:30Z", "2027-03-05T06:00:00Z"),
        (Some("Asia/Jakarta"), "2027-03-05T05:00:00Z", "2027-03-05T06:00:00Z"),
        // 6 to 15 March 2027 has no working day.
        (Some("Asia/Jakarta"), "2027-03-05T10:00:00Z", "2027-03-16T01:00:00Z"),
        // An unknown zone: 08:00 in Jakarta is the first moment callable everywhere, 17:00 in Jayapura the last.
        (None, "2027-03-01T23:00:00Z", "2027-03-02T01:00:00Z"),
        (None, "2027-03-02T08:00:00Z", "2027-03-03T01:00:00Z"),
    ] {
        let next = calendar.next(zone, ms(from), 30_000).map(written);
        assert_eq!(next.as_deref(), Some(expected), "{zone:?} {from}");
        assert_eq!(calendar.callable(zone, ms(from), 30_000), from == expected, "{zone:?} {from}");
    }
}

#[test]
fn a_campaign_has_a_first_and_a_last_day_and_blackouts() {
    let days =
        json!({ "starts": "2027-06-02", "ends": "2027-06-10", "blackouts": ["2027-06-03", "2027-06-07/2027-06-09"] });
    let calendar = calendar(&days, &LegalHours::default());
    let next = |from| calendar.next(Some("Asia/Jakarta"), ms(from), 0).map(written);
    // More than a hundred days before.
    assert_eq!(next("2027-01-04T00:00:00Z").as_deref(), Some("2027-06-02T01:00:00Z"));
    assert_eq!(next("2027-06-02T10:00:00Z").as_deref(), Some("2027-06-04T01:00:00Z"));
    assert_eq!(next("2027-06-04T10:00:00Z").as_deref(), Some("2027-06-10T01:00:00Z"));
    assert_eq!(next("2027-06-10T10:00:00Z"), None);
    assert_eq!(next("2029-06-10T10:00:00Z"), None);
}

#[test]
fn days_that_reach_the_end_of_the_calendar_break_nothing() {
    let days = json!({ "starts": "2027-03-01", "ends": "9999-12-31", "blackouts": ["-009999-01-01/2027-03-02", "2028-01-01/9999-12-31"] });
    let calendar = calendar(&days, &LegalHours::default());
    let next = |from_ms| calendar.next(Some("Asia/Jakarta"), from_ms, 0);
    assert_eq!(next(ms("2027-03-01T01:00:00Z")), Some(ms("2027-03-03T01:00:00Z")));
    for from_ms in [ms("2028-01-01T00:00:00Z"), i64::MAX, i64::MIN] {
        assert_eq!(next(from_ms), (from_ms < 0).then(|| ms("2027-03-03T01:00:00Z")));
        assert_eq!(calendar.local(None, from_ms).is_some(), from_ms != i64::MAX && from_ms != i64::MIN);
    }
}

#[test]
fn nothing_outside_of_the_countrys_limit_is_callable_whatever_the_settings_say() {
    let always = json!({ "callable_hours": { "mon-sun": ["00:00-24:00"] } });
    let calendar = calendar(&always, &LegalHours::default());
    for (at, callable) in [
        ("2027-03-02T00:59:59Z", false),
        ("2027-03-02T01:00:00Z", true),
        ("2027-03-02T12:59:59Z", true),
        ("2027-03-02T13:00:00Z", false),
        // A Sunday, and Independence Day.
        ("2027-03-07T05:00:00Z", false),
        ("2027-08-17T05:00:00Z", false),
        // Collective leave is the campaign's own affair.
        ("2027-12-24T05:00:00Z", true),
    ] {
        assert_eq!(calendar.callable(Some("Asia/Jakarta"), ms(at), 0), callable, "{at}");
    }
}

#[test]
fn numbers_of_another_country_have_its_limit_its_zones_and_its_holidays() {
    let settings = json!({
        "callable_hours": { "mon-sun": ["00:00-24:00"] }, "allowed_numbers": { "foreign": ["SG", "AU", "US"] },
    });
    let calendar = calendar(&settings, &LegalHours::default());
    let (indonesia, singapore, australia) = ("+6281200000101", "+6561234567", "+61412345678");
    for (number, zone, at, callable) in [
        // Tuesday 2 March 2027. The limit of Singapore is 08:00 to 20:00.
        (singapore, None, "2027-03-01T23:59:59Z", false),
        (singapore, None, "2027-03-02T00:00:00Z", true),
        (singapore, None, "2027-03-02T11:59:59Z", true),
        (singapore, None, "2027-03-02T12:00:00Z", false),
        // By the clock of the zone that is named, within the same limit.
        (singapore, Some("Asia/Tokyo"), "2027-03-01T23:00:00Z", true),
        (singapore, Some("Asia/Tokyo"), "2027-03-02T11:00:00Z", false),
        (singapore, Some("Asia/Nowhere"), "2027-03-02T05:00:00Z", false),
        // Indonesia's day is that of Indonesia's numbers: Independence Day.
        (singapore, None, "2027-08-17T05:00:00Z", true),
        (indonesia, None, "2027-08-17T05:00:00Z", false),
        (indonesia, None, "2027-03-02T00:00:00Z", false),
        // 09:00 in Perth, 12:00 in Sydney; 20:00 in Lord Howe.
        (australia, None, "2027-03-02T00:59:59Z", false),
        (australia, None, "2027-03-02T01:00:00Z", true),
        (australia, None, "2027-03-02T08:59:59Z", true),
        (australia, None, "2027-03-02T09:00:00Z", false),
        // 08:00 in Honolulu is 13:00 in New York, whose day ends at 21:00.
        ("+12025550100", None, "2027-03-02T17:59:59Z", false),
        ("+12025550100", None, "2027-03-02T18:00:00Z", true),
        ("+12025550100", None, "2027-03-03T01:59:59Z", true),
        ("+12025550100", None, "2027-03-03T02:00:00Z", false),
        // A country that is not allowed has no calendar of its own: the tick's rules hold it back.
        ("+60123456789", Some("Asia/Jakarta"), "2027-03-02T01:00:00Z", true),
    ] {
        assert_eq!(calendar.of_number(number).callable(zone, ms(at), 0), callable, "{number} {zone:?} {at}");
    }
    // Pages of contacts are opened when some of them can be rung.
    for (zone, at, opened) in [
        (None, "2027-03-02T00:00:00Z", true),
        (None, "2027-03-02T13:00:00Z", false),
        (Some("Asia/Singapore"), "2027-08-17T05:00:00Z", true),
        (Some("Asia/Jakarta"), "2027-08-17T05:00:00Z", false),
    ] {
        assert_eq!(calendar.callable_for_some(zone, ms(at), 0), opened, "{zone:?} {at}");
    }
}

#[test]
fn around_the_clock_midnight_is_no_end() {
    let always =
        json!({ "callable_hours": { "mon-sun": ["00:00-12:00", "12:00-24:00"] }, "blackouts": ["2027-03-04"] });
    let calendar = calendar(&always, &LegalHours::unlimited());
    let next = |from| calendar.next(Some("Asia/Jakarta"), ms(from), 30_000).map(written);
    for through in ["2027-03-02T16:59:59Z", "2027-03-02T17:00:00Z", "2027-03-02T04:59:45Z"] {
        assert_eq!(next(through).as_deref(), Some(through));
    }
    // Unless the next day is none.
    assert_eq!(next("2027-03-03T16:59:45Z").as_deref(), Some("2027-03-04T17:00:00Z"));
}

#[test]
fn what_is_not_known_is_not_callable_and_says_so() {
    let calendar = office_hours();
    let (nowhere, noon) = (Some("Asia/Nowhere"), ms("2027-03-02T05:00:00Z"));
    assert!(!calendar.callable(nowhere, noon, 0));
    assert_eq!((calendar.next(nowhere, noon, 0), calendar.next_day(nowhere, noon)), (None, None));
    assert_eq!((calendar.reason(nowhere, noon), calendar.reason(None, noon)), ("unknown_zone", "outside_hours"));
    // The campaign's own day counts, so that who cannot be called expires all the same.
    assert_eq!(calendar.date(nowhere, noon), calendar.date(Some("Asia/Jakarta"), noon));

    let (_, mut settings) = Campaign::parse(json!({ "name": "c", "matter": "not_filed" })).unwrap();
    settings.holidays = vec!["a calendar of another version".into()];
    let calendar = Calendar::new(&settings, &LegalHours::default(), &Holidays::default());
    assert_eq!(calendar.next(Some("Asia/Jakarta"), noon, 0), None);
    assert_eq!(calendar.reason(Some("Asia/Jakarta"), noon), "unknown_holidays");
}

/// Berlin, 2027: 28 March has no 02:00 to 03:00; 31 October has it twice.
#[test]
fn an_hour_that_is_missing_and_one_that_occurs_twice() {
    let night = json!({ "callable_hours": { "mon-sun": ["02:15-02:45"] } });
    let calendar = calendar(&night, &LegalHours::unlimited());
    let next = |from| calendar.next(Some("Europe/Berlin"), ms(from), 25_000).map(written);
    // 02:15 to 02:45 of 28 March is no time at all.
    assert_eq!(next("2027-03-27T02:00:00Z").as_deref(), Some("2027-03-29T00:15:00Z"));
    // On 31 October it is half an hour twice, an hour apart.
    assert_eq!(next("2027-10-30T22:00:00Z").as_deref(), Some("2027-10-31T00:15:00Z"));
    assert_eq!(next("2027-10-31T00:44:34.999Z").as_deref(), Some("2027-10-31T00:44:34.999Z"));
    assert_eq!(next("2027-10-31T00:44:35Z").as_deref(), Some("2027-10-31T01:15:00Z"));
    assert_eq!(next("2027-10-31T01:45:00Z").as_deref(), Some("2027-11-01T01:15:00Z"));
}

#[test]
fn parts_of_the_day() {
    let calendar = office_hours();
    let next = |zone, from, part| calendar.next_in(zone, ms(from), 30_000, part).map(written);
    let jakarta = Some("Asia/Jakarta");
    for (zone, from, part, expected) in [
        (jakarta, "2027-03-02T03:00:00Z", Part::MORNING, Some("2027-03-02T03:00:00Z")),
        (jakarta, "2027-03-02T03:00:00Z", Part::AFTERNOON, Some("2027-03-02T05:00:00Z")),
        (jakarta, "2027-03-02T03:00:00Z", Part::EVENING, Some("2027-03-02T09:00:00Z")),
        (jakarta, "2027-03-02T05:00:00Z", Part::MORNING, Some("2027-03-03T01:00:00Z")),
        // The call may be answered in the next part, but not after hours.
        (jakarta, "2027-03-02T04:59:59Z", Part::MORNING, Some("2027-03-02T04:59:59Z")),
        (jakarta, "2027-03-02T09:59:45Z", Part::EVENING, Some("2027-03-03T09:00:00Z")),
        (jakarta, "2027-03-05T04:30:00Z", Part::MORNING, Some("2027-03-16T01:00:00Z")),
        // By the campaign's clock; 17:00 in Jayapura is 15:00 in Jakarta.
        (None, "2027-03-02T03:00:00Z", Part::AFTERNOON, Some("2027-03-02T05:00:00Z")),
        (None, "2027-03-02T03:00:00Z", Part::EVENING, None),
    ] {
        assert_eq!(next(zone, from, part).as_deref(), expected, "{zone:?} {from} {part:?}");
    }
    assert_eq!((Part::new(5, 5), Part::new(0, 1441)), (None, None));
    assert!(Part::new(0, 1440).is_some_and(|p| p.contains(1439) && !p.contains(1440)));
}

#[test]
fn the_local_day_and_the_next() {
    let calendar = office_hours();
    let local = |zone, at| calendar.local(zone, ms(at)).map(|(date, minute)| (date.to_string(), minute));
    assert_eq!(local(Some("Asia/Jayapura"), "2027-03-02T15:00:00Z"), Some(("2027-03-03".into(), 0)));
    assert_eq!(local(None, "2027-03-02T15:00:00Z"), Some(("2027-03-02".into(), 22 * 60)));
    let next_day = |zone, at| calendar.next_day(zone, ms(at)).map(written);
    assert_eq!(next_day(None, "2027-03-02T15:00:00Z").as_deref(), Some("2027-03-02T17:00:00Z"));
    // Cairo's clocks go from 00:00 to 01:00 on 30 April 2027; Havana's from 01:00 to 00:00 on 7 November.
    assert_eq!(next_day(Some("Africa/Cairo"), "2027-04-29T15:00:00Z").as_deref(), Some("2027-04-29T22:00:00Z"));
    assert_eq!(next_day(Some("America/Havana"), "2027-11-06T15:00:00Z").as_deref(), Some("2027-11-07T04:00:00Z"));
}

#[test]
fn in_a_year_that_no_calendar_knows_nobody_is_called() {
    let (_, settings) = Campaign::parse(json!({ "name": "c", "matter": "not_filed", "holidays": ["id"] })).unwrap();
    let mut known = Holidays::default();
    let jakarta = Some("Asia/Jakarta");
    // Friday, 31 December 2027; Monday, 3 January 2028.
    let (last, first) = (ms("2027-12-31T09:00:00Z"), ms("2028-01-03T05:00:00Z"));
    let calendar = Calendar::new(&settings, &LegalHours::default(), &known);
    assert!(calendar.callable(jakarta, last, 0) && !calendar.callable(jakarta, first, 0));
    assert_eq!(calendar.next(jakarta, ms("2027-12-31T12:00:00Z"), 0), None);
    assert_eq!(
        (calendar.reason(jakarta, first), calendar.reason(jakarta, last)),
        ("unknown_holidays", "outside_hours")
    );
    assert!(!calendar.day_off(jakarta, first), "nobody knows that it is one");

    let day = Holiday { date: jiff::civil::date(2028, 1, 4), kind: HolidayKind::CollectiveLeave, name: String::new() };
    known.put(HolidayYear { calendar: "id".into(), year: 2028, days: vec![day] });
    let calendar = Calendar::new(&settings, &LegalHours::default(), &known);
    assert!(calendar.callable(jakarta, first, 0));
    assert!(
        !calendar.callable(jakarta, ms("2028-01-04T05:00:00Z"), 0)
            && calendar.day_off(jakarta, ms("2028-01-04T05:00:00Z"))
    );
    // The country's limit is about the national holidays alone.
    let (_, settings) = Campaign::parse(json!({ "name": "c", "matter": "not_filed" })).unwrap();
    let calendar = Calendar::new(&settings, &LegalHours::default(), &known);
    assert!(calendar.callable(jakarta, ms("2028-01-04T05:00:00Z"), 0));
    assert!(!calendar.callable(jakarta, ms("2029-01-04T05:00:00Z"), 0));
}
