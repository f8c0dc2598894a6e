//! The price of a callback: one durable commit, no read.

use std::time::{Duration, Instant};

use dering::attempt::CallId;
use dering_e2e::host;
use dering_e2e::stage::{Plan, Stage};
use http::Method;
use serde_json::Value;

fn counts(file: &std::path::Path) -> Value {
    std::fs::read(file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_callback_is_one_commit_and_no_read() {
    if host::is_spin() {
        eprintln!("only the local host counts");
        return;
    }
    const CALLBACKS: u64 = 40;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counts.json");
    let stage = Stage::start(Plan { counts: Some(file.clone()), ..Plan::default() }).await.unwrap();
    let before = counts(&file);
    for n in 0..CALLBACKS {
        let call = CallId { shard: 0, ballot: 1 + n, index: 0, valid_until_s: u32::MAX }.seal(&stage.vault);
        let url = format!("{}/hooks/twilio/{call}/status", stage.host.url());
        let fields: Vec<(String, String)> = [
            ("CallSid", format!("CA{n:032x}").as_str()),
            ("AccountSid", &stage.carrier.options().account_sid),
            ("CallStatus", if n % 2 == 0 { "completed" } else { "busy" }),
            ("CallDuration", "12"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let signature = dering_carrier::sign(&stage.carrier.options().auth_token, &url, &fields);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let path = format!("/hooks/twilio/{call}/status");
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("x-twilio-signature", signature.as_str())];
        let answer = stage.client.with_token("").send(Method::POST, &path, &headers, body).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0), "{}", answer.text());
    }
    // The file is written when the counts have changed, not when they are asked for.
    let since = |name: &str| counts(&file)[name].as_u64().unwrap_or(0) - before[name].as_u64().unwrap_or(0);
    let begun = Instant::now();
    while since("set") < CALLBACKS && begun.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((since("set"), since("commits")), (CALLBACKS, CALLBACKS));
    for verb in ["get", "get_many", "set_many", "delete", "delete_many", "increment"] {
        assert_eq!(since(verb), 0, "{verb}");
    }
}
