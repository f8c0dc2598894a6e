//! What the stories of [`dering_sim::life`] found in the engine, each as the shortest story that shows it.

use dering::attempt::{Ending, Event, News, Said};
use dering::store::Store;
use dering::suppression;
use dering_sim::tick::{Fate, Outside, Stage, drive, people};
use serde_json::json;

const RANG_OUT: Fate = Fate::Network(503, dering::attempt::Disposition::Failed);

/// One person whose first call failed in the network, and is to be called again after a minute.
fn once_called() -> Stage {
    let mut stage = Stage::default();
    stage.campaign("c", json!({ "attempts": { "retry": { "failed": "1m" } } }));
    stage.upload("c", &people(1));
    assert_eq!(stage.tick().placed, 1);
    stage.deliver(|_| RANG_OUT);
    stage.clock.advance(4_000);
    assert_eq!(stage.tick().folded, 1);
    assert_eq!(stage.report("c").retrying, 1);
    stage
}

#[test]
fn a_limit_lowered_while_a_retry_waits_holds_for_it() {
    let mut stage = once_called();
    stage.campaign("c", json!({ "attempts": { "max": 1, "retry": { "failed": "1m" } } }));
    stage.run_to_the_end(|_| RANG_OUT);
    assert_eq!((stage.carrier.orders().len(), stage.report("c").ends["exhausted"]), (1, 1));
}

#[test]
fn a_days_limit_lowered_while_a_retry_waits_holds_for_it() {
    let stage = once_called();
    stage.campaign("c", json!({ "attempts": { "per_day": 1, "retry": { "failed": "1m" } } }));
    stage.clock.advance(120_000);
    assert_eq!((stage.tick().claimed, stage.report("c").retrying), (0, 1));
    stage.clock.advance(24 * 3_600_000);
    assert_eq!(stage.tick().claimed, 1);
}

/// The key was pressed, the line broke, and what the voice flow wrote came in only after the call had been folded.
#[test]
fn a_request_heard_after_its_call_was_folded_holds_at_once() {
    let mut stage = Stage::default();
    let list = people(1);
    stage.campaign("c", json!({}));
    stage.upload("c", &list);
    assert_eq!(stage.tick().placed, 1);
    let call = stage.carrier.orders()[0].call;
    stage.tell(&call, News::Ended { ending: Ending::Completed, talk_s: Some(9), sip: None, answered_by: None });
    stage.clock.advance(4_000);
    assert_eq!(stage.tick().folded, 1);

    let event = Event { at_ms: stage.clock.now_ms(), news: News::Dialog(Said::DoNotCall) };
    let pair = (event.key(&call), event.encode());
    let written = suppression::asked_in_call(&stage.vault, &Stage::phone(&list[0]), pair, event.at_ms);
    drive(&stage.clock, stage.store.set_many(&written)).unwrap().unwrap();
    stage.run_to_the_end(|_| Fate::HungUp);
    assert_eq!((stage.carrier.orders().len(), stage.report("c").ends["suppressed"]), (1, 1));
}

/// Two campaigns show one number, one of them at most once in five seconds; the clocks of two hosts differ.
#[test]
fn a_number_keeps_the_rate_of_the_slower_of_two_campaigns() {
    let (rate, skew_ms) = (0.2, 3_000);
    let stage = Stage::default();
    let limits = |rate: f64| json!({ "rate": { "per_caller_id": { "calls_per_second": rate } } });
    stage.campaign("slow", limits(rate));
    stage.campaign("fast", limits(20.0));
    stage.upload("slow", &people(40));
    let outside = Outside::new(&stage);
    for n in 0..200 {
        outside.skew_ms.set(if n % 2 == 0 { skew_ms } else { 0 });
        outside.tick();
        stage.clock.advance(300);
    }
    let at_ms: Vec<i64> = outside.seen().iter().map(|order| order.at_ms).collect();
    assert!(at_ms.len() > 10, "{at_ms:?}");
    for (from, first) in at_ms.iter().enumerate() {
        for (to, last) in at_ms.iter().enumerate().skip(from) {
            let window_s = (last - first + 1 + 250 + skew_ms) as f64 / 1_000.0;
            assert!((to - from + 1) as f64 <= (rate * window_s).ceil(), "{:?}", &at_ms[from..=to]);
        }
    }
}
