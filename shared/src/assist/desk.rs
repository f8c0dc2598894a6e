//! What each request of an agent or a dialler about a claim does.

use super::check::{Looked, Stop};
use super::lease::{self, BEAT, RELEASED, REPORTED, REVOKED, STARTED};
use super::record::Mark;
use super::{Note, Outcome};
use crate::attempt::{CallId, CallIdError, Event};
use crate::campaign::{PersonLimits, Remembered, Shelf};
use crate::contact::Contact;
use crate::hours::LegalHours;
use crate::list;
use crate::problem::Problem;
use crate::store::{Store, StoreError, keys};
use crate::tick::{Claim, LEASE_MS, claim_place, unreported_ms};
use crate::vault::{DataKey, Vault};
use serde::Serialize;

/// So long after the first go a repeated request hears it again. A go that is older must not be dialled.
const GO_MS: i64 = 60_000;

/// The answer to a request for the go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Go {
    pub go: bool,
    /// Why not. The claim is given back, and it costs no attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Stop>,
    /// Report within so many seconds, or the call is closed as `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_within_s: Option<i64>,
    /// Rows of the list whose matters are settled: they are not named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settled_rows: Vec<u32>,
}

/// The answer to a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pulse {
    /// The call must not be dialled, or should be ended if it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// The lease goes on for so many seconds. Nothing for a call that was started: it has no lease any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_s: Option<i64>,
}

/// What the requests work with.
pub struct Desk<'a, S: Store> {
    pub store: &'a S,
    pub vault: &'a Vault,
    pub shards: u16,
    pub campaigns: &'a Remembered,
    /// How often a person may be called over all campaigns; a campaign can only ask for less.
    pub limits: PersonLimits,
    /// Hours outside of which nobody is called, whatever a campaign says.
    pub legal_hours: &'a LegalHours,
    /// Unix milliseconds.
    pub now_ms: i64,
    /// 24 random bytes.
    pub nonce: &'a dyn Fn() -> [u8; 24],
}

/// A claim that somebody holds.
struct Held {
    id: CallId,
    claim: Claim,
    contact: Contact,
    key: DataKey,
    marks: Marks,
}

struct Marks {
    started: Option<Mark>,
    revoked: bool,
    released: Option<Mark>,
    reported: bool,
}

pub(super) fn failed(error: StoreError) -> Problem {
    Problem::store(&error)
}

impl<S: Store> Desk<'_, S> {
    pub(super) async fn contact(
        &self,
        shard: u16,
        call: (u64, u16),
    ) -> Result<Option<(Claim, Contact, DataKey)>, Problem> {
        let place = claim_place(shard, call);
        let bytes = self.store.get(&place).await.map_err(failed)?;
        let Some(claim) = bytes.and_then(|bytes| Claim::decode(&bytes)) else { return Ok(None) };
        let key = list::data_key(self.store, self.vault, &claim.contact.list).await.map_err(failed)?;
        let Some(key) = key else { return Ok(None) };
        Ok(claim.contact(&place, &key).map(|contact| (claim, contact, key)))
    }

    async fn held(&self, call: &str, agent_name: &str) -> Result<Held, Problem> {
        agent(agent_name)?;
        let id = CallId::open_for(call, self.vault, agent_name, self.now_ms / 1000).map_err(|error| match error {
            CallIdError::Expired => error.problem(),
            CallIdError::Forged => not_yours(),
        })?;
        let call = (id.ballot, id.index);
        let (claim, contact, key) = self.contact(id.shard, call).await?.ok_or_else(unreadable)?;
        let kinds = [STARTED, REVOKED, RELEASED, REPORTED];
        let asked = kinds.map(|kind| keys::event(id.shard, call.0, call.1, kind));
        let found = self.store.get_all(&asked).await.map_err(failed)?;
        let at = |i: usize| found.get(i).and_then(Option::as_ref);
        // A mark that is there and cannot be read still is there.
        let mark = |bytes: &Vec<u8>| Mark::decode(bytes).unwrap_or(Mark { at_ms: i64::MIN, stop: None });
        let marks = Marks {
            started: at(0).map(mark),
            revoked: at(1).is_some(),
            released: at(2).map(mark),
            reported: at(3).is_some(),
        };
        Ok(Held { id, claim, contact, key, marks })
    }

    /// The go at the moment of dialling. At most one durable commit.
    pub async fn start(&self, call: &str, agent: &str) -> Result<Go, Problem> {
        let held = self.held(call, agent).await?;
        let no = |why| Ok(Go { go: false, why: Some(why), report_within_s: None, settled_rows: Vec::new() });
        match &held.marks {
            Marks { reported: true, .. } => return no(Stop::Ended),
            Marks { revoked: true, .. } => return no(Stop::LeaseOver),
            Marks { released: Some(mark), .. } => return no(mark.stop.unwrap_or(Stop::Released)),
            Marks { started: Some(mark), .. } if self.now_ms.saturating_sub(mark.at_ms) >= GO_MS => {
                return no(Stop::Ended);
            }
            Marks { .. } => {}
        }
        let Held { id, claim, contact, marks, .. } = &held;
        let shelf = self.campaigns.read(self.store).await?;
        let looked = Looked::up(self, id.shard, claim, contact).await?;
        if let Some(mark) = marks.started {
            return Ok(self.go(claim, &shelf, &looked, mark.at_ms));
        }
        if let Some(stop) = looked.call(self, &shelf, claim) {
            self.mark(id, RELEASED, Some(stop)).await?;
            return no(stop);
        }
        let record = Mark { at_ms: self.now_ms, stop: None }.encode();
        match lease::start(self.store, id.shard, (id.ballot, id.index), &record).await.map_err(failed)? {
            true => Ok(self.go(claim, &shelf, &looked, self.now_ms)),
            false => no(Stop::LeaseOver),
        }
    }

    fn go(&self, claim: &Claim, shelf: &Shelf, looked: &Looked, started_ms: i64) -> Go {
        let within_ms = shelf.get(&claim.campaign).map_or(0, |c| unreported_ms(&c.settings));
        let left_ms = started_ms.saturating_add(within_ms).saturating_sub(self.now_ms);
        let (report_within_s, settled_rows) = (Some(left_ms.max(0) / 1000), looked.settled_rows());
        Go { go: true, why: None, report_within_s, settled_rows }
    }

    async fn mark(&self, id: &CallId, kind: &str, stop: Option<Stop>) -> Result<(), Problem> {
        let mark = Mark { at_ms: self.now_ms, stop }.encode();
        self.store.set(&keys::event(id.shard, id.ballot, id.index, kind), &mark).await.map_err(failed)
    }

    /// Says that the agent is still there, and learns whether to stop. Costs a durable commit before the start, none after.
    pub async fn heartbeat(&self, call: &str, agent: &str) -> Result<Pulse, Problem> {
        let Held { id, claim, contact, marks, .. } = self.held(call, agent).await?;
        let stopped = |stop| Ok(Pulse { stop: Some(stop), lease_s: None });
        if marks.reported {
            return stopped(Stop::Ended);
        }
        if marks.started.is_some() {
            // A call that is on ends normally; but who has paid need not hear more.
            let stop = Looked::up(self, id.shard, &claim, &contact).await?.person();
            return Ok(Pulse { stop, lease_s: None });
        }
        if let Some(mark) = marks.released {
            return stopped(mark.stop.unwrap_or(Stop::Released));
        }
        if marks.revoked {
            return stopped(Stop::LeaseOver);
        }
        let shelf = self.campaigns.read(self.store).await?;
        if let Some(stop) = Looked::up(self, id.shard, &claim, &contact).await?.call(self, &shelf, &claim) {
            return stopped(stop);
        }
        self.mark(&id, BEAT, None).await?;
        Ok(Pulse { stop: None, lease_s: Some(LEASE_MS / 1000) })
    }

    /// Gives a claim back that was not started: no attempt. One durable commit.
    pub async fn release(&self, call: &str, agent: &str) -> Result<(), Problem> {
        let Held { id, marks, .. } = self.held(call, agent).await?;
        match marks {
            Marks { released: Some(_), .. } | Marks { revoked: true, started: None, .. } => Ok(()),
            Marks { started: Some(_), .. } => Err(Problem::new(
                409,
                "call_started",
                "The call was started",
                "a claim can be given back only before it is started",
                "Report an outcome: not_placed if nothing rang.",
            )),
            Marks { started: None, .. } => self.mark(&id, RELEASED, None).await,
        }
    }

    /// Takes reports, each for itself: they answer in their order. One durable commit for all.
    pub async fn report(
        &self,
        agent: &str,
        reports: &[(String, Outcome)],
    ) -> Result<Vec<Result<(), Problem>>, Problem> {
        let mut writes = Vec::new();
        let mut answers = Vec::new();
        for (call, outcome) in reports {
            answers.push(self.reported(call, agent, outcome).await.map(|news| writes.extend(news)));
        }
        if !writes.is_empty() {
            self.store.set_many(&writes).await.map_err(failed)?;
        }
        Ok(answers)
    }

    async fn reported(&self, call: &str, agent: &str, outcome: &Outcome) -> Result<Vec<(String, Vec<u8>)>, Problem> {
        let Held { id, key, marks, .. } = self.held(call, agent).await?;
        if marks.started.is_none() {
            return Err(Problem::new(
                409,
                "call_not_started",
                "The call was not started",
                "an outcome is taken only of a call that got its go",
                "Ask for the go with /start before dialling; give a claim back with /release.",
            ));
        }
        let at_ms = self.now_ms;
        let events = outcome.news(at_ms)?.into_iter().map(|news| Event { at_ms, news });
        let mut writes: Vec<_> = events.map(|event| (event.key(&id), event.encode())).collect();
        if let Some(text) = outcome.notes.as_ref().filter(|text| !text.trim().is_empty()) {
            let place = keys::note(id.shard, id.ballot, id.index);
            let note = Note { agent: agent.to_owned(), text: text.clone(), at_ms };
            writes.push((place.clone(), note.seal(&key, &(self.nonce)(), &place)));
        }
        let mark = Mark { at_ms, stop: None }.encode();
        writes.push((keys::event(id.shard, id.ballot, id.index, REPORTED), mark));
        Ok(writes)
    }
}

/// Names of agents and diallers: 1 to 64 letters, digits and `. _ - @`.
pub(super) fn agent(name: &str) -> Result<(), Problem> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-@".contains(&b);
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(());
    }
    Err(invalid("/agent", "an agent's name has 1 to 64 letters, digits and . _ - @"))
}

pub(super) fn invalid(at: &str, detail: impl Into<String>) -> Problem {
    Problem::new(
        422,
        "request_invalid",
        "The request cannot be taken as it is",
        detail,
        "Correct it and send it again.",
    )
    .at(at)
}

fn not_yours() -> Problem {
    Problem::new(
        403,
        "call_not_yours",
        "This call was not handed to this agent",
        "the id does not fit the agent's name",
        "Use the id from the answer to the claim, with the name it was claimed under.",
    )
}

fn unreadable() -> Problem {
    Problem::new(
        410,
        "call_gone",
        "There is nothing left of this call",
        "its claim or its list is gone or cannot be read",
        "Do not dial. Claim another call.",
    )
}
