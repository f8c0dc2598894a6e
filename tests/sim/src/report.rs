//! What came of a search.

use std::fmt;

/// How much was tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Report {
    pub states: u64,
    pub transitions: u64,
    /// Different orders of events from beginning to end, all covered by the states.
    pub interleavings: f64,
    /// Ends reached.
    pub ends: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { states, transitions, interleavings, ends } = self;
        write!(f, "{states} states, {transitions} transitions, {ends} ends, {interleavings:.1e} interleavings")
    }
}

/// An order of events after which something does not hold.
#[derive(Debug)]
pub struct Violation {
    pub what: String,
    pub events: Vec<String>,
    /// States tried before it was found.
    pub states: u64,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (after {} states)", self.what, self.states)?;
        self.events.iter().try_for_each(|event| writeln!(f, "  {event}"))
    }
}

pub type Outcome = Result<Report, Box<Violation>>;

/// Asserts that everything was tried and nothing found. Says how much was tried.
#[track_caller]
pub fn holds(name: &str, outcome: Outcome) {
    match outcome {
        Ok(report) => println!("{name}: {report}"),
        Err(violation) => panic!("{name}: {violation}"),
    }
}

/// Asserts that a violation was found. Says which.
#[track_caller]
pub fn fails(name: &str, outcome: Outcome) {
    match outcome {
        Ok(report) => panic!("{name}: nothing was found in {report}"),
        Err(violation) => println!("{name}: {violation}"),
    }
}
