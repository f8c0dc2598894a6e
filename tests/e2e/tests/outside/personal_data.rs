//! Personal data stands only inside sealed pages, and secrets nowhere.

use crate::stage;
use dering_e2e::lists;
use dering_e2e::stage::{ADMIN_TOKEN, identity_key, master_key};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn neither_store_logs_nor_urls_hold_personal_data_or_secrets_in_clear() {
    let stage = stage().await;
    let list = lists::sample(lists::today()).unwrap();
    stage.begin(&stage.campaign("c"), &list).await.unwrap();
    let ticker = stage.ticker();
    stage.settled("c", 46, Duration::from_secs(240)).await.unwrap();
    ticker.stop().await;

    let text = String::from_utf8_lossy(&list.file).into_owned();
    let mut canaries: Vec<String> = Vec::new();
    for (_, phones) in list.contacts() {
        canaries.extend(phones.iter().flat_map(|p| [p.clone(), p[1..].to_owned(), p[3..].to_owned()]));
    }
    for line in text.lines().skip(1) {
        // NPWP and name, as the file writes them and as digits only.
        for cell in line.split(';').skip(1).take(2).map(str::trim).filter(|c| c.len() >= 8) {
            canaries.push(cell.to_owned());
            let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
            if digits.len() >= 10 {
                canaries.push(digits);
            }
        }
    }
    assert!(canaries.len() > 150);
    let account = stage.carrier.options();
    canaries.extend([ADMIN_TOKEN.to_owned(), identity_key(), master_key()]);
    canaries.extend([account.auth_token.clone(), account.api_secret.clone()]);
    // Refusals may not repeat what they refuse: it would stand in logs of whoever sent it.
    let refusal = stage.client.post("/v1/suppressions", &json!({ "phone": "0812-0000-0201" })).await.unwrap();
    assert!(!refusal.status.is_success() && !refusal.text().contains("0000-0201"), "{}", refusal.text());
    let calls = stage.carrier.calls();
    assert!(calls.len() >= 46, "{}", calls.len());
    for call in calls {
        for canary in &canaries {
            assert!(!call.url.contains(canary.as_str()), "the URL {} holds {canary}", call.url);
        }
    }
    let mut seen = 0;
    let mut folders = vec![stage.host.state_dir().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            seen += bytes.len();
            let haystack = String::from_utf8_lossy(&bytes);
            for canary in &canaries {
                assert!(!haystack.contains(canary.as_str()), "{} holds {canary}", path.display());
            }
        }
    }
    assert!(seen > 50_000, "store and logs were read: {seen} bytes");
}
