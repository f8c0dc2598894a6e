//! Several ticks at once, in every order of their steps or in many.

use dering::attempt::Disposition;
use dering_sim::proof::two_ticks::{self, a_new_list, check};
use dering_sim::tick::{Dice, Fate, Fault, Gate, Overlap, Stage, every_schedule, people};
use serde_json::json;
use std::cell::Cell;
use std::collections::BTreeSet;

#[test]
fn two_ticks_in_every_order() {
    for situation in 0..two_ticks::SITUATIONS {
        let states = two_ticks::one(situation).unwrap_or_else(|what| panic!("situation {situation}: {what}"));
        assert!(states > 500, "{states}");
    }
}

/// A tick that loses its turn places nothing, and the next may have inherited its claims: they must not pass for calls that
/// may have rung, nor stay behind if nobody did.
#[test]
fn claims_that_were_not_placed_cost_nothing_and_leave_nothing_behind() {
    let inherited = Cell::new(0);
    let states = every_schedule(&a_new_list(), 2, |stage| {
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

/// The same of what a tick writes when calls end: pages of the agenda, results.
#[test]
fn pages_of_a_tick_that_lost_its_turn_are_deleted_unless_somebody_inherited_them() {
    let mut stage = Stage::default();
    stage.campaign("c", json!({ "attempts": { "max": 2 } }));
    stage.upload("c", &people(2));
    stage.tick();
    stage.deliver(|order| match order.to.ends_with('0') {
        true => Fate::ALL[0],
        false => Fate::ALL[11],
    });
    stage.clock.advance(4_000);
    let left = Cell::new(0);
    let states = every_schedule(&stage, 2, |stage| {
        left.set(left.get() + u32::from(!stage.leftovers(&["c"]).is_empty()));
        for ms in [4_000, 4_000, 65_000, 4_000] {
            stage.clock.advance(ms);
            stage.tick();
        }
        assert_eq!(stage.leftovers(&["c"]), Vec::<String>::new());
        assert_eq!((stage.attempts("c").len(), stage.state().retries.len()), (2, 1));
    });
    assert!(states > 300 && left.get() > 0, "{states} states, something was left in {}", left.get());
}

/// Long days on which schedulers overlap: what they leave does not grow. Where two ticks in a row lose their turn and the second,
/// having heard of the first, is inherited, a page may stay.
#[test]
fn a_store_after_many_lost_ticks_has_few_pages_that_nobody_refers_to() {
    let (mut lost, mut stayed) = (0, 0);
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let mut stage = Stage::default();
        stage.campaign("c", json!({ "attempts": { "max": 3, "retry": { "no_answer": "1m", "busy": "1m" } } }));
        stage.campaign("d", json!({ "mode": "assisted", "rate": { "calls_per_second": 10.0, "concurrent": 3 } }));
        stage.upload("c", &people(12));
        let mut others = people(4);
        others.iter_mut().for_each(|p| p.number += 50);
        stage.upload("d", &others);
        for _ in 0..12 {
            let gates: Vec<Gate> = (0..1 + dice.below(3)).map(|_| Gate::open().held()).collect();
            Overlap::new(&stage, &gates).run(|n| dice.below(n));
            lost += usize::from(!stage.leftovers(&["c", "d"]).is_empty());
            let fates: Vec<Fate> = (0..8).map(|_| Fate::ALL[dice.below(Fate::ALL.len())]).collect();
            let at = Cell::new(0);
            stage.deliver_some(5, |_| {
                at.set(at.get() + 1);
                fates[at.get() % fates.len()]
            });
            stage.clock.advance([4_000, 30_000, 130_000][dice.below(3)]);
        }
        for ms in [4_000, 4_000, 65_000, 4_000] {
            stage.clock.advance(ms);
            stage.tick();
        }
        // What agents were offered and did not take is swept a day later.
        stayed += stage.leftovers(&["c", "d"]).into_iter().filter(|key| !key.contains("/q/")).count();
    }
    assert!(lost > 50 && stayed * 10 < lost, "{lost} times something was left, {stayed} pages stayed");
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
