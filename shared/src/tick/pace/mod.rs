//! Pacing: how many calls are ordered, when, through which provider and with which caller id. Pure functions over a small
//! part of the shard's state; nothing here does I/O.
//!
//! Limits hold for campaigns, providers' accounts and caller ids, each shard having its share. What keeps a contact from
//! being called appears in the tick's `held` by one of these words: `rate`, `concurrent`, `late`, `provider_resting` (it
//! said 429, or when to come again), `breaker_open`, `not_configured`, `no_caller_id`, `caller_id_out`.

pub mod abandonment;
mod answers;
mod breaker;
mod gcra;
mod load;
mod plan;
mod provider;
mod window;

pub use answers::{Answers, Guard, Ordered, RefusedId};
pub use gcra::{LATEST_MS, TOLERANCE_MS};
pub use plan::{Given, Tick, Turn, mix};

use crate::campaign::{CallerId, Campaign, Mode, Shelf, State, fingerprint};
use crate::provider::Provider;
use breaker::{Breaker, Flow};
use gcra::Lane;
use load::Load;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const LATE: &str = "late";
const RATE: &str = "rate";
pub const CONCURRENT: &str = "concurrent";
const RESTING: &str = "provider_resting";
const BREAKER_OPEN: &str = "breaker_open";
const NOT_CONFIGURED: &str = "not_configured";
const NO_CALLER_ID: &str = "no_caller_id";
const CALLER_ID_OUT: &str = "caller_id_out";

/// How long a provider that says 429 and nothing more is left alone, at first and at most.
const REST_MS: i64 = 1_000;
const REST_MAX_MS: i64 = 60_000;
/// A provider that asks for more than this is asked again after it.
const RETRY_AFTER_MAX_MS: i64 = 3_600_000;
/// A caller id that was refused is tried again after this.
const OUT_MS: i64 = 24 * 3_600_000;
const OUT_MAX: usize = 1_000;
/// A tick whose answers were not found by then died before it wrote them.
const ANSWERS_MS: i64 = 60_000;
const UNREAD_MAX: usize = 64;

/// The pacing part of a shard's state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    campaigns: BTreeMap<String, CampaignPace>,
    providers: BTreeMap<Provider, ProviderPace>,
    /// Of those that have a limit and were shown in the last moments.
    caller_ids: BTreeMap<String, Lane>,
    out: Vec<Out>,
    /// Ticks whose answers are not folded yet, and until when they are looked for.
    unread: Vec<(u64, i64)>,
    load: Load,
    /// Which campaign chooses first: a provider's turns go round.
    first: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct CampaignPace {
    lane: Lane,
    /// When a tick first saw it running.
    since_ms: i64,
}

/// What is known of a provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderPace {
    lane: Lane,
    rest_until_ms: i64,
    /// Rests in a row.
    rests: u8,
    breaker: Breaker,
}

/// A caller id that a provider refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Out {
    pub since_ms: i64,
    pub id: RefusedId,
}

impl ProviderPace {
    /// How long it is left alone: what it asks for, or ever longer. Hosts that were refused together do not come again
    /// together: the moment's last digits are as good as a die.
    fn rest_ms(&self, retry_after_s: Option<u32>, now_ms: i64) -> i64 {
        match retry_after_s {
            Some(s) => (i64::from(s) * 1000).min(RETRY_AFTER_MAX_MS),
            None => {
                let longer = REST_MS << u32::from(self.rests).min(6);
                longer.min(REST_MAX_MS) + now_ms.rem_euclid(500)
            }
        }
    }

    fn ready(&self, now_ms: i64) -> Result<(), &'static str> {
        if self.rest_until_ms > now_ms {
            return Err(RESTING);
        }
        if self.breaker.flow(now_ms) == Flow::Stopped { Err(BREAKER_OPEN) } else { Ok(()) }
    }
}

fn refused(ids: &[RefusedId], provider: Provider, number: &str) -> bool {
    ids.iter().any(|id| id.provider == provider && id.number == number)
}

impl Pace {
    /// Notes which campaigns run, and lets caller ids in again whose time is over or whose list was edited.
    pub fn look_round(&mut self, shelf: &Shelf, now_ms: i64) {
        let runs = |c: &&Campaign| c.state == State::Running && c.settings.mode == Mode::Automated;
        self.campaigns.retain(|id, _| shelf.get(id).as_ref().is_some_and(runs));
        for campaign in shelf.campaigns.iter().filter(runs) {
            if !self.campaigns.contains_key(&campaign.id) {
                let pace = CampaignPace { lane: Lane::default(), since_ms: now_ms };
                self.campaigns.insert(campaign.id.clone(), pace);
            }
        }
        self.out.retain(|out| {
            let same = |c: &Campaign| fingerprint(&c.settings.caller_ids) == out.id.fingerprint;
            now_ms.saturating_sub(out.since_ms) < OUT_MS && shelf.get(&out.id.campaign).is_some_and(same)
        });
    }

    /// Ticks whose answers are to be looked for.
    pub fn unread(&self) -> impl Iterator<Item = u64> {
        self.unread.iter().map(|(ballot, _)| *ballot)
    }

    /// The answers of a tick, as they were found (or not). Whether its page can be deleted.
    pub fn learn(&mut self, ballot: u64, found: Option<&Answers>, now_ms: i64) -> bool {
        if let Some(answers) = found {
            let newest = self.unread().max().unwrap_or(ballot);
            self.load.learn(ballot, newest, (answers.sent, answers.late), answers.span_ms);
            for (provider, heard) in &answers.providers {
                let pace = self.providers.entry(*provider).or_default();
                pace.breaker.ordered(answers.at_ms, heard.taken, heard.failed);
                match heard.rest_until_ms {
                    Some(until_ms) => {
                        pace.rest_until_ms = pace.rest_until_ms.max(until_ms.min(now_ms + RETRY_AFTER_MAX_MS));
                        pace.rests = pace.rests.saturating_add(1);
                    }
                    None if heard.taken > 0 => pace.rests = 0,
                    None => {}
                }
            }
            for id in &answers.caller_ids {
                self.out.retain(|out| (out.id.provider, &out.id.number) != (id.provider, &id.number));
                self.out.push(Out { since_ms: answers.at_ms, id: id.clone() });
            }
            let surplus = self.out.len().saturating_sub(OUT_MAX);
            self.out.drain(..surplus);
        }
        let before = self.unread.len();
        self.unread.retain(|(b, until_ms)| *b != ballot || (found.is_none() && *until_ms > now_ms));
        self.unread.len() < before
    }

    /// A call that a provider took has ended.
    pub fn ended(&mut self, provider: Provider, answered: bool, now_ms: i64) {
        self.providers.entry(provider).or_default().breaker.ended(now_ms, answered);
    }

    /// For watching the orders of the tick that is about to place.
    pub fn guard(&self) -> Guard {
        Guard::new(self.providers.clone())
    }

    /// The campaigns in the order in which they choose: each is the first in its turn, or one could take all turns of a
    /// provider.
    pub fn in_turn<T>(&self, campaigns: &mut [T]) {
        if !campaigns.is_empty() {
            campaigns.rotate_left(self.first as usize % campaigns.len());
        }
    }

    /// Caller ids that are taken out.
    pub fn out(&self) -> &[Out] {
        &self.out
    }

    fn is_out(&self, provider: Provider, id: &CallerId) -> bool {
        self.out.iter().any(|out| out.id.provider == provider && out.id.number == id.number)
    }
}

/// Calls that are alive: claimed, and their end not heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alive {
    campaigns: BTreeMap<String, u32>,
    providers: BTreeMap<Provider, u32>,
    caller_ids: BTreeMap<String, u32>,
}

impl Alive {
    /// Agents' calls have no provider: they take lines of their campaign alone.
    pub fn add(&mut self, campaign: &str, provider: Option<Provider>, caller_id: &str) {
        *self.campaigns.entry(campaign.to_owned()).or_default() += 1;
        let Some(provider) = provider else { return };
        *self.providers.entry(provider).or_default() += 1;
        *self.caller_ids.entry(caller_id.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests;
