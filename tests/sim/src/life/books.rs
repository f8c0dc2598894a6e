//! What the auditor knows: what left the hosts and rang, what was told and acknowledged, and when.

use super::Plan;
use super::plan::{Someone, Spec};
use crate::tick::Fate;
use dering::attempt::{CallId, News};
use dering::provider::Provider;
use std::collections::{BTreeMap, HashMap};

/// A call by its claim.
pub type Key = (u64, u16);

pub fn key(call: &CallId) -> Key {
    (call.ballot, call.index)
}

/// A row of a list of a campaign.
#[derive(Debug, Clone)]
pub struct Person {
    pub campaign: usize,
    pub roll: usize,
    pub row: Someone,
    pub npwp: String,
}

/// An order that left a host.
#[derive(Debug, Clone)]
pub struct Dial {
    pub call: CallId,
    pub campaign: usize,
    pub person: usize,
    pub phone: String,
    pub npwp: String,
    pub provider: Provider,
    /// The number shown.
    pub from: String,
    pub at_ms: i64,
    /// The same by the host's own clock.
    pub clock_ms: i64,
    /// The local day, by the clock of the host.
    pub day: i64,
    /// The highest rate it can have been ordered under.
    pub rate: f64,
    /// The same of the number shown; `None`: it may have been without limit.
    pub id_rate: Option<f64>,
    /// The same of how many calls may show it at once.
    pub id_lines: Option<u32>,
    pub invalid: bool,
}

/// A call that rang.
#[derive(Debug, Clone)]
pub struct Rung {
    pub fate: Fate,
    pub end_ms: i64,
}

/// News as a handler got them.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub news: News,
    /// When a handler first had it.
    pub first_ms: i64,
    /// When the carrier was first told that they were taken. `None`: they may be in all the same.
    pub taken_ms: Option<i64>,
}

/// A campaign's rules from an edit on.
#[derive(Debug, Clone)]
pub struct Edit {
    pub spec: Spec,
    pub taken_ms: Option<i64>,
}

#[derive(Debug, Clone, Default)]
pub struct List {
    pub id: Option<String>,
    pub withdrawn_ms: Option<i64>,
    pub withdrawing: bool,
}

#[derive(Debug)]
pub struct Books {
    pub people: Vec<Person>,
    by_phone: HashMap<(usize, String), usize>,
    /// By how long the phone rings.
    campaigns: HashMap<i64, usize>,
    /// When each tick began.
    pub ticks: Vec<i64>,
    pub edits: Vec<Vec<Edit>>,
    pub lists: Vec<List>,
    /// By phone or taxpayer number: since when the entry is acknowledged.
    pub suppressed: HashMap<String, i64>,
    /// By taxpayer number.
    pub settled: HashMap<String, i64>,
    /// By phone: who asked for it in a call.
    pub asked: HashMap<String, i64>,
    pub dials: Vec<Dial>,
    by_call: HashMap<Key, usize>,
    pub rung: BTreeMap<Key, Rung>,
    pub told: BTreeMap<Key, Vec<Told>>,
    calls: BTreeMap<Key, CallId>,
    pub inbound: u64,
    /// Callbacks on their way, and people with something in mind.
    pub pending: usize,
}

impl Books {
    pub fn new(plan: &Plan) -> Self {
        let mut people = Vec::new();
        let mut by_phone = HashMap::new();
        for (roll, list) in plan.rolls.iter().enumerate() {
            for row in &list.people {
                for phone in &row.phones {
                    by_phone.insert((list.campaign, Someone::e164(phone)), people.len());
                }
                people.push(Person { campaign: list.campaign, roll, npwp: row.npwp(), row: row.clone() });
            }
        }
        Books {
            people,
            by_phone,
            campaigns: plan.specs.iter().enumerate().map(|(c, spec)| (spec.ring_s, c)).collect(),
            ticks: Vec::new(),
            edits: vec![Vec::new(); plan.specs.len()],
            lists: vec![List::default(); plan.rolls.len()],
            suppressed: HashMap::new(),
            settled: HashMap::new(),
            asked: HashMap::new(),
            dials: Vec::new(),
            by_call: HashMap::new(),
            rung: BTreeMap::new(),
            told: BTreeMap::new(),
            calls: BTreeMap::new(),
            inbound: 0,
            pending: 0,
        }
    }

    pub fn tick_begins(&mut self, now_ms: i64) -> usize {
        self.ticks.push(now_ms);
        self.ticks.len() - 1
    }

    pub fn edit_begins(&mut self, campaign: usize, spec: Spec) -> usize {
        self.edits[campaign].push(Edit { spec, taken_ms: None });
        self.edits[campaign].len() - 1
    }

    pub fn edit_taken(&mut self, campaign: usize, edit: usize, now_ms: i64) {
        self.edits[campaign][edit].taken_ms = Some(now_ms);
    }

    /// Rules that a tick begun then can have read: what was last acknowledged, and every edit made since.
    pub fn rules(&self, campaign: usize, began_ms: i64) -> impl Iterator<Item = &Spec> {
        let edits = &self.edits[campaign];
        let last = edits.iter().rposition(|e| e.taken_ms.is_some_and(|at| at < began_ms)).unwrap_or(0);
        edits[last..].iter().map(|e| &e.spec)
    }

    /// Whose order it is: the campaign by how long it lets the phone ring, the person by the phone.
    pub fn whose(&self, to: &str, ring_s: i64) -> Option<(usize, usize)> {
        let campaign = *self.campaigns.get(&ring_s)?;
        Some((campaign, *self.by_phone.get(&(campaign, to.to_owned()))?))
    }

    pub fn knows(&self, call: &CallId) -> bool {
        self.by_call.contains_key(&key(call))
    }

    pub fn enter(&mut self, dial: Dial) {
        self.by_call.insert(key(&dial.call), self.dials.len());
        self.calls.insert(key(&dial.call), dial.call);
        self.dials.push(dial);
    }

    pub fn dial(&self, call: Key) -> Option<&Dial> {
        self.by_call.get(&call).map(|n| &self.dials[*n])
    }

    pub fn campaign_of(&self, call: &CallId) -> usize {
        self.dial(key(call)).map_or(0, |d| d.campaign)
    }

    pub fn invalid(&mut self, call: CallId) {
        if let Some(n) = self.by_call.get(&key(&call)) {
            self.dials[*n].invalid = true;
        }
    }

    pub fn rings(&mut self, call: CallId, fate: Fate, end_ms: i64) {
        // The same claim ringing twice is found when it is ordered.
        self.rung.insert(key(&call), Rung { fate, end_ms });
    }

    /// Orders of a person that rang before.
    pub fn rung_of(&self, person: usize) -> impl Iterator<Item = &Dial> {
        self.dials.iter().filter(move |d| d.person == person && self.rung.contains_key(&key(&d.call)))
    }

    /// Dials whose calls are not over.
    pub fn alive(&self, now_ms: i64) -> impl Iterator<Item = &Dial> {
        let alive = move |d: &&Dial| self.rung.get(&key(&d.call)).is_some_and(|r| r.end_ms > now_ms);
        self.dials.iter().filter(alive)
    }

    /// How many of them fit.
    pub fn on_line(&self, now_ms: i64, fits: impl Fn(&Dial) -> bool) -> usize {
        self.alive(now_ms).filter(|d| fits(d)).count()
    }

    pub fn maybe_heard(&mut self, call: CallId, news: &News, now_ms: i64) {
        let told = self.told.entry(key(&call)).or_default();
        if told.iter().all(|t| t.news != *news) {
            told.push(Told { news: news.clone(), first_ms: now_ms, taken_ms: None });
        }
    }

    pub fn heard(&mut self, call: CallId, news: &News, now_ms: i64) {
        use dering::attempt::Said;
        if let Some(told) = self.told.entry(key(&call)).or_default().iter_mut().find(|t| t.news == *news) {
            told.taken_ms.get_or_insert(now_ms);
        }
        let Some(dial) = self.by_call.get(&key(&call)).map(|n| &self.dials[*n]) else { return };
        if *news == News::Dialog(Said::DoNotCall) {
            self.asked.entry(dial.phone.clone()).or_insert(now_ms);
        }
    }

    /// All that was ever taken.
    pub fn told(&self) -> Vec<(CallId, News)> {
        let of_call = |(key, told): (&Key, &Vec<Told>)| {
            let call = self.calls.get(key).copied();
            let taken: Vec<News> = told.iter().filter(|t| t.taken_ms.is_some()).map(|t| t.news.clone()).collect();
            call.into_iter()
                .flat_map(move |call| taken.clone().into_iter().map(move |news| (call, news)))
                .collect::<Vec<_>>()
        };
        self.told.iter().flat_map(of_call).collect()
    }
}
