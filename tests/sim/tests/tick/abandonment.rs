//! The cap on abandoned calls: what diallers report is counted once, and decides how many claims they get.

use dering::assist::{Card, Outcome};
use dering::attempt::Disposition;
use dering::report::Abandonment;
use dering_sim::tick::{Agent, Fate, Stage, people};
use serde_json::{Value, json};

const HOUR_MS: i64 = 3_600_000;
const PBX: Agent = Agent("pbx-1");
const ABANDONED: Outcome = Outcome {
    disposition: None,
    sip: None,
    q850: None,
    rang_s: Some(6),
    talk_s: Some(3),
    machine: false,
    abandoned: true,
    notes: None,
    callback_at: None,
};

fn staged(contacts: u32, changes: Value) -> Stage {
    let stage = Stage::default();
    let mut settings = json!({ "mode": "assisted", "rate": { "concurrent": 300 } });
    settings.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    stage.campaign("c", settings);
    stage.upload("c", &people(contacts));
    stage.tick();
    stage
}

fn tick_after(stage: &Stage, ms: i64) -> dering::tick::Report {
    stage.clock.advance(ms);
    stage.tick()
}

fn start(stage: &Stage, card: &Card) {
    assert!(PBX.start(stage, &card.call).unwrap().go);
}

/// So many calls of agents of the house's that are answered, the first of them by nobody of ours.
fn answered(stage: &Stage, calls: usize, abandoned: usize) {
    let cards = Agent("a17").claim(stage, &format!("{calls} calls"), u16::try_from(calls).unwrap());
    assert_eq!(cards.len(), calls);
    for (i, card) in cards.iter().enumerate() {
        assert!(Agent("a17").start(stage, &card.call).unwrap().go);
        let promise = Outcome { disposition: Some(Disposition::Promise), ..Outcome::default() };
        let outcome = if i < abandoned { ABANDONED } else { promise };
        Agent("a17").report(stage, &card.call, outcome).unwrap();
    }
    tick_after(stage, 4_000);
}

fn figures(stage: &Stage) -> (u32, u32, Option<f64>) {
    let Abandonment { answered, abandoned, percent, .. } = stage.report("c").abandonment.unwrap();
    (answered, abandoned, percent)
}

#[test]
fn an_abandoned_call_is_counted_once_costs_an_attempt_and_is_tried_again_with_an_agent_set_aside() {
    let stage = staged(1, json!({}));
    let card = PBX.dials(&stage, "1", 1, 1).claims.remove(0);
    assert!(!card.reserve_agent);
    start(&stage, &card);
    for _ in 0..3 {
        PBX.report(&stage, &card.call, ABANDONED).unwrap();
    }
    tick_after(&stage, 4_000);
    PBX.report(&stage, &card.call, ABANDONED).unwrap();
    tick_after(&stage, 4_000);
    let report = stage.report("c");
    assert_eq!((report.dispositions["abandoned"], report.attempts, report.retrying), (1, 1, 1));
    assert_eq!(figures(&stage), (1, 1, Some(100.0)));

    assert!(PBX.dials(&stage, "2", 1, 1).claims.is_empty(), "not at once");
    tick_after(&stage, 30 * 60_000);
    let again = PBX.dials(&stage, "3", 1, 1).claims.remove(0);
    assert_eq!((again.attempt, again.reserve_agent, &again.number), (2, true, &card.number));
    let json = serde_json::to_value(&again).unwrap();
    assert_eq!(json["reserve_agent"], true);
}

#[test]
fn what_counts_as_answered_and_what_as_abandoned() {
    let promise = |abandoned| Outcome { disposition: Some(Disposition::Promise), abandoned, ..Outcome::default() };
    let said = |disposition| Outcome { disposition: Some(disposition), ..Outcome::default() };
    for (outcome, booked, counts) in [
        (promise(false), "promise", (1, 0)),
        // The agent came, but late.
        (promise(true), "promise", (1, 1)),
        (said(Disposition::Abandoned), "abandoned", (1, 1)),
        (ABANDONED, "abandoned", (1, 1)),
        (Outcome { sip: Some(200), ..ABANDONED }, "abandoned", (1, 1)),
        // By a person, not by a machine.
        (Outcome { machine: true, ..ABANDONED }, "voicemail", (0, 0)),
        (said(Disposition::Voicemail), "voicemail", (0, 0)),
        (said(Disposition::Busy), "busy", (0, 0)),
        (said(Disposition::NoOfficer), "no_officer", (1, 0)),
    ] {
        let stage = staged(1, json!({}));
        let card = PBX.dials(&stage, "1", 1, 1).claims.remove(0);
        start(&stage, &card);
        PBX.report(&stage, &card.call, outcome.clone()).unwrap();
        tick_after(&stage, 4_000);
        assert_eq!(stage.report("c").dispositions[booked], 1, "{outcome:?}");
        let (answered, abandoned, _) = figures(&stage);
        assert_eq!((answered, abandoned), counts, "{outcome:?}");
    }
    let stage = staged(1, json!({}));
    let card = PBX.dials(&stage, "1", 1, 1).claims.remove(0);
    start(&stage, &card);
    let rang_out = Outcome { disposition: Some(Disposition::NoAnswer), ..ABANDONED };
    assert_eq!(PBX.report(&stage, &card.call, rang_out).unwrap_err().at.as_deref(), Some("/abandoned"));
}

#[test]
fn late_news_is_counted_once() {
    let stage = staged(1, json!({ "attempts": { "max": 1 } }));
    let card = PBX.dials(&stage, "1", 1, 1).claims.remove(0);
    start(&stage, &card);
    tick_after(&stage, 700_000);
    tick_after(&stage, 1_000);
    assert_eq!((stage.report("c").dispositions["unknown"], figures(&stage)), (1, (0, 0, None)));
    PBX.report(&stage, &card.call, ABANDONED).unwrap();
    tick_after(&stage, 4_000);
    tick_after(&stage, 4_000);
    assert_eq!((stage.report("c").dispositions["abandoned"], figures(&stage)), (1, (1, 1, Some(100.0))));
}

#[test]
fn a_dialler_holds_no_more_claims_than_agents_and_what_may_be_abandoned() {
    let stage = staged(60, json!({}));
    // Of hardly any calls one may be abandoned.
    let first = PBX.dials(&stage, "1", 20, 3);
    assert_eq!((first.claims.len(), first.held), (4, Some("abandonment")));
    assert!(PBX.dials(&stage, "2", 20, 3).claims.is_empty());
    assert_eq!(PBX.dials(&stage, "1", 20, 3).claims, first.claims, "the same request, the same claims");
    // Another dialler's claims are its own.
    assert_eq!(Agent("pbx-2").dials(&stage, "1", 20, 2).claims.len(), 3);

    // What is released, reported or taken back is held no more; a call that is on is.
    PBX.release(&stage, &first.claims[0].call).unwrap();
    start(&stage, &first.claims[1]);
    PBX.says(&stage, &first.claims[1].call, Disposition::Busy).unwrap();
    start(&stage, &first.claims[2]);
    assert_eq!(PBX.dials(&stage, "3", 20, 3).claims.len(), 2);
    for _ in 0..2 {
        tick_after(&stage, 76_000);
    }
    assert_eq!(PBX.dials(&stage, "4", 20, 3).claims.len(), 3);
    assert_eq!(PBX.dials(&stage, "5", 1, 9).held, None);
}

#[test]
fn it_slows_and_then_stops_and_begins_anew_when_the_share_is_back_within() {
    let stage = staged(300, json!({}));
    answered(&stage, 70, 0);
    tick_after(&stage, 1_000);
    assert_eq!(figures(&stage), (70, 0, Some(0.0)));
    assert_eq!(PBX.dials(&stage, "1", 20, 3).claims.len(), 5, "two may be abandoned");

    let stage = staged(300, json!({}));
    answered(&stage, 70, 2);
    let near = PBX.dials(&stage, "1", 20, 3);
    assert_eq!((near.claims.len(), near.held), (3, Some("abandonment")), "one an agent");
    assert!(!tick_after(&stage, 1_000).held.contains_key("abandonment"));

    let stage = staged(300, json!({}));
    answered(&stage, 70, 3);
    let report = tick_after(&stage, 1_000);
    assert!(report.held["abandonment"] > 0, "{report:?}");
    let above = PBX.dials(&stage, "1", 20, 3);
    assert_eq!((above.claims.len(), above.held), (0, Some("abandonment")));
    // Who is there before it rings abandons nobody, and what is answered brings the share back.
    answered(&stage, 34, 0);
    assert_eq!(figures(&stage), (104, 3, Some(2.88)));
    assert_eq!(PBX.dials(&stage, "2", 20, 3).claims.len(), 3);
}

#[test]
fn abandoned_calls_are_forgotten_after_a_day() {
    let stage = staged(20, json!({}));
    answered(&stage, 5, 2);
    for hour in 0..23 {
        tick_after(&stage, HOUR_MS);
        assert!(PBX.dials(&stage, &hour.to_string(), 9, 3).claims.is_empty());
    }
    tick_after(&stage, HOUR_MS);
    tick_after(&stage, HOUR_MS);
    assert_eq!(PBX.dials(&stage, "next day", 9, 3).claims.len(), 4);
    assert_eq!(figures(&stage), (0, 0, None));
}

#[test]
fn the_cap_is_the_campaigns_and_an_edit_acts_at_once() {
    let stage = staged(20, json!({ "rate": { "concurrent": 300, "abandonment_percent": 0 } }));
    assert_eq!(PBX.dials(&stage, "1", 9, 2).claims.len(), 2, "one an agent from the first call on");
    answered(&stage, 3, 1);
    assert!(PBX.dials(&stage, "2", 9, 9).claims.is_empty());
    stage.patch("c", json!({ "rate": { "abandonment_percent": 3 } }));
    assert_eq!(PBX.dials(&stage, "3", 9, 5).claims.len(), 3);
    assert_eq!(stage.report("c").abandonment.unwrap().cap_percent, 3.0);
}

#[test]
fn a_provider_abandons_nobody_and_its_calls_are_not_counted() {
    let mut stage = Stage::default();
    stage.campaign("c", json!({}));
    stage.upload("c", &people(2));
    stage.run_to_the_end(|_| Fate::ALL[0]);
    stage.patch("c", json!({ "mode": "assisted" }));
    assert_eq!(figures(&stage), (0, 0, None));
    stage.patch("c", json!({ "mode": "automated" }));
    assert_eq!(stage.report("c").abandonment, None);
}

#[test]
fn lines_that_are_taken_are_told_of() {
    let stage = staged(9, json!({ "rate": { "concurrent": 4 } }));
    assert_eq!(tick_after(&stage, 1_000).held["concurrent"], 5);
    let cards = Agent("a17").claim(&stage, "1", 4);
    assert_eq!(tick_after(&stage, 1_000).held["concurrent"], 5);
    for card in &cards {
        assert!(Agent("a17").start(&stage, &card.call).unwrap().go);
        Agent("a17").says(&stage, &card.call, Disposition::Promise).unwrap();
    }
    assert_eq!(tick_after(&stage, 4_000).held["concurrent"], 1);
    // Nobody waits any more.
    let cards = Agent("a17").claim(&stage, "2", 4);
    for card in &cards {
        assert!(Agent("a17").start(&stage, &card.call).unwrap().go);
        Agent("a17").says(&stage, &card.call, Disposition::Promise).unwrap();
    }
    assert_eq!(tick_after(&stage, 4_000).held.get("concurrent"), None);
}
