//! Writers and readers of one `Cell`.
//!
//! A value is its own history: the ballots it descends from, oldest first.

use std::collections::BTreeSet;

use dering::store::{Cell, Change, Draft, Store, StoreError, Version, keys};

use crate::explore::Audit;
use crate::task::{Body, Port, body, run_alone};
use crate::world::World;

const NAME: &str = "c";

/// What a task claims.
#[derive(Debug)]
pub enum Note {
    /// This value is committed, and effects follow.
    Committed { ballot: u8, history: Vec<u8> },
    /// An update was answered with success: the edit is in this value.
    Acknowledged { edit: u8, value: Vec<u8> },
    /// A reader found this value.
    Found { value: Vec<u8> },
}

/// Each committed value holds all that were committed before. What a reader finds, or an editor is told, holds all
/// that was committed or acknowledged before the reader or editor started.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CellAudit {
    /// Committed ballots, or acknowledged edits.
    done: BTreeSet<u8>,
    /// The tasks from this one on are readers or editors.
    watched_from: usize,
    /// By reader or editor: what of `done` there was when it started.
    started: Vec<BTreeSet<u8>>,
}

impl CellAudit {
    /// The first `writers` tasks are writers, the others readers and editors: each a crew of its own.
    pub fn new(writers: usize) -> Self {
        Self { done: BTreeSet::new(), watched_from: writers, started: Vec::new() }
    }

    fn known(&mut self, task: usize) -> BTreeSet<u8> {
        // No longer needed afterwards, and states that differ in it alone are the same.
        let started = task.checked_sub(self.watched_from).and_then(|watched| self.started.get_mut(watched));
        started.map(std::mem::take).unwrap_or_default()
    }
}

fn holds(value: &[u8], done: &BTreeSet<u8>, what: &str) -> Result<(), String> {
    match done.iter().find(|one| !value.contains(one)) {
        Some(lost) => Err(format!("{what} {value:?} has lost {lost} of {done:?}")),
        None => Ok(()),
    }
}

impl Audit for CellAudit {
    type Note = Note;

    fn starts(&mut self, task: usize) {
        if let Some(watched) = task.checked_sub(self.watched_from) {
            self.started.resize(self.started.len().max(watched + 1), BTreeSet::new());
            self.started[watched] = self.done.clone();
        }
    }

    fn note(&mut self, task: usize, note: &Note) -> Result<(), String> {
        match note {
            Note::Committed { ballot, history } => {
                holds(history, &self.done, "the committed value")?;
                match self.done.insert(*ballot) {
                    true => Ok(()),
                    false => Err(format!("ballot {ballot} was committed twice")),
                }
            }
            Note::Acknowledged { edit, value } => {
                if value.iter().filter(|one| *one == edit).count() != 1 {
                    return Err(format!("edit {edit} is not once in {value:?}"));
                }
                holds(value, &self.known(task), "the acknowledged value")?;
                self.done.insert(*edit);
                Ok(())
            }
            Note::Found { value } => holds(value, &self.known(task), "the value found"),
        }
    }

    fn ends(&mut self, world: &mut World, now_ms: i64) -> Result<(), String> {
        let found = run_alone(world, now_ms, |port: Port<Note>| async move { Cell::new(NAME).read(&port).await });
        let value = found.map_err(|error| error.to_string())?.map_or_else(Vec::new, |version| version.bytes);
        holds(&value, &self.done, "the value in the end")
    }
}

fn on(base: Option<&Version>, one: u64) -> Vec<u8> {
    let mut history = base.map_or_else(Vec::new, |version| version.bytes.clone());
    history.push(one as u8);
    history
}

fn committed(port: &Port<Note>, ballot: u64, history: Vec<u8>) {
    port.note(Note::Committed { ballot: ballot as u8, history });
}

/// One round of the protocol, as the tick does it.
pub fn writer() -> Body<Note> {
    body(|port| async move { drop(round(&port).await) })
}

async fn round(port: &Port<Note>) -> Result<(), StoreError> {
    let cell = Cell::new(NAME);
    let draft = cell.begin(port).await?;
    let history = on(draft.base.as_ref(), draft.ballot);
    cell.propose(port, &draft, &history).await?;
    if cell.commit(port, &draft).await? {
        committed(port, draft.ballot, history);
        port.delete_many(&cell.stale(&draft)).await?;
    }
    Ok(())
}

pub fn reader() -> Body<Note> {
    body(|port: Port<Note>| async move {
        if let Ok(version) = Cell::new(NAME).read(&port).await {
            port.note(Note::Found { value: version.map_or_else(Vec::new, |version| version.bytes) });
        }
    })
}

/// A client that wants its edit in, by `Cell::update`; it asks again if it got no clear answer.
pub fn editor(edit: u8, attempts: u32, requests: u32) -> Body<Note> {
    body(move |port: Port<Note>| async move {
        for _ in 0..requests {
            let done = Cell::new(NAME)
                .update(
                    &port,
                    attempts,
                    async |_| {},
                    |_, value| {
                        Ok::<_, String>(match value {
                            Some(value) if value.bytes.contains(&edit) => Change::Keep,
                            _ => Change::Put(on(value, edit.into())),
                        })
                    },
                )
                .await;
            if let Ok(version) = done {
                let value = version.map_or_else(Vec::new, |version| version.bytes);
                return port.note(Note::Acknowledged { edit, value });
            }
        }
    })
}

/// The protocol with one thing wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// None: shows that it is the flaw that is found.
    None,
    /// The counter is not asked again.
    NoFinalCheck,
    /// The counter is asked again, after the effects.
    EffectsBeforeCheck,
    /// The final check failed: taken for committed.
    ErrorMeansCommitted,
    /// The slot was refused: the final check is made all the same.
    SlotErrorIgnored,
    /// The base is looked up, then the ballot taken.
    BaseBeforeBallot,
    /// Only the slot just below the ballot is looked at.
    OnlyPrevious,
    /// Older slots are deleted before the final check.
    CleanUpBeforeCheck,
}

/// One round of the protocol, its steps spelt out.
pub fn flawed_writer(flaw: Flaw) -> Body<Note> {
    body(move |port| async move { drop(flawed_round(&port, flaw).await) })
}

async fn flawed_round(port: &Port<Note>, flaw: Flaw) -> Result<(), StoreError> {
    let counter = keys::cell_counter(NAME);
    let early = match flaw {
        Flaw::BaseBeforeBallot => slots(port, 1, port.counter(&counter).await?).await?.pop(),
        _ => None,
    };
    let ballot = port.increment(&counter, 1).await?;
    let base = match flaw {
        Flaw::BaseBeforeBallot => early,
        Flaw::OnlyPrevious => slots(port, ballot - 1, ballot - 1).await?.pop(),
        _ => slots(port, 1, ballot - 1).await?.pop(),
    };
    let history = on(base.as_ref(), ballot as u64);
    let written = port.set(&keys::slot(NAME, ballot as u64), &history).await;
    if flaw != Flaw::SlotErrorIgnored {
        written?;
    }
    let stale: Vec<String> = (1..ballot as u64).map(|ballot| keys::slot(NAME, ballot)).collect();
    if flaw == Flaw::CleanUpBeforeCheck {
        port.delete_many(&stale).await?;
    }
    if flaw == Flaw::EffectsBeforeCheck {
        committed(port, ballot as u64, history.clone());
    }
    let newest = match flaw {
        Flaw::NoFinalCheck => Ok(ballot),
        _ => port.increment(&counter, 0).await,
    };
    let newest = newest.or_else(|error| if flaw == Flaw::ErrorMeansCommitted { Ok(ballot) } else { Err(error) })?;
    if newest == ballot {
        if flaw != Flaw::EffectsBeforeCheck {
            committed(port, ballot as u64, history);
        }
        port.delete_many(&stale).await?;
    }
    Ok(())
}

/// The slots from `bottom` to `top`, oldest first. Keys are asked for from the top, as the real code does.
async fn slots(port: &Port<Note>, bottom: i64, top: i64) -> Result<Vec<Version>, StoreError> {
    let ballots: Vec<u64> = (bottom.max(1)..=top).map(|ballot| ballot as u64).rev().collect();
    let keys: Vec<String> = ballots.iter().map(|ballot| keys::slot(NAME, *ballot)).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let values = port.get_all(&keys).await?;
    let found = ballots.into_iter().zip(values);
    Ok(found.filter_map(|(ballot, bytes)| Some(Version { ballot, bytes: bytes? })).rev().collect())
}

/// Ways of reading that do not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFlaw {
    /// The newest slot below the counter, without looking whether the counter moved.
    OneLook,
    /// The counter is asked twice, but the newest ballot's slot is not looked at again.
    NoSecondLook,
    /// From a hint that writers leave, windows of two slots upward, as long as the upper one exists.
    Hint,
}

pub fn flawed_reader(flaw: ReadFlaw) -> Body<Note> {
    body(move |port| async move {
        if let Ok(Some(newest)) = flawed_read(&port, flaw).await {
            port.note(Note::Found { value: newest.map_or_else(Vec::new, |version| version.bytes) });
        }
    })
}

/// `None`: it did not come to an end.
async fn flawed_read(port: &Port<Note>, flaw: ReadFlaw) -> Result<Option<Option<Version>>, StoreError> {
    if flaw == ReadFlaw::Hint {
        let hint = port.get(HINT).await?.map_or(0, |bytes| i64::from(bytes[0]));
        let (mut bottom, mut newest) = (hint.max(1), None);
        loop {
            newest = slots(port, bottom, bottom + 1).await?.pop().or(newest);
            if newest.as_ref().is_none_or(|found| found.ballot as i64 != bottom + 1) {
                // Nothing at all: it would ask the counter.
                return Ok(newest.map(Some));
            }
            bottom += 2;
        }
    }
    let top = port.counter(&keys::cell_counter(NAME)).await?;
    let newest = slots(port, 1, top).await?.pop();
    let still = flaw == ReadFlaw::OneLook || port.counter(&keys::cell_counter(NAME)).await? == top;
    Ok(still.then_some(newest))
}

const HINT: &str = "hint";

/// One round of a writer that leaves its base's ballot as a hint, in one batch with its slot. Otherwise without a flaw.
pub fn hinting_writer() -> Body<Note> {
    body(|port| async move { drop(hinting_round(&port).await) })
}

async fn hinting_round(port: &Port<Note>) -> Result<(), StoreError> {
    let cell = Cell::new(NAME);
    let draft: Draft = cell.begin(port).await?;
    let history = on(draft.base.as_ref(), draft.ballot);
    let hint = vec![draft.base.as_ref().map_or(0, |base| base.ballot as u8)];
    port.set_many(&[(keys::slot(NAME, draft.ballot), history.clone()), (HINT.into(), hint)]).await?;
    if cell.commit(port, &draft).await? {
        committed(port, draft.ballot, history);
        port.delete_many(&cell.stale(&draft)).await?;
    }
    Ok(())
}

/// Updates that are done wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditFlaw {
    /// The edit is found in a value that need not be committed, and called good.
    KeepUnconfirmed,
    /// The edit is added without looking whether it is in.
    Blind,
}

/// Like [`editor`] with two attempts in one request.
pub fn flawed_editor(edit: u8, flaw: EditFlaw) -> Body<Note> {
    body(move |port| async move { drop(flawed_edit(&port, edit, flaw).await) })
}

async fn flawed_edit(port: &Port<Note>, edit: u8, flaw: EditFlaw) -> Result<(), StoreError> {
    let cell = Cell::new(NAME);
    for _ in 0..2 {
        let draft = cell.begin(port).await?;
        if let (EditFlaw::KeepUnconfirmed, Some(base)) = (flaw, &draft.base)
            && base.bytes.contains(&edit)
        {
            port.note(Note::Acknowledged { edit, value: base.bytes.clone() });
            return Ok(());
        }
        let value = on(draft.base.as_ref(), edit.into());
        cell.propose(port, &draft, &value).await?;
        if cell.commit(port, &draft).await? {
            port.note(Note::Acknowledged { edit, value });
            return Ok(());
        }
    }
    Ok(())
}
