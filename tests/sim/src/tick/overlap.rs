//! Several ticks at once, in any order of their points.

use super::clock::Woken;
use super::{Dice, Gate, Gated, Host, Stage, run_tick};
use dering::problem::Problem;
use dering::tick::Report;
use std::cell::RefCell;
use std::collections::HashSet;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

type Ended = Result<Report, Problem>;

struct Task<'a> {
    gate: &'a Gate,
    future: Option<Pin<Box<dyn Future<Output = Ended> + 'a>>>,
    woken: Arc<Woken>,
}

/// Ticks that have begun on a stage.
pub struct Overlap<'a> {
    stage: &'a Stage,
    tasks: Vec<Task<'a>>,
}

/// What can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// A tick passes its next point.
    Step(usize),
    /// Time passes until the first sleeper wakes.
    Wake(i64),
}

impl<'a> Overlap<'a> {
    /// A tick behind each of the gates, which must be [held](Gate::held).
    pub fn new(stage: &'a Stage, gates: &'a [Gate]) -> Self {
        let begin = |(n, gate): (usize, &'a Gate)| {
            let future = async move {
                let dice = RefCell::new(Dice::new(100 + n as u64));
                run_tick(&Gated { store: &stage.store, gate }, &Host { stage, gate, dice, answer_ms: 0, skew_ms: 0 })
                    .await
            };
            let woken = Arc::new(Woken::default());
            woken.0.store(true, Ordering::Relaxed);
            Task { gate, future: Some(Box::pin(future)), woken }
        };
        Overlap { stage, tasks: gates.iter().enumerate().map(begin).collect() }
    }

    fn choices(&self) -> Vec<Choice> {
        let runs = |t: &Task<'_>| t.future.is_some() && t.woken.0.load(Ordering::Relaxed);
        let steps = (0..self.tasks.len()).filter(|n| runs(&self.tasks[*n])).map(Choice::Step);
        steps.chain(self.stage.clock.next_wake().map(Choice::Wake)).collect()
    }

    fn go(&mut self, choice: Choice) {
        let n = match choice {
            Choice::Step(n) => n,
            Choice::Wake(at_ms) => return self.stage.clock.advance_to(at_ms),
        };
        let task = &mut self.tasks[n];
        if !task.gate.permitted() {
            task.gate.permit();
        }
        let waker = Waker::from(task.woken.clone());
        while let Some(future) = &mut task.future
            && task.woken.0.swap(false, Ordering::Relaxed)
        {
            if let Poll::Ready(ended) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                assert!(task.gate.fails() || ended.is_ok(), "{ended:?}");
                task.future = None;
            }
            if !task.gate.permitted() {
                break;
            }
        }
    }

    /// Lets one tick pass so many points (time passing when it sleeps), or all it has.
    pub fn run_one(&mut self, n: usize, points: usize) {
        let wants = |task: &Task<'_>| task.future.is_some() && task.gate.passed() < points;
        while self.tasks.get(n).is_some_and(wants) {
            let step = Choice::Step(n);
            let choice = match self.choices() {
                choices if choices.contains(&step) => step,
                choices => match choices.into_iter().find(|c| matches!(c, Choice::Wake(_))) {
                    Some(wake) => wake,
                    None => return,
                },
            };
            self.go(choice);
        }
    }

    /// To the end of all, `choose` picking a number below its argument each time.
    pub fn run(mut self, mut choose: impl FnMut(usize) -> usize) {
        loop {
            let choices = self.choices();
            match choices.get(choose(choices.len().max(1))) {
                Some(choice) => self.go(*choice),
                None => return,
            }
        }
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        format!("{:?}", self.stage.store).hash(&mut hasher);
        format!("{:?}", self.stage.carrier.orders()).hash(&mut hasher);
        self.stage.clock.now_ms().hash(&mut hasher);
        for task in &self.tasks {
            (task.gate.heard(), task.gate.passed(), task.future.is_some()).hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// Tries every order of the points of so many ticks; `check` looks at each way to end. Answers how many states there are.
pub fn every_schedule(stage: &Stage, ticks: usize, check: impl Fn(&Stage)) -> usize {
    let (mut seen, mut open) = (HashSet::new(), vec![Vec::new()]);
    while let Some(path) = open.pop() {
        let stage = stage.fork();
        let gates: Vec<Gate> = (0..ticks).map(|_| Gate::open().held()).collect();
        let mut overlap = Overlap::new(&stage, &gates);
        path.iter().for_each(|choice| overlap.go(*choice));
        if !seen.insert(overlap.fingerprint()) {
            continue;
        }
        let choices = overlap.choices();
        open.extend(choices.iter().map(|choice| path.iter().copied().chain([*choice]).collect()));
        drop(overlap);
        if choices.is_empty() {
            check(&stage);
        }
    }
    seen.len()
}
