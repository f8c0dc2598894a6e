//! Every interleaving of writers and readers that share a store.
//!
//! The real code of `dering::store` runs over a store whose every verb is a scheduling point. [`explore()`] tries all
//! orders in which the tasks' verbs can follow each other, and with them every choice of a bounded number of faults:
//! a task dies before or after a verb, a reply is lost, a write lands later than it was refused, only a part of a batch
//! lands, days pass. An [`Audit`] watches what the tasks claim. It is a proof for the sizes tried, not a sample.
//!
//! What keeps it small: a task is a deterministic function of the replies it got, so (store, replies of each task, audit)
//! is the whole state, and a state reached again by another order is not explored again. Futures can be neither
//! cloned nor compared; a task's step after a given row of replies is found by running it anew over these replies,
//! once, and remembered.
//!
//! | module | |
//! |---|---|
//! | [`world`] | verbs as data, and the store they act on |
//! | [`task`] | the real code's side: a `Store` that asks the scheduler; steps remembered by replies |
//! | [`explore`](mod@explore) | the search: tasks, faults, audits |
//! | [`cell`], [`log`], [`assist`] | what the tasks do, honest and deliberately flawed, and what must hold |
//! | [`life`] | stories: whole lives with every fault at random, and an auditor |
//! | [`tick`] | a stage for whole ticks: virtual clock, fake carrier, a store whose every verb can fail |
//! | [`proof`] | which rule is tried by what; `cargo prove` |
//! | [`hours`] | callable hours minute by minute, from the wall clock |

pub mod assist;
pub mod cell;
mod event;
pub mod explore;
pub mod hours;
pub mod life;
pub mod log;
pub mod proof;
mod report;
pub mod task;
pub mod tick;
pub mod world;

pub use explore::{Audit, Crew, Faults, Reads, Setup, explore, explore_from};
pub use report::{Outcome, Report, Violation, fails, holds};
pub use task::{Body, Port, body};
