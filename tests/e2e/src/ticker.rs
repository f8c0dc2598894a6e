//! The scheduler: ticks every shard again and again, as a cron job would, until told to stop.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::api::{Client, TickReport};

/// A pause after a tick that failed.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// What the ticks did so far.
#[derive(Debug, Clone, Default)]
pub struct Ticks {
    pub ticks: u64,
    pub committed: u64,
    pub claimed: u64,
    pub placed: u64,
    pub refused: u64,
    pub unclear: u64,
    /// Ticks that were not answered or refused.
    pub failed: u64,
    pub last_error: Option<String>,
    pub last: TickReport,
}

/// Ticks until it is stopped or dropped.
pub struct Ticker {
    stop: watch::Sender<bool>,
    done: Arc<Mutex<Ticks>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Ticker {
    /// Starts ticking; `longest` bounds the pause that a tick advises.
    pub fn start(client: &Client, shards: u16, longest: Duration) -> Self {
        let (stop, _) = watch::channel(false);
        let done = Arc::new(Mutex::new(Ticks::default()));
        let tasks = (0..shards)
            .map(|shard| tokio::spawn(run(client.clone(), shard, longest, Arc::clone(&done), stop.subscribe())))
            .collect();
        Self { stop, done, tasks }
    }

    /// What was done so far.
    pub fn ticks(&self) -> Ticks {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets the ticks under way end, and no other begin.
    pub async fn stop(mut self) -> Ticks {
        self.stop.send_replace(true);
        for task in self.tasks.drain(..) {
            // A panic in the task has been printed; its counts are what they are.
            let _ = task.await;
        }
        self.ticks()
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

async fn run(client: Client, shard: u16, longest: Duration, done: Arc<Mutex<Ticks>>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let outcome = client.tick(shard).await;
        let pause = {
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.ticks += 1;
            match outcome {
                Ok(report) => {
                    done.committed += u64::from(report.committed);
                    done.claimed += u64::from(report.claimed);
                    done.placed += u64::from(report.placed);
                    done.refused += u64::from(report.refused);
                    done.unclear += u64::from(report.unclear);
                    done.last = report;
                    Duration::from_millis(done.last.again_after_ms).min(longest)
                }
                Err(error) => {
                    done.failed += 1;
                    done.last_error = Some(format!("{error:#}"));
                    AFTER_FAILURE
                }
            }
        };
        // Either the pause is over, or it is to stop.
        let _ = tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await;
    }
}
