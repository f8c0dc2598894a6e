//! A status callback costs exactly one durable commit and reads nothing.

use dering::attempt::CallId;
use dering_e2e::stage::{Plan, Stage};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

const CALLBACKS: u64 = 20;

fn counts(file: &Path) -> BTreeMap<String, u64> {
    let text = std::fs::read(file).unwrap_or_default();
    let json: Value = serde_json::from_slice(&text).unwrap_or_default();
    json.as_object().into_iter().flatten().filter_map(|(k, v)| Some((k.clone(), v.as_u64()?))).collect()
}

/// The counts once `key` has grown by `by`; the host writes them a moment after the fact.
async fn counts_after(file: &Path, before: &BTreeMap<String, u64>, key: &str, by: u64) -> BTreeMap<String, u64> {
    let begun = Instant::now();
    loop {
        let now = counts(file);
        let grown = now.get(key).copied().unwrap_or(0) - before.get(key).copied().unwrap_or(0);
        if grown >= by || begun.elapsed() > Duration::from_secs(10) {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_callback_is_one_set_and_no_read_and_a_forged_one_is_nothing() {
    if std::env::var_os("DERING_HOST").is_some() {
        println!("skipped: only the local host counts verbs");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counts.json");
    let stage = Stage::start(Plan { counts: Some(file.clone()), ..Plan::default() }).await.unwrap();
    let before = counts(&file);
    let id = CallId { shard: 0, ballot: 77, index: 3, valid_until_s: u32::MAX };
    let token = &stage.carrier.options().auth_token;
    let path = format!("/hooks/twilio/{}/status", id.seal(&stage.vault));
    let fields: Vec<(String, String)> = [
        ("CallSid", "CA00000000000000000000000000000001"),
        ("CallStatus", "completed"),
        ("CallDuration", "12"),
        ("SequenceNumber", "3"),
        ("CallbackSource", "call-progress-events"),
    ]
    .map(|(n, v)| (n.to_owned(), v.to_owned()))
    .to_vec();
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    let signature = dering_carrier::sign(token, &format!("{}{path}", stage.host.url()), &fields);
    let client = stage.client.with_token("");
    let post = |path: String, signature: String| {
        let (client, body) = (client.clone(), body.clone());
        async move {
            let headers =
                [("content-type", "application/x-www-form-urlencoded"), ("x-twilio-signature", signature.as_str())];
            client.send(http::Method::POST, &path, &headers, body).await.unwrap()
        }
    };
    for _ in 0..CALLBACKS {
        let answer = post(path.clone(), signature.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0), "{}", answer.text());
    }
    let after = counts_after(&file, &before, "set", CALLBACKS).await;
    let grown = |key: &str| after.get(key).copied().unwrap_or(0) - before.get(key).copied().unwrap_or(0);
    assert_eq!((grown("set"), grown("commits")), (CALLBACKS, CALLBACKS), "{after:?}");
    for verb in ["get", "get_many", "increment", "set_many", "delete", "delete_many"] {
        assert_eq!(grown(verb), 0, "{verb}: {after:?}");
    }

    // Forged: another signature, another call, a stranger's id. Nothing of it reaches the store.
    let mut wrong = signature.clone();
    wrong.replace_range(0..1, if signature.starts_with('A') { "B" } else { "A" });
    let other = CallId { index: 4, ..id }.seal(&stage.vault);
    for (path, signature) in [
        (path.clone(), wrong),
        (path.clone(), String::new()),
        (format!("/hooks/twilio/{other}/status"), signature.clone()),
        ("/hooks/twilio/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/status".to_owned(), signature.clone()),
    ] {
        let answer = post(path, signature).await;
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    // One genuine callback more, so that the counts are known to be written after the forged ones.
    post(path, signature).await;
    let last = counts_after(&file, &after, "set", 1).await;
    assert_eq!(last["set"] - after["set"], 1);
    assert_eq!(last["commits"] - after["commits"], 1);
}
