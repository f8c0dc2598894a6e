//! The stage: store, clock, carrier, and what an admin, a list owner and the carrier's callbacks do to the store.

use super::{Answer, Carrier, Clock, Dice, Fate, Fault, Gate, Gated, Ordered, Person, csv, drive};
use dering::attempt::{CallId, News};
use dering::callback;
use dering::campaign::{self, Campaign, Limits, PersonLimits, State};
use dering::contact::Matter;
use dering::hours::LegalHours;
use dering::list::{self, Intake, Label, Manifest, Others, Rules, Size, Taken};
use dering::problem::Problem;
use dering::provider::{Account, ApiRequest, Provider};
use dering::report::{self, CampaignReport};
use dering::store::{Counting, Counts, MemoryStore, Store};
use dering::tick::{self, Attempt, Memory, Report, Sent, Setup, Shard, World};
use dering::vault::Vault;
use jiff::civil::date;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Monday, 1 March 2027, ten o'clock in Jakarta.
pub const START_MS: i64 = 1_803_870_000_000;
/// Days from then until the duties of [`super::people`] are due.
pub const LIST_DAYS: i64 = 30;

/// The stage, with one shard.
pub struct Stage {
    pub store: MemoryStore,
    pub clock: Rc<Clock>,
    pub carrier: Carrier,
    pub vault: Vault,
    /// What the hosts' instances remember.
    pub memory: Memory,
    dice: RefCell<Dice>,
    told: BTreeMap<(u64, u16), Fate>,
}

/// The outside of one tick.
pub struct Host<'a> {
    pub stage: &'a Stage,
    pub gate: &'a Gate,
    pub dice: RefCell<Dice>,
    /// How long the carrier takes to answer.
    pub answer_ms: i64,
    /// How far ahead its clock is.
    pub skew_ms: i64,
}

/// The call that an order names.
pub fn call_of(request: &ApiRequest, vault: &Vault, now_ms: i64) -> Option<(CallId, String)> {
    let field =
        |name: &str| form_urlencoded::parse(&request.body).find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
    let url = field("Url")?;
    let (_provider, id) = url.split("/hooks/").nth(1)?.split_once('/')?;
    let id = id.split('/').next()?;
    Some((CallId::open(id, vault, now_ms / 1000).ok()?, field("To")?))
}

/// Whose API an order is meant for.
pub fn provider_of(request: &ApiRequest) -> Provider {
    if request.url.contains("/texml/") { Provider::Telnyx } else { Provider::Twilio }
}

/// That provider's answer to an order it takes.
pub fn taken(request: &ApiRequest, call: &CallId) -> Sent {
    let sid = format!("CA{:029}{:03}", call.ballot, call.index);
    let (status, body) = match provider_of(request) {
        Provider::Twilio => (201, json!({ "sid": sid })),
        Provider::Telnyx => (200, json!({ "call_sid": sid, "status": "queued" })),
    };
    Sent::Answer { status, headers: Vec::new(), body: body.to_string().into() }
}

/// That provider's answer to an order it refuses, by Twilio's code for the reason; `again`: after how many seconds it may be
/// asked again.
pub fn refused(request: &ApiRequest, status: u16, code: u32, again: Option<u32>) -> Sent {
    let (again_in, body) = match provider_of(request) {
        Provider::Twilio => ("retry-after", json!({ "code": code })),
        Provider::Telnyx => {
            let (code, pointer) = match code {
                20_003 => ("10009", ""),
                20_429 => ("10011", ""),
                20_500 => ("10007", ""),
                21_210 => ("D51", ""),
                21_211 => ("10016", "/To"),
                21_216 => ("D41", ""),
                _ => ("10010", ""),
            };
            let error = json!({ "code": code, "detail": code, "source": { "pointer": pointer } });
            ("x-ratelimit-reset", json!({ "errors": [error] }))
        }
    };
    let headers = again.map(|s| (again_in.to_owned(), s.to_string())).into_iter().collect();
    Sent::Answer { status, headers, body: body.to_string().into() }
}

impl World for Host<'_> {
    fn now_ms(&self) -> i64 {
        self.stage.clock.now_ms() + self.skew_ms
    }

    fn nonce(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        self.dice.borrow_mut().fill(&mut bytes);
        bytes
    }

    async fn sleep_ms(&self, ms: u64) {
        self.stage.clock.sleep_until(self.stage.clock.now_ms() + ms as i64).await;
    }

    async fn send(&self, request: ApiRequest, _timeout_ms: u64) -> Sent {
        let fault = self.gate.enter().await;
        if matches!(fault, Some(Fault::Refused | Fault::Partly(_))) {
            return Sent::NotSent;
        }
        let (call, to) = call_of(&request, &self.stage.vault, self.now_ms()).expect("an order names its call");
        let now_ms = self.stage.clock.now_ms();
        let answer = self.stage.carrier.order(call, to, now_ms);
        match fault {
            Some(Fault::DieAfter) => return self.gate.die().await,
            Some(Fault::ReplyLost) => return Sent::Unclear,
            _ => self.stage.clock.sleep_until(now_ms + self.answer_ms).await,
        }
        match answer {
            Answer::Taken => taken(&request, &call),
            Answer::Lost => Sent::Unclear,
            Answer::Unreachable => Sent::NotSent,
            Answer::Error(status, code) => refused(&request, status, code, None),
        }
    }
}

impl Default for Stage {
    fn default() -> Self {
        Stage::new(Carrier::default())
    }
}

impl Stage {
    pub fn new(carrier: Carrier) -> Self {
        Stage {
            store: MemoryStore::new(),
            clock: Rc::new(Clock::new(START_MS)),
            carrier,
            vault: Vault::for_tests(),
            memory: Memory::default(),
            dice: RefCell::new(Dice::new(1)),
            told: BTreeMap::new(),
        }
    }

    /// A stage in the same state that goes its own way.
    pub fn fork(&self) -> Stage {
        Stage {
            store: self.store.clone(),
            clock: Rc::new(Clock::new(self.clock.now_ms())),
            carrier: self.carrier.fork(),
            vault: Vault::for_tests(),
            memory: self.memory.clone(),
            dice: self.dice.clone(),
            told: self.told.clone(),
        }
    }

    pub(crate) fn now<T>(&self, future: impl Future<Output = T>) -> T {
        drive(&self.clock, future).expect("nothing here waits for ever")
    }

    /// A running campaign that may call around the clock, with `changes` (a merge patch) to its settings.
    pub fn campaign(&self, id: &str, changes: Value) {
        let settings = json!({
            "name": id,
            "matter": "not_filed",
            "callable_hours": { "mon-sun": ["00:00-24:00"] },
            "caller_ids": ["+622129881500"],
            "rate": { "calls_per_second": 1000.0, "concurrent": 10_000 },
        });
        let (_, settings) = Campaign::parse(settings).expect("good settings");
        let plain = Campaign { id: id.into(), state: State::Running, version: 0, settings };
        let settings = plain.patched(&changes).expect("good changes");
        self.set_campaign(id, |_| Campaign { settings: settings.clone(), ..plain.clone() });
    }

    /// Changes a campaign's settings by a merge patch.
    pub fn patch(&self, id: &str, changes: Value) {
        self.set_campaign(id, |old| {
            let old = old.expect("there is such a campaign");
            Campaign { settings: old.patched(&changes).expect("good changes"), ..old.clone() }
        });
    }

    /// An admin confirms the size of a list.
    pub fn confirm(&self, list: &str, contacts: u64) -> Result<Size, Problem> {
        let manifest = self.now(list::manifest(&self.store, list)).expect("the store answers").expect("the list");
        self.now(manifest.size().confirm(&self.store, list, contacts))
    }

    pub fn set_state(&self, id: &str, state: State) {
        self.set_campaign(id, |old| Campaign { state, ..old.expect("there is such a campaign").clone() });
    }

    fn set_campaign(&self, id: &str, change: impl Fn(Option<&Campaign>) -> Campaign) {
        let edited = campaign::edit(&self.store, async |_| {}, id, |old| Ok(Some(change(old))));
        self.now(edited).expect("the edit is taken");
    }

    /// Uploads a list; its id.
    pub fn upload(&self, campaign: &str, people: &[Person]) -> String {
        self.upload_expecting(campaign, people, None)
    }

    /// Uploads a list that is said to have so many contacts; its id.
    pub fn upload_expecting(&self, campaign: &str, people: &[Person], expected: Option<u64>) -> String {
        match self.upload_through(&Gate::open(), campaign, people, expected) {
            Some(Ok(Taken::New(manifest))) if manifest.accepted == people.len() as u64 => manifest.list,
            other => panic!("not as it was meant: {other:?}"),
        }
    }

    /// How lists are judged, whatever their campaign says.
    pub fn rules() -> Rules {
        Rules { as_of: date(2027, 3, 1), matter: Matter::NotFiled, ..Rules::default() }
    }

    /// Uploads a list through a gate; `None` if that died.
    pub fn upload_through(
        &self,
        gate: &Gate,
        campaign: &str,
        people: &[Person],
        expected: Option<u64>,
    ) -> Option<Result<Taken, Problem>> {
        let rules = Stage::rules();
        let dice = |bytes: &mut [u8]| self.dice.borrow_mut().fill(bytes);
        let label = Label { campaign: campaign.into(), expected, ..Label::default() };
        let store = Gated { store: &self.store, gate };
        drive(&self.clock, async {
            let mut intake = Intake::new(&store, &self.vault, &dice, 1, label, rules);
            intake.push(csv(people).as_bytes()).await?;
            intake.finish(|| self.clock.now_ms(), async |_| {}).await
        })
    }

    /// Uploads a file by the rules of its campaign; the list.
    pub fn upload_file(&self, campaign: &str, file: &str) -> Manifest {
        self.upload_as(Label { campaign: campaign.into(), ..Label::default() }, file)
    }

    /// Uploads a file as the upload's function does it: compared with the other lists.
    pub fn upload_as(&self, label: Label, file: &str) -> Manifest {
        let dice = |bytes: &mut [u8]| self.dice.borrow_mut().fill(bytes);
        let taken = self.now(async {
            let shelf = campaign::read(&self.store).await?;
            let settings = &shelf.get(&label.campaign).expect("there is such a campaign").settings;
            let now_ms = self.clock.now_ms();
            let rules = Rules::for_campaign(settings, &self.vault, Vec::new(), now_ms);
            let others = Others::of(&self.store, &self.vault, &shelf, &label.campaign, now_ms).await?;
            let mut intake = Intake::new(&self.store, &self.vault, &dice, 1, label, rules).beside(others);
            intake.push(file.as_bytes()).await?;
            intake.finish(|| self.clock.now_ms(), async |_| {}).await
        });
        match taken.expect("the list is taken") {
            Taken::New(manifest) | Taken::Known(manifest) => manifest,
        }
    }

    /// Withdraws a list; all that are withdrawn with it.
    pub fn withdraw(&self, list: &str) -> Vec<String> {
        self.now(async {
            let lists = list::withdraw(&self.store, async |_| {}, list).await.expect("it is withdrawn");
            for list in &lists {
                let news = tick::ShardNews::ListWithdrawn { list: list.clone() }.encode();
                tick::log(0).append(&self.store, &news, || self.clock.now_ms()).await.expect("it is told");
            }
            lists
        })
    }

    /// One tick through a gate; `None` if it died.
    pub fn tick_through(&self, gate: &Gate, answer_ms: i64) -> (Option<Result<Report, Problem>>, Counts) {
        self.tick_elsewhere(gate, answer_ms, 0)
    }

    /// The same on a host whose clock is so far ahead.
    pub fn tick_elsewhere(
        &self,
        gate: &Gate,
        answer_ms: i64,
        skew_ms: i64,
    ) -> (Option<Result<Report, Problem>>, Counts) {
        let store = Counting::new(Gated { store: &self.store, gate });
        let dice = RefCell::new(Dice::new(self.dice.borrow_mut().roll()));
        let host = Host { stage: self, gate, dice, answer_ms, skew_ms };
        let ended = drive(&self.clock, run_tick(&store, &host));
        (ended, store.counts())
    }

    /// One tick in which nothing goes wrong. Its books must balance.
    pub fn tick(&self) -> Report {
        self.tick_counted().0
    }

    pub fn tick_counted(&self) -> (Report, Counts) {
        let (ended, counts) = self.tick_through(&Gate::open(), 0);
        let report = ended.expect("it does not die").expect("it succeeds");
        assert!(self.state().balanced(), "{:?}", self.state().books);
        (report, counts)
    }

    pub fn state(&self) -> Shard {
        let version = self.now(tick::cell(0).read(&self.store)).expect("the store answers");
        version.map_or_else(Shard::default, |v| tick::decode_state(&v.bytes).expect("it can be read"))
    }

    pub fn report(&self, campaign: &str) -> CampaignReport {
        self.now(report::campaign(&self.store, 1, campaign, self.clock.now_ms())).expect("there is a report")
    }

    /// All attempts of a campaign, oldest first.
    pub fn attempts(&self, campaign: &str) -> Vec<Attempt> {
        let (mut all, mut from) = (Vec::new(), None);
        loop {
            let page = self.now(report::attempts(&self.store, 0, campaign, from)).expect("results can be read");
            all.extend(page.attempts);
            from = page.next;
            if from.is_none() {
                all.reverse();
                return all;
            }
        }
    }

    /// A callback arrives.
    pub fn tell(&self, call: &CallId, news: News) {
        assert!(self.tell_through(&Gate::open(), call, news), "the store answers");
    }

    /// A callback arrives; whether it was answered as taken.
    pub fn tell_through(&self, gate: &Gate, call: &CallId, news: News) -> bool {
        let store = Gated { store: &self.store, gate };
        let kept = drive(&self.clock, callback::keep(&store, call, news, self.clock.now_ms()));
        kept.is_some_and(|kept| kept.is_ok())
    }

    /// The callbacks of all calls that ring and have not been told of.
    pub fn deliver(&mut self, fate: impl Fn(&Ordered) -> Fate) {
        self.deliver_some(usize::MAX, fate);
    }

    /// The same for so many of them.
    pub fn deliver_some(&mut self, most: usize, fate: impl Fn(&Ordered) -> Fate) {
        for order in self.untold().into_iter().take(most) {
            let fate = fate(&order);
            self.told.insert((order.call.ballot, order.call.index), fate);
            fate.news().into_iter().for_each(|news| self.tell(&order.call, news));
        }
    }

    /// The same through a gate. The carrier repeats each until it is taken, on another host if one died.
    pub fn deliver_through(&mut self, gate: &Gate, fate: impl Fn(&Ordered) -> Fate) {
        for order in self.untold() {
            let fate = fate(&order);
            self.told.insert((order.call.ballot, order.call.index), fate);
            for news in fate.news() {
                if !self.tell_through(gate, &order.call, news.clone()) {
                    self.tell(&order.call, news);
                }
            }
        }
    }

    /// What was told of a call.
    pub fn told_as(&self, order: &Ordered) -> Fate {
        self.told.get(&(order.call.ballot, order.call.index)).copied().unwrap_or(Fate::Silence)
    }

    /// Calls that ring and have not been told of.
    pub fn untold(&self) -> Vec<Ordered> {
        let mut orders = self.carrier.rung();
        orders.retain(|o| !self.told.contains_key(&(o.call.ballot, o.call.index)));
        orders
    }

    /// Ticks and callbacks until nobody is left to be called; each call ends within 5 s of its order.
    pub fn run_to_the_end(&mut self, fate: impl Fn(&Ordered) -> Fate) {
        let last_ms = self.clock.now_ms() + (LIST_DAYS + 2) * 24 * 3_600_000;
        let mut step_ms = 4_000;
        while self.clock.now_ms() < last_ms {
            let report = self.tick();
            self.deliver(&fate);
            let state = self.state();
            if state.open.is_empty() && report.waiting == 0 && report.claimed == 0 {
                return;
            }
            let next_ms = state.retries.iter().map(|b| b.earliest_ms).min().unwrap_or(0);
            // What is silent is waited for in longer steps.
            let idle = report.folded == 0 && report.claimed == 0;
            step_ms = if idle { (step_ms * 2).min(60_000) } else { 4_000 };
            self.clock.advance(step_ms);
            if state.open.is_empty() {
                self.clock.advance_to(next_ms);
            }
        }
        panic!("it does not come to an end: {:?}", self.state());
    }

    /// The person's number as the carrier sees it.
    pub fn phone(person: &Person) -> String {
        format!("+62{}", person.phone.split('/').next().unwrap_or_default())
    }
}

/// The real tick of a stage.
pub async fn run_tick<S: Store>(store: &S, host: &Host<'_>) -> Result<Report, Problem> {
    tick_of(store, host, &host.stage.vault, &host.stage.memory, Limits::default()).await
}

/// The real tick, with a configured account.
pub async fn tick_of<S: Store, W: World>(
    store: &S,
    world: &W,
    vault: &Vault,
    memory: &Memory,
    limits: Limits,
) -> Result<Report, Problem> {
    let account = Account { account: "AC1".into(), secret: "s".into(), limits, ..Account::default() };
    let setup = Setup {
        vault,
        public_url: "https://dering.example",
        account: &|_| Some(account.clone()),
        shards: 1,
        limits: PersonLimits::default(),
        legal_hours: &LegalHours::unlimited(),
        memory,
    };
    tick::tick(store, world, &setup, 0).await
}
