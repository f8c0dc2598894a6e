//! Virtual time, and the tasks that live in it: ticks, webhooks, calls, people.

use super::Life;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// The one clock: true Unix milliseconds. Hosts see it through their own skew.
pub struct Time {
    now_ms: Cell<i64>,
    serial: Cell<u64>,
    sleepers: RefCell<BTreeMap<(i64, u64), Waker>>,
}

impl Time {
    pub fn new(now_ms: i64) -> Self {
        Time { now_ms: Cell::new(now_ms), serial: Cell::new(0), sleepers: RefCell::default() }
    }

    pub fn now_ms(&self) -> i64 {
        self.now_ms.get()
    }

    pub async fn sleep_until(&self, at_ms: i64) {
        let mut registered = false;
        poll_fn(|cx| {
            if at_ms <= self.now_ms() {
                return Poll::Ready(());
            }
            if !registered {
                registered = true;
                self.serial.set(self.serial.get() + 1);
                self.sleepers.borrow_mut().insert((at_ms, self.serial.get()), cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    pub async fn sleep(&self, ms: i64) {
        self.sleep_until(self.now_ms() + ms).await;
    }

    /// Goes to the next moment at which somebody wakes; `false` if there is none.
    fn pass(&self) -> bool {
        let mut sleepers = self.sleepers.borrow_mut();
        let Some(at_ms) = sleepers.keys().next().map(|(at, _)| *at) else { return false };
        self.now_ms.set(at_ms.max(self.now_ms()));
        let later = sleepers.split_off(&(at_ms + 1, 0));
        std::mem::replace(&mut *sleepers, later).into_values().for_each(Waker::wake);
        true
    }
}

pub type Body = Pin<Box<dyn Future<Output = ()>>>;
type Ready = Arc<Mutex<VecDeque<usize>>>;

struct Bell {
    task: usize,
    ready: Ready,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).push_back(self.task);
    }
}

struct Task {
    /// The host it runs on and dies with.
    host: Option<usize>,
    body: Body,
    waker: Waker,
}

/// Tasks begun and not yet taken over by the loop.
#[derive(Default)]
pub struct Nursery(RefCell<Vec<(Option<usize>, Body)>>);

impl Nursery {
    /// Begins a task. One with a host ends when the host dies.
    pub fn spawn(&self, host: Option<usize>, body: impl Future<Output = ()> + 'static) {
        self.0.borrow_mut().push((host, Box::pin(body)));
    }

    pub fn take(&self) -> Vec<(Option<usize>, Body)> {
        self.0.take()
    }
}

/// Lets all tasks live until the story is over or something is found broken.
pub fn live(life: &Rc<Life>) {
    let ready = Ready::default();
    let mut tasks: Vec<Option<Task>> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let next = || ready.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    while !life.over() {
        for (host, body) in life.nursery.take() {
            let at = free.pop().unwrap_or_else(|| {
                tasks.push(None);
                tasks.len() - 1
            });
            let bell = Bell { task: at, ready: ready.clone() };
            tasks[at] = Some(Task { host, body, waker: Waker::from(Arc::new(bell)) });
            ready.lock().unwrap_or_else(PoisonError::into_inner).push_back(at);
        }
        let Some(at) = next() else {
            if !life.time.pass() {
                return;
            }
            continue;
        };
        // A bell may have been rung for a task that is gone, or for the one that took its place: a poll too many is no harm.
        let Some(task) = &mut tasks[at] else { continue };
        if task.body.as_mut().poll(&mut Context::from_waker(&task.waker)).is_ready() {
            tasks[at] = None;
            free.push(at);
        }
        while let Some(host) = life.take_doomed() {
            for (at, slot) in tasks.iter_mut().enumerate() {
                if slot.as_ref().is_some_and(|task| task.host == Some(host)) {
                    *slot = None;
                    free.push(at);
                }
            }
        }
    }
}
