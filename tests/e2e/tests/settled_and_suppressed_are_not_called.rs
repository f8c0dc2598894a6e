//! Who has paid or asked not to be called is not called; who pays while the phone rings hears no word of it.

use std::collections::BTreeSet;
use std::time::Duration;

use dering_carrier::{Mix, Options};
use dering_e2e::lists::{self, List};
use dering_e2e::stage::{Plan, Stage};
use serde_json::json;

fn phones(list: &List, row: u32) -> Vec<String> {
    list.contacts().filter(|(r, _)| *r == row).flat_map(|(_, phones)| phones.to_vec()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settled_and_the_suppressed_are_never_dialled() {
    let list = lists::sample(lists::today()).unwrap();
    let mix = Mix { promise: 1.0, ..Mix::none() };
    let carrier = Options { speed: 30.0, mix, ..Options::default() };
    let stage = Stage::start(Plan { carrier, ..Plan::default() }).await.unwrap();

    // Row 2 by its taxpayer and one duty, row 4 by every duty of that kind, row 7 by its bill.
    let year = lists::today().year() - 1;
    let settlements = json!({ "settlements": [
        { "taxpayer_id": "07.800.201.1-541.000", "matter": "not_filed", "tax_code": "411125-200", "tax_period": year.to_string() },
        { "taxpayer_id": "3273021904868002", "matter": "not_filed" },
        { "billing_code": "028030000000206" },
        // Another duty of row 3: it must be called all the same.
        { "taxpayer_id": "097002026011000", "matter": "not_paid" }
    ]});
    stage.client.post("/v1/settlements", &settlements).await.unwrap().success().unwrap();
    // Row 10, and the first of the two numbers of row 13.
    for phone in ["+6282200000208", "+6281200000211"] {
        stage.client.post("/v1/suppressions", &json!({ "phone": phone })).await.unwrap().success().unwrap();
    }
    let upload = stage.begin(&stage.campaign("spt"), &list).await.unwrap();
    let ticker = stage.ticker();
    let report = stage.settled("spt", upload.accepted, Duration::from_secs(120)).await.unwrap();
    ticker.stop().await;

    let dialled: BTreeSet<String> = stage.carrier.calls().into_iter().map(|call| call.to).collect();
    for row in [2, 5, 7, 10, 13] {
        let phones = phones(&list, row);
        assert!(!phones.is_empty() && phones.iter().all(|p| !dialled.contains(p)), "row {row} was dialled: {phones:?}");
    }
    assert!(phones(&list, 3).iter().any(|p| dialled.contains(p)), "row 3 was not dialled");
    assert_eq!(dialled.len() as u64, upload.accepted - 5);
    assert_eq!((report.ends["settled"], report.ends["suppressed"], report.ends["reached"]), (3, 2, 41));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_while_it_rings_stops_the_word_of_tax() {
    let list = lists::generated(1, lists::today()).unwrap();
    // At life's speed it rings for a second at least before somebody answers.
    let mix = Mix { promise: 1.0, ..Mix::none() };
    let carrier = Options { speed: 1.0, mix, ..Options::default() };
    let stage = Stage::start(Plan { carrier, ..Plan::default() }).await.unwrap();
    let upload = stage.begin(&stage.campaign("spt"), &list).await.unwrap();
    assert_eq!(stage.client.tick(0).await.unwrap().placed, 1);
    let file = String::from_utf8(list.file).unwrap();
    let npwp = file.lines().nth(1).and_then(|line| line.split(';').next()).unwrap();
    let settlement = json!({ "settlements": [{ "taxpayer_id": npwp, "matter": "not_filed" }] });
    stage.client.post("/v1/settlements", &settlement).await.unwrap().success().unwrap();
    assert_eq!(stage.carrier.snapshot().in_progress, 0, "it was answered before the payment was reported");

    let ticker = stage.ticker();
    let report = stage.settled("spt", upload.accepted, Duration::from_secs(120)).await.unwrap();
    ticker.stop().await;
    let calls = stage.carrier.calls();
    let heard = calls[0].heard.join(" ");
    assert!(!heard.is_empty() && !heard.contains("SPT"), "heard: {heard}");
    assert_eq!((calls.len(), report.ends["settled"]), (1, 1));
}
