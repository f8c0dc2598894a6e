//! Placing: the only step with an effect outside, and only after the commit. Each order waits for its moment; an
//! unclear answer is never placed again.

use super::choose::{HORIZON_MS, Placement};
use super::{Sent, Setup, World};
use crate::attempt::{CallId, Event, News, Refusal};
use crate::campaign::CallLimits;
use crate::provider::{Order, Placing};
use futures::stream::{self, StreamExt};
use std::cell::Cell;

/// Orders on their way at once.
const IN_FLIGHT: usize = 64;
/// An order that could not go out within this of its moment is not placed: a tick that stalled and woke must not ring people
/// at a time nobody chose.
const LATE_MS: i64 = 5_000;
/// A delay that is no delay: timers are no finer.
const JITTER_MS: i64 = 20;
/// How long the provider may take to answer.
const ANSWER_MS: u64 = 10_000;

/// From choosing a contact until its call, ordered as late as it may be, has stopped ringing: for so long it must be callable.
pub fn reach_ms(call: &CallLimits) -> i64 {
    let ring_ms = i64::try_from(call.ring.as_millis()).unwrap_or(i64::MAX / 2);
    ring_ms.saturating_add(HORIZON_MS + LATE_MS)
}

/// What became of the orders.
#[derive(Debug, Default)]
pub struct Placed {
    /// Events to write, by key.
    pub events: Vec<(String, Vec<u8>)>,
    pub placed: u32,
    pub refused: u32,
    pub unclear: u32,
    /// The last refusal's provider code, for the tick's answer.
    pub last_code: Option<String>,
}

/// Places the committed claims.
pub async fn place<W: World>(world: &W, setup: &Setup<'_>, shard: u16, placements: Vec<Placement>) -> Placed {
    // How late this tick is. Orders keep their distances: after a slow commit the whole row shifts, or all that fell due
    // meanwhile would go out in one burst.
    let late_ms = &Cell::new(0);
    let answers: Vec<(CallId, Placing)> = stream::iter(placements)
        .map(|placement| async move {
            let call = CallId {
                shard,
                ballot: placement.open.call.0,
                index: placement.claim_index,
                valid_until_s: u32::try_from((placement.open.dial_at_ms + super::fold::CALLBACKS_MS) / 1000)
                    .unwrap_or(u32::MAX),
            };
            (call, order(world, setup, &placement, &call, late_ms).await)
        })
        .buffer_unordered(IN_FLIGHT)
        .collect()
        .await;
    let mut placed = Placed::default();
    for (call, placing) in answers {
        let news = match placing {
            Placing::Placed { provider_call } => {
                placed.placed += 1;
                News::Placed { provider_call }
            }
            Placing::Refused { refusal, code, .. } => {
                placed.refused += 1;
                placed.last_code = Some(code);
                News::Refused(refusal)
            }
            Placing::Unclear => {
                placed.unclear += 1;
                continue;
            }
        };
        let event = Event { at_ms: world.now_ms(), news };
        placed.events.push((event.key(&call), event.encode()));
    }
    placed
}

async fn order<W: World>(
    world: &W,
    setup: &Setup<'_>,
    placement: &Placement,
    call: &CallId,
    late_ms: &Cell<i64>,
) -> Placing {
    let open = &placement.open;
    loop {
        let ahead = open.dial_at_ms + late_ms.get() - world.now_ms();
        if ahead <= 0 {
            if ahead < -JITTER_MS {
                late_ms.set(late_ms.get() - ahead);
            }
            break;
        }
        world.sleep_ms(ahead.unsigned_abs()).await;
    }
    if world.now_ms() > open.dial_at_ms + LATE_MS {
        return Placing::Refused { refusal: Refusal::Busy, code: "late".into(), retry_after_s: None };
    }
    let Some(account) = (setup.account)(open.provider) else {
        return Placing::Refused {
            refusal: Refusal::Configuration,
            code: "not_configured".into(),
            retry_after_s: None,
        };
    };
    let id = call.seal(setup.vault);
    let order = Order {
        to: &placement.to,
        from: &placement.from,
        call: &id,
        public_url: setup.public_url,
        ring_s: placement.ring_s,
        talk_s: placement.talk_s,
    };
    match world.send(open.provider.place(&order, &account), ANSWER_MS).await {
        Sent::Answer { status, headers, body } => open.provider.placed(status, &headers, &body),
        Sent::NotSent => Placing::Refused { refusal: Refusal::Busy, code: "unreachable".into(), retry_after_s: None },
        Sent::Unclear => Placing::Unclear,
    }
}
