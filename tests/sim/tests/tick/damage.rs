//! Damaged bytes in the store: no call on their account, no panic, and somebody is told.

use dering::store::Store;
use dering_sim::tick::{Dice, Fate, Gate, Stage, drive, people};
use serde_json::json;
use std::collections::BTreeSet;

/// A stage whose next tick reads values of every kind.
fn eventful() -> Stage {
    let mut stage = Stage::default();
    let retry = json!({ "max": 5, "retry": { "failed": "10s", "unknown": "1s" } });
    let changes = json!({
        "rate": { "calls_per_second": 50.0, "concurrent": 100 },
        "attempts": retry,
        "call": { "unknown_after": "60s" },
    });
    stage.campaign("c", changes);
    stage.upload("c", &people(6));
    stage.tick();
    stage.deliver_some(2, |_| Fate::ALL[15]);
    stage.clock.advance(4_000);
    assert_eq!(stage.tick().folded, 2);
    stage.deliver_some(2, |_| Fate::ALL[1]);
    stage.clock.advance(57_000);
    let mut more = people(4);
    more.iter_mut().for_each(|p| {
        p.number += 50;
        p.phone = format!("81200900{:03}", p.number);
    });
    stage.upload("c", &more);
    stage
}

fn values(stage: &Stage) -> Vec<(String, Vec<u8>)> {
    let keys = stage.store.keys().into_iter().filter(|key| !key.starts_with("dering/n/"));
    keys.filter_map(|key| {
        let bytes = drive(&stage.clock, stage.store.get(&key))?.ok()??;
        Some((key, bytes))
    })
    .collect()
}

struct Ended {
    error: Option<String>,
    held: usize,
    folded: u32,
    called: BTreeSet<String>,
}

/// A tick over a copy of the stage in which `key` holds `bytes`.
fn with(stage: &Stage, key: &str, bytes: &[u8]) -> Ended {
    // On an instance that has just started: what it remembered would hide the damage.
    let mut stage = stage.fork();
    stage.campaigns = Default::default();
    drive(&stage.clock, stage.store.set(key, bytes)).unwrap().unwrap();
    let before = stage.carrier.orders().len();
    let (ended, _) = stage.tick_through(&Gate::open(), 0);
    let called = stage.carrier.orders().into_iter().skip(before).map(|o| o.to).collect();
    match ended.unwrap() {
        Ok(report) => Ended { error: None, held: report.held.len(), folded: report.folded, called },
        Err(problem) => Ended { error: Some(problem.code.into_owned()), held: 0, folded: 0, called },
    }
}

fn damages(bytes: &[u8], dice: &mut Dice) -> Vec<Vec<u8>> {
    let mut version = bytes.to_vec();
    version[0] ^= 0x55;
    let mut noise = vec![0; bytes.len()];
    dice.fill(&mut noise);
    vec![Vec::new(), version, bytes[..bytes.len() / 2].to_vec(), [bytes, &[0x80]].concat(), noise]
}

#[test]
fn damaged_values_call_nobody_and_are_told_of() {
    let stage = eventful();
    let values = values(&stage);
    let (key, bytes) = &values[0];
    let sound = with(&stage, key, bytes);
    assert_eq!((sound.folded, sound.called.len(), sound.held), (4, 6, 0));
    let mut noticed = BTreeSet::new();
    let mut dice = Dice::new(9);
    for (key, bytes) in &values {
        for damaged in damages(bytes, &mut dice) {
            let ended = with(&stage, key, &damaged);
            assert!(ended.called.is_subset(&sound.called), "{key}");
            if key.starts_with("dering/c/shard") || key.starts_with("dering/c/campaigns") {
                assert!(ended.error.is_some() && ended.called.is_empty(), "{key}");
            }
            let told = ended.error.is_some() || ended.held > 0;
            let same = ended.folded == sound.folded && ended.called == sound.called;
            assert!(told || same, "{key} is damaged and nobody is told");
            if told {
                noticed.insert(key.split('/').nth(1).unwrap_or_default().to_owned());
            }
        }
    }
    // Agenda, cells, events, data keys, log entries, manifests, pages, claims.
    assert_eq!(noticed.into_iter().collect::<Vec<_>>(), ["a", "c", "e", "k", "l", "m", "p", "q"]);
}

#[test]
fn no_flipped_bit_is_taken_for_the_truth() {
    let stage = eventful();
    let values = values(&stage);
    let (key, bytes) = &values[0];
    let sound = with(&stage, key, bytes);
    let mut dice = Dice::new(11);
    for (key, bytes) in values {
        // A state is written anew by every tick: all of it is tried.
        let bits: Vec<usize> = match key.starts_with("dering/c/shard") {
            true => (0..bytes.len() * 8).collect(),
            false => (0..60).map(|_| dice.below(bytes.len() * 8)).collect(),
        };
        for bit in bits {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let ended = with(&stage, &key, &flipped);
            let told = ended.error.is_some() || ended.held > 0;
            let same = ended.folded == sound.folded && ended.called == sound.called;
            assert!(told || same, "bit {bit} of {key}");
            assert!(ended.called.is_subset(&sound.called), "bit {bit} of {key}");
        }
    }
}
