//! An upload is cut off at each of its points in turn: a day later nothing of it is left, and sent again it is taken.

use dering::campaign::State;
use dering::list::{Intake, Label, Progress, Taken};
use dering::problem::Problem;
use dering::store::{Counting, Store, keys};
use dering::tick::{self, KEYS_MAX, ShardNews, UPLOAD_MS_MAX};
use dering_sim::tick::{Dice, Fault, Gate, Gated, Stage, csv, drive, people};
use serde_json::json;
use std::cell::RefCell;

const ROWS: u32 = 2_500;
const BAD: u32 = 300;

/// So long that its pages are written in several commits.
fn file() -> String {
    let mut rows = people(ROWS + BAD);
    rows.iter_mut().take(BAD as usize).for_each(|p| p.phone = "1".into());
    let note = "catatan ".repeat(60);
    let plain = csv(&rows);
    let (header, rows) = plain.split_once('\n').unwrap();
    let rows: String = rows.lines().map(|row| format!("{row};{note}\n")).collect();
    format!("{header};KETERANGAN\n{rows}")
}

/// As the upload's function does it.
async fn upload<S: Store>(stage: &Stage, store: &S, file: &str, seed: u64) -> Result<Taken, Problem> {
    let dice = RefCell::new(Dice::new(seed));
    let dice = |bytes: &mut [u8]| dice.borrow_mut().fill(bytes);
    let label = Label { campaign: "c".into(), ..Label::default() };
    let mut intake = Intake::new(store, &stage.vault, &dice, 1, label, Stage::rules());
    for chunk in file.as_bytes().chunks(64 << 10) {
        if let Err(problem) = intake.push(chunk).await {
            intake.undo().await;
            return Err(problem);
        }
    }
    intake.finish(|| stage.clock.now_ms(), async |_| {}).await
}

/// Lists of which anything is in the store, by key.
fn left(stage: &Stage) -> Vec<(String, String)> {
    let part = |key: &str, n: usize| key.split('/').nth(n).unwrap_or_default().to_owned();
    let of_lists = |key: &String| ["p", "x", "y", "z", "m", "k", "u", "i", "j"].contains(&part(key, 1).as_str());
    let keys = stage.store.keys().into_iter().filter(of_lists);
    keys.map(|key| (part(&key, 2), key.clone())).collect()
}

fn stage() -> Stage {
    let stage = Stage::default();
    stage.campaign("c", json!({}));
    stage.set_state("c", State::Paused);
    stage
}

#[test]
fn a_cut_upload_leaves_nothing_for_longer_than_a_day() {
    let file = file();
    let whole = stage();
    let gate = Gate::open();
    let gated = Gated { store: &whole.store, gate: &gate };
    assert!(matches!(drive(&whole.clock, upload(&whole, &gated, &file, 1)), Some(Ok(Taken::New(_)))));
    let points = gate.passed();
    let one = stage();
    let gate = Gate::open();
    let small = csv(&people(1));
    drive(&one.clock, upload(&one, &Gated { store: &one.store, gate: &gate }, &small, 1)).unwrap().unwrap();
    assert!(points >= gate.passed() + 2, "the pages are not written in several commits");
    let (mut swept, mut named) = (0, 0);
    for fault in [Fault::DieBefore, Fault::DieAfter, Fault::ReplyLost, Fault::Refused] {
        for at in 0..points {
            let what = format!("{fault:?} at {at} of {points}");
            let stage = stage();
            let gate = Gate::failing(at, fault);
            let cut = drive(&stage.clock, upload(&stage, &Gated { store: &stage.store, gate: &gate }, &file, 1));
            let before = left(&stage).len();
            stage.tick();
            stage.clock.advance(UPLOAD_MS_MAX - 1);
            stage.tick();
            if !matches!(cut, Some(Ok(_))) && stage.state().lists.is_empty() {
                assert!(left(&stage).len() >= before, "{what}: an upload may still be under way");
            }
            stage.clock.advance(1);
            stage.tick();
            if let Some(Ok(Taken::New(_))) = cut {
                assert_eq!(stage.report("c").contacts, u64::from(ROWS), "{what}");
            } else if left(&stage).is_empty() {
                swept += usize::from(before > 0);
            } else {
                named += 1;
            }
            assert_eq!(stage.tick().held.len(), 0, "{what}");

            // Sent again it is one list, as a whole, and there is nothing else.
            let again = drive(&stage.clock, upload(&stage, &stage.store, &file, 2)).expect("it ends");
            let (Taken::New(manifest) | Taken::Known(manifest)) = again.expect("it is taken");
            for _ in 0..2 {
                stage.tick();
            }
            let report = stage.report("c");
            assert_eq!((report.contacts, report.lists.len()), (u64::from(ROWS), 1), "{what}");
            let keys = left(&stage);
            assert!(keys.iter().all(|(list, _)| *list == manifest.list), "{what}: {keys:?}");
            assert!(keys.iter().all(|(_, key)| !key.starts_with("dering/u/")), "{what}");
            // Pages of every kind, manifest, data key.
            let pages: u32 = manifest.groups.iter().map(|g| g.pages).sum();
            let others = manifest.rejected_pages + manifest.noted_pages + manifest.identity_pages;
            assert!(manifest.rejected_pages > 0 && manifest.noted_pages > 0 && manifest.identity_pages > 0);
            assert_eq!(keys.len() as u32, pages + others + 2, "{what}");
            assert_eq!(manifest.rejected, u64::from(BAD));
        }
    }
    assert!(swept > 5 && named > 2, "swept {swept}, named by its file {named}, of {points} points");
}

#[test]
fn an_upload_announces_itself_with_one_commit() {
    let stage = stage();
    let store = Counting::new(&stage.store);
    let small = csv(&people(3));
    let taken = drive(&stage.clock, upload(&stage, &store, &small, 1)).unwrap();
    assert!(matches!(taken, Ok(Taken::New(_))));
    // The announcement's number; everything that is written, in one; the file's new cell: three; the shard's log: two.
    assert_eq!(store.counts().commits, 7);
}

#[test]
fn what_a_huge_upload_left_goes_piece_by_piece_and_its_data_key_first() {
    let stage = stage();
    let pages = 2 * KEYS_MAX as u32 + 100;
    let groups = vec![pages - 1, 1];
    let progress =
        Progress { groups, rejected_pages: 3, noted_pages: 2, identity_pages: 2, aside: vec![0, 2], file: None };
    let mut values: Vec<_> = progress.keys("l-cut").map(|key| (key, vec![1])).collect();
    assert_eq!(values[0].0, keys::data_key("l-cut"));
    let count = values.len();
    values.push((keys::upload("l-cut"), progress.encode()));
    drive(&stage.clock, stage.store.set_many(&values)).unwrap().unwrap();
    let news = ShardNews::ListBegun { list: "l-cut".into() }.encode();
    drive(&stage.clock, tick::log(0).append(&stage.store, &news, || 0)).unwrap().unwrap();
    stage.tick();
    stage.clock.advance(UPLOAD_MS_MAX);
    for gone in [KEYS_MAX, 2 * KEYS_MAX, count + 1, count + 1] {
        let (_, counts) = stage.tick_counted();
        assert!(counts.commits <= 8, "{counts:?}");
        let left = left(&stage);
        assert_eq!(left.len(), count + 1 - gone);
        assert!(left.iter().all(|(_, key)| *key != keys::data_key("l-cut")));
    }
    assert_eq!(stage.state().uploads.len(), 0);
}
