//! The cap on abandoned calls: a person answered, and no agent was there to speak.
//!
//! A call counts as abandoned if no agent spoke within two seconds of the end of the called person's greeting (47 CFR
//! 64.1200(a)(7)); the dialler that bridges the calls reports it. The rule allows 3 percent of the calls that a person
//! answered, over thirty days of a campaign; Ofcom's policy on persistent misuse allows the same in any 24 hours, which
//! is stricter where it matters, and lets a campaign begin anew the next day. So the share is taken over the last day.

use serde::{Deserialize, Serialize};

/// Why a dialler gets no claims, or not so many.
pub const HELD: &str = "abandonment";

const HOUR_MS: i64 = 3_600_000;
/// The share is taken over the last day, in bins of an hour.
const BINS: usize = 24;

/// The calls of the last day that a person answered, hour by hour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Hour since the epoch, and its calls; oldest first.
    hours: Vec<(i64, Share)>,
}

/// Calls that a person answered, and the abandoned among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub answered: u32,
    pub abandoned: u32,
}

impl Answered {
    /// A person answered.
    pub fn add(&mut self, now_ms: i64, abandoned: bool) {
        let hour = now_ms.div_euclid(HOUR_MS);
        self.hours.retain(|(h, _)| hour.saturating_sub(*h) < BINS as i64);
        let at = self.hours.partition_point(|(h, _)| *h < hour);
        if self.hours.get(at).is_none_or(|(h, _)| *h != hour) {
            self.hours.insert(at, (hour, Share::default()));
        }
        if let Some((_, share)) = self.hours.get_mut(at) {
            *share = share.and(Share { answered: 1, abandoned: u32::from(abandoned) });
        }
        // Clocks far ahead could leave more hours than a day has.
        let surplus = self.hours.len().saturating_sub(BINS);
        self.hours.drain(..surplus);
    }

    /// The last day's.
    pub fn share(&self, now_ms: i64) -> Share {
        let hour = now_ms.div_euclid(HOUR_MS);
        let recent = self.hours.iter().filter(|(h, _)| hour.saturating_sub(*h) < BINS as i64);
        recent.fold(Share::default(), |sum, (_, share)| sum.and(*share))
    }
}

impl Share {
    /// These and others together.
    pub fn and(self, other: Share) -> Share {
        Share {
            answered: self.answered.saturating_add(other.answered),
            abandoned: self.abandoned.saturating_add(other.abandoned),
        }
    }

    /// Abandoned of a hundred answered, to two places; `None` if none was answered.
    pub fn percent(self) -> Option<f64> {
        let share = f64::from(self.abandoned) / f64::from(self.answered);
        (self.answered > 0).then(|| (share * 10_000.0).round() / 100.0)
    }

    /// How many more calls could be abandoned before the share is above the cap; `None`: it is above.
    ///
    /// Of a few calls no share can be told: up to as many as one abandoned call is the cap of (34 at 3 %), one is allowed.
    pub fn spare(self, cap_percent: f64) -> Option<u32> {
        let cap = cap_percent.clamp(0.0, 100.0) / 100.0;
        let one = if cap > 0.0 { 1.0 } else { 0.0 };
        let allowed = (cap * f64::from(self.answered)).floor().max(one) as u32;
        allowed.checked_sub(self.abandoned)
    }
}

/// How many more claims a dialler gets that wants so many and holds so many. `agents`: who is at hand, free or in one of
/// its calls.
///
/// Claims beyond the agents are those that could be abandoned: there are never more of them than the cap allows if all
/// were answered at once. Near the cap it is one an agent; above the cap none.
pub fn more(wanted: u16, held: usize, agents: u16, spare: Option<u32>) -> u16 {
    let Some(spare) = spare else { return 0 };
    let most = u64::from(agents) + u64::from(spare);
    u16::try_from(most.saturating_sub(held as u64)).unwrap_or(u16::MAX).min(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_800_000_000_000;

    fn after(answered: u32, abandoned: u32) -> Answered {
        let mut calls = Answered::default();
        (0..answered).for_each(|i| calls.add(NOW, i < abandoned));
        calls
    }

    #[test]
    fn what_is_spare_is_the_cap_less_what_was_abandoned() {
        for (answered, abandoned, spare) in [
            (0, 0, Some(1)),
            (33, 0, Some(1)),
            (33, 1, Some(0)),
            (33, 2, None),
            (66, 1, Some(0)),
            (67, 1, Some(1)),
            (100, 3, Some(0)),
            (100, 4, None),
        ] {
            let share = after(answered, abandoned).share(NOW);
            assert_eq!((share, share.spare(3.0)), (Share { answered, abandoned }, spare), "{abandoned} of {answered}");
        }
        assert_eq!([0, 1].map(|n| after(1_000, n).share(NOW).spare(0.0)), [Some(0), None]);
        assert_eq!(after(100, 5).share(NOW + 23 * HOUR_MS).spare(3.0), None);
        assert_eq!(after(100, 5).share(NOW + 24 * HOUR_MS).spare(3.0), Some(1));
        assert_eq!((after(3, 1).share(NOW).percent(), Share::default().percent()), (Some(33.33), None));
    }

    #[test]
    fn it_slows_and_then_stops() {
        assert_eq!([Some(9), Some(1), Some(0), None].map(|spare| more(20, 4, 10, spare)), [15, 7, 6, 0]);
        assert_eq!((more(3, 4, 10, Some(9)), more(9, 12, 10, Some(1)), more(9, 0, 0, Some(0))), (3, 0, 0));
        assert_eq!(more(u16::MAX, 0, u16::MAX, Some(u32::MAX)), u16::MAX);
    }

    #[test]
    fn it_stays_small() {
        let mut calls = Answered::default();
        for hour in (0..1_000).chain((0..100).rev()) {
            calls.add(hour * HOUR_MS, false);
        }
        assert!(calls.hours.len() <= BINS);
    }

    proptest! {
        /// A room of agents who stay: whatever is answered, in whatever rounds, and however much is asked for, the share
        /// keeps to the cap (or to the one call that is allowed while there are few).
        #[test]
        fn the_cap_holds_whoever_answers(
            rounds in prop::collection::vec((0u16..30, 0u16..90, prop::collection::vec(any::<bool>(), 90)), 1..60),
            cap in 0.5f64..10.0,
        ) {
            let mut calls = Answered::default();
            for (agents, wanted, answers) in rounds {
                let dialled = more(wanted, 0, agents, calls.share(NOW).spare(cap));
                let answered = answers.iter().take(dialled.into()).filter(|a| **a).count() as u16;
                (0..answered).for_each(|i| calls.add(NOW, i >= agents));
                let Share { answered, abandoned } = calls.share(NOW);
                prop_assert!(f64::from(abandoned) <= (cap / 100.0 * f64::from(answered)).max(1.0));
            }
        }
    }
}
