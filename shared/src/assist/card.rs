//! What an agent, or a dialler, is told of a claim.

use super::Kind;
use crate::attempt::Disposition;
use crate::contact::{Duty, Language, Matter};
use crate::flow::{Line, Sheet, Topic};
use crate::tick::LEASE_MS;
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeMap;

/// A claim as it is handed out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Card {
    /// Names the call in the requests that follow; only the agent it was handed to can use it.
    pub call: String,
    pub campaign: String,
    /// E.164.
    pub number: String,
    /// What the called person is shown, where the campaign names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_id: Option<String>,
    /// Start or send a heartbeat within so many seconds, or the claim goes back.
    pub lease_s: i64,
    pub ring_max_s: i64,
    pub talk_max_s: i64,
    /// Number of this attempt, from 1: so many less one were made before.
    pub attempt: u8,
    pub language: Language,
    /// For a dialler: an agent is to be set aside before it is dialled. The person picked up before, and nobody was there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reserve_agent: bool,
    /// For a human agent only: tax secrecy ends at a machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screen: Option<Screen>,
}

/// What an agent sees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Screen {
    pub name: String,
    /// The last four digits: enough to confirm the right person.
    pub taxpayer_id: String,
    /// What falls due first of what is not settled.
    #[serde(flatten)]
    pub about: About,
    /// Further matters of the same person, all to be named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<About>,
    /// What to say.
    pub script: Sheet,
}

/// A matter on the screen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct About {
    /// Row in the list's file.
    pub row: u32,
    pub matter: Matter,
    pub tax_type: String,
    pub tax_period: String,
    /// Whole rupiah.
    pub amount: Option<u64>,
    pub due_date: Date,
    pub office: String,
    /// The list owner's remark.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Columns of the list that the campaign keeps, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}

impl From<&Duty> for About {
    fn from(duty: &Duty) -> Self {
        About {
            row: duty.row,
            matter: duty.matter,
            tax_type: duty.tax_type.clone(),
            tax_period: duty.tax_period.clone(),
            amount: duty.amount,
            due_date: duty.due_date,
            office: duty.office.clone(),
            note: duty.note.clone(),
            extra: duty.extra.clone(),
        }
    }
}

impl Card {
    pub(super) fn of(call: String, kind: Kind, line: &Line, topics: &[Topic<'_>], now_ms: i64) -> Self {
        let Line { claim, contact, .. } = line;
        let limits = line.limits();
        let screen = || Screen {
            name: contact.name.clone(),
            taxpayer_id: masked(&contact.taxpayer_id),
            about: topics.first().map_or(&contact.duty, |topic| topic.duty).into(),
            others: topics.iter().skip(1).map(|topic| topic.duty.into()).collect(),
            script: line.sheet(topics, now_ms),
        };
        Card {
            call,
            campaign: claim.campaign.clone(),
            number: contact.phones.get(usize::from(claim.phone)).cloned().unwrap_or_default(),
            caller_id: Some(claim.caller_id.clone()).filter(|id| !id.is_empty()),
            lease_s: LEASE_MS / 1000,
            ring_max_s: limits.ring.as_secs(),
            talk_max_s: limits.talk.as_secs(),
            attempt: claim.attempt,
            language: line.language(),
            reserve_agent: kind == Kind::Dialler && claim.past.times(Disposition::Abandoned) > 0,
            screen: (kind == Kind::Agent).then(screen),
        }
    }
}

fn masked(taxpayer_id: &str) -> String {
    let shown = taxpayer_id.chars().count().saturating_sub(4);
    taxpayer_id.chars().enumerate().map(|(i, c)| if i < shown { '*' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_are_shown() {
        assert_eq!(masked("0123456789012345"), "************2345");
        assert_eq!(masked("12"), "12");
        assert_eq!(masked(""), "");
    }
}
