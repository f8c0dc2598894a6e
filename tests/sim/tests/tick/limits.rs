//! Pause, finish and limits act within one tick; a list above its confirmed size does not start.

use dering::attempt::{Disposition, Ending};
use dering::campaign::{PersonLimits, State};
use dering::hours::LegalHours;
use dering::store::{Store, keys};
use dering::tick::{Asked, Report, why};
use dering_sim::tick::{Agent, Fate, Gate, Stage, drive, people};
use serde_json::{Value, json};

const BUSY: Fate = Fate::Unanswered(Ending::Busy, Disposition::Busy);

fn staged(changes: Value, contacts: u32, expected: Option<u64>) -> (Stage, String) {
    let stage = Stage::default();
    stage.campaign("c", changes);
    let list = stage.upload_expecting("c", &people(contacts), expected);
    (stage, list)
}

fn tick_after(stage: &Stage, ms: i64) -> Report {
    stage.clock.advance(ms);
    stage.tick()
}

fn unconfirmed(report: &Report) -> u64 {
    report.held.get("unconfirmed").copied().unwrap_or(0)
}

fn rules_that_hold(stage: &Stage, list: &str) -> Vec<&'static str> {
    let (contact, at_ms) = (format!("{list}.2"), stage.clock.now_ms());
    let (limits, legal_hours) = (PersonLimits::default(), &LegalHours::unlimited());
    let asked = Asked { contact: &contact, at_ms, shards: 1, limits, legal_hours };
    let found = drive(&stage.clock, why(&stage.store, &stage.vault, &asked)).unwrap().unwrap();
    assert_eq!(found.call, found.rules.iter().all(|r| !r.holds));
    found.rules.iter().filter(|r| r.holds).map(|r| r.rule).collect()
}

#[test]
fn a_list_above_the_limit_calls_nobody_until_its_size_is_confirmed() {
    let (stage, list) = staged(json!({ "confirm_above": 5 }), 6, None);
    assert_eq!(rules_that_hold(&stage, &list), ["unconfirmed"], "also before the first tick");
    for _ in 0..3 {
        let report = tick_after(&stage, 60_000);
        assert_eq!((report.claimed, unconfirmed(&report), report.waiting), (0, 6, 6));
    }
    assert_eq!(rules_that_hold(&stage, &list), ["unconfirmed"]);
    let shown = stage.report("c");
    assert_eq!((shown.held["unconfirmed"], &shown.lists[0]["confirmed"]), (6, &json!(false)));
    assert!(shown.lists[0]["hint"].as_str().unwrap().contains(&format!("/v1/lists/{list}/confirm")));

    let wrong = stage.confirm(&list, 5).unwrap_err();
    assert_eq!((wrong.status, &*wrong.code), (409, "size_differs"));
    assert_eq!(tick_after(&stage, 1_000).claimed, 0);

    stage.confirm(&list, 6).unwrap();
    assert_eq!(rules_that_hold(&stage, &list), Vec::<&str>::new());
    let report = tick_after(&stage, 1_000);
    assert_eq!((report.claimed, unconfirmed(&report)), (6, 0));
    let shown = stage.report("c");
    assert_eq!((shown.held.get("unconfirmed"), &shown.lists[0]["confirmed"]), (None, &json!(true)));
    // Once more changes nothing.
    stage.confirm(&list, 6).unwrap();
    assert_eq!(tick_after(&stage, 1_000).claimed, 0);
}

#[test]
fn what_the_upload_expected_outranks_the_campaigns_limit() {
    for (contacts, expected, above, starts) in [
        (6, None, 6, true),
        (6, None, 0, false),
        (6, Some(6), 0, true),
        (6, Some(700), 0, true),
        (6, Some(5), 10_000, false),
    ] {
        let (stage, _) = staged(json!({ "confirm_above": above }), contacts, expected);
        assert_eq!(stage.tick().claimed > 0, starts, "{expected:?} {above}");
    }
}

#[test]
fn each_list_is_judged_by_itself_also_one_that_comes_later() {
    let (stage, _) = staged(json!({ "confirm_above": 5 }), 4, None);
    assert_eq!(stage.tick().claimed, 4);
    let mut others = people(14);
    others.drain(..4);
    let (small, large) = others.split_at(3);
    let large_list = stage.upload("c", large);
    stage.upload("c", small);
    let report = tick_after(&stage, 1_000);
    assert_eq!((report.claimed, unconfirmed(&report)), (3, 7));
    // It does not hold back what waits for lines, nor is it counted twice.
    assert_eq!(report.held.get("concurrent"), None);
    stage.confirm(&large_list, 7).unwrap();
    assert_eq!(tick_after(&stage, 1_000).claimed, 7);
}

#[test]
fn a_confirmation_counts_whenever_it_is_heard_and_a_damaged_one_does_not() {
    // Before any tick has heard of the list.
    let (stage, list) = staged(json!({ "confirm_above": 1 }), 3, None);
    stage.confirm(&list, 3).unwrap();
    assert_eq!(stage.tick().claimed, 3);

    let (stage, list) = staged(json!({ "confirm_above": 1 }), 3, None);
    let key = keys::confirmation(&list);
    drive(&stage.clock, stage.store.set(&key, b"?")).unwrap().unwrap();
    assert_eq!(unconfirmed(&stage.tick()), 3);
    stage.confirm(&list, 3).unwrap();
    assert_eq!(tick_after(&stage, 1_000).claimed, 3);
}

#[test]
fn an_unconfirmed_list_is_not_offered_to_agents_either_and_expires_like_any_other() {
    let (stage, list) = staged(json!({ "confirm_above": 1, "mode": "assisted" }), 3, None);
    assert_eq!(unconfirmed(&stage.tick()), 3);
    assert!(Agent("a").claim(&stage, "1", 3).is_empty());
    stage.confirm(&list, 3).unwrap();
    tick_after(&stage, 1_000);
    assert_eq!(Agent("a").claim(&stage, "2", 3).len(), 3);

    let (stage, _) = staged(json!({ "confirm_above": 1 }), 3, None);
    assert_eq!(unconfirmed(&stage.tick()), 3);
    let report = tick_after(&stage, 31 * 24 * 3_600_000);
    assert_eq!((report.closed, unconfirmed(&report)), (3, 0));
    assert_eq!(stage.report("c").ends["expired"], 3);
}

#[test]
fn looking_for_confirmations_costs_no_commit() {
    let (stage, _) = staged(json!({ "confirm_above": 1 }), 3, None);
    for _ in 0..3 {
        tick_after(&stage, 1_000);
    }
    stage.clock.advance(1_000);
    let (ended, counts) = stage.tick_through(&Gate::open(), 0);
    // The ballot.
    assert_eq!((counts.commits, ended.unwrap().unwrap().committed), (1, false));
}

#[test]
fn a_lowered_limit_of_sizes_holds_back_who_was_not_called_yet_and_nobody_else() {
    let rate = json!({ "calls_per_second": 1000.0, "concurrent": 2 });
    let (mut stage, _) = staged(json!({ "rate": rate, "attempts": { "retry": { "busy": "1m" } } }), 5, None);
    assert_eq!(stage.tick().claimed, 2);
    stage.deliver(|_| BUSY);
    stage.patch("c", json!({ "confirm_above": 4, "rate": { "concurrent": 50 } }));
    let report = tick_after(&stage, 4_000);
    assert_eq!((report.claimed, unconfirmed(&report)), (0, 3));
    let report = tick_after(&stage, 61_000);
    assert_eq!(
        (report.claimed, unconfirmed(&report)),
        (2, 3),
        "a list that has started goes on with whom it has begun"
    );
}

/// A campaign with calls open, retries due, and contacts waiting: what `stop` does to it, as the next tick shows.
fn stopped(stop: impl Fn(&Stage)) -> (Stage, Report) {
    let rate = json!({ "calls_per_second": 1000.0, "concurrent": 4 });
    let (mut stage, _) = staged(json!({ "rate": rate, "attempts": { "max": 9, "retry": { "busy": "0s" } } }), 20, None);
    assert_eq!(stage.tick().placed, 4);
    stage.deliver_some(2, |_| BUSY);
    stage.clock.advance(4_000);
    stop(&stage);
    let report = stage.tick();
    (stage, report)
}

#[test]
fn what_goes_on_unless_it_is_stopped() {
    let (_, report) = stopped(|_| {});
    assert_eq!((report.folded, report.claimed, report.open), (2, 2, 4));
}

#[test]
fn pause_and_finish_act_within_one_tick() {
    let (stage, report) = stopped(|stage| stage.set_state("c", State::Paused));
    assert_eq!((report.folded, report.claimed, report.open), (2, 0, 2), "running calls end normally");
    for _ in 0..5 {
        assert_eq!(tick_after(&stage, 60_000).claimed, 0);
    }
    stage.set_state("c", State::Running);
    assert!(tick_after(&stage, 1_000).claimed > 0);

    let (stage, report) = stopped(|stage| stage.set_state("c", State::Finished));
    assert_eq!((report.claimed, report.open, report.waiting), (0, 2, 0));
    let shown = stage.report("c");
    assert_eq!((shown.ends["expired"], shown.in_call), (18, 2));
    assert_eq!(tick_after(&stage, 60_000).claimed, 0);
}

#[test]
fn lowered_limits_act_within_one_tick() {
    let claimed = |changes: Value| {
        let (_, report) = stopped(|stage| stage.patch("c", changes.clone()));
        (report.claimed, report.held)
    };
    // Two calls are open, two have just ended.
    assert_eq!(claimed(json!({ "rate": { "concurrent": 3 } })).0, 1);
    let (none, held) = claimed(json!({ "rate": { "concurrent": 1 } }));
    assert_eq!((none, held["concurrent"]), (0, 18));
    assert_eq!(claimed(json!({ "rate": { "calls_per_second": 0.5 } })).0, 1);
    let (none, held) = claimed(json!({ "callable_hours": { "mon": null } }));
    assert_eq!((none, held["outside_hours"]), (0, 16));
    let (none, held) = claimed(json!({ "blackouts": ["2027-03-01"] }));
    assert_eq!((none, held["outside_hours"]), (0, 16));
    let (none, held) = claimed(json!({ "caller_ids": [] }));
    assert_eq!((none, held["no_caller_id"]), (0, 18));
}

#[test]
fn lowered_attempts_act_within_one_tick() {
    for (changes, end, left) in [
        (json!({ "attempts": { "max": 1 } }), Some("exhausted"), 0),
        (json!({ "attempts": { "per_day": 1 } }), None, 1),
        (json!({ "attempts": { "per_week": 1 } }), None, 1),
        (json!({ "person_limits": { "per_day": 1 , "per_week": 5 } }), None, 1),
    ] {
        let (mut stage, _) = staged(json!({ "attempts": { "max": 9, "retry": { "busy": "1m" } } }), 1, None);
        assert_eq!(stage.tick().placed, 1);
        stage.deliver(|_| BUSY);
        tick_after(&stage, 4_000);
        stage.patch("c", changes.clone());
        let report = tick_after(&stage, 61_000);
        assert_eq!((report.claimed, report.waiting), (0, left), "{changes}");
        if let Some(end) = end {
            assert_eq!(stage.report("c").ends[end], 1, "{changes}");
        }
    }
}
