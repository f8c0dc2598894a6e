//! The store as a host has it: slow, forgetful of replies, at times gone.

use super::Life;
use super::class::Class;
use super::planted::Tamper;
use dering::store::{Store, StoreError};
use std::fmt;
use std::future::{Future, pending};
use std::rc::Rc;

/// Whoever uses the store: one request of one host, or somebody outside who reaches it through a handler.
pub struct Shaky {
    life: Rc<Life>,
    /// The host that may die at a verb. Handlers outside a tick do not: a lost reply is the same to their callers.
    host: Option<usize>,
    tamper: Tamper,
}

/// A verb and its key, or the first of them.
#[derive(Clone, Copy)]
struct Verb<'a>(&'static str, &'a str);

impl fmt::Display for Verb<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}

enum Fate {
    Done,
    Lost,
    Refused,
    Later(i64),
    Partly,
}

fn failed() -> StoreError {
    StoreError("no answer".into())
}

impl Shaky {
    pub fn new(life: &Rc<Life>, host: Option<usize>) -> Self {
        let tamper = Tamper::new(if host.is_some() { life.plan.planted } else { None });
        Shaky { life: life.clone(), host, tamper }
    }

    async fn die<T>(&self, host: usize, when: &str, what: Verb<'_>) -> T {
        self.life.tell(|| format!("host {host} dies {when} {what}"));
        self.life.doom(host);
        pending().await
    }

    async fn delay(&self) {
        let life = &self.life;
        let mut ms = life.below(4);
        if life.happens(Class::Slow) {
            ms += life.below(1_000);
        }
        if self.host.is_some() && life.happens(Class::Stall) {
            ms += life.below(3_600_000);
            life.tell(|| format!("a tick of host {} stalls for {ms} ms", self.host.unwrap_or_default()));
        }
        if ms > 0 {
            life.time.sleep(ms as i64).await;
        }
    }

    async fn verb(&self, what: Verb<'_>, writes: bool) -> Result<Fate, StoreError> {
        self.delay().await;
        let life = &self.life;
        if let Some(host) = self.host
            && life.happens(Class::DieBefore)
        {
            return self.die(host, "before", what).await;
        }
        if life.happens(Class::Outage) {
            life.store_away(60_000, 0);
        }
        if life.happens(Class::ReadOnly) {
            life.store_away(0, 60_000);
        }
        if life.store_gone(writes) {
            return Err(failed());
        }
        if life.happens(Class::Refused) {
            life.tell(|| format!("{what} fails"));
            return Ok(Fate::Refused);
        }
        if writes && life.happens(Class::ReplyLost) {
            life.tell(|| format!("{what} is done, and the reply is lost"));
            return Ok(Fate::Lost);
        }
        if writes && life.happens(Class::AppliedLate) {
            let ms = life.below(life.pick(&[100, 5_000, 600_000])) as i64;
            life.tell(|| format!("{what} fails, and is done {ms} ms later"));
            return Ok(Fate::Later(ms));
        }
        Ok(Fate::Done)
    }

    /// The way back of the reply.
    async fn replied<T>(&self, reply: T, what: Verb<'_>) -> T {
        if let Some(host) = self.host
            && self.life.happens(Class::DieAfter)
        {
            return self.die(host, "after", what).await;
        }
        self.delay().await;
        reply
    }

    fn later(&self, ms: i64, effect: impl AsyncFnOnce(&Life) + 'static) {
        let life = self.life.clone();
        self.life.nursery.spawn(None, async move {
            life.time.sleep(ms).await;
            effect(&life).await;
        });
    }

    /// A write of many items: `apply` does some of them.
    async fn write<T: Clone + 'static, F: Future<Output = ()>>(
        &self,
        what: Verb<'_>,
        items: Vec<T>,
        apply: impl Fn(Rc<Life>, Vec<T>) -> F + 'static,
    ) -> Result<(), StoreError> {
        let fate = match self.verb(what, true).await? {
            Fate::Done if items.len() > 1 && self.life.happens(Class::Partly) && self.life.happens(Class::Partly) => {
                Fate::Partly
            }
            fate => fate,
        };
        let answer = match fate {
            Fate::Done => {
                apply(self.life.clone(), items).await;
                Ok(())
            }
            Fate::Lost => {
                apply(self.life.clone(), items).await;
                Err(failed())
            }
            Fate::Refused => Err(failed()),
            Fate::Later(ms) => {
                let life = self.life.clone();
                self.later(ms, async move |_| apply(life, items).await);
                Err(failed())
            }
            Fate::Partly => {
                let some: Vec<T> = items.into_iter().filter(|_| self.life.below(2) == 0).collect();
                self.life.tell(|| format!("only {} items of {what} are done", some.len()));
                apply(self.life.clone(), some).await;
                Err(failed())
            }
        };
        self.replied(self.tamper.answered(what.0, what.1, answer), what).await
    }
}

async fn put(life: Rc<Life>, pairs: Vec<(String, Vec<u8>)>) {
    let _ = life.disk.set_many(&pairs).await;
}

impl Store for Shaky {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.get_all(&[key.to_owned()]).await?.pop().flatten())
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        if self.tamper.drops_write(key) {
            return Ok(());
        }
        self.write(Verb("set", key), vec![(key.to_owned(), value.to_vec())], put).await
    }

    async fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        self.write(Verb("set-many", "many"), pairs.to_vec(), put).await
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        let keys: Vec<String> = keys.iter().filter(|key| !self.tamper.drops_delete(key)).cloned().collect();
        let delete = async |life: Rc<Life>, keys: Vec<String>| {
            let _ = life.disk.delete_many(&keys).await;
        };
        self.write(Verb("delete-many", "many"), keys, delete).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        let what = Verb(if delta == 0 { "count" } else { "increment" }, key);
        let fate = self.verb(what, delta != 0).await;
        let answer = match fate {
            Ok(Fate::Done | Fate::Partly) => self.life.disk.increment(key, delta).await,
            Ok(Fate::Lost) => self.life.disk.increment(key, delta).await.and_then(|_| Err(failed())),
            Ok(Fate::Refused) => Err(failed()),
            Ok(Fate::Later(ms)) => {
                let key = key.to_owned();
                self.later(ms, async move |life| {
                    let _ = life.disk.increment(&key, delta).await;
                });
                Err(failed())
            }
            Err(error) => Err(error),
        };
        self.replied(self.tamper.counted(key, delta, answer), what).await
    }

    async fn get_all(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let what = Verb("get", keys.first().map_or("", String::as_str));
        if matches!(self.verb(what, false).await?, Fate::Refused) {
            return self.replied(Err(failed()), what).await;
        }
        let (first, rest) = keys.split_at(if self.life.happens(Class::Torn) { self.life.below(keys.len()) } else { 0 });
        // Either end may be the one that is read first.
        let mut found = if self.life.below(2) == 0 {
            let found = self.life.disk.get_all(first).await?;
            self.tear(first).await;
            [found, self.life.disk.get_all(rest).await?].concat()
        } else {
            let last = self.life.disk.get_all(rest).await?;
            self.tear(first).await;
            [self.life.disk.get_all(first).await?, last].concat()
        };
        for (key, value) in keys.iter().zip(&mut found) {
            self.tamper.read(&self.life, key, value);
        }
        self.tamper.read_all(keys, &mut found);
        self.replied(Ok(found), what).await
    }

    async fn counter(&self, key: &str) -> Result<i64, StoreError> {
        let what = Verb("count", key);
        if matches!(self.verb(what, false).await?, Fate::Refused) {
            return Err(failed());
        }
        let answer = self.life.disk.counter(key).await;
        self.replied(answer, what).await
    }
}

impl Shaky {
    async fn tear(&self, first: &[String]) {
        if !first.is_empty() {
            self.life.time.sleep(1 + self.life.below(200) as i64).await;
        }
    }
}
