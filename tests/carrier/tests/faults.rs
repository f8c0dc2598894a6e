//! Faults: they happen as often as counted, and nothing else does.

mod common;

use std::collections::HashMap;
use std::time::Duration;

use common::{Api, Service, order, with};
use dering_carrier::{Carrier, FaultCounts, Faults, Mix, Options};

const LONG: Duration = Duration::from_secs(60);

fn number(at: usize) -> String {
    format!("+62812{at:07}")
}

fn promising(faults: Faults) -> Options {
    Options { speed: 1000.0, mix: Mix { promise: 1.0, ..Mix::none() }, faults, ..Options::default() }
}

/// Each call fires this many callbacks: four of progress, one verdict.
const CALLBACKS: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spoiled_answers_are_what_the_client_sees() {
    let service = Service::scripted().await;
    let faults = Faults {
        reply_429: 0.15,
        reply_500_before: 0.15,
        reply_500_after: 0.15,
        lose_reply: 0.15,
        slow: 0.15,
        ..Faults::default()
    };
    let carrier = Carrier::start(promising(faults)).await.expect("started");
    let api = Api::new(&carrier);
    let mut seen = HashMap::<u16, u64>::new();
    for at in 0..200 {
        let form = order(&service, &format!("c{at}"), &number(at));
        let status = api.place(&form).await.map_or(0, |(status, _)| status);
        *seen.entry(status).or_default() += 1;
    }
    assert!(carrier.idle(LONG).await);
    let snapshot = carrier.snapshot();
    let made = snapshot.faults.clone();
    let of = |status| seen.get(&status).copied().unwrap_or_default();
    assert_eq!(of(429), made.reply_429);
    assert_eq!(of(500), made.reply_500_before + made.reply_500_after);
    assert_eq!(of(0), made.lose_reply);
    assert_eq!(of(201), 200 - of(429) - of(500) - of(0));
    assert_eq!(snapshot.refused, made.reply_429 + made.reply_500_before);
    assert_eq!(carrier.calls().len() as u64, 200 - snapshot.refused);
    assert_eq!(snapshot.completed, 200 - snapshot.refused);
    let each = [made.reply_429, made.reply_500_before, made.reply_500_after, made.lose_reply, made.slow];
    assert!(each.iter().all(|count| *count > 5), "{made:?}");
    assert_eq!(carrier.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_are_lost_repeated_overtaken_and_late_as_counted() {
    let service = Service::scripted().await;
    let faults = Faults { duplicate: 0.2, reorder: 0.2, delay: 0.2, lose: 0.2, ..Faults::default() };
    let carrier = Carrier::start(promising(faults)).await.expect("started");
    let api = Api::new(&carrier);
    for at in 0..100 {
        let form = order(&service, &format!("c{at}"), &number(at));
        assert_eq!(api.place(&form).await.expect("answered").0, 201);
    }
    assert!(carrier.idle(LONG).await);
    let made = carrier.snapshot().faults;
    let arrived = service.seen().iter().filter(|s| matches!(s.step.as_str(), "status" | "amd")).count() as u64;
    assert_eq!(arrived, 100 * CALLBACKS - made.lose + made.duplicate);
    assert!([made.duplicate, made.reorder, made.delay, made.lose].iter().all(|n| *n > 20), "{made:?}");
    for (at, record) in carrier.calls().iter().enumerate() {
        let ends =
            service.of(&format!("c{at}"), "status").iter().filter(|s| s.field("CallStatus") == "completed").count();
        assert_eq!(record.ended_delivered, ends > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overtaken_callbacks_arrive_after_their_successor() {
    let service = Service::scripted().await;
    let carrier = Carrier::start(promising(Faults { reorder: 0.3, ..Faults::default() })).await.expect("started");
    let api = Api::new(&carrier);
    for at in 0..60 {
        // Without machine detection all callbacks of a call are numbered.
        let mut form = order(&service, &format!("c{at}"), &number(at));
        for name in ["MachineDetection", "AsyncAmd", "AsyncAmdStatusCallback"] {
            form = with(form, name, None);
        }
        assert_eq!(api.place(&form).await.expect("answered").0, 201);
    }
    assert!(carrier.idle(LONG).await);
    let mut overtaken = 0;
    for at in 0..60 {
        let order: Vec<u32> = service
            .of(&format!("c{at}"), "status")
            .iter()
            .map(|s| s.field("SequenceNumber").parse().expect("a number"))
            .collect();
        assert_eq!(order.len(), 4);
        overtaken += order.windows(2).filter(|pair| pair[0] > pair[1]).count() as u64;
    }
    assert!(overtaken > 10);
    assert_eq!(carrier.snapshot().faults, FaultCounts { reorder: overtaken, ..FaultCounts::default() });
}

#[tokio::test]
async fn tries_follow_the_overrides_of_the_url() {
    // The first two requests of each kind fail.
    let service = Service::start(Box::new(|_, earlier| (earlier < 2).then(|| (503, "", String::new())))).await;
    let carrier = Carrier::start(promising(Faults::default())).await.expect("started");
    let api = Api::new(&carrier);
    for (id, fragment) in [("plain", ""), ("patient", "#rc=2&rp=ct,5xx")] {
        let mut form = order(&service, id, &number(id.len()));
        form = with(form, "StatusCallbackEvent", Some("completed"));
        for name in ["MachineDetection", "AsyncAmd", "AsyncAmdStatusCallback"] {
            form = with(form, name, None);
        }
        for (name, step) in [("Url", "answer"), ("StatusCallback", "status")] {
            form = with(form, name, Some(&format!("{}/hooks/twilio/{id}/{step}{fragment}", service.base)));
        }
        assert_eq!(api.place(&form).await.expect("answered").0, 201);
    }
    assert!(carrier.idle(LONG).await);
    assert_eq!((service.of("plain", "answer").len(), service.of("plain", "status").len()), (1, 1));
    assert_eq!((service.of("patient", "answer").len(), service.of("patient", "status").len()), (3, 3));
    assert!(service.seen().iter().all(|seen| seen.signed), "the fragment is not signed");
    let delivered: Vec<_> = carrier.calls().iter().map(|r| (r.call_id.clone(), r.ended_delivered)).collect();
    assert_eq!(delivered, [(Some("plain".into()), false), (Some("patient".into()), true)]);
}

#[tokio::test]
async fn a_persistent_carrier_outlasts_an_outage_of_the_service() {
    let service = Service::start(Box::new(|seen, earlier| {
        (seen.step == "status" && earlier < 4).then(|| (503, "", String::new()))
    }))
    .await;
    let options =
        Options { max_redeliveries: 4, redelivery_pause: Duration::from_millis(5), ..promising(Faults::default()) };
    let carrier = Carrier::start(options).await.expect("started");
    let form = with(order(&service, "c", &number(1)), "StatusCallbackEvent", Some("completed"));
    assert_eq!(Api::new(&carrier).place(&form).await.expect("answered").0, 201);
    assert!(carrier.idle(LONG).await);
    assert_eq!(service.of("c", "status").len(), 5);
    assert!(carrier.calls()[0].ended_delivered);
    assert_eq!(carrier.snapshot().webhooks_failed, 0);
}

#[tokio::test]
async fn a_service_that_is_gone_ends_the_call_and_loses_the_callbacks() {
    let service = Service::scripted().await;
    let carrier = Carrier::start(promising(Faults::default())).await.expect("started");
    // Nobody listens on port 1 (tcpmux) any more.
    let gone = "http://127.0.0.1:1";
    let form: Vec<_> = order(&service, "c", &number(1))
        .into_iter()
        .map(|(name, value)| (name, value.replace(&service.base, gone)))
        .collect();
    assert_eq!(Api::new(&carrier).place(&form).await.expect("answered").0, 201);
    assert!(carrier.idle(LONG).await);
    let snapshot = carrier.snapshot();
    // Every webhook is tried twice: one for instructions, and the callbacks.
    assert_eq!((snapshot.webhooks_failed, snapshot.webhooks_posted), (1 + CALLBACKS, 2 * (1 + CALLBACKS)));
    assert_eq!(snapshot.completed, 1);
    assert!(!carrier.calls()[0].ended_delivered);
    assert_eq!(carrier.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_carrier_that_is_down_cuts_connections_and_comes_back() {
    let service = Service::scripted().await;
    let carrier = Carrier::start(promising(Faults::default())).await.expect("started");
    let api = Api::new(&carrier);
    carrier.set_down(true);
    assert_eq!(api.place(&order(&service, "c1", &number(1))).await, None);
    carrier.set_down(false);
    assert_eq!(api.place(&order(&service, "c2", &number(2))).await.expect("answered").0, 201);
    assert!(carrier.idle(LONG).await);
    let calls = carrier.calls();
    assert!(matches!(calls.as_slice(), [only] if only.call_id.as_deref() == Some("c2")), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_calls_at_once() {
    let service = Service::scripted().await;
    let carrier = Carrier::start(Options { speed: 20.0, ..promising(Faults::default()) }).await.expect("started");
    let api = Api::new(&carrier);
    const CALLS: usize = 2000;
    for at in 0..CALLS {
        let form = with(order(&service, &format!("c{at}"), &number(at)), "StatusCallbackEvent", Some("completed"));
        assert_eq!(api.place(&form).await.expect("answered").0, 201);
    }
    assert!(carrier.idle(LONG).await, "{:?}", carrier.snapshot());
    let snapshot = carrier.snapshot();
    assert_eq!((snapshot.completed, snapshot.webhooks_failed), (CALLS as u64, 0));
    assert!(carrier.calls().iter().all(|record| record.keys == "11" && record.ended_delivered));
}
