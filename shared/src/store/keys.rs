//! Every key of the store: its shape, who writes it, who reads it.
//!
//! All begin with the application's prefix (Redis ignores store labels). Counters have a prefix of their own, and
//! nothing ever `set`s such a key: on SQLite a counter of a wrong length takes the whole store down.
//! No key holds a phone number, a name or a taxpayer number: persons and matters appear as keyed hashes.
//!
//! | key | value | written by | read by |
//! |---|---|---|---|
//! | `dering/n/c/NAME` | counter of the cell NAME | the cell's writers | the cell's readers |
//! | `dering/n/l/NAME` | counter of the log NAME | the log's writers | the log's readers |
//! | `dering/c/NAME@B` | slot of cell NAME under ballot B | the cell's writers | the cell's readers |
//! | `dering/l/NAME@N` | entry N of log NAME; of the log `suppressions`, a page of the do-not-call register | ingest, campaigns, voice, the tick | the tick, campaigns |
//! | `dering/e/S/B/I/KIND` | an event of the call claimed in shard S under ballot B as number I | outcomes, voice, agents' requests, the tick | the tick |
//! | `dering/q/S/B/I` | the claim: what the call is about, its contact sealed | the tick | voice, the tick |
//! | `dering/a/S/B/N` | agenda page: retries and deletions that fall due in one span of time | the tick | the tick |
//! | `dering/r/S/B` | what the providers' answers to the orders placed under ballot B say about pacing | the tick | the tick |
//! | `dering/o/S/B` | results of the calls folded under ballot B | the tick | reports |
//! | `dering/p/LIST/G/N` | page N of group G of a list, sealed | ingest | the tick |
//! | `dering/x/LIST/N` | page N of a list's rejected rows, sealed | ingest | ingest |
//! | `dering/i/LIST/N` | page N of the keyed hashes of a list's accepted rows, sealed | ingest | ingest |
//! | `dering/j/LIST/N` | page N of what was noted of a list's accepted rows, sealed | ingest | ingest |
//! | `dering/z/LIST/P/N` | page N of the rows laid aside in part P until the file is over, sealed | ingest | ingest |
//! | `dering/m/LIST` | the list's manifest: counts and groups of pages | ingest | ingest, the tick |
//! | `dering/k/LIST` | the list's data key, wrapped | ingest | ingest, the tick, voice, reports |
//! | `dering/u/LIST` | what an upload under way has written | ingest | the tick |
//! | `dering/y/LIST` | how many contacts an admin has confirmed the list to have | ingest | ingest, the tick, reports |
//! | `dering/v/CAMPAIGN/VERSION` | a campaign as it was under that version | campaigns | voice, the tick |
//! | `dering/s/HASH` | what was filed or paid of this taxpayer's matter | ingest | ingest, the tick, voice |
//! | `dering/d/HASH` | this phone, or this taxpayer, must not be called | campaigns, voice, the tick | the tick, campaigns |
//! | `dering/w/HASH` | this phone is not the taxpayer's it is listed for | campaigns, the tick | the tick, campaigns |
//! | `dering/h/S/HASH/W/N` | when shard S called this phone, or this taxpayer, for the N-th time in week W | the tick of that shard | the ticks |
//! | `dering/n/b/S/B/I` | how many claims were handed out of the block that begins with claim I | an agent's request | agents' requests, the tick |
//! | `dering/b/S/CAMPAIGN` | the blocks of claims that agents may take from | the tick | an agent's request |
//! | `dering/g/HASH` | which claims an agent's last requests were answered with | the agent's request | the agent's request |
//! | `dering/t/S/B/I` | what an agent noted of a call, sealed | the agent's report | reports |
//! | `dering/shards` | the number of shards, fixed at first use | ingest | everyone |

/// What every key begins with.
pub const PREFIX: &str = "dering/";

/// Counter of the cell `name`: its ballots.
pub fn cell_counter(name: &str) -> String {
    format!("{PREFIX}n/c/{name}")
}

/// Counter of the log `name`: its entries. A cell and a log of one name share nothing.
pub fn log_counter(name: &str) -> String {
    format!("{PREFIX}n/l/{name}")
}

/// Slot of the cell `name` under `ballot`.
pub fn slot(name: &str, ballot: u64) -> String {
    format!("{PREFIX}c/{name}@{ballot}")
}

/// Entry `n` of the log `name`.
pub fn entry(name: &str, n: u64) -> String {
    format!("{PREFIX}l/{name}@{n}")
}

/// Event of `kind` of a call.
pub fn event(shard: u16, ballot: u64, index: u16, kind: &str) -> String {
    format!("{PREFIX}e/{shard}/{ballot}/{index}/{kind}")
}

/// The claim of a call.
pub fn claim(shard: u16, ballot: u64, index: u16) -> String {
    format!("{PREFIX}q/{shard}/{ballot}/{index}")
}

/// Agenda page `n` written under `ballot`.
pub fn agenda(shard: u16, ballot: u64, n: u16) -> String {
    format!("{PREFIX}a/{shard}/{ballot}/{n}")
}

/// What the answers to the orders placed under `ballot` say about pacing.
pub fn answers(shard: u16, ballot: u64) -> String {
    format!("{PREFIX}r/{shard}/{ballot}")
}

/// Counter of the claims handed out of a block, which is named by its first claim.
pub fn handed_out(shard: u16, ballot: u64, first: u16) -> String {
    format!("{PREFIX}n/b/{shard}/{ballot}/{first}")
}

/// The blocks of claims of a campaign that agents may take from.
pub fn board(shard: u16, campaign: &str) -> String {
    format!("{PREFIX}b/{shard}/{campaign}")
}

/// What an agent was last answered with, by keyed hash of the agent's name.
pub fn request(hash: &str) -> String {
    format!("{PREFIX}g/{hash}")
}

/// What an agent noted of a call.
pub fn note(shard: u16, ballot: u64, index: u16) -> String {
    format!("{PREFIX}t/{shard}/{ballot}/{index}")
}

/// Results of the calls folded under `ballot`.
pub fn results(shard: u16, ballot: u64) -> String {
    format!("{PREFIX}o/{shard}/{ballot}")
}

/// Page `n` of a list's group.
pub fn page(list: &str, group: u32, n: u32) -> String {
    format!("{PREFIX}p/{list}/{group}/{n}")
}

/// Page `n` of the rows of an upload that are laid aside in a part until the file is over.
pub fn aside(list: &str, part: u32, n: u32) -> String {
    format!("{PREFIX}z/{list}/{part}/{n}")
}

/// Page `n` of a list's rejected rows.
pub fn rejected(list: &str, n: u32) -> String {
    format!("{PREFIX}x/{list}/{n}")
}

/// Page `n` of the hashes of a list's accepted rows.
pub fn identities(list: &str, n: u32) -> String {
    format!("{PREFIX}i/{list}/{n}")
}

/// Page `n` of what was noted of a list's accepted rows.
pub fn noted(list: &str, n: u32) -> String {
    format!("{PREFIX}j/{list}/{n}")
}

/// Manifest of a list.
pub fn manifest(list: &str) -> String {
    format!("{PREFIX}m/{list}")
}

/// Wrapped data key of a list.
pub fn data_key(list: &str) -> String {
    format!("{PREFIX}k/{list}")
}

/// Progress of a list's upload.
pub fn upload(list: &str) -> String {
    format!("{PREFIX}u/{list}")
}

/// An admin's word that the list has the size it is meant to have.
pub fn confirmation(list: &str) -> String {
    format!("{PREFIX}y/{list}")
}

/// A campaign as it was under `version`.
pub fn campaign_version(campaign: &str, version: u64) -> String {
    format!("{PREFIX}v/{campaign}/{version}")
}

/// Settlement of a taxpayer's matter, by keyed hash.
pub fn settlement(hash: &str) -> String {
    format!("{PREFIX}s/{hash}")
}

/// Do-not-call entry of a phone or a taxpayer, by keyed hash.
pub fn do_not_call(hash: &str) -> String {
    format!("{PREFIX}d/{hash}")
}

/// Entry of a phone that was reported as wrong, by keyed hash.
pub fn wrong_number(hash: &str) -> String {
    format!("{PREFIX}w/{hash}")
}

/// The `n`-th call of a person (by keyed hash) in a shard and week of the epoch.
pub fn dial(shard: u16, hash: &str, week: i64, n: u16) -> String {
    format!("{PREFIX}h/{shard}/{hash}/{week}/{n}")
}

/// The number of shards.
pub fn shards() -> String {
    format!("{PREFIX}shards")
}
