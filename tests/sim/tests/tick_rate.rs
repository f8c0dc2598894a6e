//! The rate of orders, and the limit of calls at once.

use dering_sim::tick::{Dice, Fate, Gate, Ordered, Stage, people};
use serde_json::json;

/// The most orders in any rolling second.
fn busiest_second(orders: &[Ordered]) -> usize {
    let mut times: Vec<i64> = orders.iter().map(|o| o.at_ms).collect();
    times.sort_unstable();
    let within = |from: &i64| times.iter().filter(|at| (*from..from + 1_000).contains(*at)).count();
    times.iter().map(within).max().unwrap_or(0)
}

fn staged(rate: f64, concurrent: u32, contacts: u32) -> Stage {
    let stage = Stage::default();
    stage.campaign("c", json!({ "rate": { "calls_per_second": rate, "concurrent": concurrent } }));
    stage.upload("c", &people(contacts));
    stage
}

#[test]
fn no_second_has_more_orders_than_the_rate_and_no_moment_more_calls_than_the_limit() {
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
        let most = busiest_second(&orders);
        assert!(most <= rate.ceil() as usize + 1, "{most} orders in a second at {rate}");
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
        let most = busiest_second(&stage.carrier.orders());
        let what = format!("{rate} a second, {verb_ms} ms a verb, {answer_ms} ms an answer");
        // A delay too short to count may add a fiftieth.
        assert!(most as f64 <= rate * 1.02 + 1.0, "{most} orders in a second: {what}");
        assert!(stage.carrier.orders().len() > 100, "{}: {what}", stage.carrier.orders().len());
    }
}
