//! What a call came to: a pure function of the set of its events, whatever their order and however often each was told.

use super::event::{AnsweredBy, Ending, Event, News, Refusal, Said};
use serde::{Deserialize, Serialize};

/// The outcome of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// The right party heard the message.
    Informed,
    /// The right party will file or pay before the due date.
    Promise,
    /// The right party says it is done, or it was found settled when the call was answered.
    SaysSettled,
    /// An officer took over.
    Transferred,
    /// Asked to be called another time.
    Callback,
    /// The right party asked for an officer when none was free.
    NoOfficer,
    /// Picked up and hung up, or pressed no key.
    Refused,
    /// Asked not to be called again.
    DoNotCall,
    /// The number is not the taxpayer's.
    WrongNumber,
    /// Somebody else answered who knows the taxpayer.
    ThirdParty,
    /// A person answered, and no agent was there to speak.
    Abandoned,
    /// An answering machine or a fax.
    Voicemail,
    NoAnswer,
    Busy,
    /// The number does not exist or cannot be called.
    InvalidNumber,
    /// The provider did not take the order: nothing rang, and no attempt is spent.
    NotPlaced,
    /// The network failed.
    Failed,
    /// Nothing was heard of the call until its time was over.
    Unknown,
}

impl Disposition {
    /// All of them, in the order of reports.
    pub const ALL: [Disposition; 18] = [
        Disposition::Informed,
        Disposition::Promise,
        Disposition::SaysSettled,
        Disposition::Transferred,
        Disposition::Callback,
        Disposition::NoOfficer,
        Disposition::Refused,
        Disposition::DoNotCall,
        Disposition::WrongNumber,
        Disposition::ThirdParty,
        Disposition::Abandoned,
        Disposition::Voicemail,
        Disposition::NoAnswer,
        Disposition::Busy,
        Disposition::InvalidNumber,
        Disposition::NotPlaced,
        Disposition::Failed,
        Disposition::Unknown,
    ];

    /// The word in JSON and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Disposition::Informed => "informed",
            Disposition::Promise => "promise",
            Disposition::SaysSettled => "says_settled",
            Disposition::Transferred => "transferred",
            Disposition::Callback => "callback",
            Disposition::NoOfficer => "no_officer",
            Disposition::Refused => "refused",
            Disposition::DoNotCall => "do_not_call",
            Disposition::WrongNumber => "wrong_number",
            Disposition::ThirdParty => "third_party",
            Disposition::Abandoned => "abandoned",
            Disposition::Voicemail => "voicemail",
            Disposition::NoAnswer => "no_answer",
            Disposition::Busy => "busy",
            Disposition::InvalidNumber => "invalid_number",
            Disposition::NotPlaced => "not_placed",
            Disposition::Failed => "failed",
            Disposition::Unknown => "unknown",
        }
    }

    /// Whether somebody or something picked up.
    pub fn answered(self) -> bool {
        use Disposition::*;
        match self {
            Informed | Promise | SaysSettled | Transferred | Callback | NoOfficer | Refused | DoNotCall
            | WrongNumber | ThirdParty | Abandoned | Voicemail => true,
            NoAnswer | Busy | InvalidNumber | NotPlaced | Failed | Unknown => false,
        }
    }

    /// Whether a person picked up.
    pub fn live(self) -> bool {
        self.answered() && self != Disposition::Voicemail
    }

    /// Whether the taxpayer in person (or the company's representative) was spoken to.
    pub fn right_party(self) -> bool {
        use Disposition::*;
        matches!(self, Informed | Promise | SaysSettled | Transferred | NoOfficer | DoNotCall)
    }
}

/// How a contact ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Reached,
    Settled,
    /// No attempts left.
    Exhausted,
    /// On the do-not-call list.
    Suppressed,
    /// None of the contact's numbers is the taxpayer's.
    WrongNumber,
    /// The due date or the campaign is over.
    Expired,
    /// The list was withdrawn.
    Withdrawn,
    /// In the group that is not called, for comparison.
    HeldOut,
}

impl End {
    /// All of them, in the order of reports.
    pub const ALL: [End; 8] = [
        End::Reached,
        End::Settled,
        End::Exhausted,
        End::Suppressed,
        End::WrongNumber,
        End::Expired,
        End::Withdrawn,
        End::HeldOut,
    ];

    /// The word in JSON and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            End::Reached => "reached",
            End::Settled => "settled",
            End::Exhausted => "exhausted",
            End::Suppressed => "suppressed",
            End::WrongNumber => "wrong_number",
            End::Expired => "expired",
            End::Withdrawn => "withdrawn",
            End::HeldOut => "held_out",
        }
    }
}

/// A call's events, folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub disposition: Disposition,
    /// Seconds of talk, where told.
    pub talk_s: u32,
    /// The matter was found settled when the call was answered.
    pub settled: bool,
    /// Asked not to be called again, whatever else was said.
    pub do_not_call: bool,
    /// A person answered, and no agent was there in time, whatever was said later.
    pub abandoned: bool,
    /// Asked to be called at that moment (Unix ms).
    pub callback_at_ms: Option<i64>,
}

/// Folds a call's events. A set: order and repetition change nothing. No ending among them: `Unknown`, or what was
/// said where that alone tells it.
pub fn disposition(events: &[Event]) -> Outcome {
    let mut said = None;
    let mut bridged = None;
    let mut ending = None;
    let mut machine = None;
    let mut refusal = None;
    let mut talk_s = 0;
    let mut callback_at_ms = None;
    let mut failed_for_good = false;
    let mut abandoned = false;
    for event in events {
        match &event.news {
            News::Placed { .. } => {}
            News::Refused(r) => refusal = refusal.max(Some(rank(*r))),
            News::Dialog(s) => said = Some(*s),
            News::Transfer { bridged: b } => bridged = Some(bridged.unwrap_or(false) || *b),
            News::CallbackAt { at_ms } => callback_at_ms = Some(*at_ms),
            News::Abandoned => abandoned = true,
            News::Machine(by) => machine = machine.or(Some(*by).filter(is_machine)),
            News::Ended { ending: e, talk_s: t, sip, answered_by } => {
                // Should a carrier tell two endings of one call, the one with audio is the truth.
                ending = ending.max(Some(strength(*e)));
                talk_s = talk_s.max(t.unwrap_or(0));
                failed_for_good |= *e == Ending::Failed && matches!(sip, Some(404 | 410 | 484 | 604));
                machine = machine.or(answered_by.filter(is_machine));
            }
        }
    }
    use Disposition::*;
    let disposition = match (said, ending, refusal) {
        (Some(Said::Informed), ..) => Informed,
        (Some(Said::Promise), ..) => Promise,
        (Some(Said::SaysSettled | Said::Settled), ..) => SaysSettled,
        (Some(Said::TransferAsked), ..) if bridged == Some(true) => Transferred,
        (Some(Said::TransferAsked | Said::NoOfficer), ..) => NoOfficer,
        (Some(Said::Callback), ..) => Callback,
        (Some(Said::DoNotCall), ..) => DoNotCall,
        (Some(Said::WrongNumber), ..) => WrongNumber,
        (Some(Said::ThirdParty), ..) => ThirdParty,
        (None | Some(Said::NoInput), Some(COMPLETED), _) if machine.is_some() => Voicemail,
        (None, ..) if abandoned => Abandoned,
        (None | Some(Said::NoInput), Some(COMPLETED), _) => Refused,
        (Some(Said::NoInput), ..) => Refused,
        (None, Some(BUSY), _) => Busy,
        (None, Some(NO_ANSWER), _) => NoAnswer,
        // Some providers make a leg of the call, refuse it, and tell of its end, too: it never rang.
        (None, Some(FAILED | CANCELED), Some(INVALID)) => InvalidNumber,
        (None, Some(FAILED | CANCELED), Some(refusal)) if refusal > HELD => NotPlaced,
        (None, Some(_), _) if failed_for_good => InvalidNumber,
        (None, Some(_), _) => Failed,
        (None, None, Some(INVALID)) => InvalidNumber,
        (None, None, Some(_)) => NotPlaced,
        (None, None, None) => Unknown,
    };
    Outcome {
        disposition,
        talk_s,
        settled: said == Some(Said::Settled),
        do_not_call: said == Some(Said::DoNotCall),
        abandoned: abandoned && disposition.live(),
        callback_at_ms: callback_at_ms.filter(|_| disposition == Callback),
    }
}

fn is_machine(by: &AnsweredBy) -> bool {
    matches!(by, AnsweredBy::Machine | AnsweredBy::Fax)
}

const COMPLETED: u8 = 5;
const BUSY: u8 = 4;
const NO_ANSWER: u8 = 3;
const FAILED: u8 = 2;
const CANCELED: u8 = 1;

fn strength(ending: Ending) -> u8 {
    match ending {
        Ending::Completed => COMPLETED,
        Ending::Busy => BUSY,
        Ending::NoAnswer => NO_ANSWER,
        Ending::Failed => FAILED,
        Ending::Canceled => CANCELED,
    }
}

const INVALID: u8 = 4;
const HELD: u8 = 0;

fn rank(refusal: Refusal) -> u8 {
    match refusal {
        Refusal::InvalidNumber => INVALID,
        Refusal::Blocked => 3,
        Refusal::Configuration | Refusal::CallerId => 2,
        Refusal::Busy | Refusal::Unreachable => 1,
        Refusal::Held => HELD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(ending: Ending) -> News {
        News::Ended { ending, talk_s: Some(7), sip: None, answered_by: None }
    }

    fn of(news: &[News]) -> Disposition {
        let events: Vec<Event> = news.iter().cloned().map(|news| Event { at_ms: 0, news }).collect();
        disposition(&events).disposition
    }

    #[test]
    fn the_table_of_dispositions() {
        use Disposition::*;
        let completed = ended(Ending::Completed);
        let failed = |sip| News::Ended { ending: Ending::Failed, talk_s: None, sip: Some(sip), answered_by: None };
        let table = [
            (vec![completed.clone(), News::Dialog(Said::Informed)], Informed),
            (vec![completed.clone(), News::Dialog(Said::Promise)], Promise),
            (vec![completed.clone(), News::Dialog(Said::SaysSettled)], SaysSettled),
            (vec![completed.clone(), News::Dialog(Said::TransferAsked), News::Transfer { bridged: true }], Transferred),
            (vec![completed.clone(), News::Dialog(Said::TransferAsked), News::Transfer { bridged: false }], NoOfficer),
            (vec![completed.clone(), News::Dialog(Said::TransferAsked)], NoOfficer),
            (vec![completed.clone(), News::Dialog(Said::NoOfficer)], NoOfficer),
            (vec![completed.clone(), News::Abandoned], Abandoned),
            (vec![News::Abandoned], Abandoned),
            // The agent came, though late.
            (vec![completed.clone(), News::Abandoned, News::Dialog(Said::Promise)], Promise),
            (vec![completed.clone(), News::Abandoned, News::Machine(AnsweredBy::Machine)], Voicemail),
            (vec![completed.clone(), News::Dialog(Said::Callback)], Callback),
            (vec![completed.clone(), News::Dialog(Said::DoNotCall)], DoNotCall),
            (vec![completed.clone(), News::Dialog(Said::WrongNumber)], WrongNumber),
            (vec![completed.clone(), News::Dialog(Said::ThirdParty)], ThirdParty),
            (vec![completed.clone(), News::Dialog(Said::NoInput)], Refused),
            (vec![completed.clone(), News::Machine(AnsweredBy::Machine)], Voicemail),
            // A key proves a person, whatever the detection thought.
            (vec![completed.clone(), News::Machine(AnsweredBy::Machine), News::Dialog(Said::Promise)], Promise),
            (vec![completed.clone(), News::Machine(AnsweredBy::Unknown)], Refused),
            (vec![completed], Refused),
            (vec![ended(Ending::Busy)], Busy),
            (vec![ended(Ending::NoAnswer)], NoAnswer),
            (vec![ended(Ending::Canceled)], Failed),
            (vec![failed(404)], InvalidNumber),
            (vec![failed(503)], Failed),
            (vec![News::Refused(Refusal::InvalidNumber)], InvalidNumber),
            (vec![News::Refused(Refusal::Busy)], NotPlaced),
            (vec![News::Refused(Refusal::Configuration), failed(404)], NotPlaced),
            (vec![News::Refused(Refusal::InvalidNumber), failed(503)], InvalidNumber),
            // It was surely not sent, and rang all the same: whoever tells so knows better.
            (vec![News::Refused(Refusal::Held), failed(503)], Failed),
            (vec![News::Refused(Refusal::Configuration), ended(Ending::NoAnswer)], NoAnswer),
            (vec![News::Placed { provider_call: "CA1".into() }], Unknown),
            (vec![], Unknown),
        ];
        for (news, expected) in table {
            assert_eq!(of(&news), expected, "{news:?}");
        }
    }

    #[test]
    fn any_order_and_repetition_of_events_gives_the_same_disposition() {
        let all = [
            News::Placed { provider_call: "CA1".into() },
            ended(Ending::Completed),
            ended(Ending::NoAnswer),
            News::Machine(AnsweredBy::Machine),
            News::Dialog(Said::TransferAsked),
            News::Transfer { bridged: true },
        ];
        let expected = of(&all);
        // Heap's algorithm over 6 events; each order also with its first event told again at the end.
        let mut order = [0, 1, 2, 3, 4, 5];
        let mut counters = [0usize; 6];
        let mut seen = 1;
        let mut i = 0;
        while i < 6 {
            if counters[i] < i {
                if i % 2 == 0 {
                    order.swap(0, i)
                } else {
                    order.swap(counters[i], i)
                }
                let mut news: Vec<News> = order.iter().map(|&k| all[k].clone()).collect();
                assert_eq!(of(&news), expected);
                news.push(news[0].clone());
                assert_eq!(of(&news), expected);
                seen += 1;
                counters[i] += 1;
                i = 0;
            } else {
                counters[i] = 0;
                i += 1;
            }
        }
        assert_eq!(seen, 720);
    }
}
