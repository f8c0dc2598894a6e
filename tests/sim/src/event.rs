//! What can happen next.

use std::fmt;
use std::rc::Rc;

use crate::world::Op;

/// One step of one task, or of the world around. Tasks are named by their number.
#[derive(Clone)]
pub enum Event {
    Done(usize, Rc<Op>),
    /// One key of a read.
    Looked(usize, Rc<Op>, usize),
    Died(usize),
    DoneThenDied(usize, Rc<Op>),
    Lost(usize, Rc<Op>),
    Deferred(usize, Rc<Op>),
    /// Which items of a batch were done, as bits.
    Partly(usize, Rc<Op>, u32),
    /// A deferred write is done.
    Landed(usize),
    FourDays,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(task, op) => write!(f, "task {task}: {op:?}"),
            Self::Looked(task, op, i) => write!(f, "task {task}: key {i} of {op:?}"),
            Self::Died(task) => write!(f, "task {task} dies"),
            Self::DoneThenDied(task, op) => write!(f, "task {task} dies after {op:?}"),
            Self::Lost(task, op) => write!(f, "task {task}: {op:?}, reply lost"),
            Self::Deferred(task, op) => write!(f, "task {task}: {op:?}, refused for now"),
            Self::Partly(task, op, bits) => write!(f, "task {task}: items {bits:b} of {op:?}"),
            Self::Landed(i) => write!(f, "refused write {i} lands"),
            Self::FourDays => write!(f, "four days pass"),
        }
    }
}
