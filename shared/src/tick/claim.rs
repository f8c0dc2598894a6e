//! A claim: one call that may be placed at most once. Written before the commit, read by the voice flow and the fold.

use super::Work;
use super::lookup::Known;
use super::state::{Call, ContactRef, Rank, Retry};
use crate::attempt::Past;
use crate::campaign::Campaign;
use crate::contact::Contact;
use crate::person;
use crate::provider::Provider;
use crate::store::{Store, decode, encode, keys};
use crate::vault::DataKey;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;
/// Added to the ringing time: how much later than dialled a call may still be answered.
const ANSWER_SLACK_MS: i64 = 60_000;

/// What a call is about. The contact is sealed with its list's key, bound to the claim's place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    pub campaign: String,
    /// The campaign's version it was made under.
    pub version: u64,
    /// The day at the called person. With the version it says in which script's words each duty is told, throughout the call.
    pub day: Date,
    pub contact: ContactRef,
    /// Number of this attempt, from 1.
    pub attempt: u8,
    /// Which of the contact's numbers.
    pub phone: u8,
    pub rank: Rank,
    /// What was tried before.
    pub past: Past,
    /// Who places it; `None`: an agent does, or a dialler of the house.
    pub provider: Option<Provider>,
    /// Providers that did not take the order of this attempt.
    pub refused_by: Vec<Provider>,
    pub caller_id: String,
    /// When it is dialled; an agent starts it later.
    pub dial_at_ms: i64,
    /// Answered later than this it is ended politely.
    pub answer_by_ms: i64,
    /// Where a settlement of each of the contact's duties would stand.
    pub settlement_keys: Vec<Vec<String>>,
    /// Where the call is entered for its person once it has rung.
    pub dial_keys: Vec<String>,
    pub sealed: Vec<u8>,
}

impl Claim {
    /// The claim's bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode(VERSION, self)
    }

    /// Reads a claim; `None` if the bytes are of no version known here.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        decode(VERSION, bytes)
    }

    /// The contact as it was when claimed; `None` if its list's key does not open it.
    pub fn contact(&self, place: &str, key: &DataKey) -> Option<Contact> {
        decode(VERSION, &key.open(place, &self.sealed).ok()?)
    }
}

/// What a claim is made of.
pub struct New<'a> {
    pub campaign: &'a Campaign,
    pub retry: &'a Retry,
    pub contact: &'a Contact,
    pub known: &'a Known,
    pub provider: Option<Provider>,
    pub caller_id: String,
    pub dial_at_ms: i64,
    /// When the call is over at the latest.
    pub until_ms: i64,
}

/// Makes the tick's next claim. Whoever has it made writes it.
pub fn make<S: Store>(work: &mut Work<'_, S>, key: &DataKey, new: New<'_>) -> (Call, Claim) {
    let New { campaign, retry, contact, known, provider, caller_id, dial_at_ms, until_ms } = new;
    let call = (work.ballot, work.claims);
    let nonce = work.nonce();
    // Nobody is called where no day can be told.
    let day = work.calendar(campaign).date(contact.time_zone.as_deref(), dial_at_ms);
    let ring_ms = i64::try_from(campaign.settings.call.ring.as_millis()).unwrap_or(0);
    let claim = Claim {
        campaign: campaign.id.clone(),
        version: campaign.version,
        day: day.unwrap_or(contact.duty.due_date),
        contact: retry.contact.clone(),
        attempt: retry.attempts.saturating_add(1),
        phone: retry.phone,
        rank: retry.rank,
        past: retry.past.clone(),
        provider,
        refused_by: retry.refused_by.clone(),
        caller_id,
        dial_at_ms,
        answer_by_ms: dial_at_ms.saturating_add(ring_ms).saturating_add(ANSWER_SLACK_MS),
        settlement_keys: known.settlement_keys.clone(),
        dial_keys: known.history.next_keys(&known.person, work.shard, dial_at_ms),
        sealed: seal(contact, key, &nonce, &place(work.shard, call)),
    };
    work.claims += 1;
    if work.pacing.shards > 1 {
        let entry = |key: &String| (key.clone(), person::claimed(dial_at_ms, until_ms));
        work.writes.extend(claim.dial_keys.iter().map(entry));
    }
    (call, claim)
}

/// Seals a contact for a claim kept at `place`.
fn seal(contact: &Contact, key: &DataKey, nonce: &[u8; 24], place: &str) -> Vec<u8> {
    key.seal(nonce, place, &encode(VERSION, contact))
}

/// Where a call's claim is.
pub fn place(shard: u16, call: Call) -> String {
    keys::claim(shard, call.0, call.1)
}
