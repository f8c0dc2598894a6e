//! Lists that belong together: rows that were appended to a list are lists of their own, withdrawn with it.
//!
//! One cell a list says which were appended, and whether it was withdrawn. Both are edits of the same cell, so rows are
//! either appended before the list is withdrawn, and withdrawn with it, or refused.

use crate::problem::Problem;
use crate::store::{ATTEMPTS, Cell, Change, Store, decode, encode};
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;
/// Lists that may be appended to one.
const PARTS_MAX: usize = 1_000;

/// What became of a list since it was taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    pub withdrawn: bool,
    /// The lists that were appended, in order.
    pub parts: Vec<String>,
}

fn cell(list: &str) -> Cell {
    Cell::new(format!("list/{list}"))
}

fn read(bytes: &[u8]) -> Result<Family, Problem> {
    decode(VERSION, bytes).ok_or_else(|| {
        Problem::new(
            500,
            "list_unreadable",
            "What is known of the list cannot be read",
            "which rows were appended to it, and whether it was withdrawn, is damaged or of another version",
            "Withdraw the list, and upload its rows again.",
        )
    })
}

/// What became of a list. Costs no durable commit.
pub async fn family<S: Store>(store: &S, list: &str) -> Result<Family, Problem> {
    match cell(list).read(store).await.map_err(|e| Problem::store(&e))? {
        Some(version) => read(&version.bytes),
        None => Ok(Family::default()),
    }
}

/// Enters `part` as appended to `list`; refused if that was withdrawn.
pub(super) async fn append<S: Store>(
    store: &S,
    pause: impl AsyncFn(u64),
    list: &str,
    part: &str,
) -> Result<(), Problem> {
    let cell = cell(list);
    let changed = cell.update(store, ATTEMPTS, pause, |_, base| {
        let mut family = base.map_or_else(|| Ok(Family::default()), |version| read(&version.bytes))?;
        if family.withdrawn {
            return Err(withdrawn(list));
        }
        if family.parts.iter().any(|known| known == part) {
            return Ok(Change::Keep);
        }
        if family.parts.len() >= PARTS_MAX {
            return Err(Problem::new(
                409,
                "too_many_parts",
                "Too much was appended to the list",
                format!("{PARTS_MAX} files can be appended to a list at most"),
                "Upload the file as a list of its own.",
            ));
        }
        family.parts.push(part.to_owned());
        Ok(Change::Put(encode(VERSION, &family)))
    });
    changed.await.map(drop).map_err(Problem::from)
}

/// Marks a list as withdrawn, and all that was appended to it. Answers their names: the ticks are to be told of each.
pub async fn withdraw<S: Store>(store: &S, pause: impl AsyncFn(u64), list: &str) -> Result<Vec<String>, Problem> {
    let mut lists = vec![list.to_owned()];
    lists.extend(mark(store, &pause, list).await?);
    for part in lists.iter().skip(1) {
        mark(store, &pause, part).await?;
    }
    Ok(lists)
}

/// Marks one list as withdrawn, and answers what was appended to it.
pub(super) async fn mark<S: Store>(store: &S, pause: &impl AsyncFn(u64), list: &str) -> Result<Vec<String>, Problem> {
    let cell = cell(list);
    let changed = cell.update(store, ATTEMPTS, pause, |_, base| {
        // To withdraw a damaged list is the way to be rid of it.
        let family = base.and_then(|version| read(&version.bytes).ok()).unwrap_or_default();
        Ok::<_, Problem>(match base {
            Some(_) if family.withdrawn => Change::Keep,
            _ => Change::Put(encode(VERSION, &Family { withdrawn: true, ..family })),
        })
    });
    let version = changed.await.map_err(Problem::from)?;
    Ok(version.and_then(|version| read(&version.bytes).ok()).unwrap_or_default().parts)
}

/// The refusal of rows for a list that was withdrawn.
pub fn withdrawn(list: &str) -> Problem {
    Problem::new(
        409,
        "list_withdrawn",
        "The list was withdrawn",
        format!("list {list} was withdrawn, and calls nobody any more"),
        "Upload the file as a list of its own.",
    )
}
