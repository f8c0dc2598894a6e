//! How many orders a tick the host manages. Orders that miss their turn are not placed, so claiming more than the host can
//! send costs work and gives nothing: after a tick that came too late the next ones claim less, and then ever more again
//! (additive increase would take minutes at high rates, so both ways are by a share).

use serde::{Deserialize, Serialize};

/// Fewer a tick are never claimed on this account: else one stalled tick would all but stop a slow campaign.
const LEAST: u32 = 10;
/// From here on there is no limit.
const PLENTY: u32 = 2_000;

/// The limit; 0 is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load(u32);

impl Load {
    /// Orders a tick at most.
    pub fn most(self) -> usize {
        if self.0 == 0 { usize::MAX } else { self.0 as usize }
    }

    /// A tick sent so many orders in their turn, and had to leave so many.
    pub fn learn(&mut self, sent: u32, late: u32) {
        if late > 0 {
            self.0 = sent.max(sent.saturating_add(late) / 2).max(LEAST);
        } else if self.0 > 0 && sent >= self.0 - self.0 / 4 {
            let more = self.0.saturating_add(self.0 / 4).saturating_add(1);
            self.0 = if more < PLENTY { more } else { 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_late_means_less_and_in_time_means_more_again() {
        let mut load = Load::default();
        load.learn(900, 0);
        assert_eq!(load.most(), usize::MAX);
        load.learn(300, 700);
        assert_eq!(load.most(), 500);
        load.learn(350, 150);
        assert_eq!(load.most(), 350);
        // Less than it could is no proof that it can more.
        load.learn(100, 0);
        assert_eq!(load.most(), 350);
        load.learn(350, 0);
        assert_eq!(load.most(), 438);
        // A stalled tick.
        load.learn(0, 4);
        assert_eq!(load.most(), LEAST as usize);
        let ticks = std::iter::repeat_with(|| load.learn(load.most() as u32, 0)).take(30);
        ticks.for_each(drop);
        assert_eq!(load.most(), usize::MAX);
        load.learn(u32::MAX, u32::MAX);
        assert_eq!(load.most(), u32::MAX as usize);
    }
}
