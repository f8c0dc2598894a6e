//! What holds for a person over all lists and campaigns, also when ticks fail or die.

use dering::attempt::{Disposition, Ending, News, Said};
use dering::campaign::PersonLimits;
use dering::store::Store;
use dering::suppression::{DoNotCall, Reason, Subject};
use dering_sim::tick::{Fate, Fault, Gate, Ordered, Person, Stage, csv, drive, people};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const BUSY: Fate = Fate::Unanswered(Ending::Busy, Disposition::Busy);
const WRONG: Fate = Fate::Said(Said::WrongNumber, Disposition::WrongNumber);
const PROMISED: Fate = Fate::Said(Said::Promise, Disposition::Promise);
const DAY_MS: i64 = 24 * 3_600_000;
/// Jakarta is seven hours ahead of UTC all year.
const OFFSET_MS: i64 = 7 * 3_600_000;

/// A campaign that would call each contact fifteen times in a few hours, were it alone in the world.
fn insistent(stage: &Stage, id: &str) {
    let attempts = json!({ "max": 15, "per_day": 15, "per_week": 15, "retry": { "busy": "1m", "unknown": "1m" } });
    stage.campaign(id, json!({ "attempts": attempts }));
}

fn renumbered(mut list: Vec<Person>, by: u32) -> Vec<Person> {
    list.iter_mut().for_each(|p| p.number += by);
    list
}

/// Calls that rang (or may have), by whom they rang: a name for each order.
fn caps_hold(stage: &Stage, name: impl Fn(&Ordered) -> String, what: &str) {
    let limits = PersonLimits::default();
    let mut persons: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for order in stage.carrier.rung() {
        persons.entry(name(&order)).or_default().push(order.at_ms);
    }
    for (person, dials) in persons {
        for at in &dials {
            let day = |ms: i64| (ms + OFFSET_MS).div_euclid(DAY_MS);
            let on_day = dials.iter().filter(|d| day(**d) == day(*at)).count();
            let in_week = dials.iter().filter(|d| (*at - 7 * DAY_MS + 1..=*at).contains(*d)).count();
            assert!(on_day <= usize::from(limits.per_day), "{what}: {person} {dials:?}");
            assert!(in_week <= usize::from(limits.per_week), "{what}: {person} {dials:?}");
        }
    }
}

fn by_phone(order: &Ordered) -> String {
    order.to.clone()
}

/// Two campaigns with the same phones under other taxpayer numbers.
fn sharing_phones(persons: u32) -> Stage {
    let stage = Stage::default();
    for (id, by) in [("a", 0), ("b", 50)] {
        insistent(&stage, id);
        stage.upload(id, &renumbered(people(persons), by));
    }
    stage
}

#[test]
fn campaigns_that_share_phones_keep_the_persons_caps_and_use_them_up() {
    let mut stage = sharing_phones(3);
    stage.run_to_the_end(|_| BUSY);
    caps_hold(&stage, by_phone, "shared phones");
    // Five a week, and thirty days of them; thirty are wished for.
    assert_eq!(stage.carrier.orders().len(), 3 * 25);
    let ends = ["a", "b"].map(|id| stage.report(id).ends);
    assert_eq!(ends.iter().map(|ends| ends["exhausted"] + ends["expired"]).sum::<u64>(), 6);
}

#[test]
fn a_taxpayer_with_a_phone_in_each_list_is_one_person() {
    let mut stage = Stage::default();
    for (id, phone) in [("a", "81200000001"), ("b", "81200000002")] {
        insistent(&stage, id);
        let mut list = people(1);
        list[0].phone = phone.into();
        stage.upload(id, &list);
    }
    assert_eq!(stage.tick().claimed, 1, "never two calls at once");
    stage.run_to_the_end(|_| BUSY);
    caps_hold(&stage, |_| "the taxpayer".into(), "shared taxpayer");
    let called: BTreeSet<String> = stage.carrier.orders().into_iter().map(|o| o.to).collect();
    assert_eq!(called.len(), 2);
}

#[test]
fn a_campaign_can_only_lower_the_caps() {
    for (limits, on_first_day) in [(json!({ "per_day": 1, "per_week": 5 }), 1), (json!({ "per_day": 9 }), 2)] {
        let mut stage = Stage::default();
        insistent(&stage, "a");
        stage.campaign(
            "a",
            json!({ "attempts": { "max": 15, "per_day": 15, "per_week": 15, "retry": { "busy": "1m" } },
            "person_limits": limits }),
        );
        stage.upload("a", &people(1));
        let until_ms = stage.clock.now_ms() + 10 * 3_600_000;
        while stage.clock.now_ms() < until_ms {
            stage.tick();
            stage.deliver(|_| BUSY);
            stage.clock.advance(30_000);
        }
        assert_eq!(stage.carrier.orders().len(), on_first_day);
    }
}

#[test]
fn orders_that_never_rang_count_for_nobody() {
    let stage = Stage::new(dering_sim::tick::Carrier::new(|call| match call.ballot < 40 {
        true => dering_sim::tick::Answer::Error(429, 20429),
        false => dering_sim::tick::Answer::Taken,
    }));
    stage.campaign("a", json!({ "attempts": { "max": 1 } }));
    stage.upload("a", &people(1));
    for _ in 0..60 {
        stage.tick();
        stage.clock.advance(70_000);
    }
    let report = stage.report("a");
    assert!(report.never_rung > 5, "{report:?}");
    assert_eq!((report.attempts, stage.carrier.rung().len()), (1, 1));
}

fn set(stage: &Stage, subject: Subject<'_>, reason: Reason) {
    let entry = DoNotCall { reason, since_ms: stage.clock.now_ms(), until_ms: None };
    drive(&stage.clock, stage.store.set(&subject.key(&stage.vault), &entry.encode())).unwrap().unwrap();
}

#[test]
fn a_number_reported_as_wrong_is_called_by_no_campaign() {
    let mut stage = Stage::default();
    stage.campaign("a", json!({}));
    stage.campaign("b", json!({}));
    let mut list = people(2);
    stage.upload("a", &list);
    stage.run_to_the_end(|_| WRONG);
    assert_eq!((stage.carrier.orders().len(), stage.report("a").ends["wrong_number"]), (2, 2));
    // Others are listed with these numbers, one with a second one.
    list = renumbered(list, 50);
    list[1].phone.push_str("/81200000009");
    stage.upload("b", &list);
    stage.run_to_the_end(|_| PROMISED);
    let orders = stage.carrier.orders();
    assert_eq!((orders.len(), orders[2].to.as_str()), (3, "+6281200000009"));
    let ends = stage.report("b").ends;
    assert_eq!((ends["wrong_number"], ends["reached"]), (1, 1));
}

#[test]
fn nor_in_the_very_tick_that_learns_of_it() {
    let stage = Stage::default();
    stage.campaign("a", json!({}));
    stage.upload("a", &people(1));
    assert_eq!(stage.tick().placed, 1);
    let call = stage.carrier.orders()[0].call;
    WRONG.news().into_iter().for_each(|news| stage.tell(&call, news));
    stage.clock.advance(4_000);
    stage.upload("a", &renumbered(people(1), 50));
    let report = stage.tick();
    assert_eq!((report.folded, report.claimed), (1, 0));
    assert_eq!(stage.report("a").ends["wrong_number"], 2);
}

#[test]
fn an_entry_for_a_taxpayer_holds_for_all_phones() {
    let mut stage = Stage::default();
    stage.campaign("a", json!({}));
    let mut list = people(3);
    list[0].phone = "81200000001/81200000002".into();
    let id = |person: &Person| {
        let row = csv(std::slice::from_ref(person));
        let npwp = row.lines().nth(1).and_then(|l| l.split(';').next()).unwrap().to_owned();
        dering::list::taxpayer_id(&npwp).unwrap()
    };
    set(&stage, Subject::Taxpayer(&id(&list[0])), Reason::Deceased);
    set(&stage, Subject::Taxpayer(&id(&list[1])), Reason::Entered);
    stage.upload("a", &list);
    stage.run_to_the_end(|_| PROMISED);
    assert_eq!(stage.report("a").ends["suppressed"], 2);
    let called: Vec<String> = stage.carrier.orders().into_iter().map(|o| o.to).collect();
    assert_eq!(called, [Stage::phone(&list[2])]);
}

const FAULTS: [Fault; 6] =
    [Fault::DieBefore, Fault::DieAfter, Fault::ReplyLost, Fault::Refused, Fault::Partly(0), Fault::Partly(1)];

/// Each tick of a person's busy first days fails or dies at each of its points; the caps hold, counted by what the carrier
/// rang.
#[test]
fn whatever_fails_the_caps_hold() {
    let mut before = sharing_phones(2);
    let mut cases = 0;
    // The ticks that claim first, fold first and claim again, fold that and are at the cap, and one of the next day.
    for advance_ms in [0, 4_000, 120_000, 4_000, 20 * 3_600_000] {
        before.clock.advance(advance_ms);
        let calm = before.fork();
        let gate = Gate::open();
        calm.tick_through(&gate, 0).0.unwrap().unwrap();
        for at in 0..gate.passed() {
            for fault in FAULTS {
                let what = format!("{fault:?} at point {at} after {advance_ms}");
                let mut stage = before.fork();
                stage.tick_through(&Gate::failing(at, fault), 0);
                let until_ms = stage.clock.now_ms() + 9 * DAY_MS;
                while stage.clock.now_ms() < until_ms {
                    stage.tick();
                    stage.deliver(|_| BUSY);
                    let idle_ms = stage.state().retries.iter().map(|b| b.earliest_ms).min().unwrap_or(until_ms);
                    stage.clock.advance(5_000);
                    if stage.state().open.is_empty() {
                        stage.clock.advance_to(idle_ms.min(until_ms));
                    }
                }
                caps_hold(&stage, by_phone, &what);
                cases += 1;
            }
        }
        before.tick();
        before.deliver(|_| BUSY);
    }
    assert!(cases > 300, "{cases}");
}

/// Two ticks at once on a shard, one of them dying: the one that loses leaves nothing that counts too little or for ever.
#[test]
fn a_tick_that_is_not_committed_costs_nobody_a_call() {
    let mut stage = sharing_phones(2);
    for round in 0..6 {
        // Dies at its last store verb before the commit: everything is written, nothing is committed.
        let calm = stage.fork();
        let gate = Gate::open();
        let report = calm.tick_through(&gate, 0).0.unwrap().unwrap();
        let orders = report.claimed as usize;
        let commit_at = gate.passed().saturating_sub(orders + 4);
        stage.tick_through(&Gate::failing(commit_at.max(1), Fault::DieBefore), 0);
        stage.tick();
        stage.deliver(|_| BUSY);
        stage.clock.advance(70_000 + round);
    }
    // The caps are used to the full: two calls a person on this day.
    assert_eq!(stage.carrier.rung().len(), 4);
    caps_hold(&stage, by_phone, "not committed");
}

#[test]
fn who_asked_for_a_time_is_called_then_and_before_all_others() {
    let mut stage = Stage::default();
    stage.campaign("a", json!({ "rate": { "calls_per_second": 0.5, "concurrent": 1 } }));
    let list = people(30);
    stage.upload("a", &list);
    stage.tick();
    let first = stage.carrier.orders()[0].clone();
    let asked_ms = stage.clock.now_ms() + 3_600_000;
    let callback = Fate::Said(Said::Callback, Disposition::Callback);
    stage.tell(&first.call, News::CallbackAt { at_ms: asked_ms });
    stage.deliver(|_| callback);
    while stage.clock.now_ms() + 400_000 < asked_ms - 20_000 {
        stage.clock.advance(400_000);
        stage.tick();
        stage.deliver(|_| BUSY);
    }
    let before = stage.carrier.orders().len();
    assert!(before < 25 && stage.carrier.orders()[1..].iter().all(|o| o.to != first.to));
    stage.clock.advance_to(asked_ms);
    while stage.carrier.orders().len() == before {
        stage.tick();
        stage.clock.advance(1_000);
    }
    let order = stage.carrier.orders().pop().unwrap();
    assert_eq!(order.to, first.to);
    assert!(order.at_ms - asked_ms < 10_000);
}
