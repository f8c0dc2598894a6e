//! Verbs as data, and the store they act on.

use std::rc::Rc;

pub type Key = Rc<str>;
pub type Bytes = Rc<[u8]>;

/// A verb of the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Op {
    /// `get` and `get_all`.
    Read(Vec<Key>),
    /// A counter, without adding to it.
    Counter(Key),
    /// `set`, `set_many` and `delete_many` (`None`).
    Write(Vec<(Key, Option<Bytes>)>),
    /// `increment`.
    Add(Key, i64),
}

impl Op {
    /// Whether the store may be another afterwards.
    pub fn changes(&self) -> bool {
        match self {
            Op::Read(_) | Op::Counter(_) => false,
            Op::Write(items) => !items.is_empty(),
            Op::Add(_, delta) => *delta != 0,
        }
    }
}

/// What a verb answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reply {
    Values(Vec<Option<Bytes>>),
    Number(i64),
    Done,
    Failed,
}

/// The store's contents, ordered by key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct World {
    values: Vec<(Key, Bytes)>,
    counters: Vec<(Key, i64)>,
}

impl World {
    pub fn value(&self, key: &str) -> Option<Bytes> {
        let at = self.values.binary_search_by(|(k, _)| (**k).cmp(key)).ok()?;
        Some(self.values[at].1.clone())
    }

    pub fn apply(&mut self, op: &Op) -> Reply {
        match op {
            Op::Read(keys) => Reply::Values(keys.iter().map(|key| self.value(key)).collect()),
            Op::Counter(key) => Reply::Number(self.add(key, 0)),
            Op::Write(items) => {
                items.iter().for_each(|(key, value)| self.write(key, value));
                Reply::Done
            }
            Op::Add(key, delta) => Reply::Number(self.add(key, *delta)),
        }
    }

    pub fn write(&mut self, key: &Key, value: &Option<Bytes>) {
        match (self.values.binary_search_by(|(k, _)| k.cmp(key)), value) {
            (Ok(at), Some(bytes)) => self.values[at].1 = bytes.clone(),
            (Ok(at), None) => drop(self.values.remove(at)),
            (Err(at), Some(bytes)) => self.values.insert(at, (key.clone(), bytes.clone())),
            (Err(_), None) => {}
        }
    }

    fn add(&mut self, key: &Key, delta: i64) -> i64 {
        match self.counters.binary_search_by(|(k, _)| k.cmp(key)) {
            Ok(at) => {
                self.counters[at].1 += delta;
                self.counters[at].1
            }
            Err(_) if delta == 0 => 0,
            Err(at) => {
                self.counters.insert(at, (key.clone(), delta));
                delta
            }
        }
    }
}
