//! What a tick answers: what it did, and why it did no more.

use super::{Work, pace, settle};
use crate::store::Store;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a tick did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    pub shard: u16,
    pub ballot: u64,
    /// Whether this tick's changes became the shard's state. `false` also when there was nothing to change.
    pub committed: bool,
    /// Calls entered into the books.
    pub folded: u32,
    /// Contacts that ended.
    pub closed: u64,
    pub claimed: u32,
    pub placed: u32,
    pub refused: u32,
    /// Orders whose answer was lost: they may ring.
    pub unclear: u32,
    /// The provider's code of the last refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal_code: Option<String>,
    /// Calls whose end is not folded yet.
    pub open: u32,
    /// Contacts waiting for their first or next attempt.
    pub waiting: u64,
    /// Contacts passed over, by reason; and what could not be read (`unreadable…`), each as often as it is found.
    pub held: BTreeMap<&'static str, u64>,
    /// Numbers that a provider does not take as caller id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caller_ids_out: Vec<CallerIdOut>,
    /// When the next tick is worth its while.
    pub again_after_ms: u64,
}

/// A number that a provider does not take as caller id: not shown for a day, or until its campaign's list is edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallerIdOut {
    pub provider: &'static str,
    pub number: String,
    /// The provider's code.
    pub code: String,
    pub since: Option<String>,
}

impl CallerIdOut {
    pub(crate) fn of(out: &pace::Out) -> Self {
        CallerIdOut {
            provider: out.id.provider.name(),
            number: out.id.number.clone(),
            code: out.id.code.clone(),
            since: crate::report::rfc3339(out.since_ms),
        }
    }
}

impl Report {
    /// What the tick has done so far; what it places comes later.
    pub(super) fn of<S: Store>(work: &Work<'_, S>) -> Self {
        let waiting = work.state.lists.iter().flat_map(|l| &l.groups).map(|g| u64::from(g.left)).sum::<u64>()
            + work.state.retries.iter().map(|b| u64::from(b.count)).sum::<u64>();
        let busy = settle::left(&work.state) > 0
            || !work.state.open.is_empty()
            || !work.state.offers.is_empty()
            || work.claims > 0;
        let next_retry = work.state.retries.iter().map(|b| b.earliest_ms).min();
        let again_after_ms = match next_retry {
            _ if busy => 1_000,
            Some(at) => (at - work.now_ms).clamp(1_000, 60_000).unsigned_abs(),
            None if waiting > 0 => 5_000,
            None => 30_000,
        };
        let mut held = work.held.clone();
        for (reason, n) in work.state.unread.held() {
            *held.entry(reason).or_default() += n;
        }
        Report {
            shard: work.shard,
            ballot: work.ballot,
            folded: work.folded,
            closed: work.closed,
            claimed: u32::from(work.claims),
            open: work.state.open.len() as u32,
            waiting,
            held,
            caller_ids_out: work.state.pace.out().iter().map(CallerIdOut::of).collect(),
            again_after_ms,
            ..Report::default()
        }
    }
}
