//! What it costs: figures as ratios and counts, each measured against something bare in the same run.
//!
//! Machines differ and are noisy: only the ratios and the counts of durable commits mean anything elsewhere. The two
//! sides of a ratio take turns, round by round, and the median round is what is printed.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use dering::attempt::CallId;
use dering_carrier::{Mix, Options};
use dering_e2e::api::Client;
use dering_e2e::stage::{Plan, Stage};
use dering_e2e::ticker::Ticker;
use dering_e2e::{host, lists};
use http::Method;
use serde_json::{Value, json};

/// Measures the service against bare parts of the same host.
#[derive(Parser)]
struct Args {
    /// Folder for the stores; /dev/shm shows the cost without a disk.
    #[arg(long)]
    store_dir: Option<PathBuf>,
    /// Rounds of each side of a ratio.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: u32,
    /// Requests a round.
    #[arg(long, default_value_t = 3000, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    requests: u32,
    /// Rows of the list that is uploaded.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=1_000_000))]
    rows: u32,
    /// Calls of each kind.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(100..=20_000))]
    calls: u32,
    /// Only this figure.
    #[arg(long)]
    only: Option<Figure>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Figure {
    Callbacks,
    Ingest,
    Forecast,
    Unanswered,
    Answered,
}

const CONNECTIONS: usize = 32;

fn main() -> ExitCode {
    if let Some(code) = host::become_host() {
        return code;
    }
    let args = Args::parse();
    let outcome = tokio::runtime::Runtime::new().map_err(anyhow::Error::from).and_then(|r| r.block_on(run(&args)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<()> {
    let folder = match &args.store_dir {
        Some(dir) => tempfile::Builder::new().prefix("dering-figures-").tempdir_in(dir)?,
        None => tempfile::Builder::new().prefix("dering-figures-").tempdir()?,
    };
    println!("store under {}: {:.0} flushes a second", folder.path().display(), flushes_a_second(folder.path())?);
    let wanted = |figure| args.only.is_none_or(|only| only == figure);
    if wanted(Figure::Callbacks) {
        callbacks(args, folder.path()).await?;
    }
    if wanted(Figure::Ingest) {
        ingest(args, folder.path()).await?;
    }
    if wanted(Figure::Forecast) {
        forecast(args, folder.path()).await?;
    }
    if wanted(Figure::Unanswered) {
        let mix = Mix { no_answer: 1.0, ..Mix::none() };
        calls(args, &folder.path().join("unanswered"), "unanswered", mix, 5.0).await?;
    }
    if wanted(Figure::Answered) {
        let mix = Mix { promise: 1.0, ..Mix::none() };
        calls(args, &folder.path().join("answered"), "answered", mix, 8.0).await?;
    }
    Ok(())
}

/// How fast the disk makes small writes durable.
fn flushes_a_second(folder: &Path) -> Result<f64> {
    let mut file = std::fs::File::create(folder.join("flush"))?;
    let (begun, mut n) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(2) {
        file.write_all(&[0; 512])?;
        file.sync_data()?;
        n += 1;
    }
    Ok(f64::from(n) / begun.elapsed().as_secs_f64())
}

/// The application's manifest, with a bare component beside it on the same host.
fn manifest_with_bare(folder: &Path) -> Result<PathBuf> {
    let target = host::root().join("target");
    let text = std::fs::read_to_string(host::root().join("spin.toml"))?;
    let text = text.replace("source = \"target/", &format!("source = \"{}/", target.display()));
    let bare = format!(
        "\n[[trigger.http]]\nroute = \"/bare\"\ncomponent = \"bare\"\n[component.bare]\nsource = \"{}\"\nkey_value_stores = [\"default\"]\n",
        target.join("wasm32-wasip2/release/probe.wasm").display()
    );
    let file = folder.join("spin.toml");
    std::fs::write(&file, format!("{text}{bare}"))?;
    Ok(file)
}

/// Status callbacks a second, against a component that does one `set` and answers 204.
async fn callbacks(args: &Args, folder: &Path) -> Result<()> {
    host::build(&["probe"])?;
    let manifest = Some(manifest_with_bare(folder)?);
    let stage = Stage::start(Plan { manifest, state_dir: Some(folder.join("callbacks")), ..Plan::default() }).await?;
    let client = stage.client.with_token("");
    let fields: Vec<(String, String)> = [
        ("CallSid", "CA00000000000000000000000000000001"),
        ("AccountSid", "AC00000000000000000000000000000002"),
        ("From", "+622150000001"),
        ("To", "+628110000001"),
        ("CallStatus", "no-answer"),
        ("SipResponseCode", "487"),
        ("SequenceNumber", "3"),
        ("Timestamp", "Mon, 02 Nov 2026 03:04:05 +0000"),
        ("CallbackSource", "call-progress-events"),
        ("Direction", "outbound-api"),
    ]
    .map(|(n, v)| (n.to_owned(), v.to_owned()))
    .to_vec();
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    let token = stage.carrier.options().auth_token.clone();
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for round in 0..=args.rounds {
        // Signed beforehand: what is measured is the service, not the client. Each is of a call of its own, as in life;
        // a callback that is repeated would overwrite a value where the other side adds one.
        let prepared = (0..args.requests).map(|n| {
            let id = CallId {
                shard: 0,
                ballot: u64::from(round * args.requests + n) / 500,
                index: (n % 500) as u16,
                valid_until_s: u32::MAX,
            };
            let path = format!("/hooks/twilio/{}/status", id.seal(&stage.vault));
            let signature = dering_carrier::sign(&token, &format!("{}{path}", stage.host.url()), &fields);
            (path, signature)
        });
        let prepared = Arc::new(prepared.collect());
        let b = round_of(&client, args.requests, Arc::new(vec![("/bare".to_owned(), String::new())]), &body).await?;
        let o = round_of(&client, args.requests, prepared, &body).await?;
        // The first round warms both sides up.
        if round > 0 {
            bare.push(b);
            ours.push(o);
        }
    }
    let (bare, ours) = (median(bare), median(ours));
    println!(
        "status callbacks at {CONNECTIONS} connections: {ours:.0}/s, bare one-set component {bare:.0}/s, ratio {:.2}",
        ours / bare
    );
    Ok(())
}

async fn round_of(client: &Client, requests: u32, prepared: Arc<Vec<(String, String)>>, body: &str) -> Result<f64> {
    let next = Arc::new(AtomicU32::new(0));
    let begun = Instant::now();
    let mut workers = Vec::new();
    for _ in 0..CONNECTIONS {
        let (client, prepared, body, next) =
            (client.clone(), Arc::clone(&prepared), body.to_owned(), Arc::clone(&next));
        workers.push(tokio::spawn(async move {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= requests {
                    return Ok::<_, anyhow::Error>(());
                }
                let Some((path, signature)) = prepared.get(n as usize % prepared.len().max(1)) else { return Ok(()) };
                let headers =
                    [("content-type", "application/x-www-form-urlencoded"), ("x-twilio-signature", signature.as_str())];
                let answer = client.send(Method::POST, path, &headers, body.clone()).await?;
                ensure!(answer.status == 204, "{path} answered {}", answer.status);
            }
        }));
    }
    for worker in workers {
        worker.await??;
    }
    Ok(f64::from(requests) / begun.elapsed().as_secs_f64())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Seconds for a large list, from the first byte to the answer.
async fn ingest(args: &Args, folder: &Path) -> Result<()> {
    let counts = folder.join("ingest.json");
    let plan = Plan { state_dir: Some(folder.join("ingest")), counts: Some(counts.clone()), ..Plan::default() };
    let stage = Stage::start(plan).await?;
    let list = lists::generated(args.rows, lists::today())?;
    stage.client.post("/v1/campaigns", &stage.campaign("figures")).await?.success()?;
    let before = settled_commits(&counts).await?;
    let begun = Instant::now();
    stage.client.upload("figures", "figures", list.file.clone()).await?.success()?;
    let took = begun.elapsed().as_secs_f64();
    println!(
        "ingest: {} rows, {:.1} MB in {took:.2} s, {} durable commits",
        args.rows,
        list.file.len() as f64 / 1e6,
        settled_commits(&counts).await? - before
    );
    Ok(())
}

/// Seconds for the dry run of a campaign of a large list.
async fn forecast(args: &Args, folder: &Path) -> Result<()> {
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

/// Calls a second from end to end, and durable commits a call, at up to 500 open calls.
async fn calls(args: &Args, folder: &Path, kind: &str, mix: Mix, speed: f64) -> Result<()> {
    let counts = folder.with_extension("json");
    let carrier = Options { mix, speed, ..Options::default() };
    let plan = Plan { carrier, state_dir: Some(folder.to_owned()), counts: Some(counts.clone()), ..Plan::default() };
    let stage = Stage::start(plan).await?;
    let mut campaign = stage.campaign("figures");
    campaign["attempts"]["max"] = json!(1);
    campaign["rate"] = json!({ "calls_per_second": 100.0, "concurrent": 500 });
    campaign["call"]["unknown_after"] = json!("300s");
    let list = lists::generated(args.calls, lists::today())?;
    stage.begin(&campaign, &list).await?;
    stage.client.tick(0).await.context("the first tick")?;
    let before = settled_commits(&counts).await?;
    let (begun, done) = (Instant::now(), stage.carrier.snapshot().orders);
    let ticker = Ticker::start(&stage.client, stage.shards, Duration::from_secs(60));
    let mut most = 0;
    let waiting = stage.settled("figures", u64::from(args.calls), Duration::from_secs(600));
    tokio::pin!(waiting);
    let report = loop {
        tokio::select! {
            report = &mut waiting => break report?,
            () = tokio::time::sleep(Duration::from_millis(200)) => most = most.max(stage.carrier.snapshot().open),
        }
    };
    let took = begun.elapsed().as_secs_f64();
    let ticks = ticker.stop().await;
    let commits = settled_commits(&counts).await? - before;
    // The first tick's orders are counted with the calls: their ends were committed after it.
    println!(
        "{kind}: {} calls, {:.0}/s from end to end, up to {most} open, {} ticks; {commits} durable commits, {:.2} a call",
        report.attempts,
        report.attempts as f64 / took,
        ticks.ticks,
        commits as f64 / report.attempts as f64
    );
    ensure!(report.attempts >= u64::from(args.calls) && done > 0, "all were called: {report:?}");
    Ok(())
}

/// The host's count of durable commits, once it stands still.
async fn settled_commits(file: &Path) -> Result<u64> {
    let mut last = None;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let json: Option<Value> = std::fs::read(file).ok().and_then(|b| serde_json::from_slice(&b).ok());
        let now = json.and_then(|j| j["commits"].as_u64());
        if now.is_some() && now == last {
            return Ok(now.unwrap_or_default());
        }
        last = now;
    }
    last.context("the host does not count commits; figures are measured on the local host")
}
