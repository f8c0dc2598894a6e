//! Writers and the reader of one `Log`.

use std::collections::{BTreeMap, BTreeSet};

use dering::store::{AppendError, GIVE_UP_MS, Log, LogReader, Store, StoreError, decode, encode, keys};

use crate::explore::Audit;
use crate::task::{Body, Port, body, run_alone};
use crate::world::World;

const NAME: &str = "l";
const VERSION: u8 = 1;
/// More than any scenario appends.
const MAX: usize = 100;

/// What a task claims.
#[derive(Debug)]
pub enum Note {
    /// The append was answered with success.
    Appended { n: u64, bytes: Vec<u8> },
    /// These entries and this state of the reader are committed.
    Read { entries: Vec<(u64, Vec<u8>)>, state: Vec<u8> },
}

/// Every acknowledged entry is read in the end, and nothing twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct LogAudit {
    appended: BTreeMap<u64, Vec<u8>>,
    read: BTreeMap<u64, Vec<u8>>,
    state: Vec<u8>,
}

impl Audit for LogAudit {
    type Note = Note;

    fn starts(&mut self, _: usize) {}

    fn note(&mut self, _: usize, note: &Note) -> Result<(), String> {
        match note {
            Note::Appended { n, bytes } => match self.appended.insert(*n, bytes.clone()) {
                Some(other) => Err(format!("{bytes:?} and {other:?} were both appended as {n}")),
                None => Ok(()),
            },
            Note::Read { entries, state } => {
                self.state = state.clone();
                if !entries.is_sorted_by_key(|(n, _)| *n) {
                    return Err(format!("out of order: {entries:?}"));
                }
                entries.iter().try_for_each(|(n, bytes)| match self.read.insert(*n, bytes.clone()) {
                    Some(_) => Err(format!("entry {n} was read twice")),
                    None => Ok(()),
                })
            }
        }
    }

    /// The next reader goes on from the committed state, until it finds nothing more.
    fn ends(&mut self, world: &mut World, now_ms: i64) -> Result<(), String> {
        for _ in 0..2 {
            let mut state: LogReader = decode(VERSION, &self.state).unwrap_or_default();
            let (entries, state) = run_alone(world, now_ms, |port: Port<Note>| async move {
                (state.read(&port, &Log::new(NAME), now_ms, MAX, true).await, state)
            });
            let entries = entries.map_err(|error| error.to_string())?;
            self.note(0, &Note::Read { entries, state: encode(VERSION, &state) })?;
        }
        match self.appended.iter().find(|(n, bytes)| self.read.get(n) != Some(bytes)) {
            Some((n, _)) => Err(format!("entry {n} was acknowledged and never read")),
            None => Ok(()),
        }
    }
}

/// Appends that do not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppendFlaw {
    /// The entry is written under the number that comes next, then the counter is moved.
    CounterAfterEntry,
    /// Success is claimed however long it took.
    NoTimeLimit,
}

/// Appends one entry of its own kind.
pub fn writer(id: u8, flaw: Option<AppendFlaw>) -> Body<Note> {
    body(move |port: Port<Note>| async move {
        port.wait().await;
        let (log, bytes) = (Log::new(NAME), vec![id]);
        let n = match flaw {
            None => log.append(&port, &bytes, || port.now_ms()).await,
            Some(AppendFlaw::NoTimeLimit) => log.append(&port, &bytes, || 0).await,
            Some(AppendFlaw::CounterAfterEntry) => late_counter(&port, &bytes).await,
        };
        if let Ok(n) = n {
            port.note(Note::Appended { n, bytes });
        }
    })
}

async fn late_counter(port: &Port<Note>, bytes: &[u8]) -> Result<u64, AppendError> {
    let n = port.counter(&keys::log_counter(NAME)).await? as u64 + 1;
    port.set(&keys::entry(NAME, n), bytes).await?;
    port.increment(&keys::log_counter(NAME), 1).await?;
    Ok(n)
}

/// A reader that reads as often as `asks` is long, asking the counter or not, and deletes what it read.
pub fn reader(asks: &'static [bool], max: usize) -> Body<Note> {
    body(move |port: Port<Note>| async move {
        let log = Log::new(NAME);
        let mut state = LogReader::default();
        for ask in asks {
            let Ok(entries) = state.read(&port, &log, port.now_ms(), max, *ask).await else {
                continue;
            };
            port.note(Note::Read { entries, state: encode(VERSION, &state) });
            let _ = port.delete_many(&state.prunable(&log)).await;
        }
    })
}

/// Ways of reading that do not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFlaw {
    /// None: shows that it is the flaw that is found.
    None,
    /// What is missing is passed over for good.
    NoHoles,
    /// A hole is given up by the time since a moment that may lie before the number was taken.
    StampedEarly,
    /// A hole is given up without looking once more.
    GivenUpUnseen,
    /// Entries are deleted before the state is committed.
    DeletedEarly,
}

#[derive(Default)]
struct Flawed {
    next: u64,
    holes: BTreeMap<u64, Option<i64>>,
}

/// A reader of three reads that asks the counter. It does not hand over its state: what it does not read counts as lost
/// only if the honest reader, going on from where it stands, does not find it either.
pub fn flawed_reader(flaw: ReadFlaw) -> Body<Note> {
    body(move |port: Port<Note>| async move {
        let mut state = Flawed { next: 1, ..Flawed::default() };
        for _ in 0..3 {
            if flawed_read(&port, flaw, &mut state).await.is_err() {
                return;
            }
        }
    })
}

async fn flawed_read(port: &Port<Note>, flaw: ReadFlaw, state: &mut Flawed) -> Result<(), StoreError> {
    let now_ms = port.now_ms();
    if flaw == ReadFlaw::GivenUpUnseen {
        state.holes.retain(|_, missed_ms| missed_ms.is_none_or(|at| now_ms - at <= GIVE_UP_MS));
    }
    let end = port.counter(&keys::log_counter(NAME)).await? as u64 + 1;
    let numbers: BTreeSet<u64> = state.holes.keys().copied().chain(state.next..end).collect();
    let keys: Vec<String> = numbers.iter().map(|n| keys::entry(NAME, *n)).collect();
    let values = port.get_all(&keys).await?;
    let mut entries = Vec::new();
    for (n, value) in numbers.into_iter().zip(values) {
        match value {
            Some(bytes) => {
                state.holes.remove(&n);
                entries.push((n, bytes));
            }
            None if flaw == ReadFlaw::NoHoles => {}
            None => {
                let early = (flaw == ReadFlaw::StampedEarly).then_some(now_ms);
                let missed_ms = state.holes.get(&n).map_or(early, |at| at.or(Some(now_ms)));
                state.holes.insert(n, missed_ms);
                if missed_ms.is_some_and(|at| now_ms - at > GIVE_UP_MS) {
                    state.holes.remove(&n);
                }
            }
        }
    }
    state.next = state.next.max(end);
    let read: Vec<String> = entries.iter().map(|(n, _)| keys::entry(NAME, *n)).collect();
    if flaw == ReadFlaw::DeletedEarly {
        port.delete_many(&read).await?;
    }
    port.note(Note::Read { entries, state: state.encode() });
    if flaw != ReadFlaw::DeletedEarly {
        port.delete_many(&read).await?;
    }
    Ok(())
}

/// `LogReader` as it is stored, to write one from outside.
#[derive(serde::Serialize)]
struct Stored {
    next: u64,
    holes: Vec<(u64, Option<i64>)>,
    taken: Vec<u64>,
    taken_before: Vec<u64>,
}

impl Flawed {
    fn encode(&self) -> Vec<u8> {
        let holes = self.holes.iter().map(|(n, missed_ms)| (*n, *missed_ms)).collect();
        encode(VERSION, &Stored { next: self.next, holes, taken: Vec::new(), taken_before: Vec::new() })
    }
}
