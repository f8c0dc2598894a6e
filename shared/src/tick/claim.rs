//! A claim: one call that may be placed at most once. Written before the commit, read by the voice flow and the fold.

use super::state::{Call, ContactRef, Rank};
use crate::attempt::Past;
use crate::contact::Contact;
use crate::provider::Provider;
use crate::store::{decode, encode, keys};
use crate::vault::DataKey;
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;

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
    pub rank: Rank,
    /// What was tried before.
    pub past: Past,
    pub provider: Provider,
    /// Providers that did not take the order of this attempt.
    pub refused_by: Vec<Provider>,
    pub caller_id: String,
    pub dial_at_ms: i64,
    /// Answered later than this it is ended politely.
    pub answer_by_ms: i64,
    /// Where a settlement of the matter would stand.
    pub settlement_keys: Vec<String>,
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

/// Seals a contact for a claim kept at `place`.
pub fn seal(contact: &Contact, key: &DataKey, nonce: &[u8; 24], place: &str) -> Vec<u8> {
    key.seal(nonce, place, &encode(VERSION, contact))
}

/// Where a call's claim is.
pub fn place(shard: u16, call: Call) -> String {
    keys::claim(shard, call.0, call.1)
}
