//! Claims of ticks that did not commit. Such a tick places nothing; yet a later one may have built on its state, and holds
//! the claims for calls that are under way. It is told that they are not: they cost their contacts nothing. Claims on offer to
//! agents are told of as well, for their pages' sake; where a later tick inherited them, they are as good as its own.

use super::choose::Placement;
use super::news::{self, ShardNews};
use super::place::{self, HELD};
use super::{Work, World, agenda, claim};
use crate::person;
use crate::problem::Problem;
use crate::store::{Store, keys};

/// Tells that the tick's claims are not placed, now or ever.
pub async fn tell<S: Store, W: World>(work: &Work<'_, S>, world: &W, placements: &[Placement]) -> Result<(), Problem> {
    if work.claims == 0 {
        return Ok(());
    }
    // The log first: who sees the events can know from it that nobody inherited the claims.
    let entry = ShardNews::ClaimsVoid { ballot: work.ballot, claims: work.claims };
    news::log(work.shard).append(work.store, &entry.encode(), || world.now_ms()).await.map_err(Problem::from)?;
    let events = place::held(world, work.shard, placements);
    if events.is_empty() {
        return Ok(());
    }
    work.store.set_many(&events).await.map_err(|e| Problem::store(&e))
}

/// Folds what was told. Claims that nobody inherited are deleted: nobody can inherit them any more, since whoever comes
/// later builds on this tick's state or a newer one.
pub async fn told<S: Store>(work: &mut Work<'_, S>, ballot: u64, claims: u16) -> Result<(), Problem> {
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
