//! Virtual time, and an executor that lets it pass only when nothing else can happen.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Unix milliseconds that pass when told to.
#[derive(Debug)]
pub struct Clock {
    now_ms: Cell<i64>,
    sleepers: RefCell<Vec<(i64, Waker)>>,
}

impl Clock {
    pub fn new(now_ms: i64) -> Self {
        Clock { now_ms: Cell::new(now_ms), sleepers: RefCell::default() }
    }

    pub fn now_ms(&self) -> i64 {
        self.now_ms.get()
    }

    pub fn advance(&self, ms: i64) {
        self.advance_to(self.now_ms() + ms);
    }

    /// Never backwards.
    pub fn advance_to(&self, at_ms: i64) {
        self.now_ms.set(self.now_ms().max(at_ms));
        let now_ms = self.now_ms();
        self.sleepers.borrow_mut().extract_if(.., |(at, _)| *at <= now_ms).for_each(|(_, waker)| waker.wake());
    }

    /// When the first sleeper wants to be woken.
    pub fn next_wake(&self) -> Option<i64> {
        self.sleepers.borrow().iter().map(|(at, _)| *at).min()
    }

    pub async fn sleep_until(&self, at_ms: i64) {
        poll_fn(|cx| {
            if at_ms <= self.now_ms() {
                return Poll::Ready(());
            }
            self.sleepers.borrow_mut().push((at_ms, cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

/// Whether somebody was woken since it was last asked.
#[derive(Default)]
pub(super) struct Woken(pub AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs a future to its end, time passing while it sleeps. `None`: it waits for something that never comes (it died).
pub fn drive<T>(clock: &Clock, future: impl Future<Output = T>) -> Option<T> {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(value);
        }
        if !woken.0.swap(false, Ordering::Relaxed) {
            clock.advance_to(clock.next_wake()?);
            woken.0.store(false, Ordering::Relaxed);
        }
    }
}
