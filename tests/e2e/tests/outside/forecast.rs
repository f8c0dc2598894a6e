//! A dry run tells what is to be expected, and changes nothing.

use crate::stage;
use dering_e2e::lists;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_forecast_adds_up_and_calls_nobody() {
    let stage = stage().await;
    let list = lists::generated(3000, lists::today()).unwrap();
    let campaign = stage.campaign("c");
    stage.client.post("/v1/campaigns", &campaign).await.unwrap().success().unwrap();
    stage.client.upload("c", "a", list.file.clone()).await.unwrap().success().unwrap();
    assert_eq!(stage.client.tick(0).await.unwrap().waiting, 3000);

    let question = json!({ "price_per_minute": 900, "price_per_call": 10 });
    let asked = stage.client.post("/v1/campaigns/c/forecast", &question).await.unwrap().success().unwrap();
    let forecast: Value = asked.json().unwrap();
    let number = |name: &str| forecast[name].as_u64().unwrap_or_else(|| panic!("{name} in {forecast}"));
    let sum = |name: &str| forecast[name].as_object().unwrap().values().filter_map(Value::as_u64).sum::<u64>();
    assert_eq!((number("contacts"), sum("ends"), sum("dispositions")), (3000, 3000, number("attempts")));
    let by_hour: u64 = forecast["calls_per_hour"].as_array().unwrap().iter().filter_map(|h| h["calls"].as_u64()).sum();
    assert_eq!(by_hour, number("attempts"));
    assert!(number("attempts") >= 3000 && number("peak_concurrent") <= 40, "{forecast}");
    assert!(number("cost") >= 10 * number("attempts") + 900 * number("talk_minutes"), "begun minutes count whole");
    assert!(forecast["finish"].as_str().unwrap().ends_with("+07:00"), "{forecast}");

    let again: Value = stage.client.post("/v1/campaigns/c/forecast", &question).await.unwrap().json().unwrap();
    assert_eq!(again["ends"], forecast["ends"], "asked again, answered alike");
    let report = stage.client.report("c").await.unwrap();
    assert_eq!((report.waiting, report.attempts, stage.carrier.snapshot().orders), (3000, 0, 0));
    let unknown = stage.client.poke("/v1/campaigns/nobody/forecast").await.unwrap();
    assert_eq!(unknown.status, 404, "{}", unknown.text());
    let bad = stage.client.post("/v1/campaigns/c/forecast", &json!({ "price": 1 })).await.unwrap();
    assert!(bad.status.is_client_error(), "{}", bad.text());
}
