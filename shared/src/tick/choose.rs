//! Choosing: whom to call next, within hours, rates and limits; each looked up before the claim is written.

use super::claim;
use super::place::reach_ms;
use super::state::{ContactRef, Open, Retry};
use super::{Work, agenda, expire, offer};
use crate::attempt::End;
use crate::campaign::{Campaign, Mode, State};
use crate::contact::Contact;
use crate::problem::Problem;
use crate::store::Store;
use crate::suppression;
use std::collections::{BTreeMap, BTreeSet};

/// How far ahead of now a tick claims. Short enough that a pause or a payment acts soon; long enough that ticks of this
/// distance keep up the rate without a gap.
pub const HORIZON_MS: i64 = 2_000;
/// Claims a tick at most, over all campaigns.
pub const CLAIMS_MAX: usize = 1_000;
/// Contacts looked at a tick at most, for those who turn out not to be called.
const LOOKED_MAX: usize = 5_000;
/// When a person is in another call: looked at again after this.
const PERSON_BUSY_MS: i64 = 60_000;
/// When no callable moment is known: looked at again after this.
const LOOKED_AGAIN_MS: i64 = 24 * 3_600_000;

/// A call to place once the claims are committed.
pub struct Placement {
    pub open: Open,
    pub claim_index: u16,
    pub to: String,
    pub from: String,
    pub ring_s: u32,
    pub talk_s: u32,
}

struct Candidate {
    retry: Retry,
    contact: Contact,
}

/// Claims what may be called within the horizon, for all campaigns.
pub async fn choose<S: Store>(
    work: &mut Work<'_, S>,
    alive: &BTreeMap<String, u32>,
) -> Result<Vec<Placement>, Problem> {
    let mut placements = Vec::new();
    let campaigns: Vec<Campaign> = work.shelf.campaigns.clone();
    for campaign in &campaigns {
        if campaign.state == State::Finished {
            expire::all(work, &campaign.id);
        }
        if campaign.state != State::Running {
            continue;
        }
        expire::due(work, campaign);
        let live = alive.get(&campaign.id).copied().unwrap_or(0);
        if campaign.settings.mode == Mode::Assisted {
            offer::offer(work, campaign, live).await?;
            continue;
        }
        let room = campaign.settings.rate.concurrent.saturating_sub(live) as usize;
        let want = room.min(orders_within_horizon(work, campaign)).min(CLAIMS_MAX.saturating_sub(work.claims.into()));
        if want > 0 {
            choose_in(work, campaign, want, &mut placements).await?;
        }
    }
    Ok(placements)
}

/// Microseconds between two orders, at this shard's share of the campaign's rate.
fn interval_us<S: Store>(work: &Work<'_, S>, campaign: &Campaign) -> f64 {
    1e6 * f64::from(work.shards.max(1)) / campaign.settings.rate.calls_per_second
}

fn orders_within_horizon<S: Store>(work: &Work<'_, S>, campaign: &Campaign) -> usize {
    let next = work.state.books.get(&campaign.id).map_or(0, |b| b.next_order_us).max(work.now_ms * 1000);
    let ahead = ((work.now_ms + HORIZON_MS) * 1000 - next) as f64;
    if ahead <= 0.0 { 0 } else { (ahead / interval_us(work, campaign)).ceil() as usize }
}

pub(super) async fn choose_in<S: Store>(
    work: &mut Work<'_, S>,
    campaign: &Campaign,
    want: usize,
    placements: &mut Vec<Placement>,
) -> Result<(), Problem> {
    let enough = usize::from(work.claims) + want;
    let mut later: Vec<(String, Retry)> = Vec::new();
    let open = work.state.open.iter().map(|o| &o.person);
    let mut taken: BTreeSet<String> = open.chain(work.state.offers.iter().map(|o| &o.person)).cloned().collect();

    let mut ready = Vec::new();
    for retry in agenda::take_due(work, &campaign.id, want).await? {
        if retry.not_before_ms > work.now_ms { later.push((campaign.id.clone(), retry)) } else { ready.push(retry) }
    }
    ready.sort_by_key(|r| r.not_before_ms);
    let surplus = ready.split_off(ready.len().min(LOOKED_MAX));
    later.extend(surplus.into_iter().map(|r| (campaign.id.clone(), r)));
    let candidates = with_contacts(work, campaign, ready, &mut later).await?;
    consider(work, campaign, candidates, enough, &mut taken, &mut later, placements).await?;

    let mut looked = 0;
    while usize::from(work.claims) < enough && looked < LOOKED_MAX {
        let fresh = next_fresh(work, campaign, (enough - usize::from(work.claims)).min(LOOKED_MAX - looked)).await?;
        if fresh.is_empty() {
            break;
        }
        looked += fresh.len();
        consider(work, campaign, fresh, enough, &mut taken, &mut later, placements).await?;
    }
    agenda::put(work, later).await
}

/// Takes contacts nobody has called yet, from the first groups that are callable now.
async fn next_fresh<S: Store>(
    work: &mut Work<'_, S>,
    campaign: &Campaign,
    want: usize,
) -> Result<Vec<Candidate>, Problem> {
    let calendar = work.calendar(campaign);
    let reach_ms = reach_ms(&campaign.settings.call);
    let mut order: Vec<(u8, jiff::civil::Date, usize, usize)> = Vec::new();
    for (l, list) in work.state.lists.iter().enumerate().filter(|(_, l)| l.campaign == campaign.id) {
        order.extend(list.groups.iter().enumerate().map(|(g, group)| (group.priority, group.due_date, l, g)));
    }
    order.sort_unstable();
    let mut callable: BTreeMap<Option<String>, bool> = BTreeMap::new();
    let mut found = Vec::new();
    for (_, _, l, g) in order {
        let Some(cursor) = work.state.lists.get(l).and_then(|l| l.groups.get(g)).cloned() else { continue };
        let now_ms = work.now_ms;
        let open = *callable
            .entry(cursor.zone.clone())
            .or_insert_with(|| calendar.callable(cursor.zone.as_deref(), now_ms, reach_ms));
        if !open {
            work.hold(calendar.reason(cursor.zone.as_deref()), u64::from(cursor.left));
            continue;
        }
        let list = work.state.lists[l].id.clone();
        let mut cursor = cursor;
        while found.len() < want && cursor.left > 0 {
            let Some(page) = work.page(&list, cursor.group, cursor.page).await? else {
                work.hold("unreadable", u64::from(cursor.left));
                break;
            };
            let rest = page.get(usize::from(cursor.index)..).unwrap_or_default();
            let take = rest.len().min(want - found.len()).min(cursor.left as usize);
            if take == 0 && !rest.is_empty() {
                break;
            }
            for (i, contact) in rest[..take].iter().enumerate() {
                let index = cursor.index.saturating_add(i as u16);
                let place = ContactRef { list: list.clone(), group: cursor.group, page: cursor.page, index };
                let retry =
                    Retry { contact: place, attempts: 0, phone: 0, not_before_ms: now_ms, day: None, unknown: None };
                found.push(Candidate { retry, contact: contact.clone() });
            }
            cursor.left -= take as u32;
            cursor.index = cursor.index.saturating_add(take as u16);
            if usize::from(cursor.index) >= page.len() {
                cursor.page += 1;
                cursor.index = 0;
            }
        }
        work.state.lists[l].groups[g] = cursor;
        if found.len() >= want {
            break;
        }
    }
    for list in &mut work.state.lists {
        list.groups.retain(|g| g.left > 0);
    }
    Ok(found)
}

/// Reads the contacts of retries. Those whose page cannot be read are put back for later.
async fn with_contacts<S: Store>(
    work: &mut Work<'_, S>,
    campaign: &Campaign,
    retries: Vec<Retry>,
    later: &mut Vec<(String, Retry)>,
) -> Result<Vec<Candidate>, Problem> {
    let mut found = Vec::new();
    for mut retry in retries {
        let place = &retry.contact;
        let contact = work
            .page(&place.list, place.group, place.page)
            .await?
            .and_then(|p| p.get(usize::from(place.index)).cloned());
        match contact {
            Some(contact) => found.push(Candidate { retry, contact }),
            None => {
                work.hold("unreadable", 1);
                retry.not_before_ms = work.now_ms.saturating_add(10 * 60_000);
                later.push((campaign.id.clone(), retry));
            }
        }
    }
    Ok(found)
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
    let mut keys = Vec::new();
    let mut spans = Vec::new();
    for c in &candidates {
        let from = keys.len();
        if let Some(phone) = c.contact.phones.get(usize::from(c.retry.phone)) {
            keys.push(suppression::do_not_call_key(work.vault, phone));
        }
        keys.extend(suppression::settlement_keys(work.vault, &c.contact));
        spans.push(from..keys.len());
    }
    let found = work.store.get_all(&keys).await.map_err(|e| Problem::store(&e))?;
    for (candidate, span) in candidates.into_iter().zip(spans) {
        let Candidate { mut retry, contact } = candidate;
        let verdict = match judge(work, campaign, &retry, &contact, &found[span.clone()], taken) {
            Verdict::Call if usize::from(work.claims) >= enough => Verdict::Later(work.now_ms),
            verdict => verdict,
        };
        match verdict {
            Verdict::Call => {
                let settlement_keys = keys[span].iter().skip(1).cloned().collect();
                if campaign.settings.mode == Mode::Assisted {
                    match offer::claim(work, campaign, retry, &contact, settlement_keys).await? {
                        Ok(person) => drop(taken.insert(person)),
                        Err(retry) => later.push((campaign.id.clone(), retry)),
                    }
                    continue;
                }
                match claim_for(work, campaign, &retry, &contact, settlement_keys).await? {
                    Some(placement) => {
                        taken.insert(placement.open.person.clone());
                        work.state.open.push(placement.open.clone());
                        placements.push(placement);
                        reclaimed(work, &retry, None);
                    }
                    None => later.push((campaign.id.clone(), retry)),
                }
            }
            Verdict::Close(end) => {
                reclaimed(work, &retry, Some(end));
                work.closed(&campaign.id, end, 1);
            }
            Verdict::Later(at_ms) => {
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

enum Verdict {
    Call,
    Later(i64),
    Close(End),
}

/// The rules that decide whether this contact is called now. `found`: its do-not-call entry, then its settlements.
fn judge<S: Store>(
    work: &mut Work<'_, S>,
    campaign: &Campaign,
    retry: &Retry,
    contact: &Contact,
    found: &[Option<Vec<u8>>],
    taken: &BTreeSet<String>,
) -> Verdict {
    let settings = &campaign.settings;
    let Some(phone) = contact.phones.get(usize::from(retry.phone)) else { return Verdict::Close(End::WrongNumber) };
    let person = suppression::person(work.vault, phone);
    if let Some(overtaken) = work.state.overtaken.iter().find(|o| Some(o.call) == retry.unknown) {
        return Verdict::Close(overtaken.end);
    }
    if work.state.lists.iter().any(|l| l.id == retry.contact.list && l.withdrawn) {
        return Verdict::Close(End::Withdrawn);
    }
    let calendar = work.calendar(campaign);
    let zone = contact.time_zone.as_deref();
    let today = calendar.date(zone, work.now_ms);
    if today.is_none_or(|d| d > contact.due_date || settings.ends.is_some_and(|ends| d > ends)) {
        return Verdict::Close(End::Expired);
    }
    if found.iter().skip(1).any(Option::is_some) {
        return Verdict::Close(End::Settled);
    }
    let entry = found.first().and_then(Option::as_ref);
    if work.asked.contains(&person) || entry.is_some_and(|bytes| suppression::holds(bytes, work.now_ms)) {
        return Verdict::Close(End::Suppressed);
    }
    if retry.attempts == 0 && suppression::held_out(work.vault, &contact.taxpayer_id, settings.holdout_percent) {
        return Verdict::Close(End::HeldOut);
    }
    if taken.contains(&person) {
        return Verdict::Later(work.now_ms.saturating_add(PERSON_BUSY_MS));
    }
    if !settings.country.has_number(phone) {
        // The limits of another country are not those that this campaign was checked against.
        work.hold("foreign_number", 1);
        return Verdict::Later(work.now_ms.saturating_add(LOOKED_AGAIN_MS));
    }
    match calendar.next(zone, work.now_ms, reach_ms(&settings.call)) {
        Some(at) if at == work.now_ms => Verdict::Call,
        at => {
            work.hold(calendar.reason(zone), 1);
            Verdict::Later(at.unwrap_or(work.now_ms.saturating_add(LOOKED_AGAIN_MS)))
        }
    }
}

/// Writes a claim and what the placing needs. `None` where something is missing: then there is no call.
async fn claim_for<S: Store>(
    work: &mut Work<'_, S>,
    campaign: &Campaign,
    retry: &Retry,
    contact: &Contact,
    settlement_keys: Vec<String>,
) -> Result<Option<Placement>, Problem> {
    let settings = &campaign.settings;
    let index = work.claims;
    let (Some(phone), Some(provider), false) =
        (contact.phones.get(usize::from(retry.phone)), settings.providers.first(), settings.caller_ids.is_empty())
    else {
        work.hold("no_caller_id", 1);
        return Ok(None);
    };
    let Some(key) = work.data_key(&retry.contact.list).await? else {
        work.hold("unreadable", 1);
        return Ok(None);
    };
    let from = settings.caller_ids[(work.ballot as usize).wrapping_add(usize::from(index)) % settings.caller_ids.len()]
        .clone();
    let interval = interval_us(work, campaign);
    let now_ms = work.now_ms;
    let books = work.state.books.entry(campaign.id.clone()).or_default();
    let order_us = books.next_order_us.max(now_ms * 1000);
    books.next_order_us = order_us + interval.ceil() as i64;
    let dial_at_ms = order_us.div_euclid(1000) + i64::from(order_us % 1000 > 0);
    let provider = *provider;
    let new = claim::New { campaign, retry, contact, settlement_keys, provider, caller_id: from.clone(), dial_at_ms };
    let call = claim::write(work, &key, new);
    let open = Open {
        call,
        campaign: campaign.id.clone(),
        provider,
        person: suppression::person(work.vault, phone),
        dial_at_ms,
        unknown_at_ms: dial_at_ms + settings.call.unknown_after.as_millis() as i64,
    };
    Ok(Some(Placement {
        open,
        claim_index: index,
        to: phone.clone(),
        from,
        ring_s: settings.call.ring.as_secs() as u32,
        talk_s: settings.call.talk.as_secs() as u32,
    }))
}
