//! The real code's side of the scheduler.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use dering::store::{Store, StoreError};

use crate::world::{Op, Reply, World};

/// What a task does: given its port, a future that ends. It must depend on nothing but what the port tells it.
pub type Body<N> = Box<dyn Fn(Port<N>) -> Pin<Box<dyn Future<Output = ()>>>>;

/// Makes a [`Body`] of an async function of a port.
pub fn body<N, F: Future<Output = ()> + 'static>(run: impl Fn(Port<N>) -> F + 'static) -> Body<N> {
    Box::new(move |port| Box::pin(run(port)))
}

struct Inside<N> {
    wants: Option<Op>,
    reply: Option<Reply>,
    now_ms: i64,
    notes: Vec<N>,
}

/// A task's store, clock, and voice. Each verb waits for the scheduler.
pub struct Port<N>(Rc<RefCell<Inside<N>>>);

impl<N> Clone for Port<N> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<N> Port<N> {
    fn new(now_ms: i64) -> Self {
        Self(Rc::new(RefCell::new(Inside { wants: None, reply: None, now_ms, notes: Vec::new() })))
    }

    /// Tells the audit something, at the moment of the last reply.
    pub fn note(&self, note: N) {
        self.0.borrow_mut().notes.push(note);
    }

    /// The wall clock as of the last reply.
    pub fn now_ms(&self) -> i64 {
        self.0.borrow().now_ms
    }

    /// Lets time pass before the first verb: a task is started at time 0, and its clock moves with the replies.
    pub async fn wait(&self) {
        let _ = self.ask(Op::Read(Vec::new())).await;
    }

    async fn ask(&self, op: Op) -> Result<Reply, StoreError> {
        self.0.borrow_mut().wants = Some(op);
        let reply = poll_fn(|_| match self.0.borrow_mut().reply.take() {
            Some(reply) => Poll::Ready(reply),
            None => Poll::Pending,
        });
        match reply.await {
            Reply::Failed => Err(StoreError("a fault".into())),
            reply => Ok(reply),
        }
    }

    async fn read(&self, keys: impl Iterator<Item = &str>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        match self.ask(Op::Read(keys.map(Rc::from).collect())).await? {
            Reply::Values(values) => Ok(values.into_iter().map(|v| v.map(|v| v.to_vec())).collect()),
            reply => unreachable!("{reply:?}"),
        }
    }

    async fn number(&self, op: Op) -> Result<i64, StoreError> {
        match self.ask(op).await? {
            Reply::Number(n) => Ok(n),
            reply => unreachable!("{reply:?}"),
        }
    }
}

impl<N> Store for Port<N> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.read([key].into_iter()).await?.swap_remove(0))
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.ask(Op::Write(vec![(key.into(), Some(value.into()))])).await.map(drop)
    }

    async fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        let items = pairs.iter().map(|(key, value)| (Rc::from(&**key), Some(Rc::from(&**value))));
        self.ask(Op::Write(items.collect())).await.map(drop)
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        self.ask(Op::Write(keys.iter().map(|key| (Rc::from(&**key), None)).collect())).await.map(drop)
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.number(Op::Add(key.into(), delta)).await
    }

    async fn get_all(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.read(keys.iter().map(|key| &**key)).await
    }

    async fn counter(&self, key: &str) -> Result<i64, StoreError> {
        self.number(Op::Counter(key.into())).await
    }
}

/// A task after a given row of replies. Index into [`Steps`].
pub type At = u32;

/// What a task does next, after a given row of replies.
pub struct Step<N> {
    /// `None`: it has ended.
    pub wants: Option<Rc<Op>>,
    /// What it had to say since the reply before.
    pub notes: Vec<N>,
    before: Option<(At, Reply, i64)>,
    after: HashMap<(Reply, i64), At>,
}

/// All steps of one task found so far.
pub struct Steps<N> {
    body: Body<N>,
    steps: Vec<Step<N>>,
}

impl<N> Steps<N> {
    /// Where every task starts.
    pub const START: At = 0;

    pub fn new(body: Body<N>) -> Self {
        let mut steps = Self { body, steps: Vec::new() };
        let (wants, notes) = steps.run(&[]);
        steps.steps.push(Step { wants, notes, before: None, after: HashMap::new() });
        steps
    }

    pub fn step(&self, at: At) -> &Step<N> {
        &self.steps[at as usize]
    }

    /// The step after `at` if the reply there is `reply`, with the clock at `now_ms`.
    pub fn next(&mut self, at: At, reply: &Reply, now_ms: i64) -> At {
        let event = (reply.clone(), now_ms);
        if let Some(known) = self.step(at).after.get(&event) {
            return *known;
        }
        let mut replies = vec![event.clone()];
        let mut place = at;
        while let Some((before, reply, now_ms)) = &self.step(place).before {
            replies.push((reply.clone(), *now_ms));
            place = *before;
        }
        replies.reverse();
        let (wants, notes) = self.run(&replies);
        let next = self.steps.len() as At;
        self.steps.push(Step { wants, notes, before: Some((at, reply.clone(), now_ms)), after: HashMap::new() });
        self.steps[at as usize].after.insert(event, next);
        next
    }

    fn run(&self, replies: &[(Reply, i64)]) -> (Option<Rc<Op>>, Vec<N>) {
        let port = Port::new(0);
        let mut task = (self.body)(port.clone());
        let mut context = Context::from_waker(Waker::noop());
        let mut ended = task.as_mut().poll(&mut context).is_ready();
        for (reply, now_ms) in replies {
            assert!(!ended, "a task that ended got a reply");
            let mut inside = port.0.borrow_mut();
            inside.reply = Some(reply.clone());
            inside.now_ms = *now_ms;
            inside.wants = None;
            inside.notes.clear();
            drop(inside);
            ended = task.as_mut().poll(&mut context).is_ready();
        }
        let mut inside = port.0.borrow_mut();
        let wants = inside.wants.take().map(Rc::new);
        assert_eq!(ended, wants.is_none(), "a task waits for nothing but the store");
        (wants, std::mem::take(&mut inside.notes))
    }
}

/// Runs one task alone over a store, without faults: what a reader finds in the end.
pub fn run_alone<N: 'static, T: 'static, F: Future<Output = T>>(
    world: &mut World,
    now_ms: i64,
    task: impl FnOnce(Port<N>) -> F,
) -> T {
    let port = Port::new(now_ms);
    let mut task = std::pin::pin!(task(port.clone()));
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = task.as_mut().poll(&mut context) {
            return output;
        }
        let op = port.0.borrow_mut().wants.take().expect("a task waits for nothing but the store");
        let reply = world.apply(&op);
        port.0.borrow_mut().reply = Some(reply);
    }
}
