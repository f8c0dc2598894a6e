//! Each bad request gets a clear answer in the form of RFC 9457, nothing is lost, and the host goes on.

use crate::stage;
use bytes::Bytes;
use dering_e2e::api::Answer;
use futures::stream;
use http::Method;
use serde_json::{Value, json};

fn refused(answer: &Answer, status: u16, code: &str) {
    let text = answer.text();
    assert_eq!(answer.status.as_u16(), status, "{text}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{text}");
    let problem: Value = answer.json().unwrap();
    assert_eq!(problem["code"], code, "{text}");
    assert_eq!(problem["status"], status, "{text}");
    for member in ["type", "title", "detail", "hint"] {
        assert!(problem[member].as_str().is_some_and(|t| !t.is_empty()), "{member} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_request_gets_a_problem_document_and_the_host_goes_on() {
    let stage = stage().await;
    let c = &stage.client;
    c.post("/v1/campaigns", &stage.campaign("c")).await.unwrap().success().unwrap();
    let json_kind = [("content-type", "application/json")];

    // Tokens.
    for path in ["/v1/campaigns", "/v1/campaigns/c/report", "/v1/lists/l-1", "/v1/reports/annual"] {
        refused(&c.with_token("").get(path).await.unwrap(), 401, "unauthorized");
        refused(&c.with_token("a-token-for-the-demo-and-the-test!").get(path).await.unwrap(), 401, "unauthorized");
    }
    refused(&c.with_token("wrong").poke("/v1/tick").await.unwrap(), 401, "unauthorized");

    // What is not there.
    refused(&c.get("/v1/campaigns/nobody").await.unwrap(), 404, "campaign_unknown");
    refused(&c.get("/v1/campaigns/nobody/report").await.unwrap(), 404, "campaign_unknown");
    refused(&c.poke("/v1/campaigns/nobody/start").await.unwrap(), 404, "campaign_unknown");
    refused(&c.upload("nobody", "a", "NPWP;NO TELP;JATUH TEMPO\r\n").await.unwrap(), 404, "campaign_unknown");
    refused(&c.get("/v1/lists/l-nobody").await.unwrap(), 404, "list_unknown");
    refused(&c.get("/v1/lists/l-nobody/rejected").await.unwrap(), 404, "list_unknown");
    refused(&c.poke("/v1/tick?shard=7").await.unwrap(), 400, "shard_unknown");
    refused(&c.get("/v1/exports/attempts").await.unwrap(), 400, "parameter_invalid");
    refused(&c.get("/v1/reports/annual?year=soon").await.unwrap(), 400, "parameter_invalid");
    refused(&c.get("/v1/tick").await.unwrap(), 405, "method_not_allowed");

    // Bodies.
    let send = |body: &'static str| c.send(Method::POST, "/v1/campaigns", &json_kind, body);
    refused(&send("{\"name\": ").await.unwrap(), 400, "invalid_json");
    refused(
        &c.send(Method::POST, "/v1/campaigns", &[("content-type", "text/plain")], "{}").await.unwrap(),
        415,
        "not_json",
    );
    let mut bad = stage.campaign("d");
    bad["callable_hours"] = json!({ "mon": ["12:00-08:00"] });
    refused(&c.post("/v1/campaigns", &bad).await.unwrap(), 422, "campaign_invalid");
    bad = stage.campaign("d");
    bad["caller_ids"] = json!(["021-500"]);
    let answer = c.post("/v1/campaigns", &bad).await.unwrap();
    refused(&answer, 422, "campaign_invalid");
    assert_eq!(answer.json::<Value>().unwrap()["at"], "/caller_ids/0");
    bad = stage.campaign("c");
    bad["name"] = json!("Another");
    refused(&c.post("/v1/campaigns", &bad).await.unwrap(), 409, "campaign_exists");
    refused(&c.post("/v1/suppressions", &json!({ "phone": "0812" })).await.unwrap(), 422, "phone_invalid");
    let csv_kind = [("content-type", "text/csv")];
    for (kind, feed, status, code) in
        [(json_kind, "[1]", 400, "invalid_json"), (csv_kind, "WARNA;KOTA\nbiru;Ende\n", 422, "columns_missing")]
    {
        refused(&c.send(Method::POST, "/v1/settlements", &kind, feed).await.unwrap(), status, code);
    }
    let stale = [("content-type", "application/json"), ("if-match", "\"999999\"")];
    refused(
        &c.send(Method::PATCH, "/v1/campaigns/c", &stale, r#"{"name":"New"}"#).await.unwrap(),
        412,
        "version_mismatch",
    );

    // Lists.
    refused(&c.upload("c", "a", "").await.unwrap(), 422, "empty_file");
    refused(&c.upload("c", "a", "A;B;C\r\n1;2;3\r\n").await.unwrap(), 422, "columns_missing");
    refused(
        &c.upload("c", "a", &b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00"[..]).await.unwrap(),
        422,
        "file_damaged",
    );
    refused(
        &c.send(Method::POST, "/v1/campaigns/c/lists", &[("content-type", "image/png")], "x").await.unwrap(),
        415,
        "list_format",
    );
    refused(
        &c.send(Method::POST, "/v1/campaigns/c/lists", &[("content-encoding", "br")], "x").await.unwrap(),
        415,
        "content_encoding",
    );

    // The campaign is as it was, nothing was stored, and the host answers.
    let report = c.report("c").await.unwrap();
    assert_eq!((report.contacts, report.balanced), (0, true));
    assert!(c.healthy().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_100_megabytes_is_refused_early() {
    let stage = stage().await;
    stage.client.post("/v1/campaigns", &stage.campaign("c")).await.unwrap().success().unwrap();
    let piece = Bytes::from(vec![b'a'; 64 << 10]);
    let head = Bytes::from_static(b"NPWP;NAMA WP;NO TELP/HP;JATUH TEMPO\r\n");
    let pieces = stream::iter(std::iter::once(head).chain(std::iter::repeat_n(piece, 1600)));
    let kind = [("content-type", "text/csv")];
    let answer = stage.client.send_stream(Method::POST, "/v1/campaigns/c/lists", &kind, pieces).await;
    // The host may cut the upload once it has answered; then the client sees the cut instead of the answer.
    if let Ok(answer) = &answer {
        let problem: Value = answer.json().unwrap();
        assert!(answer.status.is_client_error(), "{}", answer.text());
        assert!(["cell_too_long", "row_too_long"].contains(&problem["code"].as_str().unwrap_or_default()), "{problem}");
    }
    assert!(stage.client.healthy().await);
    assert_eq!(stage.client.report("c").await.unwrap().contacts, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_admin_token_the_api_refuses_and_says_how_to_set_it() {
    use dering_e2e::stage::{Plan, Stage};
    let variables = vec![("admin_token".to_owned(), String::new())];
    let stage = Stage::start(Plan { variables, ..Plan::default() }).await.unwrap();
    for path in ["/v1/campaigns", "/v1/reports/annual"] {
        refused(&stage.client.get(path).await.unwrap(), 503, "admin_token_missing");
        refused(&stage.client.with_token("").get(path).await.unwrap(), 503, "admin_token_missing");
    }
}
