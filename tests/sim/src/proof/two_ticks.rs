//! R1: two ticks at once, in every order of their points: one of them stalled for as long as the other takes, among them.

use super::caught;
use crate::tick::{Fate, Stage, every_schedule, people};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// How many situations there are.
pub const SITUATIONS: u64 = 2;

/// Books balance, nobody is in two calls, no phone was ordered too often. The carrier takes no claim twice.
pub fn check(stage: &Stage, most_orders_a_phone: usize) {
    let state = stage.state();
    assert!(state.balanced(), "{state:?}");
    let persons: BTreeSet<&String> = state.open.iter().map(|o| &o.person).collect();
    assert_eq!(persons.len(), state.open.len(), "a person is in two calls: {:?}", state.open);
    let mut orders: BTreeMap<String, usize> = BTreeMap::new();
    stage.carrier.orders().into_iter().for_each(|o| *orders.entry(o.to).or_default() += 1);
    assert!(orders.values().all(|n| *n <= most_orders_a_phone), "{orders:?}");
}

/// All orders in the situation of that number. Answers how many states there are.
pub fn one(number: u64) -> Result<u64, String> {
    let states = caught(|| match number {
        0 => a_list_is_found(),
        _ => an_end_and_another_call(),
    });
    Ok(states? as u64)
}

/// Two people not called yet.
pub fn a_new_list() -> Stage {
    let stage = Stage::default();
    stage.campaign("c", json!({ "rate": { "calls_per_second": 10.0, "concurrent": 9 } }));
    stage.upload("c", &people(2));
    stage
}

fn a_list_is_found() -> usize {
    every_schedule(&a_new_list(), 2, |stage| {
        check(stage, 1);
        stage.clock.advance(4_000);
        stage.tick();
        check(stage, 1);
    })
}

fn an_end_and_another_call() -> usize {
    let mut stage = Stage::default();
    let at_once = json!({ "after": "0s", "other_part_of_day": false });
    let rate = json!({ "calls_per_second": 10.0, "concurrent": 1 });
    stage.campaign("c", json!({ "rate": rate, "attempts": { "retry": { "no_answer": at_once } } }));
    stage.upload("c", &people(1));
    stage.tick();
    stage.deliver(|_| Fate::ALL[11]);
    stage.clock.advance(4_000);
    every_schedule(&stage, 2, |stage| {
        check(stage, 2);
        stage.clock.advance(4_000);
        stage.tick();
        check(stage, 2);
        assert_eq!(stage.state().open.len(), 1);
    })
}
