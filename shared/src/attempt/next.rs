//! What follows an attempt: a pure function of its outcome, of what was tried before, and of the campaign's table.

use super::disposition::{Disposition, End, Outcome};
use crate::campaign::{Again, Attempts, Row};
use serde::{Deserialize, Serialize};

/// What was tried for a contact so far. Orders that were surely never rung are not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// Attempts by how they ended.
    pub tried: Vec<(Disposition, u8)>,
    /// When it was called in the last seven days (Unix ms), oldest first.
    pub dials: Vec<i64>,
    /// Numbers that are not the taxpayer's or do not exist: bit 0 is the first.
    pub unusable: u8,
}

impl Past {
    /// Attempts that ended so.
    pub fn times(&self, ended: Disposition) -> u8 {
        self.tried.iter().find(|(d, _)| *d == ended).map_or(0, |(_, n)| *n)
    }

    /// Enters an attempt.
    pub fn enter(&mut self, ended: Disposition) {
        match self.tried.iter_mut().find(|(d, _)| *d == ended) {
            Some((_, n)) => *n = n.saturating_add(1),
            None => self.tried.push((ended, 1)),
        }
    }

    /// Marks a number as not to be called again.
    pub fn spoil(&mut self, phone: u8) {
        self.unusable |= 1_u8.checked_shl(phone.into()).unwrap_or(0);
    }

    /// The number to call after `phone`, of `numbers`: the next that may be called, from the start again after the last.
    /// `phone` itself only if there is no other; `None`: there is none at all.
    pub fn number_after(&self, phone: u8, numbers: usize) -> Option<u8> {
        let numbers = u8::try_from(numbers).unwrap_or(u8::MAX).min(8);
        let usable = |n: &u8| self.unusable & (1 << n) == 0;
        (phone.saturating_add(1)..numbers).find(usable).or_else(|| (0..=phone).find(|n| *n < numbers && usable(n)))
    }
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Close(End),
    /// Again, as the table says; at `at_ms` (Unix ms) if that was asked for.
    Again {
        how: Again,
        at_ms: Option<i64>,
    },
}

/// What follows when the `attempts`-th attempt (from 1; orders nobody took are not counted) has ended. `past` includes it.
pub fn next(ended: &Outcome, attempts: u8, past: &Past, rules: &Attempts) -> Next {
    if ended.settled {
        return Next::Close(End::Settled);
    }
    match rules.row(ended.disposition) {
        Row::Close(end) => Next::Close(end),
        Row::Again(how) => {
            let unspent = ended.disposition == Disposition::NotPlaced;
            let of_this = how.max.is_some_and(|max| past.times(ended.disposition) >= max);
            match !unspent && (attempts >= rules.max || of_this) {
                true => Next::Close(how.at_last),
                false => Next::Again { how, at_ms: ended.callback_at_ms },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::{Ending, Event, News, Said, disposition};

    fn outcome(disposition: Disposition) -> Outcome {
        Outcome { disposition, talk_s: 0, settled: false, do_not_call: false, abandoned: false, callback_at_ms: None }
    }

    /// What follows the n-th attempt, all of which ended so: the pause in minutes, other part of day, next number.
    fn after(ended: Disposition, n: u8, rules: &Attempts) -> Result<(i64, bool, bool), End> {
        let mut past = Past::default();
        (0..n).for_each(|_| past.enter(ended));
        match next(&outcome(ended), n, &past, rules) {
            Next::Close(end) => Err(end),
            Next::Again { how, .. } => Ok((how.after.as_mins(), how.other_part_of_day, how.next_number)),
        }
    }

    #[test]
    fn the_table_of_what_follows() {
        use Disposition::*;
        let rules = Attempts::default();
        for (ended, first, second, third) in [
            (Informed, Err(End::Reached), Err(End::Reached), Err(End::Reached)),
            (Promise, Err(End::Reached), Err(End::Reached), Err(End::Reached)),
            (SaysSettled, Err(End::Reached), Err(End::Reached), Err(End::Reached)),
            (Transferred, Err(End::Reached), Err(End::Reached), Err(End::Reached)),
            (Callback, Ok((1440, false, false)), Ok((1440, false, false)), Err(End::Exhausted)),
            (NoOfficer, Ok((60, false, false)), Ok((60, false, false)), Err(End::Exhausted)),
            (Abandoned, Ok((30, false, false)), Ok((30, false, false)), Err(End::Exhausted)),
            (Refused, Ok((1440, false, false)), Err(End::Exhausted), Err(End::Exhausted)),
            (DoNotCall, Err(End::Suppressed), Err(End::Suppressed), Err(End::Suppressed)),
            (WrongNumber, Ok((10, false, true)), Ok((10, false, true)), Err(End::WrongNumber)),
            (ThirdParty, Ok((240, true, false)), Ok((240, true, false)), Err(End::Exhausted)),
            (Voicemail, Ok((240, true, false)), Ok((240, true, false)), Err(End::Exhausted)),
            (NoAnswer, Ok((120, true, false)), Ok((120, true, false)), Err(End::Exhausted)),
            (Busy, Ok((30, false, false)), Ok((30, false, false)), Err(End::Exhausted)),
            (InvalidNumber, Ok((10, false, true)), Ok((10, false, true)), Err(End::WrongNumber)),
            (NotPlaced, Ok((1, false, false)), Ok((1, false, false)), Ok((1, false, false))),
            (Failed, Ok((60, false, false)), Ok((60, false, false)), Err(End::Exhausted)),
            (Unknown, Ok((60, false, false)), Ok((60, false, false)), Err(End::Exhausted)),
        ] {
            let found = [1, 2, 3].map(|n| after(ended, n, &rules));
            assert_eq!(found, [first, second, third], "{ended:?}");
        }
    }

    #[test]
    fn a_campaign_changes_single_cells() {
        let rules: Attempts = serde_json::from_str(
            r#"{"max":9,"retry":{"busy":"45m","no_answer":{"max":4,"next_number":true,"other_part_of_day":false}}}"#,
        )
        .unwrap();
        assert_eq!(after(Disposition::Busy, 8, &rules), Ok((45, false, false)));
        assert_eq!(after(Disposition::NoAnswer, 3, &rules), Ok((120, false, true)));
        assert_eq!(after(Disposition::NoAnswer, 4, &rules), Err(End::Exhausted));
        // Others do not count towards it.
        let mut past = Past::default();
        (0..4).for_each(|_| past.enter(Disposition::Busy));
        past.enter(Disposition::NoAnswer);
        assert!(matches!(next(&outcome(Disposition::NoAnswer), 5, &past, &rules), Next::Again { .. }));
    }

    #[test]
    fn a_requested_time_is_carried_and_only_by_a_callback() {
        let of = |said| {
            let news = [
                News::Dialog(said),
                News::Ended { ending: Ending::Completed, talk_s: None, sip: None, answered_by: None },
                News::CallbackAt { at_ms: 7 },
            ];
            disposition(&news.map(|news| Event { at_ms: 0, news }))
        };
        let asked = of(Said::Callback);
        let next = next(&asked, 1, &Past::default(), &Attempts::default());
        assert!(matches!(next, Next::Again { at_ms: Some(7), .. }));
        assert_eq!(of(Said::Promise).callback_at_ms, None);
    }

    #[test]
    fn numbers_are_called_in_turn_and_spoilt_ones_never() {
        let mut past = Past::default();
        assert_eq!(past.number_after(0, 3), Some(1));
        assert_eq!(past.number_after(2, 3), Some(0));
        assert_eq!(past.number_after(0, 1), Some(0));
        past.spoil(1);
        assert_eq!(past.number_after(0, 3), Some(2));
        past.spoil(0);
        assert_eq!((past.number_after(0, 3), past.number_after(2, 3)), (Some(2), Some(2)));
        past.spoil(2);
        assert_eq!(past.number_after(0, 3), None);
        assert_eq!((past.number_after(7, 0), past.number_after(255, 3)), (None, None));
    }
}
