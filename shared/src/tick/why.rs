//! Why a contact is or is not called: the rules of the tick, asked for one contact and any moment, over the same state.

use super::claim::{self, Claim};
use super::lookup::{self, Around, Scope};
use super::queue::Candidate;
use super::rules::{self, Held, Verdict};
use super::state::{ContactRef, GroupCursor, Rank, Retry, Shard};
use super::{agenda, cell, decode_state};
use crate::attempt::Past;
use crate::campaign::{self, PersonLimits, State};
use crate::contact::Contact;
use crate::hours::{Calendar, LegalHours};
use crate::list::{self, Manifest};
use crate::problem::Problem;
use crate::store::Store;
use crate::vault::{DataKey, Vault};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Whom and when it is asked about.
pub struct Asked<'a> {
    /// `LIST.ROW`, the row as the list's file numbers it.
    pub contact: &'a str,
    /// Unix milliseconds. What is known now is judged as if it were then.
    pub at_ms: i64,
    pub shards: u16,
    pub limits: PersonLimits,
    pub legal_hours: &'a LegalHours,
}

/// Where a contact stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// Not called yet.
    Waiting,
    /// To be called again.
    Retrying,
    /// In a call, or offered to agents.
    InCall,
    /// It is called no more. The rules say why, where they still hold; else the attempts' record does.
    Ended,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Why {
    pub contact: String,
    pub campaign: String,
    /// Nobody is called unless it is `running`.
    pub campaign_state: State,
    pub at: Option<Timestamp>,
    pub stands: Stands,
    /// Attempts made so far.
    pub attempts: u8,
    /// Whether it would be called then, were it its turn and a line free.
    pub call: bool,
    /// Every rule, and whether it holds the contact back.
    pub rules: Vec<Held>,
}

/// Answers for one contact. Costs reads only.
pub async fn why<S: Store>(store: &S, vault: &Vault, asked: &Asked<'_>) -> Result<Why, Problem> {
    let failed = |e| Problem::store(&e);
    let unknown = || unknown(asked.contact);
    let (list, row) = asked.contact.split_once('.').ok_or_else(unknown)?;
    let row: u32 = row.parse().map_err(|_| unknown())?;
    let manifest = list::manifest(store, list).await.map_err(failed)?.ok_or_else(unknown)?;
    let key = list::data_key(store, vault, list).await.map_err(failed)?.ok_or_else(unknown)?;
    let (place, contact) = find(store, &key, &manifest, row).await?.ok_or_else(unknown)?;
    let shard = manifest.groups.get(place.group as usize).map_or(0, |group| group.shard);
    let shelf = campaign::read(store).await?;
    let campaign = shelf.get(&manifest.campaign).ok_or_else(|| campaign::unknown(&manifest.campaign))?;
    let state = match cell(shard).read(store).await.map_err(failed)? {
        Some(version) => decode_state(&version.bytes)?,
        None => Shard::default(),
    };
    let (stands, retry) = standing(store, shard, &state, &campaign.id, &place, &contact).await?;
    let entries = BTreeMap::new();
    let scope = Scope { store, vault, shard, shards: asked.shards, now_ms: asked.at_ms, entries: &entries };
    let candidate = [Candidate { retry, contact }];
    let known = lookup::of(&scope, &candidate).await?;
    let ([candidate], [known]) = (&candidate, known.as_slice()) else { return Err(unknown()) };
    let calendar = Calendar::new(&campaign.settings, asked.legal_hours, &shelf.holidays);
    let around =
        Around { vault, state: &state, campaign, calendar: &calendar, limits: asked.limits, now_ms: asked.at_ms };
    let open = state.open.iter().map(|o| (&o.person, &o.taxpayer));
    let offered = state.offers.iter().map(|o| (&o.person, &o.taxpayer));
    let (phone, taxpayer) = (&known.person.phone, &known.person.taxpayer);
    let in_call = open.chain(offered).any(|(p, t)| p == phone || t == taxpayer);
    let mut facts = known.facts(&around, candidate, in_call);
    // Also of a list that no tick has heard of yet.
    let size = list::size(store, &manifest).await.map_err(failed)?;
    facts.unconfirmed = size.awaits_confirmation(campaign.settings.confirm_above);
    let may = campaign.state == State::Running && stands != Stands::Ended;
    Ok(Why {
        contact: asked.contact.to_owned(),
        campaign: campaign.id.clone(),
        campaign_state: campaign.state,
        at: Timestamp::from_millisecond(asked.at_ms).ok(),
        stands,
        attempts: candidate.retry.attempts,
        call: may && rules::judge(&facts) == Verdict::Call,
        rules: rules::explain(&facts),
    })
}

/// Where the contact of a row is kept. Rows rise from page to page within a group, so few pages are read; but of a list whose
/// persons were put together any page can hold it.
async fn find<S: Store>(
    store: &S,
    key: &DataKey,
    manifest: &Manifest,
    row: u32,
) -> Result<Option<(ContactRef, Contact)>, Problem> {
    for (g, group) in manifest.groups.iter().enumerate() {
        let g = u32::try_from(g).unwrap_or(u32::MAX);
        let (mut low, mut high) = (0, group.pages);
        while low < high {
            let at = if manifest.together { low } else { low + (high - low) / 2 };
            let page = list::read_page(store, key, &manifest.list, g, at).await.map_err(|e| Problem::store(&e))?;
            let page = page.unwrap_or_default();
            if let Some(index) = page.iter().position(|c| c.duties().any(|duty| duty.row == row)) {
                let index16 = u16::try_from(index).unwrap_or(u16::MAX);
                let place = ContactRef { list: manifest.list.clone(), group: g, page: at, index: index16 };
                return Ok(page.into_iter().nth(index).map(|contact| (place, contact)));
            }
            match page.iter().map(|c| c.duty.row).min() {
                Some(first) if first > row && !manifest.together => high = at,
                _ => low = at + 1,
            }
        }
    }
    Ok(None)
}

/// Where the contact stands, and what was tried.
async fn standing<S: Store>(
    store: &S,
    shard: u16,
    state: &Shard,
    campaign: &str,
    place: &ContactRef,
    contact: &Contact,
) -> Result<(Stands, Retry), Problem> {
    let rank = Rank { callback: false, priority: contact.priority, due_date: contact.duty.due_date };
    let fresh = Retry {
        contact: place.clone(),
        attempts: 0,
        phone: 0,
        not_before_ms: 0,
        rank,
        past: Past::default(),
        unknown: None,
        refused_by: Vec::new(),
        looked: 0,
    };
    let list = state.lists.iter().find(|l| l.id == place.list);
    let not_yet = |g: &GroupCursor| g.group == place.group && (g.page, g.index) <= (place.page, place.index);
    // A list that no tick has heard of yet is as good as waiting.
    if list.is_none_or(|list| list.groups.iter().any(not_yet)) {
        return Ok((Stands::Waiting, fresh));
    }
    if let Some(retry) = agenda::find(store, shard, state, campaign, place).await? {
        return Ok((Stands::Retrying, retry));
    }
    if let Some(offer) = state.offers.iter().find(|o| o.retry.contact == *place) {
        return Ok((Stands::InCall, offer.retry.clone()));
    }
    let open = state.open.iter().filter(|o| o.campaign == campaign);
    let claims: Vec<String> = open.map(|o| claim::place(shard, o.call)).collect();
    let claims = store.get_all(&claims).await.map_err(|e| Problem::store(&e))?;
    let mut claims = claims.iter().flatten().filter_map(|bytes| Claim::decode(bytes));
    Ok(match claims.find(|claim| claim.contact == *place) {
        Some(claim) => {
            let (attempts, phone) = (claim.attempt.saturating_sub(1), claim.phone);
            (Stands::InCall, Retry { attempts, phone, past: claim.past, ..fresh })
        }
        None => (Stands::Ended, fresh),
    })
}

fn unknown(contact: &str) -> Problem {
    Problem::new(
        404,
        "contact_unknown",
        "There is no such contact",
        format!("\"{contact}\" names no accepted row of a list that can be read"),
        "Name a contact by its list and row, joined by a dot, as the export of attempts has them.",
    )
}
