//! Another outside for ticks on a stage: a carrier that is a function of the order and the time, limits of the account,
//! a host whose clock is wrong.

use super::{Clock, Stage, call_of, drive, provider_of, refused, taken};
use dering::attempt::CallId;
use dering::campaign::{Limits, PersonLimits};
use dering::hours::LegalHours;
use dering::provider::{Account, ApiRequest, Provider};
use dering::tick::{self, Report, Sent, Setup, World};
use std::cell::{Cell, RefCell};

/// An order as this carrier saw it, at the stage's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub provider: Provider,
    pub call: CallId,
    pub to: String,
    pub from: String,
    pub at_ms: i64,
}

/// What it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    Taken,
    /// HTTP status, code, seconds after which to come again.
    Refused(u16, u32, Option<u32>),
    NotReached,
    Lost,
}

type Behaviour<'a> = Box<dyn Fn(&Seen) -> Reply + 'a>;

/// The outside.
pub struct Outside<'a> {
    pub stage: &'a Stage,
    pub limits: Limits,
    /// Whose accounts are configured.
    pub providers: Vec<Provider>,
    pub shards: u16,
    pub shard: u16,
    /// How far ahead of the stage's clock the host's is.
    pub skew_ms: Cell<i64>,
    behaviour: RefCell<Behaviour<'a>>,
    seen: RefCell<Vec<Seen>>,
}

impl<'a> Outside<'a> {
    /// One that takes every order.
    pub fn new(stage: &'a Stage) -> Self {
        Outside {
            stage,
            limits: Limits::default(),
            providers: Provider::ALL.to_vec(),
            shards: 1,
            shard: 0,
            skew_ms: Cell::new(0),
            behaviour: RefCell::new(Box::new(|_| Reply::Taken)),
            seen: RefCell::default(),
        }
    }

    /// From now on it answers so.
    pub fn answers(&self, behaviour: impl Fn(&Seen) -> Reply + 'a) {
        *self.behaviour.borrow_mut() = Box::new(behaviour);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.borrow().clone()
    }

    /// Orders since it was last asked.
    pub fn take(&self) -> Vec<Seen> {
        self.seen.take()
    }

    /// One tick.
    pub fn tick(&self) -> Report {
        self.tick_over(&self.stage.store)
    }

    /// One tick over another store.
    pub fn tick_over(&self, store: &impl dering::store::Store) -> Report {
        drive(&self.stage.clock, self.run(store)).expect("it ends").expect("it succeeds")
    }

    async fn run(&self, store: &impl dering::store::Store) -> Result<Report, dering::problem::Problem> {
        let account = Account { account: "AC1".into(), secret: "s".into(), limits: self.limits, ..Account::default() };
        let setup = Setup {
            vault: &self.stage.vault,
            public_url: "https://dering.example",
            account: &|provider| self.providers.contains(&provider).then(|| account.clone()),
            shards: self.shards,
            limits: PersonLimits::default(),
            legal_hours: &LegalHours::unlimited(),
            memory: &self.stage.memory,
        };
        tick::tick(store, self, &setup, self.shard).await
    }

    fn clock(&self) -> &Clock {
        &self.stage.clock
    }
}

impl World for Outside<'_> {
    fn now_ms(&self) -> i64 {
        self.clock().now_ms() + self.skew_ms.get()
    }

    fn nonce(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        let unique = (self.seen.borrow().len() as u64, self.now_ms());
        bytes[..8].copy_from_slice(&unique.0.to_le_bytes());
        bytes[8..16].copy_from_slice(&unique.1.to_le_bytes());
        bytes
    }

    async fn sleep_ms(&self, ms: u64) {
        self.clock().sleep_until(self.clock().now_ms() + ms as i64).await;
    }

    async fn send(&self, request: ApiRequest, _timeout_ms: u64) -> Sent {
        let (call, to) = call_of(&request, &self.stage.vault, self.now_ms()).expect("an order names its call");
        let from = form_urlencoded::parse(&request.body).find(|(name, _)| name == "From");
        let from = from.map(|(_, number)| number.into_owned()).unwrap_or_default();
        let seen = Seen { provider: provider_of(&request), call, to, from, at_ms: self.clock().now_ms() };
        let reply = (self.behaviour.borrow())(&seen);
        self.seen.borrow_mut().push(seen);
        match reply {
            Reply::Taken => taken(&request, &call),
            Reply::Refused(status, code, again) => refused(&request, status, code, again),
            Reply::NotReached => Sent::NotSent,
            Reply::Lost => Sent::Unclear,
        }
    }
}
