//! Turns: a limit of so many orders a second as a row of moments at least an interval apart (the generic cell rate
//! algorithm of ITU-T I.371 without tolerance: what was not used is not saved up).
//!
//! **The bound.** Of the orders that count for a lane, any two have turns at least `T` apart, whichever ticks gave them
//! out: the lane is part of the shard's cell, and only committed ticks place. An order goes out at most [`TOLERANCE_MS`]
//! after its turn or not at all. So those that go out in any `W` seconds have turns in `W + 0.25` seconds: they are at
//! most `ceil((W + 0.25) / T)`. Hosts whose clocks differ by `S` seconds add `S` to `W`.

use serde::{Deserialize, Serialize};

/// How far ahead of now a tick claims. Short enough that a pause or a payment acts soon; long enough that ticks of this
/// distance keep up the rate without a gap.
pub const HORIZON_MS: i64 = 2_000;
/// How late an order may go out.
pub const TOLERANCE_MS: i64 = 249; // and the millisecond that turns are rounded up by
/// How much a tick that took long to choose puts its orders off at most.
pub const SHIFT_MAX_MS: i64 = 5_000;
/// How long after a tick began an order of it may go out at most: what may be called then must be callable all that time.
pub const LATEST_MS: i64 = HORIZON_MS + SHIFT_MAX_MS + TOLERANCE_MS + 1;

/// When the next order may go out, in Unix microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane(i64);

impl Lane {
    /// The first turn from `from_us` on.
    pub fn turn(self, from_us: i64) -> i64 {
        self.0.max(from_us)
    }

    /// No tick gives out turns further ahead than its horizon and shift. If the lane is, then a host whose clock was
    /// wrong left it so, or the rate was raised since: nobody waits for that.
    pub fn mend(&mut self, now_us: i64, interval_us: i64) {
        let latest = now_us.saturating_add((HORIZON_MS + SHIFT_MAX_MS) * 1000).saturating_add(interval_us);
        self.0 = self.0.min(latest);
    }

    /// An order has the turn `at_us`.
    pub fn take(&mut self, at_us: i64, interval_us: i64) {
        self.0 = self.0.max(at_us.saturating_add(interval_us));
    }

    /// Turns in `from_us..until_us`.
    pub fn turns(self, from_us: i64, until_us: i64, interval_us: i64) -> usize {
        let ahead = until_us.saturating_sub(self.turn(from_us));
        match u64::try_from(ahead) {
            Ok(ahead) => usize::try_from(ahead.div_ceil(interval_us.max(1).unsigned_abs())).unwrap_or(usize::MAX),
            Err(_) => 0,
        }
    }

    /// All orders given out since were put off.
    pub fn shift(&mut self, by_us: i64) {
        self.0 = self.0.saturating_add(by_us);
    }

    /// Whether it holds anybody back at `at_us`.
    pub fn busy(self, at_us: i64) -> bool {
        self.0 > at_us
    }
}

/// Microseconds between two orders at a shard's share of a rate. Never less: rounding must not add up to one more.
pub fn interval_us(per_second: f64, shards: u16) -> i64 {
    // A float that does not fit becomes the largest integer: no rate at all means no orders.
    (1e6 * f64::from(shards.max(1)) / per_second.max(0.0)).ceil() as i64
}

/// A shard's share of so many calls at once: the sum of all shards' shares is `limit`.
pub fn share(limit: u32, shard: u16, shards: u16) -> u32 {
    let shards = u32::from(shards.max(1));
    limit / shards + u32::from(u32::from(shard) < limit % shards)
}

/// The part of the full rate at `at_ms`, when the campaign runs since `since_ms`: a tenth at first, then evenly more.
pub fn ramp(at_ms: i64, since_ms: i64, ramp_up_ms: i64) -> f64 {
    let run = at_ms.saturating_sub(since_ms).max(0);
    if run >= ramp_up_ms { 1.0 } else { 0.1 + 0.9 * run as f64 / ramp_up_ms as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The most of `times` in any half-open window of that width.
    fn busiest(times: &[i64], width: i64) -> usize {
        let within = |from: &i64| times.iter().filter(|at| (*from..from + width).contains(*at)).count();
        times.iter().map(within).max().unwrap_or(0)
    }

    #[test]
    fn shares_add_up() {
        for limit in [0, 1, 7, 10, 10_000] {
            for shards in [1, 2, 3, 16, 1024] {
                assert_eq!((0..shards).map(|s| share(limit, s, shards)).sum::<u32>(), limit);
            }
        }
        assert_eq!((share(7, 0, 0), interval_us(3.0, 0)), (7, 333_334));
        assert_eq!(
            (interval_us(0.5, 4), interval_us(0.0, 1), interval_us(f64::NAN, 1)),
            (8_000_000, i64::MAX, i64::MAX)
        );
    }

    #[test]
    fn the_ramp_rises_from_a_tenth_to_the_whole() {
        let at = |s: i64| (ramp(s * 1000, 0, 600_000) * 1000.0).round();
        assert_eq!([at(-5), at(0), at(300), at(600), at(9_999)], [100.0, 100.0, 550.0, 1000.0, 1000.0]);
        assert_eq!(ramp(5, 5, 0), 1.0);
    }

    #[test]
    fn a_lane_left_far_ahead_holds_nobody_up_for_long() {
        let mut lane = Lane::default();
        lane.take(3_600_000_000, 10_000_000);
        lane.mend(0, 1_000_000);
        assert_eq!((lane, lane.turn(0), lane.turn(9_000_000)), (Lane(8_000_000), 8_000_000, 9_000_000));
        lane.mend(500_000, 1_000_000);
        assert_eq!(lane, Lane(8_000_000));
        assert_eq!((Lane(0).turns(0, i64::MAX, 0), Lane(i64::MAX).turns(0, 5, 1)), (i64::MAX as usize, 0));
    }

    proptest! {
        /// Ticks at any distances, each taking any number of turns within its horizon and placing each at any delay the
        /// tolerance allows, against a count over every window.
        #[test]
        fn no_window_has_more_orders_than_the_bound(
            rate in 0.2f64..200.0,
            ticks in prop::collection::vec((0i64..4_000, 0usize..40, prop::collection::vec(0i64..=TOLERANCE_MS, 40)), 1..40),
            hour_before in 0usize..40,
        ) {
            let interval = interval_us(rate, 1);
            let (mut lane, mut now_ms, mut turns, mut sent) = (Lane::default(), 0, Vec::new(), Vec::new());
            for (n, (gap_ms, want, delays)) in ticks.into_iter().enumerate() {
                now_ms += gap_ms + if n == hour_before { 3_600_000 } else { 0 };
                let (from, until) = (now_ms * 1000, (now_ms + HORIZON_MS) * 1000);
                let offered = lane.turns(from, until, interval);
                let mut taken = 0;
                while taken < want && lane.turn(from) < until {
                    let turn = lane.turn(from);
                    lane.take(turn, interval);
                    turns.push(turn);
                    // Rounded up to a whole millisecond, then late.
                    sent.push(-(-turn).div_euclid(1000) + delays[taken]);
                    taken += 1;
                }
                prop_assert_eq!(taken, want.min(offered));
            }
            for pair in turns.windows(2) {
                prop_assert!(pair[1] - pair[0] >= interval);
            }
            for seconds in [1, 10, 60] {
                let most = (rate * (seconds as f64 + 0.25)).ceil() as usize;
                prop_assert!(busiest(&sent, seconds * 1000) <= most);
            }
        }
    }
}
