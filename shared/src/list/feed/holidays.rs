//! Days without calls: a calendar's year, from CSV or iCalendar. Taken as a whole or not at all: half a calendar would call
//! people on the days of the other half.

use super::super::{date, text};
use super::table::{Column, Kind, Line, Shape, Table};
use super::tally::{Bad, FeedReason, Refused};
use crate::hours::{DAYS_MAX, Holiday, HolidayKind, HolidayYear, ics};
use crate::problem::Problem;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Rows of a file at most: some years of some calendars.
const LINES_MAX: usize = 10_000;

const DATE: usize = 0;
const NAME: usize = 1;
const KIND: usize = 2;

const SHAPE: Shape = Shape {
    columns: &[
        Column { name: "date", names: &["tanggal", "tgl", "day", "hari"], like: None, cut: false },
        Column {
            name: "name",
            names: &["nama", "namalibur", "keterangan", "holiday", "harilibur"],
            like: None,
            cut: true,
        },
        Column { name: "kind", names: &["jenis", "jenislibur", "kategori", "type"], like: None, cut: true },
    ],
    any_of: &[DATE],
    wrapper: "days",
    example: "TANGGAL, NAMA, JENIS",
};

/// A calendar's year out of a file, and how many days in it were of other years.
///
/// # Errors
/// The first thing that cannot be read, or a year without a day.
pub fn holidays(calendar: &str, year: i16, file: &[u8]) -> Result<(HolidayYear, u32), Problem> {
    let found = if ics::is_ics(file) { from_ics(file)? } else { from_csv(file)? };
    let all = found.len();
    // The same day twice is one; a national holiday if one of them says so.
    let mut days: BTreeMap<Date, Holiday> = BTreeMap::new();
    let mut others = 0;
    for holiday in found {
        if holiday.date.year() != year {
            others += 1;
            continue;
        }
        let known = days.entry(holiday.date).or_insert_with(|| holiday.clone());
        if holiday.kind < known.kind {
            *known = holiday;
        }
    }
    if days.is_empty() {
        return Err(refused(format!("none of the {all} days of the file is in {year}")));
    }
    if days.len() > DAYS_MAX {
        return Err(refused(format!(
            "{} days of {year} are more than the {DAYS_MAX} that a calendar may have",
            days.len()
        )));
    }
    Ok((HolidayYear { calendar: calendar.to_owned(), year, days: days.into_values().collect() }, others))
}

fn refused(detail: String) -> Problem {
    Problem::new(
        422,
        "holidays_invalid",
        "The calendar cannot be taken as it is",
        detail,
        "Send iCalendar with whole-day events, or CSV with the columns date, name, kind (national or collective_leave). Nothing was stored.",
    )
}

fn from_ics(file: &[u8]) -> Result<Vec<Holiday>, Problem> {
    let events = ics::events(file).map_err(|e| refused(e.to_string()))?;
    let days = events.iter().flat_map(|event| {
        let kind = named_kind(&event.summary);
        event.first.series(jiff::ToSpan::day(1)).take_while(|day| *day <= event.last).map(move |date| Holiday {
            date,
            kind,
            name: event.summary.clone(),
        })
    });
    Ok(days.collect())
}

/// Joint leave is told from a holiday only by its name.
fn named_kind(summary: &str) -> HolidayKind {
    let key = text::key(summary);
    match ["cutibersama", "collectiveleave", "jointholiday", "jointleave"].iter().any(|word| key.contains(word)) {
        true => HolidayKind::CollectiveLeave,
        false => HolidayKind::National,
    }
}

fn from_csv(file: &[u8]) -> Result<Vec<Holiday>, Problem> {
    let mut table = Table::new(Kind::csv(), &SHAPE);
    let mut lines = Vec::new();
    table.push(file, &mut lines)?;
    while table.step(&mut lines)? && lines.len() <= LINES_MAX {}
    table.end(&mut lines)?;
    while table.step(&mut lines)? && lines.len() <= LINES_MAX {}
    if lines.len() > LINES_MAX {
        return Err(refused(format!("the file has more than {LINES_MAX} rows")));
    }
    let day = |line: Result<Line, Refused>| line.and_then(|line| read(&line).map_err(|bad| line.refused(bad)));
    let told = |r: Refused| refused(format!("row {}, column \"{}\": {}: {}", r.row, r.column, r.reason, r.hint));
    lines.into_iter().map(|line| day(line).map_err(told)).collect()
}

fn read(line: &Line) -> Result<Holiday, Bad> {
    let (day, _) = date::parse(line.cell(DATE)).map_err(|_| Bad::at(DATE, FeedReason::DayInvalid))?;
    let name = text::words(line.cell(NAME));
    let kind = match text::key(line.cell(KIND)).as_str() {
        "" => named_kind(&name),
        "national" | "nasional" | "liburnasional" | "holiday" => HolidayKind::National,
        "collectiveleave" | "cutibersama" | "leave" | "cuti" => HolidayKind::CollectiveLeave,
        _ => return Err(Bad::at(KIND, FeedReason::KindUnknown)),
    };
    Ok(Holiday { date: day, kind, name: name.chars().take(80).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn a_year_as_offices_send_it() {
        let csv = "Tanggal;Nama;Jenis\n01/01/2028;Tahun Baru;Libur Nasional\n26-12-2028;Cuti Bersama Natal;\n2028-01-01;;cuti bersama\n01/01/2029;Tahun Baru;\n";
        let ics = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20271231\nDTEND;VALUE=DATE:20280102\nSUMMARY:Tahun Baru\nEND:VEVENT\n\
                   BEGIN:VEVENT\nDTSTART;VALUE=DATE:20281226\nSUMMARY:Cuti Bersama Natal\nEND:VEVENT\nEND:VCALENDAR\n";
        for file in [csv, ics] {
            let (year, others) = holidays("id", 2028, file.as_bytes()).unwrap();
            let days: Vec<_> = year.days.iter().map(|d| (d.date, d.kind, d.name.as_str())).collect();
            use HolidayKind::*;
            assert_eq!(
                days,
                [
                    (date(2028, 1, 1), National, "Tahun Baru"),
                    (date(2028, 12, 26), CollectiveLeave, "Cuti Bersama Natal")
                ]
            );
            assert_eq!((year.calendar.as_str(), year.year, others), ("id", 2028, 1));
        }
    }

    #[test]
    fn half_a_calendar_is_none() {
        for (file, told) in [
            ("tanggal\n01/01/2028\n31/02/2028\n", "row 3, column \"tanggal\": day_invalid"),
            ("tanggal,jenis\n01/01/2028,apa\n", "kind_unknown"),
            ("tanggal\n01/01/2027\n", "none of the 1 days"),
            ("nama\nTahun Baru\n", "No column was recognised for: date."),
            (
                "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20280101\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR\n",
                "line 4",
            ),
        ] {
            let problem = holidays("id", 2028, file.as_bytes()).unwrap_err();
            assert!(problem.status == 422 && problem.detail.contains(told), "{file}: {}", problem.detail);
        }
        let many: String =
            (0..130).map(|i| format!("{}\n", date(2028, 1, 1).checked_add(jiff::ToSpan::days(i)).unwrap())).collect();
        assert!(holidays("id", 2028, format!("date\n{many}").as_bytes()).unwrap_err().detail.contains("120"));
    }

    proptest! {
        #[test]
        fn days_come_back(days in prop::collection::btree_map((1_i8..13, 1_i8..29), any::<bool>(), 1..40)) {
            let written: String = days.iter().map(|((m, d), leave)| {
                format!("{};x;{}\n", date(2028, *m, *d), if *leave { "collective_leave" } else { "national" })
            }).collect();
            let (year, _) = holidays("id", 2028, format!("date;name;kind\n{written}").as_bytes()).unwrap();
            let read: BTreeMap<_, _> = year.days.iter().map(|d| ((d.date.month(), d.date.day()), d.kind == HolidayKind::CollectiveLeave)).collect();
            prop_assert_eq!(read, days);
        }

        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            let _ = holidays("id", 2028, &bytes);
        }
    }
}
