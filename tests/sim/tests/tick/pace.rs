//! What holds orders back besides the campaign's rate: the account's limits, rests, the breaker, caller ids, the ramp.

use dering::attempt::{Ending, News};
use dering::campaign::Limits;
use dering::store::Counting;
use dering_sim::tick::{Fault, Gate, Outside, Reply, Seen, Stage, people};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn staged(changes: Value, contacts: u32) -> Stage {
    let stage = Stage::default();
    stage.campaign("c", changes);
    stage.upload("c", &people(contacts));
    stage
}

fn busiest(seen: &[Seen], window_ms: i64) -> usize {
    let within = |from: i64| seen.iter().filter(|o| (from..from + window_ms).contains(&o.at_ms)).count();
    seen.iter().map(|o| within(o.at_ms)).max().unwrap_or(0)
}

/// Ticks until so much time has passed; the merged reasons.
fn run(outside: &Outside<'_>, ms: i64) -> BTreeMap<&'static str, u64> {
    let (clock, mut held) = (&outside.stage.clock, BTreeMap::new());
    let until_ms = clock.now_ms() + ms;
    while clock.now_ms() < until_ms {
        outside.tick().held.into_iter().for_each(|(why, n)| *held.entry(why).or_default() += n);
        clock.advance(1_000);
    }
    held
}

fn hang_up(outside: &Outside<'_>, seen: &[Seen]) {
    let news = News::Ended { ending: Ending::Completed, talk_s: Some(3), sip: None, answered_by: None };
    seen.iter().for_each(|o| outside.stage.tell(&o.call, news.clone()));
}

#[test]
fn an_accounts_rate_holds_over_all_campaigns_and_each_gets_its_turns() {
    let stage = Stage::default();
    for (n, campaign) in ["a", "b", "c"].into_iter().enumerate() {
        stage.campaign(campaign, json!({ "rate": { "calls_per_second": 100.0 } }));
        let mut list = people(300);
        for p in &mut list {
            p.number += 1_000 * n as u32;
            p.phone = format!("81{n}00{:06}", p.number);
        }
        stage.upload(campaign, &list);
    }
    let mut outside = Outside::new(&stage);
    outside.limits.calls_per_second = Some(5.0);
    let held = run(&outside, 60_000);
    let seen = outside.seen();
    assert!((180..=310).contains(&seen.len()), "{}", seen.len());
    assert!(busiest(&seen, 1_000) <= 7 && busiest(&seen, 60_000) <= 302);
    assert!(held["rate"] > 0);
    for n in 0..3 {
        let of = seen.iter().filter(|o| o.to.starts_with(&format!("+6281{n}"))).count();
        assert!(of * 5 >= seen.len(), "{of} of {}", seen.len());
    }
}

#[test]
fn an_accounts_calls_at_once_hold_over_all_campaigns_and_are_shared_by_the_shards() {
    let stage = Stage::default();
    for (n, campaign) in ["a", "b"].into_iter().enumerate() {
        stage.campaign(campaign, json!({}));
        let mut list = people(30);
        list.iter_mut().for_each(|p| p.number += 100 * n as u32);
        list.iter_mut().for_each(|p| p.phone = format!("81{n}00{:06}", p.number));
        stage.upload(campaign, &list);
    }
    let mut outside = Outside::new(&stage);
    outside.limits = Limits { calls_per_second: None, concurrent: Some(15) };
    outside.shards = 2;
    assert_eq!((outside.tick().claimed, outside.tick().held["concurrent"]), (8, 52));
    hang_up(&outside, &outside.take()[..3]);
    assert_eq!(outside.tick().claimed, 3);
}

#[test]
fn a_campaigns_limits_are_shared_by_the_shards() {
    let stage = staged(json!({ "rate": { "calls_per_second": 10.0, "concurrent": 7 } }), 100);
    let mut outside = Outside::new(&stage);
    outside.shards = 4;
    // 2.5 a second for two seconds, and at most two of the seven lines.
    assert_eq!(outside.tick().claimed, 2);
    let stage = staged(json!({ "rate": { "calls_per_second": 10.0 } }), 100);
    let mut outside = Outside::new(&stage);
    outside.shards = 4;
    assert_eq!(outside.tick().claimed, 5);
}

#[test]
fn whoever_says_429_is_left_alone_as_long_as_it_asks() {
    let stage = staged(json!({ "rate": { "calls_per_second": 10.0 } }), 300);
    let outside = Outside::new(&stage);
    outside.answers(|_| Reply::Refused(429, 20429, Some(40)));
    let report = outside.tick();
    // The first refusal stops the orders behind it.
    assert_eq!((report.claimed, report.held["provider_resting"]), (20, 19));
    let refused = outside.take();
    let (refused_ms, 1) = (refused[0].at_ms, refused.len()) else { panic!("{refused:?}") };
    outside.answers(|_| Reply::Taken);
    stage.clock.advance(4_000);
    let held = run(&outside, 30_000);
    assert_eq!((outside.take().len(), held.contains_key("provider_resting")), (0, true));
    run(&outside, 20_000);
    let seen = outside.take();
    assert!(
        seen[0].at_ms >= refused_ms + 40_000 && seen[0].at_ms < refused_ms + 44_000,
        "{}",
        seen[0].at_ms - refused_ms
    );
    // It cost nobody an attempt.
    let report = stage.report("c");
    assert_eq!((report.attempts, report.dispositions["not_placed"]), (0, 20));
    assert_eq!(stage.attempts("c").iter().filter(|a| a.attempt > 1).count(), 0);
}

#[test]
fn without_a_retry_after_it_is_left_alone_ever_longer() {
    let stage = staged(json!({ "rate": { "calls_per_second": 10.0 } }), 300);
    let outside = Outside::new(&stage);
    outside.answers(|_| Reply::Refused(429, 20429, None));
    run(&outside, 400_000);
    let times: Vec<i64> = outside.take().iter().map(|o| o.at_ms).collect();
    let gaps: Vec<i64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    assert!(
        gaps.iter().zip([1, 2, 4, 8, 16, 32, 60, 60]).all(|(gap, s)| (s * 1000..s * 1000 + 5_000).contains(gap)),
        "{gaps:?}"
    );
    assert!(gaps.len() >= 7);
}

#[test]
fn a_dead_provider_is_tried_by_a_few_probes_and_used_again_when_it_lives() {
    for dead in [Reply::NotReached, Reply::Lost, Reply::Refused(401, 20003, None)] {
        let stage = staged(json!({ "rate": { "calls_per_second": 10.0 } }), 2_000);
        let outside = Outside::new(&stage);
        run(&outside, 10_000);
        assert!(outside.take().len() > 60);
        outside.answers(move |_| dead);
        let held = run(&outside, 600_000);
        let tried = outside.take().len();
        // Five in a row; then up to three probes after 30 s, 1, 2 and 4 minutes.
        assert!((8..=17).contains(&tried), "{tried}: {dead:?}");
        assert!(held["breaker_open"] > 0, "{held:?}");
        outside.answers(|_| Reply::Taken);
        run(&outside, 600_000);
        assert!(outside.take().len() > 500, "{dead:?}");
    }
}

#[test]
fn a_ticks_answers_are_read_once_and_given_up_when_it_died() {
    let stage = staged(json!({ "rate": { "calls_per_second": 10.0, "concurrent": 20 } }), 100);
    let outside = Outside::new(&stage);
    let unread = || stage.state().pace.unread().count();
    let pages = || stage.store.keys().iter().filter(|k| k.starts_with("dering/r/")).count();
    outside.tick();
    assert_eq!((unread(), pages()), (1, 1));
    stage.clock.advance(4_000);
    outside.tick();
    assert_eq!((unread(), pages()), (0, 0));
    hang_up(&outside, &outside.take());
    stage.clock.advance(4_000);
    let gate = Gate::open();
    let calm = stage.fork().tick_through(&gate, 0).0.map(|r| r.map(|r| r.placed));
    assert_eq!(calm, Some(Ok(20)));
    // The last point but one of a tick: what it heard is written.
    assert!(stage.tick_through(&Gate::failing(gate.passed() - 2, Fault::DieBefore), 0).0.is_none());
    stage.clock.advance(30_000);
    outside.tick();
    assert_eq!((unread(), pages()), (1, 0));
    stage.clock.advance(32_000);
    outside.tick();
    assert_eq!(unread(), 0);
}

#[test]
fn the_answers_cost_no_commit() {
    for reply in
        [Reply::Taken, Reply::NotReached, Reply::Refused(429, 20429, Some(1)), Reply::Refused(400, 21210, None)]
    {
        let stage = staged(json!({ "rate": { "calls_per_second": 100.0 } }), 1_000);
        let outside = Outside::new(&stage);
        outside.answers(move |_| reply);
        for _ in 0..3 {
            let store = Counting::new(&stage.store);
            outside.tick_over(&store);
            assert!(store.counts().commits <= 8, "{:?}", store.counts());
            hang_up(&outside, &outside.take());
            stage.clock.advance(4_000);
        }
    }
}

const IDS: [&str; 3] = ["+622150000001", "+622150000002", "+622150000003"];

#[test]
fn a_refused_caller_id_is_out_for_a_day_or_until_the_list_is_edited() {
    let ids = json!({ "caller_ids": IDS, "rate": { "calls_per_second": 5.0 } });
    let stage = staged(ids.clone(), 3_000);
    let outside = Outside::new(&stage);
    let flagged = |o: &Seen| if o.from == IDS[1] { Reply::Refused(400, 21210, None) } else { Reply::Taken };
    outside.answers(flagged);
    run(&outside, 60_000);
    let from = |id: &str, seen: &[Seen]| seen.iter().filter(|o| o.from == id).count();
    let seen = outside.take();
    assert_eq!(from(IDS[1], &seen), 1);
    assert!(from(IDS[0], &seen) > 50 && from(IDS[2], &seen) > 50);
    let out = outside.tick().caller_ids_out;
    assert_eq!(
        (out.len(), out[0].number.as_str(), out[0].code.as_str(), out[0].provider),
        (1, IDS[1], "21210", "twilio")
    );
    assert_eq!(stage.report("c").caller_ids_out, out);

    // An edit of something else changes nothing.
    stage.campaign("c", json!({ "caller_ids": IDS, "rate": { "calls_per_second": 6.0 } }));
    run(&outside, 20_000);
    assert_eq!(from(IDS[1], &outside.take()), 0);
    stage.campaign("c", json!({ "caller_ids": [IDS[1], IDS[0]], "rate": { "calls_per_second": 6.0 } }));
    run(&outside, 20_000);
    assert_eq!(from(IDS[1], &outside.take()), 1);
    assert_eq!(outside.tick().caller_ids_out.len(), 1);
    stage.clock.advance(24 * 3_600_000);
    outside.answers(|_| Reply::Taken);
    run(&outside, 20_000);
    assert!(from(IDS[1], &outside.take()) > 10);
    assert_eq!(stage.report("c").caller_ids_out, []);
}

#[test]
fn without_a_caller_id_nobody_is_called_and_the_reason_is_told() {
    let stage = staged(json!({ "caller_ids": [IDS[0]], "rate": { "calls_per_second": 5.0 } }), 30);
    let outside = Outside::new(&stage);
    outside.answers(|_| Reply::Refused(400, 21212, None));
    outside.tick();
    stage.clock.advance(4_000);
    let report = outside.tick();
    assert_eq!((outside.take().len(), report.claimed, report.held["caller_id_out"]), (1, 0, 30));
    stage.campaign("c", json!({ "caller_ids": [] }));
    assert_eq!(outside.tick().held["no_caller_id"], 30);
    // A number for elsewhere only.
    stage.campaign("c", json!({ "caller_ids": [{ "number": IDS[0], "regions": ["+6221"] }] }));
    assert_eq!(outside.tick().held["no_caller_id"], 30);
    assert_eq!(outside.take().len(), 0);
}

#[test]
fn caller_ids_go_by_region_weight_and_their_own_limits() {
    let regional =
        json!([IDS[0], { "number": IDS[1], "weight": 3 }, { "number": IDS[2], "regions": ["+628120000001"] }]);
    let stage = staged(json!({ "caller_ids": regional, "rate": { "calls_per_second": 100.0 } }), 400);
    let outside = Outside::new(&stage);
    run(&outside, 10_000);
    for o in outside.seen() {
        assert_eq!(o.from == IDS[2], o.to.starts_with("+628120000001"), "{o:?}");
    }
    let of = |id: &str| outside.seen().iter().filter(|o| o.from == id).count();
    assert_eq!(of(IDS[2]), 10);
    assert!((240..=340).contains(&of(IDS[1])), "{}", of(IDS[1]));

    let own = json!({ "calls_per_second": 2.0, "concurrent": 25 });
    let stage = staged(json!({ "caller_ids": IDS, "rate": { "calls_per_second": 100.0, "per_caller_id": own } }), 400);
    let outside = Outside::new(&stage);
    let held = run(&outside, 60_000);
    let seen = outside.seen();
    assert_eq!(seen.len(), 75);
    assert!(held["concurrent"] > 0 && held["rate"] > 0, "{held:?}");
    for id in IDS {
        let of: Vec<Seen> = seen.iter().filter(|o| o.from == id).cloned().collect();
        assert!(of.len() == 25 && busiest(&of, 1_000) <= 3, "{}", of.len());
        // All of its rate is used.
        assert!(of[24].at_ms - of[0].at_ms < 20_000);
    }
}

#[test]
fn after_a_start_and_a_resumption_the_rate_rises() {
    let rate = json!({ "rate": { "calls_per_second": 20.0, "ramp_up": "5m" }, "confirm_above": 20_000 });
    let stage = staged(rate, 20_000);
    let outside = Outside::new(&stage);
    for _ in 0..2 {
        let mut minutes = Vec::new();
        for _ in 0..7 {
            run(&outside, 60_000);
            let seen = outside.take();
            hang_up(&outside, &seen);
            minutes.push(seen.len() as f64 / 60.0);
        }
        // In the middle of each minute: 10 % and a tenth of 90 %, then another fifth of it.
        for (seen, part) in minutes.iter().zip([0.19, 0.37, 0.55, 0.73, 0.91, 1.0, 1.0]) {
            assert!((0.6..=1.03).contains(&(seen / (20.0 * part))), "{minutes:?}");
        }
        assert!(minutes.windows(2).take(5).all(|w| w[0] < w[1]), "{minutes:?}");
        stage.set_state("c", dering::campaign::State::Paused);
        outside.tick();
        stage.set_state("c", dering::campaign::State::Running);
    }
}

#[test]
fn two_hosts_whose_clocks_differ_keep_the_rate_but_for_the_difference() {
    for skew_s in [0, 1, 3] {
        for rate in [1.0, 8.0, 40.0] {
            let stage = staged(json!({ "rate": { "calls_per_second": rate } }), 4_000);
            let (a, b) = (Outside::new(&stage), Outside::new(&stage));
            b.skew_ms.set(skew_s * 1_000);
            for round in 0..30 {
                if round % 2 == 0 {
                    a.tick()
                } else {
                    b.tick()
                };
                stage.clock.advance([0, 700, 2_500][round % 3]);
            }
            let mut seen = [a.take(), b.take()].concat();
            seen.sort_by_key(|o| o.at_ms);
            assert!(seen.len() > 10);
            for window in [1, 10, 60] {
                let bound = (rate * (window as f64 + 0.25 + skew_s as f64)).ceil() as usize;
                let most = busiest(&seen, window * 1_000);
                assert!(most <= bound, "{most} in {window} s at {rate}, {skew_s} s apart");
            }
        }
    }
}

#[test]
fn a_clock_that_was_an_hour_ahead_does_not_stop_the_others() {
    let stage = staged(json!({ "rate": { "calls_per_second": 5.0 } }), 400);
    let (wrong, right) = (Outside::new(&stage), Outside::new(&stage));
    wrong.skew_ms.set(3_600_000);
    assert!(wrong.tick().claimed > 0);
    run(&right, 30_000);
    assert!(right.take().len() > 80);
}
