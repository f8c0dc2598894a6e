//! Dialling for agents: how many lines may ring for those who are free, and the cap on abandoned calls, those that were
//! answered when nobody was there to speak. Regulators cap their share of the answered calls, usually at 3 % (47 CFR
//! 64.1200(a)(7); Ofcom's policy on persistent misuse).

use serde::{Deserialize, Serialize};

const HOUR_MS: i64 = 3_600_000;
/// The share is taken over the last day, in bins of an hour.
const BINS: usize = 24;
/// Abandoned of a hundred answered calls at most, unless the campaign says less.
pub const CAP_PERCENT: f64 = 3.0;

/// What became of the answered calls of the last day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Hour since the epoch, answered (the abandoned among them), abandoned; oldest first.
    hours: Vec<(i64, u32, u32)>,
}

impl Answered {
    /// A call was answered.
    pub fn add(&mut self, now_ms: i64, abandoned: bool) {
        let hour = now_ms.div_euclid(HOUR_MS);
        self.hours.retain(|(h, ..)| hour.saturating_sub(*h) < BINS as i64);
        let at = self.hours.partition_point(|(h, ..)| *h < hour);
        if self.hours.get(at).is_none_or(|(h, ..)| *h != hour) {
            self.hours.insert(at, (hour, 0, 0));
        }
        if let Some((_, answered, gone)) = self.hours.get_mut(at) {
            *answered = answered.saturating_add(1);
            *gone = gone.saturating_add(u32::from(abandoned));
        }
        // Clocks far ahead could leave more hours than a day has.
        let surplus = self.hours.len().saturating_sub(BINS);
        self.hours.drain(..surplus);
    }

    /// Answered and abandoned calls of the last day.
    pub fn sum(&self, now_ms: i64) -> (u32, u32) {
        let hour = now_ms.div_euclid(HOUR_MS);
        let recent = self.hours.iter().filter(|(h, ..)| hour.saturating_sub(*h) < BINS as i64);
        recent.fold((0, 0), |(a, g), (_, a1, g1)| (a.saturating_add(*a1), g.saturating_add(*g1)))
    }

    /// How many more calls could be abandoned before the share is above the cap; negative: it is above.
    ///
    /// Of a few calls no share can be told: up to as many as one abandoned call is the cap of (34 at 3 %), one is allowed.
    pub fn allowance(&self, now_ms: i64, cap_percent: f64) -> i64 {
        let (answered, abandoned) = self.sum(now_ms);
        let cap = cap_percent.clamp(0.0, 100.0) / 100.0;
        let one = if cap > 0.0 { 1.0 } else { 0.0 };
        (cap * f64::from(answered)).floor().max(one) as i64 - i64::from(abandoned)
    }
}

/// Lines to dial now, besides the `ringing` ones (ordered and not yet answered). `lines_per_agent`: 1 is progressive
/// dialling; more is predictive.
///
/// Lines beyond the free agents are those that could be abandoned: there are never more of them than the cap allows if
/// all were answered at once. Near the cap it is one line an agent; above the cap none, until abandoned calls are a day old.
pub fn lines(free_agents: u32, ringing: u32, lines_per_agent: f64, allowance: i64) -> u32 {
    if allowance < 0 {
        return 0;
    }
    let spare = u32::try_from(allowance).unwrap_or(u32::MAX);
    let wished = (f64::from(free_agents) * lines_per_agent.max(1.0)).floor() as u32;
    wished.min(free_agents.saturating_add(spare)).saturating_sub(ringing)
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
    fn the_allowance_is_the_cap_less_what_was_abandoned() {
        for (answered, abandoned, left) in
            [(0, 0, 1), (33, 0, 1), (33, 1, 0), (33, 2, -1), (66, 1, 0), (67, 1, 1), (100, 3, 0), (100, 4, -1)]
        {
            assert_eq!(after(answered, abandoned).allowance(NOW, CAP_PERCENT), left, "{abandoned} of {answered}");
        }
        assert_eq!(after(1_000, 0).allowance(NOW, 0.0), 0);
        assert_eq!(after(100, 5).allowance(NOW + 23 * HOUR_MS, CAP_PERCENT), -2);
        assert_eq!(after(100, 5).allowance(NOW + 24 * HOUR_MS, CAP_PERCENT), 1);
    }

    #[test]
    fn it_slows_and_then_stops() {
        assert_eq!([3, 1, 0, -1].map(|allowance| lines(10, 4, 1.5, allowance)), [9, 7, 6, 0]);
        assert_eq!((lines(10, 0, 1.0, 99), lines(10, 12, 1.0, 99), lines(0, 0, 3.0, 99)), (10, 0, 0));
        assert_eq!((lines(10, 0, f64::NAN, 99), lines(u32::MAX, 0, 9.0, i64::MAX)), (10, u32::MAX));
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
        /// A room of agents who stay: whatever is answered, and in whatever rounds, the share keeps to the cap (or to the
        /// one call that is allowed while there are few).
        #[test]
        fn the_cap_holds_whoever_answers(
            rounds in prop::collection::vec((0u32..30, 1.0f64..3.0, prop::collection::vec(any::<bool>(), 90)), 1..60),
            cap in 0.5f64..10.0,
        ) {
            let mut calls = Answered::default();
            for (free, ratio, answers) in rounds {
                let dialled = lines(free, 0, ratio, calls.allowance(NOW, cap));
                let answered = answers.iter().take(dialled as usize).filter(|a| **a).count() as u32;
                (0..answered).for_each(|i| calls.add(NOW, i >= free));
                let (all, abandoned) = calls.sum(NOW);
                prop_assert!(f64::from(abandoned) <= (cap / 100.0 * f64::from(all)).max(1.0));
            }
        }
    }
}
