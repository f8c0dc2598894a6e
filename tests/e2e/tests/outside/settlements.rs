//! Who filed or paid is left alone: by duty, by bill, and while the phone rings already.

use crate::stage;
use dering_carrier::{Mix, Options};
use dering_e2e::lists::{self, List};
use dering_e2e::stage::{Plan, Stage};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

fn phones(list: &List, row: u32) -> Vec<String> {
    list.contacts().filter(|(r, _)| *r == row).flat_map(|(_, phones)| phones.to_vec()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_stops_the_calls_for_its_duty_and_no_other() {
    let stage = stage().await;
    let list = lists::sample(lists::today()).unwrap();
    // Row 2 by its taxpayer and one duty, row 5 by every duty of that kind, row 7 by its bill; of row 3 another duty.
    let year = lists::today().year() - 1;
    let settlements = json!({ "settlements": [
        { "taxpayer_id": "07.800.201.1-541.000", "matter": "not_filed", "tax_code": "411125-200", "tax_period": year.to_string() },
        { "taxpayer_id": "3273021904868002", "matter": "not_filed" },
        { "billing_code": "028030000000206" },
        { "taxpayer_id": "097002026011000", "matter": "not_paid" }
    ]});
    stage.client.post("/v1/settlements", &settlements).await.unwrap().success().unwrap();
    let upload = stage.begin(&stage.campaign("c"), &list).await.unwrap();
    let ticker = stage.ticker();
    let report = stage.settled("c", upload.accepted, Duration::from_secs(240)).await.unwrap();
    ticker.stop().await;

    let dialled: BTreeSet<String> = stage.carrier.calls().into_iter().map(|call| call.to).collect();
    for row in [2, 5, 7] {
        let phones = phones(&list, row);
        assert!(!phones.is_empty() && phones.iter().all(|p| !dialled.contains(p)), "row {row} was dialled: {phones:?}");
    }
    assert!(phones(&list, 3).iter().any(|p| dialled.contains(p)), "row 3 owes another duty");
    assert_eq!(report.ends["settled"], 3, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_reported_while_it_rings_stops_the_word_of_tax() {
    // At life's speed it rings for a second at least before somebody answers.
    let carrier = Options { speed: 1.0, mix: Mix { promise: 1.0, ..Mix::none() }, ..Options::default() };
    let stage = Stage::start(Plan { carrier, ..Plan::default() }).await.unwrap();
    let list = lists::generated(1, lists::today()).unwrap();
    let upload = stage.begin(&stage.campaign("c"), &list).await.unwrap();
    assert_eq!(stage.client.tick(0).await.unwrap().placed, 1);
    let file = String::from_utf8(list.file).unwrap();
    let taxpayer = file.lines().nth(1).and_then(|line| line.split(';').next()).unwrap();
    let settlement = json!({ "settlements": [{ "taxpayer_id": taxpayer, "matter": "not_filed" }] });
    stage.client.post("/v1/settlements", &settlement).await.unwrap().success().unwrap();
    assert_eq!(stage.carrier.snapshot().in_progress, 0, "it was answered before the payment was reported");

    let ticker = stage.ticker();
    let report = stage.settled("c", upload.accepted, Duration::from_secs(120)).await.unwrap();
    ticker.stop().await;
    let calls = stage.carrier.calls();
    let heard = calls[0].heard.join(" ");
    assert!(!heard.is_empty() && !heard.contains("SPT"), "heard: {heard}");
    assert_eq!((calls.len(), report.ends["settled"]), (1, 1));
}
