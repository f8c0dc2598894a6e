//! A long feed of payments.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use bytes::Bytes;
use dering_e2e::lists;
use dering_e2e::stage::{Plan, Stage};
use serde_json::{Value, json};

use crate::lists::{allowed_mib, eight_columns};
use crate::{Args, Meter, median};

/// Rounds: they are long enough.
const ROUNDS: u32 = 3;

/// Seconds for a feed that settles each row of a large list, against those for the list's upload before it; durable commits, and
/// by how much the host grows.
pub async fn feed(args: &Args, folder: &Path) -> Result<()> {
    let list = eight_columns(args.rows)?;
    let feed = payments(args.rows)?;
    let (mut uploads, mut feeds, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..args.rounds.min(ROUNDS) {
        let folder = folder.join(format!("settlements-{round}"));
        std::fs::create_dir_all(&folder)?;
        let meter = Meter::new(&folder, "settlements");
        let plan = Plan { state_dir: Some(folder.join("state")), counts: Some(meter.file.clone()), ..Plan::default() };
        let stage = Stage::start(plan).await?;
        stage.client.post("/v1/campaigns", &stage.campaign("figures")).await?.success()?;
        let begun = Instant::now();
        stage.client.upload("figures", "figures", list.clone()).await?.success()?;
        uploads.push(begun.elapsed().as_secs_f64());
        feeds.push(taken(&stage, &meter, args.rows, &feed, 0).await?);
        again.push(taken(&stage, &meter, args.rows, &feed, args.rows).await?);
    }
    println!(
        "settlements, round by round: {feeds:.2?} s, the same again {again:.2?} s, a list's upload {uploads:.2?} s"
    );
    let (uploads, feeds) = (median(uploads), median(feeds));
    println!(
        "settlements: {} rows, {:.1} MB in {feeds:.2} s ({:.1} µs a row); a list of as many rows {uploads:.2} s, ratio {:.2}",
        args.rows,
        feed.len() as f64 / 1e6,
        feeds * 1e6 / f64::from(args.rows),
        feeds / uploads
    );
    Ok(())
}

/// A payment by each taxpayer of a generated list.
fn payments(rows: u32) -> Result<Bytes> {
    let today = lists::today();
    let form = lists::Generated::new(today)?;
    let mut file = String::from("NPWP;KAP;KJS;MASA PAJAK;TAHUN PAJAK;TGL BAYAR;JUMLAH BAYAR;NTPN\n");
    for i in 0..rows {
        let row = form.row(i);
        let npwp = row.split(';').next().unwrap_or_default();
        file.push_str(&format!("{npwp};411125;200;02;{};{today};1250000;NTPN{i:012}\n", today.year()));
    }
    Ok(file.into())
}

/// Seconds until the feed is answered; all its rows must be taken, and `unchanged` of them say nothing new.
async fn taken(stage: &Stage, meter: &Meter, rows: u32, feed: &Bytes, unchanged: u32) -> Result<f64> {
    let before = meter.settled().await?;
    stage.host.forget_peak();
    let small = stage.host.memory_kib();
    let begun = Instant::now();
    let answer = stage.client.post_file("/v1/settlements", "text/csv", feed.clone()).await?.success()?;
    let took = begun.elapsed().as_secs_f64();
    let answer: Value = answer.json()?;
    ensure!(answer["accepted"] == json!(rows), "{} rows were accepted of {rows}", answer["accepted"]);
    ensure!(answer["unchanged"] == json!(unchanged), "{} rows said nothing new", answer["unchanged"]);
    let commits = meter.settled().await?.since(&before).commits;
    if let (Some((small, _)), Some((_, peak))) = (small, stage.host.memory_kib()) {
        let grown = peak.saturating_sub(small) as f64 / 1024.0;
        let allowed = allowed_mib(rows);
        println!("settlements: {commits} durable commits; the host grew by {grown:.1} MiB, {allowed:.1} are allowed");
    }
    Ok(took)
}
