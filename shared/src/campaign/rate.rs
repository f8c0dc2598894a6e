//! How fast a campaign calls.

use super::invalid;
use crate::problem::Problem;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// Orders a second at least: one in a quarter of an hour.
const SLOWEST: f64 = 0.001;
const FASTEST: f64 = 1000.0;
const CONCURRENT_MAX: u32 = 10_000;
const RAMP_MAX_S: i64 = 24 * 3600;
/// More is forbidden where it is regulated: 47 CFR 64.1200(a)(7), Ofcom's policy on persistent misuse.
const ABANDONED_MAX: f64 = 3.0;

/// Limits of a provider's account or of a caller id. What is absent is not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Orders a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_second: Option<f64>,
    /// Calls at once, from the order to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
}

impl Limits {
    /// What is wrong with them: the member and its range.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        if self.calls_per_second.is_some_and(|rate| !speed(rate)) {
            return Some(("calls_per_second", "0.001 to 1000"));
        }
        self.concurrent.is_some_and(|n| !lines(n)).then_some(("concurrent", "1 to 10000"))
    }
}

fn speed(rate: f64) -> bool {
    (SLOWEST..=FASTEST).contains(&rate)
}

fn lines(n: u32) -> bool {
    (1..=CONCURRENT_MAX).contains(&n)
}

/// How fast a campaign calls. A provider's account has limits of its own, for all campaigns together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rate {
    /// Orders a second.
    pub calls_per_second: f64,
    /// Calls at once.
    pub concurrent: u32,
    /// After a start or resumption the rate rises from a tenth to the whole in this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ramp_up: Option<SignedDuration>,
    /// Of a hundred calls of the last day that a person answered, as many may be abandoned: answered when no agent of the
    /// dialler's was there to speak.
    pub abandonment_percent: f64,
    /// Limits of each caller id. Calls at once are counted over all campaigns that show the number, orders a second over
    /// those that limit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_caller_id: Option<Limits>,
}

impl Default for Rate {
    fn default() -> Self {
        // What a new account of the default provider may do.
        Rate {
            calls_per_second: 1.0,
            concurrent: 10,
            ramp_up: None,
            abandonment_percent: ABANDONED_MAX,
            per_caller_id: None,
        }
    }
}

impl Rate {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let own = Limits { calls_per_second: Some(self.calls_per_second), concurrent: Some(self.concurrent) };
        if let Some((member, range)) = own.fault() {
            return Err(invalid(&format!("/rate/{member}"), range));
        }
        if self.ramp_up.is_some_and(|d| !(0..=RAMP_MAX_S).contains(&d.as_secs()) || d.is_negative()) {
            return Err(invalid("/rate/ramp_up", "0s to 24h"));
        }
        if !(0.0..=ABANDONED_MAX).contains(&self.abandonment_percent) {
            return Err(invalid("/rate/abandonment_percent", "0 to 3"));
        }
        match self.per_caller_id.unwrap_or_default().fault() {
            Some((member, range)) => Err(invalid(&format!("/rate/per_caller_id/{member}"), range)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(rate: Value) -> Result<(), String> {
        let rate: Rate = serde_json::from_value(rate).map_err(|e| e.to_string())?;
        rate.check().map_err(|p| p.at.unwrap_or_default())
    }

    #[test]
    fn rates_have_ranges() {
        for good in [
            json!({}),
            json!({ "calls_per_second": 0.001, "concurrent": 1 }),
            json!({ "calls_per_second": 1000, "concurrent": 10_000, "ramp_up": "10m" }),
            json!({ "ramp_up": "0s", "per_caller_id": {} }),
            json!({ "abandonment_percent": 0 }),
            json!({ "abandonment_percent": 3 }),
            json!({ "ramp_up": "24h", "per_caller_id": { "calls_per_second": 0.5, "concurrent": 2 } }),
        ] {
            assert_eq!(check(good.clone()), Ok(()), "{good}");
        }
        for (bad, at) in [
            (json!({ "calls_per_second": 0 }), "/rate/calls_per_second"),
            (json!({ "calls_per_second": -1 }), "/rate/calls_per_second"),
            (json!({ "calls_per_second": 1000.1 }), "/rate/calls_per_second"),
            (json!({ "concurrent": 0 }), "/rate/concurrent"),
            (json!({ "concurrent": 10_001 }), "/rate/concurrent"),
            (json!({ "ramp_up": "-1s" }), "/rate/ramp_up"),
            (json!({ "abandonment_percent": 3.1 }), "/rate/abandonment_percent"),
            (json!({ "abandonment_percent": -1 }), "/rate/abandonment_percent"),
            (json!({ "ramp_up": "-1ms" }), "/rate/ramp_up"),
            (json!({ "ramp_up": "25h" }), "/rate/ramp_up"),
            (json!({ "per_caller_id": { "calls_per_second": 0 } }), "/rate/per_caller_id/calls_per_second"),
            (json!({ "per_caller_id": { "concurrent": 0 } }), "/rate/per_caller_id/concurrent"),
        ] {
            assert_eq!(check(bad.clone()), Err(at.to_owned()), "{bad}");
        }
        assert!(check(json!({ "per_caller_id": { "rate": 1 } })).is_err());
        let unending = Rate { calls_per_second: f64::NAN, ..Rate::default() };
        assert!(unending.check().is_err());
    }
}
