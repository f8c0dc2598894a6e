//! Long lists: taken in, and tried on a virtual clock.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use dering_e2e::lists;
use dering_e2e::stage::{Plan, Stage};
use serde_json::Value;

use crate::{Args, Meter, median};

/// Seconds for a large list, from the first byte to the answer.
pub async fn ingest(args: &Args, folder: &Path) -> Result<()> {
    let meter = Meter::new(folder, "ingest");
    let plan = Plan { state_dir: Some(folder.join("ingest")), counts: Some(meter.file.clone()), ..Plan::default() };
    let stage = Stage::start(plan).await?;
    let list = lists::generated(args.rows, lists::today())?;
    stage.client.post("/v1/campaigns", &stage.campaign("figures")).await?.success()?;
    let before = meter.settled().await?;
    let begun = Instant::now();
    stage.client.upload("figures", "figures", list.file.clone()).await?.success()?;
    let took = begun.elapsed().as_secs_f64();
    println!(
        "ingest: {} rows, {:.1} MB in {took:.2} s, {} durable commits",
        args.rows,
        list.file.len() as f64 / 1e6,
        meter.settled().await?.since(&before).commits
    );
    Ok(())
}

/// Seconds for the dry run of a campaign of a large list.
pub async fn forecast(args: &Args, folder: &Path) -> Result<()> {
    let stage = Stage::start(Plan { state_dir: Some(folder.join("forecast")), ..Plan::default() }).await?;
    let list = lists::generated(args.rows, lists::today())?;
    stage.client.post("/v1/campaigns", &stage.campaign("figures")).await?.success()?;
    stage.client.upload("figures", "figures", list.file.clone()).await?.success()?;
    stage.client.tick(0).await?;
    let mut took = Vec::new();
    let mut attempts = Value::Null;
    for _ in 0..args.rounds {
        let begun = Instant::now();
        let forecast: Value = stage.client.poke("/v1/campaigns/figures/forecast").await?.success()?.json()?;
        took.push(begun.elapsed().as_secs_f64());
        attempts = forecast["attempts"].clone();
    }
    println!("forecast: {} contacts, {attempts} attempts in {:.2} s", args.rows, median(took));
    Ok(())
}
