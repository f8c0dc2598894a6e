//! Ticks that did not commit. Such a tick places nothing; yet a later one may have built on its state, and holds the claims
//! for calls that are under way. It is told that they are not: they cost their contacts nothing. What such a tick wrote under
//! its ballot is told of as well, claims on offer to agents and pages, so that nothing stays behind; where a later tick
//! inherited it, it is as good as its own.

use super::choose::Placement;
use super::news::{self, ShardNews};
use super::place::{self, HELD};
use super::results::Results;
use super::{Work, World, agenda, claim};
use crate::person;
use crate::problem::Problem;
use crate::store::{Store, keys};
use serde::{Deserialize, Serialize};

/// Results pages that are read to learn whether one is among them. It is told of by the next tick, as a rule.
const PAGES_LOOKED: usize = 50;

/// Pages that are told of at most, each once, however many ticks in a row do not commit. The rest costs space only.
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
    /// Results pages, by ballot: likewise.
    pub results: Vec<u64>,
}

impl Left {
    fn by<S: Store>(work: &Work<'_, S>) -> Self {
        let Work { ballot, claims, agenda_pages, .. } = *work;
        let written = (0..agenda_pages).map(|n| (ballot, n));
        // Of its own, some may be among those that it took off again.
        let gone = work.pages_gone.iter().copied().filter(|(of, _)| *of != ballot);
        let results = work.state.results.filter(|results| *results == ballot);
        Left {
            ballot,
            claims,
            pages: written.chain(gone).take(PAGES_MAX).collect(),
            results: results.into_iter().chain(work.results_gone.iter().copied()).take(PAGES_MAX).collect(),
        }
    }

    fn is_nothing(&self) -> bool {
        self.claims == 0 && self.pages.is_empty() && self.results.is_empty()
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
    for (ballot, n) in pages {
        if !agenda::names(&work.state, ballot, n) {
            agenda::drop_page(work, ballot, n);
        }
    }
    for ballot in results {
        if among_results(work, ballot).await? == Some(false) {
            work.deletes.push(keys::results(work.shard, ballot));
            work.results_gone.insert(ballot);
        }
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

/// Whether reports find the results page of a ballot. `None`: it is too far back, or a page on the way cannot be read.
async fn among_results<S: Store>(work: &Work<'_, S>, ballot: u64) -> Result<Option<bool>, Problem> {
    let mut at = work.state.results;
    for _ in 0..PAGES_LOOKED {
        let newer = match at {
            Some(newer) if newer > ballot => newer,
            older => return Ok(Some(older == Some(ballot))),
        };
        let bytes = work.store.get(&keys::results(work.shard, newer)).await.map_err(|e| Problem::store(&e))?;
        let Some(page) = bytes.and_then(|bytes| Results::decode(&bytes)) else { return Ok(None) };
        at = page.previous;
    }
    Ok(None)
}
