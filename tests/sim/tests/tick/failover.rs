//! A call that one provider surely did not place goes to the campaign's next: once, at no cost to the contact.

use dering::attempt::{Disposition, Ending, News};
use dering::provider::Provider;
use dering_sim::tick::{Outside, Reply, Seen, Stage, people};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const CONTACTS: u32 = 60;
const IDS: [&str; 2] = ["+622150000001", "+622150000002"];

fn staged(changes: Value) -> Stage {
    let stage = Stage::default();
    stage.campaign("c", json!({ "providers": ["twilio", "telnyx"], "rate": { "calls_per_second": 10.0 } }));
    stage.patch("c", changes);
    stage.upload("c", &people(CONTACTS));
    stage
}

/// Ticks for so long; whoever is placed talks and hangs up. All orders.
fn run(outside: &Outside<'_>, ms: i64, placed: impl Fn(&Seen) -> bool) -> Vec<Seen> {
    let until_ms = outside.stage.clock.now_ms() + ms;
    let mut all = Vec::new();
    let end = News::Ended { ending: Ending::Completed, talk_s: Some(3), sip: None, answered_by: None };
    while outside.stage.clock.now_ms() < until_ms {
        outside.tick();
        let seen = outside.take();
        seen.iter().filter(|o| placed(o)).for_each(|o| outside.stage.tell(&o.call, end.clone()));
        all.extend(seen);
        outside.stage.clock.advance(1_000);
    }
    all
}

fn by(provider: Provider, orders: &[Seen]) -> Vec<&Seen> {
    orders.iter().filter(|o| o.provider == provider).collect()
}

fn persons<'a>(orders: impl IntoIterator<Item = &'a Seen>) -> BTreeSet<&'a str> {
    orders.into_iter().map(|o| o.to.as_str()).collect()
}

fn by_telnyx(order: &Seen) -> bool {
    order.provider == Provider::Telnyx
}

#[test]
fn what_one_surely_refused_the_next_places_once() {
    for refusal in [
        // Our account there is closed; it is not reached; it is busy for now, or for long; it blocks the destination.
        Reply::Refused(401, 20003, None),
        Reply::NotReached,
        Reply::Refused(429, 20429, None),
        Reply::Refused(429, 20429, Some(600)),
        Reply::Refused(403, 21216, None),
    ] {
        let stage = staged(json!({}));
        let outside = Outside::new(&stage);
        outside.answers(move |o| if by_telnyx(o) { Reply::Taken } else { refusal });
        let orders = run(&outside, 120_000, by_telnyx);
        let placed = by(Provider::Telnyx, &orders);
        assert_eq!((placed.len(), persons(placed).len()), (60, 60), "{refusal:?}");
        let refused = by(Provider::Twilio, &orders).len();
        assert!(refused > 0, "{refusal:?}");
        // No claim was ordered twice.
        let calls: BTreeSet<_> = orders.iter().map(|o| (o.call.ballot, o.call.index)).collect();
        assert_eq!(calls.len(), orders.len(), "{refusal:?}");
        // The refusals cost nobody an attempt.
        let report = stage.report("c");
        assert_eq!(report.attempts, 60, "{refusal:?}");
        let attempts = stage.attempts("c");
        assert!(attempts.iter().all(|a| a.attempt == 1), "{refusal:?}");
        let unplaced = attempts.iter().filter(|a| a.disposition == Disposition::NotPlaced).count();
        assert!(unplaced >= refused, "{unplaced} of {refused}: {refusal:?}");
    }
}

#[test]
fn what_may_have_rung_is_left_to_nobody_else() {
    let stage = staged(json!({ "call": { "unknown_after": "90s" } }));
    let outside = Outside::new(&stage);
    outside.answers(|o| if by_telnyx(o) { Reply::Taken } else { Reply::Lost });
    let orders = run(&outside, 60_000, by_telnyx);
    let (lost, placed) = (by(Provider::Twilio, &orders), by(Provider::Telnyx, &orders));
    let (lost_to, placed_to) = (persons(lost.iter().copied()), persons(placed.iter().copied()));
    // Five in a row, and the probes of half a minute later.
    assert!((5..=8).contains(&lost.len()), "{}", lost.len());
    assert_eq!((lost_to.len(), placed_to.len()), (lost.len(), placed.len()));
    assert!(lost_to.is_disjoint(&placed_to));
    assert_eq!(lost.len() + placed.len(), 60);
}

#[test]
fn a_number_that_cannot_be_called_is_offered_to_nobody_else() {
    let stage = staged(json!({}));
    let outside = Outside::new(&stage);
    outside.answers(|_| Reply::Refused(400, 21211, None));
    let orders = run(&outside, 60_000, |_| false);
    assert_eq!((by(Provider::Twilio, &orders).len(), orders.len()), (60, 60));
}

#[test]
fn the_first_is_asked_again_when_its_rest_is_over() {
    let stage = staged(json!({ "rate": { "calls_per_second": 1.0 } }));
    let outside = Outside::new(&stage);
    let begun_ms = stage.clock.now_ms();
    let resting = move |o: &Seen| o.at_ms < begun_ms + 1_000 && !by_telnyx(o);
    outside.answers(move |o| if resting(o) { Reply::Refused(429, 20429, Some(20)) } else { Reply::Taken });
    let orders = run(&outside, 59_000, |o| !resting(o));
    let (first, next) = (by(Provider::Twilio, &orders), by(Provider::Telnyx, &orders));
    assert!(next.len() >= 12 && next.iter().all(|o| o.at_ms < begun_ms + 25_000), "{}", next.len());
    assert!(first.len() >= 25 && first[1].at_ms >= begun_ms + 20_000, "{}", first.len());
}

/// Found when the next provider was down: whoever the first had refused was offered to it again every few seconds.
#[test]
fn when_nobody_else_is_to_be_had_it_is_tried_again_after_a_pause() {
    // Each of them refuses the call; the next is down, and soon left alone; the next is not configured.
    for next in [Some(Reply::Refused(401, 20003, None)), Some(Reply::NotReached), None] {
        let stage = staged(json!({}));
        let mut outside = Outside::new(&stage);
        if next.is_none() {
            outside.providers = vec![Provider::Twilio];
        }
        outside.answers(move |o| match (o.provider, next) {
            (Provider::Telnyx, Some(reply)) => reply,
            _ => Reply::Refused(403, 21216, None),
        });
        let orders = run(&outside, 50_000, |_| false);
        let mut of: BTreeMap<&str, Vec<Provider>> = BTreeMap::new();
        orders.iter().for_each(|o| of.entry(&o.to).or_default().push(o.provider));
        assert_eq!(of.len(), 60, "{next:?}");
        let first_twice = of.values().filter(|asked| asked.iter().filter(|p| **p == Provider::Twilio).count() > 1);
        // Those who were on their way to the next when it was left alone.
        assert!(first_twice.count() <= 25 && of.values().all(|asked| asked.len() <= 3), "{next:?}: {of:?}");
        let both = of.values().filter(|asked| asked.starts_with(&[Provider::Twilio, Provider::Telnyx])).count();
        assert_eq!(both > 0, next.is_some(), "{of:?}");
        assert_eq!(stage.report("c").attempts, 0, "{next:?}");
    }
}

#[test]
fn one_that_takes_none_of_the_caller_ids_is_passed_over() {
    let stage = staged(json!({ "caller_ids": IDS }));
    let outside = Outside::new(&stage);
    outside.answers(|o| if by_telnyx(o) { Reply::Taken } else { Reply::Refused(400, 21210, None) });
    let orders = run(&outside, 60_000, by_telnyx);
    let (refused, placed) = (by(Provider::Twilio, &orders), by(Provider::Telnyx, &orders));
    assert_eq!(refused.iter().map(|o| o.from.as_str()).collect::<BTreeSet<_>>(), IDS.into());
    assert_eq!((placed.len(), persons(placed).len()), (60, 60));
    let out = stage.report("c").caller_ids_out;
    assert_eq!(out.iter().map(|o| o.provider).collect::<Vec<_>>(), ["twilio", "twilio"]);
}

#[test]
fn one_that_is_not_configured_is_passed_over() {
    let stage = staged(json!({}));
    let mut outside = Outside::new(&stage);
    outside.providers = vec![Provider::Telnyx];
    let orders = run(&outside, 60_000, |_| true);
    assert_eq!((by(Provider::Telnyx, &orders).len(), orders.len()), (60, 60));
    outside.providers = Vec::new();
    stage.upload("c", &{
        let mut more = people(70);
        more.drain(..60);
        more
    });
    assert_eq!(outside.tick().held["not_configured"], 10);
}
