//! Stories: whole lives of the application, each told by its seed. `DERING_SEED=7` replays one. `cargo prove` plays many.

use dering_sim::life::{Plan, Planted, find, run, seeds, tell_story};
use std::env;

#[test]
fn nothing_is_ever_broken() {
    hold(Plan::new, 200);
}

#[test]
fn an_hour_without_ticks_loses_nobody_and_ends_in_no_burst() {
    hold(Plan::with_an_hour_off, 50);
}

/// So many lives, or the one that the environment names; each calls more than one person on average.
fn hold(plan: fn(u64) -> Plan, lives: u64) {
    if let Ok(seed) = env::var("DERING_SEED") {
        let tally = run(&plan(seed.parse().expect("a seed is a number")));
        return println!("{}", tally.unwrap_or_else(|failure| panic!("{}", tell_story(&failure))));
    }
    let swept = seeds(0..lives, plan, 1, &|| ());
    if let Some((_, failure)) = swept.failures.first() {
        panic!("{}", tell_story(failure));
    }
    println!("{}", swept.total);
    assert!(swept.total.rung > lives, "hardly anybody was called: {}", swept.total);
}

/// How many seeds may be needed to find a planted bug.
const ENOUGH: u64 = 1_000;

#[test]
fn every_planted_bug_is_found() {
    let mut missed = Vec::new();
    for planted in Planted::ALL {
        match find(planted, ENOUGH, &|| ()) {
            Some(found) => println!("{planted:?}: seed {} breaks {}", found.plan.seed, found.finding.rule),
            None => missed.push(planted),
        }
    }
    assert!(missed.is_empty(), "not found within {ENOUGH} seeds: {missed:?}");
}
