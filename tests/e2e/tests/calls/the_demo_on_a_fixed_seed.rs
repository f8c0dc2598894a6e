//! The whole job on a fixed seed: every row, every call, every figure is as foretold.

use std::collections::BTreeMap;
use std::time::Duration;

use dering_carrier::{Behaviour, Options};
use dering_e2e::audit::Weather;
use dering_e2e::lists;
use dering_e2e::stage::{Plan, Stage};
use http::Method;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_equals_its_expected_report() {
    let today = lists::today();
    let list = lists::sample(today).unwrap();
    let carrier = Options { seed: 11, speed: 20.0, ..Options::default() };
    let stage = Stage::start(Plan { carrier, shards: 2, ..Plan::default() }).await.unwrap();
    let upload = stage.begin(&stage.campaign("spt"), &list).await.unwrap();
    assert_eq!((upload.rows, upload.accepted, upload.rejected, upload.duplicates), (60, 46, 14, 1));

    let answer =
        stage.client.send(Method::GET, &upload.rejected_url, &[("accept", "application/json")], "").await.unwrap();
    let rejected: Vec<(u32, String)> = answer
        .json::<Vec<Value>>()
        .unwrap()
        .iter()
        .map(|r| (r["row"].as_u64().unwrap() as u32, r["reason"].as_str().unwrap().to_owned()))
        .collect();
    let expected: Vec<(u32, String)> = list.rejected().map(|(row, reason)| (row, reason.to_owned())).collect();
    assert_eq!(rejected, expected);

    let ticker = stage.ticker();
    let host = stage.host.url();
    let mut answered = 0;
    for n in 0..5 {
        let call = stage.carrier.inbound(&host, &format!("+6281300000{n:03}"), "").await.unwrap();
        answered += u64::from(call.transferred);
    }
    stage.settled("spt", upload.accepted, Duration::from_secs(120)).await.unwrap();
    ticker.stop().await;
    assert_eq!(stage.audit("spt", &list, Weather::Calm).await.unwrap(), Vec::<String>::new());

    let annual = stage.client.annual(today.year()).await.unwrap();
    assert_eq!(annual.outbound_calls, stage.carrier.calls().len() as u64);
    assert_eq!((annual.inbound_received, annual.inbound_answered), (5, answered));
    assert_eq!((annual.outbound_change_percent, annual.inbound_answered_percent), (None, Some(answered as f64 * 20.0)));

    only_the_right_party_hears_the_matter(&stage);
}

/// What only a text about the matter says; taxes are spelled for the voice.
const MATTER: [&str; 6] = ["catatan kami", "ketetapan atau tagihan", "atas waktu", "atuh tempo", "es pe te", "rupiah"];

/// Tax secrecy: machines, third parties and those who say nothing hear no word of it; who confirms does.
fn only_the_right_party_hears_the_matter(stage: &Stage) {
    let mut told: BTreeMap<Behaviour, (u32, u32)> = BTreeMap::new();
    for call in stage.carrier.calls() {
        let heard = call.heard.join(" ");
        let (matter, calls) = told.entry(call.behaviour).or_default();
        *matter += u32::from(MATTER.iter().any(|word| heard.contains(word)));
        *calls += 1;
    }
    for behaviour in [Behaviour::Promise, Behaviour::Informed] {
        let (matter, calls) = told.get(&behaviour).copied().unwrap_or_default();
        assert!(calls > 0 && matter == calls, "{behaviour:?}: the matter was told in {matter} of {calls} calls");
    }
    for behaviour in [Behaviour::Voicemail, Behaviour::WrongNumber, Behaviour::ThirdParty, Behaviour::Silent] {
        let (matter, calls) = told.get(&behaviour).copied().unwrap_or_default();
        assert!(calls > 0 && matter == 0, "{behaviour:?}: the matter was told in {matter} of {calls} calls");
    }
}
