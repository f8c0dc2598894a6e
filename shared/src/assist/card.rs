//! What an agent, or a dialler, is told of a claim.

use super::Kind;
use crate::attempt::Disposition;
use crate::campaign::Campaign;
use crate::contact::{Contact, Language, Matter};
use crate::flow::{self, Sheet};
use crate::tick::{Claim, LEASE_MS};
use jiff::civil::Date;
use serde::Serialize;

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
    pub matter: Matter,
    pub tax_type: String,
    pub tax_period: String,
    /// Whole rupiah.
    pub amount: Option<u64>,
    pub due_date: Date,
    pub office: String,
    /// What to say.
    pub script: Option<Sheet>,
}

impl Card {
    pub(super) fn of(
        call: String,
        kind: Kind,
        claim: &Claim,
        contact: &Contact,
        campaign: &Campaign,
        hour: i8,
    ) -> Self {
        let settings = &campaign.settings;
        let language = contact.language.or(settings.languages.first().copied()).unwrap_or_default();
        Card {
            call,
            campaign: claim.campaign.clone(),
            number: contact.phones.get(usize::from(claim.phone)).cloned().unwrap_or_default(),
            caller_id: Some(claim.caller_id.clone()).filter(|id| !id.is_empty()),
            lease_s: LEASE_MS / 1000,
            ring_max_s: settings.call.ring.as_secs(),
            talk_max_s: settings.call.talk.as_secs(),
            attempt: claim.attempt,
            language,
            reserve_agent: kind == Kind::Dialler && claim.past.times(Disposition::Abandoned) > 0,
            screen: (kind == Kind::Agent).then(|| Screen {
                name: contact.name.clone(),
                taxpayer_id: masked(&contact.taxpayer_id),
                matter: contact.matter,
                tax_type: contact.tax_type.clone(),
                tax_period: contact.tax_period.clone(),
                amount: contact.amount,
                due_date: contact.due_date,
                office: contact.office.clone(),
                script: flow::sheet(&settings.script, contact, language, hour),
            }),
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
