//! Agents and ticks around one claim.
//!
//! The tick's state is one byte in its cell: the claim is offered, given back, or started.

use dering::assist::lease::{self, Block, REVOKED, STARTED};
use dering::store::{Cell, Store, StoreError, keys};

use crate::explore::Audit;
use crate::task::{Body, Port, body, run_alone};
use crate::world::{Op, World};

const CELL: &str = "s";
const CALL: (u64, u16) = (1, 0);
const BLOCK: Block = Block { shard: 0, ballot: 1, first: 0, count: 1 };

/// Where the claim is, as the ticks say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    Offered,
    /// Its contact may be claimed anew.
    Back,
    Started,
}

impl State {
    fn of(byte: Option<&u8>) -> Self {
        match byte {
            None | Some(0) => State::Offered,
            Some(1) => State::Back,
            Some(_) => State::Started,
        }
    }
}

/// What a task claims.
#[derive(Debug)]
pub enum Note {
    /// This agent was told to dial.
    Go { agent: u8 },
    /// A tick committed this.
    Committed(State),
}

/// One agent at most dials; who dials is never given back, neither before nor after; what is settled stays so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AssistAudit {
    dials: Option<u8>,
    settled: Option<State>,
}

impl Audit for AssistAudit {
    type Note = Note;

    fn starts(&mut self, _: usize) {}

    fn note(&mut self, _: usize, note: &Note) -> Result<(), String> {
        match note {
            Note::Go { agent } => {
                if self.dials.is_some_and(|other| other != *agent) {
                    return Err(format!("two agents dial: {:?} and {agent}", self.dials));
                }
                self.dials = Some(*agent);
            }
            Note::Committed(State::Offered) => {}
            Note::Committed(state) => {
                if self.settled.is_some_and(|before| before != *state) {
                    return Err(format!("{:?} became {state:?}", self.settled));
                }
                self.settled = Some(*state);
            }
        }
        match (self.dials, self.settled) {
            (Some(agent), Some(State::Back)) => Err(format!("agent {agent} dials, and the contact is given back")),
            _ => Ok(()),
        }
    }

    /// Ticks go on: in the end the contact is in one place, and in a call if somebody dialled.
    fn ends(&mut self, world: &mut World, now_ms: i64) -> Result<(), String> {
        for _ in 0..2 {
            let done = run_alone(world, now_ms, |port: Port<Note>| async move { tick_round(&port, Flaw::None).await });
            let state = done.map_err(|error| error.to_string())?;
            self.note(0, &Note::Committed(state.ok_or("a lonely tick did not commit")?))?;
        }
        match self.settled {
            Some(State::Back | State::Started) => Ok(()),
            other => Err(format!("in the end it is {other:?}")),
        }
    }
}

/// The protocol with one thing wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// None: shows that it is the flaw that is found.
    None,
    /// The agent looks for the revocation, then writes its start.
    StartLooksFirst,
    /// The agent's record was refused: it goes on all the same.
    StartErrorIgnored,
    /// The tick looks for a start, then writes its mark.
    RevokeLooksFirst,
    /// The tick's mark was refused: it goes on all the same.
    RevokeErrorIgnored,
    /// The agent looks whether the block is closed, then draws its number.
    TakeLooksFirst,
    /// A tick gives back before its commit is sure.
    BackBeforeCommit,
}

/// A store in which the claim stands.
pub fn offered() -> World {
    let mut world = World::default();
    world.apply(&Op::Write(vec![(keys::claim(0, CALL.0, CALL.1).as_str().into(), Some([1u8].as_slice().into()))]));
    world
}

/// An agent that takes what it gets and asks for the go; on an error it asks again, `tries` times in all.
pub fn agent(name: u8, tries: u8, flaw: Flaw) -> Body<Note> {
    body(move |port: Port<Note>| async move {
        // What was drawn when the answer was lost is lost to this agent.
        let taken = match flaw {
            Flaw::TakeLooksFirst => take_looking_first(&port).await,
            _ => lease::take(&port, &BLOCK, 1).await,
        };
        if taken.is_ok_and(|numbers| !numbers.is_empty()) {
            dial(&port, name, tries, flaw).await;
        }
    })
}

/// A request for the go by the agent who has the claim already: several of it are one agent's repeated requests.
pub fn owner(name: u8, tries: u8) -> Body<Note> {
    body(move |port: Port<Note>| async move { dial(&port, name, tries, Flaw::None).await })
}

/// A store in which the claim stands and is handed out.
pub fn handed_out() -> World {
    let mut world = offered();
    world.apply(&Op::Add(keys::handed_out(0, BLOCK.ballot, BLOCK.first).as_str().into(), 1));
    world
}

async fn dial(port: &Port<Note>, name: u8, tries: u8, flaw: Flaw) {
    for _ in 0..tries {
        let go = match flaw {
            Flaw::StartLooksFirst | Flaw::StartErrorIgnored => flawed_start(port, flaw).await,
            _ => lease::start(port, 0, CALL, b"1").await,
        };
        match go {
            Ok(true) => return port.note(Note::Go { agent: name }),
            Ok(false) => return,
            Err(_) => {}
        }
    }
}

async fn take_looking_first(port: &Port<Note>) -> Result<std::ops::Range<u16>, StoreError> {
    if port.get(&keys::event(0, CALL.0, CALL.1, lease::CLOSED)).await?.is_some() {
        return Ok(0..0);
    }
    let drawn = port.increment(&keys::handed_out(0, BLOCK.ballot, BLOCK.first), 1).await?;
    Ok(if drawn == 1 { 0..1 } else { 0..0 })
}

async fn flawed_start(port: &Port<Note>, flaw: Flaw) -> Result<bool, StoreError> {
    let key = |kind| keys::event(0, CALL.0, CALL.1, kind);
    if flaw == Flaw::StartLooksFirst {
        let free = port.get(&key(REVOKED)).await?.is_none();
        port.set(&key(STARTED), b"1").await?;
        return Ok(free);
    }
    let _ = port.set(&key(STARTED), b"1").await;
    Ok(port.get(&key(REVOKED)).await?.is_none())
}

/// One tick that wants every lease to end.
pub fn tick(flaw: Flaw) -> Body<Note> {
    body(move |port: Port<Note>| async move {
        if let Ok(Some(state)) = tick_round(&port, flaw).await {
            port.note(Note::Committed(state));
        }
    })
}

/// What it committed; `None` if it did not.
async fn tick_round(port: &Port<Note>, flaw: Flaw) -> Result<Option<State>, StoreError> {
    let cell = Cell::new(CELL);
    let draft = cell.begin(port).await?;
    let before = State::of(draft.base.as_ref().and_then(|base| base.bytes.first()));
    let after = match before {
        State::Offered => settle(port, flaw).await?,
        settled => settled,
    };
    if flaw == Flaw::BackBeforeCommit && after == State::Back {
        port.note(Note::Committed(after));
    }
    cell.propose(port, &draft, &[after as u8]).await?;
    if !cell.commit(port, &draft).await? {
        return Ok(None);
    }
    let mut deletes = cell.stale(&draft);
    if after == State::Started {
        deletes.push(keys::event(0, CALL.0, CALL.1, REVOKED));
    }
    let _ = port.delete_many(&deletes).await;
    Ok(Some(after))
}

async fn settle(port: &Port<Note>, flaw: Flaw) -> Result<State, StoreError> {
    if lease::handed_out(port, &BLOCK).await? == 0 {
        let closed = lease::revoke(port, 0, &[], &[BLOCK]).await?;
        return Ok(if closed.handed_out == [0] { State::Back } else { State::Offered });
    }
    let key = |kind| keys::event(0, CALL.0, CALL.1, kind);
    let started = match flaw {
        Flaw::RevokeLooksFirst => {
            let started = port.get(&key(STARTED)).await?;
            port.set(&key(REVOKED), b"1").await?;
            started
        }
        Flaw::RevokeErrorIgnored => {
            let _ = port.set(&key(REVOKED), b"1").await;
            port.get(&key(STARTED)).await?
        }
        _ => lease::revoke(port, 0, &[CALL], &[]).await?.started.pop().flatten(),
    };
    Ok(if started.is_some() { State::Started } else { State::Back })
}
