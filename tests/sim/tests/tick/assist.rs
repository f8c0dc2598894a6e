//! Assisted mode: what agents and diallers may and may not do, and what becomes of the contacts.

use dering::assist::{Ask, Kind, Outcome, Stop, notes};
use dering::attempt::Disposition;
use dering::campaign::State;
use dering::contact::Matter;
use dering::settlement::About;
use dering::store::{Store, keys};
use dering::suppression::{self, DoNotCall, Reason, Subject};
use dering::tick::LEASE_MS;
use dering::tick::pace::Pace;
use dering::vault::{Identity, Vault};
use dering_sim::tick::{Agent, Fate, Gate, Person, Stage, csv, drive, people};
use serde_json::{Value, json};

const A: Agent = Agent("agent-a");
const B: Agent = Agent("agent-b");

/// So many contacts offered to agents.
fn offered(count: u32) -> Stage {
    stage(count, json!({}))
}

fn stage(count: u32, changes: Value) -> Stage {
    let stage = Stage::default();
    let mut settings = json!({ "mode": "assisted" });
    settings.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    stage.campaign("c", settings);
    stage.upload("c", &people(count));
    stage.tick();
    stage
}

/// Some seconds later.
fn tick_after(stage: &Stage, ms: i64) {
    stage.clock.advance(ms);
    stage.tick();
}

fn set(stage: &Stage, key: &str, value: &[u8]) {
    drive(&stage.clock, stage.store.set(key, value)).unwrap().unwrap();
}

fn taxpayer_id(person: &Person) -> String {
    let row = csv(std::slice::from_ref(person));
    let npwp = row.lines().nth(1).and_then(|l| l.split(';').next()).unwrap();
    dering::list::taxpayer_id(npwp).unwrap()
}

fn settle(stage: &Stage, person: &Person) {
    let taxpayer_id = taxpayer_id(person);
    let duty = About::all(&taxpayer_id, Matter::NotFiled);
    set(stage, &duty.key(&stage.vault), b"1");
}

fn suppress(stage: &Stage, person: &Person) {
    let key = suppression::do_not_call_key(&stage.vault, &Stage::phone(person));
    set(stage, &key, &suppression::asked_by_person(stage.clock.now_ms()));
}

fn died(stage: &Stage, person: &Person) {
    let entry = DoNotCall { reason: Reason::Deceased, since_ms: stage.clock.now_ms(), until_ms: None };
    set(stage, &Subject::Taxpayer(&taxpayer_id(person)).key(&stage.vault), &entry.encode());
}

fn not_theirs(stage: &Stage, person: &Person) {
    let key = Subject::WrongNumber(&Stage::phone(person)).key(&stage.vault);
    set(stage, &key, &suppression::reported_wrong(stage.clock.now_ms()));
}

/// Today the taxpayer was called twice already, as another shard enters it that called on another phone.
fn called_twice(stage: &Stage, person: &Person) {
    let taxpayer = suppression::taxpayer(&stage.vault, &taxpayer_id(person));
    let now_ms = stage.clock.now_ms();
    for n in 0..2 {
        let key = keys::dial(0, &taxpayer, now_ms.div_euclid(7 * 24 * 3_600_000), n);
        set(stage, &key, &dering::person::entry(now_ms));
    }
}

/// An agent takes the one claim there is, starts it, and nobody answers. When it was started.
fn rings_out(stage: &Stage, key: &str) -> i64 {
    let card = A.claim_one(stage, key);
    stage.clock.advance(20_000);
    assert!(A.start(stage, &card.call).unwrap().go);
    let started_ms = stage.clock.now_ms();
    A.says(stage, &card.call, Disposition::Busy).unwrap();
    tick_after(stage, 4_000);
    started_ms
}

fn why(stage: &Stage, agent: Agent, call: &str) -> Option<Stop> {
    let go = agent.start(stage, call).unwrap();
    assert_eq!(go.go, go.why.is_none());
    go.why
}

#[test]
fn every_contact_is_handed_to_one_agent() {
    let stage = offered(5);
    let mut cards = A.claim(&stage, "1", 2);
    cards.extend(B.claim(&stage, "1", 2));
    cards.extend(A.claim(&stage, "2", 9));
    assert!(B.claim(&stage, "2", 9).is_empty());
    let mut numbers: Vec<_> = cards.iter().map(|c| c.number.clone()).collect();
    numbers.sort();
    assert_eq!(numbers, people(5).iter().map(Stage::phone).collect::<Vec<_>>());
    let report = stage.report("c");
    assert_eq!((report.waiting, report.in_call, report.attempts), (0, 5, 0));
}

#[test]
fn no_more_claims_are_open_than_calls_may_be() {
    let stage = stage(50, json!({ "rate": { "concurrent": 4 } }));
    let mut cards = A.claim(&stage, "1", 3);
    assert_eq!(cards.len(), 3);
    tick_after(&stage, 1_000);
    assert_eq!(stage.report("c").in_call, 4);
    for card in cards.drain(..) {
        A.start(&stage, &card.call).unwrap();
    }
    tick_after(&stage, 1_000);
    assert_eq!(stage.report("c").in_call, 4);
    assert_eq!(B.claim(&stage, "1", 9).len(), 1);
}

#[test]
fn an_agent_sees_what_a_dialler_does_not() {
    let stage = offered(2);
    let card = A.claim_one(&stage, "1");
    let screen = card.screen.as_ref().unwrap();
    assert!(screen.name.starts_with("Orang Rekaan") && screen.taxpayer_id.starts_with("************"));
    assert!(screen.script.message.as_ref().is_some_and(|m| m.contains("Orang Rekaan")));
    assert_eq!((card.attempt, card.caller_id.as_deref()), (1, Some("+622129881500")));
    let ask = Ask { kind: Kind::Dialler, ..B.wants("c", 1) };
    let (cards, counts) = B.through(&stage, &Gate::open(), async |desk| desk.claim(&ask, "1").await);
    let cards = serde_json::to_value(cards.unwrap().unwrap().claims).unwrap();
    assert_eq!(counts.commits, 2);
    assert!(cards[0]["number"].is_string() && cards[0].get("screen").is_none());
    assert!(!cards.to_string().contains("Rekaan"), "{cards}");
}

#[test]
fn a_call_is_started_reported_and_folded_like_any_other() {
    let stage = offered(1);
    let card = A.claim_one(&stage, "1");
    stage.clock.advance(20_000);
    let go = A.start(&stage, &card.call).unwrap();
    assert_eq!((go.go, go.report_within_s), (true, Some(625)));
    let started_ms = stage.clock.now_ms();
    tick_after(&stage, 1_000);
    A.says(&stage, &card.call, Disposition::Promise).unwrap();
    tick_after(&stage, 4_000);
    let report = stage.report("c");
    assert_eq!((report.dispositions["promise"], report.ends["reached"], report.talk_seconds), (1, 1, 30));
    assert_eq!((report.attempts, report.right_party_contacts), (1, 1));
    let attempt = stage.attempts("c").remove(0);
    assert_eq!((attempt.attempt, attempt.dial_at_ms), (1, started_ms));
}

#[test]
fn each_request_costs_what_it_must() {
    let stage = offered(1);
    let card = A.claim_one(&stage, "1");
    let calm = Gate::open();
    let beat = A.through(&stage, &calm, async |desk| desk.heartbeat(&card.call, A.0).await.unwrap()).1;
    let start = A.through(&stage, &calm, async |desk| desk.start(&card.call, A.0).await.unwrap()).1;
    let reports = [(card.call.clone(), Outcome { disposition: Some(Disposition::Busy), ..Outcome::default() })];
    let report = A.through(&stage, &calm, async |desk| desk.report(A.0, &reports).await.unwrap()).1;
    let again = A.through(&stage, &calm, async |desk| desk.start(&card.call, A.0).await.unwrap()).1;
    assert_eq!([beat, start, report, again].map(|counts| counts.commits), [1, 1, 1, 0]);
}

#[test]
fn who_vanishes_before_the_start_loses_the_claim_and_nobody_an_attempt() {
    let stage = offered(1);
    let card = A.claim_one(&stage, "1");
    tick_after(&stage, 1_000);
    tick_after(&stage, LEASE_MS - 1);
    assert!(B.claim(&stage, "1", 1).is_empty(), "the lease holds");
    tick_after(&stage, 1);
    assert_eq!((stage.report("c").retrying, stage.report("c").in_call), (1, 0));
    assert_eq!(why(&stage, A, &card.call), Some(Stop::LeaseOver));
    tick_after(&stage, 60_000);
    let other = B.claim_one(&stage, "2");
    assert_eq!((other.attempt, other.number), (1, card.number));
    assert!(B.start(&stage, &other.call).unwrap().go);
    assert_eq!(why(&stage, A, &card.call), Some(Stop::LeaseOver));
    B.says(&stage, &other.call, Disposition::Informed).unwrap();
    tick_after(&stage, 4_000);
    let report = stage.report("c");
    assert_eq!((report.attempts, report.ends["reached"]), (1, 1));
}

#[test]
fn heartbeats_keep_a_claim_but_not_for_ever() {
    let stage = offered(1);
    let card = A.claim_one(&stage, "1");
    tick_after(&stage, 1_000);
    let mut beats = 0;
    while A.heartbeat(&stage, &card.call).unwrap().lease_s.is_some() {
        tick_after(&stage, LEASE_MS - 5_000);
        beats += 1;
    }
    assert_eq!(beats, 9);
    assert_eq!(A.heartbeat(&stage, &card.call).unwrap().stop, Some(Stop::LeaseOver));
    assert_eq!(why(&stage, A, &card.call), Some(Stop::LeaseOver));
}

#[test]
fn who_vanishes_after_the_start_leaves_an_unknown_call_that_is_nobody_elses() {
    let stage = stage(1, json!({ "attempts": { "max": 1 } }));
    let card = A.claim_one(&stage, "1");
    assert!(A.start(&stage, &card.call).unwrap().go);
    for i in 0..62 {
        tick_after(&stage, 10_000);
        assert!(B.claim(&stage, &i.to_string(), 1).is_empty());
        assert_eq!(stage.report("c").in_call, 1);
    }
    tick_after(&stage, 10_000);
    let report = stage.report("c");
    assert_eq!((report.dispositions["unknown"], report.ends["exhausted"]), (1, 1));
    // A go of long ago is no go.
    assert_eq!(why(&stage, A, &card.call), Some(Stop::Ended));
    // A backlog that comes in after an outage corrects the books.
    A.says(&stage, &card.call, Disposition::Promise).unwrap();
    tick_after(&stage, 4_000);
    let report = stage.report("c");
    assert_eq!((report.dispositions["unknown"], report.dispositions["promise"]), (0, 1));
    assert_eq!((report.ends["exhausted"], report.ends["reached"]), (0, 1));
}

#[test]
fn the_go_is_refused_to_whom_must_not_be_called_any_more() {
    type Meanwhile = fn(&Stage);
    let cases: [(&str, Meanwhile, Stop); 10] = [
        ("settled", |stage| settle(stage, &people(1)[0]), Stop::Settled),
        ("do not call", |stage| suppress(stage, &people(1)[0]), Stop::DoNotCall),
        ("deceased", |stage| died(stage, &people(1)[0]), Stop::DoNotCall),
        ("wrong number", |stage| not_theirs(stage, &people(1)[0]), Stop::WrongNumber),
        ("called twice today", |stage| called_twice(stage, &people(1)[0]), Stop::PersonLimit),
        ("paused", |stage| stage.set_state("c", State::Paused), Stop::Paused),
        ("finished", |stage| stage.set_state("c", State::Finished), Stop::Paused),
        (
            "hours",
            |stage| {
                stage.campaign("c", json!({ "mode": "assisted", "starts": "2027-03-02" }));
            },
            Stop::OutsideHours,
        ),
        ("over", |stage| stage.campaign("c", json!({ "mode": "assisted", "ends": "2027-02-28" })), Stop::Expired),
        ("automated", |stage| stage.campaign("c", json!({})), Stop::Paused),
    ];
    for (name, meanwhile, expected) in cases {
        let stage = offered(1);
        let card = A.claim_one(&stage, "1");
        meanwhile(&stage);
        assert_eq!(A.heartbeat(&stage, &card.call).unwrap().stop, Some(expected), "{name}");
        assert_eq!(why(&stage, A, &card.call), Some(expected), "{name}");
        // Asked again, the same, whatever changed since.
        stage.campaign("c", json!({ "mode": "assisted" }));
        assert_eq!(why(&stage, A, &card.call), Some(expected), "{name}");
        meanwhile(&stage);
        tick_after(&stage, 1_000);
        let report = stage.report("c");
        assert_eq!((report.attempts, report.in_call, report.balanced), (0, 0, true), "{name}");
    }
}

#[test]
fn a_withdrawn_list_is_not_dialled_after_the_next_tick() {
    let stage = offered(2);
    let card = A.claim_one(&stage, "1");
    let list = stage.state().lists[0].id.clone();
    let news = dering::tick::ShardNews::ListWithdrawn { list }.encode();
    let now_ms = stage.clock.now_ms();
    let log = dering::tick::log(0);
    drive(&stage.clock, log.append(&stage.store, &news, || now_ms)).unwrap().unwrap();
    tick_after(&stage, 1_000);
    assert_eq!(why(&stage, A, &card.call), Some(Stop::LeaseOver));
    tick_after(&stage, 61_000);
    let report = stage.report("c");
    assert_eq!((report.ends["withdrawn"], report.in_call, report.retrying), (2, 0, 0));
}

#[test]
fn a_settlement_while_they_talk_is_told_by_the_heartbeat() {
    let stage = offered(1);
    let card = A.claim_one(&stage, "1");
    assert!(A.start(&stage, &card.call).unwrap().go);
    stage.set_state("c", State::Paused);
    let pulse = A.heartbeat(&stage, &card.call).unwrap();
    assert_eq!((pulse.stop, pulse.lease_s), (None, None), "a call that is on ends normally");
    settle(&stage, &people(1)[0]);
    assert_eq!(A.heartbeat(&stage, &card.call).unwrap().stop, Some(Stop::Settled));
}

#[test]
fn repeated_requests_hear_the_same_and_do_no_more() {
    let stage = offered(3);
    let cards = A.claim(&stage, "1", 2);
    assert_eq!(A.claim(&stage, "1", 2), cards);
    // Another agent's key is another key.
    assert_ne!(B.claim(&stage, "1", 1)[0].number, cards[0].number);
    let [first, second] = &cards[..] else { panic!("{cards:?}") };
    let go = A.start(&stage, &first.call).unwrap();
    assert_eq!(A.start(&stage, &first.call).unwrap(), go);
    tick_after(&stage, 1_000);
    assert!(A.start(&stage, &first.call).unwrap().go);
    for _ in 0..2 {
        A.says(&stage, &first.call, Disposition::Informed).unwrap();
        A.release(&stage, &second.call).unwrap();
        assert_eq!(why(&stage, A, &first.call), Some(Stop::Ended));
        assert_eq!(why(&stage, A, &second.call), Some(Stop::Released));
    }
    tick_after(&stage, 4_000);
    // Told once more after the fold, it changes nothing.
    A.says(&stage, &first.call, Disposition::Informed).unwrap();
    A.release(&stage, &second.call).unwrap();
    assert_eq!(why(&stage, A, &first.call), Some(Stop::Ended));
    tick_after(&stage, 4_000);
    let report = stage.report("c");
    assert_eq!((report.attempts, report.dispositions["informed"], report.ends["reached"]), (1, 1, 1));
    assert_eq!((report.retrying, report.in_call), (1, 1));
    assert_eq!(A.claim(&stage, "1", 2), cards, "also when all is over");
}

#[test]
fn what_an_agent_gives_back_is_offered_again_and_costs_nothing() {
    let stage = offered(1);
    let mut last = None;
    for i in 0..4 {
        let card = A.claim_one(&stage, &i.to_string());
        assert_eq!(card.attempt, 1);
        assert_ne!(last.replace(card.call.clone()), Some(card.call.clone()));
        A.release(&stage, &card.call).unwrap();
        tick_after(&stage, 1_000);
        tick_after(&stage, 60_000);
    }
    assert_eq!(stage.report("c").attempts, 0);
    let card = A.claim_one(&stage, "x");
    A.start(&stage, &card.call).unwrap();
    assert_eq!(A.release(&stage, &card.call).map_err(|p| p.code).unwrap_err(), "call_started");
}

#[test]
fn what_nobody_takes_is_looked_at_anew() {
    let stage = offered(3);
    let first = stage.state().offers.iter().map(|o| o.call).max().unwrap();
    suppress(&stage, &people(3)[1]);
    tick_after(&stage, 126_000);
    let offers = stage.state().offers;
    assert_eq!(offers.len(), 2);
    assert!(offers.iter().all(|o| o.call > first));
    assert_eq!(stage.report("c").ends["suppressed"], 1);
    assert_eq!(A.claim(&stage, "1", 9).len(), 2);
}

#[test]
fn the_ids_are_the_agents_own_and_an_outcome_needs_a_go() {
    let stage = offered(1);
    let card = A.claim_one(&stage, "1");
    let code = |answer: Result<(), dering::problem::Problem>| answer.map_err(|p| (p.status, p.code.into_owned())).err();
    let refused = |status: u16, code: &str| Some((status, code.to_owned()));
    assert_eq!(code(B.start(&stage, &card.call).map(drop)), refused(403, "call_not_yours"));
    assert_eq!(code(B.heartbeat(&stage, &card.call).map(drop)), refused(403, "call_not_yours"));
    assert_eq!(code(B.release(&stage, &card.call)), refused(403, "call_not_yours"));
    assert_eq!(code(B.says(&stage, &card.call, Disposition::Busy)), refused(403, "call_not_yours"));
    assert_eq!(code(A.says(&stage, &card.call, Disposition::Busy)), refused(409, "call_not_started"));
    assert_eq!(code(Agent("a b").start(&stage, &card.call).map(drop)), refused(422, "request_invalid"));
    stage.clock.advance(24 * 3_600_000);
    assert_eq!(code(A.start(&stage, &card.call).map(drop)), refused(410, "call_expired"));
}

#[test]
fn under_another_identity_key_nothing_is_handed_out_and_nothing_started() {
    let stage = offered(2);
    let card = A.claim_one(&stage, "1");
    let key = |letter: &str| format!("{}=", letter.repeat(43));
    let identity = Identity::new(&key("A")).unwrap();
    let mut other = stage.fork();
    other.vault = Vault::new(identity, "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=", None).unwrap();
    assert!(A.claim(&other, "2", 1).is_empty());
    assert_eq!(A.start(&other, &card.call).map_err(|p| p.code).unwrap_err(), "call_not_yours");
    assert!(A.start(&stage, &card.call).unwrap().go);
    assert_eq!(A.claim(&stage, "2", 1).len(), 1);
}

#[test]
fn a_call_asked_for_is_made_when_it_was_asked_for() {
    let stage = offered(1);
    let card = A.claim_one(&stage, "1");
    A.start(&stage, &card.call).unwrap();
    let at_ms = stage.clock.now_ms() + 3 * 24 * 3_600_000;
    let outcome = Outcome {
        disposition: Some(Disposition::Callback),
        callback_at: jiff::Timestamp::from_millisecond(at_ms).ok(),
        notes: Some("sedang rapat".into()),
        ..Outcome::default()
    };
    A.report(&stage, &card.call, outcome).unwrap();
    tick_after(&stage, 4_000);
    stage.clock.advance_to(at_ms - 1_000);
    stage.tick();
    assert!(A.claim(&stage, "2", 1).is_empty());
    tick_after(&stage, 2_000);
    assert_eq!(A.claim_one(&stage, "3").attempt, 2);
    let attempt = &stage.attempts("c")[0];
    let unknown = ("l-0", attempt.call);
    let silent = (attempt.contact.list.as_str(), (attempt.call.0, attempt.call.1 + 1));
    let calls = [(attempt.contact.list.as_str(), attempt.call), silent, unknown];
    let kept = drive(&stage.clock, notes(&stage.store, &stage.vault, 0, &calls)).unwrap().unwrap();
    let kept: Vec<_> = kept.into_iter().map(|n| n.map(|n| (n.agent, n.text))).collect();
    assert_eq!(kept, [Some((A.0.into(), "sedang rapat".into())), None, None]);
}

#[test]
fn a_diallers_codes_tell_the_end_and_what_never_rang_costs_nothing() {
    let stage = offered(2);
    let cards = A.claim(&stage, "1", 2);
    for card in &cards {
        assert!(A.start(&stage, &card.call).unwrap().go);
    }
    A.report(&stage, &cards[0].call, Outcome { sip: Some(486), ..Outcome::default() }).unwrap();
    A.report(&stage, &cards[1].call, Outcome { q850: Some(34), ..Outcome::default() }).unwrap();
    tick_after(&stage, 4_000);
    let report = stage.report("c");
    assert_eq!((report.attempts, report.dispositions["busy"], report.dispositions["not_placed"]), (1, 1, 1));
    assert_eq!(report.retrying, 2);
}

#[test]
fn a_person_is_in_one_call_though_agents_and_the_voice_share_the_number() {
    let mut stage = offered(1);
    let mut same = people(1);
    same[0].number = 50;
    stage.campaign("auto", json!({}));
    stage.upload("auto", &same);
    tick_after(&stage, 1_000);
    assert!(stage.carrier.orders().is_empty(), "it is offered");
    let card = A.claim_one(&stage, "1");
    A.start(&stage, &card.call).unwrap();
    tick_after(&stage, 61_000);
    assert!(stage.carrier.orders().is_empty(), "an agent calls");
    A.says(&stage, &card.call, Disposition::DoNotCall).unwrap();
    stage.clock.advance(4_000);
    stage.run_to_the_end(|_| Fate::HungUp);
    assert!(stage.carrier.orders().is_empty());
    assert_eq!((stage.report("c").ends["suppressed"], stage.report("auto").ends["suppressed"]), (1, 1));
}

#[test]
fn agents_calls_take_no_lines_of_a_provider_or_a_caller_id_and_say_nothing_of_it() {
    let stage = offered(3);
    for card in A.claim(&stage, "1", 3) {
        assert!(A.start(&stage, &card.call).unwrap().go);
    }
    tick_after(&stage, 1_000);
    // The same number of ours, with one line.
    let per_caller_id = json!({ "concurrent": 1 });
    let rate = json!({ "calls_per_second": 100.0, "concurrent": 5, "per_caller_id": per_caller_id });
    stage.campaign("auto", json!({ "rate": rate }));
    let mut others = people(8);
    others.drain(..5);
    stage.upload("auto", &others);
    tick_after(&stage, 1_000);
    assert_eq!((stage.state().open.len(), stage.carrier.orders().len()), (4, 1));
}

#[test]
fn pacing_hears_nothing_of_agents_calls() {
    let stage = offered(30);
    let cards = A.claim(&stage, "1", 30);
    assert_eq!(cards.len(), 30);
    for (i, card) in cards.iter().enumerate() {
        assert!(A.start(&stage, &card.call).unwrap().go);
        let said = if i % 2 == 0 { Disposition::NoAnswer } else { Disposition::NotPlaced };
        A.says(&stage, &card.call, said).unwrap();
    }
    tick_after(&stage, 4_000);
    let report = stage.report("c");
    assert_eq!((report.attempts, report.dispositions["not_placed"], report.retrying), (15, 15, 30));
    assert_eq!(stage.state().pace, Pace::default());
}

#[test]
fn agents_calls_count_for_the_person_from_their_start() {
    let retry = json!({ "busy": "1m" });
    let stage = stage(1, json!({ "attempts": { "max": 9, "per_day": 9, "retry": retry } }));
    let first_ms = rings_out(&stage, "1");
    tick_after(&stage, 61_000);
    let second_ms = rings_out(&stage, "2");
    tick_after(&stage, 61_000);
    assert!(A.claim(&stage, "3", 1).is_empty(), "twice a day is enough");
    // Nor does the voice call that phone, for whomever.
    let mut same = people(1);
    same[0].number = 50;
    stage.campaign("auto", json!({}));
    stage.upload("auto", &same);
    stage.clock.advance(1_000);
    let report = stage.tick();
    assert!(stage.carrier.orders().is_empty());
    assert_eq!(report.held["person_day"], 1);
    let dials: Vec<i64> = stage.attempts("c").iter().map(|a| a.dial_at_ms).collect();
    assert_eq!(dials, [first_ms, second_ms]);
}

#[test]
fn what_is_left_of_a_claim_that_came_back_takes_no_other_calls_entries_along() {
    let stage = stage(1, json!({ "person_limits": { "per_week": 1 }, "attempts": { "max": 9, "per_day": 9 } }));
    let card = A.claim_one(&stage, "1");
    A.release(&stage, &card.call).unwrap();
    tick_after(&stage, 1_000);
    tick_after(&stage, 60_000);
    rings_out(&stage, "2");
    let sweeps = stage.state().sweeps.len();
    assert_eq!(sweeps, 2, "one a day later, one when nobody counts the call any more");
    for _ in 0..3 {
        tick_after(&stage, 12 * 3_600_000);
    }
    assert_eq!(stage.state().sweeps.len(), 1);
    let mut same = people(1);
    same[0].number = 50;
    stage.campaign("auto", json!({ "person_limits": { "per_week": 1 } }));
    stage.upload("auto", &same);
    stage.clock.advance(1_000);
    assert_eq!(stage.tick().held["person_week"], 1);
    assert!(stage.carrier.orders().is_empty(), "once a week is enough");
    for _ in 0..12 {
        tick_after(&stage, 12 * 3_600_000);
    }
    assert_eq!(A.claim(&stage, "3", 1).len() + stage.carrier.orders().len(), 1, "then it is called once more");
}

#[test]
fn ticks_with_agents_cost_no_more_than_others() {
    for batch in [1, 200] {
        let stage = stage(2 * batch, json!({ "rate": { "concurrent": batch } }));
        let cards = A.claim(&stage, "1", 100);
        let (started, vanished) = cards.split_at(cards.len() / 2);
        for card in started {
            A.start(&stage, &card.call).unwrap();
            A.says(&stage, &card.call, Disposition::NoAnswer).unwrap();
        }
        stage.clock.advance(LEASE_MS);
        stage.tick();
        stage.clock.advance(LEASE_MS);
        let (report, counts) = stage.tick_counted();
        assert!(counts.commits <= 8, "{counts:?} {report:?}");
        assert!(vanished.iter().all(|card| why(&stage, A, &card.call) == Some(Stop::LeaseOver)));
    }
}
