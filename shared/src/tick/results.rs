//! Pages of folded attempts: what reports and exports are made of.

use super::state::{Call, ContactRef};
use crate::attempt::{Disposition, End};
use crate::store::{decode, encode};
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;

/// One folded attempt, as reports and exports read it. Nothing personal: the contact is named by its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub campaign: String,
    /// Where the contact is kept.
    pub contact: ContactRef,
    /// Row in the list's file.
    pub row: u32,
    /// Further rows that the contact is of: one call about several matters.
    pub other_rows: Vec<u32>,
    pub call: Call,
    /// Number of the attempt, from 1.
    pub attempt: u8,
    pub disposition: Disposition,
    pub talk_s: u32,
    pub dial_at_ms: i64,
    pub folded_at_ms: i64,
    /// The provider's own id of the call, where it told one.
    pub provider_call: Option<String>,
    /// The contact's end, if this attempt was its last.
    pub end: Option<End>,
    /// Late news of a call that was closed as unknown: replaces that record.
    pub late: bool,
}

/// A results page: the attempts folded by one tick, and the ballot of the page before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    pub previous: Option<u64>,
    pub attempts: Vec<Attempt>,
}

impl Results {
    /// The page's bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode(VERSION, self)
    }

    /// Reads a page.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        decode(VERSION, bytes)
    }
}
