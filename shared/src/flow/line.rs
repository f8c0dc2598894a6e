//! Who is on the line: what a step of a call is made of, as it is in the store.

use super::{Officer, Scene, Scripts, Sheet, Topic, sheet};
use crate::attempt::CallId;
use crate::campaign::{CallLimits, Campaign, Remembered};
use crate::contact::{Contact, Language};
use crate::hours;
use crate::list;
use crate::problem::Problem;
use crate::settlement;
use crate::store::Store;
use crate::tick::{Claim, claim_place};
use crate::vault::Vault;
use std::rc::Rc;

/// A call's claim, its contact, and the scripts it was claimed under.
#[derive(Debug)]
pub struct Line {
    pub claim: Claim,
    pub contact: Contact,
    campaign: Rc<Campaign>,
    scripts: Scripts,
}

impl Line {
    /// `Err`: what is missing or not to be read. Then nothing is to be said. Costs reads only.
    pub async fn of<S: Store>(
        store: &S,
        vault: &Vault,
        campaigns: &Remembered,
        id: &CallId,
    ) -> Result<Result<Self, &'static str>, Problem> {
        let failed = |e| Problem::store(&e);
        let place = claim_place(id.shard, (id.ballot, id.index));
        let Some(claim) = store.get(&place).await.map_err(failed)?.and_then(|b| Claim::decode(&b)) else {
            return Ok(Err("no claim"));
        };
        let Some(key) = list::data_key(store, vault, &claim.contact.list).await.map_err(failed)? else {
            return Ok(Err("no key of its list"));
        };
        let Some(contact) = claim.contact(&place, &key) else { return Ok(Err("its contact cannot be read")) };
        let Some(campaign) = campaigns.version(store, &claim.campaign, claim.version).await.map_err(failed)? else {
            return Ok(Err("its campaign cannot be read"));
        };
        let scripts = Scripts::of(&campaign.settings, claim.day);
        let Some(scripts) = scripts else { return Ok(Err("its script cannot be read")) };
        Ok(Ok(Line { claim, contact, campaign, scripts }))
    }

    /// What is to be told. Looked at again at each step, so that nobody hears a demand after paying.
    pub async fn topics<S: Store>(&self, store: &S) -> Result<Vec<Topic<'_>>, Problem> {
        let keys: Vec<String> = self.claim.settlement_keys.iter().flatten().cloned().collect();
        let found = store.get_all(&keys).await.map_err(|e| Problem::store(&e))?;
        Ok(self.scripts.topics(settlement::open(&self.contact, &self.claim.settlement_keys, &found)))
    }

    /// The scene of a step.
    pub fn scene<'a>(
        &'a self,
        topics: &'a [Topic<'a>],
        officer: Option<&'a str>,
        machine: bool,
        now_ms: i64,
    ) -> Scene<'a> {
        Scene {
            script: self.scripts.leading(topics),
            contact: &self.contact,
            topics,
            also: self.scripts.also(),
            language: self.language(),
            local_hour: self.local_hour(now_ms),
            officer: officer.map(|line| Officer { line, caller_id: &self.claim.caller_id }),
            machine,
        }
    }

    /// What an agent says.
    pub fn sheet(&self, topics: &[Topic<'_>], now_ms: i64) -> Sheet {
        sheet(&self.scripts, &self.contact, topics, self.language(), self.local_hour(now_ms))
    }

    /// The language of the call.
    pub fn language(&self) -> Language {
        self.contact.language.or(self.campaign.settings.languages.first().copied()).unwrap_or_default()
    }

    /// How long the call may take.
    pub fn limits(&self) -> &CallLimits {
        &self.campaign.settings.call
    }

    fn local_hour(&self, now_ms: i64) -> i8 {
        let zone = self.contact.time_zone.as_deref().unwrap_or(&self.campaign.settings.time_zone);
        hours::local_hour(zone, now_ms).unwrap_or(12)
    }
}
