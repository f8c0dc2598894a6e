//! When a campaign calls: the members of its settings that say so, and what is wrong with them.

use super::{Settings, invalid};
use crate::hours::{Holidays, LegalHours, zone};
use crate::problem::Problem;

/// Holidays and blackouts of a campaign at most, of each.
const ENTRIES_MAX: usize = 400;

impl Settings {
    /// Whether each of the holidays is of a calendar that is known, or a date.
    ///
    /// # Errors
    /// One is not: the refusal names it.
    pub fn check_holidays(&self, known: &Holidays) -> Result<(), Problem> {
        for (i, holiday) in self.holidays.iter().enumerate() {
            known.named(holiday).map_err(|e| invalid(&format!("/holidays/{i}"), e))?;
        }
        Ok(())
    }

    /// Whether the hours keep within the outer limits of the campaign's country.
    ///
    /// # Errors
    /// They do not: the refusal names the hours and the limit.
    pub fn check_legal_hours(&self, limits: &LegalHours) -> Result<(), Problem> {
        limits
            .check(self.country, &self.callable_hours)
            .map_err(|(day, told)| invalid("/callable_hours", format!("{day} {told}")))
    }

    pub(super) fn check_calendar(&self) -> Result<(), Problem> {
        zone(&self.time_zone).map_err(|e| invalid("/time_zone", e))?;
        if matches!((self.starts, self.ends), (Some(s), Some(e)) if e < s) {
            return Err(invalid("/ends", "the last day is before the first"));
        }
        for (at, entries) in [("/holidays", self.holidays.len()), ("/blackouts", self.blackouts.len())] {
            if entries > ENTRIES_MAX {
                return Err(invalid(at, format!("at most {ENTRIES_MAX} entries")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::{Campaign, State};
    use crate::hours::Hours;
    use serde_json::{Value, json};

    fn parsed(changes: &Value) -> Result<Settings, Problem> {
        let mut json = json!({ "name": "c", "matter": "not_filed" });
        for (name, value) in changes.as_object().unwrap() {
            json[name] = value.clone();
        }
        Campaign::parse(json).map(|(_, settings)| settings)
    }

    #[test]
    fn what_is_wrong_with_the_calendar_is_told_with_its_place() {
        let many = |n: usize| vec!["2027-03-10"; n];
        for (bad, at, told) in [
            (json!({ "time_zone": "WIB" }), "/time_zone", "IANA"),
            (json!({ "starts": "2027-03-02", "ends": "2027-03-01" }), "/ends", "before"),
            (json!({ "holidays": many(401) }), "/holidays", "400"),
            (json!({ "blackouts": many(401) }), "/blackouts", "400"),
            (json!({ "blackouts": ["2027-03-10/2027-03-09"] }), "", "ends before it begins"),
            (json!({ "callable_hours": { "mon": ["22:00-02:00"] } }), "", "past midnight"),
            (json!({ "country": "Indonesia" }), "", "expected one of"),
        ] {
            let problem = parsed(&bad).unwrap_err();
            assert_eq!((problem.status, problem.at.as_deref()), (422, Some(at)), "{bad}");
            assert!(problem.detail.contains(told), "{bad}: {}", problem.detail);
        }
        assert!(parsed(&json!({ "blackouts": many(400), "holidays": many(400) })).is_ok());
        let settings = parsed(&json!({ "holidays": ["id", "2027-03-10", "us"] })).unwrap();
        let problem = settings.check_holidays(&Holidays::default()).unwrap_err();
        assert_eq!((problem.status, problem.at.as_deref()), (422, Some("/holidays/2")));
        assert!(problem.detail.contains("calendar"), "{}", problem.detail);
    }

    #[test]
    fn hours_beyond_the_countrys_limit_are_refused_and_the_limit_is_told() {
        let limits = LegalHours::default();
        let check = |hours: Value| parsed(&json!({ "callable_hours": hours })).unwrap().check_legal_hours(&limits);
        assert_eq!(check(json!({ "mon-sat": ["08:00-20:00"] })), Ok(()));
        for (hours, named) in [
            (json!({ "mon": ["08:00-12:00"], "wed": ["07:30-09:00"] }), "wed 07:30-09:00"),
            (json!({ "fri": ["13:00-20:01"] }), "fri 13:00-20:01"),
            (json!({ "sun": ["10:00-11:00"] }), "sun 10:00-11:00"),
        ] {
            let problem = check(hours).unwrap_err();
            assert_eq!((problem.status, problem.at.as_deref()), (422, Some("/callable_hours")));
            assert!(problem.detail.contains(named) && problem.detail.contains("08:00-20:00"), "{}", problem.detail);
        }
        // What a campaign has without saying so is within every country's limit, or refused like the rest.
        assert_eq!(parsed(&json!({})).unwrap().check_legal_hours(&limits), Ok(()));
        assert!(parsed(&json!({ "country": "AU" })).unwrap().check_legal_hours(&limits).is_err());
    }

    #[test]
    fn a_patch_names_days_as_it_likes() {
        let settings =
            parsed(&json!({ "callable_hours": { "mon-fri": ["08:00-17:00"], "sat": ["09:00-12:00"] } })).unwrap();
        let campaign = Campaign { id: "c".into(), state: State::Draft, version: 1, settings };
        let hours = |patch: Value| campaign.patched(&json!({ "callable_hours": patch })).unwrap().callable_hours;
        let expected = |json: &str| Hours::from_json(json).unwrap();
        assert_eq!(
            hours(json!({ "mon-thu": ["09:00-16:00"], "sat": null })),
            expected(r#"{"mon-thu":["09:00-16:00"],"fri":["08:00-17:00"]}"#)
        );
        assert_eq!(
            hours(json!({ "fri": ["08:00-11:30", "13:30-17:00"] })),
            expected(r#"{"mon-thu":["08:00-17:00"],"fri":["08:00-11:30","13:30-17:00"],"sat":["09:00-12:00"]}"#)
        );
        assert!(campaign.patched(&json!({ "callable_hours": { "monday": [] } })).is_err());
    }
}
