//! What no campaign may exceed, by country.

use super::{COUNTRY_ZONES, Hours, is_calendar_name};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a campaign calls: it decides the outer limits of the hours, and which zones a contact can be in of whom none is
/// known. ISO 3166-1 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Country {
    Au,
    #[default]
    Id,
    My,
    Sg,
    Us,
}

impl Country {
    pub const ALL: [Country; 5] = [Country::Au, Country::Id, Country::My, Country::Sg, Country::Us];

    /// The code used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Country::Au => "AU",
            Country::Id => "ID",
            Country::My => "MY",
            Country::Sg => "SG",
            Country::Us => "US",
        }
    }

    /// E.164 country code. `1` is shared by all of the North American Numbering Plan, which the table's limit of the United
    /// States then covers.
    pub fn calling_code(self) -> &'static str {
        match self {
            Country::Au => "61",
            Country::Id => "62",
            Country::My => "60",
            Country::Sg => "65",
            Country::Us => "1",
        }
    }

    /// Whether an E.164 number is one of this country. No other country's code begins with the code of one of ours.
    pub fn has_number(self, e164: &str) -> bool {
        e164.strip_prefix('+').is_some_and(|digits| digits.starts_with(self.calling_code()))
    }

    /// The country of an E.164 number, if it is one of these.
    pub fn of_number(e164: &str) -> Option<Self> {
        Country::ALL.into_iter().find(|country| country.has_number(e164))
    }

    /// Whether an E.164 number is a premium one of this country: whoever calls it pays its owner.
    pub fn has_premium(self, e164: &str) -> bool {
        let begins = match self {
            Country::Au => "190",
            Country::Id => "809",
            Country::My => "600",
            Country::Sg => "1900",
            Country::Us => "900",
        };
        let national = e164.strip_prefix('+').and_then(|digits| digits.strip_prefix(self.calling_code()));
        national.is_some_and(|national| national.starts_with(begins))
    }

    /// Zones a person of this country can be in, one of each kind of clock.
    pub fn zones(self) -> &'static [&'static str] {
        match self {
            Country::Au => &[
                "Australia/Perth",
                "Australia/Eucla",
                "Australia/Darwin",
                "Australia/Adelaide",
                "Australia/Brisbane",
                "Australia/Sydney",
                "Australia/Lord_Howe",
            ],
            Country::Id => &COUNTRY_ZONES,
            Country::My => &["Asia/Kuala_Lumpur"],
            Country::Sg => &["Asia/Singapore"],
            Country::Us => &[
                "America/New_York",
                "America/Chicago",
                "America/Denver",
                "America/Phoenix",
                "America/Los_Angeles",
                "America/Anchorage",
                "America/Adak",
                "Pacific/Honolulu",
            ],
        }
    }

    /// Days and hours, calendar of days that are closed, and where that is from. Of none of these countries do we know a law
    /// that limits the hours of a tax authority's own calls: the table takes the nearest rule there is for others, else 08:00
    /// to 20:00 of every day but Sunday as a rule of the house. It is no legal advice; an installation sets its own.
    fn rule(self) -> (&'static [(&'static str, &'static str)], Option<&'static str>, &'static str) {
        match self {
            Country::Au => (
                &[("mon-fri", "09:00-20:00"), ("sat", "09:00-17:00")],
                None,
                "house rule after the Telecommunications (Telemarketing and Research Calls) Industry Standard 2017, which \
                 binds telemarketers; it also forbids national public holidays: name them in `holidays`",
            ),
            Country::Id => (
                &[("mon-sat", "08:00-20:00")],
                Some("id-national"),
                "house rule after POJK 22/2023 article 62 (2), which binds lenders: Monday to Saturday, 08:00 to 20:00 local \
                 time, not on national holidays",
            ),
            Country::My | Country::Sg => {
                (&[("mon-sat", "08:00-20:00")], None, "house rule; no rule of law about hours is known to us")
            }
            Country::Us => (
                &[("mon-sun", "08:00-21:00")],
                None,
                "house rule after 47 CFR 64.1200 (c)(1), which binds telephone solicitations; states may be stricter",
            ),
        }
    }
}

/// The outer limit of one country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limit {
    pub hours: Hours,
    /// Names of calendars, or dates.
    pub holidays: Vec<String>,
    source: String,
}

/// The outer limits of all countries. The default is the table's; an installation can put its own in place of a country's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalHours(BTreeMap<Country, Limit>);

/// As it is written for one country.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    hours: Hours,
    #[serde(default)]
    holidays: Vec<String>,
}

impl Default for LegalHours {
    fn default() -> Self {
        LegalHours(Country::ALL.iter().map(|c| (*c, Limit::of(*c))).collect())
    }
}

impl Limit {
    fn of(country: Country) -> Self {
        let (days, calendar, source) = country.rule();
        let map = days.iter().map(|(days, span)| ((*days).to_owned(), vec![(*span).to_owned()])).collect();
        Limit {
            // A table that cannot be read would mean: no calls. A test reads it.
            hours: Hours::parse(&map).unwrap_or_else(|_| Hours::none()),
            holidays: calendar.map(str::to_owned).into_iter().collect(),
            source: source.to_owned(),
        }
    }
}

impl LegalHours {
    /// The table with an installation's own limits: a country's entry takes the whole place of the table's.
    ///
    /// `{ "ID": { "hours": { "mon-fri": ["08:00-18:00"] }, "holidays": ["id-national"] } }`
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let written: BTreeMap<Country, Written> = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let mut limits = LegalHours::default();
        for (country, Written { hours, holidays }) in written {
            for name in &holidays {
                let calendar = name.strip_suffix("-national").unwrap_or(name);
                if !is_calendar_name(calendar) && name.parse::<Date>().is_err() {
                    return Err(format!("\"{name}\" is neither a calendar's name nor a date such as 2027-03-10"));
                }
            }
            limits.0.insert(country, Limit { hours, holidays, source: "set by this installation".to_owned() });
        }
        Ok(limits)
    }

    /// No limit in any country.
    pub fn unlimited() -> Self {
        let limit = || Limit { hours: Hours::always(), holidays: Vec::new(), source: String::new() };
        LegalHours(Country::ALL.iter().map(|c| (*c, limit())).collect())
    }

    pub(super) fn of(&self, country: Country) -> Option<&Limit> {
        self.0.get(&country)
    }

    /// Whether hours keep within a country's limit; else the weekday and what is wrong.
    pub(crate) fn check(&self, country: Country, hours: &Hours) -> Result<(), (&'static str, String)> {
        let Some(limit) = self.of(country) else { return Err(("mon", "no limit is known there".to_owned())) };
        match hours.beyond(&limit.hours) {
            None => Ok(()),
            Some((day, span)) => Err((
                day,
                format!(
                    "{span} goes beyond the hours in which calls to {} may be made at all: {} ({})",
                    country.as_str(),
                    serde_json::to_string(&limit.hours).unwrap_or_default(),
                    limit.source,
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read() {
        for country in Country::ALL {
            let limit = Limit::of(country);
            assert_ne!(limit.hours, Hours::none(), "{country:?}");
            assert_eq!(limit.holidays.is_empty(), country != Country::Id);
            assert_eq!(serde_json::to_value(country).unwrap(), country.as_str());
            assert!(country.zones().iter().all(|z| super::super::zone(z).is_ok()));
        }
    }

    #[test]
    fn numbers_belong_to_one_country() {
        assert!(Country::Id.has_number("+6281234567890"));
        for other in ["6281234567890", "+6581234567", "+1", ""] {
            assert!(!Country::Id.has_number(other), "{other}");
        }
        for country in Country::ALL {
            let number = format!("+{}123456789", country.calling_code());
            assert_eq!(Country::ALL.iter().filter(|c| c.has_number(&number)).count(), 1);
            assert_eq!(Country::of_number(&number), Some(country));
        }
    }

    #[test]
    fn an_installation_sets_its_own_limit() {
        let always = Hours::always();
        let (day, told) = LegalHours::default().check(Country::Id, &always).unwrap_err();
        assert!(day == "mon" && told.contains("08:00-20:00") && told.contains("POJK 22/2023"), "{told}");
        let wide = LegalHours::from_json(r#"{"ID":{"hours":{"mon-sun":["00:00-24:00"]}}}"#).unwrap();
        assert_eq!(wide.check(Country::Id, &always), Ok(()));
        assert!(wide.of(Country::Id).is_some_and(|l| l.holidays.is_empty()));
        // The other countries keep theirs.
        assert!(wide.check(Country::Us, &always).is_err());
        for bad in [
            "",
            "[]",
            r#"{"XX":{"hours":{}}}"#,
            r#"{"ID":{}}"#,
            r#"{"ID":{"hours":{"mon":["8"]}}}"#,
            r#"{"ID":{"hours":{},"holidays":["US"]}}"#,
            r#"{"ID":{"hours":{},"more":1}}"#,
        ] {
            assert!(LegalHours::from_json(bad).is_err(), "{bad}");
        }
    }
}
