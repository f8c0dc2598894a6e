//! Ticks that overlap, as two schedulers or a slow one make them: no claim is dialled twice, and the books agree.

use std::time::{Duration, Instant};

use dering_carrier::Options;
use dering_e2e::api::Client;
use dering_e2e::audit::Weather;
use dering_e2e::lists;
use dering_e2e::stage::{Plan, Stage};
use tokio::sync::watch;

/// When ticks began and ended.
type Spans = Vec<(Instant, Instant)>;

async fn ticks(client: Client, seed: u64, stop: watch::Receiver<bool>) -> Spans {
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut spans = Vec::new();
    while !*stop.borrow() {
        let begun = Instant::now();
        client.tick(0).await.unwrap();
        spans.push((begun, Instant::now()));
        tokio::time::sleep(Duration::from_millis(dice.u64(0..60))).await;
    }
    spans
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overlapping_ticks_never_dial_a_claim_twice() {
    let list = lists::generated(80, lists::today()).unwrap();
    let carrier = Options { seed: 13, speed: 20.0, ..Options::default() };
    let stage = Stage::start(Plan { carrier, ..Plan::default() }).await.unwrap();
    let mut campaign = stage.campaign("spt");
    // A tick that did not commit may leave claims that nobody dials: they must not hold up the test for long.
    campaign["call"]["ring"] = "10s".into();
    campaign["call"]["unknown_after"] = "15s".into();
    let upload = stage.begin(&campaign, &list).await.unwrap();

    let (stop, stopped) = watch::channel(false);
    let tickers: Vec<_> = (0..3).map(|n| tokio::spawn(ticks(stage.client.clone(), n, stopped.clone()))).collect();
    stage.settled("spt", upload.accepted, Duration::from_secs(200)).await.unwrap();
    stop.send_replace(true);
    let mut spans = Vec::new();
    for ticker in tickers {
        spans.push(ticker.await.unwrap());
    }
    let overlaps = spans[0].iter().filter(|a| spans[1].iter().chain(&spans[2]).any(|b| a.0 < b.1 && b.0 < a.1)).count();
    assert!(overlaps > 20, "only {overlaps} ticks overlapped another");
    stage.last_news().await.unwrap();
    // Claims of ticks that lost are closed as unknown; that is all that may differ from one tick at a time.
    assert_eq!(stage.audit("spt", &list, Weather::Faults).await.unwrap(), Vec::<String>::new());
}
