//! The scheduler: ticks every shard again and again until told to stop, either when the last tick advised it, or by the
//! clock, as a cron job does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use crate::api::{Client, TickReport};

/// A pause after a tick that failed.
const AFTER_FAILURE: Duration = Duration::from_millis(100);
/// Ticks of one shard under way at once, where the clock starts them.
const OVERLAPPING: usize = 4;

/// What the ticks did so far.
#[derive(Debug, Clone, Default)]
pub struct Ticks {
    pub ticks: u64,
    pub committed: u64,
    pub claimed: u64,
    pub placed: u64,
    pub refused: u64,
    pub unclear: u64,
    /// Contacts held, by reason, summed over the ticks.
    pub held: BTreeMap<String, u64>,
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
    /// Starts ticking, one tick after the other; `longest` bounds the pause that a tick advises.
    pub fn start(client: &Client, shards: u16, longest: Duration) -> Self {
        Self::spawn(client, shards, |shard, stop| async move {
            while !*stop.borrow() {
                let pause = shard.tick().await.min(longest);
                // Either the pause is over, or it is to stop.
                let _ = tokio::time::timeout(pause, stop.clone().wait_for(|stop| *stop)).await;
            }
        })
    }

    /// Starts ticking by the clock, whether or not the last tick is over: a tick lasts as long as it places calls.
    pub fn every(client: &Client, shards: u16, period: Duration) -> Self {
        Self::spawn(client, shards, move |shard, mut stop| async move {
            let mut clock = interval(period);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut under_way = JoinSet::new();
            loop {
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => break,
                    _ = clock.tick() => {}
                }
                while under_way.try_join_next().is_some() {}
                if under_way.len() < OVERLAPPING {
                    let shard = shard.clone();
                    under_way.spawn(async move { shard.tick().await });
                }
            }
            while under_way.join_next().await.is_some() {}
        })
    }

    fn spawn<F>(client: &Client, shards: u16, run: impl Fn(Shard, watch::Receiver<bool>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, _) = watch::channel(false);
        let done = Arc::new(Mutex::new(Ticks::default()));
        let shard = |number| Shard { client: client.clone(), number, done: Arc::clone(&done) };
        let tasks = (0..shards).map(|n| tokio::spawn(run(shard(n), stop.subscribe()))).collect();
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

/// A shard that is ticked.
#[derive(Clone)]
struct Shard {
    client: Client,
    number: u16,
    done: Arc<Mutex<Ticks>>,
}

impl Shard {
    /// One tick; answers when the next is worth its while.
    async fn tick(&self) -> Duration {
        let outcome = self.client.tick(self.number).await;
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.ticks += 1;
        match outcome {
            Ok(report) => {
                done.committed += u64::from(report.committed);
                done.claimed += u64::from(report.claimed);
                done.placed += u64::from(report.placed);
                done.refused += u64::from(report.refused);
                done.unclear += u64::from(report.unclear);
                for (why, contacts) in &report.held {
                    *done.held.entry(why.clone()).or_default() += contacts;
                }
                done.last = report;
                Duration::from_millis(done.last.again_after_ms)
            }
            Err(error) => {
                done.failed += 1;
                done.last_error = Some(format!("{error:#}"));
                AFTER_FAILURE
            }
        }
    }
}
