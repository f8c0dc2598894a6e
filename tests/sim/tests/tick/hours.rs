//! R4 through whole ticks: what reaches the carrier rings within the hours of whoever is called.

use dering_sim::tick::{Dice, Gate, Ordered, Person, START_MS, Stage, npwp, people};
use serde_json::json;

const RING_MS: i64 = 25_000;
const MINUTE_MS: i64 = 60_000;
/// Two minutes of every three, all day.
fn hours() -> Vec<(i64, i64)> {
    (0..480).map(|n| (3 * n, 3 * n + 2)).collect()
}

/// Fixed lines of Jakarta, Bali and Jayapura, and how far their clocks are ahead of UTC.
const PLACES: [(&str, i64); 3] = [("21", 7), ("361", 8), ("967", 9)];

/// More people of a place than can be called while the test goes on.
fn residents(place: usize) -> Vec<Person> {
    let mut all = people(700);
    for person in &mut all {
        person.phone = format!("{}0{:06}", PLACES[place].0, person.number);
        person.number += 1_000 * place as u32;
    }
    all
}

/// The local clock of whoever is called at a moment, in milliseconds after midnight.
fn local_ms(order: &Ordered, at_ms: i64) -> i64 {
    let place = PLACES.iter().find(|(area, _)| order.to.starts_with(&format!("+62{area}")));
    let (_, ahead) = place.expect("one of ours");
    (at_ms + ahead * 60 * MINUTE_MS).rem_euclid(24 * 60 * MINUTE_MS)
}

#[test]
fn nothing_rings_into_a_break_or_past_the_hours_however_late_an_order_goes_out() {
    let stage = Stage::default();
    let hours = hours();
    let spans: Vec<String> = hours
        .iter()
        .map(|(from, to)| format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60))
        .collect();
    let changes =
        json!({ "callable_hours": { "mon-sun": spans }, "rate": { "calls_per_second": 1.5, "concurrent": 10_000 } });
    for (place, (area, _)) in PLACES.iter().enumerate() {
        let campaign = format!("c-{area}");
        stage.campaign(&campaign, changes.clone());
        stage.upload(&campaign, &residents(place));
    }
    let mut dice = Dice::new(4);
    while stage.clock.now_ms() < START_MS + 10 * MINUTE_MS {
        // Some ticks stall before they dial, and some answers take long.
        let (ended, _) = stage.tick_through(&Gate::open(), [0, 0, 400, 4_000][dice.below(4)]);
        ended.expect("it does not die").expect("it succeeds");
        stage.clock.advance(dice.below(2_000) as i64);
    }
    let orders = stage.carrier.orders();
    let within = |local_ms: i64| hours.iter().find(|(from, to)| (from * MINUTE_MS..to * MINUTE_MS).contains(&local_ms));
    for order in &orders {
        let (from, to) = (local_ms(order, order.at_ms), local_ms(order, order.at_ms + RING_MS));
        assert!(within(from).is_some() && within(from) == within(to), "{from} to {to}: {order:?}");
    }
    // Everywhere, and up to near the end of the hours.
    for (area, _) in PLACES {
        let here = orders.iter().filter(|o| o.to.starts_with(&format!("+62{area}")));
        let left_ms = here.map(|o| 2 * MINUTE_MS - local_ms(o, o.at_ms) % (3 * MINUTE_MS) - RING_MS).min();
        assert!(left_ms.is_some_and(|left| left < 10_000), "{area}: {left_ms:?}, {} orders", orders.len());
    }
}

#[test]
fn numbers_of_another_country_than_the_campaigns_are_held_not_called() {
    let stage = Stage::default();
    stage.campaign("c", json!({ "country": "SG", "time_zone": "Asia/Singapore" }));
    stage.upload("c", &people(3));
    assert_eq!(stage.tick().held.get("foreign_number"), Some(&3));
    assert!(stage.carrier.orders().is_empty());
}

/// The campaign's rules decide when a list is taken, and again when somebody of it is to be called.
#[test]
fn numbers_of_other_countries_and_premium_ones_are_called_while_the_campaign_allows_them() {
    let stage = Stage::default();
    let allowed = json!({ "foreign": ["SG"], "premium": true });
    // 10:00 in Jakarta, 11:00 in Singapore and Bali.
    stage.campaign("c", json!({ "callable_hours": { "mon-sun": ["11:00-12:00"] }, "allowed_numbers": allowed }));
    let person =
        |phone: &str, number: u32, zone: &str| format!("{};A;{phone};31/03/2027;{zone}\n", npwp(number, "013"));
    let file = [
        "NPWP;NAMA;HP;JATUH TEMPO;ZONA\n".to_owned(),
        person("+65 6123 4501", 1, ""),
        person("+65 6123 4502", 2, "WIB"),
        person("0812 0000 0103", 3, "WIB"),
        person("0809 1234504", 4, "WITA"),
        person("+60 12 345 6705", 5, "WITA"),
        person("0800 1234506", 6, "WITA"),
    ]
    .concat();
    let list = stage.upload_file("c", &file);
    assert_eq!((list.accepted, list.rejected), (4, 2));
    let called = |stage: &Stage| stage.carrier.orders().into_iter().map(|order| order.to).collect::<Vec<_>>();
    // Nobody may be called any more of those who were taken.
    stage.patch("c", json!({ "allowed_numbers": null }));
    assert_eq!(stage.tick().held.get("premium_number"), Some(&1));
    assert_eq!(called(&stage), Vec::<String>::new());
    // Looked at again a day later.
    stage.patch("c", json!({ "allowed_numbers": allowed }));
    stage.clock.advance(24 * 60 * MINUTE_MS);
    for _ in 0..3 {
        stage.tick();
        stage.clock.advance(1_000);
    }
    let mut first = called(&stage);
    first.sort();
    assert_eq!(first, ["+628091234504", "+6561234501"]);
    stage.patch("c", json!({ "allowed_numbers": null }));
    stage.clock.advance(60 * MINUTE_MS);
    for _ in 0..3 {
        assert_eq!(stage.tick().unclear, 0);
        stage.clock.advance(1_000);
    }
    // In Jakarta it is 11:00 now; the number of Singapore is not called any more.
    assert_eq!(called(&stage).len(), 3);
    assert!(called(&stage).contains(&"+6281200000103".to_owned()));
}

#[test]
fn a_blackout_set_while_a_campaign_runs_holds_from_the_next_tick() {
    let stage = Stage::default();
    let slow = json!({ "rate": { "calls_per_second": 1.0, "concurrent": 100 } });
    stage.campaign("c", slow.clone());
    stage.upload("c", &people(50));
    stage.tick();
    let before = stage.carrier.orders().len();
    assert!(before > 0);
    let mut closed = slow;
    closed["blackouts"] = json!(["2027-02-27/2027-03-01"]);
    stage.campaign("c", closed);
    for _ in 0..5 {
        stage.clock.advance(2_000);
        assert_eq!(stage.tick().held.get("outside_hours").copied(), Some(50 - before as u64));
    }
    assert_eq!(stage.carrier.orders().len(), before);
    // Tuesday, 00:00 in Jakarta.
    stage.clock.advance_to(START_MS + 14 * 60 * MINUTE_MS);
    stage.tick();
    assert!(stage.carrier.orders().len() > before);
}
