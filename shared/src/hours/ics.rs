//! The whole-day events of an iCalendar file (RFC 5545), as authorities and calendar programs export holidays.
//!
//! Only what a holiday needs is read: DTSTART, DTEND (the day after the last) or DURATION, SUMMARY, STATUS. What could mean
//! other days than these say is refused: events that repeat (RRULE, RDATE), and such with a time of day.

use jiff::ToSpan;
use jiff::civil::Date;
use std::fmt;

/// Longest event, in days.
const DAYS_MAX: i32 = 31;
/// Events of a file at most.
const EVENTS_MAX: usize = 5_000;
/// Longest summary kept, in characters.
const SUMMARY_MAX: usize = 80;

/// An event: its days, the last one included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub first: Date,
    pub last: Date,
    pub summary: String,
}

/// What is wrong, and in which line (from 1, as the file has them).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub line: usize,
    pub what: &'static str,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Whether the bytes look like an iCalendar file.
pub fn is_ics(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    text.get(..15).is_some_and(|head| head.eq_ignore_ascii_case(b"BEGIN:VCALENDAR"))
}

/// The events of a file that were not cancelled.
///
/// # Errors
/// The first thing that is no iCalendar, or that is not read.
pub fn events(bytes: &[u8]) -> Result<Vec<Event>, Unreadable> {
    let refuse = |line, what| Err(Unreadable { line, what });
    if !is_ics(bytes) {
        return refuse(1, "the file does not begin with BEGIN:VCALENDAR");
    }
    let Ok(text) = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) else {
        return refuse(1, "the file is not in UTF-8");
    };
    let mut events = Vec::new();
    // Components that are open, and the event among them.
    let mut open: Vec<String> = Vec::new();
    let mut event: Option<Draft> = None;
    let mut last = 1;
    for (line, content) in unfolded(text) {
        last = line;
        if content.trim().is_empty() {
            continue;
        }
        let Some(Property { name, whole_day, value }) = property(&content) else {
            return refuse(line, "this is no property of iCalendar");
        };
        match name.as_str() {
            "BEGIN" => {
                let component = value.trim().to_ascii_uppercase();
                if component == "VEVENT" && open.len() == 1 {
                    event = Some(Draft { line, ..Draft::default() });
                }
                open.push(component);
            }
            "END" => {
                let component = value.trim().to_ascii_uppercase();
                if open.pop().as_deref() != Some(component.as_str()) {
                    return refuse(line, "a component ends that did not begin");
                }
                if open.len() == 1
                    && let Some(draft) = event.take()
                {
                    events.extend(draft.finish()?);
                    if events.len() > EVENTS_MAX {
                        return refuse(line, "there are more events than a calendar of holidays has");
                    }
                }
            }
            // What is nested in an event (an alarm) says nothing about its days.
            _ if open.len() != 2 => {}
            name => {
                let Some(draft) = &mut event else { continue };
                match name {
                    "DTSTART" => draft.first = Some(day(value, whole_day).ok_or(Unreadable { line, what: NO_DAY })?),
                    "DTEND" => draft.end = Some(day(value, whole_day).ok_or(Unreadable { line, what: NO_DAY })?),
                    "DURATION" => {
                        let days = duration(value);
                        draft.days = Some(days.ok_or(Unreadable { line, what: "a duration must be in days" })?);
                    }
                    "SUMMARY" => draft.summary = unescaped(value),
                    "STATUS" => draft.cancelled = value.trim().eq_ignore_ascii_case("CANCELLED"),
                    "RRULE" | "RDATE" => {
                        return refuse(line, "an event repeats: write each of its days as an event of its own");
                    }
                    _ => {}
                }
            }
        }
    }
    if !open.is_empty() {
        return refuse(last, "the file ends before END:VCALENDAR");
    }
    Ok(events)
}

const NO_DAY: &str = "this is not the day of a whole-day event, such as 20280101";

#[derive(Default)]
struct Draft {
    line: usize,
    first: Option<Date>,
    end: Option<Date>,
    days: Option<i32>,
    summary: String,
    cancelled: bool,
}

impl Draft {
    fn finish(self) -> Result<Option<Event>, Unreadable> {
        let refuse = |what| Err(Unreadable { line: self.line, what });
        if self.cancelled {
            return Ok(None);
        }
        let Some(first) = self.first else { return refuse("the event has no DTSTART") };
        let last = match (self.end, self.days) {
            // Some programs write an event of one day so.
            (Some(end), _) if end == first => Some(first),
            (Some(end), _) => end.yesterday().ok(),
            (None, Some(days)) => first.checked_add(days.saturating_sub(1).days()).ok(),
            (None, None) => Some(first),
        };
        let Some(last) = last.filter(|last| *last >= first) else { return refuse("the event ends before it begins") };
        match first.checked_add((DAYS_MAX - 1).days()) {
            Ok(latest) if last <= latest => Ok(Some(Event { first, last, summary: self.summary })),
            _ => refuse("the event is longer than 31 days"),
        }
    }
}

/// The content lines, with the number of their first line: a line that begins with a blank goes on with the one before it.
fn unfolded(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).zip(1..).peekable();
    std::iter::from_fn(move || {
        let (first, number) = lines.next()?;
        let mut whole = first.to_owned();
        while let Some((more, _)) = lines.next_if(|(line, _)| line.starts_with([' ', '\t'])) {
            whole.push_str(more.get(1..).unwrap_or_default());
        }
        Some((number, whole))
    })
}

struct Property<'a> {
    name: String,
    /// A parameter says that the value is a date.
    whole_day: bool,
    value: &'a str,
}

/// `NAME;PARAM=value;PARAM="quoted:value":value`.
fn property(line: &str) -> Option<Property<'_>> {
    let mut quoted = false;
    let colon = line.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ':' && !quoted
    });
    let (at, _) = colon?;
    let (head, value) = (line.get(..at)?, line.get(at + 1..)?);
    let mut parts = head.split(';');
    let name = parts.next()?.trim().to_ascii_uppercase();
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let whole_day = parts.any(|parameter| parameter.trim().eq_ignore_ascii_case("VALUE=DATE"));
    is_name.then_some(Property { name, whole_day, value })
}

/// `20280101`, or midnight of that day by a local clock. A time of UTC is another local day or none: refused.
fn day(value: &str, whole_day: bool) -> Option<Date> {
    let value = value.trim();
    let (date, time) = match value.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (value, None),
    };
    if date.len() != 8 || !date.bytes().all(|b| b.is_ascii_digit()) || time.is_some_and(|t| whole_day || t != "000000")
    {
        return None;
    }
    Date::new(date.get(..4)?.parse().ok()?, date.get(4..6)?.parse().ok()?, date.get(6..)?.parse().ok()?).ok()
}

/// `P1D`, `P2W`: days.
fn duration(value: &str) -> Option<i32> {
    let rest = value.trim().strip_prefix('P')?;
    let (number, unit) = match (rest.strip_suffix('D'), rest.strip_suffix('W')) {
        (Some(number), _) => (number, 1),
        (None, Some(number)) => (number, 7),
        (None, None) => return None,
    };
    let number: i32 = number.bytes().all(|b| b.is_ascii_digit()).then(|| number.parse().ok())??;
    number.checked_mul(unit).filter(|days| *days > 0)
}

fn unescaped(value: &str) -> String {
    let mut out = String::new();
    let mut escaped = false;
    for c in value.trim().chars() {
        match (escaped, c) {
            (false, '\\') => {
                escaped = true;
                continue;
            }
            (true, 'n' | 'N') => out.push(' '),
            (_, c) if c.is_control() => {}
            (_, c) => out.push(c),
        }
        escaped = false;
    }
    out.chars().take(SUMMARY_MAX).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn file(events: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
    }

    fn event(lines: &str) -> String {
        file(&format!("BEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\n"))
    }

    #[test]
    fn the_table_of_events() {
        let day = |d: i8| date(2028, 1, d);
        for (lines, expected) in [
            ("DTSTART;VALUE=DATE:20280101\r\nSUMMARY:Tahun Baru", (day(1), day(1), "Tahun Baru")),
            (
                "DTSTART;VALUE=DATE:20280101\nDTEND;VALUE=DATE:20280103\nSUMMARY:a\\, b\\; c\\n\\\\d",
                (day(1), day(2), "a, b; c \\d"),
            ),
            ("DTSTART:20280101\r\nDTEND:20280101", (day(1), day(1), "")),
            ("DTSTART;TZID=\"Asia:Jakarta;x\":20280101T000000\r\nDTEND:20280102T000000", (day(1), day(1), "")),
            ("dtstart;value=date:20280101\r\nduration:P1W\r\nX-A;B=\"c:d\":e", (day(1), day(7), "")),
            ("DTSTART:2028\r\n 01\r\n\t01\r\nSUMMARY;LANGUAGE=id:Idul\r\n  fitri", (day(1), day(1), "Idul fitri")),
            (
                "DTSTART:20280101\r\nBEGIN:VALARM\r\nDTSTART:20280105\r\nDURATION:PT5M\r\nEND:VALARM",
                (day(1), day(1), ""),
            ),
        ] {
            let (first, last, summary) = expected;
            assert_eq!(
                events(event(lines).as_bytes()),
                Ok(vec![Event { first, last, summary: summary.into() }]),
                "{lines}"
            );
        }
        assert_eq!(events(event("DTSTART:20280101\r\nSTATUS:CANCELLED").as_bytes()), Ok(vec![]));
        assert_eq!(events(format!("\u{feff}{}", file("")).as_bytes()), Ok(vec![]));
        let zone = "BEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nRRULE:FREQ=YEARLY\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";
        assert_eq!(events(file(zone).as_bytes()), Ok(vec![]));
    }

    #[test]
    fn what_could_mean_other_days_is_refused_with_its_line() {
        for (lines, line) in [
            ("DTSTART:20280101\r\nRRULE:FREQ=YEARLY", 5),
            ("DTSTART:20280101T170000Z", 4),
            ("DTSTART:20280101T090000", 4),
            ("DTSTART:20280230", 4),
            ("DTSTART:1 Jan", 4),
            ("SUMMARY:a", 3),
            ("DTSTART:20280102\r\nDTEND:20280101", 3),
            ("DTSTART:20280101\r\nDTEND:20290101", 3),
            ("DTSTART:20280101\r\nDURATION:PT24H", 5),
            ("DTSTART:20280101\r\nDURATION:P99999999999D", 5),
            ("DTSTART:99991231\r\nDURATION:P2D", 3),
            ("garbage", 4),
            ("DTSTART:20280101\r\nEND:VALARM", 5),
        ] {
            assert_eq!(events(event(lines).as_bytes()).map_err(|e| e.line), Err(line), "{lines}");
        }
        for bad in ["", "DATE;NAME\n", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20280101\r\n"] {
            assert!(events(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    /// A line as it is folded: at most so many bytes, then a line that begins with a blank.
    fn folded(line: &str, width: usize) -> String {
        let mut out = String::new();
        let mut room = width;
        for c in line.chars() {
            if room < c.len_utf8() {
                out.push_str("\r\n ");
                room = width;
            }
            room = room.saturating_sub(c.len_utf8());
            out.push(c);
        }
        out + "\r\n"
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(days in prop::collection::vec((1_i8..13, 1_i8..28, 1_i32..31, "[a-zA-Z ,;\\\\éñ]{0,60}"), 0..8), width in 4_usize..80) {
            let expected: Vec<Event> = days.iter().map(|(m, d, length, summary)| {
                let first = date(2028, *m, *d);
                Event { first, last: first.checked_add((length - 1).days()).unwrap(), summary: summary.trim().to_owned() }
            }).collect();
            let text: String = expected.iter().flat_map(|e| [
                "BEGIN:VEVENT".to_owned(),
                format!("DTSTART;VALUE=DATE:{}", e.first.strftime("%Y%m%d")),
                format!("DTEND;VALUE=DATE:{}", e.last.tomorrow().unwrap().strftime("%Y%m%d")),
                format!("SUMMARY:{}", e.summary.replace('\\', "\\\\").replace(',', "\\,").replace(';', "\\;")),
                "END:VEVENT".to_owned(),
            ]).map(|line| folded(&line, width)).collect();
            prop_assert_eq!(events(file(&text).as_bytes()), Ok(expected));
        }

        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>, text in "[A-Z:;=\"\\\\\r\n 0-9T]{0,120}") {
            let _ = events(&bytes);
            let _ = events(&[b"BEGIN:VCALENDAR\r\n", bytes.as_slice()].concat());
            let _ = events(event(&text).as_bytes());
        }
    }
}
