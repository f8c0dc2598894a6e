//! Who must not be called, and what late news changes.

use dering::attempt::{Disposition, End, Ending, News, Said};
use dering::campaign::State;
use dering::contact::Matter;
use dering::settlement::About;
use dering::store::Store;
use dering::suppression::{self, DoNotCall, Reason};
use dering_sim::tick::{Fate, Stage, csv, drive, people};
use serde_json::json;

const SAYS_NO: Fate = Fate::Said(Said::DoNotCall, Disposition::DoNotCall);

fn set(stage: &Stage, key: &str, value: &[u8]) {
    drive(&stage.clock, stage.store.set(key, value)).unwrap().unwrap();
}

#[test]
fn the_settled_and_the_suppressed_are_not_ordered() {
    let mut stage = Stage::default();
    let list = people(6);
    stage.campaign("c", json!({}));
    stage.upload("c", &list);
    let row = csv(&list[1..2]);
    let npwp = row.lines().nth(1).and_then(|l| l.split(';').next()).unwrap();
    let taxpayer_id = dering::list::taxpayer_id(npwp).unwrap();
    let duty = About::all(&taxpayer_id, Matter::NotFiled);
    set(&stage, &duty.key(&stage.vault), b"1");
    let entry = |until_ms| DoNotCall { reason: Reason::Entered, since_ms: 0, until_ms }.encode();
    let now_ms = stage.clock.now_ms();
    let of = |i: usize| suppression::do_not_call_key(&stage.vault, &Stage::phone(&list[i]));
    set(&stage, &of(2), &entry(None));
    set(&stage, &of(3), &entry(Some(now_ms + 60_000)));
    set(&stage, &of(4), &entry(Some(now_ms)));
    // When in doubt there is no call.
    set(&stage, &of(5), b"damaged");
    stage.run_to_the_end(|_| Fate::ALL[0]);

    let mut called: Vec<String> = stage.carrier.orders().into_iter().map(|o| o.to).collect();
    called.sort();
    assert_eq!(called, [Stage::phone(&list[0]), Stage::phone(&list[4])]);
    let ends = stage.report("c").ends;
    assert_eq!((ends["settled"], ends["suppressed"], ends["reached"]), (1, 3, 2));
}

#[test]
fn a_settlement_or_a_request_between_two_attempts_stops_the_second() {
    let mut stage = Stage::default();
    let list = people(2);
    stage.campaign("c", json!({}));
    stage.upload("c", &list);
    stage.tick();
    stage.deliver(|_| Fate::ALL[12]);
    stage.clock.advance(4_000);
    assert_eq!(stage.tick().folded, 2);
    for person in &list {
        let key = suppression::do_not_call_key(&stage.vault, &Stage::phone(person));
        set(&stage, &key, &suppression::asked_by_person(stage.clock.now_ms()));
    }
    stage.run_to_the_end(|_| Fate::ALL[0]);
    assert_eq!((stage.carrier.orders().len(), stage.report("c").ends["suppressed"]), (2, 2));
}

/// Two lists of two campaigns with the same number, of other taxpayers.
fn shared_number(concurrent: u32) -> Stage {
    let stage = Stage::default();
    let (a, mut b) = (people(1), people(1));
    b[0].number = 50;
    for (campaign, list) in [("a", a), ("b", b)] {
        stage.campaign(campaign, json!({ "rate": { "calls_per_second": 10.0, "concurrent": concurrent } }));
        stage.upload(campaign, &list);
    }
    stage
}

#[test]
fn who_asks_in_a_call_is_not_called_for_another_list() {
    let mut stage = shared_number(5);
    stage.run_to_the_end(|_| SAYS_NO);
    assert_eq!(stage.carrier.orders().len(), 1);
    assert_eq!(stage.report("a").ends["suppressed"] + stage.report("b").ends["suppressed"], 2);
}

#[test]
fn nor_in_the_very_tick_that_learns_of_it() {
    let mut stage = shared_number(5);
    stage.set_state("b", State::Paused);
    assert_eq!(stage.tick().placed, 1);
    stage.deliver(|_| SAYS_NO);
    stage.clock.advance(4_000);
    stage.set_state("b", State::Running);
    let report = stage.tick();
    assert_eq!((report.folded, report.claimed), (1, 0));
    assert_eq!(stage.report("b").ends["suppressed"], 1);
    assert_eq!(stage.carrier.orders().len(), 1);
}

/// A call of which nothing is heard until it is closed as unknown.
fn unheard(attempts: u8) -> Stage {
    let stage = Stage::default();
    stage.campaign("c", json!({ "attempts": { "max": attempts } }));
    stage.upload("c", &people(1));
    assert_eq!(stage.tick().placed, 1);
    stage.clock.advance(601_000);
    assert_eq!(stage.tick().folded, 1);
    assert_eq!(stage.report("c").dispositions["unknown"], 1);
    stage
}

/// Late news of the first call reaches the books.
fn late(stage: &Stage, news: Vec<News>) {
    let call = stage.carrier.orders()[0].call;
    news.into_iter().for_each(|news| stage.tell(&call, news));
    stage.clock.advance(4_000);
    assert_eq!(stage.tick().folded, 1);
    assert_eq!(stage.report("c").dispositions["unknown"], 0);
    // Once is enough.
    stage.clock.advance(4_000);
    assert_eq!(stage.tick().folded, 0);
}

const PROMISED: Fate = Fate::Said(Said::Promise, Disposition::Promise);
const RANG_OUT: Fate = Fate::Unanswered(Ending::NoAnswer, Disposition::NoAnswer);

#[test]
fn late_news_corrects_the_end() {
    let stage = unheard(1);
    assert_eq!(stage.report("c").ends["exhausted"], 1);
    late(&stage, PROMISED.news());
    let report = stage.report("c");
    assert_eq!((report.dispositions["promise"], report.right_party_contacts), (1, 1));
    assert_eq!((report.ends["exhausted"], report.ends["reached"]), (0, 1));
    let records = stage.attempts("c");
    assert_eq!((records.len(), records[1].late, records[1].end), (2, true, Some(End::Reached)));
}

#[test]
fn late_news_cancels_the_retry() {
    let mut stage = unheard(3);
    late(&stage, PROMISED.news());
    assert_eq!(stage.report("c").retrying, 1);
    stage.run_to_the_end(|_| PROMISED);
    assert_eq!((stage.carrier.orders().len(), stage.report("c").ends["reached"]), (1, 1));
    assert!(stage.state().overtaken.is_empty());
}

#[test]
fn late_news_that_ends_nothing_leaves_the_retry() {
    let mut stage = unheard(3);
    late(&stage, RANG_OUT.news());
    stage.clock.advance(3_600_000);
    assert_eq!(stage.tick().placed, 1);
    stage.deliver(|_| PROMISED);
    stage.run_to_the_end(|_| PROMISED);
    let report = stage.report("c");
    assert_eq!((report.dispositions["no_answer"], report.dispositions["promise"], report.ends["reached"]), (1, 1, 1));
}

#[test]
fn news_later_than_the_next_call_changes_tallies_only() {
    let mut stage = unheard(3);
    let first = stage.carrier.orders()[0].clone();
    stage.clock.advance(3_600_000);
    assert_eq!(stage.tick().placed, 1);
    PROMISED.news().into_iter().for_each(|news| stage.tell(&first.call, news));
    stage.clock.advance(4_000);
    assert_eq!(stage.tick().folded, 1);
    stage.deliver(|o| if o.call == first.call { PROMISED } else { RANG_OUT });
    stage.run_to_the_end(|_| RANG_OUT);
    let report = stage.report("c");
    assert_eq!((report.dispositions["promise"], report.dispositions["no_answer"], report.attempts), (1, 2, 3));
    assert_eq!(report.ends["exhausted"], 1);
}

#[test]
fn late_news_after_the_campaign_is_over_corrects_the_end() {
    for late_first in [false, true] {
        let stage = unheard(3);
        if late_first {
            late(&stage, PROMISED.news());
        }
        stage.set_state("c", State::Finished);
        stage.tick();
        if !late_first {
            assert_eq!(stage.report("c").ends["expired"], 1);
            late(&stage, PROMISED.news());
        }
        let report = stage.report("c");
        assert_eq!((report.ends["expired"], report.ends["reached"]), (0, 1), "late first: {late_first}");
        assert!(stage.state().overtaken.is_empty());
    }
}

#[test]
fn a_request_heard_late_holds() {
    let stage = unheard(3);
    late(&stage, SAYS_NO.news());
    let mut other = people(1);
    other[0].number = 50;
    stage.upload("c", &other);
    stage.clock.advance(1_000);
    assert_eq!(stage.tick().claimed, 0);
    assert_eq!(stage.report("c").ends["suppressed"], 1);
}
