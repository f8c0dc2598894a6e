//! Whole calls a second at full load: the service, against a component that reads, writes and sends as much and knows
//! nothing. Both are called by the same simulated carrier on the same machine.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dering_carrier::{Carrier, Mix, Options};
use dering_e2e::stage::{Plan, Stage};
use dering_e2e::ticker::Ticker;
use dering_e2e::{host, lists};
use serde_json::json;

use crate::{Args, bare, median};

/// More than the machine can have under way: what is measured is how fast it can work.
const OPEN: u32 = 3000;
const TICK: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(900);

/// Prints the ratio.
pub async fn compare(args: &Args, folder: &Path) -> Result<()> {
    host::build(&["probe"])?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in 0..args.rounds.min(5) {
        bare.push(skeleton(args, &folder.join(format!("skeleton-{round}"))).await?);
        ours.push(service(args, &folder.join(format!("service-{round}"))).await?);
    }
    println!("whole calls, round by round: {ours:.1?}, skeleton {bare:.1?}");
    let both =
        |what: fn(&Round) -> f64| (median(ours.iter().map(what).collect()), median(bare.iter().map(what).collect()));
    let (rate, least) = (both(|round| round.rate), both(|round| round.processor_ms));
    println!(
        "whole calls, answered: {:.0}/s, skeleton of the same reads and writes {:.0}/s, ratio {:.2}; the host's processor time \
         {:.2} ms a call, skeleton {:.2} ms, ratio {:.2}",
        rate.0,
        rate.1,
        rate.0 / rate.1,
        least.0,
        least.1,
        least.1 / least.0
    );
    Ok(())
}

/// What a round came to.
#[derive(Debug)]
struct Round {
    /// Calls a second.
    rate: f64,
    /// Milliseconds of all the host's threads a call: what the carrier and the machine's other work do not change.
    processor_ms: f64,
}

impl Round {
    fn of(stage: &Stage, calls: f64, took: Duration) -> Self {
        let spent_s = stage.host.processor_s().unwrap_or(f64::NAN);
        Round { rate: calls / took.as_secs_f64(), processor_ms: spent_s * 1000.0 / calls }
    }
}

fn carrier() -> Options {
    Options { mix: Mix { promise: 1.0, ..Mix::none() }, speed: 100.0, ..Options::default() }
}

async fn stage(folder: &Path) -> Result<Stage> {
    std::fs::create_dir_all(folder)?;
    Stage::start(Plan {
        carrier: carrier(),
        manifest: Some(bare::manifest(folder)?),
        state_dir: Some(folder.join("state")),
        ..Plan::default()
    })
    .await
}

async fn service(args: &Args, folder: &Path) -> Result<Round> {
    let stage = stage(folder).await?;
    let mut campaign = stage.campaign("figures");
    campaign["attempts"]["max"] = json!(1);
    campaign["rate"] = json!({ "calls_per_second": 1000.0, "concurrent": OPEN });
    campaign["call"]["unknown_after"] = json!("1h");
    let list = lists::generated(args.calls, lists::today())?;
    stage.begin(&campaign, &list).await?;
    let begun = Instant::now();
    let ticker = Ticker::every(&stage.client, stage.shards, TICK);
    let report = stage.settled("figures", u64::from(args.calls), PATIENCE).await?;
    let round = Round::of(&stage, report.attempts as f64, begun.elapsed());
    let ticks = ticker.stop().await;
    println!(
        "{} calls: {} ticks, {} committed, {} claims, {} placed; held {:?}",
        report.attempts, ticks.ticks, ticks.committed, ticks.claimed, ticks.placed, ticks.held
    );
    complaints(&stage.carrier)?;
    Ok(round)
}

async fn skeleton(args: &Args, folder: &Path) -> Result<Round> {
    let stage = stage(folder).await?;
    let options = stage.carrier.options();
    let path = format!(
        "/skeleton/tick?open={OPEN}&total={}&api={}/2010-04-01/Accounts/{}/Calls.json&self={}&auth={}&from={}",
        args.calls,
        stage.carrier.base_url(),
        options.account_sid,
        stage.host.url(),
        STANDARD.encode(format!("{}:{}", options.api_key, options.api_secret)),
        options.caller_ids.first().map_or("", |id| id.trim_start_matches('+')),
    );
    let begun = Instant::now();
    loop {
        let ended: u32 = stage.client.poke(&path).await?.success()?.text().parse()?;
        if ended >= args.calls {
            break;
        }
        if begun.elapsed() > PATIENCE {
            bail!("the skeleton ended {ended} calls of {}", args.calls);
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let round = Round::of(&stage, args.calls.into(), begun.elapsed());
    complaints(&stage.carrier)?;
    Ok(round)
}

fn complaints(carrier: &Carrier) -> Result<()> {
    let complaints = carrier.violations();
    ensure!(
        complaints.is_empty(),
        "the carrier complains of {} things, first: {:?}",
        complaints.len(),
        complaints.first()
    );
    Ok(())
}
