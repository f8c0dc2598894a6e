//! `cargo prove`: everything that is proof, at full count, on all processors.

use clap::Parser;
use dering_sim::proof::{Ended, RUNS, Run};
use std::io::{IsTerminal, Write, stderr};
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Tries to break what must hold: whole lives with every fault at random, crashes, damaged stores, callbacks in every order;
/// and whether planted bugs are found. Takes less than an hour on two processors.
#[derive(Debug, Parser)]
#[command(name = "prove", bin_name = "cargo prove --")]
struct Args {
    /// Whole lives
    #[arg(long, value_name = "N")]
    seeds: Option<u64>,
    /// Lives with an hour without ticks
    #[arg(long, value_name = "N")]
    hours: Option<u64>,
    /// Pairs of faults at random points
    #[arg(long, value_name = "N")]
    crashes: Option<u64>,
    /// Random changes of stored values
    #[arg(long, value_name = "N")]
    mutations: Option<u64>,
    /// Only these: planted, two-ticks, seeds, hours, points, crashes, kinds, mutations, orders
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Begins with this seed or number
    #[arg(long, default_value_t = 0, value_name = "N")]
    first: u64,
    /// So many of each, whatever it is
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

impl Args {
    fn range(&self, run: &Run) -> Range<u64> {
        let wanted = match run.name {
            "seeds" => self.seeds,
            "hours" => self.hours,
            "crashes" => self.crashes,
            "mutations" => self.mutations,
            _ => None,
        };
        let usual = (run.count)();
        let end = self.first.saturating_add(wanted.or(self.count).unwrap_or(usual));
        self.first..if run.is_all { end.min(usual) } else { end }
    }
}

/// Says how far it is: all the time on a terminal, now and then elsewhere.
struct Teller {
    name: &'static str,
    all: u64,
    done: AtomicU64,
    begun: Instant,
    said: Mutex<Duration>,
}

impl Teller {
    fn new(name: &'static str, all: u64) -> Self {
        Teller { name, all, done: AtomicU64::new(0), begun: Instant::now(), said: Mutex::default() }
    }

    fn one_more(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        // Whoever finds it locked leaves it to the other.
        let Ok(mut said) = self.said.try_lock() else { return };
        let (terminal, now) = (stderr().is_terminal(), self.begun.elapsed());
        if now < *said + Duration::from_millis(if terminal { 200 } else { 15_000 }) {
            return;
        }
        *said = now;
        let end = if terminal { "\x1b[K\r" } else { "\n" };
        let _ = write!(stderr(), "{}: {done} of {}, {} s{end}", self.name, self.all, now.as_secs());
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(name) = args.only.iter().find(|name| RUNS.iter().all(|run| run.name != **name)) {
        let _ = writeln!(stderr(), "there is nothing of the name {name}: see `cargo prove -- --help`");
        return ExitCode::from(2);
    }
    let wanted = RUNS.iter().filter(|run| args.only.is_empty() || args.only.iter().any(|name| name == run.name));
    let mut rows = Vec::new();
    for run in wanted {
        let range = args.range(run);
        let teller = Teller::new(run.name, range.end.saturating_sub(range.start));
        let ended = (run.play)(range, &|| teller.one_more());
        let seconds = teller.begun.elapsed().as_secs_f64();
        println!("{}", row(run, &ended, seconds));
        if let Some(failure) = &ended.failure {
            println!("{failure}");
        }
        rows.push((run, ended, seconds));
    }
    println!("\nall together:");
    rows.iter().for_each(|(run, ended, seconds)| println!("{}", row(run, ended, *seconds)));
    if rows.iter().any(|(_, ended, _)| ended.failure.is_some()) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn row(run: &Run, ended: &Ended, seconds: f64) -> String {
    let Ended { tried, what, failure } = ended;
    let held = if failure.is_none() { "held" } else { "BROKEN" };
    let (unit, rules) = (run.unit, run.rules);
    format!("{held:6} {rules:23} {tried:>9} {unit}: {seconds:.0} s{}{what}", if what.is_empty() { "" } else { "; " })
}
