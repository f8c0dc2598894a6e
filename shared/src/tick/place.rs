//! Placing: the only step with an effect outside, and only after the commit. Each order waits for its turn; one that
//! missed it is not placed, and an unclear answer is never placed again.

use super::choose::Placement;
use super::claim;
use super::pace::{self, Answers, Given, Guard, Ordered};
use super::{Sent, Setup, Work, World};
use crate::attempt::{CallId, Event, News, Refusal};
use crate::campaign::CallLimits;
use crate::person::{self, Person};
use crate::problem::Problem;
use crate::provider::{Order, Placing};
use crate::store::{Store, keys};
use futures::stream::{self, StreamExt};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// An order that was not sent.
pub const HELD: News = News::Refused(Refusal::Held);
/// Orders on their way at once.
const IN_FLIGHT: usize = 64;
/// A delay that is no delay: timers are no finer.
const JITTER_MS: i64 = 20;
/// How long the provider may take to answer.
const ANSWER_MS: u64 = 10_000;

/// From choosing a contact until its call, ordered as late as it may be, has stopped ringing: for so long it must be callable.
pub fn reach_ms(call: &CallLimits) -> i64 {
    let ring_ms = i64::try_from(call.ring.as_millis()).unwrap_or(i64::MAX / 2);
    ring_ms.saturating_add(pace::LATEST_MS)
}

/// What became of the orders.
#[derive(Debug, Default)]
pub struct Placed {
    /// Events to write, by key, and what the answers say about pacing.
    pub events: Vec<(String, Vec<u8>)>,
    pub placed: u32,
    pub refused: u32,
    pub unclear: u32,
    /// The last refusal's provider code, for the tick's answer.
    pub last_code: Option<String>,
    /// Orders that were not sent, by reason.
    pub held: BTreeMap<&'static str, u64>,
}

/// What became of an order.
enum Made {
    Answered(Placing),
    /// Not sent, and why.
    Held(&'static str),
}

/// Folds what earlier ticks heard from the providers.
pub async fn learn<S: Store>(work: &mut Work<'_, S>) -> Result<(), Problem> {
    let ballots: Vec<u64> = work.state.pace.unread().collect();
    if ballots.is_empty() {
        return Ok(());
    }
    let pages: Vec<String> = ballots.iter().map(|ballot| keys::answers(work.shard, *ballot)).collect();
    let found = work.store.get_all(&pages).await.map_err(|e| Problem::store(&e))?;
    for ((ballot, page), bytes) in ballots.into_iter().zip(pages).zip(found) {
        let answers = bytes.as_deref().and_then(Answers::decode);
        if work.state.pace.learn(ballot, answers.as_ref(), work.now_ms) {
            work.deletes.push(page);
        }
    }
    Ok(())
}

/// Puts the orders off if the first of them could not go out before `ready_ms`, and writes the claims.
pub fn settle<S: Store>(work: &mut Work<'_, S>, placements: &mut [Placement], ready_ms: i64) {
    let given: Vec<Given<'_>> = placements
        .iter()
        .map(|Placement { claim, provider, .. }| Given {
            campaign: &claim.campaign,
            provider: *provider,
            caller_id: &claim.caller_id,
            dial_at_ms: claim.dial_at_ms,
        })
        .collect();
    let shift_ms = work.pacing.settle(&mut work.state.pace, &given, ready_ms);
    for placement in placements {
        let Placement { open, claim, .. } = placement;
        for at_ms in [&mut open.dial_at_ms, &mut open.unknown_at_ms, &mut claim.dial_at_ms, &mut claim.answer_by_ms] {
            *at_ms = at_ms.saturating_add(shift_ms);
        }
        work.writes.push((claim::place(work.shard, open.call), claim.encode()));
    }
    let ballot = work.ballot;
    for open in work.state.open.iter_mut().filter(|o| o.call.0 == ballot) {
        open.dial_at_ms = open.dial_at_ms.saturating_add(shift_ms);
        open.unknown_at_ms = open.unknown_at_ms.saturating_add(shift_ms);
    }
}

/// Looks once more, after the commit, whether another shard has claimed the same persons in the same moments: their calls are
/// parted from those that may be placed. One shard has nobody to ask.
pub async fn alone<S: Store>(
    store: &S,
    (shard, shards): (u16, u16),
    now_ms: i64,
    placements: Vec<Placement>,
) -> (Vec<Placement>, Vec<Placement>) {
    if shards <= 1 || placements.is_empty() {
        return (placements, Vec::new());
    }
    let person = |p: &Placement| Person { phone: p.open.person.clone(), taxpayer: p.open.taxpayer.clone() };
    let persons: Vec<Person> = placements.iter().map(person).collect();
    let keys: Vec<String> = persons.iter().flat_map(|p| person::first_keys(p, shards, now_ms)).collect();
    let histories = match store.get_all(&keys).await {
        Ok(first) => {
            let first = first.chunks(keys.len() / persons.len());
            let asked: Vec<_> = persons.iter().zip(first).collect();
            person::histories(store, (shard, shards), now_ms, &asked, &BTreeMap::new()).await
        }
        Err(error) => Err(error),
    };
    // What cannot be told is not placed.
    let Ok(histories) = histories else { return (Vec::new(), placements) };
    let mut alone = histories.iter().map(|history| !history.in_call_elsewhere(now_ms));
    placements.into_iter().partition(|_| alone.next().unwrap_or(false))
}

/// Events of claims that are not placed: they cost nothing.
pub fn held<W: World>(world: &W, shard: u16, placements: &[Placement]) -> Vec<(String, Vec<u8>)> {
    let event = Event { at_ms: world.now_ms(), news: HELD };
    let key = |(ballot, index)| keys::event(shard, ballot, index, HELD.kind());
    placements.iter().map(|placement| (key(placement.open.call), event.encode())).collect()
}

/// Places the committed claims.
pub async fn place<W: World>(
    world: &W,
    setup: &Setup<'_>,
    shard: u16,
    ballot: u64,
    guard: Guard,
    mut placements: Vec<Placement>,
) -> Placed {
    placements.sort_by_key(|p| p.open.dial_at_ms);
    // How late this tick is. Orders keep their distances: after a slow commit the row is late as a whole.
    let late_ms = &Cell::new(0);
    let guard = &RefCell::new(guard);
    let answers: Vec<(CallId, Made)> = stream::iter(placements)
        .then(|placement| async move {
            // A tick that was told to leave the provider alone is over at once.
            let allowed = guard.borrow().lets_out(&ordered(&placement), world.now_ms());
            let turn = match allowed {
                Ok(()) if wait(world, placement.open.dial_at_ms, late_ms).await => Ok(()),
                Ok(()) => Err(pace::LATE),
                Err(why) => Err(why),
            };
            (placement, turn)
        })
        .map(|(placement, turn)| async move {
            let call = CallId {
                shard,
                ballot: placement.open.call.0,
                index: placement.open.call.1,
                valid_until_s: u32::try_from((placement.open.dial_at_ms + super::fold::CALLBACKS_MS) / 1000)
                    .unwrap_or(u32::MAX),
            };
            let made = match turn {
                Ok(()) => order(world, setup, &placement, &call, guard).await,
                Err(why) => {
                    if why == pace::LATE {
                        guard.borrow_mut().late(world.now_ms());
                    }
                    Made::Held(why)
                }
            };
            (call, made)
        })
        .buffer_unordered(IN_FLIGHT)
        .collect()
        .await;
    let mut placed = Placed::default();
    for (call, made) in answers {
        let news = match made {
            Made::Answered(Placing::Placed { provider_call }) => {
                placed.placed += 1;
                News::Placed { provider_call }
            }
            Made::Answered(Placing::Refused { refusal, code, .. }) => {
                placed.refused += 1;
                placed.last_code = Some(code);
                News::Refused(refusal)
            }
            Made::Answered(Placing::Unclear) => {
                placed.unclear += 1;
                continue;
            }
            Made::Held(why) => {
                placed.refused += 1;
                *placed.held.entry(why).or_default() += 1;
                HELD
            }
        };
        let event = Event { at_ms: world.now_ms(), news };
        placed.events.push((event.key(&call), event.encode()));
    }
    if let Some(answers) = guard.take().finish() {
        placed.events.push((keys::answers(shard, ballot), answers.encode()));
    }
    placed
}

/// Waits for an order's turn. `false`: it is over.
async fn wait<W: World>(world: &W, dial_at_ms: i64, late_ms: &Cell<i64>) -> bool {
    loop {
        let ahead = dial_at_ms + late_ms.get() - world.now_ms();
        if ahead <= 0 {
            if ahead < -JITTER_MS {
                late_ms.set(late_ms.get() - ahead);
            }
            break;
        }
        world.sleep_ms(ahead.unsigned_abs()).await;
    }
    if world.now_ms() <= dial_at_ms + pace::TOLERANCE_MS {
        return true;
    }
    // The orders that follow are late by what they are late, not by what this one was.
    late_ms.set(0);
    false
}

fn ordered(placement: &Placement) -> Ordered<'_> {
    let Placement { open, provider, fingerprint, .. } = placement;
    Ordered { provider: *provider, caller_id: &open.caller_id, campaign: &open.campaign, fingerprint: *fingerprint }
}

async fn order<W: World>(
    world: &W,
    setup: &Setup<'_>,
    placement: &Placement,
    call: &CallId,
    guard: &RefCell<Guard>,
) -> Made {
    let Placement { claim, provider, .. } = placement;
    if let Err(why) = guard.borrow().lets_out(&ordered(placement), world.now_ms()) {
        return Made::Held(why);
    }
    let answer = match (setup.account)(*provider) {
        None => {
            Placing::Refused { refusal: Refusal::Configuration, code: "not_configured".into(), retry_after_s: None }
        }
        Some(account) => {
            let id = call.seal(setup.vault);
            let order = Order {
                to: &placement.to,
                from: &claim.caller_id,
                call: &id,
                public_url: setup.public_url,
                ring_s: placement.ring_s,
                talk_s: placement.talk_s,
            };
            match world.send(provider.place(&order, &account), ANSWER_MS).await {
                Sent::Answer { status, headers, body } => provider.placed(status, &headers, &body),
                Sent::NotSent => {
                    Placing::Refused { refusal: Refusal::Unreachable, code: "unreachable".into(), retry_after_s: None }
                }
                Sent::Unclear => Placing::Unclear,
            }
        }
    };
    guard.borrow_mut().heard(&ordered(placement), world.now_ms(), &answer);
    Made::Answered(answer)
}
