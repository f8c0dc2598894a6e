//! What was said in calls and means that somebody is not called any more: entered, and entered in the register, so that it is
//! among the entries that are downloaded.

use super::Work;
use crate::problem::Problem;
use crate::store::Store;
use crate::suppression::register;

/// Enters what the calls of this tick said. One durable commit more if there is anything.
///
/// The request itself has made an entry already, under the same key, which holds from then on; this one says whom it is about.
/// Should this tick not commit, the next one folds the same calls and enters the same on another page.
pub async fn enter<S: Store>(work: &mut Work<'_, S>) -> Result<(), Problem> {
    let mut said = std::mem::take(&mut work.said);
    said.sort_by_cached_key(|(named, _)| named.subject().key(work.vault));
    said.dedup_by(|(a, _), (b, _)| a == b);
    if said.is_empty() {
        return Ok(());
    }
    let nonce = work.nonce;
    let dice = |bytes: &mut [u8]| {
        bytes.chunks_mut(24).for_each(|part| {
            let random = nonce();
            part.iter_mut().zip(random).for_each(|(to, from)| *to = from);
        })
    };
    let key = match register::key(work.store, work.vault, &dice, async |_| {}).await {
        Ok(key) => key,
        Err(problem) if problem.status == 500 => {
            // The register cannot be opened: they are not called all the same.
            work.hold("unreadable_register", said.len() as u64);
            for (named, entry) in said {
                work.enter(named.subject().key(work.vault), entry.encode());
            }
            return Ok(());
        }
        Err(problem) => return Err(problem),
    };
    let number = register::page_number(work.store).await.map_err(|e| Problem::store(&e))?;
    let ids: Vec<String> = said.iter().map(|(named, _)| named.subject().id(work.vault)).collect();
    work.writes.push(register::page(number, &ids));
    for (named, entry) in said {
        let (place, bytes) = register::entry(work.vault, &key, &work.nonce(), number, &named, entry);
        work.enter(place, bytes);
    }
    Ok(())
}
