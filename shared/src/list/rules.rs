//! What a campaign says about the lists given to it.

use super::phone::Callable;
use super::{Mapping, RowKey};
use crate::campaign::{AfterDue, AllowedNumbers, KeepColumns, MattersPerCall, Settings};
use crate::contact::Matter;
use crate::hours::{Country, local_date};
use crate::vault::Identity;
use jiff::civil::Date;

/// How the rows of a list are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The day from which due dates count; one before it is past.
    pub as_of: Date,
    /// For rows that do not say why the taxpayer is called.
    pub matter: Matter,
    /// E.164; never called.
    pub own_numbers: Vec<String>,
    /// Whose numbers are called.
    pub country: Country,
    /// What is called beside the ordinary numbers of that country.
    pub allowed_numbers: AllowedNumbers,
    /// IANA name, for contacts about whom nothing tells the zone.
    pub default_zone: Option<String>,
    /// Whether duties past their due date are called about.
    pub past_due_allowed: bool,
    /// Whether rows of the same person become one contact: see [`MattersPerCall`].
    pub together: bool,
    /// Which columns are kept that serve no field.
    pub keep: KeepColumns,
    /// What the upload says about its columns.
    pub mapping: Mapping,
    /// What rows are known by in other lists.
    pub row_key: RowKey,
}

/// Rules of no campaign: nothing is known but what the rows say.
impl Default for Rules {
    fn default() -> Self {
        Rules {
            as_of: Date::default(),
            matter: Matter::NotFiled,
            own_numbers: Vec::new(),
            country: Country::default(),
            allowed_numbers: AllowedNumbers::default(),
            default_zone: None,
            past_due_allowed: false,
            together: false,
            keep: KeepColumns::default(),
            mapping: Mapping::default(),
            row_key: RowKey::default(),
        }
    }
}

impl Rules {
    /// Which numbers are called.
    pub(super) fn callable(&self) -> Callable<'_> {
        Callable { own: &self.own_numbers, country: self.country, allowed: &self.allowed_numbers }
    }

    /// The rules for a list that is uploaded now (Unix ms). Due dates count from the campaign's first day, or from
    /// today in its time zone if it has begun: nobody can be called before. Never called are `own_numbers` (E.164), the
    /// authority's own, and the numbers that the campaign shows.
    pub fn for_campaign(settings: &Settings, identity: &Identity, own_numbers: Vec<String>, now_ms: i64) -> Self {
        let today = local_date(&settings.time_zone, now_ms).unwrap_or_default();
        let mut own_numbers = own_numbers;
        own_numbers.extend(settings.caller_ids.iter().map(|id| id.number.clone()));
        Rules {
            as_of: settings.starts.map_or(today, |starts| starts.max(today)),
            matter: settings.matter,
            own_numbers,
            country: settings.country,
            allowed_numbers: settings.allowed_numbers.clone(),
            default_zone: None,
            past_due_allowed: matches!(settings.after_due, AfterDue::Script(_)),
            together: settings.matters_per_call == MattersPerCall::All,
            keep: settings.keep_columns.clone(),
            mapping: Mapping::default(),
            row_key: RowKey::of(identity),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Campaign;
    use crate::vault::Vault;
    use jiff::civil::date;
    use serde_json::json;

    /// 2027-03-01T23:30 in Jakarta, the next day in Jayapura.
    const LATE_MS: i64 = 1_803_918_600_000;

    fn rules(zone: &str, starts: Option<&str>) -> Rules {
        let campaign = json!({
            "name": "c", "matter": "not_paid", "time_zone": zone, "starts": starts, "caller_ids": ["+622129881500"],
        });
        let (_, settings) = Campaign::parse(campaign).unwrap();
        Rules::for_campaign(&settings, &Vault::for_tests(), vec!["+6221500200".into()], LATE_MS)
    }

    #[test]
    fn due_dates_count_from_the_first_day_that_can_still_be_called() {
        for (zone, starts, as_of) in [
            ("Asia/Jakarta", None, date(2027, 3, 1)),
            ("Asia/Jayapura", None, date(2027, 3, 2)),
            ("Asia/Jakarta", Some("2027-02-01"), date(2027, 3, 1)),
            ("Asia/Jakarta", Some("2027-03-15"), date(2027, 3, 15)),
        ] {
            assert_eq!(rules(zone, starts).as_of, as_of, "{zone} {starts:?}");
        }
    }

    #[test]
    fn neither_the_authority_nor_the_campaign_calls_itself() {
        let rules = rules("Asia/Jakarta", None);
        assert_eq!(rules.own_numbers, ["+6221500200", "+622129881500"]);
        assert_eq!(rules.matter, Matter::NotPaid);
    }
}
