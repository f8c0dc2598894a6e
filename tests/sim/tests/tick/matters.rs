//! Several matters of a person in one call: from the file to what is said.

use dering::assist::Stop;
use dering::attempt::{Disposition, End, Ending};
use dering::campaign::PersonLimits;
use dering::contact::Matter;
use dering::hours::LegalHours;
use dering::list::DUTIES_MAX;
use dering::settlement::About;
use dering::store::{Store, keys};
use dering::tick::{self, Asked};
use dering_sim::tick::{Agent, Conversation, Fate, Stage, drive, npwp};
use serde_json::{Value, json};

const HEADER: &str = "NPWP;NAMA WP;NO TELP/HP;PERIHAL;JENIS PAJAK;KAP;KJS;MASA;TAHUN;JUMLAH;JATUH TEMPO;PROVINSI\n";
const DAY_MS: i64 = 86_400_000;
const A: Agent = Agent("agent-a");

/// A row: taxpayer, phone, matter, month of 2027, due date.
fn row(person: u32, phone: u32, matter: &str, month: u32, due: &str) -> String {
    let npwp = npwp(person, "013");
    format!(
        "{npwp};Orang Rekaan {person};081200{phone:06};{matter};PPh Pasal 21;411121;100;{month:02};2027;1000;{due};DKI Jakarta\n"
    )
}

const PAY: &str = "BELUM BAYAR";
const FILE: &str = "BELUM LAPOR SPT";

/// Two payments and a return of one person, with somebody else on the same phone, and the same person on another.
fn file() -> String {
    let rows = [
        row(1, 1, PAY, 1, "31/03/2027"),
        row(2, 1, PAY, 1, "31/03/2027"),
        row(1, 1, FILE, 1, "20/03/2027"),
        row(1, 9, PAY, 3, "31/03/2027"),
        row(1, 1, PAY, 2, "15/04/2027"),
    ];
    format!("{HEADER}{}", rows.concat())
}

fn stage(changes: Value) -> Stage {
    let stage = Stage::default();
    let mut settings = json!({ "matter": "not_paid", "matters_per_call": "all", "order": ["due_date"] });
    settings.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    stage.campaign("c", settings);
    stage
}

fn settle(stage: &Stage, person: u32, matter: Matter, month: u32) {
    let taxpayer_id = dering::list::taxpayer_id(&npwp(person, "013")).unwrap();
    let tax_period = format!("2027-{month:02}");
    let duty = About::Duty { taxpayer_id, matter, tax: "411121-100".into(), tax_period };
    drive(&stage.clock, stage.store.set(&duty.key(&stage.vault), b"1")).unwrap().unwrap();
}

fn settle_all(stage: &Stage) {
    settle(stage, 1, Matter::NotPaid, 1);
    settle(stage, 1, Matter::NotPaid, 2);
    settle(stage, 1, Matter::NotFiled, 1);
}

/// Months whose matters are named, in the order in which they are; a return with an `r`.
fn named(said: &str) -> Vec<&'static str> {
    let about = |line: &&str| line.starts_with("Hal ") || line.starts_with("Bapak atau Ibu");
    let month = |line: &str| match line {
        line if line.contains("es pe te") => Some("r"),
        line if line.contains("Januari") => Some("1"),
        line if line.contains("Februari") => Some("2"),
        line if line.contains("Maret dua ribu dua puluh tujuh sebesar") => Some("3"),
        _ => None,
    };
    said.lines().filter(about).filter_map(month).collect()
}

#[test]
fn rows_of_a_person_become_one_contact_where_the_campaign_allows_it_and_nobody_elses_join() {
    // A return and a payment of one tax and month are two matters.
    for (setting, contacts) in [("one", 5), ("all", 3)] {
        let stage = stage(json!({ "matters_per_call": setting }));
        let list = stage.upload_file("c", &file());
        assert_eq!((list.rows, list.accepted, list.duplicates), (5, 5, 0));
        assert_eq!((list.rows, list.size().contacts), (list.accepted + list.rejected, contacts));
        stage.tick();
        assert_eq!(stage.report("c").contacts, contacts);
    }
}

#[test]
fn all_matters_are_named_and_only_that_persons() {
    let stage = stage(json!({}));
    stage.upload_file("c", &file());
    stage.tick();
    // What falls due first is called first; the same phone and the same taxpayer are in that call.
    let [order] = stage.carrier.orders().try_into().unwrap();
    assert_eq!(order.to, "+6281200000001");
    let (mut call, greeting) = Conversation::answered(&stage, &order);
    assert!(greeting.contains("Orang Rekaan 1"), "{greeting}");
    assert!(named(&greeting).is_empty());
    let said = call.press("1");
    assert!(said.contains("ada tiga hal"), "{said}");
    assert_eq!(named(&said), ["r", "1", "2"]);
    call.press("1");
    stage.clock.advance(4_000);
    stage.tick();
    let attempts = stage.attempts("c");
    assert_eq!((attempts[0].row, &attempts[0].other_rows[..]), (4, &[2, 6][..]));
    assert_eq!((attempts[0].disposition, attempts[0].end), (Disposition::Promise, Some(End::Reached)));
}

#[test]
fn what_is_settled_before_the_call_is_not_named() {
    let stage = stage(json!({}));
    stage.upload_file("c", &file());
    settle(&stage, 1, Matter::NotPaid, 1);
    stage.tick();
    let (mut call, _) = Conversation::answered(&stage, &stage.carrier.orders()[0]);
    assert_eq!(named(&call.press("1")), ["r", "2"]);
}

#[test]
fn whose_matters_are_all_settled_is_not_called() {
    let stage = stage(json!({}));
    stage.upload_file("c", &file());
    settle_all(&stage);
    stage.tick();
    // On that phone only the other one is called.
    let on_it: Vec<_> = stage.carrier.orders().into_iter().filter(|o| o.to == "+6281200000001").collect();
    let greetings: Vec<_> = on_it.iter().map(|order| Conversation::answered(&stage, order).1).collect();
    assert!(greetings.len() == 1 && greetings[0].contains("Orang Rekaan 2"), "{greetings:?}");
    assert_eq!(stage.report("c").ends["settled"], 1);
}

#[test]
fn what_is_settled_while_it_rings_or_is_talked_about_is_left_out() {
    let stage = stage(json!({}));
    stage.upload_file("c", &file());
    stage.tick();
    settle(&stage, 1, Matter::NotFiled, 1);
    let (mut call, _) = Conversation::answered(&stage, &stage.carrier.orders()[0]);
    assert_eq!(named(&call.press("1")), ["1", "2"]);
    // One is left: from here it is a call about one matter.
    settle(&stage, 1, Matter::NotPaid, 1);
    let again = call.press("*");
    assert_eq!(named(&again), ["2"]);
    assert!(!again.contains("Hal satu") && again.contains("Jika Anda akan membayar"), "{again}");
    settle(&stage, 1, Matter::NotPaid, 2);
    let end = call.press("1");
    assert!(end.contains("kewajiban Anda sudah dipenuhi"), "{end}");
    stage.clock.advance(4_000);
    stage.tick();
    assert_eq!(stage.attempts("c")[0].end, Some(End::Settled));
}

#[test]
fn who_settles_all_while_it_rings_hears_that_nothing_is_needed() {
    let stage = stage(json!({}));
    stage.upload_file("c", &file());
    stage.tick();
    settle_all(&stage);
    let (_, said) = Conversation::answered(&stage, &stage.carrier.orders()[0]);
    assert!(said.contains("tidak ada yang perlu Anda lakukan") && named(&said).is_empty(), "{said}");
    stage.clock.advance(4_000);
    stage.tick();
    assert_eq!(stage.attempts("c")[0].end, Some(End::Settled));
}

#[test]
fn each_matter_has_its_own_last_day() {
    let mut stage = stage(json!({ "attempts": { "max": 9 } }));
    stage.upload_file("c", &(HEADER.to_owned() + &row(1, 1, FILE, 1, "20/03/2027") + &row(1, 1, PAY, 2, "31/03/2027")));
    let busy = Fate::Unanswered(Ending::Busy, Disposition::Busy);
    stage.tick();
    stage.deliver(|_| busy);
    stage.clock.advance(4_000);
    stage.tick();
    // The 21st: the return's day is over.
    stage.clock.advance(20 * DAY_MS);
    stage.tick();
    let order = stage.untold().pop().expect("it is called on");
    let (mut call, _) = Conversation::answered(&stage, &order);
    assert_eq!(named(&call.press("1")), ["2"]);
    // The payment comes in; what is left is past its day.
    let stage = self::stage(json!({}));
    stage.upload_file("c", &(HEADER.to_owned() + &row(1, 1, FILE, 1, "20/03/2027") + &row(1, 1, PAY, 2, "31/03/2027")));
    stage.clock.advance(20 * DAY_MS);
    settle(&stage, 1, Matter::NotPaid, 2);
    stage.tick();
    assert_eq!(stage.report("c").ends["expired"], 1);
    assert!(stage.carrier.orders().is_empty());
}

#[test]
fn nobody_calls_after_the_last_of_the_days() {
    let stage = stage(json!({}));
    stage.upload_file("c", &(HEADER.to_owned() + &row(1, 1, FILE, 1, "20/03/2027") + &row(1, 1, PAY, 2, "31/03/2027")));
    stage.clock.advance(31 * DAY_MS);
    stage.tick();
    assert_eq!(stage.report("c").ends["expired"], 1);
}

#[test]
fn an_agents_screen_has_all_matters_and_the_go_says_what_was_settled() {
    let stage = stage(json!({ "mode": "assisted" }));
    let rows = (1..=5).map(|month| row(1, 1, PAY, month, "31/03/2027")).collect::<String>();
    stage.upload_file("c", &(HEADER.to_owned() + &rows));
    settle(&stage, 1, Matter::NotPaid, 2);
    stage.tick();
    settle(&stage, 1, Matter::NotPaid, 1);
    let card = A.claim_one(&stage, "1");
    let screen = card.screen.unwrap();
    let rows: Vec<u32> = std::iter::once(&screen.about).chain(&screen.others).map(|about| about.row).collect();
    assert_eq!(rows, [4, 5, 6]);
    let message = screen.script.message.unwrap();
    assert!(message.contains("ada tiga hal") && message.contains("April") && message.contains("Mei"), "{message}");
    settle(&stage, 1, Matter::NotPaid, 4);
    let go = A.start(&stage, &card.call).unwrap();
    assert_eq!((go.go, go.settled_rows), (true, vec![2, 3, 5]));
    [3, 5].into_iter().for_each(|month| settle(&stage, 1, Matter::NotPaid, month));
    assert_eq!(A.heartbeat(&stage, &card.call).unwrap().stop, Some(Stop::Settled));
}

#[test]
fn any_of_the_rows_names_the_contact() {
    let stage = stage(json!({}));
    let list = stage.upload_file("c", &file());
    let why = |row: u32| {
        let contact = format!("{}.{row}", list.list);
        let (limits, legal_hours) = (PersonLimits::default(), LegalHours::unlimited());
        let at_ms = stage.clock.now_ms();
        let asked = Asked { contact: &contact, at_ms, shards: 1, limits, legal_hours: &legal_hours };
        drive(&stage.clock, tick::why(&stage.store, &stage.vault, &asked)).unwrap()
    };
    assert!((2..=6).all(|row| why(row).is_ok_and(|why| why.call)));
    assert!(why(7).is_err());
}

#[test]
fn more_rows_than_are_held_in_memory_are_put_together_all_the_same() {
    let stage = stage(json!({}));
    // The second row of each stands thousands of rows behind the first; one person has more than a call can be about.
    let persons = 7_500;
    let rows = |matter| (0..persons).map(move |p| row(p, p, matter, 1, "31/03/2027"));
    let many = (1..=12).chain(1..=3).enumerate();
    let many = many.map(|(i, month)| row(9_000, 9_000, if i < 12 { PAY } else { FILE }, month, "31/03/2027"));
    let third = (0..persons).map(|p| row(p, p, PAY, 2, "31/03/2027"));
    let text: String =
        std::iter::once(HEADER.to_owned()).chain(rows(PAY)).chain(many).chain(rows(FILE)).chain(third).collect();
    let list = stage.upload_file("c", &text);
    assert_eq!(list.accepted, u64::from(persons) * 3 + 15);
    assert_eq!(list.size().contacts, u64::from(persons) + 2);
    assert_eq!(DUTIES_MAX, 12);
    // Nothing laid aside is left, and what is laid aside is known to whoever cleans up.
    let aside = keys::aside(&list.list, 0, 0);
    let aside = aside.strip_suffix("/0/0").unwrap();
    assert!(stage.store.keys().iter().all(|key| !key.starts_with(aside)));
}
