//! What a call costs from end to end, with many open at once.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use dering_carrier::{Mix, Options};
use dering_e2e::lists;
use dering_e2e::stage::{Plan, Stage};
use dering_e2e::ticker::Ticker;
use serde_json::json;

use crate::{Args, Meter};

/// Calls a second from end to end, and durable commits a call, at up to so many open calls as the arguments say.
pub async fn cost(args: &Args, folder: &Path, kind: &str, mix: Mix, speed: f64) -> Result<()> {
    let meter = Meter::new(folder, kind);
    // Calls take the longer, the more are to be open: the machine ends no more of them a second.
    let carrier = Options { mix, speed: speed * 500.0 / f64::from(args.open), ..Options::default() };
    let plan =
        Plan { carrier, state_dir: Some(folder.join(kind)), counts: Some(meter.file.clone()), ..Plan::default() };
    let stage = Stage::start(plan).await?;
    let mut campaign = stage.campaign("figures");
    campaign["attempts"]["max"] = json!(1);
    campaign["rate"] = json!({ "calls_per_second": f64::from(args.open) / 5.0, "concurrent": args.open });
    campaign["call"]["unknown_after"] = json!("1h");
    let list = lists::generated(args.calls, lists::today())?;
    stage.begin(&campaign, &list).await?;
    stage.client.tick(0).await.context("the first tick")?;
    let before = meter.settled().await?;
    let (begun, done) = (Instant::now(), stage.carrier.snapshot().orders);
    let ticker = Ticker::start(&stage.client, stage.shards, Duration::from_secs(60));
    let mut most = 0;
    let waiting = stage.settled("figures", u64::from(args.calls), Duration::from_secs(900));
    tokio::pin!(waiting);
    let report = loop {
        tokio::select! {
            report = &mut waiting => break report?,
            () = tokio::time::sleep(Duration::from_millis(200)) => most = most.max(stage.carrier.snapshot().open),
        }
    };
    let took = begun.elapsed().as_secs_f64();
    let ticks = ticker.stop().await;
    let spent = meter.settled().await?.since(&before);
    let calls = report.attempts as f64;
    // The first tick's orders are counted with the calls: their ends were committed after it.
    println!(
        "{kind}: {} calls, {:.0}/s from end to end, up to {most} open, {} ticks; {} durable commits, {:.2} a call; {:.1} \
         reads a call; late {}",
        report.attempts,
        calls / took,
        ticks.ticks,
        spent.commits,
        spent.commits as f64 / calls,
        (spent.get + spent.get_many) as f64 / calls,
        ticks.held.get("late").copied().unwrap_or(0)
    );
    ensure!(report.attempts >= u64::from(args.calls) && done > 0, "all were called: {report:?}");
    Ok(())
}
