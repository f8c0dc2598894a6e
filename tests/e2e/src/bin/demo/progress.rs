//! Progress while it runs: bars on a terminal, a line now and then elsewhere.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use dering_e2e::api::CampaignReport;
use dering_e2e::stage::Stage;
use dering_e2e::ticker::Ticker;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// How often bars move.
const BARS: Duration = Duration::from_millis(150);
/// How often the service is asked for its figures: each time costs it a few reads.
const ASK: Duration = Duration::from_secs(1);
/// How often a line is printed where there is no terminal.
const LINES: Duration = Duration::from_secs(5);

pub struct Progress {
    bars: Option<Bars>,
    contacts: u64,
}

struct Bars {
    all: MultiProgress,
    closed: ProgressBar,
    placed: ProgressBar,
    live: ProgressBar,
    ended: ProgressBar,
}

impl Progress {
    pub fn new(terminal: bool, contacts: u64) -> Self {
        Self { bars: terminal.then(|| Bars::new(contacts)), contacts }
    }

    /// Shows how it goes, for ever.
    pub async fn watch(&self, stage: &Stage, ticker: &Ticker, campaign: &str) -> Infallible {
        let mut report = CampaignReport::default();
        let (mut asked, mut printed) = (None::<Instant>, None::<Instant>);
        let due = |last: Option<Instant>, every| last.is_none_or(|at| at.elapsed() >= every);
        loop {
            if due(asked, ASK) {
                asked = Some(Instant::now());
                if let Ok(fresh) = stage.client.report(campaign).await {
                    report = fresh;
                }
            }
            let now = Now::new(stage, ticker, &report);
            match &self.bars {
                Some(bars) => bars.show(&now),
                None if due(printed, LINES) => {
                    printed = Some(Instant::now());
                    println!(
                        "{} of {} closed; {}; {}; {}",
                        now.closed,
                        self.contacts,
                        now.placed(),
                        now.live(),
                        now.ended()
                    );
                }
                None => {}
            }
            tokio::time::sleep(BARS).await;
        }
    }

    pub fn finish(&self) {
        if let Some(bars) = &self.bars {
            // Should the terminal be gone, nobody misses the bars.
            let _ = bars.all.clear();
        }
    }
}

/// How it stands.
struct Now {
    placed: u64,
    ringing: u64,
    talking: u64,
    answered: u64,
    unanswered: u64,
    closed: u64,
    retrying: u64,
    waiting: u64,
    ticks: u64,
    failed_ticks: u64,
    refused: u64,
}

impl Now {
    fn new(stage: &Stage, ticker: &Ticker, report: &CampaignReport) -> Self {
        let carrier = stage.carrier.snapshot();
        let ticks = ticker.ticks();
        Self {
            placed: carrier.orders - carrier.refused,
            ringing: carrier.queued + carrier.ringing,
            talking: carrier.in_progress,
            answered: carrier.in_progress + carrier.completed,
            unanswered: carrier.busy + carrier.no_answer + carrier.failed + carrier.canceled,
            closed: report.ended(),
            retrying: report.retrying,
            waiting: report.waiting,
            ticks: ticks.ticks,
            failed_ticks: ticks.failed,
            refused: carrier.refused,
        }
    }

    fn placed(&self) -> String {
        let refused = if self.refused > 0 { format!(", {} orders refused", self.refused) } else { String::new() };
        format!("{} calls placed{refused}", self.placed)
    }

    fn live(&self) -> String {
        format!(
            "{} ringing, {} talking, {} answered, {} not",
            self.ringing, self.talking, self.answered, self.unanswered
        )
    }

    fn ended(&self) -> String {
        let failed = if self.failed_ticks > 0 { format!(" ({} failed)", self.failed_ticks) } else { String::new() };
        format!("{} to be retried, {} waiting, {} ticks{failed}", self.retrying, self.waiting, self.ticks)
    }
}

impl Bars {
    fn new(contacts: u64) -> Self {
        let all = MultiProgress::new();
        let closed = all.add(ProgressBar::new(contacts));
        if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} [{bar:40}] {pos} of {len} contacts closed") {
            closed.set_style(style.progress_chars("=> "));
        }
        let line = || {
            let bar = all.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("  {msg}") {
                bar.set_style(style);
            }
            bar
        };
        let (placed, live, ended) = (line(), line(), line());
        Self { all, closed, placed, live, ended }
    }

    fn show(&self, now: &Now) {
        self.closed.set_position(now.closed);
        self.placed.set_message(now.placed());
        self.live.set_message(now.live());
        self.ended.set_message(now.ended());
    }
}
