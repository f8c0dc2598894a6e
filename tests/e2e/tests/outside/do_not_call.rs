//! Whoever settled, or asked not to be called, is not called.

use crate::stage;
use dering_e2e::lists;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn settled_and_suppressed_contacts_are_not_called() {
    let stage = stage().await;
    let list = lists::generated(12, lists::today()).unwrap();
    let numbers: Vec<String> = list.contacts().map(|(_, phones)| phones[0].clone()).collect();
    let file = String::from_utf8(list.file.clone()).unwrap();
    let ids: Vec<&str> = file.lines().skip(1).map(|line| line.split(';').next().unwrap()).collect();

    stage.client.post("/v1/campaigns", &stage.campaign("c")).await.unwrap().success().unwrap();
    stage.client.upload("c", "a", list.file.clone()).await.unwrap().success().unwrap();
    for phone in &numbers[..3] {
        let answer = stage.client.post("/v1/suppressions", &json!({ "phone": phone })).await.unwrap();
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    let settled: Vec<_> = ids[3..6].iter().map(|id| json!({ "taxpayer_id": id, "matter": "not_filed" })).collect();
    let answer = stage.client.post("/v1/settlements", &json!({ "settlements": settled })).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    stage.client.poke("/v1/campaigns/c/start").await.unwrap().success().unwrap();

    let ticker = stage.ticker();
    let report = stage.settled("c", 12, Duration::from_secs(120)).await.unwrap();
    ticker.stop().await;
    assert_eq!((report.ends["suppressed"] >= 3, report.ends["settled"]), (true, 3), "{report:?}");
    let called: Vec<String> = stage.carrier.calls().into_iter().map(|c| c.to).collect();
    assert!(numbers[..6].iter().all(|n| !called.contains(n)), "{called:?}");
    assert!(numbers[6..].iter().all(|n| called.contains(n)), "the others were called");
    assert!(report.balanced);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_campaign_places_no_call_and_goes_on_when_resumed() {
    let stage = stage().await;
    let list = lists::generated(30, lists::today()).unwrap();
    let mut campaign = stage.campaign("c");
    campaign["rate"] = json!({ "calls_per_second": 5.0, "concurrent": 40 });
    stage.begin(&campaign, &list).await.unwrap();
    stage.client.tick(0).await.unwrap();
    stage.client.poke("/v1/campaigns/c/pause").await.unwrap().success().unwrap();
    let placed = stage.carrier.snapshot().orders;
    assert!(placed > 0 && placed < 30, "{placed}");
    for _ in 0..4 {
        assert_eq!(stage.client.tick(0).await.unwrap().placed, 0);
    }
    assert_eq!(stage.carrier.snapshot().orders, placed);
    stage.client.poke("/v1/campaigns/c/resume").await.unwrap().success().unwrap();
    // Rates hold over the pause: the next order may be a moment away.
    let mut more = 0;
    for _ in 0..5 {
        more += stage.client.tick(0).await.unwrap().placed;
    }
    assert!(more > 0);
}
