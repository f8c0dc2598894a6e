//! May this person be called at all? Do-not-call entries and settlements, by keyed hash; the group held out.

use crate::contact::{Contact, Matter};
use crate::store::{decode, encode, keys};
use crate::vault::Identity;
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;

/// Why a phone is on the do-not-call list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The person said so in a call.
    AskedInCall,
    /// An admin entered it.
    Entered,
}

/// A do-not-call entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoNotCall {
    pub reason: Reason,
    pub since_ms: i64,
    /// `None`: for good.
    pub until_ms: Option<i64>,
}

impl DoNotCall {
    /// The entry's bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode(VERSION, self)
    }
}

/// The entry of somebody who asked in a call.
pub fn asked_by_person(now_ms: i64) -> Vec<u8> {
    DoNotCall { reason: Reason::AskedInCall, since_ms: now_ms, until_ms: None }.encode()
}

/// Whether an entry holds now. One that cannot be read holds: when in doubt there is no call.
pub fn holds(bytes: &[u8], now_ms: i64) -> bool {
    decode::<DoNotCall>(VERSION, bytes).is_none_or(|entry| entry.until_ms.is_none_or(|until| now_ms < until))
}

/// Keyed hash of a phone (E.164): the person, as far as the store knows.
pub fn person(identity: &Identity, phone: &str) -> String {
    identity.hash(b"phone", phone.as_bytes())
}

/// Key of the do-not-call entry of a phone (E.164).
pub fn do_not_call_key(identity: &Identity, phone: &str) -> String {
    keys::do_not_call(&person(identity, phone))
}

/// Key of the entry that an id ([`person`]) names; `None` if it is no such id.
pub fn key_of(id: &str) -> Option<String> {
    let plain = id.len() == 22 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    plain.then(|| keys::do_not_call(id))
}

/// A settlement that the tax administration reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled<'a> {
    /// A duty: tax code (KAP-KJS) and period as in the contact; empty ones mean every duty of that matter.
    Duty { taxpayer_id: &'a str, matter: Matter, tax_code: &'a str, tax_period: &'a str },
    /// A bill by its code.
    Bill { billing_code: &'a str },
}

impl Settled<'_> {
    /// Where it is kept.
    pub fn key(&self, identity: &Identity) -> String {
        match self {
            Settled::Duty { taxpayer_id, matter, tax_code, tax_period } => {
                let text = format!("{taxpayer_id}|{}|{tax_code}|{tax_period}", matter.as_str());
                keys::settlement(&identity.hash(b"duty", text.as_bytes()))
            }
            Settled::Bill { billing_code } => keys::settlement(&identity.hash(b"bill", billing_code.as_bytes())),
        }
    }
}

/// Keys under which a settlement of this contact's matter may stand.
pub fn settlement_keys(identity: &Identity, contact: &Contact) -> Vec<String> {
    let (taxpayer_id, matter) = (contact.taxpayer_id.as_str(), contact.matter);
    let duty = |tax_code, tax_period| Settled::Duty { taxpayer_id, matter, tax_code, tax_period }.key(identity);
    let mut found = vec![duty(&contact.tax_code, &contact.tax_period), duty("", "")];
    if !contact.billing_code.is_empty() {
        found.push(Settled::Bill { billing_code: &contact.billing_code }.key(identity));
    }
    found
}

/// Whether a taxpayer belongs to the share that is never called. The same taxpayer always does or never does.
pub fn held_out(identity: &Identity, taxpayer_id: &str, percent: u8) -> bool {
    let mac = identity.mac(b"holdout", taxpayer_id.as_bytes());
    u32::from_be_bytes([mac[0], mac[1], mac[2], mac[3]]) % 100 < u32::from(percent)
}
