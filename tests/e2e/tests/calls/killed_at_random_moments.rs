//! The host dies fifty times in a campaign, at any moment. Nobody is dialled twice for one claim, nobody is forgotten,
//! and the books are what the carrier saw. `DERING_KILLS=200` kills it more often, in a campaign that is as much longer.

use std::env;
use std::time::Duration;

use dering_carrier::Options;
use dering_e2e::audit::Weather;
use dering_e2e::lists;
use dering_e2e::stage::{Plan, Stage};

const EVERYDAY: u32 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_leave_the_books_right() {
    let kills: u32 = env::var("DERING_KILLS").map_or(EVERYDAY, |text| text.parse().expect("a number of kills"));
    let list = lists::generated(5 * kills, lists::today()).unwrap();
    let carrier = Options {
        seed: 14,
        speed: 20.0,
        // The carrier does not give up on the end of a call while the host is down.
        max_redeliveries: 200,
        redelivery_pause: Duration::from_millis(300),
        ..Options::default()
    };
    let mut stage = Stage::start(Plan { carrier, ..Plan::default() }).await.unwrap();
    let mut campaign = stage.campaign("spt");
    campaign["call"]["ring"] = "10s".into();
    campaign["call"]["unknown_after"] = "15s".into();
    // So slow that the campaign outlives the kills.
    campaign["rate"]["calls_per_second"] = 6.0.into();
    let upload = stage.begin(&campaign, &list).await.unwrap();
    let ticker = stage.ticker();

    let mut dice = fastrand::Rng::with_seed(14);
    for kill in 1..=kills {
        tokio::time::sleep(Duration::from_millis(dice.u64(20..1200))).await;
        assert!(stage.host.runs(), "the host ended by itself before kill {kill}:\n{}", stage.host.tail());
        stage.host.restart().await.unwrap();
    }
    let report = stage.client.report("spt").await.unwrap();
    assert!(report.unsettled() > 50, "the campaign was nearly over before the last kill: {report:?}");

    stage
        .settled("spt", upload.accepted, Duration::from_secs(240 * u64::from(kills.div_ceil(EVERYDAY))))
        .await
        .unwrap();
    ticker.stop().await;
    stage.last_news().await.unwrap();
    assert_eq!(stage.audit("spt", &list, Weather::Kills).await.unwrap(), Vec::<String>::new());
    assert!(!stage.host.output().contains("panicked"), "{}", stage.host.tail());
}
