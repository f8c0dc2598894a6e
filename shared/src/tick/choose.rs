//! Choosing: whom to call next, within hours, rates and limits; each looked up before the claim is written.

use super::claim::{self, Claim};
use super::lookup::{self, Around, Known, Scope};
use super::pace::Turn;
use super::queue::{Candidate, Queue};
use super::rules::{self, Verdict};
use super::state::{Open, Retry};
use super::{Work, agenda, confirm, expire, offer, settle};
use crate::attempt::End;
use crate::campaign::{Campaign, Mode, State, fingerprint};
use crate::contact::Contact;
use crate::problem::Problem;
use crate::provider::Provider;
use crate::store::Store;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Claims a tick at most, over all campaigns.
pub const CLAIMS_MAX: usize = 1_000;
/// Contacts looked at a tick at most, for those who turn out not to be called.
const LOOKED_MAX: usize = 5_000;

/// A call to place once the claims are committed.
pub struct Placement {
    pub open: Open,
    pub claim: Claim,
    pub provider: Provider,
    pub to: String,
    /// Of the campaign's caller ids.
    pub fingerprint: u64,
    pub ring_s: u32,
    pub talk_s: u32,
}

/// Claims what may be called within the horizon, for all campaigns.
pub async fn choose<S: Store>(work: &mut Work<'_, S>) -> Result<Vec<Placement>, Problem> {
    confirm::look(work).await?;
    let mut placements = Vec::new();
    let shelf = Rc::clone(&work.shelf);
    work.state.pace.look_round(&shelf, work.now_ms);
    let mut running = Vec::new();
    for campaign in &shelf.campaigns {
        match campaign.state {
            State::Finished => expire::all(work, &campaign.id),
            State::Running => running.push(campaign),
            _ => {}
        }
    }
    work.state.pace.in_turn(&mut running);
    work.pacing.mend_caller_ids(&mut work.state.pace, &running);
    for campaign in running {
        expire::due(work, campaign);
        work.hold("unconfirmed", confirm::waiting(campaign, &work.state.lists));
        if campaign.settings.mode == Mode::Assisted {
            offer::offer(work, campaign).await?;
            continue;
        }
        work.pacing.mend(&mut work.state.pace, campaign);
        let (room, why) = work.pacing.room(&work.state.pace, campaign);
        let want = room.min(CLAIMS_MAX.saturating_sub(work.claims.into()));
        let before = placements.len();
        if want > 0 {
            choose_in(work, campaign, want, &mut placements).await?;
        }
        if placements.len() - before >= want {
            match waiting(work, campaign) {
                0 => {}
                left => work.hold(why, left),
            }
        }
    }
    Ok(placements)
}

/// Contacts of a campaign that could be called now, as far as the state tells.
pub(super) fn waiting<S: Store>(work: &Work<'_, S>, campaign: &Campaign) -> u64 {
    let state = &work.state;
    let lists = state.lists.iter().filter(|l| l.campaign == campaign.id && !confirm::awaits(campaign, l));
    let due = state.retries.iter().filter(|b| b.campaign == campaign.id && b.earliest_ms <= work.now_ms);
    lists.flat_map(|l| &l.groups).map(|g| u64::from(g.left)).sum::<u64>() + due.map(|b| u64::from(b.count)).sum::<u64>()
}

pub(super) async fn choose_in<S: Store>(
    work: &mut Work<'_, S>,
    campaign: &Campaign,
    want: usize,
    placements: &mut Vec<Placement>,
) -> Result<(), Problem> {
    let enough = usize::from(work.claims) + want;
    let mut later: Vec<(String, Retry)> = Vec::new();
    let open = work.state.open.iter().flat_map(|o| [&o.person, &o.taxpayer]);
    let offered = work.state.offers.iter().flat_map(|o| [&o.person, &o.taxpayer]);
    let mut taken: BTreeSet<String> = open.chain(offered).cloned().collect();
    let mut queue = Queue::new(work, campaign);
    let mut looked = 0;
    while usize::from(work.claims) < enough && looked < LOOKED_MAX {
        let most = (enough - usize::from(work.claims)).min(LOOKED_MAX - looked);
        let Some(found) = queue.next(work, campaign, most, &mut later).await? else { break };
        looked += found.len();
        consider(work, campaign, found, enough, &mut taken, &mut later, placements).await?;
    }
    later.extend(queue.rest().map(|retry| (campaign.id.clone(), retry)));
    // Only now: the queue names groups by their place.
    for list in &mut work.state.lists {
        list.groups.retain(|g| g.left > 0);
    }
    agenda::put(work, later).await
}

/// Looks each candidate up and claims, defers or closes it. Those beyond `enough` claims are deferred as they are.
async fn consider<S: Store>(
    work: &mut Work<'_, S>,
    campaign: &Campaign,
    candidates: Vec<Candidate>,
    enough: usize,
    taken: &mut BTreeSet<String>,
    later: &mut Vec<(String, Retry)>,
    placements: &mut Vec<Placement>,
) -> Result<(), Problem> {
    let calendar = work.calendar(campaign);
    let scope = Scope {
        store: work.store,
        vault: work.vault,
        shard: work.shard,
        shards: work.pacing.shards,
        now_ms: work.now_ms,
        entries: &work.entries,
    };
    let known = lookup::of(&scope, &candidates).await?;
    for (candidate, known) in candidates.into_iter().zip(known) {
        let around = Around {
            vault: work.vault,
            state: &work.state,
            campaign,
            calendar: &calendar,
            limits: work.limits,
            now_ms: work.now_ms,
        };
        let in_call = taken.contains(&known.person.phone) || taken.contains(&known.person.taxpayer);
        let facts = known.facts(&around, &candidate, in_call);
        let verdict = match rules::judge(&facts) {
            Verdict::Call if usize::from(work.claims) >= enough => Verdict::Later(work.now_ms, None),
            verdict => verdict,
        };
        let Candidate { mut retry, contact } = candidate;
        retry.looked = work.ballot;
        match verdict {
            Verdict::Call if campaign.settings.mode == Mode::Assisted => {
                match offer::claim(work, campaign, retry, &contact, &known).await? {
                    Ok(()) => taken.extend([known.person.phone, known.person.taxpayer]),
                    Err(retry) => later.push((campaign.id.clone(), retry)),
                }
            }
            Verdict::Call => match claim_for(work, campaign, &retry, &contact, &known).await? {
                Some(placement) => {
                    taken.extend([placement.open.person.clone(), placement.open.taxpayer.clone()]);
                    work.state.open.push(placement.open.clone());
                    placements.push(placement);
                    reclaimed(work, &retry, None);
                }
                None => later.push((campaign.id.clone(), retry)),
            },
            Verdict::Close(end) => {
                reclaimed(work, &retry, Some(end));
                if let (End::Settled, Some(done)) = (end, known.done) {
                    settle::enter(work, &campaign.id, &contact, (retry.attempts, &retry.past.dials), done.on);
                }
                work.closed(&campaign.id, &retry.contact.list, end, 1);
            }
            Verdict::OtherNumber(phone) => {
                retry.past.spoil(retry.phone);
                retry.phone = phone;
                retry.not_before_ms = work.now_ms;
                later.push((campaign.id.clone(), retry));
            }
            Verdict::Later(at_ms, reason) => {
                if let Some(reason) = reason {
                    work.hold(reason, 1);
                }
                retry.not_before_ms = at_ms;
                later.push((campaign.id.clone(), retry));
            }
        }
    }
    Ok(())
}

/// The retry is off the agenda: late news of its last call changes no more than the end it came to.
pub(super) fn reclaimed<S: Store>(work: &mut Work<'_, S>, retry: &Retry, ended: Option<End>) {
    if let Some(call) = retry.unknown {
        for watched in work.state.watched.iter_mut().filter(|w| w.call == call) {
            watched.retrying = false;
            watched.ended = ended;
        }
        work.state.overtaken.retain(|o| o.call != call);
    }
}

/// Writes a claim and what the placing needs. `None` where something is missing: then there is no call.
async fn claim_for<S: Store>(
    work: &mut Work<'_, S>,
    campaign: &Campaign,
    retry: &Retry,
    contact: &Contact,
    known: &Known,
) -> Result<Option<Placement>, Problem> {
    let settings = &campaign.settings;
    let index = work.claims;
    let Some(phone) = contact.phones.get(usize::from(retry.phone)) else { return Ok(None) };
    let Some(key) = work.data_key(&retry.contact.list).await? else {
        work.hold("unreadable", 1);
        return Ok(None);
    };
    let turn = match work.pacing.claim(&mut work.state.pace, campaign, phone, &retry.refused_by, index) {
        Ok(turn) => turn,
        Err(why) => {
            work.hold(why, 1);
            return Ok(None);
        }
    };
    let Turn { provider, caller_id, dial_at_ms } = turn;
    let unknown_at_ms = dial_at_ms + settings.call.unknown_after.as_millis() as i64;
    let new = claim::New {
        campaign,
        retry,
        contact,
        known,
        provider: Some(provider),
        caller_id: caller_id.clone(),
        dial_at_ms,
        until_ms: unknown_at_ms,
    };
    let (call, claim) = claim::make(work, &key, new);
    let open = Open {
        call,
        campaign: campaign.id.clone(),
        provider: Some(provider),
        caller_id,
        person: known.person.phone.clone(),
        taxpayer: known.person.taxpayer.clone(),
        dial_at_ms,
        unknown_at_ms,
    };
    Ok(Some(Placement {
        open,
        claim,
        provider,
        to: phone.clone(),
        fingerprint: fingerprint(&settings.caller_ids),
        ring_s: settings.call.ring.as_secs() as u32,
        talk_s: settings.call.talk.as_secs() as u32,
    }))
}
