//! What `cargo prove` runs, and how much of it.

use super::crash::{EveryPoint, Happened, Twice};
use super::damage::Damage;
use super::orders::{self, Orders};
use super::{Progress, Swept, sweep, two_ticks};
use crate::life::{self, Plan, Planted};
use dering::provider::Provider;
use std::ops::Range;

/// One of the things that are tried.
pub struct Run {
    /// As on the command line.
    pub name: &'static str,
    pub rules: &'static str,
    /// What is counted.
    pub unit: &'static str,
    /// How many are proof enough from day to day.
    pub count: fn() -> u64,
    /// Whether there are no more than that.
    pub is_all: bool,
    pub play: fn(Range<u64>, Progress<'_>) -> Ended,
}

/// What came of it.
pub struct Ended {
    pub tried: u64,
    pub what: String,
    /// What was found, and how to see it again.
    pub failure: Option<String>,
}

/// Seeds that may be needed to find a planted bug.
const ENOUGH: u64 = 1_000;

/// All of them.
pub const RUNS: [Run; 9] = [
    Run {
        name: "planted",
        rules: "R14",
        unit: "planted bugs",
        count: || Planted::ALL.len() as u64,
        is_all: true,
        play: planted,
    },
    Run {
        name: "two-ticks",
        rules: "R1",
        unit: "situations of two ticks, in every order",
        count: || two_ticks::SITUATIONS,
        is_all: true,
        play: |range, progress| {
            let swept = sweep(range, 1, progress, || two_ticks::one, |sum: &mut u64, states| *sum += states);
            ended(swept, "two-ticks", |states| format!("{states} states"))
        },
    },
    Run {
        name: "seeds",
        rules: "R1 R3 R4 R6 R8 R10 R11",
        unit: "whole lives",
        count: || 10_000,
        is_all: false,
        play: |range, progress| lives(range, Plan::new, progress),
    },
    Run {
        name: "hours",
        rules: "R9",
        unit: "lives with an hour without ticks",
        count: || 10_000,
        is_all: false,
        play: |range, progress| lives(range, Plan::with_an_hour_off, progress),
    },
    Run {
        name: "points",
        rules: "R2",
        unit: "faults at each point of a tick",
        count: || EveryPoint::default().count(),
        is_all: true,
        play: |range, progress| {
            let worker = || {
                let all = EveryPoint::default();
                move |number| all.one(number)
            };
            ended(sweep(range, 1, progress, worker, |(), ()| ()), "points", |()| String::new())
        },
    },
    Run {
        name: "crashes",
        rules: "R2",
        unit: "pairs of faults",
        count: || 100_000,
        is_all: false,
        play: |range, progress| {
            let worker = || {
                let twice = Twice::default();
                move |number| twice.one(number)
            };
            let swept = sweep(range, 1, progress, worker, |sum: &mut Happened, one| sum.add(one));
            ended(swept, "crashes", |h| format!("both happened in {}, {} calls", h.both, h.calls))
        },
    },
    Run {
        name: "kinds",
        rules: "R5",
        unit: "values of every kind of key, damaged in every way",
        count: || Damage::default().count(),
        is_all: true,
        play: |range, progress| {
            let worker = || {
                let damage = Damage::default();
                move |number| damage.every_way(number)
            };
            let swept = sweep(range, 1, progress, worker, |sum: &mut u64, ways| *sum += ways);
            ended(swept, "kinds", |ways| format!("{ways} ways"))
        },
    },
    Run {
        name: "mutations",
        rules: "R5",
        unit: "random changes of a value",
        count: || 1_000_000,
        is_all: false,
        play: |range, progress| {
            let worker = || {
                let damage = Damage::default();
                move |number| damage.mutation(number)
            };
            ended(sweep(range, 1, progress, worker, |(), ()| ()), "mutations", |()| String::new())
        },
    },
    Run {
        name: "orders",
        rules: "R7",
        unit: "orders of callbacks, for each provider",
        count: || orders::ALL * Provider::ALL.len() as u64,
        is_all: true,
        play: |range, progress| {
            let worker = || {
                let each = Provider::ALL.map(Orders::new);
                move |number: u64| each[(number / orders::ALL) as usize].one(number % orders::ALL)
            };
            let names = Provider::ALL.map(Provider::name).join(", ");
            ended(sweep(range, 1, progress, worker, |(), ()| ()), "orders", |()| names)
        },
    },
];

fn ended<T>(swept: Swept<T, String>, name: &str, say: impl FnOnce(T) -> String) -> Ended {
    let failure = swept.failures.into_iter().next();
    let again =
        |(number, what)| format!("{what}\n`cargo prove -- --only {name} --first {number} --count 1` tries it again");
    Ended { tried: swept.tried, what: say(swept.total), failure: failure.map(again) }
}

fn lives(range: Range<u64>, plan: fn(u64) -> Plan, progress: Progress<'_>) -> Ended {
    let swept = life::seeds(range, plan, 1, progress);
    let failure = swept.failures.first().map(|(_, failure)| life::tell_story(failure));
    Ended { tried: swept.tried, what: swept.total.to_string(), failure }
}

fn planted(range: Range<u64>, progress: Progress<'_>) -> Ended {
    let bugs = Planted::ALL.iter().skip(range.start as usize).take((range.end - range.start) as usize);
    let (mut tried, mut latest, mut missed) = (0, 0, Vec::new());
    for bug in bugs {
        match life::find(*bug, ENOUGH, &|| ()) {
            Some(found) => latest = latest.max(found.plan.seed),
            None => missed.push(bug),
        }
        tried += 1;
        progress();
    }
    let failure = (!missed.is_empty()).then(|| format!("not found within {ENOUGH} seeds: {missed:?}"));
    Ended { tried, what: format!("each found by seed {latest} at the latest"), failure }
}
