//! Stories: whole lives of the application under a virtual clock, each told by its seed.
//!
//! The real domain code runs on hosts that die, over a store that fails in every way a store can, against a carrier that
//! loses answers and tells its news early, late, twice or never, while people pay, refuse and complain and admins pause
//! and edit. First faults, then calm. An auditor who shares no code with the engine keeps books of what was really
//! dialled and of what was acknowledged to whom, and looks at every dial, after every tick, and at the end.
//!
//! | module | |
//! |---|---|
//! | `plan`, `class` | what a seed stands for; simpler plans of a failing one; what goes wrong |
//! | `time` | the clock and the tasks |
//! | `store`, `host`, `line` | the store as a host has it; hosts and their ticks; the carrier's calls and callbacks |
//! | `people` | admins, list owners, taxpayers |
//! | `books`, `audit`, `accounts`, `wall` | the auditor: what is known, what must hold, the recount at the end, an own calendar |
//! | `planted` | bugs planted on purpose: an auditor who does not find them proves nothing |
//! | `run` | one seed, many seeds, a failing seed made small |

mod accounts;
mod audit;
mod books;
mod class;
mod host;
mod line;
mod people;
mod plan;
mod planted;
mod run;
mod store;
mod time;
mod wall;

pub use class::Class;
pub use plan::Plan;
pub use planted::Planted;
pub use run::{Failure, Tally, find, run, seeds, tell_story};

use crate::tick::Dice;
use books::Books;
use dering::store::MemoryStore;
use dering::tick::Memory;
use dering::vault::Vault;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use time::{Nursery, Time};

/// Something the auditor found broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The invariant's number or name.
    pub rule: &'static str,
    pub what: String,
}

/// One story on its way.
pub struct Life {
    pub plan: Plan,
    pub time: Time,
    pub nursery: Nursery,
    /// What is really stored.
    pub disk: MemoryStore,
    pub vault: Vault,
    /// What each host remembers from tick to tick.
    pub memory: Vec<Memory>,
    pub books: RefCell<Books>,
    dice: RefCell<Dice>,
    doomed: RefCell<Vec<usize>>,
    /// When each host is up again.
    up_ms: RefCell<Vec<i64>>,
    gone_until_ms: Cell<i64>,
    read_only_until_ms: Cell<i64>,
    finding: RefCell<Option<Finding>>,
    done: Cell<bool>,
    /// Ticks in a row that had nothing to do.
    quiet: Cell<u32>,
    /// Nobody was left to be called when the state was last looked at.
    at_rest: Cell<bool>,
    /// What a planted bug remembers for too long.
    remembered: RefCell<HashMap<String, Option<Vec<u8>>>>,
    story: Option<RefCell<Vec<String>>>,
}

impl Life {
    fn new(plan: Plan, told: bool) -> Rc<Self> {
        let hosts = plan.skew_ms.len();
        Rc::new(Life {
            time: Time::new(plan.start_ms),
            nursery: Nursery::default(),
            disk: MemoryStore::new(),
            vault: Vault::for_tests(),
            memory: (0..hosts).map(|_| Memory::default()).collect(),
            books: RefCell::new(Books::new(&plan)),
            dice: RefCell::new(Dice::new(plan.seed)),
            doomed: RefCell::default(),
            up_ms: RefCell::new(vec![0; hosts]),
            gone_until_ms: Cell::new(0),
            read_only_until_ms: Cell::new(0),
            finding: RefCell::default(),
            done: Cell::new(false),
            quiet: Cell::new(0),
            at_rest: Cell::new(false),
            remembered: RefCell::default(),
            story: told.then(RefCell::default),
            plan,
        })
    }

    pub fn now_ms(&self) -> i64 {
        self.time.now_ms()
    }

    /// A host's own idea of the time.
    pub fn clock_of(&self, host: usize) -> i64 {
        self.now_ms() + self.plan.skew_ms[host]
    }

    pub fn calm(&self) -> bool {
        self.now_ms() >= self.plan.calm_ms()
    }

    pub fn below(&self, n: usize) -> usize {
        self.dice.borrow_mut().below(n.max(1))
    }

    pub fn pick<T: Copy>(&self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        self.dice.borrow_mut().fill(bytes);
    }

    /// Whether something of that class goes wrong here. Never in the calm.
    pub fn happens(&self, class: Class) -> bool {
        let often = self.plan.often[class as usize];
        often > 0 && !self.calm() && self.below(1_000) < often
    }

    /// A line of the story, where one is told.
    pub fn tell(&self, line: impl FnOnce() -> String) {
        if let Some(story) = &self.story {
            let ms = self.now_ms() - self.plan.start_ms;
            story.borrow_mut().push(format!("{:>6}.{:03}  {}", ms / 1_000, ms % 1_000, line()));
        }
    }

    /// The auditor found something; the first finding counts.
    pub fn found(&self, rule: &'static str, what: String) {
        self.tell(|| format!("FOUND {rule}: {what}"));
        self.finding.borrow_mut().get_or_insert(Finding { rule, what });
    }

    fn over(&self) -> bool {
        self.done.get() || self.finding.borrow().is_some()
    }

    fn finish(&self) {
        self.done.set(true);
    }

    /// The host dies now, and is back after a while.
    fn doom(&self, host: usize) {
        self.doomed.borrow_mut().push(host);
        self.up_ms.borrow_mut()[host] = self.now_ms() + 100 + self.below(60_000) as i64;
    }

    fn take_doomed(&self) -> Option<usize> {
        self.doomed.borrow_mut().pop()
    }

    fn up(&self, host: usize) -> bool {
        self.up_ms.borrow()[host] <= self.now_ms()
    }

    fn store_away(&self, gone_ms: usize, read_only_ms: usize) {
        if gone_ms > 0 {
            self.gone_until_ms.set(self.now_ms() + self.below(gone_ms) as i64);
            self.tell(|| format!("the store is gone until {}", self.gone_until_ms.get() - self.plan.start_ms));
        }
        if read_only_ms > 0 {
            self.read_only_until_ms.set(self.now_ms() + self.below(read_only_ms) as i64);
            self.tell(|| format!("no writes until {}", self.read_only_until_ms.get() - self.plan.start_ms));
        }
    }

    fn store_gone(&self, writes: bool) -> bool {
        let until = self.gone_until_ms.get().max(if writes { self.read_only_until_ms.get() } else { 0 });
        !self.calm() && self.now_ms() < until
    }

    /// Something happened: ticks come faster again.
    fn stir(&self) {
        self.quiet.set(0);
    }
}
