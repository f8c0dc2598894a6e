//! Expiring: contacts whose due date or campaign is over.

use super::rules::last_day;
use super::state::Overtaken;
use super::{Work, agenda};
use crate::attempt::End;
use crate::campaign::Campaign;
use crate::store::Store;

/// Everybody of a campaign that is finished.
pub fn all<S: Store>(work: &mut Work<'_, S>, campaign: &str) {
    let mut left = 0;
    for list in work.state.lists.iter_mut().filter(|l| l.campaign == campaign) {
        left += std::mem::take(&mut list.groups).iter().map(|g| u64::from(g.left)).sum::<u64>();
    }
    left += agenda::drop_all(work, campaign);
    // Late news has the last word: what came before closes those it is about, what comes later corrects their end.
    let (overtaken, kept): (Vec<_>, Vec<_>) =
        std::mem::take(&mut work.state.overtaken).into_iter().partition(|o| o.campaign == campaign);
    work.state.overtaken = kept;
    for Overtaken { end, .. } in overtaken.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
        left -= 1;
        work.closed(campaign, end, 1);
    }
    for watched in work.state.watched.iter_mut().filter(|w| w.campaign == campaign && w.retrying) {
        watched.retrying = false;
        watched.ended = Some(End::Expired);
    }
    work.closed(campaign, End::Expired, left);
}

/// Groups whose last day of calls is over, in their own zone.
pub fn due<S: Store>(work: &mut Work<'_, S>, campaign: &Campaign) {
    let (now_ms, calendar) = (work.now_ms, work.calendar(campaign));
    let over = |zone: Option<&str>, last_due| {
        calendar.date(zone, now_ms).is_some_and(|today| today > last_day(&campaign.settings, last_due))
    };
    let mut expired = 0;
    for list in work.state.lists.iter_mut().filter(|l| l.campaign == campaign.id) {
        list.groups.retain(|g| {
            let gone = over(g.zone.as_deref(), g.last_due);
            expired += if gone { u64::from(g.left) } else { 0 };
            !gone
        });
    }
    work.closed(&campaign.id, End::Expired, expired);
}
