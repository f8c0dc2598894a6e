//! Figures: a campaign's report, the year's table, the record of attempts. Out of the shards' states; reading costs no commit.

mod contacts;
mod export;
mod split;

pub use export::{AttemptLine, Columns, Wanted};
pub use split::{By, Part, Split, split};

use crate::attempt::{Disposition, End};
use crate::campaign::{self, Mode};
use crate::list;
use crate::problem::Problem;
use crate::store::{Store, StoreError, keys};
use crate::tick::pace::abandonment::Share;
use crate::tick::{self, Attempt, CallerIdOut, Results, Shard, Year};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A campaign's figures over all shards.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CampaignReport {
    pub campaign: String,
    pub state: Value,
    /// Accepted rows of all its lists. Always the sum of `ends`, `waiting`, `in_call` and `retrying`.
    pub contacts: u64,
    pub waiting: u64,
    pub in_call: u64,
    pub retrying: u64,
    pub ends: BTreeMap<&'static str, u64>,
    pub effect: Effect,
    /// Calls that were ordered and taken: the sum of `dispositions` without `not_placed`.
    pub attempts: u64,
    /// Orders that never rang: refused by the provider, or never sent. They are no attempts and cost the contact nothing.
    pub never_rung: u64,
    pub dispositions: BTreeMap<&'static str, u64>,
    pub right_party_contacts: u64,
    pub talk_seconds: u64,
    /// Of an assisted campaign: calls of the last day that a person answered, and how many of them were abandoned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abandonment: Option<Abandonment>,
    /// Caller ids of the campaign that a provider does not take.
    pub caller_ids_out: Vec<CallerIdOut>,
    pub first_call_at: Option<String>,
    pub last_outcome_at: Option<String>,
    /// Whether the sum holds; anything but true is a fault to be reported.
    pub balanced: bool,
    pub lists: Vec<Value>,
    /// What somebody must look at. `unconfirmed`: contacts of lists whose size is to be confirmed. What the ticks could not
    /// read: `unreadable_event`, calls of this campaign were closed without so many events; `unreadable_list` and
    /// `unreadable_news`, they wait to be read, of this campaign or another. Empty if all is well.
    pub held: BTreeMap<&'static str, u64>,
    /// Lists whose manifests cannot be read, of this campaign or another: nobody of them is called.
    pub unreadable_lists: BTreeSet<String>,
}

/// What the calls brought, of the contacts that ended as `settled`. Day by day: on the day of a call counts as after it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Effect {
    /// Filed or paid before anybody called.
    pub settled_before_call: u64,
    /// Filed or paid on the day of a call to them, or later.
    pub settled_after_call: u64,
    /// Of these, by days from the last call before to the settlement, where the feed tells the day and the call was in the
    /// last week before the contact ended. The last entry is of all that took longer.
    pub days_between: BTreeMap<u16, u64>,
    /// `None` if there are none.
    pub mean_days: Option<f64>,
    pub reached: Reached,
}

/// What came of calls that reached the right party, looked up for each of them once: some 15 days after the call.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reached {
    /// Calls that were looked at. Those of the last 15 days are not among them yet.
    pub followed_up: u64,
    /// Of these, after which all that the call was about was filed or paid, on the day of the call or later.
    pub settled: u64,
    pub days_between: BTreeMap<u16, u64>,
    pub mean_days: Option<f64>,
}

/// Calls that a person answered when no agent was there to speak.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Abandonment {
    /// Of the last day, by a person; the abandoned among them.
    pub answered: u32,
    pub abandoned: u32,
    /// `None` if none was answered.
    pub percent: Option<f64>,
    /// Above it, diallers get no claims.
    pub cap_percent: f64,
}

/// The yearly table, in the form of an annual report.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AnnualReport {
    pub year: i16,
    pub outbound_calls: u64,
    /// Against the year before; `None` if there is none.
    pub outbound_change_percent: Option<f64>,
    pub inbound_received: u64,
    pub inbound_answered: u64,
    /// `None` if none was received.
    pub inbound_answered_percent: Option<f64>,
}

pub(crate) async fn shard_states<S: Store>(store: &S, shards: u16) -> Result<Vec<Shard>, Problem> {
    let mut states = Vec::new();
    for shard in 0..shards {
        match tick::cell(shard).read(store).await.map_err(|e| Problem::store(&e))? {
            Some(version) => states.push(tick::decode_state(&version.bytes)?),
            None => states.push(Shard::default()),
        }
    }
    Ok(states)
}

/// The report of a campaign, as of `now_ms` (Unix ms).
pub async fn campaign<S: Store>(store: &S, shards: u16, id: &str, now_ms: i64) -> Result<CampaignReport, Problem> {
    let shelf = campaign::read(store).await?;
    let campaign = shelf.get(id).ok_or_else(|| campaign::unknown(id))?;
    let states = shard_states(store, shards).await?;
    let mut report = CampaignReport {
        campaign: id.to_owned(),
        state: serde_json::to_value(campaign.state).unwrap_or_default(),
        balanced: states.iter().all(Shard::balanced),
        ends: End::ALL.iter().map(|e| (e.as_str(), 0)).collect(),
        dispositions: Disposition::ALL.iter().map(|d| (d.as_str(), 0)).collect(),
        ..CampaignReport::default()
    };
    let (mut first, mut last) = (None::<i64>, None::<i64>);
    let mut share = Share::default();
    let mut lists = BTreeSet::new();
    for state in &states {
        let standing = state.standing(id);
        report.waiting += standing.waiting;
        report.in_call += standing.in_call;
        report.retrying += standing.retrying;
        lists.extend(state.lists.iter().filter(|l| l.campaign == id).map(|l| l.id.clone()));
        for (reason, n) in state.unread.held() {
            *report.held.entry(reason).or_default() += n;
        }
        let unreadable_events = state.unread.events.get(id).copied().unwrap_or(0);
        let unconfirmed = tick::unconfirmed(campaign, &state.lists);
        for (reason, n) in [("unreadable_event", unreadable_events), ("unconfirmed", unconfirmed)] {
            if n > 0 {
                *report.held.entry(reason).or_default() += n;
            }
        }
        report.unreadable_lists.extend(state.unread.lists().map(str::to_owned));
        for out in state.pace.out().iter().map(CallerIdOut::of) {
            let known = |o: &CallerIdOut| (o.provider, &o.number) == (out.provider, &out.number);
            if campaign.settings.caller_ids.iter().any(|c| c.number == out.number)
                && !report.caller_ids_out.iter().any(known)
            {
                report.caller_ids_out.push(out);
            }
        }
        let Some(books) = state.books.get(id) else { continue };
        report.contacts += books.contacts;
        for (end, n) in &books.ends {
            *report.ends.entry(end.as_str()).or_default() += n;
        }
        report.effect.settled_after_call += books.effect.settled_after_call;
        report.effect.reached.followed_up += books.effect.followed_up;
        report.effect.reached.settled += books.effect.settled_since;
        add(&mut report.effect.days_between, &books.effect.days);
        add(&mut report.effect.reached.days_between, &books.effect.days_since);
        for (disposition, n) in &books.dispositions {
            *report.dispositions.entry(disposition.as_str()).or_default() += n;
            match disposition {
                Disposition::NotPlaced => report.never_rung += n,
                _ => report.attempts += n,
            }
        }
        report.right_party_contacts += books.right_party;
        report.talk_seconds += books.talk_s;
        share = share.and(books.answered.share(now_ms));
        first = [first, books.first_dial_ms].into_iter().flatten().min();
        last = last.max(books.last_fold_ms);
    }
    let settled = report.ends.get(End::Settled.as_str()).copied().unwrap_or(0);
    report.effect.settled_before_call = settled.saturating_sub(report.effect.settled_after_call);
    report.effect.mean_days = mean(&report.effect.days_between);
    report.effect.reached.mean_days = mean(&report.effect.reached.days_between);
    report.abandonment = (campaign.settings.mode == Mode::Assisted).then(|| Abandonment {
        answered: share.answered,
        abandoned: share.abandoned,
        percent: share.percent(),
        cap_percent: campaign.settings.rate.abandonment_percent,
    });
    report.first_call_at = first.and_then(rfc3339);
    report.last_outcome_at = last.and_then(rfc3339);
    for list in lists {
        let manifest = list::manifest(store, &list).await.map_err(|e| Problem::store(&e))?;
        if let Some(manifest) = manifest {
            let size = list::size(store, &manifest).await.map_err(|e| Problem::store(&e))?;
            report.lists.push(manifest.to_json(size, campaign.settings.confirm_above));
        }
    }
    Ok(report)
}

fn add(to: &mut BTreeMap<u16, u64>, from: &BTreeMap<u16, u64>) {
    for (days, n) in from {
        *to.entry(*days).or_default() += n;
    }
}

/// Of counts by days, to a tenth.
fn mean(by_days: &BTreeMap<u16, u64>) -> Option<f64> {
    let all: u64 = by_days.values().sum();
    let days: f64 = by_days.iter().map(|(days, n)| f64::from(*days) * *n as f64).sum();
    (all > 0).then(|| (days / all as f64 * 10.0).round() / 10.0)
}

/// The table of a year.
pub async fn annual<S: Store>(store: &S, shards: u16, year: i16) -> Result<AnnualReport, Problem> {
    let states = shard_states(store, shards).await?;
    let sum = |year: i16| {
        states.iter().filter_map(|s| s.years.get(&year)).fold(Year::default(), |a, b| Year {
            outbound: a.outbound + b.outbound,
            inbound: a.inbound + b.inbound,
            inbound_answered: a.inbound_answered + b.inbound_answered,
        })
    };
    Ok(table(year, &sum(year), &sum(year.saturating_sub(1))))
}

fn table(year: i16, this: &Year, before: &Year) -> AnnualReport {
    let percent = |part: f64, whole: u64| (whole > 0).then(|| (part / whole as f64 * 10_000.0).round() / 100.0);
    AnnualReport {
        year,
        outbound_calls: this.outbound,
        outbound_change_percent: percent(this.outbound as f64 - before.outbound as f64, before.outbound),
        inbound_received: this.inbound,
        inbound_answered: this.inbound_answered,
        inbound_answered_percent: percent(this.inbound_answered as f64, this.inbound),
    }
}

/// A page of a campaign's attempts, newest first, and where the next page begins.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AttemptsPage {
    pub attempts: Vec<Attempt>,
    /// Ballot to go on from; `None`: that was the last page.
    pub next: Option<u64>,
}

/// Results pages read for one answer.
const RESULT_PAGES: usize = 500;

/// The attempts of a campaign in a shard, from the results page `from` (`None`: the newest) backwards.
pub async fn attempts<S: Store>(
    store: &S,
    shard: u16,
    campaign: &str,
    from: Option<u64>,
) -> Result<AttemptsPage, Problem> {
    let failed = |e: StoreError| Problem::store(&e);
    let mut at = match from {
        Some(ballot) => Some(ballot),
        None => match tick::cell(shard).read(store).await.map_err(failed)? {
            Some(version) => tick::decode_state(&version.bytes)?.results,
            None => None,
        },
    };
    let mut page = AttemptsPage::default();
    for _ in 0..RESULT_PAGES {
        let Some(ballot) = at else { break };
        let bytes = store.get(&keys::results(shard, ballot)).await.map_err(failed)?;
        let Some(results) = bytes.and_then(|b| Results::decode(&b)) else {
            return Err(Problem::new(
                500,
                "results_unreadable",
                "A page of results cannot be read",
                format!("page {ballot} of shard {shard}"),
                "Run the version that wrote it, or restore the store from a backup.",
            ));
        };
        page.attempts.extend(results.attempts.into_iter().rev().filter(|a| a.campaign == campaign));
        at = results.previous;
    }
    page.next = at;
    Ok(page)
}

/// Unix milliseconds as RFC 3339.
pub fn rfc3339(ms: i64) -> Option<String> {
    Timestamp::from_millisecond(ms).ok().map(|t| t.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_years_of_the_published_report() {
        // The contact centre's published figures of 2021 and 2022.
        let y2021 = Year { outbound: 1_220_000, inbound: 260_834, inbound_answered: 260_834 };
        let y2022 = Year { outbound: 377_635, inbound: 375_084, inbound_answered: 343_327 };
        let t = table(2022, &y2022, &y2021);
        assert_eq!(t.outbound_change_percent, Some(-69.05));
        assert_eq!(t.inbound_answered_percent, Some(91.53));
        assert_eq!(table(2021, &y2021, &Year::default()).outbound_change_percent, None);
    }
}
