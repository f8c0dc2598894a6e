//! One file is one list: sent again, sent twice at once, or sent again after the host died in the middle.

use std::time::Duration;

use bytes::Bytes;
use dering_e2e::api::Upload;
use dering_e2e::lists;
use dering_e2e::stage::{Plan, Stage};
use futures::StreamExt;
use futures::stream;
use http::Method;

async fn contacts_after_ticks(stage: &Stage, campaign: &str) -> u64 {
    for _ in 0..3 {
        stage.client.tick(0).await.unwrap();
    }
    stage.client.report(campaign).await.unwrap().contacts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_file_is_one_list_however_it_is_sent() {
    let list = lists::sample(lists::today()).unwrap();
    let mut stage = Stage::start(Plan::default()).await.unwrap();
    for id in ["again", "at-once", "cut"] {
        // Not started: nobody is to be called here.
        stage.client.post("/v1/campaigns", &stage.campaign(id)).await.unwrap().success().unwrap();
    }

    let first = stage.client.upload("again", "a", list.file.clone()).await.unwrap();
    let second = stage.client.upload("again", "b", list.file.clone()).await.unwrap();
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 200));
    let (first, second): (Upload, Upload) = (first.json().unwrap(), second.json().unwrap());
    assert_eq!((&first.list, first.accepted), (&second.list, second.accepted));
    assert_eq!(contacts_after_ticks(&stage, "again").await, 46);

    let (a, b) = tokio::join!(
        stage.client.upload("at-once", "a", list.file.clone()),
        stage.client.upload("at-once", "a", list.file.clone())
    );
    let (a, b): (Upload, Upload) = (a.unwrap().json().unwrap(), b.unwrap().json().unwrap());
    assert_eq!(a.list, b.list);
    assert_ne!(a.list, first.list, "another campaign, another list");
    assert_eq!(contacts_after_ticks(&stage, "at-once").await, 46);

    // The host dies when half of a big file has been sent: none of it counts, and the file can be sent again.
    let big = lists::generated(20_000, lists::today()).unwrap();
    let (half, rest) = big.file.split_at(big.file.len() / 2);
    let pieces: Vec<Bytes> = half.chunks(64 << 10).map(Bytes::copy_from_slice).collect();
    assert!(!rest.is_empty());
    let client = stage.client.clone();
    let upload = tokio::spawn(async move {
        let body = stream::iter(pieces).chain(stream::pending());
        client.send_stream(Method::POST, "/v1/campaigns/cut/lists", &[("content-type", "text/csv")], body).await
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    stage.host.restart().await.unwrap();
    assert!(upload.await.unwrap().is_err(), "an upload that was cut off was answered");
    assert_eq!(contacts_after_ticks(&stage, "cut").await, 0);
    let again: Upload =
        stage.client.upload("cut", "c", big.file.clone()).await.unwrap().success().unwrap().json().unwrap();
    assert_eq!(again.accepted, 20_000);
    assert_eq!(contacts_after_ticks(&stage, "cut").await, 20_000);
}
