//! Folding: the events of calls that ended become dispositions, tallies, and what follows for the contact.

use super::claim::{self, Claim};
use super::place::reach_ms;
use super::state::{Call, Open, Overtaken, Retry, Watched};
use super::{Work, agenda};
use crate::attempt::{self, Disposition, ENDING_KINDS, End, Event, News, Next, OTHER_KINDS, Outcome};
use crate::campaign::Campaign;
use crate::contact::Contact;
use crate::hours;
use crate::problem::Problem;
use crate::store::{Store, decode, encode, keys};
use crate::suppression;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const VERSION: u8 = 1;
/// A call is folded so long after its first ending was received: machine detection and the last key press come as
/// requests of their own and may be a little late.
pub const STRAGGLERS_MS: i64 = 3_000;
/// How long callbacks are taken: providers queue and repeat for up to a day.
pub const CALLBACKS_MS: i64 = 24 * 3_600_000;
/// Calls watched for late news at most; beyond, the oldest are let go.
const WATCHED_MAX: usize = 2_000;

/// One folded attempt, as reports and exports read it. Nothing personal: the contact is named by its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub campaign: String,
    pub list: String,
    /// Row in the list's file.
    pub row: u32,
    pub call: Call,
    /// Number of the attempt, from 1.
    pub attempt: u8,
    pub disposition: Disposition,
    pub talk_s: u32,
    pub dial_at_ms: i64,
    pub folded_at_ms: i64,
    /// The provider's own id of the call, where it told one.
    pub provider_call: Option<String>,
    /// The contact's end, if this attempt was its last.
    pub end: Option<End>,
    /// Late news of a call that was closed as unknown: replaces that record.
    pub late: bool,
}

/// A results page: the attempts folded by one tick, and the ballot of the page before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    pub previous: Option<u64>,
    pub attempts: Vec<Attempt>,
}

impl Results {
    /// Reads a page.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        decode(VERSION, bytes)
    }
}

/// A call to fold.
struct Ended {
    call: Call,
    campaign: String,
    dial_at_ms: i64,
    /// The endings heard; the other events are asked for later.
    events: Vec<Event>,
    /// Events that cannot be read.
    damaged: u64,
    /// It was closed as unknown before.
    watched: Option<Watched>,
}

/// Folds the calls that ended, and closes those whose time is over. Answers how many calls are still alive, by campaign.
pub async fn fold<S: Store>(work: &mut Work<'_, S>) -> Result<BTreeMap<String, u32>, Problem> {
    let open = std::mem::take(&mut work.state.open);
    let watched = std::mem::take(&mut work.state.watched);
    let asked: Vec<Call> = open.iter().map(|o| o.call).chain(watched.iter().map(|w| w.call)).collect();
    let mut endings = events_of(work, &asked, &ENDING_KINDS).await?.into_iter();

    let mut alive = BTreeMap::new();
    let mut ended = Vec::new();
    for open in open {
        let Heard { events, damaged } = endings.next().unwrap_or_default();
        if foldable(&events, work.now_ms) || (events.is_empty() && open.unknown_at_ms <= work.now_ms) {
            ended.push(from_open(open, events, damaged));
        } else {
            work.hold("unreadable_event", damaged);
            if events.is_empty() {
                *alive.entry(open.campaign.clone()).or_default() += 1;
            }
            work.state.open.push(open);
        }
    }
    for watched in watched {
        let Heard { events, damaged } = endings.next().unwrap_or_default();
        work.hold("unreadable_event", damaged);
        if foldable(&events, work.now_ms) {
            let (call, campaign) = (watched.call, watched.campaign.clone());
            ended.push(Ended { call, campaign, dial_at_ms: 0, events, damaged: 0, watched: Some(watched) });
        } else if watched.until_ms > work.now_ms {
            work.state.watched.push(watched);
        }
    }
    close_all(work, ended).await?;
    Ok(alive)
}

fn from_open(open: Open, events: Vec<Event>, damaged: u64) -> Ended {
    Ended { call: open.call, campaign: open.campaign, dial_at_ms: open.dial_at_ms, events, damaged, watched: None }
}

/// When it was dialled: an agent starts a call later than it was claimed.
fn dialled_ms(ended: &Ended, claim: &Claim) -> i64 {
    ended.dial_at_ms.max(claim.dial_at_ms)
}

/// The pause until the time that the person asked to be called at.
fn callback_after_s(events: &[Event], now_ms: i64) -> Option<u64> {
    let asked = events.iter().filter_map(|e| match e.news {
        News::CallbackAt { at_ms } => Some(at_ms),
        _ => None,
    });
    asked.max().map(|at_ms| at_ms.saturating_sub(now_ms).max(0).unsigned_abs().div_ceil(1000))
}

/// Whether an ending is among the events, or the provider's refusal.
fn heard_end(events: &[Event]) -> bool {
    events.iter().any(|e| matches!(e.news, News::Ended { .. } | News::Refused(_)))
}

fn foldable(endings: &[Event], now_ms: i64) -> bool {
    endings.iter().map(|e| e.at_ms).min().is_some_and(|first| first.saturating_add(STRAGGLERS_MS) <= now_ms)
}

async fn close_all<S: Store>(work: &mut Work<'_, S>, ended: Vec<Ended>) -> Result<(), Problem> {
    if ended.is_empty() {
        return Ok(());
    }
    let calls: Vec<Call> = ended.iter().map(|e| e.call).collect();
    let others = events_of(work, &calls, &OTHER_KINDS).await?;
    let places: Vec<String> = calls.iter().map(|c| claim::place(work.shard, *c)).collect();
    let claims = work.store.get_all(&places).await.map_err(|e| Problem::store(&e))?;

    let mut attempts = Vec::new();
    let mut retries = Vec::new();
    let mut forget = Vec::new();
    for (((mut ended, others), bytes), place) in ended.into_iter().zip(others).zip(claims).zip(places) {
        ended.events.extend(others.events);
        ended.damaged += others.damaged;
        let outcome = attempt::disposition(&ended.events);
        let Some(claim) = bytes.as_deref().and_then(Claim::decode) else {
            // Without its claim nothing can be said about the contact; it stays in its state until somebody has looked.
            work.hold("unreadable_claim", 1);
            if ended.watched.is_none() {
                work.state.open.push(Open {
                    call: ended.call,
                    campaign: ended.campaign,
                    provider: crate::provider::Provider::Twilio,
                    person: String::new(),
                    dial_at_ms: ended.dial_at_ms,
                    unknown_at_ms: i64::MAX,
                });
            }
            continue;
        };
        let contact = match work.data_key(&claim.contact.list).await? {
            Some(key) => claim.contact(&place, &key),
            None => None,
        };
        if ended.damaged > 0 {
            work.hold("unreadable_event", ended.damaged);
            *work.state.unread.events.entry(ended.campaign.clone()).or_default() += ended.damaged;
        }
        let record = close(work, &ended, &claim, contact.as_ref(), &outcome, &mut retries);
        attempts.push(record);
        if heard_end(&ended.events) {
            // Of a call whose end was not heard the rest is kept: late news is folded together with it.
            work.deletes.extend(agenda::event_keys(work.shard, ended.call));
        }
        if ended.watched.is_none() {
            forget.push(ended.call);
        }
    }
    agenda::put(work, retries).await?;
    let due_ms = work.now_ms.saturating_add(CALLBACKS_MS);
    agenda::sweep_later(work, forget, due_ms).await?;
    if !attempts.is_empty() {
        work.folded += attempts.len() as u32;
        let page = Results { previous: work.state.results, attempts };
        work.writes.push((keys::results(work.shard, work.ballot), encode(VERSION, &page)));
        work.state.results = Some(work.ballot);
    }
    Ok(())
}

/// Enters one call into the books and decides what follows for its contact.
fn close<S: Store>(
    work: &mut Work<'_, S>,
    ended: &Ended,
    claim: &Claim,
    contact: Option<&Contact>,
    outcome: &Outcome,
    retries: &mut Vec<(String, Retry)>,
) -> Attempt {
    let unspent = outcome.disposition == Disposition::NotPlaced;
    let attempts = if unspent { claim.attempt.saturating_sub(1) } else { claim.attempt };
    let campaign = work.shelf.get(&ended.campaign).cloned();
    if outcome.do_not_call
        && let Some(phone) = contact.and_then(|c| c.phones.get(usize::from(claim.phone)))
    {
        // Written before the commit: should this tick not commit, the next one folds the same event again.
        let key = suppression::do_not_call_key(work.vault, phone);
        work.writes.push((key, suppression::asked_by_person(work.now_ms)));
        work.asked.insert(suppression::person(work.vault, phone));
    }
    let follow = match &campaign {
        Some(c) => attempt::next(outcome, attempts, &c.settings.attempts),
        None => Next::Close(End::Withdrawn),
    };
    let withdrawn = work.state.lists.iter().any(|l| l.id == claim.contact.list && l.withdrawn);
    let more_phones = contact.is_some_and(|c| usize::from(claim.phone) + 1 < c.phones.len());
    let (next, phone) = match follow {
        Next::Close(end) => (Err(end), claim.phone),
        Next::Retry { .. } | Next::OtherNumber { .. } if withdrawn => (Err(End::Withdrawn), claim.phone),
        Next::Retry { after_s } => (Ok(after_s), claim.phone),
        Next::OtherNumber { after_s, .. } if more_phones => (Ok(after_s), claim.phone.saturating_add(1)),
        Next::OtherNumber { otherwise, .. } => (Err(otherwise), claim.phone),
    };
    book(work, ended, claim, outcome);
    let end = match &ended.watched {
        // Its retry was called already: that call decides how the contact ends.
        Some(watched) if !watched.retrying && watched.ended.is_none() => None,
        _ => next.err(),
    };
    match (&ended.watched, next) {
        (None, Err(end)) => work.closed(&ended.campaign, end, 1),
        (None, Ok(after_s)) => {
            let after_s = callback_after_s(&ended.events, work.now_ms).unwrap_or(after_s);
            let not_before_ms = not_before(work, after_s, campaign.as_ref(), contact, claim, unspent);
            let day = if unspent { (claim.day.0, claim.day.1.saturating_sub(1)) } else { claim.day };
            let unknown = (!heard_end(&ended.events)).then_some(ended.call);
            let contact = claim.contact.clone();
            let retry = Retry { contact, attempts, phone, not_before_ms, day: Some(day), unknown };
            retries.push((ended.campaign.clone(), retry));
        }
        // Late news that closes the contact: its retry is dropped when it falls due, or its end is corrected.
        (Some(watched), Err(end)) if watched.retrying => {
            let campaign = ended.campaign.clone();
            work.state.overtaken.push(Overtaken { campaign, call: ended.call, end });
        }
        (Some(Watched { ended: Some(was), .. }), Err(end)) => {
            let ends = &mut work.state.books.entry(ended.campaign.clone()).or_default().ends;
            if let Some(n) = ends.get_mut(was) {
                *n = n.saturating_sub(1);
            }
            *ends.entry(end).or_default() += 1;
        }
        (Some(_), _) => {}
    }
    if !heard_end(&ended.events) && ended.watched.is_none() {
        if work.state.watched.len() >= WATCHED_MAX {
            work.state.watched.remove(0);
        }
        work.state.watched.push(Watched {
            call: ended.call,
            campaign: ended.campaign.clone(),
            until_ms: work.now_ms.saturating_add(CALLBACKS_MS),
            booked: outcome.disposition,
            ended: end,
            retrying: end.is_none(),
        });
    }
    Attempt {
        campaign: ended.campaign.clone(),
        list: claim.contact.list.clone(),
        row: contact.map_or(0, |c| c.row),
        call: ended.call,
        attempt: claim.attempt,
        disposition: outcome.disposition,
        talk_s: outcome.talk_s,
        dial_at_ms: dialled_ms(ended, claim),
        folded_at_ms: work.now_ms,
        provider_call: ended.events.iter().find_map(|e| match &e.news {
            News::Placed { provider_call } => Some(provider_call.clone()),
            _ => None,
        }),
        end,
        late: ended.watched.is_some(),
    }
}

/// Tallies.
fn book<S: Store>(work: &mut Work<'_, S>, ended: &Ended, claim: &Claim, outcome: &Outcome) {
    let books = work.state.books.entry(ended.campaign.clone()).or_default();
    if let Some(watched) = &ended.watched {
        if let Some(n) = books.dispositions.get_mut(&watched.booked) {
            *n = n.saturating_sub(1);
        }
        books.right_party = books.right_party.saturating_sub(u64::from(watched.booked.right_party()));
    }
    *books.dispositions.entry(outcome.disposition).or_default() += 1;
    books.right_party += u64::from(outcome.disposition.right_party());
    books.talk_s += u64::from(outcome.talk_s);
    let dialled_ms = dialled_ms(ended, claim);
    books.first_dial_ms = Some(books.first_dial_ms.map_or(dialled_ms, |f| f.min(dialled_ms)));
    books.last_fold_ms = Some(work.now_ms);
    // An outbound call of the year is one that was ordered and not refused; late news finds it counted.
    if ended.watched.is_none()
        && outcome.disposition != Disposition::NotPlaced
        && let Some(day) = hours::local_date(hours::COUNTRY_ZONES[0], dialled_ms)
    {
        work.state.years.entry(day.year()).or_default().outbound += 1;
    }
}

/// When the contact may be tried again: the pause, the day's limit, the callable hours.
fn not_before<S: Store>(
    work: &mut Work<'_, S>,
    after_s: u64,
    campaign: Option<&Campaign>,
    contact: Option<&Contact>,
    claim: &Claim,
    unspent: bool,
) -> i64 {
    let raw = work.now_ms.saturating_add(i64::try_from(after_s).unwrap_or(i64::MAX / 2_000).saturating_mul(1000));
    let Some(campaign) = campaign else { return raw };
    let calendar = work.calendar(campaign);
    let zone = contact.and_then(|c| c.time_zone.as_deref());
    let mut at = raw;
    if !unspent && claim.day.1 >= campaign.settings.attempts.per_day && calendar.date(zone, raw) == Some(claim.day.0) {
        at = calendar.next_day(zone, raw).unwrap_or(raw);
    }
    // No callable moment ahead: looked at again when it is due, and expired then.
    calendar.next(zone, at, reach_ms(&campaign.settings.call)).unwrap_or(at)
}

/// What is in the store of a call.
#[derive(Default)]
struct Heard {
    events: Vec<Event>,
    /// Events that cannot be read: not heard, but told of.
    damaged: u64,
}

/// The events of some kinds, call by call.
async fn events_of<S: Store>(work: &Work<'_, S>, calls: &[Call], kinds: &[&str]) -> Result<Vec<Heard>, Problem> {
    let keys: Vec<String> =
        calls.iter().flat_map(|c| kinds.iter().map(|kind| keys::event(work.shard, c.0, c.1, kind))).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let values = work.store.get_all(&keys).await.map_err(|e| Problem::store(&e))?;
    let heard = |chunk: &[Option<Vec<u8>>]| {
        let found = chunk.iter().flatten().count();
        let events: Vec<Event> = chunk.iter().flatten().filter_map(|bytes| Event::decode(bytes)).collect();
        Heard { damaged: (found - events.len()) as u64, events }
    };
    Ok(values.chunks(kinds.len()).map(heard).collect())
}
