//! What a client or a service must not do, and what comes of it.

mod common;

use std::time::Duration;

use common::{Api, Service, order, twiml, with};
use dering_carrier::{Carrier, Mix, Options, Status};

const LONG: Duration = Duration::from_secs(60);
const TO: &str = "+628110000001";

fn promising() -> Options {
    Options { speed: 1000.0, mix: Mix { promise: 1.0, ..Mix::none() }, ..Options::default() }
}

#[tokio::test]
async fn a_wrong_order_is_refused_with_the_code_of_its_fault() {
    let service = Service::scripted().await;
    let carrier = Carrier::start(promising()).await.expect("started");
    let api = Api::new(&carrier);
    let good = order(&service, "c", TO);
    let long = "x".repeat(4001);
    let cases = [
        ("To", None, 21201),
        ("To", Some("08110000001"), 21211),
        ("To", Some("+6281"), 21211),
        ("From", None, 21213),
        ("From", Some("0215000"), 21212),
        ("From", Some("+62215999999"), 21210),
        ("Url", None, 21205),
        ("Url", Some("/hooks/twilio/c/answer"), 21205),
        ("Url", Some("ftp://h/x"), 21205),
        ("Method", Some("PUT"), 21205),
        ("StatusCallback", Some("hooks/status"), 21609),
        ("StatusCallback", Some("http://a_b/status"), 21609),
        ("StatusCallbackEvent", Some("initiated ringing"), 21626),
        ("Timeout", Some("601"), 21208),
        ("MachineDetection", Some("Premium"), 21207),
        ("Twiml", Some(long.as_str()), 32018),
    ];
    for (at, (name, value, code)) in cases.iter().enumerate() {
        let (status, body) = api.place(&with(good.clone(), name, *value)).await.expect("answered");
        assert_eq!((status, body["code"].as_u64()), (400, Some(*code)), "{name} {value:?}: {body}");
        assert_eq!(body["status"], 400);
        assert!(body["more_info"].as_str().is_some_and(|url| url.ends_with(&code.to_string())));
        assert_eq!(carrier.violations().len(), at + 1, "{:?}", carrier.violations());
    }
    let snapshot = carrier.snapshot();
    assert_eq!((snapshot.orders, snapshot.refused), (cases.len() as u64, cases.len() as u64));
    assert!(carrier.calls().is_empty());
}

#[tokio::test]
async fn credentials_paths_and_content_types_are_checked() {
    let service = Service::scripted().await;
    let carrier = Carrier::start(promising()).await.expect("started");
    let good = order(&service, "c", TO);
    let wrong = Api { password: "guess".into(), ..Api::new(&carrier) };
    let (status, body) = wrong.place(&good).await.expect("answered");
    assert_eq!((status, body["code"].as_u64()), (401, Some(20003)));
    let json = Api { content_type: "application/json", ..Api::new(&carrier) };
    let (status, body) = json.place(&good).await.expect("answered");
    assert_eq!((status, body["code"].as_u64()), (400, Some(21201)));
    let (status, body) = Api::new(&carrier).call("GET", "Nothing.json", &[]).await.expect("answered");
    assert_eq!((status, body["code"].as_u64()), (404, Some(20404)));
    assert_eq!(carrier.violations().len(), 4, "{:?}", carrier.violations());

    let Options { account_sid, auth_token, .. } = carrier.options().clone();
    let account = Api { user: account_sid, password: auth_token, ..Api::new(&carrier) };
    assert_eq!(account.place(&good).await.expect("answered").0, 201);
}

#[tokio::test]
async fn what_the_carrier_lets_pass_is_still_noted() {
    let service = Service::scripted().await;
    let carrier = Carrier::start(promising()).await.expect("started");
    let api = Api::new(&carrier);
    let mut form = with(order(&service, "c", TO), "Colour", Some("red"));
    form = with(form, "Twiml", Some("<Response/>"));
    form = with(form, "AsyncAmdStatusCallback", None);
    form.push(("Timeout".into(), "25".into()));
    assert_eq!(api.place(&form).await.expect("answered").0, 201);
    let noted = carrier.violations().join("\n");
    for word in ["Colour", "Timeout is given twice", "32019", "21262"] {
        assert!(noted.contains(word), "{word} is missing from {noted}");
    }
}

#[tokio::test]
async fn bad_answers_of_the_service_are_noted_and_end_the_call() {
    let cases: [(&str, (u16, &'static str, String)); 7] = [
        ("11200", (500, "text/xml", "<Response/>".into())),
        ("12300", (200, "", "<Response/>".into())),
        ("12300", (200, "text/plain", "<Response/>".into())),
        ("12100", (200, "text/xml", "<Response>".into())),
        ("11770", (200, "text/xml", String::new())),
        ("11750", (200, "text/xml", format!("<Response>{}</Response>", " ".repeat(65_536)))),
        ("element Speak", twiml("<Speak>x</Speak>")),
    ];
    for (word, answer) in cases {
        let service = {
            let answer = answer.clone();
            Service::start(Box::new(move |seen, _| (seen.step == "answer").then(|| answer.clone()))).await
        };
        let carrier = Carrier::start(promising()).await.expect("started");
        assert_eq!(Api::new(&carrier).place(&order(&service, "c", TO)).await.expect("answered").0, 201);
        assert!(carrier.idle(LONG).await);
        let noted = carrier.violations();
        assert!(matches!(noted.as_slice(), [only] if only.contains(word)), "{word}: {noted:?}");
        assert_eq!(service.of("c", "answer").len(), 1, "{word}");
        let record = &carrier.calls()[0];
        assert_eq!((record.status, record.heard.len()), (Status::Completed, 0));
        assert!(record.ended_delivered);
    }
}

#[tokio::test]
async fn the_fallback_is_asked_when_instructions_fail() {
    let service = Service::start(Box::new(|seen, _| (seen.step == "answer").then(|| (503, "", String::new())))).await;
    let carrier = Carrier::start(promising()).await.expect("started");
    let fallback = format!("{}/hooks/twilio/c/fallback", service.base);
    let form = with(order(&service, "c", TO), "FallbackUrl", Some(&fallback));
    assert_eq!(Api::new(&carrier).place(&form).await.expect("answered").0, 201);
    assert!(carrier.idle(LONG).await);
    let asked = service.of("c", "fallback");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].field("ErrorCode"), "11200");
    assert!(asked[0].field("ErrorUrl").ends_with("/answer"));
    assert_eq!(carrier.calls()[0].heard, [common::THANKS]);
}

#[tokio::test]
async fn a_conversation_that_goes_in_circles_ends() {
    let service = Service::start(Box::new(|seen, _| {
        (seen.step == "answer").then(|| twiml("<Redirect>/hooks/twilio/c/answer</Redirect>"))
    }))
    .await;
    let carrier = Carrier::start(promising()).await.expect("started");
    assert_eq!(Api::new(&carrier).place(&order(&service, "c", TO)).await.expect("answered").0, 201);
    assert!(carrier.idle(LONG).await);
    assert!(carrier.violations().join("\n").contains("circles"));
    assert_eq!(carrier.calls()[0].status, Status::Completed);
}

#[tokio::test]
async fn a_callback_with_a_bad_answer_is_noted() {
    let service = Service::start(Box::new(|seen, _| match seen.step.as_str() {
        "status" if seen.field("CallStatus") == "ringing" => Some((404, "", String::new())),
        "status" if seen.field("CallStatus") == "completed" => Some((200, "application/json", "{}".into())),
        _ => None,
    }))
    .await;
    let carrier = Carrier::start(promising()).await.expect("started");
    assert_eq!(Api::new(&carrier).place(&order(&service, "c", TO)).await.expect("answered").0, 201);
    assert!(carrier.idle(LONG).await);
    let noted = carrier.violations();
    assert!(
        matches!(noted.as_slice(), [a, b] if a.starts_with("11200") && a.contains("404") && b.starts_with("15003")),
        "{noted:?}"
    );
    assert_eq!(carrier.snapshot().webhooks_failed, 1);
}
