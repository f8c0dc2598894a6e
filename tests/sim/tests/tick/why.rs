//! Why a contact is or is not called: the rules of the tick, asked through the same state.

use dering::attempt::{Disposition, Ending, Said};
use dering::campaign::{PersonLimits, State};
use dering::hours::LegalHours;
use dering::store::Store;
use dering::suppression::{DoNotCall, Reason, Subject};
use dering::tick::{self, Asked, Stands, Why};
use dering_sim::tick::{Fate, START_MS, Stage, drive, people};
use serde_json::json;

const BUSY: Fate = Fate::Unanswered(Ending::Busy, Disposition::Busy);

fn why(stage: &Stage, contact: &str, at_ms: i64) -> Why {
    let asked =
        Asked { contact, at_ms, shards: 1, limits: PersonLimits::default(), legal_hours: &LegalHours::unlimited() };
    drive(&stage.clock, tick::why(&stage.store, &stage.vault, &asked)).unwrap().unwrap()
}

fn held(why: &Why) -> Vec<&'static str> {
    why.rules.iter().filter(|r| r.holds).map(|r| r.rule).collect()
}

#[test]
fn every_place_of_a_contact_is_found_and_explained() {
    let mut stage = Stage::default();
    let open = ["08:00-17:00"];
    let hours = json!({ "mon": open, "tue": open, "wed": open, "thu": open, "fri": open, "sat": null, "sun": null });
    let rate = json!({ "calls_per_second": 0.5, "concurrent": 1 });
    stage.campaign("c", json!({ "callable_hours": hours, "rate": rate, "attempts": { "max": 9, "per_day": 9 } }));
    // Two pages and more of one group, and two other groups.
    let mut list = people(450);
    list[449].due = "20/03/2027";
    list[448].due = "31/12/2027";
    let id = stage.upload("c", &list);
    // Rows of the file begin with the header's.
    let of = |person: usize| format!("{id}.{}", person + 2);
    let ten = START_MS;
    for person in [0, 199, 200, 447, 448, 449] {
        let found = why(&stage, &of(person), ten);
        assert_eq!((found.stands, found.call, held(&found)), (Stands::Waiting, true, vec![]), "{person}");
    }
    // 18:00 of that Monday; the Saturday; the day after the last.
    let night = why(&stage, &of(0), ten + 8 * 3_600_000);
    assert_eq!((night.call, held(&night)), (false, vec!["outside_hours"]));
    assert_eq!(night.rules.iter().find(|r| r.holds).unwrap().until.unwrap().to_string(), "2027-03-02T01:00:00Z");
    assert_eq!(held(&why(&stage, &of(449), ten + 21 * 86_400_000)), ["expired"]);

    // The earliest due date is called first.
    stage.tick();
    let open = why(&stage, &of(449), ten + 1_000);
    assert_eq!((open.stands, held(&open)), (Stands::InCall, vec!["in_call"]));
    stage.deliver(|_| BUSY);
    stage.clock.advance(4_000);
    stage.tick();
    let pause = why(&stage, &of(449), stage.clock.now_ms());
    assert_eq!((pause.stands, pause.attempts, held(&pause)), (Stands::Retrying, 1, vec!["not_yet_due"]));
    stage.deliver(|_| Fate::Said(Said::Promise, Disposition::Promise));
    stage.clock.advance(2_000_000);
    stage.tick();
    stage.clock.advance(4_000);
    stage.deliver(|_| BUSY);
    stage.clock.advance(4_000);
    stage.tick();
    // Twice today: it is the person who must not be called, not only the pause.
    assert_eq!(held(&why(&stage, &of(449), stage.clock.now_ms())), ["not_yet_due", "person_day"]);
    assert_eq!(why(&stage, &of(0), stage.clock.now_ms()).stands, Stands::Ended);

    let subject = Subject::Phone("+6281200000200");
    let entry = DoNotCall { reason: Reason::Entered, since_ms: 0, until_ms: None };
    drive(&stage.clock, stage.store.set(&subject.key(&stage.vault), &entry.encode())).unwrap().unwrap();
    stage.set_state("c", State::Paused);
    let found = why(&stage, &of(200), stage.clock.now_ms());
    assert_eq!((found.campaign_state, found.call, held(&found)), (State::Paused, false, vec!["do_not_call"]));
}

#[test]
fn what_names_no_contact_is_unknown() {
    let stage = Stage::default();
    stage.campaign("c", json!({}));
    let id = stage.upload("c", &people(3));
    for contact in ["", ".", "2", &id, &format!("{id}.1"), &format!("{id}.6"), &format!("{id}.x"), "l-0.2"] {
        let asked = Asked {
            contact,
            at_ms: START_MS,
            shards: 1,
            limits: PersonLimits::default(),
            legal_hours: &LegalHours::unlimited(),
        };
        let answer = drive(&stage.clock, tick::why(&stage.store, &stage.vault, &asked)).unwrap();
        assert_eq!(answer.unwrap_err().code, "contact_unknown", "{contact}");
    }
}
