//! In which order contacts are called.

use dering::attempt::{Disposition, Ending};
use dering_sim::tick::{Fate, Person, Stage, people};
use serde_json::{Value, json};

const BUSY: Fate = Fate::Unanswered(Ending::Busy, Disposition::Busy);

fn part(from: u32, count: u32, due: &'static str) -> Vec<Person> {
    let mut list = people(from + count).split_off(from as usize);
    list.iter_mut().for_each(|p| p.due = due);
    list
}

/// One call at a time.
fn slowly(stage: &Stage, changes: Value) {
    let mut all = json!({ "rate": { "calls_per_second": 0.5, "concurrent": 1 } });
    for (name, value) in changes.as_object().unwrap() {
        all[name] = value.clone();
    }
    stage.campaign("c", all);
}

/// The last digits of the numbers in the order in which they are called.
fn called(stage: &mut Stage, calls: usize, fate: Fate) -> Vec<u32> {
    while stage.carrier.orders().len() < calls {
        stage.tick();
        stage.deliver(|_| fate);
        stage.clock.advance(4_000);
    }
    let digits = |o: dering_sim::tick::Ordered| o.to[o.to.len() - 3..].parse().unwrap();
    stage.carrier.orders().into_iter().take(calls).map(digits).collect()
}

#[test]
fn lists_of_equal_rank_have_their_turns() {
    let mut stage = Stage::default();
    slowly(&stage, json!({}));
    for from in [0, 100, 200] {
        stage.upload("c", &part(from, 5, "31/03/2027"));
    }
    let order = called(&mut stage, 12, Fate::ALL[0]);
    for round in order.chunks(3) {
        let mut lists: Vec<u32> = round.iter().map(|n| n / 100).collect();
        lists.sort_unstable();
        assert_eq!(lists, [0, 1, 2], "{order:?}");
    }
}

#[test]
fn a_batch_is_shared_among_lists() {
    let mut stage = Stage::default();
    stage.campaign("c", json!({ "rate": { "calls_per_second": 1000.0, "concurrent": 30 } }));
    for (from, count) in [(0, 200), (300, 200), (600, 4)] {
        stage.upload("c", &part(from, count, "31/03/2027"));
    }
    let order = called(&mut stage, 30, BUSY);
    let of = |from: u32, to: u32| order.iter().filter(|n| (from..to).contains(n)).count();
    assert_eq!((of(0, 300), of(300, 600), of(600, 900)), (13, 13, 4), "{order:?}");
}

#[test]
fn the_due_date_comes_before_the_turn_and_a_due_retry_waits_for_its_rank() {
    let mut stage = Stage::default();
    slowly(&stage, json!({ "attempts": { "max": 2, "retry": { "busy": "10s" } } }));
    stage.upload("c", &part(0, 1, "31/03/2027"));
    // Called first, as there is nobody else; its retry is due in ten seconds.
    assert_eq!(called(&mut stage, 1, BUSY), [0]);
    stage.upload("c", &part(100, 3, "20/03/2027"));
    stage.upload("c", &part(200, 2, "31/03/2027"));
    let order = called(&mut stage, 9, BUSY);
    // Those who are due earlier come before the retry, though it is due for long; it is not the last of its rank.
    let at = |n: u32| order.iter().rposition(|o| *o == n).unwrap();
    let first = |n: u32| order.iter().position(|o| *o == n).unwrap();
    assert!((100..103).all(|n| first(n) < at(0)), "{order:?}");
    assert!(at(0) > 0 && order.iter().position(|o| *o == 201).is_none_or(|second| at(0) < second), "{order:?}");
}

/// Thirty people of one list, called at once and busy: a minute later all of them are due again.
fn backlog(stage: &mut Stage) {
    let settings = |rate: Value| json!({ "attempts": { "max": 9, "retry": { "busy": "30s" } }, "rate": rate });
    stage.campaign("c", settings(json!({ "calls_per_second": 1000.0, "concurrent": 30 })));
    stage.upload("c", &part(0, 30, "31/03/2027"));
    called(stage, 30, BUSY);
    stage.campaign("c", settings(json!({ "calls_per_second": 0.5, "concurrent": 1 })));
    stage.tick();
    stage.clock.advance(60_000);
}

#[test]
fn a_list_does_not_wait_for_the_retries_of_another() {
    let mut stage = Stage::default();
    backlog(&mut stage);
    stage.upload("c", &part(100, 10, "31/03/2027"));
    let order = called(&mut stage, 30 + 16, Fate::ALL[0]).split_off(30);
    for pair in order.chunks(2) {
        assert_eq!(pair.iter().filter(|n| **n >= 100).count(), 1, "{order:?}");
    }
}

#[test]
fn retries_of_a_list_do_not_wait_behind_those_of_another_that_are_due_for_longer() {
    let mut stage = Stage::default();
    backlog(&mut stage);
    stage.upload("c", &part(100, 6, "31/03/2027"));
    // Both in turn, and all busy; then only retries are left, those of the second list due last.
    called(&mut stage, 30 + 12, BUSY);
    stage.clock.advance(60_000);
    let order = called(&mut stage, 30 + 12 + 10, Fate::ALL[0]).split_off(30 + 12);
    for pair in order.chunks(2) {
        assert_eq!(pair.iter().filter(|n| **n >= 100).count(), 1, "{order:?}");
    }
}

#[test]
fn the_order_is_data() {
    for (order, expected) in [(json!(["priority", "due_date"]), [100, 0]), (json!([]), [0, 100])] {
        let mut stage = Stage::default();
        slowly(&stage, json!({ "order": order }));
        stage.upload("c", &part(0, 1, "31/03/2027"));
        stage.upload("c", &part(100, 1, "20/03/2027"));
        assert_eq!(called(&mut stage, 2, Fate::ALL[0]), expected);
    }
}

#[test]
fn a_tick_reads_no_more_for_long_lists() {
    let mut reads = Vec::new();
    for count in [400, 4_000] {
        let stage = Stage::default();
        stage.campaign("c", json!({ "rate": { "calls_per_second": 10.0, "concurrent": 10 } }));
        stage.upload("c", &part(0, count, "31/03/2027"));
        stage.upload("c", &part(5_000, count, "31/03/2027"));
        stage.tick();
        stage.clock.advance(2_000);
        let (_, counts) = stage.tick_counted();
        reads.push((counts.get, counts.get_all, counts.commits));
    }
    assert_eq!(reads[0], reads[1]);
}
