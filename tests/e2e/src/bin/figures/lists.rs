//! Long lists: taken in, and tried on a virtual clock.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use bytes::Bytes;
use dering_e2e::stage::{Plan, Stage};
use dering_e2e::{host, lists};
use serde_json::{Value, json};

use crate::copy::Postgres;
use crate::{Args, Meter, bare, median};

/// Rounds of each side: they are long enough.
const ROUNDS: u32 = 3;

/// Seconds for a large list of eight columns, from the first byte to the answer: against the time in which the same bytes are
/// stored unread, and against PostgreSQL's `\copy`. And by how much the host grows.
pub async fn ingest(args: &Args, folder: &Path) -> Result<()> {
    host::build(&["probe"])?;
    let file = eight_columns(args.rows)?;
    let on_disk = folder.join("list.csv");
    std::fs::write(&on_disk, &file)?;
    let postgres = Postgres::start(folder)?;
    let (mut unread, mut ours, mut copied) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..args.rounds.min(ROUNDS) {
        unread.push(drained(&file, &folder.join(format!("unread-{round}"))).await?);
        ours.push(taken(args.rows, &file, &folder.join(format!("ingest-{round}"))).await?);
        if let Some(postgres) = &postgres {
            copied.push(postgres.copy(&on_disk, args.rows)?);
        }
    }
    println!("ingest, round by round: {ours:.2?} s, stored unread {unread:.2?} s, \\copy {copied:.2?} s");
    let (ours, unread) = (median(ours), median(unread));
    let megabytes = file.len() as f64 / 1e6;
    println!(
        "ingest: {} rows, {megabytes:.1} MB in {ours:.2} s ({:.1} µs a row); stored unread {unread:.2} s, ratio {:.2}",
        args.rows,
        ours * 1e6 / f64::from(args.rows),
        ours / unread
    );
    match postgres {
        Some(_) => println!("\\copy: {:.2} s, ratio {:.2}", median(copied.clone()), ours / median(copied)),
        None => println!("PostgreSQL is not installed (Debian: apt-get install postgresql): not compared"),
    }
    Ok(())
}

/// A list of eight columns that PostgreSQL takes, too.
pub fn eight_columns(rows: u32) -> Result<Bytes> {
    let form = lists::Generated::new(lists::today())?;
    let mut file = String::from("NPWP;NAMA WP;NO TELP/HP;PERIHAL;MASA PAJAK;TAHUN PAJAK;JATUH TEMPO;PROVINSI\n");
    for i in 0..rows {
        let row = form.row(i);
        let cells: Vec<&str> = row.trim_end().split(';').collect();
        let [npwp, name, phone, matter, _, _, period, year, due, province, _] = cells.as_slice() else {
            bail!("a generated row has eleven cells");
        };
        writeln!(file, "{npwp};{name};{phone};{matter};{period};{year};{due};{province}")?;
    }
    Ok(file.into())
}

/// By how much the host may grow while so many rows are taken.
pub fn allowed_mib(rows: u32) -> f64 {
    32.0 + 16.0 * f64::from(rows) / f64::from(1 << 20)
}

async fn drained(file: &Bytes, folder: &Path) -> Result<f64> {
    std::fs::create_dir_all(folder)?;
    let manifest = Some(bare::manifest(folder)?);
    let stage = Stage::start(Plan { manifest, state_dir: Some(folder.join("state")), ..Plan::default() }).await?;
    let begun = Instant::now();
    let answer = stage.client.post_file("/drain", "text/csv", file.clone()).await?.success()?.text();
    let took = begun.elapsed().as_secs_f64();
    ensure!(answer == file.len().to_string(), "{answer} bytes were stored of {}", file.len());
    Ok(took)
}

async fn taken(rows: u32, file: &Bytes, folder: &Path) -> Result<f64> {
    std::fs::create_dir_all(folder)?;
    let meter = Meter::new(folder, "ingest");
    let plan = Plan { state_dir: Some(folder.join("state")), counts: Some(meter.file.clone()), ..Plan::default() };
    let stage = Stage::start(plan).await?;
    stage.client.post("/v1/campaigns", &stage.campaign("figures")).await?.success()?;
    let before = meter.settled().await?;
    stage.host.forget_peak();
    let small = stage.host.memory_kib();
    let begun = Instant::now();
    let answer = stage.client.upload("figures", "figures", file.clone()).await?.success()?;
    let took = begun.elapsed().as_secs_f64();
    let accepted = answer.json::<Value>()?["accepted"].clone();
    ensure!(accepted == json!(rows), "{accepted} rows were accepted of {rows}");
    let commits = meter.settled().await?.since(&before).commits;
    if let (Some((small, _)), Some((_, peak))) = (small, stage.host.memory_kib()) {
        let grown = peak.saturating_sub(small) as f64 / 1024.0;
        let allowed = allowed_mib(rows);
        println!("ingest: {commits} durable commits; the host grew by {grown:.1} MiB, {allowed:.1} are allowed");
    }
    Ok(took)
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
