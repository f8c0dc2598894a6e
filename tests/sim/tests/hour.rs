//! Stories in which nobody ticks for an hour while calls are on or contacts wait. `DERING_SEED=7` replays one.

use dering_sim::life::{Plan, run, seeds, tell_story};
use std::env;

const EVERYDAY: u64 = 50;

#[test]
fn an_hour_without_ticks_loses_nobody_and_ends_in_no_burst() {
    if let Ok(seed) = env::var("DERING_SEED") {
        let tally = run(&Plan::with_an_hour_off(seed.parse().expect("a seed is a number")));
        return println!("{}", tally.unwrap_or_else(|failure| panic!("{}", tell_story(&failure))));
    }
    let swept = seeds(0..EVERYDAY, Plan::with_an_hour_off, 1, &|| ());
    if let Some((_, failure)) = swept.failures.first() {
        panic!("{}", tell_story(failure));
    }
    println!("{}", swept.total);
    assert!(swept.total.rung > EVERYDAY, "hardly anybody was called: {}", swept.total);
}
