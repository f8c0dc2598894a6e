//! The master key is replaced while lists are there: all of them are re-wrapped, and the old key is not needed any more.

use dering::campaign::State;
use dering::store::{Store, keys};
use dering::tick::{LISTS_MAX, SEEN_MS};
use dering::vault::{Identity, Vault};
use dering_sim::tick::{Fate, Gate, Person, Stage, drive, people};
use serde_json::json;

/// 32 bytes, each 7 (the tests' own key), and each 2.
fn key(new: bool) -> String {
    let (three, two) = if new { ("AgIC", "AgI=") } else { ("BwcH", "Bwc=") };
    three.repeat(10) + two
}

fn vault(new: bool, previous: bool) -> Vault {
    let identity = Identity::new(&key(false)).unwrap();
    Vault::new(identity, &key(new), previous.then(|| key(!new)).as_deref()).unwrap()
}

#[test]
fn every_list_is_rewrapped_and_the_old_key_can_go() {
    let count = LISTS_MAX + 3;
    let mut stage = Stage::default();
    stage.campaign("c", json!({}));
    stage.set_state("c", State::Paused);
    let everybody = people(count as u32 + 1);
    let one = |stage: &Stage, p: &Person| stage.upload("c", std::slice::from_ref(p));
    let lists: Vec<String> = everybody[..count].iter().map(|p| one(&stage, p)).collect();
    let erased = keys::data_key(&lists[1]);
    while stage.state().lists.len() < count {
        stage.tick();
    }
    assert_eq!(stage.tick().held.get("old_master_key"), None);

    stage.vault = vault(true, true);
    drive(&stage.clock, stage.store.delete_many(std::slice::from_ref(&erased))).unwrap().unwrap();
    assert_eq!(stage.tick().held.get("old_master_key"), Some(&(count as u64)));
    stage.clock.advance(SEEN_MS - 1);
    let (report, counts) = stage.tick_counted();
    assert_eq!(report.held.get("old_master_key"), Some(&(count as u64)), "running instances still have the old key");
    assert_eq!(counts.commits, 1);
    stage.clock.advance(1);
    let (report, counts) = stage.tick_counted();
    assert_eq!(report.held.get("old_master_key"), Some(&3));
    assert!(counts.commits <= 8, "{counts:?}");
    assert_eq!(stage.tick().held.len(), 0);
    assert_eq!(stage.tick_counted().1.commits, 1, "it is done");

    // An instance that had not heard of the new key wraps one more by the old.
    stage.vault = vault(false, false);
    one(&stage, &everybody[count]);
    stage.vault = vault(true, true);
    assert_eq!(stage.tick().held.len(), 0);
    assert_eq!(drive(&stage.clock, stage.store.get(&erased)).unwrap().unwrap(), None, "erased lists stay erased");

    stage.vault = vault(true, false);
    stage.set_state("c", State::Running);
    let report = stage.tick();
    assert_eq!(report.claimed as usize, count, "all but the erased one");
    assert!(report.held.contains_key("unreadable"));
    stage.deliver(|_| Fate::ALL[1]);
    stage.clock.advance(4_000);
    assert_eq!(stage.tick().folded as usize, count);
}

#[test]
fn under_another_identity_key_nobody_is_called() {
    let mut stage = Stage::default();
    stage.campaign("c", json!({ "rate": { "calls_per_second": 1000.0, "concurrent": 2 } }));
    stage.upload("c", &people(4));
    assert_eq!(stage.tick().claimed, 2);
    stage.deliver(|_| Fate::ALL[1]);
    stage.clock.advance(4_000);
    // The master key was replaced and has taken the identity key's place.
    stage.vault = Vault::new(Identity::new(&key(true)).unwrap(), &key(true), Some(&key(false))).unwrap();
    let (ended, _) = stage.tick_through(&Gate::open(), 0);
    assert_eq!(ended.unwrap().unwrap_err().code, "identity_changed");
    assert_eq!(stage.carrier.orders().len(), 2);
    stage.vault = vault(true, true);
    let report = stage.tick();
    assert_eq!((report.folded, report.claimed), (2, 2));
}
