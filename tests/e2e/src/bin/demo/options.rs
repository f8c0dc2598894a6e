//! The demo's command line.

use clap::{Parser, ValueEnum};
use dering_carrier::{Faults, Options};
use dering_e2e::audit::Weather;
use serde_json::{Value, json};

/// Shows the main job end to end: builds the components, starts a host and a simulated carrier on loopback, uploads a
/// list, runs a campaign to its end, and checks the report against what the carrier saw. Nobody real is called.
#[derive(Debug, Parser)]
#[command(name = "demo", bin_name = "cargo demo --")]
pub struct Args {
    /// Calls a generated list of so many contacts instead of the sample of 60 rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub contacts: Option<u32>,
    /// How much faster than life calls go: ringing, talking, machines
    #[arg(long, default_value_t = 10.0, value_name = "X")]
    pub speed: f64,
    /// Decides who answers and what they do
    #[arg(long, default_value_t = 2027, value_name = "N")]
    pub seed: u64,
    /// What goes wrong on the carrier's side
    #[arg(long, value_enum, default_value_t = FaultMode::None)]
    pub faults: FaultMode,
    /// Inbound calls meanwhile
    #[arg(long, default_value_t = 6, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=99))]
    pub inbound: u32,
    /// Parts the contacts are split into
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub shards: u16,
    /// Leaves everything running afterwards, for a look with the browser or curl
    #[arg(long)]
    pub keep: bool,
    /// Gives up after so many seconds
    #[arg(long, default_value_t = 3600, value_name = "S")]
    pub patience_s: u64,
}

/// A mixture of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FaultMode {
    /// Nothing
    None,
    /// Callbacks repeated, reordered, late
    Callbacks,
    /// That, and callbacks lost, orders refused or answered with errors, answers lost
    All,
}

impl Args {
    /// What must be forgiven.
    pub fn weather(&self) -> Weather {
        if self.faults == FaultMode::None { Weather::Calm } else { Weather::Faults }
    }

    /// The carrier.
    pub fn carrier(&self, rows: usize) -> Options {
        let callbacks = Faults { duplicate: 0.2, reorder: 0.2, delay: 0.1, ..Faults::default() };
        let faults = match self.faults {
            FaultMode::None => Faults::default(),
            FaultMode::Callbacks => callbacks,
            FaultMode::All => Faults {
                lose: 0.05,
                reply_429: 0.05,
                reply_500_before: 0.03,
                reply_500_after: 0.03,
                lose_reply: 0.03,
                ..callbacks
            },
        };
        // A long list goes faster, unless the speed was chosen.
        let default = (self.speed - 10.0).abs() < f64::EPSILON;
        let speed = if default && rows > 1000 { 60.0 } else { self.speed };
        Options { seed: self.seed, speed, faults, ..Options::default() }
    }

    /// The campaign's rates and waits.
    pub fn adjust(&self, campaign: &mut Value) {
        let many = self.contacts.is_some_and(|n| n > 1000);
        campaign["rate"] = if many {
            json!({ "calls_per_second": 300.0, "concurrent": 2000 })
        } else {
            json!({ "calls_per_second": 20.0, "concurrent": 40 })
        };
        // Silence is soon taken for the end where callbacks are lost; but the longest call, with four minutes of the
        // carrier's time, must have ended before. A campaign takes no less than its ringing time and 5 s.
        let longest = (240.0 / self.speed.max(0.1) + 6.0).max(30.0);
        let unknown_after = if self.faults == FaultMode::None { 600.0 } else { longest };
        let unknown_after = format!("{unknown_after:.0}s");
        campaign["call"]["unknown_after"] = unknown_after.into();
    }
}
