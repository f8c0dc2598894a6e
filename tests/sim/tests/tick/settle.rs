//! Settlements that come while people wait for another attempt, and what the report says the calls brought.

use dering::list::feed::Kind;
use dering::settlement::{Answer, Intake};
use dering_sim::tick::{Fate, LIST_DAYS, Person, Stage, csv, drive, people};
use serde_json::json;

const DAY_MS: i64 = 24 * 3_600_000;

fn npwp(person: &Person) -> String {
    let row = csv(std::slice::from_ref(person));
    row.lines().nth(1).and_then(|l| l.split(';').next()).unwrap().to_owned()
}

/// A feed about these people, filed on a day of March 2027.
fn feed(stage: &Stage, people: &[Person], day: u8, reversed: bool) -> Answer {
    let mut text = "NPWP;TGL LAPOR;BATAL\n".to_owned();
    people.iter().for_each(|p| text.push_str(&format!("{};{day:02}/03/2027;{reversed}\n", npwp(p))));
    let fed = drive(&stage.clock, async {
        let now = || stage.clock.now_ms();
        let mut intake = Intake::new(&stage.store, &stage.vault, 1, Kind::csv(), now());
        intake.push(text.as_bytes()).await?;
        intake.finish(now).await
    });
    fed.unwrap().unwrap()
}

/// A stage on which so many people were called on 1 March, nobody answered, and the next attempt is a day away.
fn waiting(count: u32) -> (Stage, Vec<Person>) {
    let mut stage = Stage::default();
    let list = people(count);
    stage.campaign(
        "c",
        json!({ "attempts": { "retry": { "no_answer": { "after": "30h", "other_part_of_day": false } } } }),
    );
    stage.upload("c", &list);
    stage.tick();
    let no_answer = Fate::ALL[11];
    stage.deliver(|_| no_answer);
    stage.clock.advance(4_000);
    assert_eq!(stage.tick().folded, count);
    (stage, list)
}

#[test]
fn whoever_settles_while_waiting_ends_at_once_and_not_at_the_next_turn() {
    let (mut stage, list) = waiting(450);
    stage.clock.advance(DAY_MS);
    assert_eq!(stage.report("c").retrying, 450);
    assert_eq!(feed(&stage, &list[100..400], 2, false).tally.accepted, 300);
    let mut ticks = 0;
    while stage.report("c").ends["settled"] < 300 && ticks < 10 {
        let (report, counts) = stage.tick_counted();
        assert!(report.again_after_ms <= 1_000 || stage.report("c").ends["settled"] == 300);
        assert!(counts.commits <= 7, "{counts:?}");
        ticks += 1;
    }
    let report = stage.report("c");
    assert_eq!((report.ends["settled"], report.retrying, report.balanced), (300, 150, true));
    assert!(ticks <= 5, "{ticks} ticks");
    // Nothing is left to be looked at: ticks cost no more than before.
    stage.tick();
    stage.tick();
    let (_, counts) = stage.tick_counted();
    assert_eq!((counts.set, counts.set_many), (0, 0), "{counts:?}");
    // The others are called when it is their turn, and only they.
    let before = stage.carrier.orders().len();
    stage.run_to_the_end(|_| Fate::ALL[0]);
    assert_eq!(stage.carrier.orders().len() - before, 150);
    assert_eq!(stage.report("c").ends["settled"], 300);
}

#[test]
fn the_report_says_whether_a_call_came_before() {
    let (mut stage, list) = waiting(4);
    let late = people(6)[4..].to_vec();
    stage.clock.advance(2 * DAY_MS);
    // One filed the day before it was called, one on that day, one the day after; of two nobody called yet, one filed.
    feed(&stage, &list[..1], 1, false);
    feed(&stage, &list[1..2], 2, false);
    feed(&stage, &late[..1], 2, false);
    stage.upload("c", &late);
    stage.run_to_the_end(|_| Fate::ALL[0]);
    let report = stage.report("c");
    assert_eq!((report.ends["settled"], report.ends["reached"]), (3, 3));
    assert_eq!((report.effect.settled_before_call, report.effect.settled_after_call), (1, 2));
    assert_eq!(report.effect.days_between.into_iter().collect::<Vec<_>>(), [(0, 1), (1, 1)]);
    assert_eq!(report.effect.mean_days, Some(0.5));
}

#[test]
fn who_filed_before_the_call_is_counted_as_before() {
    let (stage, list) = waiting(1);
    // 28 February: the feed came late.
    let text = format!("NPWP;TGL LAPOR\n{};28/02/2027\n", npwp(&list[0]));
    let fed = drive(&stage.clock, async {
        let mut intake = Intake::new(&stage.store, &stage.vault, 1, Kind::csv(), stage.clock.now_ms());
        intake.push(text.as_bytes()).await?;
        intake.finish(|| stage.clock.now_ms()).await
    });
    assert_eq!(fed.unwrap().unwrap().tally.accepted, 1);
    stage.tick();
    stage.tick();
    let effect = stage.report("c").effect;
    assert_eq!((effect.settled_before_call, effect.settled_after_call, effect.mean_days), (1, 0, None));
}

#[test]
fn a_payment_that_bounced_leads_to_a_call_again() {
    let (mut stage, list) = waiting(2);
    feed(&stage, &list, 1, false);
    feed(&stage, &list[..1], 1, true);
    stage.clock.advance(3 * DAY_MS);
    stage.run_to_the_end(|_| Fate::ALL[0]);
    let report = stage.report("c");
    assert_eq!((report.ends["settled"], report.ends["reached"]), (1, 1));
    const { assert!(LIST_DAYS > 3) };
}

#[test]
fn what_came_of_calls_that_reached_somebody_is_looked_up_two_weeks_later() {
    let mut stage = Stage::default();
    let list = people(4);
    stage.campaign("c", json!({}));
    stage.upload("c", &list);
    // One of the four is somebody else.
    let wrong = Stage::phone(&list[3]);
    stage.run_to_the_end(|order| Fate::ALL[if order.to == wrong { 5 } else { 0 }]);
    // One files two days later, one had filed before; the feed tells it afterwards.
    stage.clock.advance(2 * DAY_MS);
    feed(&stage, &list[..1], 3, false);
    let text = format!("NPWP;TGL LAPOR\n{};28/02/2027\n{};02/03/2027\n", npwp(&list[1]), npwp(&list[3]));
    let fed = drive(&stage.clock, async {
        let mut intake = Intake::new(&stage.store, &stage.vault, 1, Kind::csv(), stage.clock.now_ms());
        intake.push(text.as_bytes()).await?;
        intake.finish(|| stage.clock.now_ms()).await
    });
    assert_eq!(fed.unwrap().unwrap().tally.accepted, 2);
    stage.tick();
    assert_eq!(stage.report("c").effect.reached.followed_up, 0);
    stage.clock.advance(14 * DAY_MS);
    (0..4).for_each(|_| drop(stage.tick()));
    let reached = stage.report("c").effect.reached;
    assert_eq!((reached.followed_up, reached.settled, reached.mean_days), (3, 1, Some(2.0)));
    assert_eq!(reached.days_between.into_iter().collect::<Vec<_>>(), [(2, 1)]);
}
