//! What is reported of a call, as events: so it is folded, counted and retried like any call.

use super::cause;
use crate::attempt::{AnsweredBy, Disposition, Ending, News, Refusal, Said};
use crate::list;
use crate::problem::Problem;
use crate::store::{Store, decode, encode, keys};
use crate::vault::{DataKey, Vault};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const VERSION: u8 = 1;
/// Characters of a note at most.
const NOTE_CHARS_MAX: usize = 2_000;
/// How far ahead a call can be asked for.
const CALLBACK_DAYS_MAX: i64 = 60;

/// A report. An agent's disposition outranks the codes; a dialler may send codes alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outcome {
    pub disposition: Option<Disposition>,
    /// Final SIP status of the call.
    pub sip: Option<u16>,
    /// Q.850 cause, where there is no SIP status.
    pub q850: Option<u16>,
    /// Seconds it rang (180 or 183 was seen); nothing or 0: it did not.
    pub rang_s: Option<u32>,
    /// Seconds of talk.
    pub talk_s: Option<u32>,
    /// A machine answered.
    pub machine: bool,
    /// A person answered, and no agent was there to speak within two seconds of the greeting's end.
    pub abandoned: bool,
    /// Free text. Personal data: kept sealed.
    pub notes: Option<String>,
    /// When the person asked to be called again.
    pub callback_at: Option<jiff::Timestamp>,
}

/// What an agent noted of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub agent: String,
    pub text: String,
    pub at_ms: i64,
}

impl Note {
    /// Seals it with its list's key, for its place.
    pub fn seal(&self, key: &DataKey, nonce: &[u8; 24], place: &str) -> Vec<u8> {
        key.seal(nonce, place, &encode(VERSION, self))
    }
}

/// Reads what was noted of calls of a shard, each named with its list. `None`: nothing, or its list's key is gone.
pub async fn notes<S: Store>(
    store: &S,
    vault: &Vault,
    shard: u16,
    calls: &[(&str, (u64, u16))],
) -> Result<Vec<Option<Note>>, Problem> {
    let failed = |e| Problem::store(&e);
    let places: Vec<String> = calls.iter().map(|(_, call)| keys::note(shard, call.0, call.1)).collect();
    let sealed = store.get_all(&places).await.map_err(failed)?;
    let mut data_keys = HashMap::new();
    let mut notes = Vec::new();
    for (((list, _), place), sealed) in calls.iter().zip(&places).zip(sealed) {
        let Some(sealed) = sealed else {
            notes.push(None);
            continue;
        };
        if !data_keys.contains_key(list) {
            data_keys.insert(*list, list::data_key(store, vault, list).await.map_err(failed)?);
        }
        let key = data_keys.get(list).and_then(Option::as_ref);
        notes.push(key.and_then(|key| key.open(place, &sealed).ok()).and_then(|bytes| decode(VERSION, &bytes)));
    }
    Ok(notes)
}

impl Outcome {
    /// The events it stands for. At least one ends the call.
    pub fn news(&self, now_ms: i64) -> Result<Vec<News>, Problem> {
        if self.notes.as_ref().is_some_and(|text| text.chars().count() > NOTE_CHARS_MAX) {
            return Err(invalid("/notes", format!("a note has at most {NOTE_CHARS_MAX} characters")));
        }
        let mut news = match self.disposition {
            Some(disposition) if self.abandoned && !disposition.answered() => {
                return Err(invalid("/abandoned", "only a call that was answered can be abandoned"));
            }
            Some(disposition) => self.said(disposition)?,
            None if self.abandoned => {
                let ended =
                    News::Ended { ending: Ending::Completed, talk_s: self.talk_s, sip: None, answered_by: None };
                let machine = self.machine.then_some(News::Machine(AnsweredBy::Machine));
                [ended].into_iter().chain(machine).collect()
            }
            None => {
                let rang = self.rang_s.is_some_and(|s| s > 0);
                let ended = cause::news(self.sip, self.q850, rang, self.talk_s).ok_or_else(|| {
                    invalid("/disposition", "neither a disposition nor a SIP status or Q.850 cause that tells the end")
                })?;
                let machine = self.machine.then_some(News::Machine(AnsweredBy::Machine));
                [ended].into_iter().chain(machine).collect()
            }
        };
        if self.abandoned {
            news.push(News::Abandoned);
        }
        if let Some(at) = self.callback_at {
            let at_ms = at.as_millisecond();
            if at_ms > now_ms.saturating_add(CALLBACK_DAYS_MAX * 24 * 3_600_000) {
                return Err(invalid("/callback_at", format!("at most {CALLBACK_DAYS_MAX} days ahead")));
            }
            news.push(News::CallbackAt { at_ms });
        }
        Ok(news)
    }

    fn said(&self, disposition: Disposition) -> Result<Vec<News>, Problem> {
        use Disposition::*;
        let ended = |ending, sip| News::Ended { ending, talk_s: self.talk_s, sip, answered_by: None };
        let talked = |said| vec![ended(Ending::Completed, self.sip), News::Dialog(said)];
        let invalid_number = |sip: &u16| matches!(sip, 404 | 410 | 484 | 604);
        Ok(match disposition {
            Informed => talked(Said::Informed),
            Promise => talked(Said::Promise),
            SaysSettled => talked(Said::SaysSettled),
            Callback => talked(Said::Callback),
            NoOfficer => talked(Said::NoOfficer),
            Abandoned => vec![ended(Ending::Completed, self.sip), News::Abandoned],
            DoNotCall => talked(Said::DoNotCall),
            WrongNumber => talked(Said::WrongNumber),
            ThirdParty => talked(Said::ThirdParty),
            Refused => talked(Said::NoInput),
            Transferred => {
                let mut news = talked(Said::TransferAsked);
                news.push(News::Transfer { bridged: true });
                news
            }
            Voicemail => vec![ended(Ending::Completed, self.sip), News::Machine(AnsweredBy::Machine)],
            NoAnswer => vec![ended(Ending::NoAnswer, self.sip)],
            Busy => vec![ended(Ending::Busy, self.sip)],
            InvalidNumber => vec![ended(Ending::Failed, self.sip.filter(invalid_number).or(Some(404)))],
            Failed => vec![ended(Ending::Failed, self.sip.filter(|sip| !invalid_number(sip)))],
            NotPlaced => vec![News::Refused(Refusal::Busy)],
            Unknown => return Err(invalid("/disposition", "unknown is what a call becomes that nobody reports on")),
        })
    }
}

fn invalid(at: &str, detail: impl Into<String>) -> Problem {
    Problem::new(
        422,
        "outcome_invalid",
        "The outcome cannot be taken as it is",
        detail,
        "Correct the member that `at` names and send the report again.",
    )
    .at(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::{Event, disposition};

    #[test]
    fn each_disposition_is_folded_as_it_was_reported() {
        for reported in Disposition::ALL {
            for sip in [None, Some(200), Some(404), Some(503)] {
                let outcome = Outcome { disposition: Some(reported), talk_s: Some(9), sip, ..Outcome::default() };
                let Ok(news) = outcome.news(0) else {
                    assert_eq!(reported, Disposition::Unknown);
                    continue;
                };
                let events: Vec<Event> = news.into_iter().map(|news| Event { at_ms: 0, news }).collect();
                assert!(events.iter().any(|e| matches!(e.news, News::Ended { .. } | News::Refused(_))));
                assert_eq!(disposition(&events).disposition, reported, "{sip:?}");
            }
        }
    }

    #[test]
    fn what_says_nothing_or_too_much_is_refused() {
        let at = |outcome: Outcome| outcome.news(0).map_err(|p| p.at.unwrap_or_default()).err();
        assert_eq!(at(Outcome::default()).as_deref(), Some("/disposition"));
        let busy = Outcome { disposition: Some(Disposition::Busy), ..Outcome::default() };
        assert_eq!(at(Outcome { notes: Some("x".repeat(2_001)), ..busy.clone() }).as_deref(), Some("/notes"));
        let day = |day: i64| jiff::Timestamp::from_second(day * 86_400).ok();
        assert_eq!(at(Outcome { callback_at: day(61), ..busy.clone() }).as_deref(), Some("/callback_at"));
        assert_eq!(at(Outcome { callback_at: day(60), ..busy }), None);
    }

    #[test]
    fn notes_open_only_with_their_list() {
        let vault = Vault::for_tests();
        let (key, _) = vault.new_data_key(&[1; 32], &[2; 24], "k");
        let (other, _) = vault.new_data_key(&[3; 32], &[2; 24], "k");
        let note = Note { agent: "a17".into(), text: "rings at his neighbour's".into(), at_ms: 5 };
        let sealed = note.seal(&key, &[4; 24], "t/0/1/0");
        assert!(!sealed.windows(5).any(|w| w == b"rings"));
        let open = |key: &DataKey, place| key.open(place, &sealed).ok().and_then(|b| decode::<Note>(VERSION, &b));
        assert_eq!(open(&key, "t/0/1/0"), Some(note));
        assert_eq!((open(&key, "t/0/1/1"), open(&other, "t/0/1/0")), (None, None));
    }
}
