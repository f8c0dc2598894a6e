//! What cannot be taken is refused clearly: a problem document (RFC 9457) with a stable code and what to do, whatever was
//! sent; nothing is kept of it, and the host goes on.

use std::time::Duration;

use bytes::Bytes;
use dering::attempt::CallId;
use dering_e2e::api::{Answer, Client};
use dering_e2e::lists;
use dering_e2e::stage::{Plan, Stage};
use futures::StreamExt;
use futures::stream;
use http::Method;
use serde_json::{Value, json};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
const CSV: (&str, &str) = ("content-type", "text/csv");

/// One refusal that is expected: what was sent, the answer, its status and code.
fn refused(what: &str, answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text());
    assert!(answer.header("content-type").starts_with("application/problem+json"), "{what}: {:?}", answer.headers);
    let problem: Value = answer.json().unwrap();
    assert_eq!(problem["code"], code, "{what}: {problem}");
    assert_eq!(problem["status"], status, "{what}: {problem}");
    for member in ["type", "title", "detail", "hint"] {
        assert!(problem[member].as_str().is_some_and(|text| text.len() > 5), "{what}: {member} of {problem}");
    }
}

async fn send(client: &Client, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    client.send(method, path, headers, body.to_owned()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_wrong_is_refused_clearly() {
    let stage = Stage::start(Plan::default()).await.unwrap();
    let campaign = stage.campaign("spt");
    stage.client.start_campaign(&campaign).await.unwrap();

    admin_requests(&stage, &campaign).await;
    uploads(&stage).await;
    webhooks(&stage).await;

    // Nothing of all that was kept, and the service works.
    stage.client.tick(0).await.unwrap();
    assert_eq!(stage.client.report("spt").await.unwrap().contacts, 0);
    assert_eq!(stage.carrier.snapshot().orders, 0);
    let list = lists::sample(lists::today()).unwrap();
    let answer = stage.client.upload("spt", "good", list.file).await.unwrap().success().unwrap();
    rejected_rows_can_be_corrected(&stage, &answer.json::<Value>().unwrap()).await;
    let log = stage.host.output();
    assert!(!log.contains("panicked") && !log.contains("worker failed") && !log.contains("wasm trap"), "{log}");
}

async fn admin_requests(stage: &Stage, campaign: &Value) {
    let client = &stage.client;
    for (path, method) in [
        ("/v1/campaigns", Method::GET),
        ("/v1/campaigns/spt/lists", Method::POST),
        ("/v1/lists/l-1", Method::GET),
        ("/v1/settlements", Method::POST),
        ("/v1/suppressions", Method::POST),
        ("/v1/tick", Method::POST),
        ("/v1/campaigns/spt/report", Method::GET),
        ("/v1/reports/annual", Method::GET),
        ("/v1/exports/attempts?campaign=spt", Method::GET),
    ] {
        for token in ["", "a-wrong-token-of-some-length"] {
            let answer = send(&client.with_token(token), method.clone(), path, &[], "").await;
            refused(&format!("{method} {path} with the token {token:?}"), &answer, 401, "unauthorized");
        }
    }
    let mut unknown = campaign.clone();
    unknown["id"] = "other".into();
    unknown["colour"] = "blue".into();
    let mut late = campaign.clone();
    late["id"] = "other".into();
    late["attempts"]["max"] = 0.into();
    let (campaigns, suppressions, settlements) = ("/v1/campaigns", "/v1/suppressions", "/v1/settlements");
    for (what, path, headers, body, status, code) in [
        ("malformed JSON", campaigns, JSON, "{\"id\": ".to_owned(), 400, "invalid_json"),
        ("a JSON array", campaigns, JSON, "[]".into(), 422, "campaign_invalid"),
        ("no JSON", campaigns, ("content-type", "text/plain"), "{}".into(), 415, "not_json"),
        ("an unknown member", campaigns, JSON, unknown.to_string(), 422, "campaign_invalid"),
        ("no attempts", campaigns, JSON, late.to_string(), 422, "campaign_invalid"),
        ("no phone", suppressions, JSON, json!({ "phone": "0812" }).to_string(), 422, "phone_invalid"),
        ("malformed JSON", suppressions, JSON, "{".into(), 400, "invalid_json"),
        ("malformed JSON", settlements, JSON, "{]".into(), 400, "invalid_json"),
        (
            "half a settlement",
            settlements,
            JSON,
            json!({ "settlements": [{ "taxpayer_id": "1" }] }).to_string(),
            422,
            "settlement_invalid",
        ),
        ("an unknown campaign", "/v1/campaigns/nobody/start", JSON, String::new(), 404, "campaign_unknown"),
        ("a resume of what runs not", "/v1/campaigns/nobody/resume", JSON, String::new(), 404, "campaign_unknown"),
        ("an unknown shard", "/v1/tick?shard=1", JSON, String::new(), 400, "shard_unknown"),
        ("a shard that is none", "/v1/tick?shard=x", JSON, String::new(), 400, "shard_unknown"),
    ] {
        let answer = send(client, Method::POST, path, &[headers], &body).await;
        refused(&format!("{what} to {path}"), &answer, status, code);
    }
    for (path, status, code) in [
        ("/v1/campaigns/nobody", 404, "campaign_unknown"),
        ("/v1/campaigns/nobody/report", 404, "campaign_unknown"),
        ("/v1/lists/l-0000000000000000", 404, "list_unknown"),
        ("/v1/lists/l-0000000000000000/rejected", 404, "list_unknown"),
        ("/v1/lists/..%2F..%2F", 404, "list_unknown"),
        ("/v1/reports/annual?year=then", 400, "parameter_invalid"),
        ("/v1/exports/attempts", 400, "parameter_invalid"),
        ("/v1/exports/attempts?campaign=spt&after=9.9.9", 400, "parameter_invalid"),
        ("/v1/campaigns/spt/nothing/here", 404, "not_found"),
    ] {
        refused(path, &send(client, Method::GET, path, &[], "").await, status, code);
    }
    refused("DELETE", &send(client, Method::DELETE, campaigns, &[], "").await, 405, "method_not_allowed");
    let stale =
        send(client, Method::PATCH, "/v1/campaigns/spt", &[JSON, ("if-match", "\"1\"")], "{\"name\":\"x\"}").await;
    refused("a stale edit", &stale, 412, "version_mismatch");
    refused(
        "running, so not deleted",
        &send(client, Method::DELETE, "/v1/campaigns/spt", &[], "").await,
        409,
        "wrong_state",
    );
}

async fn uploads(stage: &Stage) {
    let client = &stage.client;
    let path = "/v1/campaigns/spt/lists";
    refused(
        "no campaign",
        &send(client, Method::POST, "/v1/campaigns/no/lists", &[CSV], "a;b\n").await,
        404,
        "campaign_unknown",
    );
    refused(
        "a PDF",
        &send(client, Method::POST, path, &[("content-type", "application/pdf")], "%PDF-1.7").await,
        415,
        "list_format",
    );
    refused(
        "compressed",
        &send(client, Method::POST, path, &[CSV, ("content-encoding", "gzip")], "x").await,
        415,
        "list_format",
    );
    refused("an empty file", &send(client, Method::POST, path, &[CSV], "").await, 422, "empty_file");
    refused(
        "other columns",
        &send(client, Method::POST, path, &[CSV], "a;b;c\r\n1;2;3\r\n").await,
        422,
        "columns_missing",
    );
    refused(
        "no text",
        &send(client, Method::POST, path, &[CSV], "\u{0}\u{1}\u{2}\n\u{0}").await,
        415,
        "file_not_csv",
    );

    // A hundred megabytes without an end of line: once instead of the header, once as a row.
    let header = String::from_utf8(lists::generated(1, lists::today()).unwrap().file).unwrap();
    let header = Bytes::from(format!("{}\r\n", header.lines().next().unwrap()));
    for (what, first) in [("a header of 100 MB", Bytes::new()), ("a row of 100 MB", header)] {
        let line =
            stream::once(async { first }).chain(stream::iter((0..100).map(|_| Bytes::from(vec![b'7'; 1 << 20]))));
        let answer = client.send_stream(Method::POST, path, &[CSV], line).await.unwrap();
        let code = answer.json::<Value>().unwrap()["code"].as_str().unwrap_or_default().to_owned();
        assert!(code == "row_too_long" || code == "cell_too_long", "{what}: {}", answer.text());
        refused(what, &answer, 413, &code);
    }
}

async fn webhooks(stage: &Stage) {
    let client = stage.client.with_token("");
    let call = |valid_until_s| CallId { shard: 0, ballot: 1, index: 0, valid_until_s };
    let good = call(u32::MAX).seal(&stage.vault);
    let old = call(1_700_000_000).seal(&stage.vault);
    let mut forged = good.clone();
    forged.replace_range(..1, if good.starts_with('A') { "B" } else { "A" });
    let body = "CallSid=CA1&CallStatus=completed";
    let signed = |path: &str, body: &str| {
        let url = format!("{}{path}", stage.host.url());
        let fields: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        dering_carrier::sign(&stage.carrier.options().auth_token, &url, &fields)
    };
    for hook in ["status", "machine", "answer"] {
        let path = format!("/hooks/twilio/{good}/{hook}");
        let other = signed(&path, "CallSid=CA2&CallStatus=completed");
        for (what, signature) in
            [("no signature", ""), ("a signature of another body", other.as_str()), ("no base64", "§")]
        {
            let answer =
                client.send(Method::POST, &path, &[FORM, ("x-twilio-signature", signature)], body).await.unwrap();
            refused(&format!("{what} to {hook}"), &answer, 403, "signature_invalid");
        }
        for (what, id, status, code) in [
            ("forged", &forged, 403, "call_unknown"),
            ("old", &old, 410, "call_expired"),
            ("no", &"x".to_owned(), 403, "call_unknown"),
        ] {
            let path = format!("/hooks/twilio/{id}/{hook}");
            let answer =
                send(&client, Method::POST, &path, &[FORM, ("x-twilio-signature", &signed(&path, body))], body).await;
            refused(&format!("{what} call id to {hook}"), &answer, status, code);
        }
    }
    let step = format!("/hooks/twilio/{good}/step?s=AAAA&m=AAAA");
    let answer = send(&client, Method::POST, &step, &[FORM, ("x-twilio-signature", &signed(&step, body))], body).await;
    refused("a step that was not given out", &answer, 403, "step_unknown");
    let large = "x".repeat(100 << 10);
    let path = format!("/hooks/twilio/{good}/status");
    refused("a large callback", &send(&client, Method::POST, &path, &[FORM], &large).await, 413, "body_too_large");
    let path = format!("/hooks/carrier-pigeon/{good}/status");
    refused("an unknown provider", &send(&client, Method::POST, &path, &[FORM], body).await, 404, "not_found");
}

async fn rejected_rows_can_be_corrected(stage: &Stage, upload: &Value) {
    assert_eq!((upload["accepted"].as_u64(), upload["rejected"].as_u64()), (Some(46), Some(14)));
    let answer = stage.client.get(upload["rejected_url"].as_str().unwrap()).await.unwrap().success().unwrap();
    assert!(answer.header("content-type").starts_with("text/csv"));
    let csv = answer.text();
    // In the file's own columns, with the reason beside each row.
    assert_eq!(csv.lines().count(), 15, "{csv}");
    assert!(csv.lines().next().is_some_and(|header| header.contains("NO TELP/HP")), "{csv}");
    for reason in ["npwp_checksum", "phone_letters", "due_date_past", "duplicate"] {
        assert_eq!(csv.matches(reason).count(), 1, "{reason} in {csv}");
    }
    tokio::time::timeout(Duration::from_secs(5), async { while !stage.client.healthy().await {} }).await.unwrap();
}
