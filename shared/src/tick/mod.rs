//! One tick: fold the news, choose, look up, commit, place. The only writer of a shard's cell.
//!
//! ```text
//! ballot ─ read state ─ log ─ ended calls ─ fold ─ choose ─ look up ─ write pages ─ write slot ─ confirm
//!                                                                                        │ not confirmed: stop, no effect
//!                                                            place ─ write answers ─ clean up
//! ```
//! Two ticks at once are safe: at most one of two overlapping ones commits, and only a committed one places calls.
//! Its cost depends on the open calls and the batch, never on the length of lists.

pub mod again;
mod agenda;
mod choose;
mod claim;
mod confirm;
mod expire;
mod fold;
pub(crate) mod lookup;
mod news;
mod offer;
pub mod pace;
mod place;
mod queue;
mod results;
mod rewrap;
pub mod rules;
mod said;
mod settle;
mod state;
mod summary;
mod unread;
mod uploads;
mod void;
mod why;

pub(crate) use again::{Local, not_before};
pub(crate) use agenda::of_campaign as retries_of;
pub use claim::{Claim, place as claim_place};
pub(crate) use confirm::waiting as unconfirmed;
pub use fold::{CALLBACKS_MS, STRAGGLERS_MS};
pub use news::{ShardNews, log};
pub use offer::{LEASE_MS, PREVIEW_MS, unreported_ms};
pub use results::{Attempt, Results};
pub use rewrap::{LISTS_MAX, Replacement, SEEN_MS};
pub use state::{Books, ContactRef, Effect, Rank, Retry, Shard, Standing, Year};
pub use summary::{CallerIdOut, Report};
pub use unread::{NEWS_MAX, Unread, UnreadNews};
pub use uploads::{KEYS_MAX, UPLOAD_MS_MAX, Upload};
pub use void::Left;
pub use why::{Asked, Stands, Why, why};

use crate::attempt::End;
use crate::campaign::{Campaign, PersonLimits, Remembered, Shelf};
use crate::contact::Contact;
use crate::hours::{Calendar, LegalHours};
use crate::list;
use crate::problem::Problem;
use crate::provider::{Account, ApiRequest, Provider};
use crate::store::{Cell, Store, StoreError, decode, encode};
use crate::suppression::{DoNotCall, Named};
use crate::vault::{DataKey, Vault};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// What a tick needs from outside: time, dice, and the provider's API.
#[allow(async_fn_in_trait)]
pub trait World {
    /// Unix milliseconds.
    fn now_ms(&self) -> i64;
    /// 24 random bytes.
    fn nonce(&self) -> [u8; 24];
    async fn sleep_ms(&self, ms: u64);
    /// Sends a request and waits for the answer at most `timeout_ms`.
    async fn send(&self, request: ApiRequest, timeout_ms: u64) -> Sent;
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Header names in lower case.
    Answer { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// It surely never reached the provider.
    NotSent,
    /// It may have been acted upon or not.
    Unclear,
}

/// Configuration of a tick.
pub struct Setup<'a> {
    pub vault: &'a Vault,
    /// What providers call: scheme, host, port, no trailing slash.
    pub public_url: &'a str,
    /// A provider's account; `None` if it is not configured.
    pub account: &'a dyn Fn(Provider) -> Option<Account>,
    /// How many shards there are: each has its share of the rates.
    pub shards: u16,
    /// How often a person may be called over all campaigns; a campaign can only ask for less.
    pub limits: PersonLimits,
    /// Hours outside of which nobody is called, whatever a campaign says.
    pub legal_hours: &'a LegalHours,
    pub memory: &'a Memory,
}

/// What an instance remembers from one tick to the next. Nothing depends on it but how much is read.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    pub campaigns: Remembered,
    endings: fold::Endings,
}

/// List, group, page.
type PageName = (String, u32, u32);

/// A tick at work.
struct Work<'a, S: Store> {
    store: &'a S,
    vault: &'a Vault,
    nonce: &'a dyn Fn() -> [u8; 24],
    shelf: Rc<Shelf>,
    shard: u16,
    legal_hours: &'a LegalHours,
    ballot: u64,
    now_ms: i64,
    state: Shard,
    /// Written before the commit: pages, claims, entries that may stand even if nothing is committed.
    writes: Vec<(String, Vec<u8>)>,
    /// Deleted after the commit.
    deletes: Vec<String>,
    /// Agenda pages among them that this tick took off.
    pages_gone: Vec<(u64, u16)>,
    /// How fast this tick may claim.
    pacing: pace::Tick,
    claims: u16,
    agenda_pages: u16,
    folded: u32,
    closed: u64,
    held: BTreeMap<&'static str, u64>,
    /// What is entered for persons from the calls this tick folds, by key: not in the store yet.
    entries: BTreeMap<String, Vec<u8>>,
    /// Who is not to be called any more, by what was said in the calls this tick folds.
    said: Vec<(Named, DoNotCall)>,
    limits: PersonLimits,
    data_keys: HashMap<String, Option<Rc<DataKey>>>,
    pages: HashMap<PageName, Option<Rc<Vec<Contact>>>>,
    calendars: HashMap<String, Rc<Calendar>>,
}

impl<S: Store> Work<'_, S> {
    fn hold(&mut self, reason: &'static str, contacts: u64) {
        if contacts == 0 {
            return;
        }
        *self.held.entry(reason).or_default() += contacts;
    }

    /// Closes contacts of a campaign's list.
    fn closed(&mut self, campaign: &str, list: &str, end: End, contacts: u64) {
        self.state.close(campaign, list, end, contacts);
        self.closed += contacts;
    }

    /// Enters something for a person. Written before the commit: should this tick not commit, the next one folds the same
    /// call and writes the same again.
    fn enter(&mut self, key: String, bytes: Vec<u8>) {
        self.writes.push((key.clone(), bytes.clone()));
        self.entries.insert(key, bytes);
    }

    fn nonce(&self) -> [u8; 24] {
        (self.nonce)()
    }

    /// The campaign's calendar, as of this tick.
    fn calendar(&mut self, campaign: &Campaign) -> Rc<Calendar> {
        let new = || Rc::new(Calendar::new(&campaign.settings, self.legal_hours, &self.shelf.holidays));
        Rc::clone(self.calendars.entry(campaign.id.clone()).or_insert_with(new))
    }

    /// A list's data key; `None` if it is gone or not to be opened.
    async fn data_key(&mut self, list: &str) -> Result<Option<Rc<DataKey>>, Problem> {
        if let Some(key) = self.data_keys.get(list) {
            return Ok(key.clone());
        }
        let key = list::data_key(self.store, self.vault, list).await.map_err(|e| Problem::store(&e))?.map(Rc::new);
        self.data_keys.insert(list.to_owned(), key.clone());
        Ok(key)
    }

    /// A page of contacts; `None` if it is gone or not to be opened.
    async fn page(&mut self, list: &str, group: u32, page: u32) -> Result<Option<Rc<Vec<Contact>>>, Problem> {
        let name = (list.to_owned(), group, page);
        if let Some(page) = self.pages.get(&name) {
            return Ok(page.clone());
        }
        let contacts = match self.data_key(list).await? {
            Some(key) => {
                list::read_page(self.store, &key, list, group, page).await.map_err(|e| Problem::store(&e))?.map(Rc::new)
            }
            None => None,
        };
        self.pages.insert(name, contacts.clone());
        Ok(contacts)
    }
}

/// The cell of a shard.
pub fn cell(shard: u16) -> Cell {
    Cell::new(format!("shard/{shard}"))
}

/// Reads a shard's state from its bytes. Bytes of an unknown version mean: no call, and an error somebody sees.
pub fn decode_state(bytes: &[u8]) -> Result<Shard, Problem> {
    decode(state::VERSION, bytes).ok_or_else(|| {
        Problem::new(
            500,
            "state_unreadable",
            "The shard's state cannot be read",
            "its bytes are damaged or of another version",
            "No call is placed. Run the version that wrote it, or restore the store from a backup.",
        )
    })
}

/// Under another identity key nobody's wish not to be called is found, nor any settlement: no call, and an error
/// somebody sees.
fn identity_changed() -> Problem {
    Problem::new(
        503,
        "identity_changed",
        "The identity key is another one",
        "the variable identity_key (or, where it is not set, the master key in its place) is not the one that the \
         contacts were taken under: do-not-call entries and settlements would not be found",
        "No call is placed. Set identity_key to the key from before; if there was none, to the first master key.",
    )
}

/// Runs one tick of a shard.
pub async fn tick<S: Store, W: World>(store: &S, world: &W, setup: &Setup<'_>, shard: u16) -> Result<Report, Problem> {
    let failed = |e: StoreError| Problem::store(&e);
    let cell = cell(shard);
    let shelf = setup.memory.campaigns.read(store).await?;
    let began_ms = world.now_ms();
    let draft = cell.begin(store).await.map_err(failed)?;
    let now_ms = world.now_ms();
    let verbs_ms = now_ms.saturating_sub(began_ms);
    let before = match &draft.base {
        Some(base) => decode_state(&base.bytes)?,
        None => Shard::default(),
    };
    if before.identity.is_some_and(|id| id != setup.vault.id()) {
        return Err(identity_changed());
    }
    let nonce = || world.nonce();
    let mut work = Work {
        store,
        vault: setup.vault,
        nonce: &nonce,
        shelf,
        shard,
        legal_hours: setup.legal_hours,
        ballot: draft.ballot,
        now_ms,
        state: before.clone(),
        writes: Vec::new(),
        deletes: Vec::new(),
        pages_gone: Vec::new(),
        pacing: pace::Tick {
            shard,
            shards: setup.shards,
            ballot: draft.ballot,
            now_ms,
            alive: pace::Alive::default(),
            accounts: Provider::ALL.into_iter().filter_map(|p| Some((p, (setup.account)(p)?.limits))).collect(),
        },
        claims: 0,
        agenda_pages: 0,
        folded: 0,
        closed: 0,
        held: BTreeMap::new(),
        entries: BTreeMap::new(),
        said: Vec::new(),
        limits: setup.limits,
        data_keys: HashMap::new(),
        pages: HashMap::new(),
        calendars: HashMap::new(),
    };
    news::fold(&mut work).await?;
    place::learn(&mut work).await?;
    offer::settle(&mut work).await?;
    fold::fold(&mut work, &setup.memory.endings).await?;
    let mut placements = choose::choose(&mut work).await?;
    settle::sweep(&mut work).await?;
    agenda::sweep(&mut work).await?;
    rewrap::rewrap(&mut work).await?;
    uploads::sweep(&mut work).await?;
    // What is still to be done before the first order takes about twice as long as taking the ballot and reading.
    place::settle(&mut work, &mut placements, world.now_ms().saturating_add(2 * verbs_ms));

    let mut report = Report::of(&work);
    if work.state == before && work.deletes.is_empty() {
        return Ok(report);
    }
    // Pages first, then the slot that names them: whoever builds on the slot finds them.
    let committed = async {
        if !work.writes.is_empty() {
            store.set_many(&work.writes).await?;
        }
        cell.propose(store, &draft, &encode(state::VERSION, &work.state)).await?;
        cell.commit(store, &draft).await
    };
    let committed = committed.await;
    if committed != Ok(true) {
        // Best effort: without it, claims that somebody inherits are closed by their time-out, as of calls that may have rung,
        // and what nobody inherits costs space.
        let _ = void::tell(&work, world, &placements).await;
        report.claimed = 0;
        return committed.map(|_| report).map_err(failed);
    }
    report.committed = true;
    let mut deletes = std::mem::take(&mut work.deletes);
    let guard = work.state.pace.guard();
    let mut tell = offer::boards(&work, &before);
    drop(work);
    let (placements, elsewhere) = place::alone(store, (shard, setup.shards), world.now_ms(), placements).await;
    if !elsewhere.is_empty() {
        *report.held.entry(rules::Rule::InCall.as_str()).or_default() += elsewhere.len() as u64;
        tell.extend(place::held(world, shard, &elsewhere));
    }
    if !placements.is_empty() {
        let placed = place::place(world, setup, shard, draft.ballot, guard, placements).await;
        (report.placed, report.refused, report.unclear) = (placed.placed, placed.refused, placed.unclear);
        report.refusal_code = placed.last_code;
        placed.held.into_iter().for_each(|(why, calls)| *report.held.entry(why).or_default() += calls);
        tell.extend(placed.events);
    }
    if !tell.is_empty() {
        // Should this be lost, the calls' own callbacks tell of them, or their time-out closes them; blocks that no
        // agent finds are taken back when their time is over.
        let _ = store.set_many(&tell).await;
    }
    deletes.extend(cell.stale(&draft));
    // What is not deleted costs space only; the sweep of a day later takes it.
    let _ = store.delete_many(&deletes).await;
    Ok(report)
}
