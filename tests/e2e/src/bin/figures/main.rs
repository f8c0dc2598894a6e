//! What it costs: figures as ratios and counts, each measured against something bare in the same run.
//!
//! Machines differ and are noisy: only the ratios and the counts of verbs and durable commits mean anything elsewhere. The
//! two sides of a ratio take turns, round by round, and the median round is what is printed.

mod bare;
mod calls;
mod copy;
mod lists;
mod numbers;
mod settlements;
mod skeleton;
mod waiting;
mod webhooks;
mod year;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use dering_carrier::Mix;
use dering_e2e::host;
use serde::Deserialize;

/// Measures the service against bare parts of the same host.
#[derive(Parser)]
pub struct Args {
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
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    rows: u32,
    /// Calls of each kind.
    #[arg(long, default_value_t = 4000, value_parser = clap::value_parser!(u32).range(100..=200_000))]
    calls: u32,
    /// Calls open at once.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    open: u32,
    /// Contacts of the long list whose ticks are compared with those of one of 10,000.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(10_000..=10_000_000))]
    waiting: u32,
    /// Calls of the year: those of a national contact centre in 2021.
    #[arg(long, default_value_t = 1_220_000, value_parser = clap::value_parser!(u32).range(1_000..=2_000_000))]
    year_calls: u32,
    /// Parts the year's contacts are split into.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=16))]
    year_shards: u16,
    /// Only this figure. The year is measured only by name.
    #[arg(long)]
    only: Option<Figure>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Figure {
    /// Status callbacks a second, against one bare `set` each
    Callbacks,
    /// A long list, from its first byte to the answer, against one that is stored unread and against PostgreSQL
    Ingest,
    /// A long feed of payments, against the upload of a list of as many rows
    Settlements,
    /// What is made of a phone number, against the crate `phonenumber`
    Numbers,
    /// A campaign's dry run
    Forecast,
    /// Durable commits of a call that nobody answers
    Unanswered,
    /// Durable commits of a call that ends in a promise
    Answered,
    /// Whole calls a second, against a component that only reads and writes as much
    Skeleton,
    /// A tick over a long list, against one over a short list
    Waiting,
    /// A year's calls at full speed
    Year,
}

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
    let folder = folder.path();
    println!("store under {}: {:.0} flushes a second", folder.display(), flushes_a_second(folder)?);
    let wanted = |figure| args.only.is_none_or(|only| only == figure);
    if wanted(Figure::Callbacks) {
        webhooks::callbacks(args, folder).await?;
    }
    if wanted(Figure::Ingest) {
        lists::ingest(args, folder).await?;
    }
    if wanted(Figure::Settlements) {
        settlements::feed(args, folder).await?;
    }
    if wanted(Figure::Numbers) {
        numbers::compare(args)?;
    }
    if wanted(Figure::Forecast) {
        lists::forecast(args, folder).await?;
    }
    if wanted(Figure::Unanswered) {
        let mix = Mix { no_answer: 1.0, ..Mix::none() };
        calls::cost(args, folder, "unanswered", mix, 5.0).await?;
    }
    if wanted(Figure::Answered) {
        let mix = Mix { promise: 1.0, ..Mix::none() };
        calls::cost(args, folder, "answered", mix, 8.0).await?;
    }
    if wanted(Figure::Skeleton) {
        skeleton::compare(args, folder).await?;
    }
    if wanted(Figure::Waiting) {
        waiting::compare(args, folder).await?;
    }
    if args.only == Some(Figure::Year) {
        year::replay(args, folder).await?;
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

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The host's counts of the store's verbs.
struct Meter {
    file: PathBuf,
}

/// Verbs, and the transactions among them that changed something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
struct Counts {
    get: u64,
    set: u64,
    set_many: u64,
    delete_many: u64,
    increment: u64,
    get_many: u64,
    commits: u64,
}

impl Counts {
    fn since(&self, before: &Counts) -> Counts {
        Counts {
            get: self.get - before.get,
            set: self.set - before.set,
            set_many: self.set_many - before.set_many,
            delete_many: self.delete_many - before.delete_many,
            increment: self.increment - before.increment,
            get_many: self.get_many - before.get_many,
            commits: self.commits - before.commits,
        }
    }
}

impl Meter {
    fn new(folder: &Path, name: &str) -> Self {
        Meter { file: folder.join(format!("{name}.json")) }
    }

    /// The counts, once they stand still.
    async fn settled(&self) -> Result<Counts> {
        let mut last = None;
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(250)).await;
            let now: Option<Counts> =
                std::fs::read(&self.file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            if now.is_some() && now == last {
                return now.context("counts");
            }
            last = now;
        }
        last.context("the host does not count; figures are measured on the local host")
    }
}
