//! What is heard of a call. Events are written blindly, one key each, and folded as a set: their order never matters.

use super::CallId;
use crate::store::keys;
use serde::{Deserialize, Serialize};

/// How the carrier says that a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ending {
    /// Audio was connected: a person, a machine or an answering system.
    Completed,
    Busy,
    NoAnswer,
    /// The network or the number: see the SIP code.
    Failed,
    /// Cancelled by us while it rang.
    Canceled,
}

/// Who answered, as machine detection says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AnsweredBy {
    Human,
    Machine,
    Fax,
    Unknown,
}

/// What came of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Said {
    /// The right party heard the message to its end.
    Informed,
    /// Will file or pay before the due date.
    Promise,
    /// Says it is filed or paid already.
    SaysSettled,
    /// Asked for an officer, and a transfer was begun.
    TransferAsked,
    /// Asked to be called another time.
    Callback,
    /// Asked not to be called again.
    DoNotCall,
    /// This number is not the taxpayer's.
    WrongNumber,
    /// Somebody else, who knows the taxpayer.
    ThirdParty,
    /// No key was pressed though asked twice.
    NoInput,
    /// The matter was settled before the call was answered, so nothing was said of it.
    Settled,
    /// Asked for an officer when none could be reached.
    NoOfficer,
}

/// Why a provider did not take an order. Nothing rang.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// The number cannot be called, now or ever.
    InvalidNumber,
    /// Too many at once, out of turn: later.
    Busy,
    /// Blocked for this destination.
    Blocked,
    /// Our account, credentials or request is wrong: an admin must look.
    Configuration,
    /// The caller id is not ours to use, or flagged: another may do.
    CallerId,
    /// The provider was not reached.
    Unreachable,
    /// Not even sent: its moment was over, or the provider is left alone.
    Held,
}

/// One piece of news about a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum News {
    /// The provider took the order. `provider_call` is its name for the call; empty where it was not told.
    Placed { provider_call: String },
    /// The provider did not take the order.
    Refused(Refusal),
    /// The call is over.
    Ended {
        ending: Ending,
        /// Seconds of talk, where told.
        talk_s: Option<u32>,
        /// Final SIP response code, where told.
        sip: Option<u16>,
        answered_by: Option<AnsweredBy>,
    },
    /// Machine detection's verdict.
    Machine(AnsweredBy),
    /// What came of the conversation.
    Dialog(Said),
    /// The person asked to be called again at that moment (Unix ms). Said beside [`Said::Callback`].
    CallbackAt { at_ms: i64 },
    /// Whether the officer's line was bridged after [`Said::TransferAsked`].
    Transfer { bridged: bool },
    /// A person answered, and no agent of the dialler's was there to speak.
    Abandoned,
}

/// News and when it reached us (Unix milliseconds of the receiving host).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at_ms: i64,
    pub news: News,
}

/// The kinds that end a call.
pub const ENDING_KINDS: [&str; 6] = ["completed", "busy", "no_answer", "failed", "canceled", "refused"];
/// The kinds that say more about a call.
pub const OTHER_KINDS: [&str; 6] = ["placed", "machine", "dialog", "transfer", "callback_at", "abandoned"];

impl News {
    /// The last part of the event's key. Different events never share one.
    pub fn kind(&self) -> &'static str {
        match self {
            News::Placed { .. } => "placed",
            News::Refused(_) => "refused",
            News::Ended { ending, .. } => match ending {
                Ending::Completed => "completed",
                Ending::Busy => "busy",
                Ending::NoAnswer => "no_answer",
                Ending::Failed => "failed",
                Ending::Canceled => "canceled",
            },
            News::Machine(_) => "machine",
            News::Dialog(_) => "dialog",
            News::Transfer { .. } => "transfer",
            News::CallbackAt { .. } => "callback_at",
            News::Abandoned => "abandoned",
        }
    }
}

/// Format of an event's bytes.
const VERSION: u8 = 1;

impl Event {
    /// Where the event is kept.
    pub fn key(&self, call: &CallId) -> String {
        keys::event(call.shard, call.ballot, call.index, self.news.kind())
    }

    /// The event's bytes.
    pub fn encode(&self) -> Vec<u8> {
        crate::store::encode(VERSION, self)
    }

    /// Reads an event; `None` if the bytes are of no version known here.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        crate::store::decode(VERSION, bytes)
    }
}
