//! Several ticks at once, in every order of their steps or in many.

use dering::attempt::Disposition;
use dering_sim::tick::{Dice, Fate, Fault, Gate, Overlap, Stage, every_schedule, people};
use serde_json::json;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

fn check(stage: &Stage, most_orders_a_phone: usize) {
    let state = stage.state();
    assert!(state.balanced(), "{state:?}");
    let persons: BTreeSet<&String> = state.open.iter().map(|o| &o.person).collect();
    assert_eq!(persons.len(), state.open.len(), "a person is in two calls: {:?}", state.open);
    let mut orders: BTreeMap<String, usize> = BTreeMap::new();
    stage.carrier.orders().into_iter().for_each(|o| *orders.entry(o.to).or_default() += 1);
    assert!(orders.values().all(|n| *n <= most_orders_a_phone), "{orders:?}");
}

/// Two people not called yet.
fn fresh() -> Stage {
    let stage = Stage::default();
    stage.campaign("c", json!({ "rate": { "calls_per_second": 10.0, "concurrent": 9 } }));
    stage.upload("c", &people(2));
    stage
}

#[test]
fn two_ticks_find_a_new_list_in_every_order() {
    let states = every_schedule(&fresh(), 2, |stage| {
        check(stage, 1);
        stage.clock.advance(4_000);
        stage.tick();
        check(stage, 1);
    });
    assert!(states > 500, "{states}");
}

/// A tick that loses its turn places nothing, and the next may have inherited its claims: they must not pass for calls that
/// may have rung, nor stay behind if nobody did.
#[test]
fn claims_that_were_not_placed_cost_nothing_and_leave_nothing_behind() {
    let inherited = Cell::new(0);
    let states = every_schedule(&fresh(), 2, |stage| {
        for ms in [4_000, 4_000, 65_000, 4_000] {
            stage.clock.advance(ms);
            stage.tick();
        }
        let orders = stage.carrier.orders();
        let phones: BTreeSet<&String> = orders.iter().map(|o| &o.to).collect();
        assert_eq!((orders.len(), phones.len()), (2, 2), "{orders:?}");
        let folded = stage.attempts("c");
        assert!(folded.iter().all(|a| a.disposition == Disposition::NotPlaced && a.attempt == 1), "{folded:?}");
        let open = stage.state().open.into_iter().map(|o| o.call);
        let known: BTreeSet<String> =
            open.chain(folded.iter().map(|a| a.call)).map(|(b, i)| format!("dering/q/0/{b}/{i}")).collect();
        let kept: BTreeSet<String> =
            stage.store.keys().into_iter().filter(|key| key.starts_with("dering/q/")).collect();
        assert_eq!(kept, known);
        inherited.set(inherited.get() + folded.len());
    });
    assert!(states > 500 && inherited.get() > 0, "{states} states, {} claims inherited", inherited.get());
}

#[test]
fn two_ticks_fold_an_end_and_call_again_in_every_order() {
    let mut stage = Stage::default();
    let at_once = json!({ "after": "0s", "other_part_of_day": false });
    let rate = json!({ "calls_per_second": 10.0, "concurrent": 1 });
    stage.campaign("c", json!({ "rate": rate, "attempts": { "retry": { "no_answer": at_once } } }));
    stage.upload("c", &people(1));
    stage.tick();
    stage.deliver(|_| Fate::ALL[11]);
    stage.clock.advance(4_000);
    let states = every_schedule(&stage, 2, |stage| {
        check(stage, 2);
        stage.clock.advance(4_000);
        stage.tick();
        check(stage, 2);
        assert_eq!(stage.state().open.len(), 1);
    });
    assert!(states > 500, "{states}");
}

#[test]
fn three_ticks_with_faults_in_many_orders() {
    for seed in 0..2_000 {
        let mut dice = Dice::new(seed);
        let mut stage = Stage::default();
        stage.campaign("c", json!({ "rate": { "calls_per_second": 10.0, "concurrent": 3 } }));
        stage.campaign("d", json!({ "rate": { "calls_per_second": 10.0, "concurrent": 3 } }));
        stage.upload("c", &people(4));
        // The same numbers, of other taxpayers.
        let mut others = people(3);
        others.iter_mut().for_each(|p| p.number += 50);
        stage.upload("d", &others);
        for _ in 0..3 {
            let fault =
                [Fault::DieBefore, Fault::DieAfter, Fault::ReplyLost, Fault::Refused, Fault::Partly(seed as usize % 2)]
                    [dice.below(5)];
            let faulty = if dice.below(2) == 0 { Gate::failing(dice.below(25), fault) } else { Gate::open() };
            let gates = [faulty.held(), Gate::open().held(), Gate::open().held()];
            Overlap::new(&stage, &gates).run(|n| dice.below(n));
            // A phone may be called for either list, never at once.
            check(&stage, 6);
            let ringing = stage.untold();
            let phones: BTreeSet<&String> = ringing.iter().map(|o| &o.to).collect();
            assert_eq!(phones.len(), ringing.len(), "seed {seed}: {ringing:?}");
            let some = dice.below(3);
            stage.deliver_some(some, |_| Fate::HungUp);
            stage.clock.advance(4_000);
        }
    }
}
