//! Several lists of a campaign: appended to, withdrawn, and reported by where they come from.

use dering::attempt::{Disposition, End, Ending};
use dering::campaign::State;
use dering::list::{Label, Occasion};
use dering::report::{By, Part, Split, split};
use dering_sim::tick::{Fate, Person, Stage, csv, drive, people};
use serde_json::json;
use std::collections::BTreeMap;

fn part(from: u32, count: u32) -> Vec<Person> {
    people(from + count).split_off(from as usize)
}

fn label(office: &str) -> Label {
    Label { campaign: "c".into(), office: office.into(), ..Label::default() }
}

fn by(stage: &Stage, by: By) -> Split {
    drive(&stage.clock, split(&stage.store, 1, "c", by)).unwrap().unwrap()
}

#[test]
fn appended_rows_are_called_and_withdrawn_with_their_list() {
    let stage = Stage::default();
    stage.campaign("c", json!({}));
    let first = stage.upload_as(label(""), &csv(&part(0, 3)));
    assert_eq!(stage.tick().placed, 3);
    let appended = |from, count| {
        let part_of = Some(first.list.clone());
        stage.upload_as(Label { part_of, ..label("") }, &csv(&part(from, count)))
    };
    // Two of its four rows are in the list already.
    let second = appended(1, 4);
    assert_eq!((second.accepted, second.rejected), (2, 2));
    assert_eq!(stage.tick().placed, 2);
    let third = appended(10, 5);
    assert_eq!(stage.withdraw(&first.list), [first.list.clone(), second.list, third.list]);
    assert_eq!(stage.tick().placed, 0);
    let report = stage.report("c");
    assert_eq!((report.contacts, report.in_call, report.ends[End::Withdrawn.as_str()]), (10, 5, 5));
    assert!(report.balanced);
}

#[test]
fn one_person_in_two_lists_is_called_once() {
    let stage = Stage::default();
    stage.campaign("c", json!({}));
    stage.campaign("d", json!({}));
    stage.upload_as(label(""), &csv(&part(0, 5)));
    let again = stage.upload_as(label("other"), &csv(&part(0, 6)));
    let other = stage.upload_as(Label { campaign: "d".into(), ..label("") }, &csv(&part(5, 2)));
    assert_eq!((again.accepted, other.accepted), (1, 1));
    let mut to: Vec<String> = (0..3)
        .map(|_| stage.tick())
        .last()
        .map(|_| stage.carrier.orders())
        .unwrap()
        .into_iter()
        .map(|o| o.to)
        .collect();
    to.sort_unstable();
    assert_eq!(to, part(0, 7).iter().map(Stage::phone).collect::<Vec<_>>());
}

/// The ends of all parts together.
fn ends(split: &Split) -> BTreeMap<&'static str, u64> {
    let mut sum = BTreeMap::new();
    for (end, n) in split.parts.iter().flat_map(|part| &part.ends) {
        *sum.entry(*end).or_default() += n;
    }
    sum
}

#[test]
fn every_end_is_counted_with_its_list() {
    let mut stage = Stage::default();
    stage.campaign("c", json!({ "attempts": { "max": 2 } }));
    let lists = [("A", 0, 8), ("B", 8, 8), ("C", 16, 6)];
    let lists = lists.map(|(office, from, count)| stage.upload_as(label(office), &csv(&part(from, count))).list);
    stage.patch("c", json!({ "rate": { "calls_per_second": 1000.0, "concurrent": 12 } }));
    stage.tick();
    // Of each list some were informed, some wait for another attempt, some ring unheard of, some were never called.
    stage.deliver_some(9, |order| match order.to.ends_with(['0', '2', '4', '6', '8']) {
        true => Fate::Unanswered(Ending::Busy, Disposition::Busy),
        false => Fate::ALL[0],
    });
    stage.clock.advance(10_000);
    stage.patch("c", json!({ "rate": { "calls_per_second": 1000.0, "concurrent": 1 } }));
    stage.tick();
    stage.withdraw(&lists[2]);
    stage.tick();
    let (report, offices) = (stage.report("c"), by(&stage, By::Office));
    assert_eq!(ends(&offices), report.ends);
    let sum = |of: fn(&Part) -> u64| offices.parts.iter().map(of).sum::<u64>();
    assert_eq!((sum(|p| p.waiting), sum(|p| p.retrying)), (report.waiting, report.retrying));
    assert!(report.waiting > 0 && report.retrying > 1 && report.in_call > 0, "{report:?}");
    assert!(offices.parts.iter().filter(|part| part.retrying > 0).count() > 1, "{offices:?}");
    // What is left ends with the campaign, each with its own list.
    stage.set_state("c", State::Finished);
    stage.tick();
    stage.deliver(|_| Fate::ALL[0]);
    stage.run_to_the_end(|_| Fate::ALL[0]);
    let (report, offices) = (stage.report("c"), by(&stage, By::Office));
    assert_eq!((report.contacts, ends(&offices)), (22, report.ends.clone()));
    let all: Vec<_> = offices.parts.iter().map(|p| (p.of.as_str(), p.contacts, p.ends.values().sum::<u64>())).collect();
    assert_eq!(all, [("A", 8, 8), ("B", 8, 8), ("C", 6, 6)]);
    assert!(report.ends["expired"] > 0 && report.ends["withdrawn"] > 0 && report.ends["reached"] > 0, "{report:?}");
}

#[test]
fn figures_are_split_by_where_the_lists_come_from() {
    let mut stage = Stage::default();
    stage.campaign("c", json!({ "attempts": { "max": 1 } }));
    let first = stage.upload_as(label("541"), &csv(&part(0, 3)));
    stage.tick();
    stage.deliver(|_| Fate::ALL[0]);
    let second = stage.upload_as(Label { occasion: Some(Occasion::Regular), ..label("KANWIL-07") }, &csv(&part(3, 2)));
    let third = stage.upload_as(Label { part_of: Some(first.list.clone()), ..label("541") }, &csv(&part(4, 2)));
    stage.tick();
    stage.deliver(|order| match order.to.ends_with('3') {
        true => Fate::Unanswered(Ending::Busy, Disposition::Busy),
        false => Fate::ALL[0],
    });
    stage.run_to_the_end(|_| Fate::ALL[0]);
    let report = stage.report("c");
    let offices = by(&stage, By::Office);
    let figures =
        |p: &Part| (p.of.clone(), p.lists.len(), p.rows, p.contacts, p.waiting, p.attempts, p.right_party_contacts);
    assert_eq!(
        offices.parts.iter().map(figures).collect::<Vec<_>>(),
        [("541".into(), 2, 5, 4, 0, 4, 4), ("KANWIL-07".into(), 1, 2, 2, 0, 2, 1)]
    );
    assert_eq!(offices.parts[1].dispositions["busy"], 1);
    // Whatever it is split by, the parts are the whole.
    for by in [By::Office, By::Occasion, By::List].map(|what| by(&stage, what)) {
        let sum = |of: fn(&Part) -> u64| by.parts.iter().map(of).sum::<u64>();
        assert_eq!(
            (sum(|p| p.contacts), sum(|p| p.attempts), sum(|p| p.right_party_contacts), sum(|p| p.talk_seconds)),
            (report.contacts, report.attempts, report.right_party_contacts, report.talk_seconds)
        );
        assert_eq!(ends(&by), report.ends);
    }
    let lists: Vec<_> = by(&stage, By::List).parts.into_iter().map(|p| (p.of, p.lists.len())).collect();
    let mut expected = vec![(first.list, 2), (second.list, 1)];
    expected.sort_unstable();
    assert_eq!(lists, expected);
    assert_eq!(third.accepted, 1);
}
