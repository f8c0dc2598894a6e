//! Which numbers a campaign calls beside the ordinary ones of its country.

use super::{Settings, invalid};
use crate::hours::Country;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};

/// What is called beside mobile and fixed lines of the campaign's country. Emergency, service and the authority's own numbers
/// are not called whatever it says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AllowedNumbers {
    /// Countries whose mobile and fixed lines are called, too, each within its own outer limit of hours.
    pub foreign: Vec<Country>,
    /// Whether premium numbers of the campaign's own country are called.
    pub premium: bool,
}

impl Settings {
    /// Whether numbers of a country are called.
    pub fn calls(&self, country: Country) -> bool {
        country == self.country || self.allowed_numbers.foreign.contains(&country)
    }

    /// Whether a number (E.164) is of a country that is called.
    pub fn has_number(&self, e164: &str) -> bool {
        Country::of_number(e164).is_some_and(|country| self.calls(country))
    }

    /// Whether a number (E.164) costs whom calls it more than a call does, and the campaign does not call such numbers.
    pub fn too_dear(&self, e164: &str) -> bool {
        let premium = |country: Country| country.has_premium(e164);
        let allowed = self.allowed_numbers.premium && premium(self.country);
        !allowed && Country::of_number(e164).is_some_and(premium)
    }

    pub(super) fn check_numbers(&self) -> Result<(), Problem> {
        let foreign = &self.allowed_numbers.foreign;
        for (i, country) in foreign.iter().enumerate() {
            let at = format!("/allowed_numbers/foreign/{i}");
            if *country == self.country {
                return Err(invalid(&at, "the campaign's own country is called without being named here"));
            }
            if foreign.iter().take(i).any(|before| before == country) {
                return Err(invalid(&at, "the country stands in the list twice"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Campaign;
    use serde_json::{Value, json};

    fn parsed(country: &str, allowed: Value) -> Result<Settings, Problem> {
        let json = json!({ "name": "c", "matter": "not_filed", "country": country, "allowed_numbers": allowed });
        Campaign::parse(json).map(|(_, settings)| settings)
    }

    #[test]
    fn the_own_country_and_what_is_allowed_is_called() {
        let (indonesia, singapore, malaysia) = ("+6281200000101", "+6561234567", "+60123456789");
        let (own_premium, foreign_premium) = ("+628091234567", "+6519001234567");
        for (country, allowed, called, dear) in [
            ("ID", json!({}), vec![indonesia, own_premium], vec![own_premium, foreign_premium]),
            ("ID", json!({ "premium": true }), vec![indonesia, own_premium], vec![foreign_premium]),
            (
                "ID",
                json!({ "foreign": ["SG"], "premium": true }),
                vec![indonesia, own_premium, singapore, foreign_premium],
                vec![foreign_premium],
            ),
            ("SG", json!({ "premium": true }), vec![singapore, foreign_premium], vec![own_premium]),
            (
                "SG",
                json!({ "foreign": ["ID", "MY"] }),
                vec![indonesia, own_premium, singapore, foreign_premium, malaysia],
                vec![own_premium, foreign_premium],
            ),
        ] {
            let settings = parsed(country, allowed.clone()).unwrap();
            for number in [indonesia, singapore, malaysia, own_premium, foreign_premium, "+81312345678", "+1", ""] {
                assert_eq!(settings.has_number(number), called.contains(&number), "{country} {allowed} {number}");
                assert_eq!(settings.too_dear(number), dear.contains(&number), "{country} {allowed} {number}");
            }
        }
    }

    #[test]
    fn what_cannot_be_meant_is_told_with_its_place() {
        for (allowed, at, told) in [
            (json!({ "foreign": ["JP"] }), "", "expected one of"),
            (json!({ "foreign": ["SG", "ID"] }), "/allowed_numbers/foreign/1", "own country"),
            (json!({ "foreign": ["SG", "MY", "SG"] }), "/allowed_numbers/foreign/2", "twice"),
            (json!({ "satellite": true }), "", "unknown field"),
        ] {
            let problem = parsed("ID", allowed.clone()).unwrap_err();
            assert_eq!((problem.status, problem.at.as_deref()), (422, Some(at)), "{allowed}");
            assert!(problem.detail.contains(told), "{allowed}: {}", problem.detail);
        }
    }
}
