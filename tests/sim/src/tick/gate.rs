//! The points at which a tick can be held, fail or die: before every verb of the store and every order.

use super::Clock;
use dering::store::{Store, StoreError};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::task::Poll;

/// What goes wrong at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The tick dies, and nothing is done.
    DieBefore,
    /// It is done, and the tick dies.
    DieAfter,
    /// It is done, and the answer is an error.
    ReplyLost,
    /// It is not done, and the answer is an error.
    Refused,
    /// Of a batch every second item is done (beginning with the first or the second), and the answer is an error.
    Partly(usize),
}

/// Counts a tick's points.
#[derive(Debug)]
pub struct Gate {
    passed: Cell<usize>,
    faults: Vec<(usize, Fault)>,
    dead: Cell<bool>,
    /// Points that may be passed before the tick is held; `None`: it runs freely.
    permits: Cell<Option<usize>>,
    slow: Option<(Rc<Clock>, i64)>,
    /// Of all answers so far: a tick is a function of these.
    heard: RefCell<DefaultHasher>,
}

impl Gate {
    /// Nothing is held, nothing fails.
    pub fn open() -> Self {
        Gate {
            passed: Cell::new(0),
            faults: Vec::new(),
            dead: Cell::new(false),
            permits: Cell::new(None),
            slow: None,
            heard: RefCell::default(),
        }
    }

    /// The fault happens at the point of that number, from 0.
    pub fn failing(at: usize, fault: Fault) -> Self {
        Gate::failing_at(vec![(at, fault)])
    }

    /// Each fault at its point.
    pub fn failing_at(faults: Vec<(usize, Fault)>) -> Self {
        Gate { faults, ..Gate::open() }
    }

    /// Every point needs a permit.
    pub fn held(mut self) -> Self {
        self.permits = Cell::new(Some(0));
        self
    }

    /// Every point takes so long.
    pub fn slow(clock: &Rc<Clock>, ms: i64) -> Self {
        Gate { slow: Some((clock.clone(), ms)), ..Gate::open() }
    }

    /// Whether something goes wrong here.
    pub fn fails(&self) -> bool {
        !self.faults.is_empty()
    }

    pub fn passed(&self) -> usize {
        self.passed.get()
    }

    pub fn permit(&self) {
        self.permits.set(self.permits.get().map(|n| n + 1));
    }

    /// Whether a permit is left.
    pub fn permitted(&self) -> bool {
        self.permits.get().is_some_and(|n| n > 0)
    }

    /// Fingerprint of what the tick has heard.
    pub fn heard(&self) -> u64 {
        self.heard.borrow().finish()
    }

    pub(super) fn hears(&self, answer: &impl Hash) {
        answer.hash(&mut *self.heard.borrow_mut());
    }

    pub(super) async fn enter(&self) -> Option<Fault> {
        poll_fn(|cx| match self.permits.get() {
            Some(0) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            permits => {
                self.permits.set(permits.map(|n| n - 1));
                Poll::Ready(())
            }
        })
        .await;
        if self.dead.get() {
            return pending().await;
        }
        if let Some((clock, ms)) = &self.slow {
            clock.sleep_until(clock.now_ms() + ms).await;
        }
        let at = self.passed.replace(self.passed.get() + 1);
        let fault = self.faults.iter().find(|(when, _)| *when == at).map(|(_, fault)| *fault);
        if fault == Some(Fault::DieBefore) {
            return self.die().await;
        }
        fault
    }

    pub(super) async fn die<T>(&self) -> T {
        self.dead.set(true);
        pending().await
    }
}

/// A store behind a gate.
pub struct Gated<'a, S> {
    pub store: &'a S,
    pub gate: &'a Gate,
}

fn failed() -> StoreError {
    StoreError("no answer".into())
}

impl<S: Store> Gated<'_, S> {
    async fn verb<T: Hash>(
        &self,
        whole: impl AsyncFnOnce() -> Result<T, StoreError>,
        part: impl AsyncFnOnce(usize) -> Result<(), StoreError>,
    ) -> Result<T, StoreError> {
        let answer = match self.gate.enter().await {
            None => whole().await,
            Some(Fault::ReplyLost) => whole().await.and_then(|_| Err(failed())),
            Some(Fault::Refused) => Err(failed()),
            Some(Fault::Partly(first)) => part(first).await.and_then(|()| Err(failed())),
            Some(Fault::DieBefore) => self.gate.die().await,
            Some(Fault::DieAfter) => {
                let _ = whole().await;
                self.gate.die().await
            }
        };
        self.gate.hears(&answer.as_ref().ok());
        answer
    }
}

fn half<T: Clone>(items: &[T], first: usize) -> Vec<T> {
    items.iter().skip(first).step_by(2).cloned().collect()
}

impl<S: Store> Store for Gated<'_, S> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.verb(async || self.store.get(key).await, async |_| Ok(())).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.verb(async || self.store.set(key, value).await, async |_| Ok(())).await
    }

    async fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        let part = async |first| self.store.set_many(&half(pairs, first)).await;
        self.verb(async || self.store.set_many(pairs).await, part).await
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        let part = async |first| self.store.delete_many(&half(keys, first)).await;
        self.verb(async || self.store.delete_many(keys).await, part).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.verb(async || self.store.increment(key, delta).await, async |_| Ok(())).await
    }

    async fn get_all(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.verb(async || self.store.get_all(keys).await, async |_| Ok(())).await
    }

    async fn counter(&self, key: &str) -> Result<i64, StoreError> {
        self.verb(async || self.store.counter(key).await, async |_| Ok(())).await
    }
}
