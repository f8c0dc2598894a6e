//! The rate of orders, and the limit of calls at once.

use dering_sim::tick::{Dice, Fate, Gate, Ordered, Overlap, Stage, people};
use serde_json::json;

/// The most orders in any rolling window of so many seconds.
fn busiest(orders: &[Ordered], seconds: i64) -> usize {
    let mut times: Vec<i64> = orders.iter().map(|o| o.at_ms).collect();
    times.sort_unstable();
    let within = |from: &i64| times.iter().filter(|at| (*from..from + seconds * 1_000).contains(*at)).count();
    times.iter().map(within).max().unwrap_or(0)
}

/// The documented bound, for one clock.
fn bound(rate: f64, seconds: i64) -> usize {
    (rate * (seconds as f64 + 0.25)).ceil() as usize
}

fn holds(orders: &[Ordered], rate: f64, what: &str) {
    for seconds in [1, 10, 60] {
        let most = busiest(orders, seconds);
        assert!(most <= bound(rate, seconds), "{most} orders in {seconds} s at {rate}: {what}");
    }
}

fn staged(rate: f64, concurrent: u32, contacts: u32) -> Stage {
    let stage = Stage::default();
    stage.campaign("c", json!({ "rate": { "calls_per_second": rate, "concurrent": concurrent } }));
    stage.upload("c", &people(contacts));
    stage
}

#[test]
fn no_window_has_more_orders_than_the_rate_and_no_moment_more_calls_than_the_limit() {
    for (rate, limit) in [(0.4, 5), (1.0, 10), (7.0, 30), (33.3, 60)] {
        let mut stage = staged(rate, limit as u32, 400);
        let mut dice = Dice::new(7);
        for round in 0..80 {
            let ringing = stage.untold().len();
            let report = stage.tick();
            assert!(ringing + report.claimed as usize <= limit);
            stage.deliver_some(dice.below(limit), |o| Fate::of(&o.call, 3));
            // An hour without ticks must not be made up for.
            stage.clock.advance(if round == 40 { 3_600_000 } else { dice.below(1_500) as i64 });
        }
        let orders = stage.carrier.orders();
        assert!(orders.len() > 20, "{}", orders.len());
        holds(&orders, rate, "ticks at any distance");
        // Nothing stalled: not even the tolerance is used.
        assert!(busiest(&orders, 1) <= rate.ceil() as usize + 1);
    }
}

#[test]
fn the_rate_is_used_up() {
    let stage = staged(20.0, 10_000, 1_000);
    let from_ms = stage.clock.now_ms();
    while stage.clock.now_ms() < from_ms + 20_000 {
        stage.tick();
    }
    let seconds = (stage.clock.now_ms() - from_ms) / 1_000;
    assert!(stage.carrier.orders().len() as i64 >= 19 * seconds, "{}", stage.carrier.orders().len());
}

#[test]
fn a_slow_store_or_carrier_makes_no_burst() {
    for (rate, verb_ms, answer_ms) in [(20.0, 100, 200), (20.0, 200, 50), (100.0, 20, 1_500), (200.0, 5, 400)] {
        let stage = staged(rate, 10_000, 3_000);
        for _ in 0..10 {
            let (ended, _) = stage.tick_through(&Gate::slow(&stage.clock, verb_ms), answer_ms);
            ended.expect("it does not die").expect("it succeeds");
        }
        let orders = stage.carrier.orders();
        let most = busiest(&orders, 1);
        let what = format!("{rate} a second, {verb_ms} ms a verb, {answer_ms} ms an answer");
        // One tick after the other: a delay too short to count may add a fiftieth.
        assert!(most as f64 <= rate * 1.02 + 1.0, "{most} orders in a second: {what}");
        holds(&orders, rate, &what);
        assert!(orders.len() > 100, "{}: {what}", orders.len());
    }
}

#[test]
fn a_tick_that_stalls_anywhere_and_wakes_beside_the_next_makes_no_burst() {
    let rate = 40.0;
    let calm = staged(rate, 10_000, 400);
    calm.tick();
    let gate = Gate::open();
    calm.fork().tick_through(&gate, 0).0.expect("it does not die").expect("it succeeds");
    let points = gate.passed();
    assert!(points > 80, "{points}");
    let (mut most_held, mut both) = (0, 0);
    for at in 0..=points {
        for stall_ms in [30, 200, 260, 900, 2_100, 4_900, 3_600_000] {
            let stage = calm.fork();
            let before = stage.carrier.orders().len();
            let gates = [Gate::open().held(), Gate::open().held()];
            let mut ticks = Overlap::new(&stage, &gates);
            // The first goes as far as this point, as fast as its orders' turns allow.
            ticks.run_one(0, at);
            let after_first = stage.carrier.orders().len();
            stage.clock.advance(stall_ms);
            let mut dice = Dice::new(at as u64);
            ticks.run(|n| dice.below(n));
            let orders = stage.carrier.orders();
            holds(&orders, rate, &format!("stalled for {stall_ms} ms at point {at}"));
            both += usize::from(after_first > before && orders.len() > after_first);
            let calls = stage.carrier.calls();
            let held = stage.state().open.iter().filter(|o| !calls.contains(&o.call)).count();
            most_held = most_held.max(held);
        }
    }
    // The test is about stalls among orders, and orders that missed their turn.
    assert!(both > 100 && most_held > 10, "{both} {most_held}");
}

#[test]
fn many_ticks_at_once_in_random_orders_keep_the_rate() {
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let rate = [3.0, 25.0, 90.0][dice.below(3)];
        let mut stage = staged(rate, 10_000, 600);
        for _ in 0..6 {
            let gates = [Gate::open().held(), Gate::open().held(), Gate::open().held()];
            Overlap::new(&stage, &gates).run(|n| dice.below(n));
            let some = dice.below(20);
            stage.deliver_some(some, |_| Fate::HungUp);
            stage.clock.advance([0, 300, 4_000, 3_600_000][dice.below(4)]);
        }
        holds(&stage.carrier.orders(), rate, &format!("seed {seed}"));
    }
}
