//! Counting good and bad over a sliding window, in a fixed number of bins.

use serde::{Deserialize, Serialize};

const BINS: usize = 6;

/// Two counts over the last six bins of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Number of the newest bin.
    newest: i64,
    /// Newest first: good and bad.
    bins: [(u32, u32); BINS],
}

impl Window {
    /// Counts at `now_ms`, in bins of `bin_ms`.
    pub fn add(&mut self, now_ms: i64, bin_ms: i64, good: u32, bad: u32) {
        let bin = now_ms.div_euclid(bin_ms.max(1));
        if let Ok(passed) = usize::try_from(bin.saturating_sub(self.newest)) {
            let passed = passed.min(BINS);
            self.bins.rotate_right(passed % BINS);
            self.bins[..passed].fill((0, 0));
            self.newest = bin;
        }
        // A clock that is behind counts where it stands, if that is still kept.
        let back = usize::try_from(self.newest.saturating_sub(bin)).unwrap_or(BINS);
        if let Some((g, b)) = self.bins.get_mut(back) {
            *g = g.saturating_add(good);
            *b = b.saturating_add(bad);
        }
    }

    /// Good and bad of the bins that are not over for longer than the window.
    pub fn sum(&self, now_ms: i64, bin_ms: i64) -> (u32, u32) {
        let passed = now_ms.div_euclid(bin_ms.max(1)).saturating_sub(self.newest);
        let kept = BINS.saturating_sub(usize::try_from(passed).unwrap_or(0));
        self.bins[..kept].iter().fold((0, 0), |(g, b), (g1, b1)| (g.saturating_add(*g1), b.saturating_add(*b1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_counts_what_a_list_of_all_events_counts(
            events in prop::collection::vec((0i64..500, 0u32..5, 0u32..5), 0..60),
            later in 0i64..1_500,
        ) {
            let bin = 100;
            let (mut window, mut now, mut all) = (Window::default(), 1_000_000, Vec::new());
            for (gap, good, bad) in events {
                now += gap;
                window.add(now, bin, good, bad);
                all.push((now, good, bad));
            }
            now += later;
            let since = |ms: i64| {
                all.iter().filter(|(at, ..)| *at > now - ms).fold((0, 0), |(g, b), (_, g1, b1)| (g + g1, b + b1))
            };
            let (least, most, sum) = (since(5 * bin), since(6 * bin), window.sum(now, bin));
            prop_assert!(least.0 <= sum.0 && sum.0 <= most.0, "{least:?} {sum:?} {most:?}");
            prop_assert!(least.1 <= sum.1 && sum.1 <= most.1);
        }
    }

    #[test]
    fn a_clock_that_is_behind_does_no_harm() {
        let mut window = Window::default();
        window.add(1_000, 100, 1, 0);
        window.add(650, 100, 0, 2);
        window.add(300, 100, 50, 50);
        window.add(i64::MIN, 0, 50, 50);
        assert_eq!(window.sum(1_000, 100), (1, 2));
        assert_eq!(window.sum(0, 100), (1, 2));
        assert_eq!(window.sum(1_500, 100), (1, 0));
        assert_eq!(window.sum(i64::MAX, 100), (0, 0));
    }
}
