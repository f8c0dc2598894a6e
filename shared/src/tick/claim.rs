//! A claim: one call that may be placed at most once. Written before the commit, read by the voice flow and the fold.

use super::Work;
use super::state::{Call, ContactRef, Retry};
use crate::campaign::Campaign;
use crate::contact::Contact;
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
    pub contact: ContactRef,
    /// Number of this attempt, from 1.
    pub attempt: u8,
    /// Which of the contact's numbers.
    pub phone: u8,
    /// The local day and the number of this attempt on it.
    pub day: (Date, u8),
    pub provider: Provider,
    pub caller_id: String,
    pub dial_at_ms: i64,
    /// Answered later than this it is ended politely.
    pub answer_by_ms: i64,
    /// Where a settlement of the matter would stand.
    pub settlement_keys: Vec<String>,
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
    pub settlement_keys: Vec<String>,
    pub provider: Provider,
    pub caller_id: String,
    pub dial_at_ms: i64,
}

/// Adds a claim to what the tick writes.
pub fn write<S: Store>(work: &mut Work<'_, S>, key: &DataKey, new: New<'_>) -> Call {
    let New { campaign, retry, contact, settlement_keys, provider, caller_id, dial_at_ms } = new;
    let settings = &campaign.settings;
    let zone = contact.time_zone.as_deref();
    let day = work.calendar(campaign).date(zone, work.now_ms).unwrap_or(contact.due_date);
    let today = match retry.day {
        Some((last, n)) if last == day => n.saturating_add(1),
        _ => 1,
    };
    let call = (work.ballot, work.claims);
    let place = place(work.shard, call);
    let nonce = work.nonce();
    let claim = Claim {
        campaign: campaign.id.clone(),
        version: campaign.version,
        contact: retry.contact.clone(),
        attempt: retry.attempts.saturating_add(1),
        phone: retry.phone,
        day: (day, today),
        provider,
        caller_id,
        dial_at_ms,
        answer_by_ms: dial_at_ms + settings.call.ring.as_millis() as i64 + ANSWER_SLACK_MS,
        settlement_keys,
        sealed: seal(contact, key, &nonce, &place),
    };
    work.writes.push((place, claim.encode()));
    work.claims += 1;
    call
}

/// Seals a contact for a claim kept at `place`.
fn seal(contact: &Contact, key: &DataKey, nonce: &[u8; 24], place: &str) -> Vec<u8> {
    key.seal(nonce, place, &encode(VERSION, contact))
}

/// Where a call's claim is.
pub fn place(shard: u16, call: Call) -> String {
    keys::claim(shard, call.0, call.1)
}
