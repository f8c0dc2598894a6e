//! Callbacks that are repeated, overtaken by later ones and late change nothing: the report is that of a calm day.

use std::time::Duration;

use dering_carrier::{Faults, Options};
use dering_e2e::audit::Weather;
use dering_e2e::lists;
use dering_e2e::stage::{Plan, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_late_and_reordered_callbacks_change_nothing() {
    let list = lists::sample(lists::today()).unwrap();
    // At this speed a delayed callback is up to a second and a half late: well within the three seconds that the fold waits.
    let faults = Faults { duplicate: 0.6, reorder: 0.5, delay: 0.4, ..Faults::default() };
    let carrier = Options { seed: 12, speed: 20.0, faults, ..Options::default() };
    let stage = Stage::start(Plan { carrier, ..Plan::default() }).await.unwrap();
    let upload = stage.begin(&stage.campaign("spt"), &list).await.unwrap();
    let ticker = stage.ticker();
    stage.settled("spt", upload.accepted, Duration::from_secs(120)).await.unwrap();
    let before = stage.client.report("spt").await.unwrap();
    stage.last_news().await.unwrap();
    ticker.stop().await;

    let made = stage.carrier.snapshot().faults;
    assert!(made.duplicate > 20 && made.reorder > 5 && made.delay > 10, "too few faults to tell anything: {made:?}");
    assert_eq!(stage.audit("spt", &list, Weather::Calm).await.unwrap(), Vec::<String>::new());
    assert_eq!(stage.client.report("spt").await.unwrap(), before, "a repeat that came after the fold was counted");
}
