//! Stories: whole lives of the application, each told by its seed. `DERING_SEED=7` replays one seed, `DERING_SEEDS=10000`
//! plays so many (from `DERING_FIRST` on).

use dering_sim::life::{Failure, Plan, Planted, run, seeds, tell_story};
use std::env;

const EVERYDAY: u64 = 200;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text}")))
}

fn fail(failure: &Failure) -> ! {
    panic!("{}", tell_story(failure))
}

#[test]
fn nothing_is_ever_broken() {
    if let Some(seed) = number("DERING_SEED") {
        match run(&Plan::new(seed)) {
            Ok(tally) => println!("{tally}"),
            Err(failure) => fail(&failure),
        }
        return;
    }
    let count = number("DERING_SEEDS").unwrap_or(EVERYDAY);
    let most = number("DERING_FAILURES").unwrap_or(1) as usize;
    let (tally, failures) = seeds(number("DERING_FIRST").unwrap_or(0), count, None, most);
    println!("{tally}");
    for failure in &failures {
        println!("seed {}: {}: {}", failure.plan.seed, failure.finding.rule, failure.finding.what);
    }
    if let Some(failure) = failures.first() {
        fail(failure);
    }
    assert!(tally.rung > tally.seeds, "hardly anybody was called: {tally}");
}

/// How many seeds may be needed to find a planted bug.
const ENOUGH: u64 = 1_000;

#[test]
fn every_planted_bug_is_found() {
    let mut missed = Vec::new();
    for planted in Planted::ALL {
        let (tally, failures) = seeds(0, ENOUGH, Some(planted), 1);
        let Some(Failure { plan, finding }) = failures.first() else {
            missed.push(planted);
            continue;
        };
        println!("{planted:?}: seed {} breaks {} ({} seeds before)", plan.seed, finding.rule, tally.seeds);
        // What is found without the bug, too, says nothing about it.
        assert!(run(&Plan::new(plan.seed)).is_ok(), "{planted:?}");
    }
    assert!(missed.is_empty(), "not found within {ENOUGH} seeds: {missed:?}");
}
