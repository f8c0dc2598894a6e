//! A shard's cell: cursors, open calls, retries, rates, tallies. One writer at a time; everything in it is small
//! and does not grow with the length of lists.

use super::pace::Pace;
use super::pace::abandonment::Answered;
use super::rewrap::Replacement;
use super::unread::Unread;
use super::uploads::Upload;
use crate::attempt::{Disposition, End, Past};
use crate::hours::epoch_day;
use crate::list::Size;
use crate::provider::Provider;
use crate::store::LogReader;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Format of the state's bytes.
pub const VERSION: u8 = 1;

/// Where a contact is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRef {
    pub list: String,
    pub group: u32,
    pub page: u32,
    pub index: u16,
}

/// A call by its claim: ballot and number.
pub type Call = (u64, u16);

/// The state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shard {
    pub news: LogReader,
    pub unread: Unread,
    pub uploads: Vec<Upload>,
    pub replacement: Option<Replacement>,
    /// The [identity key](crate::vault::Identity::id) that the first list came under.
    pub identity: Option<u64>,
    pub lists: Vec<ListState>,
    pub open: Vec<Open>,
    /// Claims that agents may take or have taken, and have not started.
    pub offers: Vec<Offer>,
    /// Calls closed before their end was heard, for late news.
    pub watched: Vec<Watched>,
    /// What late news says of contacts whose retry is still on the agenda.
    pub overtaken: Vec<Overtaken>,
    pub retries: Vec<Bucket>,
    /// Calls whose keys are deleted for good when no callback can come any more.
    pub sweeps: Vec<Sweep>,
    pub books: BTreeMap<String, Books>,
    pub pace: Pace,
    pub years: BTreeMap<i16, Year>,
    /// Inbound calls of the last hours, so that a repeated webhook counts once: hash, Unix ms, answered.
    pub inbound: Vec<(String, i64, bool)>,
    /// Ballot of the tick that last heard of settlements.
    pub settled: Option<u64>,
    /// Ballot of the newest results page.
    pub results: Option<u64>,
    /// Ballots of the last [`RESULTS_KNOWN`] of them, the newest last.
    pub results_known: Vec<u64>,
    /// When the log's counter was last asked.
    pub counter_asked_ms: i64,
}

/// Results pages whose ballots the state knows.
pub const RESULTS_KNOWN: usize = 16;

/// A list in this shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListState {
    pub id: String,
    /// Empty of a list that was withdrawn before its manifest could be read.
    pub campaign: String,
    pub withdrawn: bool,
    pub size: Size,
    /// When it had its turn among lists of equal rank: the least comes next.
    pub turn: u64,
    /// The master key that is known to wrap its data key; looked at only while one is replaced.
    pub wrapped_by: Option<u32>,
    /// Groups not yet called to their end, in dialling order.
    pub groups: Vec<GroupCursor>,
    /// Contacts that wait on the agenda.
    pub retrying: u64,
    pub tally: ListTally,
}

/// What came of a list's contacts and calls in this shard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListTally {
    pub ends: BTreeMap<End, u64>,
    pub dispositions: BTreeMap<Disposition, u64>,
    pub right_party: u64,
    pub talk_s: u64,
}

impl ListTally {
    /// Enters a call, in place of what it `was` booked as before.
    pub fn enter(&mut self, disposition: Disposition, talk_s: u32, was: Option<Disposition>) {
        if let Some(was) = was {
            if let Some(n) = self.dispositions.get_mut(&was) {
                *n = n.saturating_sub(1);
            }
            self.right_party = self.right_party.saturating_sub(u64::from(was.right_party()));
        }
        *self.dispositions.entry(disposition).or_default() += 1;
        self.right_party += u64::from(disposition.right_party());
        self.talk_s += u64::from(talk_s);
    }
}

/// How far a group has been called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupCursor {
    pub group: u32,
    pub zone: Option<String>,
    #[serde(with = "epoch_day")]
    pub due_date: Date,
    /// When the last of its contacts' duties falls due.
    pub last_due: Date,
    pub priority: u8,
    pub page: u32,
    pub index: u16,
    /// Contacts not yet taken.
    pub left: u32,
}

/// A call claimed and not yet folded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Open {
    pub call: Call,
    pub campaign: String,
    /// Who places it; `None`: an agent does, or a dialler of the house.
    pub provider: Option<Provider>,
    /// The number of ours that it shows.
    pub caller_id: String,
    /// Keyed hash of the phone.
    pub person: String,
    /// Keyed hash of the taxpayer number.
    pub taxpayer: String,
    pub dial_at_ms: i64,
    /// Closed as unknown if nothing ended it by then.
    pub unknown_at_ms: i64,
}

/// A claim for agents, until one of them starts it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    pub call: Call,
    /// The block it is handed out of: number of the first claim, and how many there are.
    pub block: (u16, u16),
    pub campaign: String,
    pub caller_id: String,
    /// Keyed hash of the phone.
    pub person: String,
    /// Keyed hash of the taxpayer number.
    pub taxpayer: String,
    /// What goes back on the agenda if nobody starts it.
    pub retry: Retry,
    /// Handed out until then.
    pub until_ms: i64,
    /// When it was seen to be handed out.
    pub leased_ms: Option<i64>,
}

/// A call closed before its end was heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    pub call: Call,
    pub campaign: String,
    pub dial_at_ms: i64,
    pub until_ms: i64,
    /// What it was booked as.
    pub booked: Disposition,
    /// How the contact ended, if the call was its last.
    pub ended: Option<End>,
    /// Its retry is on the agenda and not yet claimed.
    pub retrying: bool,
}

/// A contact whose retry is on the agenda, ended by late news of its last call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overtaken {
    pub campaign: String,
    pub list: String,
    pub call: Call,
    pub end: End,
}

/// What decides whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    /// Asked to be called at a time: before all others.
    pub callback: bool,
    pub priority: u8,
    #[serde(with = "epoch_day")]
    pub due_date: Date,
}

/// One agenda page: retries of one campaign and rank that fall due in one span of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    pub campaign: String,
    pub rank: Rank,
    pub slot_ms: i64,
    pub earliest_ms: i64,
    /// Which lists its retries are of, one bit each; two lists may share a bit.
    pub lists: u64,
    pub count: u32,
    pub ballot: u64,
    pub n: u16,
    /// Ballot of the tick that looked up, as the last of all, whether one of them has settled.
    pub looked: u64,
}

impl Bucket {
    /// The bit of a list.
    pub fn bit(list: &str) -> u64 {
        let hash = list.bytes().fold(0_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        1 << (hash % u64::BITS)
    }
}

/// One agenda page of calls to be forgotten.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    pub due_ms: i64,
    pub count: u32,
    pub ballot: u64,
    pub n: u16,
}

/// An entry of a retry page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    pub contact: ContactRef,
    /// Attempts made so far.
    pub attempts: u8,
    /// Which of the contact's numbers comes next.
    pub phone: u8,
    pub not_before_ms: i64,
    pub rank: Rank,
    pub past: Past,
    /// The last call, if it was closed before its end was heard.
    pub unknown: Option<Call>,
    /// Providers that did not take the order of this attempt.
    pub refused_by: Vec<Provider>,
    /// Ballot of the tick that last looked up whether it has settled. Kept for a whole page: [`Bucket::looked`].
    #[serde(skip)]
    pub looked: u64,
}

/// A campaign's figures in this shard.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Books {
    pub contacts: u64,
    pub ends: BTreeMap<End, u64>,
    pub dispositions: BTreeMap<Disposition, u64>,
    pub right_party: u64,
    pub talk_s: u64,
    pub first_dial_ms: Option<i64>,
    pub last_fold_ms: Option<i64>,
    /// Of an assisted campaign: the last day's calls that a person answered.
    pub answered: Answered,
    pub effect: Effect,
}

/// What the calls brought, as far as the feed of settlements tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Contacts that ended as settled after they had been called.
    pub settled_after_call: u64,
    /// Of those, by days from the last call before to the settlement, where both are known.
    pub days: BTreeMap<u16, u64>,
    /// Calls that reached the right party and were looked at again when they were forgotten.
    pub followed_up: u64,
    /// Of those, whose duties had all been settled since.
    pub settled_since: u64,
    pub days_since: BTreeMap<u16, u64>,
}

/// A calendar year's calls, as the annual report counts them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Year {
    pub outbound: u64,
    pub inbound: u64,
    pub inbound_answered: u64,
}

/// Where a campaign's contacts are, in this shard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    pub waiting: u64,
    pub in_call: u64,
    pub retrying: u64,
}

impl Shard {
    /// Where the campaign's contacts are that have not ended.
    pub fn standing(&self, campaign: &str) -> Standing {
        Standing {
            waiting: self
                .lists
                .iter()
                .filter(|l| l.campaign == campaign)
                .flat_map(|l| &l.groups)
                .map(|g| u64::from(g.left))
                .sum(),
            in_call: self.open.iter().filter(|o| o.campaign == campaign).count() as u64
                + self.offers.iter().filter(|o| o.campaign == campaign).count() as u64,
            retrying: self.retries.iter().filter(|b| b.campaign == campaign).map(|b| u64::from(b.count)).sum(),
        }
    }

    /// Whether each campaign's contacts add up. A broken sum is a fault of ours, shown in reports and tested.
    pub fn balanced(&self) -> bool {
        self.books.iter().all(|(campaign, books)| {
            let s = self.standing(campaign);
            let lists = || self.lists.iter().filter(|l| l.campaign == *campaign);
            let mut ends: BTreeMap<End, u64> = BTreeMap::new();
            lists().flat_map(|l| &l.tally.ends).for_each(|(end, n)| *ends.entry(*end).or_default() += n);
            books.contacts == books.ends.values().sum::<u64>() + s.waiting + s.in_call + s.retrying
                && lists().map(|l| l.retrying).sum::<u64>() == s.retrying
                && books.ends.iter().all(|(end, n)| ends.get(end).copied().unwrap_or(0) == *n)
        })
    }

    /// Closes contacts of a campaign's list.
    pub fn close(&mut self, campaign: &str, list: &str, end: End, contacts: u64) {
        if contacts == 0 {
            return;
        }
        *self.books.entry(campaign.to_owned()).or_default().ends.entry(end).or_default() += contacts;
        if let Some(list) = self.list(list) {
            *list.tally.ends.entry(end).or_default() += contacts;
        }
    }

    /// Corrects the end of a contact of a campaign's list.
    pub fn correct(&mut self, campaign: &str, list: &str, was: End, end: End) {
        let books = self.books.get_mut(campaign).map(|books| &mut books.ends);
        books.into_iter().for_each(|ends| less(ends, was));
        self.list(list).into_iter().for_each(|list| less(&mut list.tally.ends, was));
        self.close(campaign, list, end, 1);
    }

    /// Contacts of these lists come onto the agenda.
    pub fn wait<'a>(&mut self, lists: impl IntoIterator<Item = &'a str>) {
        for (id, n) in counted(lists) {
            self.list(id).into_iter().for_each(|list| list.retrying += n);
        }
    }

    /// Contacts of these lists come off the agenda.
    pub fn wait_no_more<'a>(&mut self, lists: impl IntoIterator<Item = &'a str>) {
        for (id, n) in counted(lists) {
            self.list(id).into_iter().for_each(|list| list.retrying = list.retrying.saturating_sub(n));
        }
    }

    /// Enters a results page, the newest.
    pub fn enter_results(&mut self, ballot: u64) {
        self.results = Some(ballot);
        self.results_known.push(ballot);
        let surplus = self.results_known.len().saturating_sub(RESULTS_KNOWN);
        self.results_known.drain(..surplus);
    }

    /// Whether reports find the results page of a ballot. `None`: it is too far back to be known.
    pub fn has_results(&self, ballot: u64) -> Option<bool> {
        let all = self.results_known.len() < RESULTS_KNOWN;
        match self.results_known.contains(&ballot) {
            false if !all && self.results_known.first().is_some_and(|oldest| ballot < *oldest) => None,
            known => Some(known),
        }
    }

    fn list(&mut self, id: &str) -> Option<&mut ListState> {
        self.lists.iter_mut().find(|list| list.id == id)
    }
}

fn less(ends: &mut BTreeMap<End, u64>, end: End) {
    if let Some(n) = ends.get_mut(&end) {
        *n = n.saturating_sub(1);
    }
}

fn counted<'a>(lists: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, u64> {
    let mut counts = BTreeMap::new();
    lists.into_iter().for_each(|list| *counts.entry(list).or_default() += 1);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// Beside its place in a list's page, a contact that waits for its first attempt costs nothing; what one costs that
    /// waits for a further one is this.
    #[test]
    fn a_contact_that_waits_takes_sixty_bytes_at_most() {
        let retry = Retry {
            contact: ContactRef { list: "l-d08c84bc0b136419".into(), group: 100, page: 10_000, index: 499 },
            attempts: 2,
            phone: 1,
            not_before_ms: 1_803_870_000_000,
            rank: Rank { callback: false, priority: 3, due_date: date(2027, 3, 31) },
            past: Past {
                tried: vec![(Disposition::NoAnswer, 1), (Disposition::Busy, 1)],
                dials: vec![1_803_800_000_000, 1_803_860_000_000],
                unusable: 0,
            },
            unknown: None,
            refused_by: Vec::new(),
            looked: 0,
        };
        let page = crate::store::encode(VERSION, &vec![retry; 200]);
        assert!(page.len() / 200 <= 60, "{} bytes a contact", page.len() / 200);
    }
}
