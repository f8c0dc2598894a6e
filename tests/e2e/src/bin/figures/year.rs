//! A year's calls through the real components at full speed, and whether the report adds up.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use dering_carrier::Options;
use dering_e2e::audit::Weather;
use dering_e2e::lists;
use dering_e2e::stage::{Plan, Stage};
use dering_e2e::ticker::Ticker;
use serde_json::json;

use crate::{Args, Meter};

/// Calls that a contact of the plausible campaign takes: measured, and only used to choose the length of the list.
const CALLS_A_CONTACT: f64 = 2.1;
/// As a scheduler that wakes every second.
const TICK: Duration = Duration::from_secs(1);
const CAMPAIGN: &str = "year";
const PATIENCE: Duration = Duration::from_secs(6 * 3600);

/// Calls until everybody on a list of so many contacts has ended; prints how fast, minute by minute.
pub async fn replay(args: &Args, folder: &Path) -> Result<()> {
    let meter = Meter::new(folder, "year");
    let stage = Stage::start(Plan {
        carrier: Options { speed: 60.0, ..Options::default() },
        shards: args.year_shards,
        state_dir: Some(folder.join("year")),
        counts: Some(meter.file.clone()),
        ..Plan::default()
    })
    .await?;
    let contacts = (f64::from(args.year_calls) / CALLS_A_CONTACT).ceil() as u32;
    let list = lists::generated(contacts, lists::today())?;
    let mut campaign = stage.campaign(CAMPAIGN);
    campaign["rate"] = json!({ "calls_per_second": 1000.0, "concurrent": 6000 });
    campaign["call"]["unknown_after"] = json!("1h");
    let begun = Instant::now();
    let upload = stage.begin(&campaign, &list).await?;
    println!("year: {} contacts taken in in {:.1} s", upload.accepted, begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let ticker = Ticker::every(&stage.client, stage.shards, TICK);
    let minutes = watch(&stage, u64::from(contacts)).await?;
    let took = begun.elapsed();
    if !stage.carrier.idle(PATIENCE).await {
        bail!("the carrier is still busy: {:?}", stage.carrier.snapshot());
    }
    let ticks = ticker.stop().await;
    let report = stage.client.report(CAMPAIGN).await?;
    let spent = meter.settled().await?;
    let calls = report.attempts as f64;
    println!(
        "year: {} calls to {} contacts in {:.1} minutes, {:.0}/s; minutes: slowest {:.0}/s, median {:.0}/s, fastest {:.0}/s",
        report.attempts,
        report.contacts,
        took.as_secs_f64() / 60.0,
        calls / took.as_secs_f64(),
        minutes.first().copied().unwrap_or(f64::NAN),
        minutes.get(minutes.len() / 2).copied().unwrap_or(f64::NAN),
        minutes.last().copied().unwrap_or(f64::NAN),
    );
    println!(
        "year: {} ticks ({} failed), {:.2} durable commits and {:.1} reads a call, late {}",
        ticks.ticks,
        ticks.failed,
        spent.commits as f64 / calls,
        (spent.get + spent.get_many) as f64 / calls,
        ticks.held.get("late").copied().unwrap_or(0),
    );
    let begun = Instant::now();
    let faults = stage.audit(CAMPAIGN, &list, Weather::Calm).await?;
    if let Some(first) = faults.first() {
        bail!("the report is wrong in {} places, first: {first}", faults.len());
    }
    println!(
        "year: the report agrees with the carrier's records, call by call ({:.0} s to compare)",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Waits until everybody has ended. Answers the calls a second of each whole minute, the slowest first.
async fn watch(stage: &Stage, contacts: u64) -> Result<Vec<f64>> {
    let begun = Instant::now();
    let (mut since, mut before, mut minutes) = (Instant::now(), 0, Vec::new());
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let report = stage.client.report(CAMPAIGN).await.context("the report on the way")?;
        if report.contacts >= contacts && report.unsettled() == 0 {
            break;
        }
        let elapsed = since.elapsed().as_secs_f64();
        if elapsed >= 60.0 {
            let rate = (report.attempts - before) as f64 / elapsed;
            println!(
                "year: minute {}: {} calls, {rate:.0}/s; {} of {contacts} contacts ended",
                begun.elapsed().as_secs() / 60,
                report.attempts,
                report.ended()
            );
            minutes.push(rate);
            (since, before) = (Instant::now(), report.attempts);
        }
        if begun.elapsed() > PATIENCE {
            bail!("not over after {PATIENCE:?}: {report:?}");
        }
    }
    minutes.sort_by(f64::total_cmp);
    Ok(minutes)
}
