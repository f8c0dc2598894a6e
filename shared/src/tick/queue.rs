//! The order of dialling: retries that are due and contacts nobody has called yet, by rank; those of equal rank in turn from
//! their lists. What is looked at is bounded by what is wanted, never by the length of the lists.

use super::place::reach_ms;
use super::state::{Bucket, ContactRef, ListState, Rank, Retry};
use super::{Work, agenda, confirm};
use crate::attempt::Past;
use crate::campaign::{Campaign, Order, OrderKey};
use crate::contact::Contact;
use crate::problem::Problem;
use crate::store::Store;
use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

/// When a contact whose page cannot be read is looked at again.
const UNREADABLE_MS: i64 = 10 * 60_000;

/// Lists whose retries are looked for behind those of others, at most: a page taken off the agenda and not used up is
/// written anew.
const LISTS_LOOKED: usize = 4;

/// A contact that may be called next.
pub struct Candidate {
    pub retry: Retry,
    pub contact: Contact,
}

/// Contacts of equal rank. Their lists take turns, each with its retries that are due before those nobody has called yet.
#[derive(Default)]
struct Source {
    /// Pages of retries that are still on the agenda, the longest due last.
    pages: Vec<Bucket>,
    /// Retries that were taken off it, by list.
    due: BTreeMap<String, VecDeque<Candidate>>,
    /// By list and group; those outside callable hours are not among them once it was `looked_at`.
    groups: Vec<(usize, usize)>,
    looked_at: bool,
}

/// A campaign's sources, the most urgent last.
pub struct Queue {
    sources: Vec<Source>,
    /// Zones asked for so far, and whether they are callable now.
    callable: BTreeMap<Option<String>, bool>,
}

/// Where a rank stands in the campaign's order: the least comes first.
fn place(order: &Order, rank: Rank) -> Vec<i32> {
    let day = |rank: Rank| i32::from(rank.due_date.year()) * 400 + i32::from(rank.due_date.day_of_year());
    let keys = order.keys().iter().filter_map(|key| match key {
        OrderKey::Priority => Some(i32::from(rank.priority)),
        OrderKey::DueDate => Some(day(rank)),
        OrderKey::Amount | OrderKey::LastAttempt => None,
    });
    std::iter::once(i32::from(!rank.callback)).chain(keys).collect()
}

impl Queue {
    /// The campaign's sources as they are now.
    pub fn new<S: Store>(work: &Work<'_, S>, campaign: &Campaign) -> Self {
        let order = &campaign.settings.order;
        let mut sources: BTreeMap<Vec<i32>, Source> = BTreeMap::new();
        for bucket in agenda::due(work, &campaign.id) {
            sources.entry(place(order, bucket.rank)).or_default().pages.push(bucket);
        }
        let called = |l: &ListState| l.campaign == campaign.id && !confirm::awaits(campaign, l);
        for (l, list) in work.state.lists.iter().enumerate().filter(|(_, l)| called(l)) {
            for (g, group) in list.groups.iter().enumerate() {
                let rank = Rank { callback: false, priority: group.priority, due_date: group.due_date };
                sources.entry(place(order, rank)).or_default().groups.push((l, g));
            }
        }
        let mut sources: Vec<Source> = sources.into_values().rev().collect();
        for source in &mut sources {
            source.pages.sort_by_key(|b| Reverse((b.earliest_ms, b.ballot, b.n)));
        }
        Queue { sources, callable: BTreeMap::new() }
    }

    /// The next candidates, `want` at most. `None`: there are no more. Retries that are not due, or not to be read, are added
    /// to `later`.
    pub async fn next<S: Store>(
        &mut self,
        work: &mut Work<'_, S>,
        campaign: &Campaign,
        want: usize,
        later: &mut Vec<(String, Retry)>,
    ) -> Result<Option<Vec<Candidate>>, Problem> {
        while let Some(mut source) = self.sources.pop() {
            if !source.looked_at {
                source.groups.retain(|(l, g)| self.callable(work, campaign, *l, *g));
                source.looked_at = true;
            }
            source.look(work, campaign, want, later).await?;
            let found = source.take(work, want).await?;
            if found.len() >= want {
                self.sources.push(source);
            }
            if !found.is_empty() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Retries that were taken off the agenda and are not among the candidates.
    pub fn rest(self) -> impl Iterator<Item = Retry> {
        let left = self.sources.into_iter().flat_map(|source| source.due.into_values().flatten());
        left.map(|candidate| candidate.retry)
    }

    fn callable<S: Store>(&mut self, work: &mut Work<'_, S>, campaign: &Campaign, l: usize, g: usize) -> bool {
        let Some(group) = work.state.lists.get(l).and_then(|list| list.groups.get(g)) else { return false };
        let (zone, left, now_ms) = (group.zone.clone(), group.left, work.now_ms);
        let calendar = work.calendar(campaign);
        let reach_ms = reach_ms(&campaign.settings.call);
        let open = *self
            .callable
            .entry(zone.clone())
            .or_insert_with_key(|zone| calendar.callable_for_some(zone.as_deref(), now_ms, reach_ms));
        if !open {
            work.hold(calendar.reason(zone.as_deref(), now_ms), u64::from(left));
        }
        open
    }
}

impl Source {
    /// Takes retries off the agenda: as many as are wanted, the longest due first; but of the lists whose turn it is, those
    /// that hide behind the retries of others, too.
    async fn look<S: Store>(
        &mut self,
        work: &mut Work<'_, S>,
        campaign: &Campaign,
        want: usize,
        later: &mut Vec<(String, Retry)>,
    ) -> Result<(), Problem> {
        let of_campaign = work.state.lists.iter().filter(|l| l.campaign == campaign.id);
        let mut lists: Vec<(u64, String)> = of_campaign.map(|l| (l.turn, l.id.clone())).collect();
        lists.sort();
        let waits = |id: &str| self.pages.iter().any(|page| page.lists & Bucket::bit(id) != 0);
        lists.retain(|(_, id)| self.due.contains_key(id) || waits(id));
        for (_, id) in lists.into_iter().take(want.min(LISTS_LOOKED)) {
            if self.due.get(&id).is_none_or(VecDeque::is_empty) {
                let at = self.pages.iter().rposition(|page| page.lists & Bucket::bit(&id) != 0);
                self.open(work, campaign, at, later).await?;
            }
        }
        while self.due.values().map(VecDeque::len).sum::<usize>() < want && !self.pages.is_empty() {
            self.open(work, campaign, self.pages.len().checked_sub(1), later).await?;
        }
        Ok(())
    }

    async fn open<S: Store>(
        &mut self,
        work: &mut Work<'_, S>,
        campaign: &Campaign,
        at: Option<usize>,
        later: &mut Vec<(String, Retry)>,
    ) -> Result<(), Problem> {
        let Some(at) = at.filter(|at| *at < self.pages.len()) else { return Ok(()) };
        for candidate in due(work, campaign, &self.pages.remove(at), later).await? {
            self.due.entry(candidate.retry.contact.list.clone()).or_default().push_back(candidate);
        }
        Ok(())
    }

    /// Takes candidates in turn from the lists.
    async fn take<S: Store>(&mut self, work: &mut Work<'_, S>, want: usize) -> Result<Vec<Candidate>, Problem> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (l, g) in &self.groups {
            groups.entry(*l).or_default().push(*g);
        }
        for (l, _) in work.state.lists.iter().enumerate().filter(|(_, list)| self.due.contains_key(&list.id)) {
            groups.entry(l).or_default();
        }
        let of = |(l, groups): (usize, _)| work.state.lists.get(l).map(|list| (list.turn, l, list.id.clone(), groups));
        let mut turns: Vec<(u64, usize, String, Vec<usize>)> = groups.into_iter().filter_map(of).collect();
        turns.sort();
        let mut found = Vec::new();
        let mut before = usize::MAX;
        while found.len() < want && found.len() != before {
            before = found.len();
            let share = (want - found.len()).div_ceil(turns.len().max(1));
            for (_, l, id, groups) in &turns {
                let had = found.len();
                let most = (had + share).min(want);
                if let Some(due) = self.due.get_mut(id) {
                    found.extend(due.drain(..due.len().min(most - had)));
                }
                for g in groups {
                    take(work, (*l, *g), most, &mut found).await?;
                }
                let last = work.state.lists.iter().map(|list| list.turn).max().unwrap_or(0);
                if let Some(list) = work.state.lists.get_mut(*l).filter(|_| found.len() > had) {
                    list.turn = last.saturating_add(1);
                }
            }
        }
        Ok(found)
    }
}

/// Takes contacts of a group until `most` are found.
async fn take<S: Store>(
    work: &mut Work<'_, S>,
    (l, g): (usize, usize),
    most: usize,
    found: &mut Vec<Candidate>,
) -> Result<(), Problem> {
    let Some((list, mut cursor)) =
        work.state.lists.get(l).and_then(|list| Some((list.id.clone(), list.groups.get(g)?.clone())))
    else {
        return Ok(());
    };
    while found.len() < most && cursor.left > 0 {
        let Some(page) = work.page(&list, cursor.group, cursor.page).await? else {
            work.hold("unreadable", u64::from(cursor.left));
            break;
        };
        let rest = page.get(usize::from(cursor.index)..).unwrap_or_default();
        let taken = rest.len().min(most - found.len()).min(cursor.left as usize);
        for (i, contact) in rest.iter().take(taken).enumerate() {
            let index = cursor.index.saturating_add(i as u16);
            let retry = Retry {
                contact: ContactRef { list: list.clone(), group: cursor.group, page: cursor.page, index },
                attempts: 0,
                phone: 0,
                not_before_ms: work.now_ms,
                rank: Rank { callback: false, priority: cursor.priority, due_date: cursor.due_date },
                past: Past::default(),
                unknown: None,
                refused_by: Vec::new(),
                looked: 0,
            };
            found.push(Candidate { retry, contact: contact.clone() });
        }
        cursor.left -= taken as u32;
        cursor.index = cursor.index.saturating_add(taken as u16);
        if usize::from(cursor.index) >= page.len() {
            cursor.page = cursor.page.saturating_add(1);
            cursor.index = 0;
        }
    }
    if let Some(group) = work.state.lists.get_mut(l).and_then(|list| list.groups.get_mut(g)) {
        *group = cursor;
    }
    Ok(())
}

/// The retries of a page that are due, with their contacts, in the campaign's finer order.
async fn due<S: Store>(
    work: &mut Work<'_, S>,
    campaign: &Campaign,
    bucket: &Bucket,
    later: &mut Vec<(String, Retry)>,
) -> Result<Vec<Candidate>, Problem> {
    let mut found = Vec::new();
    for mut retry in agenda::take(work, bucket).await? {
        if retry.not_before_ms > work.now_ms {
            later.push((campaign.id.clone(), retry));
            continue;
        }
        let place = &retry.contact;
        let page = work.page(&place.list, place.group, place.page).await?;
        match page.and_then(|page| page.get(usize::from(place.index)).cloned()) {
            Some(contact) => found.push(Candidate { retry, contact }),
            None => {
                work.hold("unreadable", 1);
                retry.not_before_ms = work.now_ms.saturating_add(UNREADABLE_MS);
                later.push((campaign.id.clone(), retry));
            }
        }
    }
    let fine = |c: &Candidate| {
        let keys = campaign.settings.order.keys().iter().filter_map(|key| match key {
            // The larger first.
            OrderKey::Amount => Some(-i64::try_from(c.contact.amount().unwrap_or(0)).unwrap_or(i64::MAX)),
            OrderKey::LastAttempt => Some(c.retry.past.dials.last().copied().unwrap_or(0)),
            OrderKey::Priority | OrderKey::DueDate => None,
        });
        (keys.collect::<Vec<_>>(), c.retry.not_before_ms)
    };
    found.sort_by_cached_key(fine);
    Ok(found)
}
