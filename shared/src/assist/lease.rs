//! Who has a claim: hand-out, start and revocation over the five verbs. The tick and agents' requests meet only here.
//!
//! **Hand-out.** A [`Block`] is a row of claims with one counter. Whoever adds `k` to it owns the `k` claims up to the
//! answer: one durable commit, however many claims and however many ask. Nobody else ever gets these numbers.
//!
//! **Start or revoke.** Each side first writes its own key, then looks for the other's (Dekker's rule for two flags):
//!
//! | | writes | then looks for | and acts only if it is not there |
//! |---|---|---|---|
//! | the owner's [`start`] | `started` | `revoked`, `released` | dials |
//! | the tick's [`revoke`] of a lease | `revoked` | `started` | gives the contact back |
//! | an agent's [`take`] | the counter | `closed` | has the claims |
//! | the tick's [`revoke`] of a block | `closed` | the counter | gives back what is beyond it |
//!
//! If the owner did not see `revoked`, it had looked before that was written, so `started` was there when the tick
//! looked. They cannot both act; that both hold back is possible when they meet in the same instant, and then
//! the tick takes the claim for started: it is closed as `unknown`, at the price of an attempt, rather than risk a
//! second call. A write that answered with an error counts as not written by its writer, who then does not act, and
//! harms nothing whenever it lands. The keys stay for a day after the claim is out of the tick's hands; by then
//! nobody holds an id that is still taken.

use crate::store::{Store, StoreError, keys};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The owner is about to dial.
pub const STARTED: &str = "started";
/// The lease is over.
pub const REVOKED: &str = "revoked";
/// The owner gave the claim back, or was told not to dial.
pub const RELEASED: &str = "released";
/// The owner is still there.
pub const BEAT: &str = "beat";
/// Nothing is handed out of the block any more.
pub const CLOSED: &str = "closed";
/// The owner reported how the call ended.
pub const REPORTED: &str = "reported";
/// All of them: kept under the claim's events' keys, but no events of the call.
pub const KINDS: [&str; 6] = [STARTED, REVOKED, RELEASED, BEAT, CLOSED, REPORTED];

/// A call by its claim: ballot and number.
type Call = (u64, u16);

/// A row of claims of one campaign, made by one tick, to be handed out in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Block {
    pub shard: u16,
    pub ballot: u64,
    /// Number of its first claim.
    pub first: u16,
    pub count: u16,
}

impl Block {
    fn counter(&self) -> String {
        keys::handed_out(self.shard, self.ballot, self.first)
    }

    fn closed(&self) -> String {
        keys::event(self.shard, self.ballot, self.first, CLOSED)
    }

    fn within(&self, counter: i64) -> u16 {
        u16::try_from(counter.max(0)).unwrap_or(u16::MAX).min(self.count)
    }
}

/// How many of a block's claims are handed out. Costs no durable commit where the store reads counters without.
pub async fn handed_out<S: Store>(store: &S, block: &Block) -> Result<u16, StoreError> {
    Ok(block.within(store.counter(&block.counter()).await?))
}

/// Takes up to `want` claims of a block for one owner: their numbers. One durable commit.
///
/// After an error the numbers it may have drawn are nobody's; the tick takes them back when their lease ends.
pub async fn take<S: Store>(store: &S, block: &Block, want: u16) -> Result<Range<u16>, StoreError> {
    let end = store.increment(&block.counter(), i64::from(want)).await?;
    let drawn = block.within(end.saturating_sub(i64::from(want)))..block.within(end);
    // Looked for after the counter was moved, never before.
    if store.get(&block.closed()).await?.is_some() {
        return Ok(0..0);
    }
    Ok(block.first.saturating_add(drawn.start)..block.first.saturating_add(drawn.end))
}

/// The owner's go: whether it may dial. One durable commit. Asked again, it answers the same; only in the moment in
/// which the tick tried to end the lease and was too late, a repeated request may hear no.
pub async fn start<S: Store>(store: &S, shard: u16, call: Call, record: &[u8]) -> Result<bool, StoreError> {
    let key = |kind| keys::event(shard, call.0, call.1, kind);
    store.set(&key(STARTED), record).await?;
    // Looked for after the record is in, never before. Without its claim the call was forgotten long ago.
    let looks = [key(REVOKED), key(RELEASED), keys::claim(shard, call.0, call.1)];
    let found = store.get_all(&looks).await?;
    Ok(matches!(found.as_slice(), [None, None, Some(_)]))
}

/// What the tick finds after it wrote its marks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revoked {
    /// By lease: the record of a start. `None`: it is not started and never will be.
    pub started: Vec<Option<Vec<u8>>>,
    /// By block: how many claims are handed out. The others never will be.
    pub handed_out: Vec<u16>,
}

/// Ends leases and closes blocks. One durable commit, however many there are.
pub async fn revoke<S: Store>(store: &S, shard: u16, leases: &[Call], blocks: &[Block]) -> Result<Revoked, StoreError> {
    let key = |call: &Call, kind| keys::event(shard, call.0, call.1, kind);
    let leases_marked = leases.iter().map(|call| (key(call, REVOKED), vec![1]));
    let marks: Vec<_> = leases_marked.chain(blocks.iter().map(|block| (block.closed(), vec![1]))).collect();
    if marks.is_empty() {
        return Ok(Revoked::default());
    }
    store.set_many(&marks).await?;
    let mut found = Revoked::default();
    if !leases.is_empty() {
        found.started = store.get_all(&leases.iter().map(|call| key(call, STARTED)).collect::<Vec<_>>()).await?;
    }
    let counters = blocks.iter().map(|block| handed_out(store, block));
    found.handed_out = futures::future::try_join_all(counters).await?;
    Ok(found)
}
