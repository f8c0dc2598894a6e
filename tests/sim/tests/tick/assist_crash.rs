//! A tick, or an agent's request, fails or dies at each of its points in turn; calm ones follow.

use dering::assist::Outcome;
use dering::attempt::Disposition;
use dering::tick::LEASE_MS;
use dering_sim::tick::{Agent, Fault, Gate, Stage, people};
use serde_json::json;
use std::collections::BTreeMap;

const FAULTS: [Fault; 6] =
    [Fault::DieBefore, Fault::DieAfter, Fault::ReplyLost, Fault::Refused, Fault::Partly(0), Fault::Partly(1)];
const A: Agent = Agent("agent-a");
const B: Agent = Agent("agent-b");
const CONTACTS: u32 = 12;

fn promise() -> Outcome {
    Outcome { disposition: Some(Disposition::Promise), talk_s: Some(30), ..Outcome::default() }
}

/// Numbers that were dialled, one entry a go.
type Dialled = Vec<String>;

fn dial(stage: &Stage, agent: Agent, call: &str, number: &str, dialled: &mut Dialled) -> bool {
    let go = agent.start(stage, call).unwrap().go;
    if go {
        dialled.push(number.into());
    }
    go
}

/// A stage whose next tick has everything to do: calls started, reported and left, claims given back and left behind,
/// a block whose time is over.
fn eventful() -> (Stage, Dialled) {
    let stage = Stage::default();
    stage.campaign("c", json!({ "mode": "assisted", "attempts": { "max": 2 }, "rate": { "concurrent": 8 } }));
    stage.upload("c", &people(CONTACTS));
    stage.tick();
    let mut dialled = Vec::new();
    let cards = A.claim(&stage, "1", 6);
    stage.tick();
    stage.clock.advance(LEASE_MS - 10_000);
    for card in &cards[..3] {
        assert!(dial(&stage, A, &card.call, &card.number, &mut dialled));
    }
    A.report(&stage, &cards[0].call, promise()).unwrap();
    A.says(&stage, &cards[1].call, Disposition::NoAnswer).unwrap();
    A.release(&stage, &cards[3].call).unwrap();
    stage.clock.advance(LEASE_MS - 10_000);
    (stage, dialled)
}

/// Agents go on until everybody is through.
fn to_the_end(stage: &Stage, dialled: &mut Dialled) {
    for i in 0..400 {
        stage.tick();
        for card in B.claim(stage, &format!("end {i}"), 8) {
            if dial(stage, B, &card.call, &card.number, dialled) {
                B.report(stage, &card.call, promise()).unwrap();
            }
        }
        stage.clock.advance(30_000);
        let report = stage.report("c");
        if report.waiting + report.in_call + report.retrying == 0 {
            return;
        }
    }
    panic!("it does not come to an end: {:?}", stage.state());
}

/// Every contact has one end, and every go is one attempt in the books.
fn audit(stage: &Stage, dialled: &Dialled, what: &str) {
    let report = stage.report("c");
    assert!(report.balanced, "{what}");
    assert_eq!(report.ends.values().sum::<u64>(), u64::from(CONTACTS), "{what}");
    let mut attempts = BTreeMap::new();
    for attempt in stage.attempts("c") {
        assert!(attempts.insert(attempt.call, attempt.disposition).is_none(), "{what}: {attempt:?}");
    }
    assert_eq!(attempts.len(), dialled.len(), "{what}: {dialled:?} {attempts:?}");
    let mut often: BTreeMap<&String, usize> = BTreeMap::new();
    dialled.iter().for_each(|number| *often.entry(number).or_default() += 1);
    assert_eq!(often.len(), CONTACTS as usize, "{what}");
    assert!(often.values().all(|n| *n <= 2), "{what}: {often:?}");
}

#[test]
fn whatever_fails_in_a_tick_every_contact_ends_once_and_every_go_counts_once() {
    let (stage, dialled) = eventful();
    let gate = Gate::open();
    let (report, _) = stage.fork().tick_through(&gate, 0);
    assert!(report.unwrap().unwrap().committed);
    let points = gate.passed();
    assert!(points >= 20, "{points}");
    for at in 0..points {
        for fault in FAULTS {
            let (stage, mut dialled) = (stage.fork(), dialled.clone());
            let _ = stage.tick_through(&Gate::failing(at, fault), 0);
            to_the_end(&stage, &mut dialled);
            audit(&stage, &dialled, &format!("{fault:?} at point {at}"));
        }
    }
}

#[test]
fn whatever_fails_in_an_agents_request_it_can_be_repeated() {
    let stage = Stage::default();
    stage.campaign("c", json!({ "mode": "assisted" }));
    stage.upload("c", &people(CONTACTS));
    stage.tick();
    let ask = A.wants("c", 1);
    let points = |stage: &Stage, prepare: &dyn Fn(&Stage, &Gate)| {
        let gate = Gate::open();
        prepare(&stage.fork(), &gate);
        gate.passed()
    };
    let claim = |stage: &Stage, gate: &Gate| drop(A.through(stage, gate, async |desk| desk.claim(&ask, "1").await));
    let mut tried = 0;
    for fault in FAULTS {
        for at in 0..points(&stage, &claim) {
            let stage = stage.fork();
            claim(&stage, &Gate::failing(at, fault));
            let card = A.claim_one(&stage, "1");
            let mut dialled = Vec::new();
            assert!(dial(&stage, A, &card.call, &card.number, &mut dialled));
            A.report(&stage, &card.call, promise()).unwrap();
            to_the_end(&stage, &mut dialled);
            audit(&stage, &dialled, &format!("claim, {fault:?} at point {at}"));
            tried += 1;
        }
        let claimed = stage.fork();
        let card = A.claim_one(&claimed, "1");
        let start = |stage: &Stage, gate: &Gate| {
            let _ = A.through(stage, gate, async |desk| desk.start(&card.call, A.0).await);
        };
        for at in 0..points(&claimed, &start) {
            let stage = claimed.fork();
            start(&stage, &Gate::failing(at, fault));
            let mut dialled = Vec::new();
            assert!(dial(&stage, A, &card.call, &card.number, &mut dialled), "start, {fault:?} at point {at}");
            A.report(&stage, &card.call, promise()).unwrap();
            to_the_end(&stage, &mut dialled);
            audit(&stage, &dialled, &format!("start, {fault:?} at point {at}"));
            tried += 1;
        }
        let started = claimed.fork();
        let mut dialled = Vec::new();
        assert!(dial(&started, A, &card.call, &card.number, &mut dialled));
        let reports = [(card.call.clone(), promise())];
        let report = |stage: &Stage, gate: &Gate| {
            let _ = A.through(stage, gate, async |desk| desk.report(A.0, &reports).await);
        };
        for at in 0..points(&started, &report) {
            let (stage, mut dialled) = (started.fork(), dialled.clone());
            report(&stage, &Gate::failing(at, fault));
            A.report(&stage, &card.call, promise()).unwrap();
            to_the_end(&stage, &mut dialled);
            audit(&stage, &dialled, &format!("report, {fault:?} at point {at}"));
            assert_eq!(stage.report("c").dispositions["promise"], u64::from(CONTACTS));
            tried += 1;
        }
    }
    assert!(tried >= 100, "{tried}");
}
