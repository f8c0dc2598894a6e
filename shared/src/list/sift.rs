//! Rows of a file on their way: judged by the reader, compared with other lists, counted. In the file's order.

use super::format::Content;
use super::identity::Identities;
use super::others::Others;
use super::{Format, Reader, Reason, Row, Rules, Summary};
use crate::problem::Problem;
use crate::store::Store;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Rows compared at a time: some 4 MB.
const HELD: usize = 2_048;

/// What the rows of a list came to, by the words for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Rejected rows by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Accepted rows by warning.
    pub warnings: BTreeMap<String, u64>,
    /// Accepted rows by what was guessed of them.
    pub guesses: BTreeMap<String, u64>,
    /// Rows rejected as duplicates of other lists, by list.
    pub duplicates_of: BTreeMap<String, u64>,
    /// Rows that lists have too which were uploaded at the same moment, by list. Nobody was there first, so they were
    /// accepted in both.
    pub also_in: BTreeMap<String, u64>,
    /// Lists that the rows could not all be compared with, because what is kept of them cannot be read.
    pub not_compared: BTreeSet<String>,
}

/// All that is known of a file when it is over.
pub(super) struct Sifted {
    pub summary: Summary,
    pub tally: Tally,
    pub identities: Identities,
    pub others: Option<Others>,
}

pub(super) struct Sift {
    reader: Reader,
    others: Option<Others>,
    held: Vec<Row>,
    tally: Tally,
}

impl Sift {
    pub fn new(rules: Rules, format: Format) -> Self {
        Sift { reader: Reader::with_format(rules, format), others: None, held: Vec::new(), tally: Tally::default() }
    }

    /// Before the first bytes: adds them to a hash, as they are when they are unpacked.
    pub fn listen(&mut self, content: Content) {
        self.reader.listen(content);
    }

    /// Compares the rows with those of other lists.
    pub fn beside(&mut self, others: Others) {
        self.others = Some(others);
    }

    /// The next bytes of the file; rows about which everything is known are added to `out`.
    pub async fn give<S: Store>(&mut self, store: &S, chunk: &[u8], out: &mut Vec<Row>) -> Result<(), Problem> {
        self.reader.give(chunk, &mut self.held)?;
        self.pass(store, out).await
    }

    /// No more bytes will come.
    pub async fn end<S: Store>(&mut self, store: &S, out: &mut Vec<Row>) -> Result<(), Problem> {
        self.reader.end(&mut self.held)?;
        self.pass(store, out).await
    }

    /// Goes on with what it has, a part at a time: see [`Reader::step`]. False if nothing is left to do.
    pub async fn step<S: Store>(&mut self, store: &S, out: &mut Vec<Row>) -> Result<bool, Problem> {
        let more = self.reader.step(&mut self.held)?;
        self.pass(store, out).await?;
        Ok(more)
    }

    /// Nothing is left to do, the file being at its [end](Self::end): its last rows are added to `out`.
    pub async fn close<S: Store>(mut self, store: &S, out: &mut Vec<Row>) -> Result<Sifted, Problem> {
        self.compare(store, out).await?;
        let Sift { reader, others, mut tally, .. } = self;
        if let Some(others) = &others {
            tally.not_compared = others.unread().clone();
        }
        let (summary, identities) = reader.close()?;
        Ok(Sifted { summary, tally, identities, others })
    }

    /// Compares the rows that are held, once they are many.
    async fn pass<S: Store>(&mut self, store: &S, out: &mut Vec<Row>) -> Result<(), Problem> {
        if self.held.len() < HELD {
            return Ok(());
        }
        // It is a long file: more will come.
        if let Some(others) = &mut self.others {
            others.prepare(store).await?;
        }
        self.compare(store, out).await
    }

    async fn compare<S: Store>(&mut self, store: &S, out: &mut Vec<Row>) -> Result<(), Problem> {
        let mut held = std::mem::take(&mut self.held);
        for part in held.chunks_mut(HELD) {
            let identities = part.iter().filter_map(|row| match row {
                Row::Accepted { origin, .. } => Some(origin.identity),
                Row::Rejected(_) => None,
            });
            let Some(others) = &mut self.others else { break };
            let found = others.find(store, identities).await?;
            if found.is_empty() {
                continue;
            }
            for row in part {
                let Row::Accepted { contact, origin, .. } = row else { continue };
                let Some(place) = found.get(&origin.identity).and_then(|at| others.place(*at)) else { continue };
                let reason = if place.own { Reason::DuplicateInList } else { Reason::DuplicateInCampaign };
                *self.tally.duplicates_of.entry(place.list.to_owned()).or_default() += 1;
                let (number, origin) = (contact.duty.row, std::mem::take(origin));
                if let Some(rejection) = self.reader.reject(number, origin, reason, place.list) {
                    *row = Row::Rejected(rejection);
                }
            }
        }
        for row in &held {
            self.tally.count(row);
        }
        out.append(&mut held);
        Ok(())
    }
}

impl Tally {
    fn count(&mut self, row: &Row) {
        let add = |counts: &mut BTreeMap<String, u64>, word: &str| match counts.get_mut(word) {
            Some(n) => *n += 1,
            None => drop(counts.insert(word.to_owned(), 1)),
        };
        match row {
            Row::Rejected(rejection) => add(&mut self.rejected, rejection.reason.as_str()),
            Row::Accepted { warnings, origin, .. } => {
                warnings.iter().for_each(|warning| add(&mut self.warnings, warning.as_str()));
                origin.guesses.iter().for_each(|guess| add(&mut self.guesses, guess.as_str()));
            }
        }
    }
}
