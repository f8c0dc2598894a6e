//! The host dies at twenty points of an upload, from its first commit to its last. Whatever was written by then, the caller who
//! sends the file again has the whole list: no row twice, none lost; and is told whether it was there.

use crate::stage;
use bytes::Bytes;
use dering_e2e::api::Upload;
use dering_e2e::lists;
use http::StatusCode;
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Uploads that are cut before they are answered.
const CUTS: u32 = 20;
/// On a machine that is busy with other things some kills come too late.
const KILLS_MAX: u32 = 3 * CUTS;
/// Pages of so many rows are several commits.
const ROWS: u32 = 24_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_at_twenty_points_of_an_upload_loses_no_row_and_has_none_twice() {
    let mut stage = stage().await;
    let store = stage.host.state_dir().join("sqlite_key_value.db");
    let campaign = async |stage: &dering_e2e::stage::Stage, id: &str| {
        stage.client.post("/v1/campaigns", &stage.campaign(id)).await.unwrap().success().unwrap();
    };
    // What a whole upload commits.
    campaign(&stage, "whole").await;
    let before = commits(&store).unwrap();
    stage.client.upload("whole", "whole", file(0)).await.unwrap().success().unwrap();
    let all = commits(&store).unwrap() - before;
    assert!(all >= 12, "{all} commits are too few to tell points by");

    let mut dice = fastrand::Rng::with_seed(20);
    let (mut kill, mut cut, mut there) = (0, 0, 0);
    while cut < CUTS {
        kill += 1;
        assert!(kill <= KILLS_MAX, "{cut} uploads of {KILLS_MAX} were cut: the kills come late");
        let id = format!("c-{kill}");
        campaign(&stage, &id).await;
        // Spread over the whole upload, by chance within each part of it.
        // Every other time at once behind a commit, else on the way to the next.
        let point = 1 + ((kill - 1) % CUTS * all + dice.u32(0..all)) / CUTS;
        let over = Arc::new(AtomicBool::new(false));
        let (client, campaign, done) = (stage.client.clone(), id.clone(), Arc::clone(&over));
        let reached = tokio::task::spawn_blocking({
            let (store, before) = (store.clone(), commits(&store).unwrap());
            move || wait(&store, before.wrapping_add(point), &over)
        });
        let upload = tokio::spawn(async move {
            let answer = client.upload(&campaign, "cut", file(kill)).await;
            done.store(true, Ordering::Relaxed);
            answer
        });
        reached.await.unwrap();
        if kill % 2 == 0 {
            tokio::time::sleep(Duration::from_millis(dice.u64(1..30))).await;
        }
        stage.host.restart().await.unwrap();
        let answer = upload.await.unwrap().ok();
        cut += u32::from(answer.is_none());

        stage.client.tick(0).await.unwrap();
        let contacts = stage.client.report(&id).await.unwrap().contacts;
        assert!(
            contacts == 0 || contacts == u64::from(ROWS),
            "{contacts} contacts after kill {kill} at commit {point}"
        );
        let again = stage.client.upload(&id, "again", file(kill)).await.unwrap().success().unwrap();
        let was_there = again.status == StatusCode::OK;
        there += u32::from(was_there);
        // 200: the list was there, be it that no shard had heard of it yet. 201: nothing of it was.
        assert!(was_there || (contacts == 0 && answer.is_none()), "kill {kill} at commit {point}");
        let list: Upload = again.json().unwrap();
        assert_eq!((list.rows, list.accepted, list.rejected), (u64::from(ROWS), u64::from(ROWS), 0), "kill {kill}");
        if let Some(answer) = answer {
            assert_eq!(answer.json::<Upload>().unwrap().list, list.list, "kill {kill}");
        }
        stage.client.tick(0).await.unwrap();
        assert_eq!(stage.client.report(&id).await.unwrap().contacts, u64::from(ROWS), "kill {kill} at commit {point}");
        let rows = stage.client.get(&format!("/v1/lists/{}/contacts", list.list)).await.unwrap().success().unwrap();
        let rows: Vec<String> =
            rows.text().lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
        assert_eq!(
            (rows.len(), rows.iter().collect::<BTreeSet<_>>().len()),
            (ROWS as usize, ROWS as usize),
            "kill {kill}"
        );
    }
    println!("{all} commits an upload; {kill} kills, {cut} before the answer; the list was there {there} times");
    assert!(there < kill, "no kill came before the list was there");
}

/// Rows that no other file of this test has.
fn file(number: u32) -> Bytes {
    let form = lists::Generated::new(lists::today()).unwrap();
    let rows = (number * ROWS..(number + 1) * ROWS).map(|i| form.row(i));
    std::iter::once(lists::Generated::HEADER.to_owned()).chain(rows).collect::<String>().into()
}

/// Transactions that have changed the store: SQLite counts them in the file's header (its file format, 1.3.7). `None`: the file
/// cannot be read.
fn commits(store: &PathBuf) -> Option<u32> {
    let mut counter = [0; 4];
    File::open(store).ok()?.read_exact_at(&mut counter, 24).ok()?;
    Some(u32::from_be_bytes(counter))
}

/// Until the store has seen that commit, or the upload is over.
fn wait(store: &PathBuf, commit: u32, over: &AtomicBool) {
    let begun = Instant::now();
    while commits(store).is_none_or(|now| now < commit) && !over.load(Ordering::Relaxed) {
        assert!(begun.elapsed() < Duration::from_secs(60), "the upload does not go on");
        std::thread::sleep(Duration::from_micros(100));
    }
}
