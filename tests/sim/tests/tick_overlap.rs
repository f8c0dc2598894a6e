//! Several ticks at once, in every order of their steps or in many.

use dering_sim::proof::two_ticks::{self, check};
use dering_sim::tick::{Dice, Fate, Fault, Gate, Overlap, Stage, people};
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn two_ticks_in_every_order() {
    for situation in 0..two_ticks::SITUATIONS {
        let states = two_ticks::one(situation).unwrap_or_else(|what| panic!("situation {situation}: {what}"));
        assert!(states > 500, "{states}");
    }
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
