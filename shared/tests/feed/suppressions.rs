//! Do-not-call lists, up and down.

use super::NOW_MS;
use dering::list::feed::{Kind, Tally};
use dering::problem::Problem;
use dering::store::{Counting, MemoryStore, Store};
use dering::suppression::{self, Intake, Named, Reason, register};
use dering::vault::Vault;
use futures::executor::block_on;
use proptest::prelude::*;
use std::cell::Cell;

const NIK: &str = "3273011503859001";

type Memory = Counting<MemoryStore>;

fn up(store: &Memory, kind: Kind, text: &str, size: usize) -> Result<Tally, Problem> {
    let vault = Vault::for_tests();
    let rolled = Cell::new(0_u8);
    let dice = |bytes: &mut [u8]| {
        rolled.set(rolled.get().wrapping_add(1));
        bytes.fill(rolled.get());
    };
    block_on(async {
        let mut intake = Intake::new(store, &vault, &dice, kind, NOW_MS);
        for chunk in text.as_bytes().chunks(size.max(1)) {
            if let Err(problem) = intake.push(chunk, async |_| {}).await {
                intake.stop(async |_| {}).await?;
                return Err(problem);
            }
        }
        intake.finish(async |_| {}).await
    })
}

/// Everything, in as many parts as it comes in; and how many they were.
fn down(store: &Memory, now_ms: i64) -> (Vec<register::Shown>, usize) {
    let (mut all, mut after, mut parts) = (Vec::new(), 0, 0);
    loop {
        let found = block_on(register::read(store, &Vault::for_tests(), after, now_ms)).unwrap();
        all.extend(found.entries);
        parts += 1;
        match found.next {
            Some(next) => after = next,
            None => return (all, parts),
        }
    }
}

fn who(shown: &[register::Shown]) -> Vec<(String, Reason)> {
    let mut who: Vec<_> = shown
        .iter()
        .map(|s| match s.named.clone().unwrap() {
            Named::Phone(text) | Named::Taxpayer(text) => (text, s.entry.reason),
            Named::WrongNumber(text) => (format!("wrong {text}"), s.entry.reason),
        })
        .collect();
    who.sort_by(|(a, _), (b, _)| a.cmp(b));
    who
}

#[test]
fn rows_are_judged_alone_and_name_whom_they_mean() {
    let rows = [
        ("0812-3456-7890;;;", None),
        (";3273011503859001;meninggal;", None),
        ("081234567891 / 021-5250208;07.800.201.1-541.000;permintaan WP;31/03/2027", None),
        ("+6581234567;;salah sambung;", None),
        ("081234567892;;entered;2027-03-20T05:00:00Z", None),
        (";;;", None),
        ("08123x;;;", Some(("phone_letters", "No HP"))),
        ("081234567890 / 12;;;", Some(("phone_invalid", "No HP"))),
        (";07.800.201.2-541.000;;", Some(("npwp_checksum", "NPWP"))),
        ("081234567893;;meninggal;", Some(("reason_unknown", "Alasan"))),
        ("081234567893;;apa saja;", Some(("reason_unknown", "Alasan"))),
        ("081234567893;;;31/02/2027", Some(("date_invalid", "Sampai"))),
    ];
    let text = rows.map(|(row, _)| row).join("\n");
    let store = Memory::new(MemoryStore::new());
    let tally = up(&store, Kind::csv(), &format!("No HP;NPWP;Alasan;Sampai\n{text}\n"), 9).unwrap();
    let told: Vec<_> = tally.rejections.iter().map(|r| (r.reason, r.column.as_str())).collect();
    assert_eq!(told, rows.iter().filter_map(|(_, bad)| *bad).collect::<Vec<_>>());
    assert_eq!((tally.rows, tally.accepted, tally.unchanged), (11, 5, 0));
    let (all, _) = down(&store, NOW_MS);
    let expected = [
        ("+62215250208", Reason::AskedInCall),
        ("+6281234567890", Reason::Entered),
        ("+6281234567891", Reason::AskedInCall),
        ("0078002011541000", Reason::AskedInCall),
        (NIK, Reason::Deceased),
        ("wrong +6581234567", Reason::WrongNumber),
    ];
    // The one whose time is over is not shown.
    assert_eq!(who(&all), expected.map(|(who, reason)| (who.to_owned(), reason)));
    // Until the end of that day in Jakarta.
    assert_eq!(all.iter().filter_map(|s| s.entry.until_ms).max(), Some(1_806_512_400_000));
    assert_eq!(down(&store, 1_806_512_400_000).0.len(), 3);
}

#[test]
fn an_entry_holds_is_found_once_and_not_after_it_was_lifted() {
    let vault = Vault::for_tests();
    let store = Memory::new(MemoryStore::new());
    up(&store, Kind::csv(), "phone\n081234567890\n081234567891\n", 100).unwrap();
    // Changed: it moves to another page, and is still found once.
    let changed = up(&store, Kind::csv(), "phone;until\n081234567890;31/12/2027\n081234567891;\n", 100).unwrap();
    assert_eq!((changed.accepted, changed.unchanged), (2, 1));
    let (all, _) = down(&store, NOW_MS);
    assert_eq!(all.len(), 2);
    for shown in &all {
        let key = suppression::key_of(&shown.id).unwrap();
        let bytes = block_on(store.get(&key)).unwrap().unwrap();
        assert_eq!(suppression::reason(&bytes, NOW_MS), Some(Reason::Entered));
        assert_eq!(key, shown.named.as_ref().unwrap().subject().key(&vault));
    }
    block_on(store.delete_many(&[suppression::key_of(&all[0].id).unwrap()])).unwrap();
    assert_eq!(down(&store, NOW_MS).0, all[1..]);
    // A damaged entry holds.
    assert_eq!(suppression::reason(b"damaged", NOW_MS), Some(Reason::Entered));
}

#[test]
fn a_long_list_costs_few_commits_comes_back_in_parts_and_again_costs_none() {
    let rows: String = (0..5_000).map(|n| format!("0812{n:08}\n")).collect();
    let text = format!("phone\n{rows}");
    let store = Memory::new(MemoryStore::new());
    assert_eq!(up(&store, Kind::csv(), &text, 10_000).unwrap().accepted, 5_000);
    let counts = store.counts();
    assert!(counts.commits <= 3 * 6 + 5, "{counts:?}");
    store.reset();
    assert_eq!(up(&store, Kind::csv(), &text, 10_000).unwrap().unchanged, 5_000);
    assert_eq!(store.counts().commits, 0);
    let (all, parts) = down(&store, NOW_MS);
    assert_eq!(store.counts().commits, 0);
    assert!(all.len() == 5_000 && parts >= 2, "{} {parts}", all.len());
    for key in store.inner().keys() {
        let value = block_on(store.get(&key)).unwrap().unwrap_or_default();
        assert!(!key.contains("812000") && !String::from_utf8_lossy(&value).contains("812000"), "{key}");
    }
}

#[test]
fn a_download_can_be_sent_again() {
    let store = Memory::new(MemoryStore::new());
    let text =
        "phone;npwp;reason;until\n081234567890;;;31/12/2027\n+6581234567;;wrong_number;\n;3273011503859001;deceased;\n";
    up(&store, Kind::csv(), text, 100).unwrap();
    let (all, _) = down(&store, NOW_MS);
    let csv = suppression::csv(&all, true);
    assert!(
        csv.starts_with("phone;taxpayer_id;reason;since;until;id\n")
            && csv.contains("'+6581234567;;wrong_number;2027-")
    );
    assert_eq!(suppression::csv(&all, false).lines().count(), 3);
    let lines: String = all.iter().map(|s| serde_json::to_string(&s.line()).unwrap() + "\n").collect();
    for (kind, text) in [(Kind::csv(), csv), (Kind::Json, lines)] {
        let tally = up(&store, kind.clone(), &text, 50).unwrap();
        assert_eq!((tally.accepted, tally.rejected, tally.unchanged), (3, 0, 3), "{text}");
        let other = Memory::new(MemoryStore::new());
        up(&other, kind, &text, 50).unwrap();
        assert_eq!(who(&down(&other, NOW_MS).0), who(&all));
    }
}

#[test]
fn under_another_master_key_entries_hold_and_the_download_says_why_there_is_none() {
    let store = Memory::new(MemoryStore::new());
    up(&store, Kind::csv(), "phone\n081234567890\n", 100).unwrap();
    let key = |n: &str| n.repeat(10) + "AgI=";
    let identity = || dering::vault::Identity::new(&("BwcH".repeat(10) + "Bwc=")).unwrap();
    let other = Vault::new(identity(), &key("AgIC"), None).unwrap();
    let problem = block_on(register::read(&store, &other, 0, NOW_MS)).unwrap_err();
    assert_eq!((problem.status, problem.code.as_ref()), (500, "suppressions_unreadable"));
    // Wrapped anew, it is read under the new one alone.
    let both = Vault::new(identity(), &key("AgIC"), Some(&("BwcH".repeat(10) + "Bwc="))).unwrap();
    assert_eq!(block_on(register::rewrap(&store, &both, &[9; 24])), Ok(true));
    assert_eq!(block_on(register::read(&store, &other, 0, NOW_MS)).unwrap().entries.len(), 1);
    assert_eq!(block_on(register::read(&Memory::new(MemoryStore::new()), &other, 0, NOW_MS)), Ok(Default::default()));
}

proptest! {
    #[test]
    fn no_bytes_break_it(rows in "[0-9;+,/\"\\-\n a-z]{0,200}", size in 1_usize..50) {
        let store = Memory::new(MemoryStore::new());
        if let Ok(tally) = up(&store, Kind::csv(), &format!("phone;npwp;reason;until\n{rows}"), size) {
            prop_assert_eq!(tally.rows, tally.accepted + tally.rejected);
        }
    }
}
