//! How long a call may take.

use super::invalid;
use crate::problem::Problem;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How long a call may ring, talk, and be silent about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallLimits {
    /// 25 s is about five rings.
    pub ring: SignedDuration,
    pub talk: SignedDuration,
    /// How long after dialling a call of which nothing was heard is closed as `unknown`: at least `ring` and 5 s. Where
    /// the ends of calls are reported late or not at all, `ring` and `talk` together are on the safe side.
    pub unknown_after: SignedDuration,
}

impl CallLimits {
    /// What passes at least between the end of ringing and the news of it.
    const RING_SLACK: SignedDuration = SignedDuration::from_secs(5);

    pub(super) fn check(&self) -> Result<(), Problem> {
        let within = |at: &str, value: SignedDuration, least: i64, most: i64| {
            if (least..=most).contains(&value.as_secs()) {
                Ok(())
            } else {
                Err(invalid(at, format!("{least} to {most} seconds")))
            }
        };
        within("/call/ring", self.ring, 5, 120)?;
        within("/call/talk", self.talk, 10, 3600)?;
        within("/call/unknown_after", self.unknown_after, 10, 24 * 3600)?;
        if self.unknown_after < self.ring + Self::RING_SLACK {
            return Err(invalid(
                "/call/unknown_after",
                format!(
                    "at least /call/ring and {} seconds, here {} seconds: a call that is still ringing must not be \
                     taken for one of which nothing is heard, and its number be called again",
                    Self::RING_SLACK.as_secs(),
                    (self.ring + Self::RING_SLACK).as_secs()
                ),
            ));
        }
        Ok(())
    }
}

impl Default for CallLimits {
    fn default() -> Self {
        CallLimits {
            ring: SignedDuration::from_secs(25),
            talk: SignedDuration::from_secs(300),
            unknown_after: SignedDuration::from_secs(600),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Campaign;
    use serde_json::{Value, json};

    fn call(limits: Value) -> Result<CallLimits, Problem> {
        let campaign = json!({ "name": "c", "matter": "not_filed", "call": limits });
        Campaign::parse(campaign).map(|(_, settings)| settings.call)
    }

    #[test]
    fn a_ringing_call_is_not_taken_for_a_silent_one() {
        assert!(call(json!({})).is_ok());
        for (ring, unknown_after, taken) in [
            ("25s", "30s", true),
            ("25s", "29s", false),
            ("5s", "10s", true),
            ("5s", "9s", false),
            ("120s", "2m", false),
        ] {
            let answer = call(json!({ "ring": ring, "unknown_after": unknown_after }));
            assert_eq!(answer.is_ok(), taken, "{ring} {unknown_after}");
            if let Err(problem) = answer {
                assert_eq!((problem.status, problem.at.as_deref()), (422, Some("/call/unknown_after")));
            }
        }
        let problem = call(json!({ "unknown_after": "20s" })).unwrap_err();
        assert!(problem.detail.contains("here 30 seconds"), "{}", problem.detail);
    }
}
