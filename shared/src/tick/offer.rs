//! Offering: claims of assisted campaigns, made ahead of demand and handed out by agents' requests
//! ([`crate::assist`]). Only the tick makes them and takes them back; a taken-back contact gets a new claim.

use super::claim::{self, Claim};
use super::lookup::Known;
use super::pace::abandonment::Share;
use super::state::{Call, Offer, Open, Retry, Shard};
use super::{Work, agenda, choose, fold, pace};
use crate::assist::lease::{self, BEAT, Block, RELEASED, REVOKED, STARTED};
use crate::assist::{Board, Mark, OpenBlock};
use crate::attempt::Disposition;
use crate::campaign::{Campaign, Mode, Settings, State, pick};
use crate::contact::Contact;
use crate::person;
use crate::problem::Problem;
use crate::store::{Store, keys};
use futures::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};

/// How long an agent has to start a call, from its claim or the last heartbeat.
pub const LEASE_MS: i64 = 75_000;
/// Heartbeats keep a claim this long at most: a forgotten browser tab must not keep a person from being called.
pub const PREVIEW_MS: i64 = 10 * 60_000;
/// How long a block is handed out. Who would not be called any more is then looked at anew.
const OFFER_MS: i64 = 120_000;
/// A block is closed so long after it is handed out no more, for requests on hosts whose clocks are late.
const CLOSE_AFTER_MS: i64 = 5_000;
/// Blocks of a campaign that are not wholly handed out, at most: each is a counter to read.
const BLOCKS_MAX: usize = 32;
/// Claims in a block at most.
const BLOCK_MAX: usize = 200;
/// After the talk the agent still has to report.
const WRAP_UP_MS: i64 = 300_000;

/// Closed as unknown if nothing was reported so long after the start.
pub fn unreported_ms(settings: &Settings) -> i64 {
    let call = &settings.call;
    let longest = call.ring.as_millis().saturating_add(call.talk.as_millis()) as i64 + WRAP_UP_MS;
    longest.max(call.unknown_after.as_millis() as i64)
}

/// Makes claims until there are as many open ones as the campaign may have calls at once.
pub async fn offer<S: Store>(work: &mut Work<'_, S>, campaign: &Campaign) -> Result<(), Problem> {
    let offered = || work.state.offers.iter().filter(|o| o.campaign == campaign.id);
    let blocks: BTreeSet<_> = offered().filter(|o| o.leased_ms.is_none()).map(|o| (o.call.0, o.block)).collect();
    let room = (work.pacing.lines_left(campaign) as usize).saturating_sub(offered().count());
    let want = room.min(BLOCK_MAX).min(choose::CLAIMS_MAX.saturating_sub(work.claims.into()));
    if want > 0 && blocks.len() < BLOCKS_MAX {
        let first = work.claims;
        choose::choose_in(work, campaign, want, &mut Vec::new()).await?;
        let block = (first, work.claims - first);
        let made = |o: &&mut Offer| o.call.0 == work.ballot && o.call.1 >= first;
        work.state.offers.iter_mut().filter(made).for_each(|o| o.block = block);
    }
    let offered = work.state.offers.iter().filter(|o| o.campaign == campaign.id);
    let (free, taken): (Vec<_>, Vec<_>) = offered.partition(|o| o.leased_ms.is_none());
    let (free, offered) = (free.len(), free.len() + taken.len());
    if offered >= work.pacing.lines_left(campaign) as usize {
        work.hold(pace::CONCURRENT, choose::waiting(work, campaign));
    }
    if share(work, &campaign.id).spare(campaign.settings.rate.abandonment_percent).is_none() {
        work.hold(pace::abandonment::HELD, free as u64);
    }
    Ok(())
}

/// Writes a claim for agents. `Err`: there is none, and the retry goes back.
pub async fn claim<S: Store>(
    work: &mut Work<'_, S>,
    campaign: &Campaign,
    retry: Retry,
    contact: &Contact,
    known: &Known,
) -> Result<Result<(), Retry>, Problem> {
    let Some(key) = work.data_key(&retry.contact.list).await? else {
        work.hold("unreadable", 1);
        return Ok(Err(retry));
    };
    let Some(phone) = contact.phones.get(usize::from(retry.phone)) else { return Ok(Err(retry)) };
    let roll = pace::mix(work.ballot, work.claims);
    let caller_id = pick(&campaign.settings.caller_ids, phone, |_| true, roll);
    let caller_id = caller_id.map(|id| id.number.clone()).unwrap_or_default();
    let dial_at_ms = work.now_ms;
    let (retried, caller) = (&retry, caller_id.clone());
    let until_ms = dial_at_ms.saturating_add(OFFER_MS + PREVIEW_MS).saturating_add(unreported_ms(&campaign.settings));
    let provider = None;
    let new =
        claim::New { campaign, retry: retried, contact, known, provider, caller_id: caller, dial_at_ms, until_ms };
    let (call, claim) = claim::make(work, &key, new);
    work.writes.push((claim::place(work.shard, call), claim.encode()));
    work.state.offers.push(Offer {
        call,
        block: (call.1, 1),
        campaign: campaign.id.clone(),
        caller_id,
        person: known.person.phone.clone(),
        taxpayer: known.person.taxpayer.clone(),
        retry,
        until_ms: work.now_ms.saturating_add(OFFER_MS),
        leased_ms: None,
    });
    Ok(Ok(()))
}

/// Learns what agents took, started and gave back; ends leases, and closes blocks whose time is over.
pub async fn settle<S: Store>(work: &mut Work<'_, S>) -> Result<(), Problem> {
    if work.state.offers.is_empty() {
        return Ok(());
    }
    let failed = |e| Problem::store(&e);
    let mut offers = std::mem::take(&mut work.state.offers);
    let blocks = blocks_of(work.shard, &offers);
    let counters = blocks.iter().map(|block| lease::handed_out(work.store, block));
    let counts = try_join_all(counters).await.map_err(failed)?;
    lease_out(&mut offers, &blocks, &counts, work.now_ms);

    let (leased, mut kept): (Vec<_>, Vec<_>) = offers.into_iter().partition(|o| o.leased_ms.is_some());
    let kinds = [STARTED, RELEASED, BEAT];
    let asked = leased.iter().flat_map(|o| kinds.map(|kind| keys::event(work.shard, o.call.0, o.call.1, kind)));
    let asked: Vec<String> = asked.collect();
    let found = match asked.is_empty() {
        true => Vec::new(),
        false => work.store.get_all(&asked).await.map_err(failed)?,
    };
    let mut ending = Vec::new();
    for (offer, marks) in leased.into_iter().zip(found.chunks(kinds.len())) {
        match marks {
            [Some(started), ..] => started_by(work, offer, started),
            [_, released, beat] if released.is_some() || dead(work, &offer) || over(&offer, beat, work.now_ms) => {
                ending.push(offer);
            }
            _ => kept.push(offer),
        }
    }
    let close_at_ms = work.now_ms.saturating_sub(CLOSE_AFTER_MS);
    let closing = |o: &Offer| o.leased_ms.is_none() && (o.until_ms <= close_at_ms || dead(work, o));
    let closing: Vec<Offer> = kept.iter().filter(|o| closing(o)).cloned().collect();
    let closing = blocks_of(work.shard, &closing);

    let calls: Vec<Call> = ending.iter().map(|o| o.call).collect();
    let revoked = lease::revoke(work.store, work.shard, &calls, &closing).await.map_err(failed)?;
    let mut returned = Vec::new();
    for (offer, started) in ending.into_iter().zip(revoked.started) {
        match started {
            Some(record) => {
                // It stays started, whatever the mark says: a repeated request for the go may hear so again.
                work.deletes.push(keys::event(work.shard, offer.call.0, offer.call.1, REVOKED));
                started_by(work, offer, &record);
            }
            None => returned.push(offer),
        }
    }
    lease_out(&mut kept, &closing, &revoked.handed_out, work.now_ms);
    for offer in kept {
        let closed = offer.leased_ms.is_none() && closing.contains(&block_of(work.shard, &offer));
        if closed { returned.push(offer) } else { work.state.offers.push(offer) }
    }
    take_back(work, returned).await
}

/// What agents' requests read: the blocks of each assisted campaign, as they are after this tick.
pub fn boards<S: Store>(work: &Work<'_, S>, before: &Shard) -> Vec<(String, Vec<u8>)> {
    let campaigns: BTreeSet<&String> = before.offers.iter().chain(&work.state.offers).map(|o| &o.campaign).collect();
    let board = |campaign: &String| {
        let open = work.state.offers.iter().filter(|o| o.campaign == *campaign && o.leased_ms.is_none());
        let blocks: BTreeMap<Block, i64> = open.map(|o| (block_of(work.shard, o), o.until_ms)).collect();
        let blocks = blocks.into_iter().map(|(block, until_ms)| OpenBlock { block, until_ms }).collect();
        let share = share(work, campaign);
        (keys::board(work.shard, campaign), Board { identity: work.vault.id(), blocks, share }.encode())
    };
    campaigns.into_iter().map(board).collect()
}

/// The campaign's calls of the last day that a person answered, in this shard.
fn share<S: Store>(work: &Work<'_, S>, campaign: &str) -> Share {
    work.state.books.get(campaign).map_or_else(Share::default, |books| books.answered.share(work.now_ms))
}

fn block_of(shard: u16, offer: &Offer) -> Block {
    Block { shard, ballot: offer.call.0, first: offer.block.0, count: offer.block.1 }
}

/// The blocks that are not wholly handed out, as far as is known.
fn blocks_of(shard: u16, offers: &[Offer]) -> Vec<Block> {
    let open = offers.iter().filter(|o| o.leased_ms.is_none());
    open.map(|o| block_of(shard, o)).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Notes which claims are handed out by now.
fn lease_out(offers: &mut [Offer], blocks: &[Block], counts: &[u16], now_ms: i64) {
    for offer in offers.iter_mut().filter(|o| o.leased_ms.is_none()) {
        let of = |block: &Block| (block.ballot, block.first) == (offer.call.0, offer.block.0);
        let count = blocks.iter().zip(counts).find(|(block, _)| of(block)).map_or(0, |(_, count)| *count);
        if offer.call.1.saturating_sub(offer.block.0) < count {
            offer.leased_ms = Some(now_ms);
        }
    }
}

/// Nobody shall start it any more: its campaign stands still, its list is withdrawn, or late news of the call before ended
/// the contact.
fn dead<S: Store>(work: &Work<'_, S>, offer: &Offer) -> bool {
    let live = |c: &Campaign| c.state == State::Running && c.settings.mode == Mode::Assisted;
    !work.shelf.get(&offer.campaign).is_some_and(live)
        || work.state.lists.iter().any(|l| l.id == offer.retry.contact.list && l.withdrawn)
        || work.state.overtaken.iter().any(|o| Some(o.call) == offer.retry.unknown)
}

fn over(offer: &Offer, beat: &Option<Vec<u8>>, now_ms: i64) -> bool {
    let Some(leased_ms) = offer.leased_ms else { return false };
    // A heartbeat from the future, of a host whose clock is ahead, is one of now.
    let beat_ms = beat.as_deref().and_then(Mark::decode).map_or(leased_ms, |mark| mark.at_ms.min(now_ms));
    now_ms >= leased_ms.max(beat_ms).saturating_add(LEASE_MS).min(leased_ms.saturating_add(PREVIEW_MS))
}

/// The call is on: from here it goes like any other.
fn started_by<S: Store>(work: &mut Work<'_, S>, offer: Offer, record: &[u8]) {
    choose::reclaimed(work, &offer.retry, None);
    let dial_at_ms = Mark::decode(record).map_or(work.now_ms, |mark| mark.at_ms.min(work.now_ms));
    let settings = work.shelf.get(&offer.campaign).map(|c| unreported_ms(&c.settings));
    work.state.open.push(Open {
        call: offer.call,
        campaign: offer.campaign,
        provider: None,
        caller_id: offer.caller_id,
        person: offer.person,
        taxpayer: offer.taxpayer,
        dial_at_ms,
        unknown_at_ms: dial_at_ms.saturating_add(settings.unwrap_or(WRAP_UP_MS)),
    });
}

/// Puts contacts back on the agenda as if they had not been claimed: what was not started costs no attempt.
async fn take_back<S: Store>(work: &mut Work<'_, S>, offers: Vec<Offer>) -> Result<(), Problem> {
    let calls: Vec<Call> = offers.iter().map(|o| o.call).collect();
    let mut retries = Vec::new();
    for Offer { call, campaign, mut retry, leased_ms, .. } in offers {
        // Somebody could not or would not call: not the same person again at once.
        let pause_s = work.shelf.get(&campaign).map(|c| c.settings.attempts.retry_after_s(Disposition::NotPlaced));
        let pause_ms = leased_ms.and(pause_s).map_or(0, |s| i64::try_from(s).unwrap_or(0).saturating_mul(1000));
        retry.not_before_ms = work.now_ms.saturating_add(pause_ms);
        retry.looked = call.0;
        retries.push((campaign, retry));
    }
    agenda::put(work, retries).await?;
    let mut kept_ms = fold::CALLBACKS_MS;
    if work.pacing.shards > 1 {
        not_rung(work, &calls).await?;
        kept_ms = kept_ms.max(person::KEPT_MS);
    }
    let calls = calls.into_iter().map(|call| agenda::Past { call, reached: false }).collect();
    agenda::sweep_later(work, calls, work.now_ms.saturating_add(kept_ms)).await
}

/// Tells the other shards that nobody called.
async fn not_rung<S: Store>(work: &mut Work<'_, S>, calls: &[Call]) -> Result<(), Problem> {
    let places: Vec<String> = calls.iter().map(|call| claim::place(work.shard, *call)).collect();
    let claims = work.store.get_all(&places).await.map_err(|e| Problem::store(&e))?;
    for claim in claims.iter().flatten().filter_map(|bytes| Claim::decode(bytes)) {
        claim.dial_keys.into_iter().for_each(|key| work.enter(key, person::not_rung()));
    }
    Ok(())
}
