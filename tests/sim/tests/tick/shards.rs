//! Two shards that claim the same persons in the same moments: a person is in one call at a time, and all are called.

use dering::attempt::{Ending, News, Said};
use dering::list::{Intake, Label, Taken};
use dering::store::{Store, StoreError};
use dering_sim::tick::{Outside, Person, Seen, Stage, csv, drive, people};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

const SHARDS: u16 = 2;
const PERSONS: u32 = 8;
const TALK_MS: i64 = 10_000;

/// A store before one of whose verbs something else happens.
struct Between<'a, S> {
    store: &'a S,
    verb: Cell<usize>,
    then: RefCell<Option<Box<dyn FnOnce() + 'a>>>,
}

impl<S> Between<'_, S> {
    fn pass(&self) {
        match self.verb.get() {
            0 => {
                let then = self.then.borrow_mut().take();
                then.into_iter().for_each(|then| then());
            }
            n => self.verb.set(n - 1),
        }
    }
}

impl<S: Store> Store for Between<'_, S> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.pass();
        self.store.get(key).await
    }
    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.pass();
        self.store.set(key, value).await
    }
    async fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        self.pass();
        self.store.set_many(pairs).await
    }
    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        self.pass();
        self.store.delete_many(keys).await
    }
    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.pass();
        self.store.increment(key, delta).await
    }
    async fn get_all(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.pass();
        self.store.get_all(keys).await
    }
}

/// The same taxpayers with other phones in a second campaign: many of them are in both shards.
fn stage() -> Stage {
    let stage = Stage::default();
    for (campaign, by) in [("a", 0), ("b", 500)] {
        let attempts = json!({ "max": 2, "retry": { "not_placed": "1m", "busy": "1m" } });
        stage.campaign(campaign, json!({ "attempts": attempts, "call": { "unknown_after": "120s" } }));
        let mut list = people(PERSONS);
        list.iter_mut().for_each(|p| p.phone = format!("81200{:06}", p.number + by));
        upload(&stage, campaign, &list);
    }
    stage
}

fn upload(stage: &Stage, campaign: &str, people: &[Person]) {
    let salt = campaign.len() as u8 + campaign.as_bytes()[0];
    let dice = |bytes: &mut [u8]| bytes.fill(salt);
    let label = Label { campaign: campaign.into(), ..Label::default() };
    let taken = drive(&stage.clock, async {
        let mut intake = Intake::new(&stage.store, &stage.vault, &dice, SHARDS, label, Stage::rules());
        intake.push(csv(people).as_bytes()).await?;
        intake.finish(|| stage.clock.now_ms(), async |_| {}).await
    });
    assert!(matches!(taken, Some(Ok(Taken::New(_)))), "{taken:?}");
}

fn outside(stage: &Stage, shard: u16) -> Outside<'_> {
    let mut outside = Outside::new(stage);
    (outside.shards, outside.shard) = (SHARDS, shard);
    outside
}

/// The taxpayer of an order: phones differ by the campaign's 500.
fn taxpayer(seen: &Seen) -> u32 {
    seen.to.trim_start_matches("+6281200").parse::<u32>().expect("a number of the list") % 500
}

fn ends(stage: &Stage, seen: &[Seen], promise: bool) {
    for Seen { call, .. } in seen {
        let ended = |ending| News::Ended { ending, talk_s: Some(9), sip: None, answered_by: None };
        match promise {
            true => {
                stage.tell(call, News::Dialog(Said::Promise));
                stage.tell(call, ended(Ending::Completed));
            }
            false => stage.tell(call, ended(Ending::Busy)),
        }
    }
}

#[test]
fn whichever_verb_the_other_shards_tick_falls_before_nobody_is_in_two_calls() {
    let mut met = BTreeSet::new();
    for verb in 0.. {
        let stage = stage();
        let (ours, theirs) = (outside(&stage, 0), outside(&stage, 1));
        let between = Between {
            store: &stage.store,
            verb: Cell::new(verb),
            then: RefCell::new(Some(Box::new(|| drop(theirs.tick())))),
        };
        ours.tick_over(&between);
        let over = between.then.borrow().is_some();
        drop(between);
        let mut open = [ours.take(), theirs.take()].concat();
        let mut called: BTreeMap<u32, usize> = BTreeMap::new();
        open.iter().for_each(|seen| *called.entry(taxpayer(seen)).or_default() += 1);
        assert!(called.values().all(|calls| *calls == 1), "before verb {verb}: {called:?}");
        met.insert(called.len());
        if over {
            break;
        }
        // In peace all are called, one after the other: sixteen duties, each of which somebody promises to settle.
        let mut all = open.len();
        for _ in 0..20 {
            stage.clock.advance(TALK_MS);
            ends(&stage, &open, true);
            stage.clock.advance(65_000);
            open = Vec::new();
            for outside in [&ours, &theirs] {
                outside.tick();
                open.extend(outside.take());
            }
            let persons: BTreeSet<u32> = open.iter().map(taxpayer).collect();
            assert_eq!(persons.len(), open.len(), "before verb {verb}: in two calls");
            all += open.len();
        }
        assert_eq!(all, 2 * PERSONS as usize, "before verb {verb}");
    }
    // Before and after the other tick, all persons have been called by then; in between both may have left some alone.
    assert_eq!(met.last(), Some(&(PERSONS as usize)));
}

/// The limits of a person, over both shards, however their ticks alternate.
#[test]
fn a_persons_day_is_counted_over_the_shards() {
    let stage = stage();
    let (ours, theirs) = (outside(&stage, 0), outside(&stage, 1));
    let mut calls: BTreeMap<u32, usize> = BTreeMap::new();
    for _ in 0..30 {
        for outside in [&ours, &theirs] {
            outside.tick();
            let seen = outside.take();
            seen.iter().for_each(|seen| *calls.entry(taxpayer(seen)).or_default() += 1);
            stage.clock.advance(TALK_MS);
            ends(&stage, &seen, false);
            stage.clock.advance(65_000);
        }
    }
    // Four attempts are wished for, two a day are allowed.
    assert_eq!(calls.into_values().collect::<Vec<_>>(), [2; PERSONS as usize]);
}
