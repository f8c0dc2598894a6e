//! An upload that breaks off leaves no list; sent again it is taken as a whole.

use crate::stage;
use dering_e2e::api::Upload;
use dering_e2e::lists;
use futures::stream::{self, StreamExt as _};
use http::Method;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_in_the_middle_of_an_upload_has_no_part_of_the_list() {
    let mut stage = stage().await;
    let list = lists::generated(40_000, lists::today()).unwrap();
    stage.client.start_campaign(&stage.campaign("c")).await.unwrap();
    let file = bytes::Bytes::from(list.file.clone());
    for part in [file.len() / 3, file.len() - 1] {
        // The connection stays open after the first part until the host is gone.
        let sent = stream::iter([file.slice(..part)]).chain(stream::pending());
        let (client, path) = (stage.client.clone(), "/v1/campaigns/c/lists?name=cut");
        let upload =
            tokio::spawn(
                async move { client.send_stream(Method::POST, path, &[("content-type", "text/csv")], sent).await },
            );
        // Killed once the store shows that pages have been written.
        let store = stage.host.state_dir().join("sqlite_key_value.db");
        let size = || std::fs::metadata(&store).map_or(0, |m| m.len());
        let (before, begun) = (size(), std::time::Instant::now());
        while size() < before + 1_000_000 {
            assert!(begun.elapsed() < Duration::from_secs(60), "no page was written");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stage.host.restart().await.unwrap();
        assert!(upload.await.unwrap().is_err(), "an upload that broke off was answered");
        assert_eq!(stage.client.tick(0).await.unwrap().waiting, 0);
        assert_eq!(stage.client.report("c").await.unwrap().contacts, 0);
    }
    let whole = stage.client.upload("c", "whole", list.file.clone()).await.unwrap();
    assert_eq!(whole.status, 201);
    let whole: Upload = whole.json().unwrap();
    assert_eq!((whole.rows, whole.accepted), (40_000, 40_000));
    let tick = stage.client.tick(0).await.unwrap();
    assert_eq!(tick.waiting + u64::from(tick.claimed), 40_000);
}
