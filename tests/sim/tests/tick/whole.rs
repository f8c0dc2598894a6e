//! A small list, from its upload to the end of its last contact.

use dering::attempt::Disposition;
use dering_sim::tick::{Answer, Carrier, Dice, Fate, Stage, people};
use serde_json::json;
use std::collections::BTreeMap;

/// One in ten orders is lost on the way back, never arrives, or is refused.
fn moody(seed: u64) -> Carrier {
    Carrier::new(move |call| match Dice::new(seed ^ call.ballot.rotate_left(32) ^ u64::from(call.index)).below(40) {
        0 => Answer::Lost,
        1 => Answer::Unreachable,
        2 => Answer::Error(429, 20429),
        3 => Answer::Error(400, 21211),
        _ => Answer::Taken,
    })
}

#[test]
fn every_contact_of_a_list_comes_to_an_end() {
    for seed in 0..12 {
        let mut stage = Stage::new(moody(seed));
        stage.campaign("c", json!({ "rate": { "calls_per_second": 5.0, "concurrent": 8 } }));
        stage.upload("c", &people(60));
        stage.run_to_the_end(|order| Fate::of(&order.call, seed));

        let report = stage.report("c");
        assert!(report.balanced);
        assert_eq!((report.contacts, report.waiting, report.in_call, report.retrying), (60, 0, 0, 0));
        assert_eq!(report.ends.values().sum::<u64>(), 60);

        // The carrier's own count of what came of its calls.
        let mut expected: BTreeMap<&str, u64> = Disposition::ALL.iter().map(|d| (d.as_str(), 0)).collect();
        for order in stage.carrier.orders() {
            let mut disposition = Fate::of(&order.call, seed).disposition();
            if !order.rings {
                disposition = match moody(seed).would(&order.call) {
                    Answer::Error(400, _) => Disposition::InvalidNumber,
                    _ => Disposition::NotPlaced,
                };
            }
            *expected.entry(disposition.as_str()).or_default() += 1;
        }
        // Orders that were not sent while the carrier was to be left alone are in the books only.
        let ordered = stage.carrier.calls();
        let (sent, held): (Vec<_>, Vec<_>) = stage.attempts("c").into_iter().partition(|a| ordered.contains(&a.call));
        assert!(held.iter().all(|a| a.disposition == Disposition::NotPlaced), "seed {seed}");
        assert_eq!(sent.len(), ordered.len());
        assert_eq!(report.attempts + expected["not_placed"], ordered.len() as u64);
        *expected.entry("not_placed").or_default() += held.len() as u64;
        assert_eq!(report.dispositions, expected, "seed {seed}");
    }
}
