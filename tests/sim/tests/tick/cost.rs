//! What a tick costs: durable commits, whatever the batch.

use dering::attempt::ENDING_KINDS;
use dering_sim::tick::{Fate, Gate, Stage, people};
use serde_json::json;

const BUSY: fn(&dering_sim::tick::Ordered) -> Fate = |_| Fate::HungUp;

#[test]
fn an_idle_tick_commits_once() {
    let stage = Stage::default();
    stage.campaign("c", json!({}));
    stage.tick();
    stage.clock.advance(2_000);
    let (report, counts) = stage.tick_counted();
    assert_eq!((report.committed, counts.commits), (false, 1));
}

/// Campaigns that have contacts and may not call now.
#[test]
fn a_tick_over_a_thousand_sleeping_campaigns_reads_twice() {
    let costs = [1, 1_000].map(|campaigns| {
        let stage = Stage::default();
        let asleep = json!({ "starts": "2027-03-10" });
        for n in 0..campaigns {
            let id = format!("c{n}");
            let mut list = people(2);
            list.iter_mut().for_each(|p| p.number += 2 * n);
            stage.campaign(&id, asleep.clone());
            stage.upload(&id, &list);
        }
        for _ in 0..14 {
            stage.clock.advance(2_000);
            stage.tick();
        }
        stage.clock.advance(2_000);
        let (report, counts) = stage.tick_counted();
        assert_eq!((report.waiting, report.claimed), (u64::from(2 * campaigns), 0));
        assert!(counts.get + counts.get_all <= 2 && counts.counter <= 1 && counts.commits == 1, "{counts:?}");
        counts
    });
    assert_eq!(costs[0], costs[1]);
}

#[test]
fn a_busy_tick_commits_as_often_for_500_calls_as_for_one() {
    let mut costs = Vec::new();
    for batch in [1, 500] {
        let mut stage = Stage::default();
        stage.campaign("c", json!({ "rate": { "calls_per_second": 1000.0, "concurrent": batch } }));
        stage.upload("c", &people(2 * batch));
        let (first, counts) = stage.tick_counted();
        assert_eq!((first.claimed, first.placed), (batch, batch));
        assert!(counts.commits <= 8, "{counts:?}");
        stage.deliver(BUSY);
        stage.clock.advance(4_000);
        let (second, counts) = stage.tick_counted();
        assert_eq!((second.folded, second.claimed, second.placed), (batch, batch, batch));
        assert!(counts.commits <= 8, "{counts:?}");
        costs.push(counts.commits);
    }
    assert_eq!(costs[0], costs[1]);
}

/// What is known or cannot be yet is not asked for; an instance that has not seen it asks again, and does the same.
#[test]
fn calls_that_are_not_dialled_or_have_just_ended_are_not_asked_for() {
    let outcomes = [false, true].map(|forgets| {
        let mut stage = Stage::default();
        stage.campaign("c", json!({ "rate": { "calls_per_second": 100.0, "concurrent": 200 } }));
        stage.upload("c", &people(200));
        let mut asked = Vec::new();
        let mut tick = |stage: &mut Stage, pass_ms, skew_ms| {
            stage.clock.advance(pass_ms);
            if forgets {
                stage.memory = Default::default();
            }
            let (ended, counts) = stage.tick_elsewhere(&Gate::open(), 0, skew_ms);
            let report = ended.expect("it does not die").expect("it succeeds");
            asked.push(counts.keys);
            (report.open, report.folded)
        };
        // The second tick runs on a host whose clock is behind: nobody has been dialled yet.
        let mut seen = [(0, 0), (0, -10_000), (0, 0)].map(|(ms, skew_ms)| tick(&mut stage, ms, skew_ms)).to_vec();
        stage.deliver(BUSY);
        seen.extend([1_000, 1_000, 1_000].map(|ms| tick(&mut stage, ms, 0)));
        (seen, asked)
    });
    let [(seen, known), (seen_anew, unknown)] = outcomes;
    assert_eq!(seen, seen_anew);
    let endings = 200 * ENDING_KINDS.len() as u64;
    let asks = |asked: &[u64]| -> Vec<bool> { asked.iter().map(|keys| *keys >= endings).collect() };
    // Claimed; not dialled; dialled; ended; heard of; folded.
    assert_eq!(asks(&known), [true, false, true, true, false, true], "{known:?}");
    assert_eq!(asks(&unknown), [true, false, true, true, true, true], "{unknown:?}");
}

#[test]
fn with_500_calls_open_ten_calls_share_a_commit() {
    let mut stage = Stage::default();
    stage.campaign("c", json!({ "rate": { "calls_per_second": 1000.0, "concurrent": 500 } }));
    stage.upload("c", &people(2_500));
    assert_eq!(stage.tick().claimed, 500);
    let (mut commits, mut calls) = (0, 0);
    for _ in 0..20 {
        stage.deliver_some(80, BUSY);
        stage.clock.advance(4_000);
        let (report, counts) = stage.tick_counted();
        assert_eq!((report.folded, report.claimed, report.open), (80, 80, 500));
        commits += counts.commits;
        calls += u64::from(report.folded);
    }
    assert!(commits * 10 <= calls, "{commits} commits for {calls} calls");
}
