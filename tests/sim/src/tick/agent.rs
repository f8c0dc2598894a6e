//! Agents at the stage: what their requests do to the store.

use super::{Gate, Gated, Stage, drive};
use dering::assist::{Ask, Card, Desk, Go, HandedOut, Kind, Outcome, Pulse};
use dering::attempt::Disposition;
use dering::campaign::PersonLimits;
use dering::hours::LegalHours;
use dering::problem::Problem;
use dering::store::{Counting, Counts, MemoryStore, Store};

/// An agent, by name.
#[derive(Debug, Clone, Copy)]
pub struct Agent(pub &'static str);

impl Agent {
    /// A request of this agent's, which may fail or die at any verb. `None`: it died.
    pub fn through<T>(
        self,
        stage: &Stage,
        gate: &Gate,
        request: impl AsyncFnOnce(&Desk<'_, Counting<Gated<'_, MemoryStore>>>) -> T,
    ) -> (Option<T>, Counts) {
        let store = Counting::new(Gated { store: &stage.store, gate });
        let unlimited = LegalHours::unlimited();
        let desk = Self::desk(stage, &unlimited, &store);
        let answer = drive(&stage.clock, request(&desk));
        (answer, store.counts())
    }

    fn desk<'a, S: Store>(stage: &'a Stage, legal_hours: &'a LegalHours, store: &'a S) -> Desk<'a, S> {
        let (vault, limits, now_ms) = (&stage.vault, PersonLimits::default(), stage.clock.now_ms());
        let campaigns = &stage.memory.campaigns;
        Desk { store, vault, shards: 1, campaigns, limits, legal_hours, now_ms, nonce: &|| [7; 24] }
    }

    fn ask<T>(self, stage: &Stage, request: impl AsyncFnOnce(&Desk<'_, MemoryStore>) -> T) -> T {
        drive(&stage.clock, request(&Self::desk(stage, &LegalHours::unlimited(), &stage.store)))
            .expect("it does not die")
    }

    /// What this agent asks for.
    pub fn wants(self, campaign: &str, slots: u16) -> Ask {
        Ask { agent: self.0.into(), campaign: campaign.into(), kind: Kind::Agent, slots, agents: 0 }
    }

    pub fn claim(self, stage: &Stage, key: &str, slots: u16) -> Vec<Card> {
        self.ask(stage, async |desk| desk.claim(&self.wants("c", slots), key).await)
            .expect("claims are answered")
            .claims
    }

    /// The same for a dialler at whose hand there are so many agents.
    pub fn dials(self, stage: &Stage, key: &str, slots: u16, agents: u16) -> HandedOut {
        let ask = Ask { kind: Kind::Dialler, agents, ..self.wants("c", slots) };
        self.ask(stage, async |desk| desk.claim(&ask, key).await).expect("claims are answered")
    }

    /// One claim, which there must be.
    pub fn claim_one(self, stage: &Stage, key: &str) -> Card {
        self.claim(stage, key, 1).pop().expect("there is a claim")
    }

    pub fn start(self, stage: &Stage, call: &str) -> Result<Go, Problem> {
        self.ask(stage, async |desk| desk.start(call, self.0).await)
    }

    pub fn heartbeat(self, stage: &Stage, call: &str) -> Result<Pulse, Problem> {
        self.ask(stage, async |desk| desk.heartbeat(call, self.0).await)
    }

    pub fn release(self, stage: &Stage, call: &str) -> Result<(), Problem> {
        self.ask(stage, async |desk| desk.release(call, self.0).await)
    }

    pub fn report(self, stage: &Stage, call: &str, outcome: Outcome) -> Result<(), Problem> {
        let reports = [(call.to_owned(), outcome)];
        let answers = self.ask(stage, async |desk| desk.report(self.0, &reports).await)?;
        answers.into_iter().next().expect("an answer for each")
    }

    /// Reports a disposition, with nothing else.
    pub fn says(self, stage: &Stage, call: &str, disposition: Disposition) -> Result<(), Problem> {
        self.report(stage, call, Outcome { disposition: Some(disposition), talk_s: Some(30), ..Outcome::default() })
    }
}
