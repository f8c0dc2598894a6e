//! Which list a file is. The same file again is the list that it became before, also when it is uploaded twice at the
//! same moment: the cell of its content hash names the list. What is withdrawn may come again.

use super::{Intake, Taken, family};
use crate::list::shelf::{self, Manifest};
use crate::problem::Problem;
use crate::store::{ATTEMPTS, Cell, Change, Store};
use crate::vault::Vault;

/// The cell that names the list of a file: of a campaign, a content hash, and how the file is understood.
pub fn cell(vault: &Vault, campaign: &str, digest: &[u8], understood: &str) -> String {
    let text = [campaign.as_bytes(), b"|", digest, understood.as_bytes()].concat();
    format!("file/{}", vault.hash(b"file", &text))
}

impl<S: Store> Intake<'_, S> {
    /// Names the list as that of its file, unless the file is another list already.
    pub(super) async fn name(&mut self, manifest: Manifest, pause: &impl AsyncFn(u64)) -> Result<Taken, Problem> {
        let file = self.draft.file.clone().unwrap_or_default();
        if let Some(key) = &self.label.key {
            let text = format!("{}|{key}", self.label.campaign);
            let cell = Cell::new(format!("upload/{}", self.vault.hash(b"upload", text.as_bytes())));
            let same = cell.update(self.store, ATTEMPTS, pause, |_, base| match base {
                Some(base) if base.bytes != file.as_bytes() => Err(other_file()),
                Some(_) => Ok(Change::Keep),
                None => Ok(Change::Put(file.clone().into_bytes())),
            });
            same.await.map_err(Problem::from)?;
        }
        let cell = Cell::new(file);
        let before = cell.read(self.store).await.map_err(|e| Problem::store(&e))?;
        let before = before.map(|version| String::from_utf8_lossy(&version.bytes).into_owned());
        // Whoever withdrew a list and sends its file again means it.
        let withdrawn = match &before {
            Some(list) => family::family(self.store, list).await?.withdrawn,
            None => false,
        };
        let ours = self.draft.list.clone();
        let version = cell
            .update(self.store, ATTEMPTS, pause, |_, base| {
                let replaced =
                    base.is_some_and(|base| withdrawn && before.as_ref().is_some_and(|b| b.as_bytes() == base.bytes));
                Ok::<_, Problem>(match base {
                    Some(_) if !replaced => Change::Keep,
                    _ => Change::Put(ours.clone().into_bytes()),
                })
            })
            .await
            .map_err(Problem::from)?;
        let list = version.map(|v| String::from_utf8_lossy(&v.bytes).into_owned()).unwrap_or_default();
        if list == self.draft.list {
            return Ok(Taken::New(manifest));
        }
        let known = shelf::manifest(self.store, &list).await.map_err(|e| Problem::store(&e))?;
        self.undo().await;
        known.map(Taken::Known).ok_or_else(|| {
            Problem::new(
                409,
                "list_damaged",
                "This file was taken, and is damaged",
                format!("the same file is list {list}, which cannot be read"),
                format!("Withdraw it with DELETE /v1/lists/{list}, and upload the file again."),
            )
        })
    }
}

fn other_file() -> Problem {
    Problem::new(
        422,
        "idempotency_key_used",
        "The Idempotency-Key stands for another file",
        "an upload of this campaign with the same key had another file, or named its columns otherwise",
        "Send a fresh value in Idempotency-Key for each file, for example a UUID.",
    )
}
