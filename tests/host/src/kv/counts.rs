//! A measuring device for tests: how many verbs and durable commits the components have caused.
//!
//! Off unless the environment variable [`FILE_ENV`] names a file. Components cannot see it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde_json::json;

/// Names the file the counts are written to, as one JSON object.
pub const FILE_ENV: &str = "DERING_HOST_COMMITS";

/// How often the file is looked after.
const INTERVAL: Duration = Duration::from_millis(100);

#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    pub fn bump(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Successful verbs since the start, and the writing transactions among them.
#[derive(Debug, Default)]
pub struct Counts {
    pub get: Count,
    pub set: Count,
    pub set_many: Count,
    pub delete: Count,
    pub delete_many: Count,
    pub increment: Count,
    pub get_many: Count,
    /// Transactions that changed the store: on SQLite each is a disk flush.
    pub commits: Count,
}

impl Counts {
    /// Counts a commit if anything changed: deleting what is not there writes nothing.
    pub fn committed(&self, changed: bool) {
        if changed {
            self.commits.bump();
        }
    }

    fn text(&self) -> String {
        json!({
            "get": self.get.read(),
            "set": self.set.read(),
            "set_many": self.set_many.read(),
            "delete": self.delete.read(),
            "delete_many": self.delete_many.read(),
            "increment": self.increment.read(),
            "get_many": self.get_many.read(),
            "commits": self.commits.read(),
        })
        .to_string()
    }

    /// Writes the counts to `file` whenever they have changed, until dropped.
    pub async fn keep_written(&self, file: &Path) {
        let mut written = String::new();
        loop {
            let text = self.text();
            if text != written {
                self.write(file);
                written = text;
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Writes the counts to `file` now; a reader sees the old text or the new one, never a part.
    pub fn write(&self, file: &Path) {
        let mut draft = PathBuf::from(file).into_os_string();
        draft.push(".new");
        let done = std::fs::write(&draft, self.text()).and_then(|()| std::fs::rename(&draft, file));
        if let Err(error) = done {
            eprintln!("cannot write {}: {error}", file.display());
        }
    }
}
