//! Lists that are larger than anybody said they would be: nobody of them is called until their size is confirmed.

use super::Work;
use super::state::ListState;
use crate::campaign::Campaign;
use crate::problem::Problem;
use crate::store::{Store, keys};
use std::collections::HashMap;

/// Whether the list, of that campaign, waits to be confirmed.
pub fn awaits(campaign: &Campaign, list: &ListState) -> bool {
    list.size.awaits_confirmation(campaign.settings.confirm_above)
}

/// Contacts of a campaign that are not called for that reason.
pub fn waiting<'a>(campaign: &Campaign, lists: impl IntoIterator<Item = &'a ListState>) -> u64 {
    let lists = lists.into_iter().filter(|l| l.campaign == campaign.id && awaits(campaign, l));
    lists.flat_map(|l| &l.groups).map(|g| u64::from(g.left)).sum()
}

/// Looks whether the lists that wait were confirmed meanwhile.
pub async fn look<S: Store>(work: &mut Work<'_, S>) -> Result<(), Problem> {
    let campaigns: HashMap<&str, &Campaign> = work.shelf.campaigns.iter().map(|c| (c.id.as_str(), c)).collect();
    let of = |l: &ListState| campaigns.get(l.campaign.as_str()).is_some_and(|c| awaits(c, l));
    let waiting = work.state.lists.iter().enumerate().filter(|(_, l)| !l.groups.is_empty() && of(l));
    let (at, asked): (Vec<usize>, Vec<String>) = waiting.map(|(i, l)| (i, keys::confirmation(&l.id))).unzip();
    if asked.is_empty() {
        return Ok(());
    }
    let found = work.store.get_all(&asked).await.map_err(|e| Problem::store(&e))?;
    for (i, confirmation) in at.into_iter().zip(found) {
        if let Some(list) = work.state.lists.get_mut(i) {
            list.size = list.size.heard(confirmation.as_deref());
        }
    }
    Ok(())
}
