//! Ticks that did not commit. Such a tick places nothing; yet a later one may have built on its state, and holds the claims
//! for calls that are under way. It is told that they are not: they cost their contacts nothing. What such a tick wrote under
//! its ballot is told of as well, claims on offer to agents and pages, so that nothing stays behind; where a later tick
//! inherited it, it is as good as its own.

use super::choose::Placement;
use super::news::{self, ShardNews};
use super::place::{self, HELD};
use super::{Work, World, agenda, claim};
use crate::person;
use crate::problem::Problem;
use crate::store::{Store, keys};
use serde::{Deserialize, Serialize};

/// Pages that are told of at most. The rest costs space only.
const PAGES_MAX: usize = 1_000;

/// What a tick that did not commit leaves behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    pub ballot: u64,
    /// Claims made under its ballot.
    pub claims: u16,
    /// Agenda pages, by ballot and number: those it wrote, and those it would have deleted. Whoever inherited its state has
    /// no use for the latter, and everybody else none for the former.
    pub pages: Vec<(u64, u16)>,
    /// Whether it wrote a results page.
    pub results: bool,
}

impl Left {
    fn by<S: Store>(work: &Work<'_, S>) -> Self {
        let Work { ballot, claims, agenda_pages, .. } = *work;
        let written = (0..agenda_pages).map(|n| (ballot, n));
        // Of its own, some may be among those that it took off again.
        let gone = work.pages_gone.iter().copied().filter(|(of, _)| *of != ballot);
        Left {
            ballot,
            claims,
            pages: written.chain(gone).take(PAGES_MAX).collect(),
            results: work.state.results == Some(ballot),
        }
    }

    fn is_nothing(&self) -> bool {
        self.claims == 0 && self.pages.is_empty() && !self.results
    }
}

/// Tells that the tick's claims are not placed, now or ever, and what else it leaves.
pub async fn tell<S: Store, W: World>(work: &Work<'_, S>, world: &W, placements: &[Placement]) -> Result<(), Problem> {
    let left = Left::by(work);
    if left.is_nothing() {
        return Ok(());
    }
    // The log first: who sees the events can know from it that nobody inherited the claims.
    let entry = ShardNews::TickVoid(left).encode();
    news::log(work.shard).append(work.store, &entry, || world.now_ms()).await.map_err(Problem::from)?;
    let events = place::held(world, work.shard, placements);
    if events.is_empty() {
        return Ok(());
    }
    work.store.set_many(&events).await.map_err(|e| Problem::store(&e))
}

/// Folds what was told. What nobody inherited is deleted: nobody can inherit it any more, since whoever comes later builds on
/// this tick's state or a newer one.
pub async fn told<S: Store>(work: &mut Work<'_, S>, left: Left) -> Result<(), Problem> {
    let Left { ballot, claims, pages, results } = left;
    // No more than what the state tells: a tick that reads for each that lost before it would be the next to lose. Nor is it
    // told on: of ticks that lose in a row, each would tell of all before it.
    for (of, n) in pages {
        if !agenda::names(&work.state, of, n) {
            work.deletes.push(keys::agenda(work.shard, of, n));
        }
    }
    if results && work.state.has_results(ballot) == Some(false) {
        work.deletes.push(keys::results(work.shard, ballot));
    }
    let inherited = work.state.open.iter().any(|open| open.call.0 == ballot)
        || work.state.offers.iter().any(|offer| offer.call.0 == ballot);
    if inherited {
        return Ok(());
    }
    if work.pacing.shards > 1 {
        // The claims tell which entries their persons have of them.
        let calls = (0..claims).map(|index| agenda::Past { call: (ballot, index), reached: false }).collect();
        return agenda::sweep_later(work, calls, work.now_ms.saturating_add(person::KEPT_MS)).await;
    }
    for index in 0..claims {
        work.deletes.push(claim::place(work.shard, (ballot, index)));
        work.deletes.push(keys::event(work.shard, ballot, index, HELD.kind()));
    }
    Ok(())
}
