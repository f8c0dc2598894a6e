//! How many orders a second the host manages. Orders that miss their turn are not placed, so turns closer together than the
//! host can send cost work and give nothing. What it manages is found as TCP finds the width of a path: it begins modestly
//! and doubles; after a tick that came too late the next ones' turns are as far apart as its orders came out; from there it
//! goes half the way to where it was too fast, again and again, and then carefully beyond. Measured and lost: a limit of
//! orders a tick (a loaded host sent them in a rush and waited for the next tick); no limit until the first tick that came
//! too late (a thousand calls at once, and their webhooks a moment later); one step for each late tick (those under way when
//! the first one came too late were late for the same reason: the rate fell to a third of what the host could).

use super::gcra::{Lane, interval_us};
use serde::{Deserialize, Serialize};

/// Orders a second at first.
const FIRST: u32 = 250;
/// Fewer are never tried: else one stalled tick would all but stop a slow campaign.
const LEAST: u32 = 10;
/// From here on there is no limit.
const PLENTY: u32 = 2_000;

/// The limit, and the turns given out under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Orders a second.
    rate: u32,
    /// What was too fast; 0: nothing was yet.
    too_fast: u32,
    /// The newest tick that claimed before the last step down: it tells nothing of the rate since.
    slower_since: u64,
    pub lane: Lane,
}

impl Default for Load {
    fn default() -> Self {
        Load { rate: FIRST, too_fast: 0, slower_since: 0, lane: Lane::default() }
    }
}

impl Load {
    /// Microseconds between two orders; `None`: no limit.
    pub fn interval_us(self) -> Option<i64> {
        (self.rate < PLENTY).then(|| interval_us(f64::from(self.rate), 1))
    }

    /// The tick `ballot` sent so many orders in their turn within `span_ms`, and had to leave so many. `newest` has
    /// claimed last.
    pub fn learn(&mut self, ballot: u64, newest: u64, (sent, late): (u32, u32), span_ms: i64) {
        let span_ms = u64::try_from(span_ms).unwrap_or(0).max(1);
        let managed = u32::try_from(u64::from(sent) * 1000 / span_ms).unwrap_or(u32::MAX);
        if ballot <= self.slower_since {
            return;
        }
        if late > 0 {
            self.too_fast = self.rate;
            self.rate = managed.clamp(LEAST, self.rate.max(LEAST));
            self.slower_since = newest;
        } else if sent >= LEAST && managed >= self.rate - self.rate / 4 {
            self.rate = self.faster().min(PLENTY);
        }
    }

    fn faster(self) -> u32 {
        let beyond = self.rate.saturating_add(self.rate / 16).saturating_add(1);
        match self.too_fast {
            0 => self.rate.saturating_mul(2),
            // Either the host has grown, or it was something else that made it late.
            known if self.rate > known.saturating_add(known / 4) => self.rate.saturating_add(self.rate / 4),
            known => (self.rate.saturating_add(known) / 2).max(beyond),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host that sends `capacity` orders a second tells of the tick that had `load`'s turns for a second.
    fn second(load: &mut Load, ballot: u64, capacity: u32) -> u32 {
        let late = load.rate.saturating_sub(capacity);
        let sent = load.rate.min(capacity);
        // A tick is under way whose claims were made before this one's answers were read.
        load.learn(ballot, ballot + 1, (sent, late), 1000);
        late
    }

    #[test]
    fn it_finds_what_the_host_manages_and_stays_there() {
        for capacity in [15, 90, 250, 600, 1_500] {
            let mut load = Load::default();
            let mut late = 0;
            for ballot in 1..=60 {
                second(&mut load, ballot, capacity);
            }
            let mut sum = 0;
            for ballot in 61..=160 {
                sum += load.rate.min(capacity);
                late += second(&mut load, ballot, capacity);
            }
            assert!(sum >= 90 * capacity, "{capacity}: {sum} in 100 s");
            assert!(late <= 3 * capacity, "{capacity}: {late} late in 100 s");
        }
    }

    #[test]
    fn a_host_that_has_grown_is_soon_made_use_of() {
        let mut load = Load::default();
        for ballot in 1..50 {
            second(&mut load, ballot, 50);
        }
        let mut seconds = 0;
        while load.rate < 1_000 {
            seconds += 1;
            second(&mut load, 50 + seconds, 1_000);
        }
        assert!(seconds < 30, "{seconds}");
        for ballot in 100..200 {
            second(&mut load, ballot, u32::MAX);
        }
        assert_eq!(load.interval_us(), None);
    }

    #[test]
    fn too_late_means_slower_once_and_in_time_means_faster_again() {
        let mut load = Load::default();
        assert_eq!(load.interval_us(), Some(4_000));
        load.learn(1, 1, (500, 0), 2_000);
        assert_eq!(load.rate, 500);
        // Too late: as fast as the orders came out. Ticks 3 and 4 had claimed by then, and are late for the same reason.
        load.learn(2, 4, (300, 200), 1_000);
        assert_eq!((load.rate, load.too_fast), (300, 500));
        load.learn(3, 5, (100, 300), 1_000);
        load.learn(4, 5, (500, 0), 1_000);
        assert_eq!(load.rate, 300);
        // Half the way, then carefully.
        load.learn(5, 6, (300, 0), 1_000);
        assert_eq!(load.rate, 400);
        (6..9).for_each(|ballot| load.learn(ballot, ballot, (load.rate, 0), 1_000));
        assert_eq!(load.rate, 509);
        // Less than it could, or hardly anything, is no proof that it can more.
        load.learn(9, 9, (100, 0), 1_000);
        load.learn(10, 10, (5, 0), 1);
        assert_eq!(load.rate, 509);
        // A stalled tick; and nothing overflows.
        load.learn(11, 11, (0, 4), 0);
        assert_eq!(load.rate, LEAST);
        load.learn(12, 12, (u32::MAX, u32::MAX), i64::MIN);
        load.learn(13, u64::MAX, (u32::MAX, 0), i64::MIN);
        assert!(load.interval_us().is_some());
    }
}
