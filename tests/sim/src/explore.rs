//! The search through all orders and faults.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use crate::event::Event;
use crate::report::{Outcome, Report, Violation};
use crate::task::{At, Body, Steps};
use crate::world::{Bytes, Op, Reply, World};

/// Watches what the tasks claim. Part of the state: two states with different audits are different.
pub trait Audit: Clone + Hash {
    type Note;
    /// The task's first verb is about to be done.
    fn starts(&mut self, task: usize);
    /// The task says something.
    fn note(&mut self, task: usize, note: &Self::Note) -> Result<(), String>;
    /// No task is left. `world` is a copy.
    fn ends(&mut self, world: &mut World, now_ms: i64) -> Result<(), String>;
}

/// How many faults of each kind one run may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    /// A task dies before a verb, or after it and before the reply.
    pub crashes: u8,
    /// A verb is done, and answers with an error all the same.
    pub lost: u8,
    /// A write answers with an error, and is done at any later time, or never.
    pub late: u8,
    /// Only a part of a batch is done, and the answer is an error.
    pub partial: u8,
    /// Four days pass.
    pub jumps: u8,
}

/// How a read of many keys comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// All keys at one moment.
    AtOnce,
    /// Each key at a moment of its own, in any order.
    AnyOrder,
    /// Each key at a moment of its own, in the order asked for.
    OneByOne,
    /// Each key at a moment of its own, the last one asked for first.
    Backwards,
}

/// Tasks that do the same.
pub struct Crew<N> {
    pub body: Body<N>,
    /// States in which tasks of one crew have changed places are not told apart, so the audit must not tell these
    /// tasks apart either.
    pub tasks: usize,
    /// How often each does it, one after the other, unless it dies.
    pub rounds: u8,
}

impl<N> Crew<N> {
    pub fn new(tasks: usize, rounds: u8, body: Body<N>) -> Self {
        Self { body, tasks, rounds }
    }
}

pub struct Setup<A: Audit> {
    pub crews: Vec<Crew<A::Note>>,
    pub audit: A,
    pub faults: Faults,
    pub reads: Reads,
}

/// Rounds to go after this one.
type Round = u8;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Task {
    Waits(At, Round),
    /// In the middle of a read of many keys.
    Reads(At, Round, Vec<Option<Option<Bytes>>>),
    /// Ended or died.
    Gone,
}

#[derive(Clone)]
struct State<A> {
    world: World,
    tasks: Vec<Task>,
    late: Vec<Rc<Op>>,
    faults: Faults,
    now_ms: i64,
    audit: A,
}

const FOUR_DAYS_MS: i64 = 4 * 24 * 3_600_000;

struct Search<A: Audit> {
    steps: Vec<Steps<A::Note>>,
    /// By task: its place in `steps`.
    kinds: Vec<usize>,
    reads: Reads,
    /// Interleavings from each state on.
    seen: HashMap<u128, f64>,
    path: Vec<Event>,
    report: Report,
}

/// Tries everything; the first violation found ends it.
pub fn explore<A: Audit>(setup: Setup<A>) -> Outcome {
    explore_from(World::default(), setup)
}

/// The same, over a store in which there is something already.
pub fn explore_from<A: Audit>(world: World, setup: Setup<A>) -> Outcome {
    let kinds: Vec<usize> =
        setup.crews.iter().enumerate().flat_map(|(kind, crew)| std::iter::repeat_n(kind, crew.tasks)).collect();
    let start = |kind: &usize| Task::Waits(Steps::<A::Note>::START, setup.crews[*kind].rounds.saturating_sub(1));
    let state = State {
        world,
        tasks: kinds.iter().map(start).collect(),
        late: Vec::new(),
        faults: setup.faults,
        now_ms: 0,
        audit: setup.audit,
    };
    let steps: Vec<_> = setup.crews.into_iter().map(|crew| Steps::new(crew.body)).collect();
    let report = Report { states: 0, transitions: 0, interleavings: 0.0, ends: 0 };
    let mut search = Search { steps, kinds, reads: setup.reads, seen: HashMap::new(), path: Vec::new(), report };
    match search.visit(state) {
        Ok(interleavings) => Ok(Report { interleavings, ..search.report }),
        Err(what) => Err(Box::new(Violation {
            what,
            events: search.path.iter().map(|event| event.to_string()).collect(),
            states: search.report.states,
        })),
    }
}

impl<A: Audit> Search<A> {
    fn visit(&mut self, state: State<A>) -> Result<f64, String> {
        let fingerprint = self.fingerprint(&state);
        if let Some(interleavings) = self.seen.get(&fingerprint) {
            return Ok(*interleavings);
        }
        self.report.states += 1;
        let mut interleavings = 0.0;
        if state.tasks.iter().all(|task| matches!(task, Task::Gone)) {
            self.report.ends += 1;
            interleavings += 1.0;
            state.audit.clone().ends(&mut state.world.clone(), state.now_ms)?;
        }
        for event in self.events(&state) {
            self.report.transitions += 1;
            self.path.push(event.clone());
            let mut next = state.clone();
            self.apply(&mut next, event)?;
            interleavings += self.visit(next)?;
            self.path.pop();
        }
        self.seen.insert(fingerprint, interleavings);
        Ok(interleavings)
    }

    fn events(&self, state: &State<A>) -> Vec<Event> {
        let mut events = Vec::new();
        let faults = &state.faults;
        let mut alive = false;
        for (task, at) in state.tasks.iter().enumerate() {
            let (op, got) = match at {
                Task::Waits(at, _) => (self.wants(task, *at), None),
                Task::Reads(at, _, got) => (self.wants(task, *at), Some(got)),
                Task::Gone => continue,
            };
            alive = true;
            match (&*op, self.reads) {
                (Op::Read(keys), Reads::AnyOrder | Reads::OneByOne | Reads::Backwards) if keys.len() > 1 => {
                    let mut open = (0..keys.len()).filter(|i| got.is_none_or(|got| got[*i].is_none()));
                    let looks: Vec<usize> = match self.reads {
                        Reads::OneByOne => open.take(1).collect(),
                        Reads::Backwards => open.next_back().into_iter().collect(),
                        _ => open.collect(),
                    };
                    events.extend(looks.into_iter().map(|i| Event::Looked(task, op.clone(), i)));
                }
                _ => events.push(Event::Done(task, op.clone())),
            }
            if faults.crashes > 0 {
                events.push(Event::Died(task));
                if op.changes() {
                    events.push(Event::DoneThenDied(task, op.clone()));
                }
            }
            if faults.lost > 0 && got.is_none() {
                events.push(Event::Lost(task, op.clone()));
            }
            if faults.late > 0 && op.changes() {
                events.push(Event::Deferred(task, op.clone()));
            }
            if let (Op::Write(items), true) = (&*op, faults.partial > 0)
                && items.len() > 1
            {
                let part = |bits| Event::Partly(task, op.clone(), bits);
                events.extend((0..(1 << items.len()) - 1).map(part));
            }
        }
        events.extend((0..state.late.len()).map(Event::Landed));
        if alive && faults.jumps > 0 {
            events.push(Event::FourDays);
        }
        events
    }

    fn wants(&self, task: usize, at: At) -> Rc<Op> {
        self.steps[self.kinds[task]].step(at).wants.clone().expect("an ended task is gone")
    }

    fn apply(&mut self, state: &mut State<A>, event: Event) -> Result<(), String> {
        match event {
            Event::Done(task, op) => {
                self.first(state, task);
                let reply = state.world.apply(&op);
                self.answer(state, task, reply)
            }
            Event::Looked(task, op, i) => {
                self.first(state, task);
                let Op::Read(keys) = &*op else { unreachable!("only reads are looks") };
                let (at, round, mut got) = match std::mem::replace(&mut state.tasks[task], Task::Gone) {
                    Task::Waits(at, round) => (at, round, vec![None; keys.len()]),
                    Task::Reads(at, round, got) => (at, round, got),
                    Task::Gone => unreachable!("a task that is gone does not read"),
                };
                got[i] = Some(state.world.value(&keys[i]));
                match got.iter().cloned().collect::<Option<Vec<_>>>() {
                    Some(values) => {
                        state.tasks[task] = Task::Waits(at, round);
                        self.answer(state, task, Reply::Values(values))
                    }
                    None => {
                        state.tasks[task] = Task::Reads(at, round, got);
                        Ok(())
                    }
                }
            }
            Event::Died(task) => {
                state.faults.crashes -= 1;
                state.tasks[task] = Task::Gone;
                Ok(())
            }
            Event::DoneThenDied(task, op) => {
                state.faults.crashes -= 1;
                state.world.apply(&op);
                state.tasks[task] = Task::Gone;
                Ok(())
            }
            Event::Lost(task, op) => {
                self.first(state, task);
                state.faults.lost -= 1;
                state.world.apply(&op);
                self.answer(state, task, Reply::Failed)
            }
            Event::Deferred(task, op) => {
                self.first(state, task);
                state.faults.late -= 1;
                state.late.push(op);
                self.answer(state, task, Reply::Failed)
            }
            Event::Partly(task, op, bits) => {
                self.first(state, task);
                state.faults.partial -= 1;
                let Op::Write(items) = &*op else { unreachable!("only batches are done in part") };
                for (_, (key, value)) in items.iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0) {
                    state.world.write(key, value);
                }
                self.answer(state, task, Reply::Failed)
            }
            Event::Landed(i) => {
                let op = state.late.remove(i);
                state.world.apply(&op);
                Ok(())
            }
            Event::FourDays => {
                state.faults.jumps -= 1;
                state.now_ms += FOUR_DAYS_MS;
                Ok(())
            }
        }
    }

    fn first(&self, state: &mut State<A>, task: usize) {
        if matches!(state.tasks[task], Task::Waits(Steps::<A::Note>::START, _)) {
            state.audit.starts(task);
        }
    }

    fn answer(&mut self, state: &mut State<A>, task: usize, reply: Reply) -> Result<(), String> {
        let Task::Waits(at, round) = state.tasks[task] else { unreachable!("only a waiting task gets an answer") };
        let steps = &mut self.steps[self.kinds[task]];
        let next = steps.next(at, &reply, state.now_ms);
        let step = steps.step(next);
        state.tasks[task] = match (&step.wants, round.checked_sub(1)) {
            (Some(_), _) => Task::Waits(next, round),
            (None, Some(round)) => Task::Waits(Steps::<A::Note>::START, round),
            (None, None) => Task::Gone,
        };
        step.notes.iter().try_for_each(|note| state.audit.note(task, note))
    }

    /// 128 bits: no two of even a billion states are likely to share one.
    fn fingerprint(&self, state: &State<A>) -> u128 {
        let mut both = Both(DefaultHasher::new(), DefaultHasher::new());
        both.1.write_u8(1);
        let mut tasks = state.tasks.clone();
        let mut from = 0;
        for alike in self.kinds.chunk_by(|a, b| a == b) {
            tasks[from..from + alike.len()].sort_unstable();
            from += alike.len();
        }
        tasks.hash(&mut both);
        state.world.hash(&mut both);
        state.late.hash(&mut both);
        state.faults.hash(&mut both);
        state.now_ms.hash(&mut both);
        state.audit.hash(&mut both);
        u128::from(both.0.finish()) << 64 | u128::from(both.1.finish())
    }
}

struct Both(DefaultHasher, DefaultHasher);

impl Hasher for Both {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}
