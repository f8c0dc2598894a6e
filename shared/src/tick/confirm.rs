//! Lists that are larger than anybody said they would be: nobody of them is called until their size is confirmed.

use super::Work;
use super::state::ListState;
use crate::campaign::{Campaign, Shelf};
use crate::problem::Problem;
use crate::store::{Store, keys};

/// Whether the list waits to be confirmed.
pub fn awaits(shelf: &Shelf, list: &ListState) -> bool {
    let above = |c: &Campaign| c.settings.confirm_above;
    shelf.get(&list.campaign).map(above).is_some_and(|above| list.size.awaits_confirmation(above))
}

/// Contacts of a campaign that are not called for that reason.
pub fn waiting<'a>(shelf: &Shelf, lists: impl IntoIterator<Item = &'a ListState>, campaign: &str) -> u64 {
    let lists = lists.into_iter().filter(|l| l.campaign == campaign && awaits(shelf, l));
    lists.flat_map(|l| &l.groups).map(|g| u64::from(g.left)).sum()
}

/// Looks whether the lists that wait were confirmed meanwhile.
pub async fn look<S: Store>(work: &mut Work<'_, S>) -> Result<(), Problem> {
    let waits = |l: &ListState| !l.groups.is_empty() && awaits(&work.shelf, l);
    let waiting = work.state.lists.iter().enumerate().filter(|(_, l)| waits(l));
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
