//! News that cannot be read when its turn comes is looked at again, and told of until then.

use dering::store::{Log, Store, keys};
use dering::tick::{self, NEWS_MAX, ShardNews};
use dering_sim::tick::{Fate, Stage, drive, people};
use serde_json::json;

fn get(stage: &Stage, key: &str) -> Option<Vec<u8>> {
    drive(&stage.clock, stage.store.get(key)).unwrap().unwrap()
}

fn set(stage: &Stage, key: &str, bytes: &[u8]) {
    drive(&stage.clock, stage.store.set(key, bytes)).unwrap().unwrap();
}

fn append(stage: &Stage, bytes: &[u8]) -> u64 {
    let log: Log = tick::log(0);
    drive(&stage.clock, log.append(&stage.store, bytes, || stage.clock.now_ms())).unwrap().unwrap()
}

fn entry(n: u64) -> String {
    keys::entry(tick::log(0).name(), n)
}

/// A campaign, a list of six people, and its manifest taken away.
fn unreadable() -> (Stage, String, Vec<u8>) {
    let stage = Stage::default();
    stage.campaign("c", json!({}));
    let list = stage.upload("c", &people(6));
    let manifest = get(&stage, &keys::manifest(&list)).unwrap();
    let mut damaged = manifest.clone();
    damaged[20] ^= 1;
    set(&stage, &keys::manifest(&list), &damaged);
    (stage, list, manifest)
}

#[test]
fn a_list_that_cannot_be_read_is_held_and_called_once_it_can() {
    let (mut stage, list, manifest) = unreadable();
    for _ in 0..4 {
        let report = stage.tick();
        assert_eq!((report.held.get("unreadable_list"), report.claimed), (Some(&1), 0));
        stage.clock.advance(1_000);
    }
    let report = stage.report("c");
    assert_eq!(report.held.get("unreadable_list"), Some(&1));
    assert!(report.unreadable_lists.contains(&list));
    assert_eq!(report.contacts, 0);
    // It is held at no cost: nothing changes, so nothing is committed but the tick's own ballot.
    let (report, counts) = stage.tick_counted();
    assert_eq!((report.committed, counts.commits), (false, 1));

    set(&stage, &keys::manifest(&list), &manifest);
    let report = stage.tick();
    assert_eq!((report.claimed, report.held.len()), (6, 0));
    assert_eq!(get(&stage, &entry(2)), None, "the entry is folded and deleted");
    stage.run_to_the_end(|_| Fate::ALL[1]);
    let report = stage.report("c");
    assert_eq!((report.contacts, report.held.len(), report.unreadable_lists.len()), (6, 0, 0));
    assert_eq!(report.lists.len(), 1);
}

#[test]
fn a_list_withdrawn_before_it_could_be_read_is_not_called() {
    for repaired in [false, true] {
        let (stage, list, manifest) = unreadable();
        stage.tick();
        append(&stage, &ShardNews::ListWithdrawn { list: list.clone() }.encode());
        stage.clock.advance(1_000);
        assert_eq!(stage.tick().claimed, 0);
        if repaired {
            set(&stage, &keys::manifest(&list), &manifest);
        }
        stage.clock.advance(1_000);
        let report = stage.tick();
        assert_eq!((report.claimed, report.waiting, report.held.len()), (0, 0, 0));
        let report = stage.report("c");
        assert_eq!(report.held.len(), 0);
        assert!(report.balanced);
    }
    // Its coming is read after its withdrawal, and counts as withdrawn.
    let (stage, list, manifest) = unreadable();
    append(&stage, &ShardNews::ListWithdrawn { list: list.clone() }.encode());
    // The first entry announces the upload, the second adds the list.
    let coming = get(&stage, &entry(2)).unwrap();
    set(&stage, &entry(2), b"damaged");
    assert_eq!(stage.tick().held.get("unreadable_news"), Some(&1));
    set(&stage, &entry(2), &coming);
    set(&stage, &keys::manifest(&list), &manifest);
    stage.clock.advance(1_000);
    let report = stage.tick();
    assert_eq!((report.claimed, report.closed, report.held.len()), (0, 6, 0));
    let report = stage.report("c");
    assert_eq!((report.contacts, report.ends["withdrawn"], report.lists.len()), (6, 6, 1));
}

#[test]
fn an_entry_that_cannot_be_read_stays_until_it_can_or_is_given_up() {
    let stage = Stage::default();
    stage.campaign("c", json!({}));
    let n = append(&stage, b"of a version to come");
    stage.upload("c", &people(3));
    let report = stage.tick();
    assert_eq!((report.held.get("unreadable_news"), report.claimed), (Some(&1), 3), "what comes behind it is read");
    for _ in 0..3 {
        stage.clock.advance(60_000);
        assert_eq!(stage.tick().held.get("unreadable_news"), Some(&1));
        assert_eq!(stage.report("c").held.get("unreadable_news"), Some(&1));
        assert!(get(&stage, &entry(n)).is_some());
    }
    let stage_of_the_admin = stage.fork();
    drive(&stage.clock, stage.store.delete_many(&[entry(n)])).unwrap().unwrap();
    assert_eq!(stage.tick().held.len(), 0);
    // Or a newer version reads it.
    let stage = stage_of_the_admin;
    let news = ShardNews::Inbound { call: "h".into(), at_ms: stage.clock.now_ms(), answered: true };
    set(&stage, &entry(n), &news.encode());
    assert_eq!(stage.tick().held.len(), 0);
    assert_eq!(stage.state().years.values().map(|y| y.inbound_answered).sum::<u64>(), 1);
    assert_eq!(get(&stage, &entry(n)), None);
}

#[test]
fn what_is_kept_is_bounded_and_the_rest_is_counted() {
    let stage = Stage::default();
    stage.campaign("c", json!({}));
    let more = 25;
    for _ in 0..NEWS_MAX + more {
        append(&stage, b"noise");
    }
    stage.upload("c", &people(2));
    let claimed: u32 = (0..3).map(|_| stage.tick().claimed).sum();
    assert_eq!(claimed, 2, "noise holds nothing up");
    assert_eq!(stage.tick().held.get("unreadable_news"), Some(&((NEWS_MAX + more) as u64)));
    assert_eq!(stage.state().unread.news.len(), NEWS_MAX);
    assert!((1..=(NEWS_MAX + more) as u64).all(|n| get(&stage, &entry(n)).is_some()), "nothing unread is deleted");
}

#[test]
fn a_damaged_event_is_told_of_while_its_call_is_open_and_after() {
    let mut stage = Stage::default();
    stage.campaign("c", json!({ "call": { "unknown_after": "60s" } }));
    stage.upload("c", &people(1));
    stage.tick();
    stage.deliver(|_| Fate::ALL[1]);
    let events: Vec<String> = stage.store.keys().into_iter().filter(|k| k.starts_with("dering/e/")).collect();
    let ending = events.iter().find(|k| get(&stage, k).is_some() && k.ends_with("/completed")).unwrap();
    let mut bytes = get(&stage, ending).unwrap();
    bytes[1] ^= 4;
    set(&stage, ending, &bytes);
    for _ in 0..2 {
        stage.clock.advance(4_000);
        let report = stage.tick();
        assert_eq!((report.folded, report.held.get("unreadable_event")), (0, Some(&1)));
    }
    stage.clock.advance(60_000);
    let report = stage.tick();
    assert_eq!(report.folded, 1, "its time-out closes it");
    assert!(report.held.contains_key("unreadable_event"));
    assert_eq!(stage.report("c").held.get("unreadable_event"), Some(&1));
}
