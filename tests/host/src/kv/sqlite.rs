//! The store `type = "spin"`: one SQLite connection behind a lock, every verb its own transaction.
//!
//! Table and encodings are Spin's, so a file can be opened by either.

use std::path::Path;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::task::block_in_place;

use super::{Answer, Pairs};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS spin_key_value (
    store TEXT NOT NULL,
    key   TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (store, key)
)";
const GET: &str = "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2";
const SET: &str = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (store, key) DO UPDATE SET value = ?3";
const DELETE: &str = "DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2";
const KEYS: &str = "SELECT key FROM spin_key_value WHERE store = ?1";
const GET_MANY: &str = "SELECT key, value FROM spin_key_value WHERE store = ?1 AND key IN rarray(?2)";
const DELETE_MANY: &str = "DELETE FROM spin_key_value WHERE store = ?1 AND key IN rarray(?2)";

/// An open database.
pub struct Database(Mutex<Connection>);

impl Database {
    /// Opens or creates the file at `path`; in memory without a path.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        let connection = match path {
            None => Connection::open_in_memory(),
            Some(path) => {
                if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
                    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
                }
                Connection::open(path)
            }
        }
        .with_context(|| match path {
            Some(path) => format!("cannot open the key-value store {}", path.display()),
            None => "cannot open a key-value store in memory".to_owned(),
        })?;
        connection.execute(CREATE, [])?;
        rusqlite::vtab::array::load_module(&connection)?;
        Ok(Self(Mutex::new(connection)))
    }

    pub fn get(&self, store: &str, key: &str) -> Answer<Option<Vec<u8>>> {
        self.run(|c| c.prepare_cached(GET)?.query_row([store, key], |row| row.get(0)).optional())
    }

    pub fn set(&self, store: &str, key: &str, value: &[u8]) -> Answer<()> {
        self.run(|c| c.prepare_cached(SET)?.execute(params![store, key, value]).map(drop))
    }

    /// Whether anything was deleted.
    pub fn delete(&self, store: &str, key: &str) -> Answer<bool> {
        self.run(|c| c.prepare_cached(DELETE)?.execute([store, key]).map(|n| n > 0))
    }

    pub fn exists(&self, store: &str, key: &str) -> Answer<bool> {
        self.run(|c| c.prepare_cached(GET)?.exists([store, key]))
    }

    pub fn keys(&self, store: &str) -> Answer<Vec<String>> {
        self.run(|c| c.prepare_cached(KEYS)?.query_map([store], |row| row.get(0))?.collect())
    }

    pub fn get_many(&self, store: &str, keys: Vec<String>) -> Answer<Pairs> {
        self.run(|c| {
            c.prepare_cached(GET_MANY)?
                .query_map(params![store, array(keys)], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    pub fn set_many(&self, store: &str, pairs: &[(String, Vec<u8>)]) -> Answer<()> {
        self.run(|c| {
            let transaction = c.transaction()?;
            for (key, value) in pairs {
                transaction.prepare_cached(SET)?.execute(params![store, key, value])?;
            }
            transaction.commit()
        })
    }

    /// Whether anything was deleted.
    pub fn delete_many(&self, store: &str, keys: Vec<String>) -> Answer<bool> {
        self.run(|c| c.prepare_cached(DELETE_MANY)?.execute(params![store, array(keys)]).map(|n| n > 0))
    }

    /// The new sum; a counter is eight bytes, little-endian, and begins at 0.
    ///
    /// # Errors
    /// A value that is no counter, and a sum beyond an `i64`. (Spin 4.1 panics there, and its store stays locked.)
    pub fn increment(&self, store: &str, key: &str, delta: i64) -> Answer<i64> {
        self.run(|c| {
            let transaction = c.transaction()?;
            let old: Option<Vec<u8>> =
                transaction.prepare_cached(GET)?.query_row([store, key], |row| row.get(0)).optional()?;
            let old = match old.map(<[u8; 8]>::try_from) {
                None => 0,
                Some(Ok(bytes)) => i64::from_le_bytes(bytes),
                Some(Err(other)) => {
                    return Ok(Err(format!("the value has {} bytes and is no counter", other.len())));
                }
            };
            let Some(sum) = old.checked_add(delta) else {
                return Ok(Err(format!("{old} plus {delta} is beyond the range of a counter")));
            };
            transaction.prepare_cached(SET)?.execute(params![store, key, sum.to_le_bytes()])?;
            transaction.commit()?;
            Ok(Ok(sum))
        })?
    }

    /// Blocks the thread, as Spin does: other instances go on, this one waits.
    fn run<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Answer<T> {
        block_in_place(|| {
            let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut connection).map_err(|e| e.to_string())
        })
    }
}

fn array(keys: Vec<String>) -> Rc<Vec<Value>> {
    Rc::new(keys.into_iter().map(Value::from).collect())
}
