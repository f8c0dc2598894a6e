//! R5: every kind of key in the store, damaged in every way: nobody is called on its account, nothing panics, and where it
//! matters somebody is told. The kinds are those that the keys' own table lists, so that a new one cannot be forgotten.

use super::caught;
use crate::tick::{Dice, Fate, Gate, Person, Stage, drive, npwp, people};
use dering::campaign;
use dering::list::{Manifest, read_rejected};
use dering::report;
use dering::store::Store;
use dering::suppression::{DoNotCall, Reason, Subject, do_not_call_key};
use dering::tick::{Claim, log};
use serde_json::json;
use std::collections::BTreeSet;

/// Of a value at most so many bits are flipped one by one, spread over its length.
const BITS: usize = 120;

/// A stage whose next tick reads values of every kind the tick reads.
fn eventful() -> Stage {
    let mut stage = Stage::default();
    let retry = json!({ "max": 5, "retry": { "failed": "10s", "unknown": "1s" } });
    let changes = json!({
        "rate": { "calls_per_second": 50.0, "concurrent": 100 },
        "attempts": retry,
        "call": { "unknown_after": "60s" },
    });
    stage.campaign("c", changes);
    stage.upload("c", &people(6));
    stage.tick();
    stage.deliver_some(2, |_| Fate::ALL[15]);
    stage.clock.advance(4_000);
    assert_eq!(stage.tick().folded, 2);
    stage.deliver_some(2, |_| Fate::ALL[1]);
    // What the provider answered to the last order is not learnt yet.
    stage.upload("c", &others(1, 40));
    assert_eq!(stage.tick().placed, 1);
    stage.clock.advance(57_000);
    let more = others(6, 50);
    // Larger than was expected, and confirmed: no tick has heard of it yet.
    let list = stage.upload_expecting("c", &more, Some(1));
    stage.confirm(&list, 6).expect("it is taken");
    // One of the new ones must not be called, one has settled, the number of one is somebody else's.
    let entry = DoNotCall { reason: Reason::Entered, since_ms: 0, until_ms: None }.encode();
    set(&stage, &do_not_call_key(&stage.vault, &Stage::phone(&more[0])), &entry);
    let id = dering::list::taxpayer_id(&npwp(more[1].number, "013")).unwrap();
    let matter = dering::contact::Matter::NotFiled;
    let duty = dering::settlement::About::all(&id, matter);
    set(&stage, &duty.key(&stage.vault), b"1");
    let wrong = Subject::WrongNumber(&Stage::phone(&more[2])).key(&stage.vault);
    set(&stage, &wrong, &dering::suppression::reported_wrong(0));
    stage
}

/// People with other numbers than the stage's first.
fn others(n: u32, from: u32) -> Vec<Person> {
    let mut others = people(n);
    others.iter_mut().for_each(|p| {
        p.number += from;
        p.phone = format!("81200900{:03}", p.number);
    });
    others
}

fn set(stage: &Stage, key: &str, value: &[u8]) {
    drive(&stage.clock, stage.store.set(key, value)).unwrap().unwrap();
}

/// `c` of `dering/c/NAME@B`.
fn kind(key: &str) -> String {
    key.split('/').nth(1).unwrap_or_default().to_owned()
}

fn values(stage: &Stage) -> Vec<(String, Vec<u8>)> {
    let keys = stage.store.keys().into_iter().filter(|key| kind(key) != "n");
    keys.filter_map(|key| {
        let bytes = drive(&stage.clock, stage.store.get(&key))?.ok()??;
        Some((key, bytes))
    })
    .collect()
}

struct Ended {
    told: bool,
    error: bool,
    folded: u32,
    called: BTreeSet<String>,
    balanced: bool,
}

/// A tick, and everything else that reads, over a copy of the stage in which `key` holds `bytes` (`None`: nothing).
fn with(stage: &Stage, key: &str, bytes: Option<&[u8]>) -> Ended {
    // On an instance that has just started: what it remembered would hide the damage.
    let mut stage = stage.fork();
    stage.memory = Default::default();
    match bytes {
        Some(bytes) => set(&stage, key, bytes),
        None => drive(&stage.clock, stage.store.delete_many(&[key.to_owned()])).unwrap().unwrap(),
    }
    let before = stage.carrier.orders().len();
    let (ended, _) = stage.tick_through(&Gate::open(), 0);
    let called: Vec<String> = stage.carrier.orders().into_iter().skip(before).map(|o| o.to).collect();
    let set: BTreeSet<String> = called.iter().cloned().collect();
    assert_eq!(called.len(), set.len(), "{key}: somebody was called twice");
    let balanced = read_all(&stage, key);
    match ended.unwrap() {
        Ok(report) => {
            Ended { told: !report.held.is_empty(), error: false, folded: report.folded, called: set, balanced }
        }
        Err(problem) => {
            assert!(problem.status >= 500 && !problem.detail.is_empty(), "{key}: {problem:?}");
            Ended { told: true, error: true, folded: 0, called: set, balanced }
        }
    }
}

/// What reads besides the tick. It may refuse, it must not panic.
fn read_all(stage: &Stage, key: &str) -> bool {
    let now = async {
        let store = &stage.store;
        let _ = report::annual(store, 1, 2027).await;
        let _ = report::attempts(store, 0, "c", None).await;
        let _ = campaign::read_version(store, "c", 1).await;
        let _ = log(0).append(store, b"", || 0).await;
        if let Ok(Some(bytes)) = store.get(key).await {
            let _ = (Claim::decode(&bytes), Manifest::decode(&bytes));
        }
        let lists = store.keys().into_iter().filter(|k| kind(k) == "k");
        for list in lists.filter_map(|k| k.split('/').nth(2).map(str::to_owned)) {
            if let Ok(Some(data_key)) = dering::list::data_key(store, &stage.vault, &list).await {
                let _ = read_rejected(store, &data_key, &list, 0).await;
            }
        }
        report::campaign(store, 1, "c", stage.clock.now_ms()).await.map_or(true, |report| report.balanced)
    };
    drive(&stage.clock, now).unwrap()
}

/// Kinds a table row of the keys' documentation names, without the counters, which no code of ours writes as bytes.
fn documented() -> BTreeSet<String> {
    let table = include_str!("../../../../shared/src/store/keys.rs");
    let rows = table.lines().filter_map(|line| line.strip_prefix("//! | `dering/"));
    rows.filter_map(|row| row.split(['/', '`']).next()).filter(|kind| *kind != "n").map(str::to_owned).collect()
}

/// A stage with values of every kind that a tick reads.
pub struct Damage {
    stage: Stage,
    values: Vec<(String, Vec<u8>)>,
    sound: Ended,
}

impl Default for Damage {
    fn default() -> Self {
        let stage = eventful();
        let values = values(&stage);
        let sound = with(&stage, "dering/none", None);
        assert_eq!((sound.folded, sound.called.len(), sound.told), (4, 5, false));
        Damage { stage, values, sound }
    }
}

impl Damage {
    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.values.len() as u64
    }

    /// Kinds of keys that are documented and not among these values, and the other way round.
    pub fn kinds_amiss(&self) -> BTreeSet<String> {
        let seen: BTreeSet<String> = self.values.iter().map(|(key, _)| kind(key)).collect();
        // Kinds that this stage has not: rejected rows, rows laid aside and the number of shards, which ingest alone reads;
        // what only agents' requests read.
        let elsewhere = ["shards", "x", "z", "b", "g", "t"].map(str::to_owned);
        let here: BTreeSet<String> = documented().into_iter().filter(|k| !elsewhere.contains(k)).collect();
        seen.symmetric_difference(&here).cloned().collect()
    }

    fn check(&self, key: &str, bytes: Option<&[u8]>, what: &str) -> (bool, bool) {
        let Damage { stage, sound, .. } = self;
        let ended = with(stage, key, bytes);
        assert!(ended.balanced, "{key} {what}: the books do not add up");
        let more = ended.called.difference(&sound.called).count();
        // Of these kinds to be absent is to say nothing; any bytes there mean no call.
        let forgotten = bytes.is_none() && ["d", "s", "w"].contains(&kind(key).as_str());
        assert!(more == 0 || forgotten, "{key} {what}: {:?}", ended.called);
        if ["dering/c/shard", "dering/c/campaigns"].iter().any(|k| key.starts_with(k))
            && bytes.is_some_and(|b| b.len() < 2)
        {
            assert!(ended.error && ended.called.is_empty(), "{key} {what}");
        }
        let same = ended.folded == sound.folded && ended.called == sound.called;
        (ended.told, same)
    }

    /// The value of that number, missing, cut, of another version, bit by bit. Answers how many ways that were.
    pub fn every_way(&self, number: u64) -> Result<u64, String> {
        let (key, bytes) = &self.values[number as usize];
        caught(|| {
            let mut ways = 2;
            self.check(key, None, "missing");
            let step = (bytes.len() / 40).max(1);
            for cut in (0..bytes.len()).step_by(step) {
                self.stranger(key, &bytes[..cut], &format!("cut at {cut}"));
                ways += 1;
            }
            let mut version = bytes.clone();
            version[0] ^= 0x55;
            self.stranger(key, &version, "of another version");
            // A state is written anew by every tick: all of it is tried.
            let step = if key.starts_with("dering/c/shard") { 1 } else { (bytes.len() * 8 / BITS).max(1) };
            for bit in (0..bytes.len() * 8).step_by(step) {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                self.stranger(key, &flipped, &format!("bit {bit}"));
                ways += 1;
            }
            ways
        })
    }

    /// The random change of that number.
    pub fn mutation(&self, number: u64) -> Result<(), String> {
        let mut dice = Dice::new(number);
        let (key, bytes) = &self.values[dice.below(self.values.len())];
        let mut bytes = bytes.clone();
        for _ in 0..1 + dice.below(4) {
            mutate(&mut bytes, &mut dice);
        }
        caught(|| self.stranger(key, &bytes, "changed")).map_err(|what| format!("{key} holds {bytes:02x?}: {what}"))
    }

    /// Bytes that nobody of ours wrote: every value has a checksum, so all of them are known for damaged.
    fn stranger(&self, key: &str, bytes: &[u8], what: &str) {
        let (told, same) = self.check(key, Some(bytes), what);
        assert!(told || same || unheard(key), "{key} {what}: nobody is told");
    }
}

/// An event that cannot be read is one that was not heard.
fn unheard(key: &str) -> bool {
    kind(key) == "e"
}

fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(bytes.len().max(1));
    match dice.below(5) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at.min(bytes.len()), dice.roll() as u8),
        2 if at < bytes.len() => drop(bytes.remove(at)),
        3 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][dice.below(5)],
        _ if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        _ => {}
    }
}
