//! Two hosts over one Redis, both ticked, one or the other killed fifty times: nobody is dialled twice for one claim,
//! nobody is forgotten, and the books are what the carrier saw.

use std::time::Duration;

use dering_carrier::Options;
use dering_e2e::audit::Weather;
use dering_e2e::stage::{ADMIN_TOKEN, Plan, Stage};
use dering_e2e::ticker::Ticker;
use dering_e2e::{api::Client, lists};
use dering_host::redis_server::RedisServer;

const KILLS: u32 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hosts_on_one_redis_killed_in_turn_leave_the_books_right() {
    let Some(redis) = RedisServer::start().unwrap() else { return };
    let list = lists::generated(250, lists::today()).unwrap();
    let carrier = Options {
        seed: 15,
        speed: 20.0,
        // The carrier does not give up on the end of a call while the host it reports to is down.
        max_redeliveries: 200,
        redelivery_pause: Duration::from_millis(300),
        ..Options::default()
    };
    let runtime_config = Some(redis.runtime_config().unwrap());
    let mut stage = Stage::start(Plan { carrier, runtime_config, ..Plan::default() }).await.unwrap();
    let mut other = stage.host.twin().unwrap();
    other.start().await.unwrap();
    let mut campaign = stage.campaign("spt");
    // Claims of ticks that died are nobody's: they must not hold up the test for long.
    campaign["call"]["ring"] = "10s".into();
    campaign["call"]["unknown_after"] = "15s".into();
    // So slow that the campaign outlives the kills.
    campaign["rate"]["calls_per_second"] = 6.0.into();
    let upload = stage.begin(&campaign, &list).await.unwrap();
    let at_other = Client::new(&other.url(), ADMIN_TOKEN);
    let tickers = [stage.ticker(), Ticker::start(&at_other, stage.shards, Duration::from_millis(300))];

    let mut dice = fastrand::Rng::with_seed(15);
    for kill in 1..=KILLS {
        tokio::time::sleep(Duration::from_millis(dice.u64(20..1200))).await;
        let victim = if dice.bool() { &mut stage.host } else { &mut other };
        assert!(victim.runs(), "a host ended by itself before kill {kill}:\n{}", victim.tail());
        victim.restart().await.unwrap();
    }
    let report = at_other.report("spt").await.unwrap();
    assert!(report.unsettled() > 30, "the campaign was nearly over before the last kill: {report:?}");

    stage.settled("spt", upload.accepted, Duration::from_secs(240)).await.unwrap();
    for ticker in tickers {
        let ticks = ticker.stop().await;
        assert!(ticks.committed > 20, "both hosts did their share: {ticks:?}");
    }
    stage.last_news().await.unwrap();
    assert_eq!(stage.audit("spt", &list, Weather::Kills).await.unwrap(), Vec::<String>::new());
    for host in [&stage.host, &other] {
        assert!(!host.output().contains("panicked"), "{}", host.tail());
    }
}
