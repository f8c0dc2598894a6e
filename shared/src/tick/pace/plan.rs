//! A tick's plan: how many calls each campaign may claim, and each claim's turn, provider and caller id.

use super::gcra::{self, HORIZON_MS, Lane, SHIFT_MAX_MS, interval_us, share};
use super::{
    ANSWERS_MS, Alive, BREAKER_OPEN, CALLER_ID_OUT, CONCURRENT, Flow, NO_CALLER_ID, NOT_CONFIGURED, Pace, RATE,
    UNREAD_MAX, provider,
};
use crate::campaign::{CallerId, Campaign, Limits, pick};
use crate::provider::Provider;
use std::collections::{BTreeMap, BTreeSet};

/// A caller id's lane is kept so long after its last turn is over: a host whose clock is ahead must not forget what holds
/// back one whose clock is behind.
const KEPT_US: i64 = 3_600_000_000;

/// One tick's pacing.
pub struct Tick {
    pub shard: u16,
    pub shards: u16,
    pub ballot: u64,
    pub now_ms: i64,
    pub alive: Alive,
    /// The limits of the accounts that are configured.
    pub accounts: BTreeMap<Provider, Limits>,
}

/// What a claim is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub provider: Provider,
    pub caller_id: String,
    pub dial_at_ms: i64,
}

/// A turn that was given to a call of a campaign.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    pub campaign: &'a str,
    pub provider: Provider,
    pub caller_id: &'a str,
    pub dial_at_ms: i64,
}

/// A limit of orders a second and of calls at once, at this shard's share.
struct Bound {
    interval_us: Option<i64>,
    lines: Option<u32>,
}

impl Tick {
    fn bound(&self, limits: Limits) -> Bound {
        Bound {
            interval_us: limits.calls_per_second.map(|rate| interval_us(rate, self.shards)),
            lines: limits.concurrent.map(|n| share(n, self.shard, self.shards)),
        }
    }

    fn now_us(&self) -> i64 {
        self.now_ms.saturating_mul(1000)
    }

    fn until_us(&self) -> i64 {
        self.now_ms.saturating_add(HORIZON_MS).saturating_mul(1000)
    }

    /// Microseconds between two orders of the campaign at `at_us`.
    fn campaign_interval(&self, pace: &Pace, campaign: &Campaign, at_us: i64) -> i64 {
        let rate = &campaign.settings.rate;
        let part = match (rate.ramp_up, pace.campaigns.get(&campaign.id)) {
            (Some(ramp_up), Some(known)) => {
                let ramp_up_ms = i64::try_from(ramp_up.as_millis()).unwrap_or(0);
                gcra::ramp(at_us.div_euclid(1000), known.since_ms, ramp_up_ms)
            }
            _ => 1.0,
        };
        interval_us(rate.calls_per_second * part, self.shards)
    }

    /// How many more calls at once the campaign may have.
    pub fn lines_left(&self, campaign: &Campaign) -> u32 {
        let alive = self.alive.campaigns.get(&campaign.id).copied().unwrap_or(0);
        share(campaign.settings.rate.concurrent, self.shard, self.shards).saturating_sub(alive)
    }

    /// Whether the campaign's calls may go through the provider now. One that has refused all of its caller ids takes none;
    /// a campaign without any has another trouble.
    pub fn ready(&self, pace: &Pace, campaign: &Campaign, provider: Provider) -> Result<(), &'static str> {
        if !self.accounts.contains_key(&provider) {
            return Err(NOT_CONFIGURED);
        }
        pace.providers.get(&provider).copied().unwrap_or_default().ready(self.now_ms)?;
        let ids = &campaign.settings.caller_ids;
        if !ids.is_empty() && ids.iter().all(|id| pace.is_out(provider, id)) {
            return Err(CALLER_ID_OUT);
        }
        Ok(())
    }

    /// How many more calls may be claimed, and the reason why not more.
    fn left(&self, lane: Lane, bound: &Bound, alive: u32) -> (usize, &'static str) {
        let turns = bound.interval_us.map_or(usize::MAX, |i| lane.turns(self.now_us(), self.until_us(), i));
        let lines = bound.lines.map_or(usize::MAX, |n| n.saturating_sub(alive) as usize);
        if lines < turns { (lines, CONCURRENT) } else { (turns, RATE) }
    }

    fn id_left(&self, pace: &Pace, id: &CallerId, bound: &Bound) -> (usize, &'static str) {
        let lane = pace.caller_ids.get(&id.number).copied().unwrap_or_default();
        self.left(lane, bound, self.alive.caller_ids.get(&id.number).copied().unwrap_or(0))
    }

    fn provider_left(&self, pace: &Pace, provider: Provider) -> (usize, &'static str) {
        let known = pace.providers.get(&provider).copied().unwrap_or_default();
        let bound = self.bound(self.accounts.get(&provider).copied().unwrap_or_default());
        let alive = self.alive.providers.get(&provider).copied().unwrap_or(0);
        let (left, why) = self.left(known.lane, &bound, alive);
        match known.breaker.flow(self.now_ms) {
            Flow::Probes(n) if (n as usize) < left => (n as usize, BREAKER_OPEN),
            _ => (left, why),
        }
    }

    /// Lanes that no tick can have left so far ahead are brought back.
    pub fn mend(&self, pace: &mut Pace, campaign: &Campaign) {
        let now_us = self.now_us();
        let own = self.campaign_interval(pace, campaign, now_us);
        if let Some(known) = pace.campaigns.get_mut(&campaign.id) {
            known.lane.mend(now_us, own);
        }
        let host_us = pace.load.interval_us().unwrap_or(0);
        pace.load.lane.mend(now_us, host_us);
        for (provider, known) in &mut pace.providers {
            let limits = self.accounts.get(provider).copied().unwrap_or_default();
            known.lane.mend(now_us, self.bound(limits).interval_us.unwrap_or(0));
        }
    }

    /// The same for the lanes of caller ids, which campaigns share: each by the slowest of the campaigns that limit it, or the
    /// others would cut it short.
    pub fn mend_caller_ids(&self, pace: &mut Pace, campaigns: &[&Campaign]) {
        let mut slowest: BTreeMap<&str, i64> = BTreeMap::new();
        for settings in campaigns.iter().map(|c| &c.settings) {
            let limits = settings.rate.per_caller_id.unwrap_or_default();
            let Some(interval_us) = self.bound(limits).interval_us else { continue };
            for id in &settings.caller_ids {
                let known = slowest.entry(&id.number).or_default();
                *known = interval_us.max(*known);
            }
        }
        for (number, interval_us) in slowest {
            if let Some(lane) = pace.caller_ids.get_mut(number) {
                lane.mend(self.now_us(), interval_us);
            }
        }
    }

    /// How many calls the campaign may claim in this tick, and the reason why not more.
    pub fn room(&self, pace: &Pace, campaign: &Campaign) -> (usize, &'static str) {
        let settings = &campaign.settings;
        let provider = match provider::choose(&settings.providers, &[], |p| self.ready(pace, campaign, p)) {
            Ok(provider) => provider,
            Err(why) => return (0, why),
        };
        let lane = pace.campaigns.get(&campaign.id).map_or_else(Lane::default, |c| c.lane);
        // At the end of the horizon the ramp is highest: what does not fit then is not claimed.
        let interval_us = Some(self.campaign_interval(pace, campaign, self.until_us()));
        let lines = Some(self.lines_left(campaign));
        let own = self.left(lane, &Bound { interval_us, lines }, 0);
        let account = self.provider_left(pace, provider);
        let (host, _) = self.left(pace.load.lane, &Bound { interval_us: pace.load.interval_us(), lines: None }, 0);
        let bound = self.bound(settings.rate.per_caller_id.unwrap_or_default());
        let usable = settings.caller_ids.iter().filter(|id| !pace.is_out(provider, id));
        let ids = usable.map(|id| self.id_left(pace, id, &bound)).fold(None, |sum: Option<(usize, _)>, (n, why)| {
            Some(sum.map_or((n, why), |(m, why)| (m.saturating_add(n), why)))
        });
        let none = if settings.caller_ids.is_empty() { NO_CALLER_ID } else { CALLER_ID_OUT };
        [account, (host, super::LATE), ids.unwrap_or((0, none))]
            .into_iter()
            .fold(own, |a, b| if b.0 < a.0 { b } else { a })
    }

    /// Gives a call to `to` its turn, provider and caller id, or the reason why it gets none. `refused_by`: providers that
    /// did not take it.
    pub fn claim(
        &mut self,
        pace: &mut Pace,
        campaign: &Campaign,
        to: &str,
        refused_by: &[Provider],
        index: u16,
    ) -> Result<Turn, &'static str> {
        let settings = &campaign.settings;
        let provider = provider::choose(&settings.providers, refused_by, |p| self.ready(pace, campaign, p))?;
        if let (0, why) = self.provider_left(pace, provider) {
            return Err(why);
        }
        let from_us = self.now_us();
        let Some(own) = pace.campaigns.get(&campaign.id).map(|c| c.lane) else { return Err(RATE) };
        if self.lines_left(campaign) == 0 {
            return Err(CONCURRENT);
        }
        let account = pace.providers.get(&provider).copied().unwrap_or_default();
        let account_us = self.bound(self.accounts.get(&provider).copied().unwrap_or_default()).interval_us;
        let host_us = pace.load.interval_us();
        let limited = [(account.lane, account_us), (pace.load.lane, host_us)].into_iter().filter(|(_, i)| i.is_some());
        let earliest_us = limited.map(|(lane, _)| lane.turn(from_us)).fold(own.turn(from_us), i64::max);

        let bound = self.bound(settings.rate.per_caller_id.unwrap_or_default());
        let turn_of = |id: &CallerId| match bound.interval_us {
            Some(_) => pace.caller_ids.get(&id.number).copied().unwrap_or_default().turn(from_us),
            None => from_us,
        };
        let usable = |id: &CallerId| !pace.is_out(provider, id);
        let free = |id: &CallerId| usable(id) && self.id_left(pace, id, &bound).0 > 0;
        let ids = &settings.caller_ids;
        let roll = mix(self.ballot, index);
        let id = pick(ids, to, |id| free(id) && turn_of(id) <= earliest_us, roll)
            .or_else(|| pick(ids, to, free, roll))
            .ok_or_else(|| match pick(ids, to, usable, roll) {
                Some(id) => self.id_left(pace, id, &bound).1,
                None if pick(ids, to, |_| true, roll).is_some() => CALLER_ID_OUT,
                None => NO_CALLER_ID,
            })?;
        let at_us = earliest_us.max(turn_of(id));
        if at_us >= self.until_us() {
            return Err(RATE);
        }

        let own_interval = self.campaign_interval(pace, campaign, at_us);
        if let Some(known) = pace.campaigns.get_mut(&campaign.id) {
            known.lane.take(at_us, own_interval);
        }
        let known = pace.providers.entry(provider).or_default();
        known.breaker.claimed(self.now_ms);
        if let Some(i) = account_us {
            known.lane.take(at_us, i);
        }
        if let Some(i) = host_us {
            pace.load.lane.take(at_us, i);
        }
        if let Some(i) = bound.interval_us {
            pace.caller_ids.entry(id.number.clone()).or_default().take(at_us, i);
        }
        self.alive.add(&campaign.id, Some(provider), &id.number);
        // Rounded up: never before its turn.
        let dial_at_ms = at_us.div_euclid(1000) + i64::from(at_us.rem_euclid(1000) > 0);
        Ok(Turn { provider, caller_id: id.number.clone(), dial_at_ms })
    }

    /// Before the commit: by how much the tick's orders are put off, since the first of them cannot go out before
    /// `ready_ms`. They keep their distances.
    pub fn settle(&self, pace: &mut Pace, given: &[Given<'_>], ready_ms: i64) -> i64 {
        let Some(first_ms) = given.iter().map(|g| g.dial_at_ms).min() else { return 0 };
        let shift_ms = ready_ms.saturating_sub(first_ms).clamp(0, SHIFT_MAX_MS);
        let shift_us = shift_ms * 1000;
        let campaigns: BTreeSet<&str> = given.iter().map(|g| g.campaign).collect();
        let providers: BTreeSet<Provider> = given.iter().map(|g| g.provider).collect();
        let numbers: BTreeSet<&str> = given.iter().map(|g| g.caller_id).collect();
        pace.campaigns
            .iter_mut()
            .filter(|(id, _)| campaigns.contains(id.as_str()))
            .for_each(|(_, c)| c.lane.shift(shift_us));
        pace.providers.iter_mut().filter(|(id, _)| providers.contains(id)).for_each(|(_, p)| p.lane.shift(shift_us));
        pace.caller_ids.iter_mut().filter(|(id, _)| numbers.contains(id.as_str())).for_each(|(_, l)| l.shift(shift_us));
        pace.load.lane.shift(shift_us);
        pace.caller_ids.retain(|_, lane| lane.busy(self.now_us().saturating_sub(KEPT_US)));
        pace.first = pace.first.wrapping_add(1);
        let last_ms = given.iter().map(|g| g.dial_at_ms).max().unwrap_or(first_ms);
        pace.unread.push((self.ballot, last_ms.saturating_add(shift_ms).saturating_add(ANSWERS_MS)));
        let surplus = pace.unread.len().saturating_sub(UNREAD_MAX);
        pace.unread.drain(..surplus);
        shift_ms
    }
}

/// Spreads claims evenly over a range (SplitMix64).
pub fn mix(ballot: u64, index: u16) -> u64 {
    let mut z = (ballot << 16 ^ u64::from(index)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
