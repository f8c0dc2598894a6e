//! Folding: the events of calls that ended become dispositions, tallies, and what follows for the contact.

use super::again::{self, Local};
use super::claim::{self, Claim};
use super::results::{Attempt, Results};
use super::rules;
use super::state::{Call, Open, Overtaken, Rank, Retry, Watched};
use super::{Work, agenda, said, settle};
use crate::attempt::{self, Disposition, ENDING_KINDS, End, Event, News, Next, OTHER_KINDS, Outcome, Past, Refusal};
use crate::campaign::{Again, Campaign};
use crate::contact::Contact;
use crate::hours;
use crate::person;
use crate::problem::Problem;
use crate::provider::Provider;
use crate::store::{Store, keys};
use crate::suppression::{DoNotCall, Named, Reason};
use jiff::SignedDuration;
use std::cell::RefCell;
use std::collections::HashMap;

/// A call is folded so long after its first ending was received: machine detection and the last key press come as
/// requests of their own and may be a little late.
pub const STRAGGLERS_MS: i64 = 3_000;
/// How long callbacks are taken: providers queue and repeat for up to a day.
pub const CALLBACKS_MS: i64 = 24 * 3_600_000;
/// Calls watched for late news at most; beyond, the oldest are let go.
const WATCHED_MAX: usize = 2_000;

/// A call to fold.
struct Ended {
    call: Call,
    campaign: String,
    /// When it was dialled: an agent starts a call later than it was claimed.
    dial_at_ms: i64,
    /// As it stood in the state; `None` for a call closed before.
    open: Option<Open>,
    /// The endings heard; the other events are asked for later.
    events: Vec<Event>,
    /// Events that cannot be read.
    damaged: u64,
    /// It was closed as unknown before.
    watched: Option<Watched>,
}

/// When calls were first heard to have ended, by shard: until stragglers are in there is nothing new to ask for.
#[derive(Debug, Clone, Default)]
pub struct Endings(RefCell<HashMap<u16, HashMap<Call, i64>>>);

/// Folds the calls that ended, and closes those whose time is over. Counts those that are still alive.
pub async fn fold<S: Store>(work: &mut Work<'_, S>, known: &Endings) -> Result<(), Problem> {
    let open = std::mem::take(&mut work.state.open);
    let watched = std::mem::take(&mut work.state.watched);
    let mut first_heard = known.0.borrow_mut().remove(&work.shard).unwrap_or_default();
    first_heard.retain(|_, at_ms| !over(*at_ms, work.now_ms));
    // Most open calls of a busy shard have ended moments ago, or are not dialled yet.
    let asks: Vec<bool> = open
        .iter()
        .map(|o| (o.provider.is_none() || o.dial_at_ms <= work.now_ms) && !first_heard.contains_key(&o.call))
        .collect();
    let wanted = open.iter().zip(&asks).filter(|(_, asks)| **asks).map(|(open, _)| open.call);
    let asked: Vec<Call> = wanted.chain(watched.iter().map(|w| w.call)).collect();
    let mut endings = events_of(work, &asked, &ENDING_KINDS).await?.into_iter();

    let mut ended = Vec::new();
    for (open, asks) in open.into_iter().zip(asks) {
        if !asks {
            if !first_heard.contains_key(&open.call) {
                work.pacing.alive.add(&open.campaign, open.provider, &open.caller_id);
            }
            work.state.open.push(open);
            continue;
        }
        let Heard { events, damaged } = endings.next().unwrap_or_default();
        if foldable(&events, work.now_ms) || (events.is_empty() && open.unknown_at_ms <= work.now_ms) {
            ended.push(from_open(open, events, damaged));
        } else {
            work.hold("unreadable_event", damaged);
            match events.iter().map(|e| e.at_ms).min() {
                None => work.pacing.alive.add(&open.campaign, open.provider, &open.caller_id),
                Some(first_ms) if damaged == 0 => drop(first_heard.insert(open.call, first_ms)),
                Some(_) => {}
            }
            work.state.open.push(open);
        }
    }
    for watched in watched {
        let Heard { events, damaged } = endings.next().unwrap_or_default();
        work.hold("unreadable_event", damaged);
        if foldable(&events, work.now_ms) {
            let (call, campaign) = (watched.call, watched.campaign.clone());
            let dial_at_ms = watched.dial_at_ms;
            ended.push(Ended { call, campaign, dial_at_ms, open: None, events, damaged: 0, watched: Some(watched) });
        } else if watched.until_ms > work.now_ms {
            work.state.watched.push(watched);
        }
    }
    known.0.borrow_mut().insert(work.shard, first_heard);
    close_all(work, ended).await
}

fn from_open(open: Open, events: Vec<Event>, damaged: u64) -> Ended {
    let (call, campaign, dial_at_ms) = (open.call, open.campaign.clone(), open.dial_at_ms);
    Ended { call, campaign, dial_at_ms, open: Some(open), events, damaged, watched: None }
}

/// Whether an ending is among the events, or the provider's refusal.
fn heard_end(events: &[Event]) -> bool {
    events.iter().any(|e| matches!(e.news, News::Ended { .. } | News::Refused(_)))
}

fn foldable(endings: &[Event], now_ms: i64) -> bool {
    endings.iter().map(|e| e.at_ms).min().is_some_and(|first| over(first, now_ms))
}

/// Whether stragglers are in.
fn over(first_heard_ms: i64, now_ms: i64) -> bool {
    first_heard_ms.saturating_add(STRAGGLERS_MS) <= now_ms
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
            work.state.open.extend(ended.open.map(|open| Open { unknown_at_ms: i64::MAX, ..open }));
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
            forget.push(agenda::Past { call: ended.call, reached: outcome.disposition.right_party() });
        }
    }
    said::enter(work).await?;
    agenda::put(work, retries).await?;
    let due_ms = work.now_ms.saturating_add(person::KEPT_MS.max(CALLBACKS_MS));
    agenda::sweep_later(work, forget, due_ms).await?;
    if !attempts.is_empty() {
        work.folded += attempts.len() as u32;
        let page = Results { previous: work.state.results, attempts };
        work.writes.push((keys::results(work.shard, work.ballot), page.encode()));
        work.state.enter_results(work.ballot);
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
    enter_for_person(work, ended, claim, contact, outcome);
    let mut past = claim.past.clone();
    if !unspent {
        past.enter(outcome.disposition);
        past.dials.push(ended.dial_at_ms);
    }
    person::prune(&mut past.dials, work.now_ms);
    let follow = match &campaign {
        Some(c) => attempt::next(outcome, attempts, &past, &c.settings.attempts),
        None => Next::Close(End::Withdrawn),
    };
    let withdrawn = work.state.lists.iter().any(|l| l.id == claim.contact.list && l.withdrawn);
    let next = match follow {
        Next::Close(end) => Err(end),
        Next::Again { .. } if withdrawn => Err(End::Withdrawn),
        Next::Again { how, at_ms } => number(&how, claim.phone, &mut past, contact).map(|phone| (how, at_ms, phone)),
    };
    book(work, ended, claim, outcome);
    if let (None, None, Some(provider)) = (&ended.watched, refusal_of(ended), claim.provider) {
        work.state.pace.ended(provider, outcome.disposition.answered(), work.now_ms);
    }
    let end = match &ended.watched {
        // Its retry was called already: that call decides how the contact ends.
        Some(watched) if !watched.retrying && watched.ended.is_none() => None,
        _ => next.as_ref().err().copied(),
    };
    match (&ended.watched, next) {
        (None, Err(end)) => {
            if let (End::Settled, Some(contact)) = (end, contact) {
                // Found when it was answered: it came before this call, perhaps after an earlier one.
                let zone = contact.time_zone.as_deref();
                let on = campaign.as_ref().and_then(|c| work.calendar(c).date(zone, ended.dial_at_ms));
                let before = (claim.attempt.saturating_sub(1), claim.past.dials.as_slice());
                settle::enter(work, &ended.campaign, contact, before, on);
            }
            work.closed(&ended.campaign, &claim.contact.list, end, 1);
        }
        (None, Ok((mut how, asked_ms, phone))) => {
            let mut refused_by = Vec::new();
            if let Some(campaign) = campaign.as_ref().filter(|_| unspent) {
                (refused_by, how.after) = after_refusal(work, ended, claim, campaign, how.after);
            }
            let not_before_ms = not_before(work, &how, asked_ms, campaign.as_ref(), contact, claim, &past);
            let unknown = (!heard_end(&ended.events)).then_some(ended.call);
            // An order that nobody took is still the call that was asked for.
            let callback = asked_ms.is_some() || (unspent && claim.rank.callback);
            let rank = Rank { callback, ..claim.rank };
            let contact = claim.contact.clone();
            let looked = ended.call.0;
            let retry = Retry { contact, attempts, phone, not_before_ms, rank, past, unknown, refused_by, looked };
            retries.push((ended.campaign.clone(), retry));
        }
        // Late news that closes the contact: its retry is dropped when it falls due, or its end is corrected.
        (Some(watched), Err(end)) if watched.retrying => {
            let (campaign, list) = (ended.campaign.clone(), claim.contact.list.clone());
            work.state.overtaken.push(Overtaken { campaign, list, call: ended.call, end });
        }
        (Some(Watched { ended: Some(was), .. }), Err(end)) => {
            work.state.correct(&ended.campaign, &claim.contact.list, *was, end);
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
            dial_at_ms: ended.dial_at_ms,
            until_ms: work.now_ms.saturating_add(CALLBACKS_MS),
            booked: outcome.disposition,
            ended: end,
            retrying: end.is_none(),
        });
    }
    Attempt {
        campaign: ended.campaign.clone(),
        contact: claim.contact.clone(),
        row: contact.map_or(0, |c| c.duty.row),
        other_rows: contact.map_or_else(Vec::new, |c| c.others.iter().map(|duty| duty.row).collect()),
        call: ended.call,
        attempt: claim.attempt,
        disposition: outcome.disposition,
        talk_s: outcome.talk_s,
        dial_at_ms: ended.dial_at_ms,
        folded_at_ms: work.now_ms,
        provider_call: ended.events.iter().find_map(|e| match &e.news {
            News::Placed { provider_call } => Some(provider_call.clone()).filter(|id| !id.is_empty()),
            _ => None,
        }),
        end,
        late: ended.watched.is_some(),
    }
}

fn refusal_of(ended: &Ended) -> Option<Refusal> {
    ended.events.iter().find_map(|e| match e.news {
        News::Refused(refusal) => Some(refusal),
        _ => None,
    })
}

/// Who has refused a call that was not placed, and when it is ordered again: at once if the provider did not refuse the
/// call as such, or if another one that has not been asked would take it now.
fn after_refusal<S: Store>(
    work: &Work<'_, S>,
    ended: &Ended,
    claim: &Claim,
    campaign: &Campaign,
    pause: SignedDuration,
) -> (Vec<Provider>, SignedDuration) {
    let mut refused_by = claim.refused_by.clone();
    // What an agent could not dial was refused by no provider.
    let Some(provider) = claim.provider else { return (refused_by, pause) };
    if matches!(refusal_of(ended), Some(Refusal::Held | Refusal::CallerId)) {
        return (refused_by, SignedDuration::ZERO);
    }
    refused_by.push(provider);
    let untried: Vec<Provider> =
        campaign.settings.providers.iter().filter(|p| !refused_by.contains(p)).copied().collect();
    if untried.is_empty() {
        return (Vec::new(), pause);
    }
    match untried.into_iter().any(|p| work.pacing.ready(&work.state.pace, campaign, p).is_ok()) {
        true => (refused_by, SignedDuration::ZERO),
        // Or the one that has refused it would be asked again and again.
        false => (refused_by, pause),
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
    let counted = ended.watched.as_ref().is_some_and(|watched| watched.booked.live());
    // A provider's calls are never abandoned: somebody always speaks.
    if claim.provider.is_none() && outcome.disposition.live() && !counted {
        books.answered.add(work.now_ms, outcome.abandoned);
    }
    if let Some(list) = work.state.lists.iter_mut().find(|list| list.id == claim.contact.list) {
        let was = ended.watched.as_ref().map(|watched| watched.booked);
        list.tally.enter(outcome.disposition, outcome.talk_s, was);
    }
    let dialled_ms = ended.dial_at_ms;
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

/// Enters for the person what the call means to all campaigns: that it was made, and what was said about the number.
fn enter_for_person<S: Store>(
    work: &mut Work<'_, S>,
    ended: &Ended,
    claim: &Claim,
    contact: Option<&Contact>,
    outcome: &Outcome,
) {
    let rang = outcome.disposition != Disposition::NotPlaced;
    if rang || work.pacing.shards > 1 {
        let entry = if rang { person::entry(ended.dial_at_ms) } else { person::not_rung() };
        claim.dial_keys.iter().for_each(|key| work.enter(key.clone(), entry.clone()));
    }
    let Some(phone) = contact.and_then(|c| c.phones.get(usize::from(claim.phone))) else { return };
    let entry = |reason| DoNotCall { reason, since_ms: work.now_ms, until_ms: None };
    if outcome.do_not_call {
        work.said.push((Named::Phone(phone.clone()), entry(Reason::AskedInCall)));
    }
    if outcome.disposition == Disposition::WrongNumber {
        work.said.push((Named::WrongNumber(phone.clone()), entry(Reason::WrongNumber)));
    }
}

/// The number to call next; an end if none is left.
fn number(how: &Again, phone: u8, past: &mut Past, contact: Option<&Contact>) -> Result<u8, End> {
    if how.at_last == End::WrongNumber {
        past.spoil(phone);
    }
    match contact {
        Some(contact) if how.next_number => past.number_after(phone, contact.phones.len()).ok_or(how.at_last),
        None if how.at_last == End::WrongNumber => Err(how.at_last),
        _ => Ok(phone),
    }
}

/// When the contact may be tried again.
fn not_before<S: Store>(
    work: &mut Work<'_, S>,
    how: &Again,
    asked_ms: Option<i64>,
    campaign: Option<&Campaign>,
    contact: Option<&Contact>,
    claim: &Claim,
    past: &Past,
) -> i64 {
    let Some(campaign) = campaign else { return work.now_ms };
    let (settings, calendar) = (&campaign.settings, &*work.calendar(campaign));
    let local = match contact {
        Some(contact) => Local::of(settings, calendar, contact, claim.phone),
        None => Local { settings, calendar, zone: None },
    };
    let last_day = rules::last_day(settings, contact.map_or(claim.rank.due_date, Contact::last_due));
    again::not_before(&local, how, asked_ms, &past.dials, last_day, work.now_ms)
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
