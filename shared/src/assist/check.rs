//! May this call be dialled now? The rules of the tick, asked again at the moment of dialling.

use super::Desk;
use crate::campaign::{Campaign, Mode, Shelf, State};
use crate::contact::Contact;
use crate::hours::{Calendar, Holidays};
use crate::problem::Problem;
use crate::store::Store;
use crate::tick::lookup::{self, Around, Candidate, Known, Scope};
use crate::tick::rules::Rule;
use crate::tick::{Claim, Retry, Shard};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Filed or paid meanwhile.
    Settled,
    DoNotCall,
    /// The number is not the taxpayer's.
    WrongNumber,
    /// The person was called as often as may be, over all campaigns, or is in another call.
    PersonLimit,
    /// Outside the callable hours, or too close to their end to be answered in time.
    OutsideHours,
    /// The campaign's last day is over, or a due date since the claim was made.
    Expired,
    /// The campaign is paused, finished, or not for agents any more.
    Paused,
    /// The agent gave the claim back.
    Released,
    /// The lease is over.
    LeaseOver,
    /// The call was reported on already.
    Ended,
}

/// What may have changed between the claim and the call, and what the agent is told of it.
const ASKED_AGAIN: [(Rule, Stop); 8] = [
    (Rule::Expired, Stop::Expired),
    (Rule::Blackout, Stop::OutsideHours),
    (Rule::OutsideHours, Stop::OutsideHours),
    // The hours of a country that the campaign does not call are not known.
    (Rule::ForeignNumber, Stop::OutsideHours),
    (Rule::PremiumNumber, Stop::DoNotCall),
    (Rule::InCall, Stop::PersonLimit),
    (Rule::PersonDay, Stop::PersonLimit),
    (Rule::PersonWeek, Stop::PersonLimit),
];

/// What the store knows now of a claim's contact.
pub(super) struct Looked {
    candidate: Candidate,
    known: Known,
}

impl Looked {
    pub async fn up<S: Store>(
        desk: &Desk<'_, S>,
        shard: u16,
        claim: &Claim,
        contact: &Contact,
    ) -> Result<Self, Problem> {
        let Desk { store, vault, shards, now_ms, .. } = *desk;
        let retry = Retry {
            contact: claim.contact.clone(),
            attempts: claim.attempt.saturating_sub(1),
            phone: claim.phone,
            not_before_ms: 0,
            rank: claim.rank,
            past: claim.past.clone(),
            unknown: None,
            refused_by: claim.refused_by.clone(),
            looked: 0,
        };
        let candidate = Candidate { retry, contact: contact.clone() };
        let entries = BTreeMap::new();
        let scope = Scope { store, vault, shard, shards, now_ms, entries: &entries };
        let known = lookup::of(&scope, std::slice::from_ref(&candidate)).await?;
        let known = known.into_iter().next().ok_or_else(Problem::contended)?;
        Ok(Looked { candidate, known })
    }

    /// What stops even a call that is on. It does not ask for the campaign, which may be gone.
    pub fn person(&self) -> Option<Stop> {
        let Known { suppressed, wrong_number, .. } = self.known;
        if self.known.settled() {
            return Some(Stop::Settled);
        }
        let wrong = wrong_number.then_some(Stop::WrongNumber);
        suppressed.map(|_| Stop::DoNotCall).or(wrong)
    }

    /// What stops a call that is not on. `shelf`: the campaigns as they are now.
    pub fn call<S: Store>(&self, desk: &Desk<'_, S>, shelf: &Shelf, claim: &Claim) -> Option<Stop> {
        let live = |c: &&Campaign| c.state == State::Running && c.settings.mode == Mode::Assisted;
        self.person().or_else(|| match shelf.get(&claim.campaign).filter(live) {
            Some(campaign) => self.moment(desk, campaign, &shelf.holidays, claim),
            None => Some(Stop::Paused),
        })
    }

    fn moment<S: Store>(
        &self,
        desk: &Desk<'_, S>,
        campaign: &Campaign,
        holidays: &Holidays,
        claim: &Claim,
    ) -> Option<Stop> {
        let calendar = &Calendar::new(&campaign.settings, desk.legal_hours, holidays);
        let state = &Shard::default();
        let around = Around { vault: desk.vault, state, campaign, calendar, limits: desk.limits, now_ms: desk.now_ms };
        let facts = self.known.facts(&around, &self.candidate, false);
        // Since it was claimed a due date went by: the script on the screen is not that of today.
        let today = facts.local.date(desk.now_ms);
        let went_by =
            today.is_some_and(|today| self.known.open.iter().any(|(_, due)| (claim.day..today).contains(due)));
        let held = || ASKED_AGAIN.into_iter().find(|(rule, _)| rule.holds(&facts)).map(|(_, stop)| stop);
        if went_by { Some(Stop::Expired) } else { held() }
    }

    /// Rows of the list whose matters are settled: they are not named.
    pub fn settled_rows(&self) -> Vec<u32> {
        let rows = self.candidate.contact.duties().map(|duty| duty.row);
        rows.filter(|row| self.known.open.iter().all(|(open, _)| open != row)).collect()
    }
}
