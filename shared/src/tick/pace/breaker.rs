//! A circuit breaker for a provider: closed, open, half-open.
//!
//! It opens when too many orders fail, or when suddenly hardly a call is answered: the answer-seizure ratio (ITU-T
//! E.411), which falls when a route is dead though every order is taken. Open, nothing is ordered; then a few calls are
//! tried, and it closes when they are taken, or opens for twice the time.

use super::window::Window;
use serde::{Deserialize, Serialize};

/// Orders are judged over this: six bins.
const ORDERS_BIN_MS: i64 = 10_000;
/// Orders of which a share can be told.
const ORDERS_MIN: u32 = 20;
/// So many failures without one success between them are enough, whatever the share.
const STREAK: u32 = 5;
/// Answers are judged over ten minutes.
const ANSWERS_BIN_MS: i64 = 100_000;
/// Calls of which a ratio can be told.
const ANSWERS_MIN: u32 = 50;
/// Calls until what is usual is known.
const USUAL_MIN: u32 = 200;
/// Of a thousand calls, so many must usually be answered: of less no collapse can be told.
const USUAL_LEAST: u32 = 100;
/// A call's weight in what is usual: one in so many.
const USUAL_OVER: u32 = 500;
/// It has collapsed below this part of what is usual.
const COLLAPSE: u32 = 4;
/// Calls tried when half-open.
pub const PROBES: u32 = 3;
/// Probes of which nothing was learnt by then are tried again.
const PROBE_WAIT_MS: i64 = 60_000;
const OPEN_MS: i64 = 30_000;
const OPEN_MAX_MS: i64 = 15 * 60_000;
/// After so long without opening, the next opening is a first one.
const FORGET_MS: i64 = 3_600_000;

/// The breaker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    phase: Phase,
    orders: Window,
    /// Failures since the last success.
    streak: u32,
    answers: Window,
    usual: Usual,
    /// Openings in a row.
    openings: u8,
    last_open_until_ms: i64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    #[default]
    Closed,
    Open {
        until_ms: i64,
    },
    HalfOpen {
        since_ms: i64,
        tried: u32,
        passed: u32,
    },
}

/// The usual answer-seizure ratio.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Usual {
    calls: u32,
    /// Answered of a million.
    ppm: u32,
}

impl Usual {
    /// A moving average: plain at first, exponential then.
    fn learn(&mut self, answered: bool) {
        self.calls = self.calls.saturating_add(1);
        let over = i64::from(self.calls.min(USUAL_OVER));
        let target = if answered { 1_000_000 } else { 0 };
        let next = i64::from(self.ppm) + (target - i64::from(self.ppm)) / over;
        self.ppm = u32::try_from(next.clamp(0, 1_000_000)).unwrap_or(0);
    }

    fn known(&self) -> bool {
        self.calls >= USUAL_MIN && self.ppm >= USUAL_LEAST * 1_000
    }
}

/// How many orders may go to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Free,
    Probes(u32),
    Stopped,
}

impl Breaker {
    /// What may be ordered now.
    pub fn flow(&self, now_ms: i64) -> Flow {
        match self.phase {
            Phase::Closed => Flow::Free,
            Phase::Open { until_ms } if until_ms > now_ms => Flow::Stopped,
            Phase::Open { .. } => Flow::Probes(PROBES),
            Phase::HalfOpen { since_ms, .. } if stale(since_ms, now_ms) => Flow::Probes(PROBES),
            Phase::HalfOpen { tried, .. } if tried < PROBES => Flow::Probes(PROBES - tried),
            Phase::HalfOpen { .. } => Flow::Stopped,
        }
    }

    /// An order is claimed.
    pub fn claimed(&mut self, now_ms: i64) {
        self.phase = match self.phase {
            Phase::Closed => Phase::Closed,
            Phase::HalfOpen { since_ms, tried, passed } if !stale(since_ms, now_ms) => {
                Phase::HalfOpen { since_ms, tried: tried.saturating_add(1), passed }
            }
            Phase::Open { .. } | Phase::HalfOpen { .. } => Phase::HalfOpen { since_ms: now_ms, tried: 1, passed: 0 },
        };
    }

    /// Whether an order that was claimed may still go out.
    pub fn lets_out(&self, now_ms: i64) -> bool {
        !matches!(self.phase, Phase::Open { until_ms } if until_ms > now_ms)
    }

    /// What came of orders: taken (or refused for a reason of their own), and failed.
    pub fn ordered(&mut self, now_ms: i64, taken: u32, failed: u32) {
        match self.phase {
            // Orders from before it opened.
            Phase::Open { .. } => {}
            Phase::Closed => {
                self.orders.add(now_ms, ORDERS_BIN_MS, taken, failed);
                self.streak = if taken > 0 { 0 } else { self.streak.saturating_add(failed) };
                let (good, bad) = self.orders.sum(now_ms, ORDERS_BIN_MS);
                if self.streak >= STREAK || (good.saturating_add(bad) >= ORDERS_MIN && bad >= good) {
                    self.open(now_ms);
                }
            }
            Phase::HalfOpen { .. } if failed > 0 => self.open(now_ms),
            Phase::HalfOpen { since_ms, tried, passed } => {
                let passed = passed.saturating_add(taken);
                self.phase = if passed >= PROBES { Phase::Closed } else { Phase::HalfOpen { since_ms, tried, passed } };
            }
        }
    }

    /// A call that was taken has ended, answered or not.
    pub fn ended(&mut self, now_ms: i64, answered: bool) {
        self.usual.learn(answered);
        if self.phase != Phase::Closed {
            return;
        }
        self.answers.add(now_ms, ANSWERS_BIN_MS, u32::from(answered), u32::from(!answered));
        let (answered, not) = self.answers.sum(now_ms, ANSWERS_BIN_MS);
        let calls = u64::from(answered) + u64::from(not);
        let collapsed = u64::from(answered) * 1_000_000 * u64::from(COLLAPSE) < u64::from(self.usual.ppm) * calls;
        if self.usual.known() && calls >= u64::from(ANSWERS_MIN) && collapsed {
            self.open(now_ms);
        }
    }

    fn open(&mut self, now_ms: i64) {
        let again = now_ms.saturating_sub(self.last_open_until_ms) < FORGET_MS;
        self.openings = if again { self.openings.saturating_add(1) } else { 1 };
        let doubled = OPEN_MS << u32::from(self.openings.saturating_sub(1)).min(16);
        let until_ms = now_ms.saturating_add(doubled.min(OPEN_MAX_MS));
        self.phase = Phase::Open { until_ms };
        self.last_open_until_ms = until_ms;
        (self.orders, self.answers, self.streak) = (Window::default(), Window::default(), 0);
    }
}

fn stale(since_ms: i64, now_ms: i64) -> bool {
    now_ms.saturating_sub(since_ms) >= PROBE_WAIT_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Far from the epoch, or a first opening would look like a second.
    const NOW: i64 = 1_800_000_000_000;

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        breaker.ordered(NOW, 0, STREAK);
        breaker
    }

    #[test]
    fn it_opens_at_half_and_not_below() {
        let mut breaker = Breaker::default();
        for i in 0..100 {
            breaker.ordered(NOW + i * 100, 2, 1);
        }
        assert_eq!(breaker.flow(NOW), Flow::Free);
        let mut breaker = Breaker::default();
        for i in 0..10 {
            assert_eq!(breaker.flow(NOW), Flow::Free, "{i}");
            breaker.ordered(NOW, 1, 0);
            breaker.ordered(NOW, 0, 1);
        }
        assert_eq!(breaker.flow(NOW), Flow::Stopped);
        // The same failures spread over more than the window are no reason.
        let mut breaker = Breaker::default();
        for i in 0..100 {
            breaker.ordered(NOW + i * 10_000, 1, 1);
        }
        assert_eq!(breaker.flow(NOW), Flow::Free);
    }

    #[test]
    fn a_row_of_failures_opens_it_at_any_rate() {
        let mut breaker = Breaker::default();
        for i in 0..STREAK {
            assert_eq!(breaker.flow(NOW), Flow::Free);
            breaker.ordered(NOW + i64::from(i) * 1_000_000, 0, 1);
        }
        assert_eq!(breaker.flow(NOW + 4_000_000), Flow::Stopped);
    }

    #[test]
    fn a_few_probes_close_it() {
        let mut breaker = opened();
        assert_eq!(breaker.flow(NOW + OPEN_MS - 1), Flow::Stopped);
        let now = NOW + OPEN_MS;
        for left in (0..PROBES).rev() {
            assert_eq!(breaker.flow(now), Flow::Probes(left + 1));
            breaker.claimed(now);
            assert!(breaker.lets_out(now));
        }
        assert_eq!(breaker.flow(now), Flow::Stopped);
        breaker.ordered(now, PROBES - 1, 0);
        assert_eq!(breaker.flow(now), Flow::Stopped);
        breaker.ordered(now, 1, 0);
        assert_eq!(breaker.flow(now), Flow::Free);
    }

    #[test]
    fn a_failed_probe_opens_it_for_twice_as_long_up_to_the_cap() {
        let (mut breaker, mut now) = (opened(), NOW);
        for times in [1, 2, 4, 8, 16, 30, 30, 30] {
            let length = OPEN_MS * times;
            assert_eq!(breaker.flow(now + length - 1), Flow::Stopped, "{times}");
            assert!(!breaker.lets_out(now + length - 1));
            now += length;
            assert_eq!(breaker.flow(now), Flow::Probes(PROBES), "{times}");
            breaker.claimed(now);
            breaker.ordered(now, 1, 1);
        }
        // A good hour later it is as if it had never opened.
        now += OPEN_MAX_MS + FORGET_MS;
        breaker.claimed(now);
        breaker.ordered(now, 0, 1);
        assert_eq!(breaker.flow(now + OPEN_MS), Flow::Probes(PROBES));
    }

    #[test]
    fn probes_nobody_heard_of_are_tried_again() {
        let mut breaker = opened();
        let now = NOW + OPEN_MS;
        (0..PROBES).for_each(|_| breaker.claimed(now));
        assert_eq!(breaker.flow(now + PROBE_WAIT_MS - 1), Flow::Stopped);
        assert_eq!(breaker.flow(now + PROBE_WAIT_MS), Flow::Probes(PROBES));
        breaker.claimed(now + PROBE_WAIT_MS);
        assert_eq!(breaker.flow(now + PROBE_WAIT_MS), Flow::Probes(PROBES - 1));
    }

    fn used_to(answered_of_ten: u32) -> Breaker {
        let mut breaker = Breaker::default();
        for i in 0..400 {
            breaker.ended(NOW, i % 10 < answered_of_ten);
        }
        breaker
    }

    #[test]
    fn when_hardly_a_call_is_answered_any_more_it_opens() {
        let mut breaker = used_to(4);
        let later = NOW + 7 * ANSWERS_BIN_MS;
        for i in 1..=ANSWERS_MIN {
            assert_eq!(breaker.flow(later), Flow::Free, "{i}");
            breaker.ended(later, i % 20 == 0);
        }
        assert_eq!(breaker.flow(later), Flow::Stopped);
    }

    #[test]
    fn few_answers_are_no_collapse_where_few_are_usual_or_nothing_is_known() {
        for (mut breaker, of_ten) in [(used_to(4), 2), (used_to(0), 0), (Breaker::default(), 0)] {
            for i in 0..150 {
                breaker.ended(NOW + 7 * ANSWERS_BIN_MS, i % 10 < of_ten);
            }
            assert_eq!(breaker.flow(NOW + 7 * ANSWERS_BIN_MS), Flow::Free, "{breaker:?}");
        }
    }

    proptest! {
        /// It never lets more than the probes out without having learnt of a success, and never stays open for ever.
        #[test]
        fn random_news_neither_floods_nor_starves(news in prop::collection::vec((0i64..20_000, 0u8..4), 1..300)) {
            let (mut breaker, mut now, mut since_failure) = (Breaker::default(), NOW, None::<u32>);
            for (gap, what) in news {
                now += gap;
                let was_free = breaker.flow(now) == Flow::Free;
                match what {
                    0 => breaker.ordered(now, 1, 0),
                    1 => breaker.ordered(now, 0, 1),
                    2 => breaker.ended(now, false),
                    _ if breaker.flow(now) != Flow::Stopped => breaker.claimed(now),
                    _ => {}
                }
                if was_free && breaker.flow(now) == Flow::Stopped {
                    since_failure = Some(0);
                }
                if let Some(successes) = &mut since_failure {
                    *successes += u32::from(what == 0);
                    prop_assert!(breaker.flow(now) != Flow::Free || *successes >= PROBES);
                }
                if breaker.flow(now) == Flow::Free {
                    since_failure = None;
                }
                prop_assert!(breaker.flow(now + OPEN_MAX_MS.max(PROBE_WAIT_MS)) != Flow::Stopped);
            }
        }
    }
}
