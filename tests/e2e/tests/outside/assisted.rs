//! Agents claim calls, get the go, and report; the report counts them like any other.

use crate::stage;
use dering_e2e::lists;
use http::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_claims_starts_and_reports_a_call() {
    let stage = stage().await;
    let mut list = lists::generated(3, lists::today()).unwrap();
    let kept = |(n, line): (usize, &str)| format!("{line};{}\r\n", if n == 0 { "AR" } else { "=Ibu Rekaan" });
    let file = String::from_utf8(list.file).unwrap();
    list.file = file.lines().enumerate().map(kept).collect::<String>().into_bytes();
    let mut campaign = stage.campaign("c");
    campaign["mode"] = json!("assisted");
    campaign["also_say"] = json!({ "id": ["Petugas Anda {extra.AR}."], "en": ["Your officer is {extra.AR}."] });
    let refused = stage.client.post("/v1/campaigns", &campaign).await.unwrap();
    assert!(refused.status == 422 && refused.text().contains("/also_say/id/0"), "{}", refused.text());
    campaign["keep_columns"] = json!(["AR"]);
    stage.begin(&campaign, &list).await.unwrap();
    stage.client.tick(0).await.unwrap();

    let claim = async |key: &str| {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        let body = json!({ "agent": "a17", "campaign": "c", "slots": 1 }).to_string();
        let answer = stage.client.send(Method::POST, "/v1/claims", &headers, body).await.unwrap();
        answer.success().unwrap().json::<Value>().unwrap()["claims"].as_array().unwrap().clone()
    };
    let claims = claim("first").await;
    assert_eq!((claims.len(), &claim("first").await), (1, &claims), "the same key, the same claims");
    let call = claims[0]["call"].as_str().unwrap();
    let numbers: Vec<String> = list.contacts().flat_map(|(_, phones)| phones.to_vec()).collect();
    assert!(numbers.iter().any(|n| claims[0]["number"] == n.as_str()), "{claims:?}");

    let message = claims[0]["screen"]["script"]["message"].as_str().unwrap();
    assert!(message.contains("=Ibu Rekaan."), "{message}");

    let path = |step: &str| format!("/v1/calls/{call}/{step}");
    let stranger = stage.client.post(&path("start"), &json!({ "agent": "b2" })).await.unwrap();
    assert_eq!(stranger.status, 403, "{}", stranger.text());
    for _ in 0..2 {
        let go = stage.client.post(&path("start"), &json!({ "agent": "a17" })).await.unwrap().success().unwrap();
        assert_eq!(go.json::<Value>().unwrap()["go"], true);
    }
    let outcome = json!({ "agent": "a17", "disposition": "promise", "talk_s": 40, "notes": "akan lapor besok" });
    for _ in 0..2 {
        let told = stage.client.post(&path("outcome"), &outcome).await.unwrap();
        assert_eq!(told.status, 204, "{}", told.text());
    }
    let begun = Instant::now();
    while stage.client.report("c").await.unwrap().ends["reached"] == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the outcome is not folded");
        stage.client.tick(0).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let report = stage.client.report("c").await.unwrap();
    assert_eq!((report.attempts, report.dispositions["promise"], report.ends["reached"]), (1, 1, 1), "{report:?}");
    assert!(report.balanced);
    let export =
        async |query: &str| stage.client.get(&format!("/v1/exports/attempts?campaign=c{query}")).await.unwrap();
    let noted: Value = export("&notes=true").await.success().unwrap().json().unwrap();
    assert_eq!((&noted["note"]["agent"], &noted["note"]["text"]), (&json!("a17"), &json!("akan lapor besok")));
    let bare = export("").await.text();
    assert!(!bare.contains("akan lapor") && !bare.contains("Rekaan"), "only for whoever asks for it: {bare}");
    let extra: Value = export("&extra=true").await.success().unwrap().json().unwrap();
    assert_eq!((&extra["extra"], extra.get("note")), (&json!({ "AR": "=Ibu Rekaan" }), None));
    let path = "/v1/exports/attempts?campaign=c&extra=true&notes=true";
    let table = stage.client.send(Method::GET, path, &[("accept", "text/csv")], "").await.unwrap().success().unwrap();
    let text = table.text();
    let lines: Vec<&str> = text.lines().collect();
    assert!(table.header("content-type").starts_with("text/csv") && lines.len() == 2, "{text}");
    assert!(lines[0].ends_with(";late;agent;note;noted_at;AR") && lines[1].ends_with(";'=Ibu Rekaan"), "{text}");
    assert!(lines[1].contains(";promise;40;") && lines[1].contains(";a17;akan lapor besok;"), "{text}");
    assert_eq!(export("&notes=all").await.status, 400);
    assert_eq!(stage.carrier.snapshot().orders, 0, "no provider dials in assisted mode");
    let nobody = stage.client.with_token("").post("/v1/claims", &json!({})).await.unwrap();
    assert_eq!(nobody.status, 401, "{}", nobody.text());
}
