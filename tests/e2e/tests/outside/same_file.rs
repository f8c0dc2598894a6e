//! The same file twice is one list.

use crate::stage;
use dering_e2e::api::Upload;
use dering_e2e::lists;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_uploaded_twice_also_at_once_is_one_list() {
    let stage = stage().await;
    let list = lists::sample(lists::today()).unwrap();
    let campaign = stage.campaign("c");
    stage.client.post("/v1/campaigns", &campaign).await.unwrap().success().unwrap();
    let upload = || stage.client.upload("c", "a", list.file.clone());
    let mut answers = futures::future::try_join_all((0..6).map(|_| upload())).await.unwrap();
    assert_eq!(answers.iter().filter(|a| a.status == 201).count(), 1, "one of them is new");
    let again = upload().await.unwrap();
    assert_eq!(again.status, 200, "known: {}", again.text());
    answers.push(again);
    let ids: Vec<String> = answers
        .into_iter()
        .map(|answer| answer.success().unwrap().json::<Upload>().unwrap())
        .map(|u| {
            assert_eq!((u.rows, u.accepted, u.rejected, u.duplicates), (60, 46, 14, 1));
            u.list
        })
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let tick = stage.client.tick(0).await.unwrap();
    assert_eq!(tick.waiting, 46, "the contacts are there once");
    assert_eq!(stage.client.report("c").await.unwrap().contacts, 46);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_rows_come_back_in_the_files_own_columns() {
    let stage = stage().await;
    let list = lists::sample(lists::today()).unwrap();
    stage.client.post("/v1/campaigns", &stage.campaign("c")).await.unwrap().success().unwrap();
    let upload: Upload = stage.client.upload("c", "a", list.file.clone()).await.unwrap().json().unwrap();
    let csv = stage.client.get(&upload.rejected_url).await.unwrap().success().unwrap();
    assert!(csv.header("content-type").starts_with("text/csv"));
    let text = csv.text();
    let header = text.lines().next().unwrap().trim_start_matches('\u{feff}');
    assert!(header.starts_with("NO;NPWP;NAMA WP;") && header.ends_with("row;reason;hint"), "{header}");
    for (row, reason) in list.rejected() {
        assert!(text.contains(&format!(";{row};{reason};")), "row {row} {reason} in\n{text}");
    }
    let json = stage
        .client
        .send(http::Method::GET, &upload.rejected_url, &[("accept", "application/json")], bytes::Bytes::new())
        .await
        .unwrap();
    let rows: Vec<serde_json::Value> = json.success().unwrap().json().unwrap();
    assert_eq!(rows.len(), 14);
    assert!(rows.iter().all(|r| r["hint"].as_str().is_some_and(|h| !h.is_empty())), "each says what to do");
}
