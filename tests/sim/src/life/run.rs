//! One seed, many seeds, and a failing one made small.

use super::people::direct;
use super::{Finding, Life, Plan, Planted, time};
use crate::proof::{Progress, Swept, caught, sweep};
use std::fmt;
use std::ops::Range;

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
    if let Err(panic) = caught(|| time::live(&life)) {
        life.found("panic", panic);
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

/// Plays the seeds on all processors, `plan` saying what each stands for, until `most` failed.
pub fn seeds(
    seeds: Range<u64>,
    plan: impl Fn(u64) -> Plan + Sync,
    most: usize,
    progress: Progress<'_>,
) -> Swept<Tally, Box<Failure>> {
    sweep(seeds, most, progress, || |seed| run(&plan(seed)), |sum, one| sum.add(&one))
}

/// The first of so many seeds that finds a planted bug.
pub fn find(planted: Planted, enough: u64, progress: Progress<'_>) -> Option<Box<Failure>> {
    let play = |seed| match (Plan { planted: Some(planted), ..Plan::new(seed) }) {
        plan if planted.can_show(&plan) => run(&plan).map(drop),
        _ => Ok(()),
    };
    let found = sweep(0..enough, 1, progress, || play, |(), ()| ());
    let (_, failure) = found.failures.into_iter().next()?;
    // What is found without the bug, too, says nothing about it.
    run(&Plan { planted: None, ..failure.plan.clone() }).is_ok().then_some(failure)
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
        "seed {} breaks {}: {}\nmade small it breaks {}: {}\nfaults: {}\n{:#?}\n{:#?}\n{}\nDERING_SEED={} cargo test -p dering-sim --test {} replays it\n",
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
        if plan.off_ms.is_some() { "hour" } else { "life" },
    )
}
