//! How many orders a second the host manages. Orders that miss their turn are not placed, so turns closer together than the
//! host can send cost work and give nothing: after a tick that came too late the next ones' turns are as far apart as its
//! orders came out, and then ever closer again (by a share: fixed steps would take minutes at high rates). Measured: a limit of
//! orders a tick, which stood here before, let ticks of a loaded host send theirs in a rush and then wait for the next tick.

use super::gcra::{Lane, interval_us};
use serde::{Deserialize, Serialize};

/// Orders a second; fewer are never tried: else one stalled tick would all but stop a slow campaign.
const LEAST: u32 = 10;
/// From here on there is no limit.
const PLENTY: u32 = 2_000;

/// The limit, and the turns given out under it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Orders a second; 0 is no limit.
    rate: u32,
    pub lane: Lane,
}

impl Load {
    /// Microseconds between two orders; `None`: no limit.
    pub fn interval_us(self) -> Option<i64> {
        (self.rate > 0).then(|| interval_us(f64::from(self.rate), 1))
    }

    /// A tick sent so many orders in their turn within `span_ms`, and had to leave so many.
    pub fn learn(&mut self, sent: u32, late: u32, span_ms: i64) {
        let span_ms = u64::try_from(span_ms).unwrap_or(0).max(1);
        let managed = u32::try_from(u64::from(sent) * 1000 / span_ms).unwrap_or(u32::MAX);
        if late > 0 {
            let limit = if self.rate > 0 { self.rate } else { PLENTY };
            self.rate = managed.clamp(LEAST, limit);
        } else if self.rate > 0 && sent >= LEAST && managed >= self.rate - self.rate / 4 {
            let more = self.rate.saturating_add(self.rate / 8).saturating_add(1);
            self.rate = if more < PLENTY { more } else { 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_late_means_slower_and_in_time_means_faster_again() {
        let mut load = Load::default();
        load.learn(1900, 0, 1000);
        assert_eq!(load.interval_us(), None);
        load.learn(600, 700, 1500);
        assert_eq!(load.interval_us(), Some(2_500));
        // Another tick of the same moments has its part of the host.
        load.learn(350, 150, 1000);
        assert_eq!(load.interval_us(), Some(2_858));
        // Less than it could, or hardly anything, is no proof that it can more.
        load.learn(100, 0, 1000);
        load.learn(5, 0, 1);
        assert_eq!(load.rate, 350);
        load.learn(350, 0, 1000);
        assert_eq!(load.rate, 394);
        // Late because of something else: it was not the rate, but that is all there is to go by.
        load.learn(500, 1, 1000);
        assert_eq!(load.rate, 394);
        // A stalled tick.
        load.learn(0, 4, 0);
        assert_eq!(load.rate, LEAST);
        let mut ticks = 0;
        while load.rate > 0 {
            load.learn(load.rate, 0, 1000);
            ticks += 1;
        }
        assert!(ticks < 60, "{ticks}");
        load.learn(u32::MAX, u32::MAX, i64::MIN);
        assert_eq!(load.interval_us(), Some(500));
    }
}
