//! The campaign's first provider refuses every order; the next one places the calls, and the books are its own.

use std::time::Duration;

use dering_carrier::{Faults, Options};
use dering_e2e::audit::Weather;
use dering_e2e::lists;
use dering_e2e::stage::{Plan, Stage};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_twilio_refuses_telnyx_places() {
    let list = lists::sample(lists::today()).unwrap();
    let carrier = Options { seed: 13, speed: 20.0, ..Options::default() };
    let faults = Faults { duplicate: 0.5, reorder: 0.3, ..Faults::default() };
    let telnyx = Options { faults, ..carrier.clone() };
    let variables = vec![("twilio_api_secret".to_owned(), "revoked".to_owned())];
    let plan = Plan { carrier, telnyx: Some(telnyx), variables, ..Plan::default() };
    let stage = Stage::start(plan).await.unwrap();
    let telnyx = stage.telnyx.as_ref().unwrap();
    let mut campaign = stage.campaign("spt");
    campaign["providers"] = json!(["twilio", "telnyx"]);
    let upload = stage.begin(&campaign, &list).await.unwrap();
    let ticker = stage.ticker();

    let host = stage.host.url();
    let mut answered = 0;
    for n in 0..3 {
        let call = telnyx.inbound(&host, &format!("+6281300000{n:03}"), "").await.unwrap();
        answered += u64::from(call.transferred);
    }
    let report = stage.settled("spt", upload.accepted, Duration::from_secs(180)).await.unwrap();
    ticker.stop().await;

    // Refused by one, five times in a row; then it is left alone.
    let asked = stage.carrier.snapshot();
    assert!(asked.orders >= 5 && asked.refused == asked.orders, "{asked:?}");
    assert!(stage.carrier.calls().is_empty());
    assert!(stage.carrier.violations().iter().all(|v| v.starts_with("20003")), "{:?}", stage.carrier.violations());
    assert!(report.dispositions["not_placed"] >= asked.refused, "{report:?}");
    // Placed by the other, as if it were the only one.
    assert!(telnyx.snapshot().faults.duplicate > 10, "{:?}", telnyx.snapshot());
    assert_eq!(stage.audit_telnyx("spt", &list, Weather::Calm).await.unwrap(), Vec::<String>::new());
    let annual = stage.client.annual(lists::today().year()).await.unwrap();
    assert_eq!(annual.outbound_calls, telnyx.calls().len() as u64);
    assert_eq!((annual.inbound_received, annual.inbound_answered), (3, answered));
}
