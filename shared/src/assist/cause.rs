//! How a dialler's call ended, by its codes: the final SIP status (RFC 3261 and later ones), else the Q.850 cause.
//!
//! The same SIP status becomes different causes on Asterisk and FreeSWITCH, so the status is preferred. What never rang
//! because of our side or the network costs the contact no attempt.

use crate::attempt::{Ending, News, Refusal};

/// What the codes come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Answered,
    Busy,
    NoAnswer,
    /// Switched off or without coverage, or the network failed on the way.
    Unreachable,
    /// The number does not exist, or not any more.
    Invalid,
    /// No line free, network overloaded: nothing rang.
    Congestion,
    /// Our trunk, credentials, codec or numbering is wrong: nothing rang.
    Configuration,
    /// The call was blocked on its way to this callee.
    Blocked,
    Cancelled,
}

/// The news that the codes tell. `None`: they tell nothing.
pub fn news(sip: Option<u16>, q850: Option<u16>, rang: bool, talk_s: Option<u32>) -> Option<News> {
    let class = match (sip, q850) {
        _ if talk_s.is_some_and(|s| s > 0) => Class::Answered,
        (Some(sip), _) => by_sip(sip, rang)?,
        (None, Some(cause)) => by_cause(cause, rang)?,
        (None, None) => return None,
    };
    let ended = |ending, sip| News::Ended { ending, talk_s, sip, answered_by: None };
    Some(match class {
        Class::Answered => ended(Ending::Completed, sip),
        Class::Busy => ended(Ending::Busy, sip),
        Class::NoAnswer => ended(Ending::NoAnswer, sip),
        Class::Unreachable => ended(Ending::Failed, sip),
        Class::Invalid => ended(Ending::Failed, Some(404)),
        Class::Cancelled => ended(Ending::Canceled, sip),
        Class::Congestion => News::Refused(Refusal::Busy),
        Class::Configuration => News::Refused(Refusal::Configuration),
        Class::Blocked => News::Refused(Refusal::Blocked),
    })
}

fn by_sip(status: u16, rang: bool) -> Option<Class> {
    use Class::*;
    Some(match status {
        200..=299 => Answered,
        404 | 410 | 484 | 485 | 604 => Invalid,
        // 603 is a finger on the red button: like a busy line, worth another try.
        486 | 600 | 603 => Busy,
        408 | 480 | 487 if rang => NoAnswer,
        480 => Unreachable,
        487 => Cancelled,
        408 | 500 | 502..=504 => Congestion,
        607 | 608 => Blocked,
        301..=305 => Invalid,
        400..=699 => Configuration,
        _ => return None,
    })
}

fn by_cause(cause: u16, rang: bool) -> Option<Class> {
    use Class::*;
    Some(match cause {
        1 | 22 | 23 | 28 => Invalid,
        17 | 21 => Busy,
        19 | 26 => NoAnswer,
        16 | 31 | 102 if rang => NoAnswer,
        18 | 20 | 27 => Unreachable,
        34 | 38 | 41..=44 | 47 | 102 => Congestion,
        54 | 55 => Blocked,
        2 | 3 | 5 | 25 | 29 | 30 | 50 | 52 | 57 | 58 | 63 | 65 | 66 | 69 | 79 | 88 => Configuration,
        // Clearing without ringing or talk, and what the gateway made up: something failed.
        16 | 31 | 81 | 95..=101 | 103 | 111 | 127 => Unreachable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::{Disposition, Event, disposition};

    fn of(sip: Option<u16>, q850: Option<u16>, rang: bool, talk_s: Option<u32>) -> Option<Disposition> {
        let news = news(sip, q850, rang, talk_s)?;
        Some(disposition(&[Event { at_ms: 0, news }]).disposition)
    }

    #[test]
    fn codes_and_what_they_come_to() {
        use Disposition::*;
        let sip = [
            (486, false, Busy),
            (603, true, Busy),
            (480, true, NoAnswer),
            (480, false, Failed),
            (487, true, NoAnswer),
            (408, false, NotPlaced),
            (404, false, InvalidNumber),
            (410, false, InvalidNumber),
            (503, false, NotPlaced),
            (403, false, NotPlaced),
            (608, false, NotPlaced),
            (200, true, Refused),
        ];
        for (status, rang, expected) in sip {
            assert_eq!(of(Some(status), Some(127), rang, None), Some(expected), "{status}");
        }
        let q850 =
            [(17, Busy), (19, NoAnswer), (20, Failed), (1, InvalidNumber), (34, NotPlaced), (21, Busy), (127, Failed)];
        for (cause, expected) in q850 {
            assert_eq!(of(None, Some(cause), false, None), Some(expected), "{cause}");
        }
        assert_eq!(of(None, Some(16), true, None), Some(NoAnswer));
        assert_eq!(of(None, Some(16), true, Some(30)), Some(Refused), "somebody talked");
        assert_eq!(of(None, None, true, None), None);
        assert_eq!(of(Some(100), None, true, None), None);
    }
}
