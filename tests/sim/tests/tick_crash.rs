//! One tick fails or dies at each of its points in turn; calm ticks follow.

use dering::attempt::Disposition;
use dering_sim::tick::{Fate, Fault, Gate, Ordered, Stage, people};
use serde_json::json;
use std::collections::BTreeMap;

const FAULTS: [Fault; 6] =
    [Fault::DieBefore, Fault::DieAfter, Fault::ReplyLost, Fault::Refused, Fault::Partly(0), Fault::Partly(1)];

fn fate(order: &Ordered) -> Fate {
    Fate::of(&order.call, 5)
}

/// A stage whose next tick has everything to do: news, calls that ended in many ways, a silent one whose time is
/// over, retries that are due, fresh contacts.
fn eventful() -> Stage {
    let mut stage = Stage::default();
    stage.campaign("c", json!({ "rate": { "calls_per_second": 50.0, "concurrent": 8 } }));
    let mut list = people(12);
    list[1].phone = "81200900001/81200900002".into();
    stage.upload("c", &list);
    stage.tick();
    stage.deliver_some(2, |_| Fate::ALL[15]);
    stage.clock.advance(4_000);
    stage.tick();
    // The retry of a failed call is due after an hour; all but the newest calls were silent until then.
    stage.clock.advance(3_700_000);
    let silent = stage.tick();
    assert!(silent.folded > 0 && silent.claimed > 0);
    stage.deliver(fate);
    stage.clock.advance(4_000);
    let mut more = people(5);
    more.iter_mut().for_each(|p| p.number += 50);
    // The first has the phone of somebody of the other list.
    more.iter_mut().skip(1).for_each(|p| p.phone = format!("81200{:06}", p.number));
    stage.upload("c", &more);
    stage
}

/// Every contact has one end, and every call of the carrier is in the books once, as what it was.
fn audit(stage: &Stage, contacts: u64, what: &str) {
    let report = stage.report("c");
    assert!(report.balanced, "{what}");
    assert_eq!((report.contacts, report.waiting, report.in_call, report.retrying), (contacts, 0, 0, 0), "{what}");
    assert_eq!(report.ends.values().sum::<u64>(), contacts, "{what}");
    let mut last = BTreeMap::new();
    for attempt in stage.attempts("c") {
        let known = last.insert(attempt.call, attempt.disposition);
        let expected = attempt.late.then_some(Disposition::Unknown);
        assert_eq!(known, expected, "{what}: {attempt:?}");
    }
    let mut rung: BTreeMap<(u64, u16), Ordered> = BTreeMap::new();
    for order in stage.carrier.rung() {
        rung.insert((order.call.ballot, order.call.index), order);
    }
    for (call, order) in &rung {
        let told = stage.told_as(order);
        assert_eq!(last.get(call).copied(), Some(told.disposition()), "{what}: {order:?}");
    }
    let mut counted: BTreeMap<&str, u64> = Disposition::ALL.iter().map(|d| (d.as_str(), 0)).collect();
    for (call, disposition) in &last {
        *counted.entry(disposition.as_str()).or_default() += 1;
        let nothing_rang = matches!(disposition, Disposition::Unknown | Disposition::NotPlaced);
        assert!(rung.contains_key(call) || nothing_rang, "{what}: {call:?} never rang and is {disposition:?}");
    }
    assert_eq!(report.dispositions, counted, "{what}");
}

#[test]
fn whatever_fails_every_contact_ends_once_and_every_call_counts_once() {
    let stage = eventful();
    let calm = stage.fork();
    let gate = Gate::open();
    let (report, _) = calm.tick_through(&gate, 0);
    let report = report.unwrap().unwrap();
    assert!(report.folded >= 4 && report.claimed >= 4 && report.placed == report.claimed, "{report:?}");
    let points = gate.passed();
    assert!(points >= 25, "{points}");
    for at in 0..points {
        for fault in FAULTS {
            let what = format!("{fault:?} at point {at}");
            let mut stage = stage.fork();
            let (ended, _) = stage.tick_through(&Gate::failing(at, fault), 0);
            assert_eq!(ended.is_none(), matches!(fault, Fault::DieBefore | Fault::DieAfter), "{what}");
            stage.run_to_the_end(fate);
            audit(&stage, 17, &what);
        }
    }
}
