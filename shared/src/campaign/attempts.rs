//! How often, how soon and on which number a contact is tried again: a table by disposition.

use super::invalid;
use crate::attempt::{Disposition, End};
use crate::problem::Problem;
use jiff::SignedDuration;
use jiff::fmt::serde::duration::friendly::compact;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// What follows an attempt, by its disposition, where the campaign's settings say nothing else.
///
/// `max` is how many attempts of a contact may come to this disposition; `spent` counts towards the limits of attempts,
/// days and weeks.
///
/// | disposition | spent | tried again after | part of day | number | `max` | at the last |
/// |---|---|---|---|---|---|---|
/// | `informed`, `promise`, `says_settled`, `transferred` | yes | never | | | | `reached` |
/// | `do_not_call` | yes | never | | | | `suppressed` |
/// | `wrong_number`, `invalid_number` | yes | 10m | any | next, never this one again | | `wrong_number` |
/// | `busy` | yes | 30m | any | same | | `exhausted` |
/// | `no_answer` | yes | 2h | another | same | | `exhausted` |
/// | `voicemail`, `third_party` | yes | 4h | another | same | | `exhausted` |
/// | `refused` | yes | 24h | any | same | 2 | `exhausted` |
/// | `callback` | yes | 24h, or when asked for | any | same | | `exhausted` |
/// | `no_officer` | yes | 1h | any | same | | `exhausted` |
/// | `abandoned` | yes | 30m, to an agent who is set aside | any | same | | `exhausted` |
/// | `failed`, `unknown` | yes | 1h | any | same | | `exhausted` |
/// | `not_placed` | no | 1m | any | same | | |
///
/// The pauses are what contact centres use; that nobody who hung up is called more than once again, and on another day,
/// is the restraint that financial regulators ask for (Indonesia: POJK 22/2023, article 62).
pub fn row(ended: Disposition) -> Row {
    use Disposition::*;
    let again = |minutes: i64| Again {
        after: SignedDuration::from_mins(minutes),
        other_part_of_day: false,
        next_number: false,
        max: None,
        at_last: End::Exhausted,
    };
    match ended {
        Informed | Promise | SaysSettled | Transferred => Row::Close(End::Reached),
        DoNotCall => Row::Close(End::Suppressed),
        WrongNumber | InvalidNumber => Row::Again(Again { next_number: true, at_last: End::WrongNumber, ..again(10) }),
        Busy => Row::Again(again(30)),
        NoAnswer => Row::Again(Again { other_part_of_day: true, ..again(2 * 60) }),
        Voicemail | ThirdParty => Row::Again(Again { other_part_of_day: true, ..again(4 * 60) }),
        Refused => Row::Again(Again { max: Some(2), ..again(24 * 60) }),
        Callback => Row::Again(again(24 * 60)),
        NoOfficer => Row::Again(again(60)),
        Abandoned => Row::Again(again(30)),
        Failed | Unknown => Row::Again(again(60)),
        NotPlaced => Row::Again(again(1)),
    }
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    Close(End),
    Again(Again),
}

/// How a contact is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// The pause, from the moment the call was entered into the books.
    pub after: SignedDuration,
    /// In another part of the day than the last call (morning, afternoon, evening), where the callable hours and the
    /// last day allow it.
    pub other_part_of_day: bool,
    /// On the contact's next number, if it has one.
    pub next_number: bool,
    /// Attempts of the contact that may come to this disposition; `None`: no limit but that of all attempts.
    pub max: Option<u8>,
    /// How the contact ends when it is tried no more.
    pub at_last: End,
}

/// Changes to single cells of a row. In JSON: the pause alone (`"30m"`), or an object of those cells that differ:
/// `{ "after": "2h", "other_part_of_day": true, "next_number": false, "max": 4 }`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    pub after: Option<SignedDuration>,
    pub other_part_of_day: Option<bool>,
    pub next_number: Option<bool>,
    pub max: Option<u8>,
}

/// How often a contact is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Attempts {
    /// Attempts a contact at most.
    pub max: u8,
    /// Attempts a contact and (local) day at most.
    pub per_day: u8,
    /// Attempts a contact at most in any seven days.
    pub per_week: u8,
    /// What differs from the table of [`row`].
    pub retry: BTreeMap<Disposition, Change>,
}

impl Default for Attempts {
    fn default() -> Self {
        Attempts { max: 3, per_day: 2, per_week: 5, retry: BTreeMap::new() }
    }
}

impl Attempts {
    /// The row of a disposition, with the campaign's changes.
    pub fn row(&self, ended: Disposition) -> Row {
        match (row(ended), self.retry.get(&ended)) {
            (Row::Again(again), Some(change)) => Row::Again(Again {
                after: change.after.unwrap_or(again.after),
                other_part_of_day: change.other_part_of_day.unwrap_or(again.other_part_of_day),
                next_number: change.next_number.unwrap_or(again.next_number),
                max: change.max.or(again.max),
                ..again
            }),
            (row, _) => row,
        }
    }

    /// Seconds to wait after an attempt that ended so; 0 if none follows.
    pub fn retry_after_s(&self, ended: Disposition) -> u64 {
        match self.row(ended) {
            Row::Again(again) => again.after.as_secs().unsigned_abs(),
            Row::Close(_) => 0,
        }
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        if !(1..=20).contains(&self.max) {
            return Err(invalid("/attempts/max", "1 to 20"));
        }
        if self.per_day == 0 {
            return Err(invalid("/attempts/per_day", "at least 1"));
        }
        if self.per_week == 0 {
            return Err(invalid("/attempts/per_week", "at least 1"));
        }
        for (disposition, change) in &self.retry {
            let at = format!("/attempts/retry/{}", disposition.as_str());
            let Row::Again(again) = row(*disposition) else {
                return Err(invalid(&at, "nobody is called again after an attempt that ended so"));
            };
            if change.after.is_some_and(|a| a.is_negative() || a > SignedDuration::from_hours(30 * 24)) {
                return Err(invalid(&at, "a pause is 0s to 720h"));
            }
            if change.max == Some(0) {
                return Err(invalid(&format!("{at}/max"), "at least 1"));
            }
            if again.at_last == End::WrongNumber && change.next_number == Some(false) {
                return Err(invalid(
                    &format!("{at}/next_number"),
                    "a number that is not the taxpayer's is not called again",
                ));
            }
        }
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cells {
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "compact::optional")]
    after: Option<SignedDuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other_part_of_day: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_number: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a duration such as \"30m\", or an object of after, other_part_of_day, next_number, max")]
enum Written {
    Pause(#[serde(serialize_with = "compact::required")] SignedDuration),
    Cells(Cells),
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Change { after, other_part_of_day, next_number, max } = *self;
        match (after, other_part_of_day, next_number, max) {
            (Some(after), None, None, None) => Written::Pause(after).serialize(serializer),
            _ => Written::Cells(Cells { after, other_part_of_day, next_number, max }).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Written::deserialize(deserializer)? {
            Written::Pause(after) => Change { after: Some(after), ..Change::default() },
            Written::Cells(Cells { after, other_part_of_day, next_number, max }) => {
                Change { after, other_part_of_day, next_number, max }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Attempts {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn single_cells_are_changed_and_written_as_they_were_sent() {
        let json = r#"{"max":3,"per_day":1,"per_week":3,"retry":{"no_answer":{"after":"2h","max":4},"busy":"30m"}}"#;
        let attempts = read(json);
        let Row::Again(no_answer) = attempts.row(Disposition::NoAnswer) else { panic!() };
        assert_eq!((no_answer.max, no_answer.other_part_of_day), (Some(4), true));
        assert_eq!(serde_json::to_value(&attempts).unwrap(), serde_json::from_str::<serde_json::Value>(json).unwrap());
        assert!(attempts.check().is_ok());
        // The ISO form that was written before is still read.
        assert_eq!(read(r#"{"retry":{"busy":"PT30M"}}"#).retry, read(r#"{"retry":{"busy":"30m"}}"#).retry);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (json, at) in [
            (r#"{"retry":{"informed":"2h"}}"#, "/attempts/retry/informed"),
            (r#"{"retry":{"busy":"-1m"}}"#, "/attempts/retry/busy"),
            (r#"{"retry":{"busy":"721h"}}"#, "/attempts/retry/busy"),
            (r#"{"retry":{"busy":{"max":0}}}"#, "/attempts/retry/busy/max"),
            (r#"{"retry":{"wrong_number":{"next_number":false}}}"#, "/attempts/retry/wrong_number/next_number"),
            (r#"{"max":0}"#, "/attempts/max"),
            (r#"{"per_day":0}"#, "/attempts/per_day"),
            (r#"{"per_week":0}"#, "/attempts/per_week"),
        ] {
            let problem = read(json).check().unwrap_err();
            assert_eq!(problem.at.as_deref(), Some(at), "{json}");
        }
        assert!(serde_json::from_str::<Attempts>(r#"{"retry":{"busy":{"afterwards":"2h"}}}"#).is_err());
    }
}
