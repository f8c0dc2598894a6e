//! A campaign's figures split by where its lists come from.

use super::shard_states;
use crate::attempt::{Disposition, End};
use crate::campaign;
use crate::list::{self, Manifest, Occasion};
use crate::problem::Problem;
use crate::store::Store;
use serde::Serialize;
use std::collections::BTreeMap;

/// What lists are put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Office,
    Occasion,
    List,
}

impl By {
    /// The word used in requests.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "office" => Some(By::Office),
            "occasion" => Some(By::Occasion),
            "list" => Some(By::List),
            _ => None,
        }
    }

    fn of(self, manifest: &Manifest) -> String {
        match self {
            By::Office => manifest.office.clone(),
            By::Occasion => match manifest.occasion {
                None => String::new(),
                Some(Occasion::Regular) => "regular".into(),
                Some(Occasion::OnRequest) => "on_request".into(),
            },
            // What was appended to a list is a part of it.
            By::List => manifest.part_of.clone().unwrap_or_else(|| manifest.list.clone()),
        }
    }
}

/// A campaign's figures, split.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Split {
    pub campaign: String,
    pub by: By,
    pub parts: Vec<Part>,
    /// Lists whose manifests cannot be read: they are in no part.
    pub unreadable_lists: Vec<String>,
}

/// The figures of some lists. What is counted otherwise in the campaign's report has the same name there.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Part {
    /// The office's code, the occasion or the list; empty of lists that name none.
    pub of: String,
    pub lists: Vec<String>,
    pub rows: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub contacts: u64,
    /// Contacts that were not called yet.
    pub waiting: u64,
    pub retrying: u64,
    pub ends: BTreeMap<&'static str, u64>,
    pub attempts: u64,
    pub never_rung: u64,
    pub dispositions: BTreeMap<&'static str, u64>,
    pub right_party_contacts: u64,
    pub talk_seconds: u64,
}

/// The figures of a campaign's lists, put together. Costs no durable commit.
pub async fn split<S: Store>(store: &S, shards: u16, id: &str, by: By) -> Result<Split, Problem> {
    let shelf = campaign::read(store).await?;
    shelf.get(id).ok_or_else(|| campaign::unknown(id))?;
    let states = shard_states(store, shards).await?;
    let mut lists: BTreeMap<&str, Part> = BTreeMap::new();
    for list in states.iter().flat_map(|state| &state.lists).filter(|list| list.campaign == id) {
        let part = lists.entry(&list.id).or_default();
        part.waiting += list.groups.iter().map(|group| u64::from(group.left)).sum::<u64>();
        part.retrying += list.retrying;
        for (end, n) in &list.tally.ends {
            *part.ends.entry(end.as_str()).or_default() += n;
        }
        for (disposition, n) in &list.tally.dispositions {
            *part.dispositions.entry(disposition.as_str()).or_default() += n;
            match disposition {
                Disposition::NotPlaced => part.never_rung += n,
                _ => part.attempts += n,
            }
        }
        part.right_party_contacts += list.tally.right_party;
        part.talk_seconds += list.tally.talk_s;
    }
    let (mut parts, mut unreadable_lists): (BTreeMap<String, Part>, _) = Default::default();
    for (list, figures) in lists {
        let manifest = list::manifest(store, list).await.map_err(|e| Problem::store(&e))?;
        match manifest {
            Some(manifest) => parts.entry(by.of(&manifest)).or_insert_with(Part::new).add(&manifest, figures),
            None => Vec::push(&mut unreadable_lists, list.to_owned()),
        }
    }
    let parts = parts.into_iter().map(|(of, part)| Part { of, ..part }).collect();
    Ok(Split { campaign: id.to_owned(), by, parts, unreadable_lists })
}

impl Part {
    /// Nothing counted, and every word there.
    fn new() -> Self {
        Part {
            ends: End::ALL.iter().map(|end| (end.as_str(), 0)).collect(),
            dispositions: Disposition::ALL.iter().map(|disposition| (disposition.as_str(), 0)).collect(),
            ..Part::default()
        }
    }

    fn add(&mut self, manifest: &Manifest, figures: Part) {
        self.lists.push(manifest.list.clone());
        self.rows += manifest.rows;
        self.accepted += manifest.accepted;
        self.rejected += manifest.rejected;
        self.contacts += manifest.size().contacts;
        self.waiting += figures.waiting;
        self.retrying += figures.retrying;
        for (end, n) in figures.ends {
            *self.ends.entry(end).or_default() += n;
        }
        self.attempts += figures.attempts;
        self.never_rung += figures.never_rung;
        for (disposition, n) in figures.dispositions {
            *self.dispositions.entry(disposition).or_default() += n;
        }
        self.right_party_contacts += figures.right_party_contacts;
        self.talk_seconds += figures.talk_seconds;
    }
}
