//! After the due date: stop, or another script.

use dering::assist::Stop;
use dering::attempt::{Disposition, Ending};
use dering::campaign::PersonLimits;
use dering::forecast::{self, Engine};
use dering::hours::LegalHours;
use dering::tick::{self, Asked};
use dering_sim::tick::{Agent, Conversation, Fate, Ordered, Stage, drive, npwp};
use serde_json::{Value, json};

const HEADER: &str = "NPWP;NAMA WP;NO TELP/HP;PERIHAL;JENIS PAJAK;MASA;TAHUN;JATUH TEMPO;PROVINSI\n";
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// Midnight at the beginning of Wednesday, 3 March 2027, in Jakarta.
const MIDNIGHT_MS: i64 = 1_804_006_800_000;
const A: Agent = Agent("agent-a");
const BUSY: Fate = Fate::Unanswered(Ending::Busy, Disposition::Busy);

fn row(person: u32, matter: &str, due: &str, province: &str) -> String {
    let npwp = npwp(person, "013");
    format!("{npwp};Orang Rekaan {person};081200{person:06};{matter};PPh Pasal 21;01;2027;{due};{province}\n")
}

/// Due on 2 March, in Jakarta.
fn due_soon() -> String {
    HEADER.to_owned() + &row(1, "BELUM BAYAR", "02/03/2027", "DKI Jakarta")
}

fn goes_on() -> Value {
    json!({ "matter": "not_paid", "ends": "2027-03-10", "after_due": { "script": "overdue" }, "attempts": { "max": 20 } })
}

fn stage(settings: Value) -> Stage {
    let stage = Stage::default();
    stage.campaign("c", settings);
    stage
}

/// Whether the call says that the due date has passed.
fn overdue(stage: &Stage, order: &Ordered) -> bool {
    let (mut call, _) = Conversation::answered(stage, order);
    let said = call.press("1");
    let (before, after) = (said.contains("paling lambat"), said.contains("sudah lewat"));
    assert!(before != after, "{said}");
    after
}

#[test]
fn the_script_changes_at_midnight_where_the_contact_is_and_a_call_keeps_its_own() {
    let stage = stage(goes_on());
    let west = row(1, "BELUM BAYAR", "02/03/2027", "DKI Jakarta");
    let east = row(2, "BELUM BAYAR", "02/03/2027", "Papua");
    stage.clock.advance_to(MIDNIGHT_MS - MINUTE_MS);
    stage.upload_file("c", &(HEADER.to_owned() + &west + &east));
    stage.tick();
    let mut orders = stage.carrier.orders();
    orders.sort_by(|a, b| a.to.cmp(&b.to));
    // In Papua it has been the next day for two hours.
    stage.clock.advance(2 * MINUTE_MS);
    assert_eq!(orders.iter().map(|order| overdue(&stage, order)).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn it_is_called_on_with_the_other_script_until_the_campaign_ends() {
    let mut stage = stage(goes_on());
    stage.upload_file("c", &due_soon());
    let mut days = Vec::new();
    while stage.report("c").ends["expired"] == 0 && stage.clock.now_ms() < MIDNIGHT_MS + 20 * DAY_MS {
        stage.tick();
        if let Some(order) = stage.untold().pop() {
            days.push((order.at_ms - MIDNIGHT_MS).div_euclid(DAY_MS) + 3);
            stage.deliver(|_| BUSY);
        }
        stage.clock.advance(60 * MINUTE_MS);
    }
    // Two a day, five in seven days: a person's limits hold on. The 11th is the day after the end.
    assert_eq!(days, [1, 1, 2, 2, 3, 8, 8, 9, 9, 10]);
    assert_eq!((stage.clock.now_ms() - MIDNIGHT_MS).div_euclid(DAY_MS), 8);
}

#[test]
fn attempts_are_an_end_too() {
    let mut settings = goes_on();
    settings["attempts"] = json!({ "max": 2 });
    let mut stage = stage(settings);
    stage.clock.advance_to(MIDNIGHT_MS - 60 * MINUTE_MS);
    stage.upload_file("c", &due_soon());
    stage.run_to_the_end(|_| BUSY);
    assert_eq!(stage.report("c").ends["exhausted"], 1);
    assert_eq!(stage.carrier.orders().len(), 2);
}

#[test]
fn a_campaign_that_is_set_to_stop_stops() {
    let mut stage = stage(goes_on());
    stage.clock.advance_to(MIDNIGHT_MS - 60 * MINUTE_MS);
    stage.upload_file("c", &due_soon());
    stage.tick();
    stage.deliver(|_| BUSY);
    stage.clock.advance(180 * MINUTE_MS);
    let mut settings = goes_on();
    settings["after_due"] = json!("stop");
    stage.campaign("c", settings);
    stage.tick();
    stage.clock.advance(60 * MINUTE_MS);
    stage.tick();
    assert_eq!(stage.report("c").ends["expired"], 1);
    assert_eq!(stage.carrier.orders().len(), 1);
}

#[test]
fn due_dates_that_are_past_are_refused_or_called_about_as_the_campaign_says() {
    let past = ["TUNGGAKAN", "BELUM BAYAR"].map(|matter| row(1, matter, "15/01/2027", "DKI Jakarta"));
    let past = HEADER.to_owned() + &past[0] + &past[1].replace(";01;", ";02;");
    let stops = stage(json!({ "matter": "not_paid" }));
    let list = stops.upload_file("c", &past);
    assert_eq!((list.accepted, list.tally.rejected["due_date_past"]), (0, 2));
    let on = stage(goes_on());
    assert_eq!(on.upload_file("c", &past).accepted, 2);
    on.tick();
    let orders = on.carrier.orders();
    // The other is of the same person.
    assert_eq!(orders.len(), 1);
    let (mut call, _) = Conversation::answered(&on, &orders[0]);
    let said = call.press("1");
    assert!(said.contains("tunggakan") && said.contains("sudah lewat"), "{said}");
}

#[test]
fn an_agent_who_waits_past_the_due_date_gets_the_other_script() {
    let mut settings = goes_on();
    settings["mode"] = json!("assisted");
    let stage = stage(settings);
    stage.clock.advance_to(MIDNIGHT_MS - MINUTE_MS);
    stage.upload_file("c", &due_soon());
    stage.tick();
    let message = |card: dering::assist::Card| card.screen.unwrap().script.message.unwrap();
    let card = A.claim_one(&stage, "1");
    let call = card.call.clone();
    assert!(!message(card).contains("sudah lewat"));
    stage.clock.advance(MINUTE_MS + 5_000);
    assert_eq!(A.start(&stage, &call).unwrap().why, Some(Stop::Expired));
    stage.tick();
    stage.clock.advance(2 * MINUTE_MS);
    stage.tick();
    let card = A.claim_one(&stage, "2");
    let call = card.call.clone();
    assert!(message(card).contains("sudah lewat"));
    assert!(A.start(&stage, &call).unwrap().go);
}

#[test]
fn the_rules_and_the_forecast_follow_the_setting() {
    for (settings, last_day, expired) in
        [(json!({ "matter": "not_paid" }), "2027-03-02", 1), (goes_on(), "2027-03-10", 0)]
    {
        let mut settings = settings;
        // Not before the 5th.
        settings["starts"] = json!("2027-03-02");
        settings["blackouts"] = json!(["2027-03-02/2027-03-04"]);
        settings["rate"] = json!({ "calls_per_second": 1.0, "concurrent": 1 });
        let stage = stage(settings);
        let list = stage.upload_file("c", &due_soon());
        let legal_hours = LegalHours::unlimited();
        let contact = format!("{}.2", list.list);
        let asked = Asked {
            contact: &contact,
            at_ms: MIDNIGHT_MS + DAY_MS,
            shards: 1,
            limits: PersonLimits::default(),
            legal_hours: &legal_hours,
        };
        let why = drive(&stage.clock, tick::why(&stage.store, &stage.vault, &asked)).unwrap().unwrap();
        let rule = why.rules.iter().find(|rule| rule.rule == "expired").unwrap();
        assert_eq!((rule.holds, rule.detail.contains(last_day)), (expired == 1, true), "{}", rule.detail);
        stage.tick();
        let engine = Engine { shards: 1, legal_hours: &legal_hours };
        let now_ms = stage.clock.now_ms();
        let (_, found) = drive(&stage.clock, forecast::campaign(&stage.store, &engine, "c", now_ms)).unwrap().unwrap();
        assert_eq!(found.ends.get("expired").copied().unwrap_or(0), expired, "{:?}", found.ends);
        assert_eq!(found.attempts > 0, expired == 0);
    }
}
