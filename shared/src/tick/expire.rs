//! Expiring: contacts whose due date or campaign is over.

use super::rules::last_day;
use super::state::Overtaken;
use super::{Work, agenda};
use crate::attempt::End;
use crate::campaign::Campaign;
use crate::store::Store;
use std::collections::BTreeMap;

/// Everybody of a campaign that is finished.
pub fn all<S: Store>(work: &mut Work<'_, S>, campaign: &str) {
    agenda::drop_all(work, campaign);
    let mut left: BTreeMap<String, u64> = BTreeMap::new();
    for list in work.state.lists.iter_mut().filter(|l| l.campaign == campaign) {
        let waiting = std::mem::take(&mut list.groups).iter().map(|g| u64::from(g.left)).sum::<u64>();
        left.insert(list.id.clone(), waiting + std::mem::take(&mut list.retrying));
    }
    // Late news has the last word: what came before closes those it is about, what comes later corrects their end.
    let (overtaken, kept): (Vec<_>, Vec<_>) =
        std::mem::take(&mut work.state.overtaken).into_iter().partition(|o| o.campaign == campaign);
    work.state.overtaken = kept;
    for Overtaken { list, end, .. } in overtaken {
        if let Some(n) = left.get_mut(&list).filter(|n| **n > 0) {
            *n -= 1;
            work.closed(campaign, &list, end, 1);
        }
    }
    for watched in work.state.watched.iter_mut().filter(|w| w.campaign == campaign && w.retrying) {
        watched.retrying = false;
        watched.ended = Some(End::Expired);
    }
    for (list, left) in left {
        work.closed(campaign, &list, End::Expired, left);
    }
}

/// Groups whose last day of calls is over, in their own zone.
pub fn due<S: Store>(work: &mut Work<'_, S>, campaign: &Campaign) {
    let (now_ms, calendar) = (work.now_ms, work.calendar(campaign));
    let over = |zone: Option<&str>, last_due| {
        calendar.date(zone, now_ms).is_some_and(|today| today > last_day(&campaign.settings, last_due))
    };
    let mut expired: Vec<(String, u64)> = Vec::new();
    for list in work.state.lists.iter_mut().filter(|l| l.campaign == campaign.id) {
        let mut left = 0;
        list.groups.retain(|g| {
            let gone = over(g.zone.as_deref(), g.last_due);
            left += if gone { u64::from(g.left) } else { 0 };
            !gone
        });
        if left > 0 {
            expired.push((list.id.clone(), left));
        }
    }
    for (list, left) in expired {
        work.closed(&campaign.id, &list, End::Expired, left);
    }
}
