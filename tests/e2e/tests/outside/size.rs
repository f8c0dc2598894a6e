//! A list that is larger than was expected calls nobody until somebody confirms its size.

use crate::stage;
use dering_e2e::lists;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_another_size_than_expected_waits_for_a_word() {
    let stage = stage().await;
    let list = lists::generated(30, lists::today()).unwrap();
    stage.client.start_campaign(&stage.campaign("c")).await.unwrap();
    let said = [("name", "a"), ("expected", "29")];
    let answer = stage.client.upload_with("c", &said, list.file.clone()).await.unwrap().success().unwrap();
    let shown: Value = answer.json().unwrap();
    assert_eq!((&shown["contacts"], &shown["expected"], &shown["confirmed"]), (&json!(30), &json!(29), &json!(false)));
    assert!(shown["hint"].as_str().unwrap().contains("/confirm"), "{shown}");
    let tick = stage.client.tick(0).await.unwrap();
    assert_eq!((tick.claimed, tick.held.get("unconfirmed")), (0, Some(&30)));

    let path = format!("/v1/lists/{}/confirm", shown["list"].as_str().unwrap());
    let wrong = stage.client.post(&path, &json!({ "contacts": 29 })).await.unwrap();
    assert_eq!(wrong.status, 409, "{}", wrong.text());
    assert_eq!(stage.client.tick(0).await.unwrap().claimed, 0);
    for _ in 0..2 {
        let right = stage.client.post(&path, &json!({ "contacts": 30 })).await.unwrap().success().unwrap();
        assert_eq!(right.json::<Value>().unwrap()["confirmed"], true);
    }
    let tick = stage.client.tick(0).await.unwrap();
    assert!(tick.claimed > 0 && !tick.held.contains_key("unconfirmed"), "{tick:?}");
    let bad = stage.client.upload_with("c", &[("expected", "many")], list.file.clone()).await.unwrap();
    assert_eq!(bad.status, 400, "{}", bad.text());
}
