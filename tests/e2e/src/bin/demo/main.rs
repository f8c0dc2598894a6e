//! The main job from end to end, on this machine: a list goes in, calls go out to a simulated carrier, outcomes come
//! back, and the report is checked against what the carrier saw.

mod options;
mod progress;
mod tables;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use dering_carrier::{Carrier, InboundRecord};
use dering_e2e::api::{AnnualReport, CampaignReport, Upload};
use dering_e2e::host;
use dering_e2e::lists::{self, List};
use dering_e2e::stage::{self, Plan, Stage};
use dering_e2e::ticker::{Ticker, Ticks};
use futures::stream::{self, StreamExt};

use options::Args;
use progress::Progress;

const CAMPAIGN: &str = "spt-tahunan";

fn main() -> ExitCode {
    if let Some(code) = host::become_host() {
        return code;
    }
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("Error: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = run(&args) => outcome,
            // Dropping the run ends the host, too.
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        }
    });
    match outcome {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            eprintln!("\nThe report is WRONG:");
            for fault in faults.iter().take(50) {
                eprintln!("  - {fault}");
            }
            if let Some(more) = faults.len().checked_sub(50).filter(|n| *n > 0) {
                eprintln!("  … and {more} more");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What the demo found in the end.
struct Findings {
    list: List,
    upload: Upload,
    report: CampaignReport,
    annual: AnnualReport,
    inbound: Vec<InboundRecord>,
    ticks: Ticks,
    lasted: Duration,
}

/// Answers what is wrong with the report; nothing, if all is well.
async fn run(args: &Args) -> Result<Vec<String>> {
    let today = lists::today();
    let list = match args.contacts {
        None => lists::sample(today)?,
        Some(n) => lists::generated(n, today)?,
    };
    println!("Building the components and starting the host …");
    let stage =
        Stage::start(Plan { carrier: args.carrier(list.rows.len()), shards: args.shards, ..Plan::default() }).await?;
    println!(
        "Host {}, carrier {}, store {}",
        stage.host.url(),
        stage.carrier.base_url(),
        stage.host.state_dir().display()
    );

    let mut campaign = stage.campaign(CAMPAIGN);
    args.adjust(&mut campaign);
    let begun = Instant::now();
    let upload = stage.begin(&campaign, &list).await?;
    println!("{}", tables::upload(&upload, begun.elapsed()));

    let ticker = Ticker::start(&stage.client, stage.shards, Duration::from_millis(500));
    let progress = Progress::new(std::io::stderr().is_terminal(), upload.accepted);
    let settled = stage.settled(CAMPAIGN, upload.accepted, Duration::from_secs(args.patience_s));
    let callers = inbound(&stage.carrier, stage.host.url(), args.inbound);
    let watched = progress.watch(&stage, &ticker, CAMPAIGN);
    let (settled, inbound) = tokio::select! {
        both = async { tokio::join!(settled, callers) } => both,
        never = watched => match never {},
    };
    progress.finish();
    let lasted = begun.elapsed();
    let ticks = ticker.stop().await;
    settled.with_context(|| format!("ticks: {ticks:?}"))?;
    stage.last_news().await?;
    let findings = Findings {
        list,
        upload,
        report: stage.client.report(CAMPAIGN).await?,
        annual: stage.client.annual(today.year()).await?,
        inbound: inbound?,
        ticks,
        lasted,
    };
    println!("{}", tables::report(&findings));
    let faults = check(args, &stage, &findings).await?;
    if faults.is_empty() {
        println!("The report agrees with what the carrier saw, call by call.");
    }
    if args.keep {
        println!("\nLeft running: {}  (bearer token: {})  Ctrl-C ends it.", stage.host.url(), stage::ADMIN_TOKEN);
        tokio::signal::ctrl_c().await?;
    }
    Ok(faults)
}

/// People who call the authority while the campaign runs.
async fn inbound(carrier: &Carrier, host: String, calls: u32) -> Result<Vec<InboundRecord>> {
    let host = host.as_str();
    let records: Vec<Result<InboundRecord>> = stream::iter(0..calls)
        .map(|n| async move {
            carrier.inbound(host, &format!("+62813000009{n:02}"), "").await.with_context(|| format!("inbound call {n}"))
        })
        .buffered(3)
        .collect()
        .await;
    records.into_iter().collect()
}

async fn check(args: &Args, stage: &Stage, findings: &Findings) -> Result<Vec<String>> {
    let mut faults = stage.audit(CAMPAIGN, &findings.list, args.weather()).await?;
    faults.extend(tables::upload_faults(&findings.list, &findings.upload));
    let answered = findings.inbound.iter().filter(|call| call.transferred).count() as u64;
    let expected = (findings.report.attempts, findings.inbound.len() as u64, answered);
    let annual = &findings.annual;
    let reported = (annual.outbound_calls, annual.inbound_received, annual.inbound_answered);
    if reported != expected {
        faults.push(format!(
            "the year's outbound, inbound and answered inbound calls: reported {reported:?}, expected {expected:?}"
        ));
    }
    Ok(faults)
}
