//! The hours of a week.

use super::zone::zone;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// Minutes after midnight, from and to (exclusive).
pub type Span = (u16, u16);
/// Each day's spans in order, Monday first.
pub type Week = [Vec<Span>; 7];

const DAY_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: u16 = 24 * 60;

/// Callable hours by weekday, in the called person's local time.
///
/// In JSON: `{ "mon-thu": ["08:00-12:00", "13:00-17:00"], "fri": ["08:00-11:30"] }`; days not named have none. A day's
/// spans are its hours with its breaks between them; none runs past midnight (`"22:00-24:00"`, then the next day's
/// `"00:00-02:00"`). Spans that meet are one: their meeting is no break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours(Week);

impl Default for Hours {
    /// Office hours, with the Friday prayer left out.
    fn default() -> Self {
        let mut days = Week::default();
        for day in &mut days[..4] {
            *day = vec![(8 * 60, 17 * 60)];
        }
        days[4] = vec![(8 * 60, 11 * 60 + 30), (13 * 60, 17 * 60)];
        Hours(days)
    }
}

impl Hours {
    /// The whole week.
    pub fn always() -> Self {
        Hours(std::array::from_fn(|_| vec![(0, DAY)]))
    }

    /// No hours at all.
    pub fn none() -> Self {
        Hours(Week::default())
    }

    /// Reads the JSON form.
    pub fn parse(map: &BTreeMap<String, Vec<String>>) -> Result<Self, String> {
        let mut days = Week::default();
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

    /// Whether a moment lies within the hours, by the clocks of a zone. Not in a zone nobody knows.
    pub fn cover(&self, zone_name: &str, at_ms: i64) -> bool {
        let (Ok(zone), Ok(at)) = (zone(zone_name), Timestamp::from_millisecond(at_ms)) else { return false };
        let local = zone.to_datetime(at);
        let minute = i16::from(local.hour()) * 60 + i16::from(local.minute());
        let weekday = usize::from(local.date().weekday().to_monday_zero_offset().unsigned_abs());
        let spans = self.0.get(weekday).map_or(&[][..], Vec::as_slice);
        spans.iter().any(|(from, to)| (*from..*to).contains(&minute.unsigned_abs()))
    }

    /// The hours that are in both.
    pub(super) fn within(&self, limit: &Hours) -> Week {
        std::array::from_fn(|day| {
            let mut both = Vec::new();
            for a in &self.0[day] {
                for b in &limit.0[day] {
                    let span = (a.0.max(b.0), a.1.min(b.1));
                    if span.0 < span.1 {
                        both.push(span);
                    }
                }
            }
            both
        })
    }

    /// The first span that goes beyond `limit`, as it would be written.
    pub(super) fn beyond(&self, limit: &Hours) -> Option<(&'static str, String)> {
        let both = self.within(limit);
        DAY_NAMES.iter().enumerate().find_map(|(day, name)| {
            let covered = |span: &Span| -> u16 {
                both[day].iter().filter(|b| b.0 >= span.0 && b.1 <= span.1).map(|b| b.1 - b.0).sum()
            };
            let span = self.0[day].iter().find(|span| covered(span) < span.1 - span.0)?;
            Some((*name, written(*span)))
        })
    }
}

/// `08:00-12:00`.
fn span(text: &str) -> Result<Span, String> {
    let bad = || format!("\"{text}\" is no span of hours; write it like 08:00-12:00");
    let minute = |t: &str| -> Option<u16> {
        let (h, m) = t.trim().split_once([':', '.'])?;
        let (h, m): (u16, u16) = (h.parse().ok()?, m.parse().ok()?);
        // The hour is looked at first: a product of what anybody may write could overflow.
        (h <= 24 && m < 60 && h * 60 + m <= DAY).then(|| h * 60 + m)
    };
    let (from, to) = text.split_once('-').ok_or_else(bad)?;
    match (minute(from), minute(to)) {
        (Some(from), Some(to)) if from < to => Ok((from, to)),
        (Some(from), Some(to)) if from > to => {
            Err(format!("\"{text}\" would run past midnight: end it at 24:00, and begin the next day's hours at 00:00"))
        }
        (Some(_), Some(_)) => Err(format!("\"{text}\" ends when it begins")),
        _ => Err(bad()),
    }
}

fn written((from, to): Span) -> String {
    let text = |m: u16| format!("{:02}:{:02}", m / 60, m % 60);
    format!("{}-{}", text(from), text(to))
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let map: BTreeMap<&str, Vec<String>> = DAY_NAMES
            .iter()
            .zip(&self.0)
            .filter(|(_, spans)| !spans.is_empty())
            .map(|(day, spans)| (*day, spans.iter().map(|span| written(*span)).collect()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Hours, String> {
        Hours::from_json(json)
    }

    #[test]
    fn hours_read_and_written_are_the_same() {
        let hours = read(
            r#"{"mon-thu":["08:00-12:00","13:00-17:00"],"fri":["08.00-11.30","13:30-17:00"],"sun":["00:00-24:00"]}"#,
        )
        .unwrap();
        assert_eq!(read(&serde_json::to_string(&hours).unwrap()).unwrap(), hours);
        assert_eq!(read("{}"), Ok(Hours::none()));
    }

    #[test]
    fn bad_hours_are_refused_and_told_why() {
        for (bad, why) in [
            (r#"{"monday":["08:00-12:00"]}"#, "no weekday"),
            (r#"{"thu-mon":["08:00-12:00"]}"#, "backwards"),
            (r#"{"mon":["22:00-02:00"]}"#, "past midnight"),
            (r#"{"mon":["08:00-08:00"]}"#, "ends when it begins"),
            (r#"{"mon":["08:00-25:00"]}"#, "no span"),
            (r#"{"mon":["24:01-24:02"]}"#, "no span"),
            // 1093 * 60 is 44 in sixteen bits.
            (r#"{"mon":["00:00-1093:00"]}"#, "no span"),
            (r#"{"mon":["65535:00-65535:59"]}"#, "no span"),
            (r#"{"mon":["-1:00-02:00"]}"#, "no span"),
            (r#"{"mon":["08:00-12:00","11:00-13:00"]}"#, "mon overlap"),
            (r#"{"mon-fri":["08:00-12:00"],"wed":["11:59-13:00"]}"#, "wed overlap"),
            (r#"{"mon":["8-12"]}"#, "no span"),
        ] {
            let told = read(bad).unwrap_err();
            assert!(told.contains(why), "{bad}: {told}");
        }
    }

    #[test]
    fn what_goes_beyond_is_named() {
        let limit = read(r#"{"mon-sat":["08:00-12:00","12:00-20:00"]}"#).unwrap();
        for (hours, beyond) in [
            (r#"{"mon-sat":["08:00-20:00"]}"#, None),
            (r#"{"mon":["11:00-13:00"],"sat":["19:59-20:00"]}"#, None),
            (r#"{"mon":["09:00-10:00","19:00-20:01"]}"#, Some(("mon", "19:00-20:01"))),
            (r#"{"tue":["07:59-10:00"]}"#, Some(("tue", "07:59-10:00"))),
            (r#"{"sun":["10:00-10:01"]}"#, Some(("sun", "10:00-10:01"))),
        ] {
            let found = read(hours).unwrap();
            let found = found.beyond(&limit);
            assert_eq!(found.as_ref().map(|(d, s)| (*d, s.as_str())), beyond, "{hours}");
        }
        assert!(
            read(r#"{"mon":["11:00-13:00"]}"#)
                .unwrap()
                .beyond(&read(r#"{"mon":["08:00-11:59","12:00-20:00"]}"#).unwrap())
                .is_some()
        );
    }

    #[test]
    fn officers_hours_are_told_by_the_clock() {
        let hours = read(r#"{"mon-fri":["08:00-16:00"]}"#).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        for (moment, open) in [
            ("2027-03-01T00:59:59Z", false),
            ("2027-03-01T01:00:00Z", true),
            ("2027-03-01T08:59:59Z", true),
            ("2027-03-01T09:00:00Z", false),
            ("2027-03-06T03:00:00Z", false),
        ] {
            assert_eq!(hours.cover("Asia/Jakarta", at(moment)), open, "{moment}");
        }
        assert!(!hours.cover("Asia/Nowhere", at("2027-03-01T03:00:00Z")));
    }
}
