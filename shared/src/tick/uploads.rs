//! Uploads under way, and what is left of those that were cut off.

use super::Work;
use crate::list::Progress;
use crate::problem::Problem;
use crate::store::{Cell, Store, keys};
use serde::{Deserialize, Serialize};

/// How long an upload may be under way: far longer than a request may take.
pub const UPLOAD_MS_MAX: i64 = 24 * 3_600_000;
/// Keys deleted by one tick at most.
pub const KEYS_MAX: usize = 2_000;
/// Uploads watched at most. Beyond, the oldest is let go, and costs space if it was cut off.
const UPLOADS_MAX: usize = 500;

/// An upload that has announced itself, and whose list is not added yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    pub list: String,
    pub since_ms: i64,
    /// Keys of its left-overs that are deleted already.
    pub deleted: u32,
}

/// An upload begins.
pub fn begun<S: Store>(work: &mut Work<'_, S>, list: String) {
    if work.state.lists.iter().any(|l| l.id == list) {
        work.deletes.push(keys::upload(&list));
        return;
    }
    let uploads = &mut work.state.uploads;
    if uploads.iter().any(|u| u.list == list) {
        return;
    }
    if uploads.len() >= UPLOADS_MAX {
        uploads.remove(0);
    }
    uploads.push(Upload { list, since_ms: work.now_ms, deleted: 0 });
}

/// Its list is added.
pub fn ended<S: Store>(work: &mut Work<'_, S>, list: &str) {
    if let Some(at) = work.state.uploads.iter().position(|u| u.list == list) {
        work.state.uploads.remove(at);
        work.deletes.push(keys::upload(list));
    }
}

/// Deletes what one upload left behind that was cut off a day ago.
pub async fn sweep<S: Store>(work: &mut Work<'_, S>) -> Result<(), Problem> {
    let failed = |e| Problem::store(&e);
    let over = |u: &Upload| u.since_ms.saturating_add(UPLOAD_MS_MAX) <= work.now_ms;
    let Some(at) = work.state.uploads.iter().position(over) else { return Ok(()) };
    let Upload { list, deleted, .. } = work.state.uploads[at].clone();
    let place = keys::upload(&list);
    let mut left_over = Vec::new();
    if let Some(bytes) = work.store.get(&place).await.map_err(failed)? {
        let progress = Progress::decode(&bytes);
        if let Some(file) = progress.as_ref().and_then(|p| p.file.as_ref())
            && let Some(named) = Cell::new(file.as_str()).read(work.store).await.map_err(failed)?
            && named.bytes == list.as_bytes()
        {
            work.state.uploads.remove(at);
            work.deletes.push(place);
            return Ok(());
        }
        match &progress {
            Some(progress) => left_over.extend(progress.keys(&list).skip(deleted as usize).take(KEYS_MAX)),
            // How much there is cannot be told; without the data key nobody can open it.
            None => left_over.push(keys::data_key(&list)),
        }
    }
    if left_over.len() < KEYS_MAX {
        work.state.uploads.remove(at);
        left_over.push(place);
    } else if let Some(upload) = work.state.uploads.get_mut(at) {
        upload.deleted = deleted.saturating_add(KEYS_MAX as u32);
    }
    work.deletes.extend(left_over);
    Ok(())
}
