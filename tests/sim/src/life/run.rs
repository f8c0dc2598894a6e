//! One seed, many seeds, and a failing one made small.

use super::people::direct;
use super::{Finding, Life, Plan, Planted, time};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// How much was simulated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub seeds: u64,
    pub ticks: u64,
    /// Orders that left a host.
    pub orders: u64,
    /// Calls that rang.
    pub rung: u64,
    pub contacts: u64,
    /// Virtual hours.
    pub hours: u64,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.seeds += other.seeds;
        self.ticks += other.ticks;
        self.orders += other.orders;
        self.rung += other.rung;
        self.contacts += other.contacts;
        self.hours += other.hours;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { seeds, ticks, orders, rung, contacts, hours } = self;
        write!(
            f,
            "{seeds} seeds: {contacts} contacts, {ticks} ticks, {orders} orders, {rung} calls in {hours} virtual hours"
        )
    }
}

/// A plan under which something does not hold.
#[derive(Debug, Clone)]
pub struct Failure {
    pub plan: Plan,
    pub finding: Finding,
}

/// Plays a plan. The same plan is always the same story.
pub fn run(plan: &Plan) -> Result<Tally, Box<Failure>> {
    play(plan, false).0
}

fn play(plan: &Plan, told: bool) -> (Result<Tally, Box<Failure>>, Vec<String>) {
    let life = Life::new(plan.clone(), told);
    life.nursery.spawn(None, direct(life.clone()));
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| time::live(&life))) {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|t| (*t).to_owned()));
        life.found("panic", text.unwrap_or_default());
    } else if !life.over() {
        life.found("R10", "everybody waits for ever".into());
    }
    let story = life.story.as_ref().map(|s| s.borrow().clone()).unwrap_or_default();
    let finding = life.finding.borrow().clone();
    let outcome = match finding {
        Some(finding) => Err(Box::new(Failure { plan: plan.clone(), finding })),
        None => {
            let books = life.books.borrow();
            Ok(Tally {
                seeds: 1,
                ticks: books.ticks.len() as u64,
                orders: books.dials.len() as u64,
                rung: books.rung.len() as u64,
                contacts: books.people.len() as u64,
                hours: ((life.now_ms() - plan.start_ms) / 3_600_000).unsigned_abs(),
            })
        }
    };
    // Tasks that never ran hold the life, and it holds them.
    drop(life.nursery.take());
    (outcome, story)
}

/// Plays the seeds from `first` on, on all processors, until `most` failed. Answers what was played and the failures,
/// by seed.
pub fn seeds(first: u64, count: u64, planted: Option<Planted>, most: usize) -> (Tally, Vec<Failure>) {
    let next = AtomicU64::new(first);
    let (total, failures) = (Mutex::new(Tally::default()), Mutex::new(Vec::new()));
    let work = || {
        let mut mine = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                break;
            }
            match run(&Plan { planted, ..Plan::new(seed) }) {
                Ok(tally) => mine.add(&tally),
                Err(found) => {
                    let mut failures = failures.lock().expect("nobody panics holding it");
                    failures.push(*found);
                    if failures.len() >= most {
                        next.store(first + count, Ordering::Relaxed);
                    }
                }
            }
        }
        total.lock().expect("nobody panics holding it").add(&mine);
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let mut failures = failures.into_inner().expect("nobody panics holding it");
    failures.sort_by_key(|f: &Failure| f.plan.seed);
    (total.into_inner().expect("nobody panics holding it"), failures)
}

/// Lines of a story that are printed.
const LINES: usize = 120;

/// The failure made small: a plan with fewer people and fewer faults that breaks the same rule, and its story's end.
pub fn tell_story(failure: &Failure) -> String {
    let mut small = failure.clone();
    let mut left = 300;
    while left > 0 {
        let simpler = small.plan.simpler().into_iter().find_map(|plan| {
            left -= 1;
            run(&plan).err().filter(|f| left >= 0 && f.finding.rule == failure.finding.rule)
        });
        match simpler {
            Some(found) => small = *found,
            None => break,
        }
    }
    let (_, story) = play(&small.plan, true);
    let from = story.len().saturating_sub(LINES);
    let (plan, finding) = (&small.plan, &small.finding);
    let classes: Vec<String> = super::Class::ALL.iter().filter(|c| plan.has(**c)).map(|c| format!("{c:?}")).collect();
    format!(
        "seed {} breaks {}: {}\nmade small it breaks {}: {}\nfaults: {}\n{:#?}\n{:#?}\n{}\nDERING_SEED={} cargo test -p dering-sim --test life replays it\n",
        plan.seed,
        failure.finding.rule,
        failure.finding.what,
        finding.rule,
        finding.what,
        classes.join(", "),
        plan.specs,
        plan.rolls,
        story[from..].join("\n"),
        plan.seed,
    )
}
