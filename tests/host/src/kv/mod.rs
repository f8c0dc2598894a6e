//! The key-value stores behind both interfaces, verb by verb as Spin's SQLite and Redis stores have them.

mod counts;
mod redis;
mod sqlite;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

pub use counts::{Counts, FILE_ENV as COUNTS_ENV};

use crate::runtime_config::StoreConfig;

/// The largest answer of a verb that reads, in bytes.
const ANSWER_BYTES_MAX: usize = 128 * 1024 * 1024;

/// A store's answer; an error is its message.
pub type Answer<T> = Result<T, String>;

/// Pairs of key and value.
pub type Pairs = Vec<(String, Option<Vec<u8>>)>;

enum Backend {
    Sqlite(sqlite::Database),
    Redis(redis::Server),
}

/// One store of the application.
pub struct Store {
    label: String,
    backend: Backend,
    counts: Arc<Counts>,
}

/// The stores of an application by label.
pub type Stores = BTreeMap<String, Arc<Store>>;

/// Opens every configured store; `default` is `default_file` unless the configuration says otherwise.
pub fn open(config: &BTreeMap<String, StoreConfig>, default_file: &Path, counts: &Arc<Counts>) -> Result<Stores> {
    let mut stores = Stores::new();
    let mut add = |label: &str, backend| {
        let store = Store { label: label.to_owned(), backend, counts: counts.clone() };
        stores.insert(label.to_owned(), Arc::new(store));
    };
    for (label, store) in config {
        let backend = match store {
            StoreConfig::Spin { path } => Backend::Sqlite(sqlite::Database::open(path.as_deref())?),
            StoreConfig::Redis { url } => Backend::Redis(redis::Server::new(url)?),
        };
        add(label, backend);
    }
    if !config.contains_key("default") {
        add("default", Backend::Sqlite(sqlite::Database::open(Some(default_file))?));
    }
    Ok(stores)
}

impl Store {
    /// What Spin does when a component opens a store: on Redis a round trip, whatever comes of it.
    pub async fn opened(&self) -> Answer<()> {
        match &self.backend {
            Backend::Sqlite(_) => Ok(()),
            Backend::Redis(server) => server.ping().await,
        }
    }

    pub async fn get(&self, key: &str) -> Answer<Option<Vec<u8>>> {
        let value = match &self.backend {
            Backend::Sqlite(db) => db.get(&self.label, key),
            Backend::Redis(server) => server.get(key).await,
        }?;
        self.counts.get.bump();
        bounded(value.as_ref().map_or(0, Vec::len), value)
    }

    pub async fn set(&self, key: &str, value: &[u8]) -> Answer<()> {
        match &self.backend {
            Backend::Sqlite(db) => db.set(&self.label, key, value),
            Backend::Redis(server) => server.set(key, value).await,
        }?;
        self.counts.set.bump();
        self.counts.commits.bump();
        Ok(())
    }

    pub async fn delete(&self, key: &str) -> Answer<()> {
        let changed = match &self.backend {
            Backend::Sqlite(db) => db.delete(&self.label, key),
            Backend::Redis(server) => server.delete(&[key]).await,
        }?;
        self.counts.delete.bump();
        self.counts.committed(changed);
        Ok(())
    }

    pub async fn exists(&self, key: &str) -> Answer<bool> {
        match &self.backend {
            Backend::Sqlite(db) => db.exists(&self.label, key),
            Backend::Redis(server) => server.exists(key).await,
        }
    }

    pub async fn keys(&self) -> Answer<Vec<String>> {
        let keys = match &self.backend {
            Backend::Sqlite(db) => db.keys(&self.label),
            Backend::Redis(server) => server.keys().await,
        }?;
        bounded(keys.iter().map(String::len).sum(), keys)
    }

    /// SQLite leaves out missing keys; Redis refuses.
    pub async fn get_many(&self, keys: Vec<String>) -> Answer<Pairs> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let pairs = match &self.backend {
            Backend::Sqlite(db) => db.get_many(&self.label, keys),
            Backend::Redis(server) => server.get_many(&keys).await,
        }?;
        self.counts.get_many.bump();
        bounded(pairs.iter().map(|(k, v)| k.len() + v.as_ref().map_or(0, Vec::len)).sum(), pairs)
    }

    /// All or nothing on both backends.
    pub async fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Answer<()> {
        if pairs.is_empty() {
            return Ok(());
        }
        match &self.backend {
            Backend::Sqlite(db) => db.set_many(&self.label, pairs),
            Backend::Redis(server) => server.set_many(pairs).await,
        }?;
        self.counts.set_many.bump();
        self.counts.commits.bump();
        Ok(())
    }

    pub async fn delete_many(&self, keys: Vec<String>) -> Answer<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let changed = match &self.backend {
            Backend::Sqlite(db) => db.delete_many(&self.label, keys),
            Backend::Redis(server) => server.delete(&keys).await,
        }?;
        self.counts.delete_many.bump();
        self.counts.committed(changed);
        Ok(())
    }

    pub async fn increment(&self, key: &str, delta: i64) -> Answer<i64> {
        let sum = match &self.backend {
            Backend::Sqlite(db) => db.increment(&self.label, key, delta),
            Backend::Redis(server) => server.increment(key, delta).await,
        }?;
        self.counts.increment.bump();
        self.counts.commits.bump();
        Ok(sum)
    }
}

fn bounded<T>(bytes: usize, answer: T) -> Answer<T> {
    if bytes > ANSWER_BYTES_MAX {
        return Err(format!("query result exceeds limit of {ANSWER_BYTES_MAX} bytes"));
    }
    Ok(answer)
}
