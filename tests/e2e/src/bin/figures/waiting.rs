//! Ticks over a long list and over a short one: their cost depends on open calls and batch, never on the lists' length.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use bytes::Bytes;
use dering_carrier::{Mix, Options};
use dering_e2e::lists::{self, Generated};
use dering_e2e::stage::{Plan, Stage};
use futures::stream;
use http::Method;
use serde_json::json;

use crate::{Args, Counts, Meter, median};

const SHORT: u32 = 10_000;
/// Rows of one piece of the upload.
const PIECE: u32 = 500;
/// Calls that are open while the idle ticks are timed.
const OPEN: u32 = 100;
/// Ticks a round.
const TICKS: u32 = 50;

struct Side {
    stage: Stage,
    meter: Meter,
    /// Verbs of the tick that claims.
    busy: Counts,
    idle: Vec<f64>,
}

/// Prints verbs and time of ticks over both.
pub async fn compare(args: &Args, folder: &Path) -> Result<()> {
    let mut short = side(folder, "short", SHORT).await?;
    let mut long = side(folder, "long", args.waiting).await?;
    ensure!(short.busy == long.busy, "a tick that claims: {:?} and {:?}", short.busy, long.busy);
    // The first round warms both up.
    for round in 0..=args.rounds {
        for side in [&mut short, &mut long] {
            let before = side.meter.settled().await?;
            let begun = Instant::now();
            for _ in 0..TICKS {
                side.stage.client.tick(0).await?;
            }
            let took = begun.elapsed().as_secs_f64() / f64::from(TICKS);
            side.busy = side.meter.settled().await?.since(&before);
            if round > 0 {
                side.idle.push(took);
            }
        }
        ensure!(short.busy.commits == long.busy.commits, "idle ticks: {:?} and {:?}", short.busy, long.busy);
    }
    let (short, long) = (median(short.idle), median(long.idle));
    println!(
        "a tick over {} waiting contacts: as many verbs as over {SHORT}; {:.2} ms and {:.2} ms, ratio {:.2}",
        args.waiting,
        long * 1e3,
        short * 1e3,
        long / short
    );
    Ok(())
}

/// A host with a list of so many contacts and some open calls.
async fn side(folder: &Path, name: &str, contacts: u32) -> Result<Side> {
    let meter = Meter::new(folder, name);
    // Nobody answers, and it rings for longer than is measured.
    let carrier = Options { mix: Mix { no_answer: 1.0, ..Mix::none() }, speed: 0.01, ..Options::default() };
    let stage = Stage::start(Plan {
        carrier,
        state_dir: Some(folder.join(name)),
        counts: Some(meter.file.clone()),
        ..Plan::default()
    })
    .await?;
    let mut campaign = stage.campaign("figures");
    campaign["rate"] = json!({ "calls_per_second": 1000.0, "concurrent": OPEN });
    campaign["call"]["unknown_after"] = json!("24h");
    stage.client.start_campaign(&campaign).await?;
    let begun = Instant::now();
    upload(&stage, contacts).await?;
    println!("{contacts} rows taken in in {:.1} s", begun.elapsed().as_secs_f64());
    let before = meter.settled().await?;
    let tick = stage.client.tick(0).await?;
    ensure!(tick.placed == OPEN && tick.waiting == u64::from(contacts - OPEN), "{tick:?}");
    let busy = meter.settled().await?.since(&before);
    Ok(Side { stage, meter, busy, idle: Vec::new() })
}

async fn upload(stage: &Stage, contacts: u32) -> Result<()> {
    let form = Generated::new(lists::today())?;
    let rows = (0..contacts.div_ceil(PIECE)).map(move |n| {
        let rows = n * PIECE..contacts.min((n + 1) * PIECE);
        Bytes::from(rows.map(|i| form.row(i)).collect::<String>())
    });
    let file = std::iter::once(Bytes::from(Generated::HEADER)).chain(rows);
    let path = format!("/v1/campaigns/figures/lists?name=figures&expected={contacts}");
    let answer =
        stage.client.send_stream(Method::POST, &path, &[("content-type", "text/csv")], stream::iter(file)).await?;
    let upload: dering_e2e::api::Upload = answer.success()?.json()?;
    ensure!(upload.accepted == u64::from(contacts), "{upload:?}");
    Ok(())
}
