//! What agents' requests and the tick leave for each other.

use super::Stop;
use super::lease::Block;
use crate::store::{decode, encode};
use crate::tick::pace::abandonment::Share;
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;
/// Requests of an agent that are remembered.
const REQUESTS_MAX: usize = 8;

/// A block that is handed out until `until_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenBlock {
    pub block: Block,
    pub until_ms: i64,
}

/// The blocks of a campaign in a shard, written by each tick after its commit. An older one, written late, does no
/// harm: its blocks are closed, handed out, or still open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    /// The [identity key](crate::vault::Identity::id) of the tick. Under another one no do-not-call entry would be found.
    pub identity: u64,
    pub blocks: Vec<OpenBlock>,
    /// The campaign's calls of the last day that a person answered.
    pub share: Share,
}

impl Board {
    /// The board's bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode(VERSION, self)
    }

    /// Reads a board; `None` if the bytes are of no version known here.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        decode(VERSION, bytes)
    }
}

/// Something the owner of a claim did: when (Unix milliseconds of the host that was told), and if it was told to stop, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub at_ms: i64,
    pub stop: Option<Stop>,
}

impl Mark {
    /// The mark's bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode(VERSION, self)
    }

    /// Reads a mark; `None` if the bytes are of no version known here.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        decode(VERSION, bytes)
    }
}

/// What one request for claims was answered with: shard, ballot and number of each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Keyed hash of the request's key.
    pub request: String,
    pub claims: Vec<(u16, u64, u16)>,
}

/// A claim that a dialler was handed, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handed {
    pub campaign: String,
    pub claim: (u16, u64, u16),
    pub at_ms: i64,
}

/// An agent's last requests, newest last, and the claims that a dialler may still hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    answered: Vec<Answered>,
    pub handed: Vec<Handed>,
}

impl Requests {
    pub fn encode(&self) -> Vec<u8> {
        encode(VERSION, self)
    }

    /// What cannot be read is as if it were not there: claims handed out then go back when their lease ends.
    pub fn decode(bytes: &[u8]) -> Self {
        decode(VERSION, bytes).unwrap_or_default()
    }

    pub fn of(&self, request: &str) -> Option<&Answered> {
        self.answered.iter().find(|answered| answered.request == request)
    }

    pub fn push(&mut self, answered: Answered) {
        self.answered.push(answered);
        let surplus = self.answered.len().saturating_sub(REQUESTS_MAX);
        self.answered.drain(..surplus);
    }
}
