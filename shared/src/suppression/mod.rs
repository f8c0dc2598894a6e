//! May this person be called at all? Do-not-call entries, by keyed hash; the group held out.

mod download;
mod intake;
pub mod register;

pub use download::{Line, csv};
pub use intake::{Intake, enter};

use crate::store::{decode, encode, keys};
use crate::vault::Identity;
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;
/// Of entries that are in the register.
const REGISTERED: u8 = 2;

/// Why a phone or a taxpayer is not to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The person said so in a call.
    AskedInCall,
    /// An admin entered it.
    Entered,
    /// The taxpayer has died: heirs are not called, letters go to them.
    Deceased,
    /// Whoever answers this number is not the taxpayer it is listed for.
    WrongNumber,
}

impl Reason {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::AskedInCall => "asked_in_call",
            Reason::Entered => "entered",
            Reason::Deceased => "deceased",
            Reason::WrongNumber => "wrong_number",
        }
    }
}

/// An entry: a phone or a taxpayer that is not to be called.
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

    fn decode(bytes: &[u8]) -> Option<Self> {
        decode(VERSION, bytes)
    }
}

/// An entry that is in the [register]: on which page, and whom it is about, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    entry: DoNotCall,
    page: u64,
    sealed: Vec<u8>,
}

impl Entry {
    fn encode(&self) -> Vec<u8> {
        encode(REGISTERED, self)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        decode(REGISTERED, bytes)
    }
}

/// The entry of somebody who asked in a call.
pub fn asked_by_person(now_ms: i64) -> Vec<u8> {
    DoNotCall { reason: Reason::AskedInCall, since_ms: now_ms, until_ms: None }.encode()
}

/// What is written when somebody asks in a call to `phone` not to be called again: the event, and the entry at once. The
/// fold enters it, too, but only if the event is heard before the call is folded; a request must hold whenever it came.
pub fn asked_in_call(
    identity: &Identity,
    phone: &str,
    event: (String, Vec<u8>),
    now_ms: i64,
) -> [(String, Vec<u8>); 2] {
    [event, (do_not_call_key(identity, phone), asked_by_person(now_ms))]
}

/// The entry of a number that was reported as wrong.
pub fn reported_wrong(now_ms: i64) -> Vec<u8> {
    DoNotCall { reason: Reason::WrongNumber, since_ms: now_ms, until_ms: None }.encode()
}

/// Why an entry holds now; `None` if it does not. One that cannot be read holds: when in doubt there is no call.
pub fn reason(bytes: &[u8], now_ms: i64) -> Option<Reason> {
    match DoNotCall::decode(bytes).or_else(|| Entry::decode(bytes).map(|kept| kept.entry)) {
        None => Some(Reason::Entered),
        Some(entry) => entry.until_ms.is_none_or(|until| now_ms < until).then_some(entry.reason),
    }
}

/// Keyed hash of a phone (E.164): the person, as far as the store knows.
pub fn person(identity: &Identity, phone: &str) -> String {
    identity.hash(b"phone", phone.as_bytes())
}

/// Keyed hash of a taxpayer number (16 digits).
pub fn taxpayer(identity: &Identity, taxpayer_id: &str) -> String {
    identity.hash(b"taxpayer", taxpayer_id.as_bytes())
}

/// Key of the do-not-call entry of a phone (E.164).
pub fn do_not_call_key(identity: &Identity, phone: &str) -> String {
    keys::do_not_call(&person(identity, phone))
}

/// Whom an entry is about. Wrong numbers are kept apart from do-not-call entries: both can hold for one phone, and lifting
/// one leaves the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// Nobody is called on this phone (E.164).
    Phone(&'a str),
    /// This taxpayer (16 digits) is not called on any phone.
    Taxpayer(&'a str),
    /// This phone is not the listed taxpayer's.
    WrongNumber(&'a str),
}

/// A [`Subject`] that was sealed, or is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Named {
    Phone(String),
    Taxpayer(String),
    WrongNumber(String),
}

impl Named {
    pub fn subject(&self) -> Subject<'_> {
        match self {
            Named::Phone(phone) => Subject::Phone(phone),
            Named::Taxpayer(id) => Subject::Taxpayer(id),
            Named::WrongNumber(phone) => Subject::WrongNumber(phone),
        }
    }
}

/// What the id of a wrong number's entry begins with. No hash has a dot.
const WRONG: &str = "w.";

impl Subject<'_> {
    /// The entry's id: opaque, with nothing personal in it.
    pub fn id(&self, identity: &Identity) -> String {
        match self {
            Subject::Phone(phone) => person(identity, phone),
            Subject::Taxpayer(id) => taxpayer(identity, id),
            Subject::WrongNumber(phone) => format!("{WRONG}{}", person(identity, phone)),
        }
    }

    /// Where the entry is kept.
    pub fn key(&self, identity: &Identity) -> String {
        match self {
            Subject::Phone(phone) => do_not_call_key(identity, phone),
            Subject::Taxpayer(id) => keys::do_not_call(&taxpayer(identity, id)),
            Subject::WrongNumber(phone) => keys::wrong_number(&person(identity, phone)),
        }
    }
}

/// Key of the entry that an id ([`Subject::id`]) names; `None` if it is no such id.
pub fn key_of(id: &str) -> Option<String> {
    let (hash, wrong) = match id.strip_prefix(WRONG) {
        Some(hash) => (hash, true),
        None => (id, false),
    };
    let plain = hash.len() == 22 && hash.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    plain.then(|| if wrong { keys::wrong_number(hash) } else { keys::do_not_call(hash) })
}

/// Whether a taxpayer belongs to the share that is never called. The same taxpayer always does or never does.
pub fn held_out(identity: &Identity, taxpayer_id: &str, percent: u8) -> bool {
    let mac = identity.mac(b"holdout", taxpayer_id.as_bytes());
    u32::from_be_bytes([mac[0], mac[1], mac[2], mac[3]]) % 100 < u32::from(percent)
}
