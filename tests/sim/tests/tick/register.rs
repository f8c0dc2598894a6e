//! What is said in calls is among the do-not-call entries that are downloaded; the register's key follows the master key.

use dering::attempt::{Disposition, Said};
use dering::store::Store;
use dering::suppression::{self, Named, Reason, register};
use dering::tick::SEEN_MS;
use dering::vault::{Identity, Vault};
use dering_sim::tick::{Fate, Ordered, Stage, drive, people};
use serde_json::json;

const SAYS_NO: Fate = Fate::Said(Said::DoNotCall, Disposition::DoNotCall);
const WRONG: Fate = Fate::Said(Said::WrongNumber, Disposition::WrongNumber);

fn downloaded(stage: &Stage) -> Vec<register::Shown> {
    let now_ms = stage.clock.now_ms();
    drive(&stage.clock, register::read(&stage.store, &stage.vault, 0, now_ms)).unwrap().unwrap().entries
}

/// Three people were called: one wants no calls, one is somebody else, one is told.
fn called() -> Stage {
    let mut stage = Stage::default();
    let list = people(3);
    stage.campaign("c", json!({}));
    stage.upload("c", &list);
    stage.tick();
    let phones: Vec<String> = list.iter().map(Stage::phone).collect();
    stage.deliver(|order: &Ordered| match &order.to {
        to if *to == phones[0] => SAYS_NO,
        to if *to == phones[1] => WRONG,
        _ => Fate::ALL[0],
    });
    stage.clock.advance(4_000);
    stage
}

#[test]
fn what_is_said_in_calls_is_downloaded() {
    let stage = called();
    let (report, counts) = stage.tick_counted();
    assert_eq!(report.folded, 3);
    // The register's key is made, once: three commits. Its page takes one.
    let list = people(3);
    let expected = [
        (Named::Phone(Stage::phone(&list[0])), Reason::AskedInCall),
        (Named::WrongNumber(Stage::phone(&list[1])), Reason::WrongNumber),
    ];
    let mut found: Vec<_> = downloaded(&stage).into_iter().map(|s| (s.named.unwrap(), s.entry.reason)).collect();
    found.sort_by_key(|(_, reason)| *reason == Reason::WrongNumber);
    assert_eq!(found, expected);

    // A tick that hears nothing of the kind.
    let mut again = Stage::default();
    again.campaign("c", json!({}));
    again.upload("c", &people(3));
    again.tick();
    again.deliver(|_| Fate::ALL[0]);
    again.clock.advance(4_000);
    let (_, without) = again.tick_counted();
    assert_eq!(counts.commits, without.commits + 4, "{counts:?} {without:?}");

    // Lifted, it is not there any more.
    let id = downloaded(&stage)[0].id.clone();
    drive(&stage.clock, stage.store.delete_many(&[suppression::key_of(&id).unwrap()])).unwrap().unwrap();
    assert_eq!(downloaded(&stage).len(), 1);
}

#[test]
fn the_registers_key_is_wrapped_by_the_new_master_key() {
    let key = |new: bool| {
        let (three, two) = if new { ("AgIC", "AgI=") } else { ("BwcH", "Bwc=") };
        three.repeat(10) + two
    };
    let vault = |previous: bool| {
        Vault::new(Identity::new(&key(false)).unwrap(), &key(true), previous.then(|| key(false)).as_deref()).unwrap()
    };
    let mut stage = called();
    stage.tick();
    stage.vault = vault(true);
    // The list's key, and the register's.
    assert_eq!(stage.tick().held.get("old_master_key"), Some(&2));
    stage.clock.advance(SEEN_MS);
    assert_eq!(stage.tick().held.get("old_master_key"), None);
    stage.vault = vault(false);
    assert_eq!(downloaded(&stage).len(), 2);
}

#[test]
fn where_the_register_cannot_be_opened_who_asks_is_not_called_all_the_same() {
    let mut stage = called();
    stage.tick();
    stage.vault =
        Vault::new(Identity::new(&("BwcH".repeat(10) + "Bwc=")).unwrap(), &("AgIC".repeat(10) + "AgI="), None).unwrap();
    let more = people(5)[3..].to_vec();
    stage.upload("c", &more);
    stage.tick();
    stage.deliver(|_| SAYS_NO);
    stage.clock.advance(4_000);
    let report = stage.tick();
    assert_eq!((report.folded, report.held.get("unreadable_register")), (2, Some(&2)));
    let key = suppression::do_not_call_key(&stage.vault, &Stage::phone(&more[0]));
    let entry = drive(&stage.clock, stage.store.get(&key)).unwrap().unwrap();
    assert_eq!(suppression::reason(&entry.unwrap(), stage.clock.now_ms()), Some(Reason::AskedInCall));
}
