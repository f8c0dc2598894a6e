//! R2: whatever dies or fails at whichever point, no contact is lost, no claim is dialled twice, each call counts once.

use super::caught;
use crate::tick::{Dice, Fate, Fault, Gate, Ordered, Person, Stage, people};
use dering::attempt::Disposition;
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::Range;

const FAULTS: [Fault; 6] =
    [Fault::DieBefore, Fault::DieAfter, Fault::ReplyLost, Fault::Refused, Fault::Partly(0), Fault::Partly(1)];

fn fate(order: &Ordered) -> Fate {
    Fate::of(&order.call, 5)
}

/// A stage whose next tick has everything to do: news, calls that ended in many ways, a silent one whose time is
/// over, retries that are due, fresh contacts.
fn eventful() -> Stage {
    let mut stage = Stage::default();
    stage.campaign("c", json!({ "rate": { "calls_per_second": 50.0, "concurrent": 8 } }));
    let mut list = people(12);
    list[1].phone = "81200900001/81200900002".into();
    stage.upload("c", &list);
    stage.tick();
    stage.deliver_some(2, |_| Fate::ALL[15]);
    stage.clock.advance(4_000);
    stage.tick();
    // The retry of a failed call is due after an hour; all but the newest calls were silent until then.
    stage.clock.advance(3_700_000);
    let silent = stage.tick();
    assert!(silent.folded > 0 && silent.claimed > 0);
    stage.deliver(fate);
    stage.clock.advance(4_000);
    let mut more = people(5);
    more.iter_mut().for_each(|p| p.number += 50);
    // The first has the phone of somebody of the other list.
    more.iter_mut().skip(1).for_each(|p| p.phone = format!("81200{:06}", p.number));
    stage.upload("c", &more);
    stage
}

/// Every contact has one end, and every call of the carrier is in the books once, as what it was.
fn audit(stage: &Stage, contacts: u64) {
    let report = stage.report("c");
    assert!(report.balanced);
    assert_eq!((report.contacts, report.waiting, report.in_call, report.retrying), (contacts, 0, 0, 0));
    assert_eq!(report.ends.values().sum::<u64>(), contacts);
    let mut last = BTreeMap::new();
    for attempt in stage.attempts("c") {
        let known = last.insert(attempt.call, attempt.disposition);
        let expected = attempt.late.then_some(Disposition::Unknown);
        assert_eq!(known, expected, "{attempt:?}");
    }
    let mut rung: BTreeMap<(u64, u16), Ordered> = BTreeMap::new();
    for order in stage.carrier.rung() {
        rung.insert((order.call.ballot, order.call.index), order);
    }
    for (call, order) in &rung {
        let told = stage.told_as(order);
        assert_eq!(last.get(call).copied(), Some(told.disposition()), "{order:?}");
    }
    let mut counted: BTreeMap<&str, u64> = Disposition::ALL.iter().map(|d| (d.as_str(), 0)).collect();
    for (call, disposition) in &last {
        *counted.entry(disposition.as_str()).or_default() += 1;
        let nothing_rang = matches!(disposition, Disposition::Unknown | Disposition::NotPlaced);
        assert!(rung.contains_key(call) || nothing_rang, "{call:?} never rang and is {disposition:?}");
    }
    assert_eq!(report.dispositions, counted);
}

/// Each point of an eventful tick.
pub struct EveryPoint {
    stage: Stage,
    points: usize,
}

impl Default for EveryPoint {
    fn default() -> Self {
        let stage = eventful();
        let gate = Gate::open();
        let (report, _) = stage.fork().tick_through(&gate, 0);
        let report = report.expect("it does not die").expect("it succeeds");
        assert!(report.folded >= 4 && report.claimed >= 4 && report.placed == report.claimed, "{report:?}");
        assert!(gate.passed() >= 20, "{}", gate.passed());
        EveryPoint { stage, points: gate.passed() }
    }
}

impl EveryPoint {
    /// How many points and faults there are.
    pub fn count(&self) -> u64 {
        (self.points * FAULTS.len()) as u64
    }

    /// The fault of that number, and calm until everybody's end.
    pub fn one(&self, number: u64) -> Result<(), String> {
        let (at, fault) = (number as usize / FAULTS.len(), FAULTS[number as usize % FAULTS.len()]);
        let outcome = caught(|| {
            let mut stage = self.stage.fork();
            let (ended, _) = stage.tick_through(&Gate::failing(at, fault), 0);
            assert_eq!(ended.is_none(), matches!(fault, Fault::DieBefore | Fault::DieAfter));
            stage.run_to_the_end(fate);
            audit(&stage, 17);
        });
        outcome.map_err(|what| format!("{fault:?} at point {at} of a tick: {what}"))
    }
}

/// What happens one after the other in a small campaign: each of it at some host that can die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    First,
    Second,
    Tick,
    Callbacks,
}

const ACTS: [Act; 12] = {
    use Act::*;
    // A list, a tick that calls, one that folds and calls again, a second list meanwhile, calls of both, their folds.
    [First, Tick, Callbacks, Tick, Second, Tick, Callbacks, Tick, Callbacks, Tick, Callbacks, Tick]
};

/// A fault and where it happens: the act, and the point in it.
type Crash = (usize, usize, Fault);

/// Two faults at random points, perhaps in one tick, perhaps far from each other; a tick after the first runs on another host,
/// whose clock is another.
pub struct Twice {
    ready: Stage,
    /// By act: how many points it has when all goes well.
    points: Vec<usize>,
}

/// How far apart the two are at most, in acts.
const NEAR: usize = 4;
/// How often a pair is drawn anew at most.
const REDRAWN: usize = 8;

/// How often both faults happened, and how often not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Happened {
    pub both: u64,
    pub one: u64,
    pub calls: u64,
}

impl Happened {
    pub fn add(&mut self, other: Happened) {
        self.both += other.both;
        self.one += other.one;
        self.calls += other.calls;
    }
}

impl Default for Twice {
    fn default() -> Self {
        let ready = Stage::default();
        ready.campaign(
            "c",
            json!({
                "rate": { "calls_per_second": 50.0, "concurrent": 6 },
                "attempts": { "max": 2, "retry": {
                    "failed": "3s", "busy": "3s", "unknown": "3s", "refused": "3s",
                    "no_answer": { "after": "3s", "other_part_of_day": false },
                    "voicemail": { "after": "3s", "other_part_of_day": false },
                } },
            }),
        );
        let mut twice = Twice { ready, points: Vec::new() };
        twice.points = twice.play(&mut Dice::new(0), &[]).0.iter().map(|points| (*points).max(1)).collect();
        twice
    }
}

impl Twice {
    /// The pair of faults of that number. Where the first leaves nothing to do at the second's point, another is drawn.
    pub fn one(&self, number: u64) -> Result<Happened, String> {
        let mut dice = Dice::new(number);
        let mut sum = Happened::default();
        for _ in 0..REDRAWN {
            let first = self.crash(&mut dice, 0..ACTS.len());
            let second = self.crash(&mut dice, first.0..ACTS.len().min(first.0 + NEAR));
            let crashes = [first, second];
            let outcome = caught(|| self.play(&mut dice, &crashes));
            let (passed, calls) = outcome.map_err(|what| format!("{crashes:?} of {ACTS:?}: {what}"))?;
            let both =
                (first.0, first.1) != (second.0, second.1) && crashes.iter().all(|(act, at, _)| passed[*act] > *at);
            sum.add(Happened { both: both.into(), one: (!both).into(), calls });
            if both {
                break;
            }
        }
        Ok(sum)
    }

    /// Any point of these acts is as likely as any other.
    fn crash(&self, dice: &mut Dice, acts: Range<usize>) -> Crash {
        let mut left = dice.below(self.points[acts.clone()].iter().sum());
        let fault = FAULTS[dice.below(FAULTS.len())];
        for act in acts.clone() {
            match left.checked_sub(self.points[act]) {
                Some(rest) => left = rest,
                None => return (act, left, fault),
            }
        }
        (acts.start, 0, fault)
    }

    /// Points that each act passed, and calls that rang.
    fn play(&self, dice: &mut Dice, crashes: &[Crash]) -> (Vec<usize>, u64) {
        let mut stage = self.ready.fork();
        let seed = dice.roll();
        let fate = |order: &Ordered| Fate::of(&order.call, seed);
        let lists = lists(dice);
        let contacts = (lists[0].len() + lists[1].len()) as u64;
        let mut passed = Vec::new();
        for (n, act) in ACTS.iter().enumerate() {
            let faults = crashes.iter().filter(|(act, ..)| *act == n).map(|(_, at, fault)| (*at, *fault)).collect();
            let gate = Gate::failing_at(faults);
            match act {
                Act::First | Act::Second => {
                    let list = &lists[usize::from(*act == Act::Second)];
                    // The owner sends it until it is taken.
                    let taken = stage.upload_through(&gate, "c", list, None);
                    if !matches!(taken, Some(Ok(_))) {
                        let again = stage.upload_through(&Gate::open(), "c", list, None);
                        assert!(matches!(again, Some(Ok(_))), "{again:?}");
                    }
                }
                Act::Tick => {
                    let skew_ms = if n % 4 == 1 { 0 } else { dice.below(1_500) as i64 };
                    let _ = stage.tick_elsewhere(&gate, dice.below(300) as i64, skew_ms);
                    assert!(stage.state().balanced(), "after act {n}");
                }
                Act::Callbacks => {
                    stage.deliver_through(&gate, fate);
                    stage.clock.advance(4_500);
                }
            }
            passed.push(gate.passed());
        }
        stage.run_to_the_end(fate);
        audit(&stage, contacts);
        (passed, stage.carrier.rung().len() as u64)
    }
}

/// Two small lists; some numbers stand in both, some people have two.
fn lists(dice: &mut Dice) -> [Vec<Person>; 2] {
    let mut first = people(2 + dice.below(3) as u32);
    first[1].phone = "81200900001/81200900002".into();
    let mut second = people(1 + dice.below(2) as u32);
    let shared = dice.below(3) == 0;
    second.iter_mut().for_each(|p| {
        p.number += 50;
        if !shared {
            p.phone = format!("81200{:06}", p.number);
        }
    });
    [first, second]
}
