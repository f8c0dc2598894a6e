//! Calls from the order to the end, as the service that is called sees them.

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{Api, IDENTITY, MENU, OTHERS, Service, THANKS, order, twiml, with};
use dering_carrier::{Behaviour, Carrier, Mix, Options, Status, behaviour, officer_answers};

const LONG: Duration = Duration::from_secs(60);

fn fast(mix: Mix) -> Options {
    Options { speed: 500.0, mix, ..Options::default() }
}

/// Equal shares of everything.
fn even() -> Mix {
    Mix {
        no_answer: 1.0,
        busy: 1.0,
        invalid: 1.0,
        network_failure: 1.0,
        voicemail: 1.0,
        hangs_up: 1.0,
        silent: 1.0,
        wrong_number: 1.0,
        third_party: 1.0,
        promise: 1.0,
        asks_officer: 1.0,
        says_settled: 1.0,
        do_not_call: 1.0,
        informed: 1.0,
    }
}

fn number(at: usize) -> String {
    format!("+62811{at:07}")
}

/// What the keys, texts, ending, SIP code and verdict of machine detection must be.
fn expected(behaviour: Behaviour) -> (&'static str, Vec<&'static str>, Status, &'static str, Option<&'static str>) {
    let answered = |keys, heard, verdict| (keys, heard, Status::Completed, "200", Some(verdict));
    match behaviour {
        Behaviour::NoAnswer => ("", vec![], Status::NoAnswer, "487", None),
        Behaviour::Busy => ("", vec![], Status::Busy, "486", None),
        Behaviour::Invalid => ("", vec![], Status::Failed, "404", None),
        Behaviour::NetworkFailure => ("", vec![], Status::Failed, "503", None),
        Behaviour::Voicemail => answered("", vec![IDENTITY, THANKS], "machine_start"),
        Behaviour::HangsUp => answered("", vec![IDENTITY], "unknown"),
        Behaviour::Silent => answered("", vec![IDENTITY, THANKS], "human"),
        Behaviour::WrongNumber => answered("21", vec![IDENTITY, OTHERS, THANKS], "human"),
        Behaviour::ThirdParty => answered("22", vec![IDENTITY, OTHERS, THANKS], "human"),
        Behaviour::Promise => answered("11", vec![IDENTITY, MENU, THANKS], "human"),
        Behaviour::AsksOfficer => answered("12", vec![IDENTITY, MENU, THANKS], "human"),
        Behaviour::SaysSettled => answered("13", vec![IDENTITY, MENU, THANKS], "human"),
        Behaviour::DoNotCall => answered("19", vec![IDENTITY, MENU, THANKS], "human"),
        Behaviour::Informed => answered("1", vec![IDENTITY, MENU, THANKS], "human"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_ends_as_foretold_and_the_service_hears_of_it() {
    let service = Service::scripted().await;
    let carrier = Carrier::start(fast(even())).await.expect("started");
    let api = Api::new(&carrier);
    const CALLS: usize = 280;
    for at in 0..CALLS {
        let (status, body) = api.place(&order(&service, &format!("c{at}"), &number(at))).await.expect("answered");
        assert_eq!((status, body["status"].as_str()), (201, Some("queued")), "{body}");
        assert!(body["sid"].as_str().is_some_and(|sid| sid.len() == 34 && sid.starts_with("CA")));
        assert!(body["queue_time"].is_string());
    }
    assert!(carrier.idle(LONG).await, "{:?}", carrier.snapshot());
    assert_eq!(carrier.violations(), Vec::<String>::new());

    let mut met = BTreeMap::<Behaviour, u32>::new();
    let mut ends = BTreeMap::<Status, u64>::new();
    for (at, record) in carrier.calls().iter().enumerate() {
        let id = format!("c{at}");
        assert_eq!(record.call_id.as_ref(), Some(&id));
        let what = behaviour(1, &even(), &number(at), 0);
        assert_eq!(record.behaviour, what);
        *met.entry(what).or_default() += 1;
        *ends.entry(record.status).or_default() += 1;
        let (keys, heard, status, sip, verdict) = expected(what);
        assert_eq!((record.keys.as_str(), record.status, record.amd), (keys, status, verdict), "{record:?}");
        assert_eq!(record.heard, heard, "{record:?}");
        assert_eq!(
            record.transferred,
            what == Behaviour::AsksOfficer && officer_answers(1, &number(at), 0),
            "{record:?}"
        );
        assert!(record.ended_delivered);

        let callbacks = service.of(&id, "status");
        let told: Vec<&str> = callbacks.iter().map(|c| c.field("CallStatus")).collect();
        let mut course = vec!["initiated"];
        if !matches!(what, Behaviour::Busy | Behaviour::Invalid | Behaviour::NetworkFailure) {
            course.push("ringing");
        }
        if what.answers() {
            course.push("in-progress");
        }
        course.push(status.as_str());
        assert_eq!(told, course, "{what:?}");
        for (sequence, callback) in callbacks.iter().enumerate() {
            assert_eq!(callback.field("SequenceNumber"), sequence.to_string());
            assert_eq!(callback.field("CallbackSource"), "call-progress-events");
            assert!(callback.field("Timestamp").ends_with(" +0000"), "{callback:?}");
        }
        let end = callbacks.last().expect("an end");
        assert_eq!(end.field("SipResponseCode"), sip);
        assert_eq!(end.field("CallDuration"), record.duration.to_string());
        assert_eq!(end.fields.contains_key("Duration"), status == Status::Completed);

        let verdicts: Vec<_> = service.of(&id, "amd").iter().map(|c| c.field("AnsweredBy").to_owned()).collect();
        assert_eq!(verdicts, verdict.into_iter().collect::<Vec<_>>());
        if let Some(dialled) = service.of(&id, "dialled").first() {
            assert_eq!(dialled.field("DialBridged"), record.transferred.to_string());
            let status = if record.transferred { "completed" } else { "no-answer" };
            assert_eq!(dialled.field("DialCallStatus"), status);
        }
    }
    assert_eq!(met.len(), 14, "all behaviours are met: {met:?}");

    for seen in service.seen() {
        assert!(seen.signed, "{seen:?}");
        assert!(seen.field("CallSid").starts_with("CA") && !seen.field("AccountSid").is_empty(), "{seen:?}");
        let direction = match seen.step.as_str() {
            "amd" => continue,
            "whisper" => "outbound-dial",
            _ => "outbound-api",
        };
        assert_eq!(seen.field("Direction"), direction);
        assert_eq!((seen.field("From"), seen.field("To")), (seen.field("Caller"), seen.field("Called")));
        assert_eq!(seen.field("ApiVersion"), "2010-04-01");
    }
    let snapshot = carrier.snapshot();
    assert_eq!((snapshot.orders, snapshot.refused, snapshot.open), (CALLS as u64, 0, 0));
    assert_eq!((snapshot.queued, snapshot.ringing, snapshot.in_progress), (0, 0, 0));
    let of = |status| ends.get(&status).copied().unwrap_or_default();
    assert_eq!(
        (snapshot.completed, snapshot.busy, snapshot.no_answer, snapshot.failed),
        (of(Status::Completed), of(Status::Busy), of(Status::NoAnswer), of(Status::Failed))
    );
    assert_eq!((snapshot.webhooks_posted, snapshot.webhooks_failed), (service.seen().len() as u64, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_the_same_at_another_speed_and_in_another_order() {
    let mut runs = Vec::new();
    for (speed, backwards) in [(2000.0, false), (300.0, true)] {
        let service = Service::scripted().await;
        let carrier = Carrier::start(Options { speed, ..fast(even()) }).await.expect("started");
        let api = Api::new(&carrier);
        // Each number twice: what it does the second time is another matter.
        for round in 0..2 {
            for at in 0..40 {
                let at = if backwards { 39 - at } else { at };
                let form = order(&service, &format!("c{round}x{at}"), &number(at));
                assert_eq!(api.place(&form).await.expect("answered").0, 201);
            }
        }
        assert!(carrier.idle(LONG).await);
        let mut calls: Vec<_> = carrier
            .calls()
            .into_iter()
            .map(|r| (r.to, r.nth, r.sid, r.behaviour, r.status, r.keys, r.heard, r.duration, r.transferred, r.amd))
            .collect();
        calls.sort();
        runs.push(calls);
    }
    assert_eq!(runs[0].len(), 80);
    assert_eq!(runs[0], runs[1]);
}

#[test]
fn behaviours_come_in_their_shares_and_follow_the_seed() {
    let mix = Mix { no_answer: 3.0, busy: 1.0, invalid: 2.0, promise: 4.0, ..Mix::none() };
    let draw = |seed, nth| -> Vec<_> { (0..20_000).map(|at| behaviour(seed, &mix, &number(at), nth)).collect() };
    let first = draw(7, 0);
    for (what, share) in
        [(Behaviour::NoAnswer, 0.3), (Behaviour::Busy, 0.1), (Behaviour::Invalid, 0.2), (Behaviour::Promise, 0.4)]
    {
        let found = first.iter().filter(|b| **b == what).count() as f64 / 20_000.0;
        // Five standard deviations of a share of 0.4 in 20000.
        assert!((found - share).abs() < 0.0175, "{what:?}: {found}");
    }
    assert_ne!(first, draw(8, 0));
    let again = draw(7, 1);
    assert_ne!(first, again);
    let invalid = |all: &[Behaviour]| all.iter().map(|b| *b == Behaviour::Invalid).collect::<Vec<_>>();
    assert_eq!(invalid(&first), invalid(&again), "a number that does not exist never does");
    assert_eq!(behaviour(1, &Mix::none(), "+628110000001", 0), Behaviour::NoAnswer);
}

#[tokio::test]
async fn a_machine_is_told_at_the_time_that_was_asked_for() {
    let service = Service::scripted().await;
    let carrier = Carrier::start(fast(Mix { voicemail: 1.0, ..Mix::none() })).await.expect("started");
    let api = Api::new(&carrier);
    let until_end = with(order(&service, "end", &number(1)), "MachineDetection", Some("DetectMessageEnd"));
    let in_time = with(until_end.clone(), "To", Some(&number(2)));
    let too_late = with(in_time, "MachineDetectionTimeout", Some("5"));
    let too_late = with(too_late, "AsyncAmdStatusCallback", Some(&format!("{}/hooks/twilio/late/amd", service.base)));
    let silent = with(order(&service, "sync", &number(3)), "AsyncAmd", None);
    let silent = with(silent, "AsyncAmdStatusCallback", None);
    for form in [&until_end, &too_late, &silent] {
        assert_eq!(api.place(form).await.expect("answered").0, 201);
    }
    assert!(carrier.idle(LONG).await);
    assert_eq!(carrier.violations(), Vec::<String>::new());
    assert_eq!(service.of("end", "amd")[0].field("AnsweredBy"), "machine_end_beep");
    assert_eq!(service.of("late", "amd")[0].field("AnsweredBy"), "unknown");
    // Without AsyncAmd the verdict comes with the request for instructions.
    assert_eq!(service.of("sync", "answer")[0].field("AnsweredBy"), "machine_start");
    assert!(service.of("sync", "amd").is_empty());
}

#[tokio::test]
async fn a_call_is_cut_at_its_time_limit_and_by_a_machine_that_is_full() {
    let service = Service::start(Box::new(|seen, _| {
        (seen.step == "answer").then(|| twiml("<Pause length=\"100\"/><Say>Masih di sana?</Say>"))
    }))
    .await;
    let mix = Mix { voicemail: 1.0, silent: 1.0, ..Mix::none() };
    let carrier = Carrier::start(fast(mix.clone())).await.expect("started");
    let api = Api::new(&carrier);
    for at in 0..20 {
        let form = with(order(&service, &format!("c{at}"), &number(at)), "TimeLimit", Some("90"));
        assert_eq!(api.place(&form).await.expect("answered").0, 201);
    }
    assert!(carrier.idle(LONG).await);
    let mut lengths: Vec<_> = carrier.calls().iter().map(|r| (r.behaviour, r.duration, r.heard.len())).collect();
    lengths.sort();
    lengths.dedup();
    assert_eq!(lengths, [(Behaviour::Voicemail, 28, 0), (Behaviour::Silent, 90, 0)]);
}

#[tokio::test]
async fn a_call_can_be_looked_up_and_called_off() {
    let service = Service::scripted().await;
    // Slow enough to be caught ringing: it would ring for a minute.
    let mix = Mix { no_answer: 1.0, ..Mix::none() };
    let carrier = Carrier::start(Options { speed: 10.0, ..fast(mix) }).await.expect("started");
    let api = Api::new(&carrier);
    let form = with(order(&service, "c1", &number(1)), "Timeout", Some("600"));
    let (_, placed) = api.place(&form).await.expect("answered");
    let path = format!("Calls/{}.json", placed["sid"].as_str().expect("a sid"));
    let deadline = tokio::time::Instant::now() + LONG;
    loop {
        let (status, call) = api.call("GET", &path, &[]).await.expect("answered");
        assert_eq!(status, 200);
        if call["status"] == "ringing" {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{call}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let cancel = [("Status".to_owned(), "canceled".to_owned())];
    assert_eq!(api.call("POST", &path, &cancel).await.expect("answered").0, 200);
    assert!(carrier.idle(LONG).await);
    assert_eq!(service.of("c1", "status").last().expect("an end").field("CallStatus"), "canceled");
    assert_eq!(carrier.snapshot().canceled, 1);
    let (status, over) = api.call("POST", &path, &cancel).await.expect("answered");
    assert_eq!((status, over["code"].as_u64()), (400, Some(21220)));

    let (_, list) = api.call("GET", "Calls.json?To=%2B628110000001&PageSize=1", &[]).await.expect("answered");
    assert_eq!(list["calls"][0]["sid"], placed["sid"]);
    assert!(list["next_page_uri"].is_null());
    let (_, none) = api.call("GET", "Calls.json?Status=completed", &[]).await.expect("answered");
    assert_eq!(none["calls"], serde_json::json!([]));
    assert_eq!(carrier.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_inbound_call_obeys_its_instructions() {
    let service = Service::start(Box::new(|seen, _| match (seen.call.as_str(), seen.field("From")) {
        ("inbound", "+628119999999") => Some(twiml("<Reject reason=\"busy\"/>")),
        ("inbound", "+628110000000") => Some((500, "", String::new())),
        ("inbound", _) => Some(twiml(
            "<Gather numDigits=\"4\" action=\"http://nowhere.invalid\"><Say>Diam saja.</Say></Gather>\
             <Gather numDigits=\"4\" action=\"/hooks/twilio/in/menu\"><Say>Empat angka.</Say></Gather>",
        )),
        _ => None,
    }))
    .await;
    let carrier = Carrier::start(fast(Mix::default())).await.expect("started");
    let record = carrier.inbound(&service.base, "+628112345678", ".1234").await.expect("instructions");
    assert_eq!((record.status, record.keys.as_str()), (Status::Completed, "1234"));
    assert_eq!(record.heard, ["Diam saja.", "Empat angka.", THANKS]);
    let first = &service.of("inbound", "")[0];
    assert_eq!((first.field("CallStatus"), first.field("Direction")), ("ringing", "inbound"));
    assert_eq!(service.of("in", "menu")[0].field("Digits"), "1234");
    assert!(service.seen().iter().all(|seen| seen.signed));
    assert_eq!(carrier.violations(), Vec::<String>::new());

    let refused = carrier.inbound(&service.base, "+628119999999", "").await.expect("instructions");
    assert_eq!((refused.status, refused.rejected.as_deref()), (Status::Busy, Some("busy")));
    assert!(carrier.inbound(&service.base, "+628110000000", "").await.is_err());
    assert_eq!(carrier.violations().len(), 1);
}
