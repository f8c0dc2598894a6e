//! No phone number, name, taxpayer number or secret stands in the store's file, in a log or in a URL in clear.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use dering_e2e::lists::{self, List};
use dering_e2e::stage::{ADMIN_TOKEN, Plan, Stage, master_key};

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
}

/// What must stay hidden: numbers without their prefix, names and taxpayer numbers as the file writes them.
fn secrets(list: &List) -> BTreeSet<String> {
    let mut secrets: BTreeSet<String> = list
        .contacts()
        .flat_map(|(_, phones)| phones)
        .map(|phone| phone.trim_start_matches("+62").to_owned())
        .collect();
    for line in String::from_utf8(list.file.clone()).unwrap().lines().skip(1).filter(|line| !line.contains('"')) {
        let cells: Vec<&str> = line.split(';').collect();
        secrets.insert(cells[2].to_owned());
        let digits: String = cells[1].chars().filter(char::is_ascii_digit).collect();
        if digits.len() >= 14 {
            secrets.insert(digits);
            secrets.insert(cells[1].to_owned());
        }
    }
    secrets
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_personal_is_kept_or_logged_in_clear() {
    let list = lists::sample(lists::today()).unwrap();
    let stage = Stage::start(Plan::default()).await.unwrap();
    let upload = stage.begin(&stage.campaign("a-campaign-to-find"), &list).await.unwrap();
    let ticker = stage.ticker();
    stage.settled("a-campaign-to-find", upload.accepted, Duration::from_secs(120)).await.unwrap();
    ticker.stop().await;
    // Refusals may not repeat what they refuse.
    let bad = serde_json::json!({ "phone": "0812-0000-0201" });
    let refusal = stage.client.post("/v1/suppressions", &bad).await.unwrap();
    assert!(!refusal.status.is_success() && !refusal.text().contains("0000-0201"), "{}", refusal.text());

    let mut secrets = secrets(&list);
    assert!(secrets.len() > 140, "{}", secrets.len());
    secrets.extend([ADMIN_TOKEN.to_owned(), master_key(), stage.carrier.options().auth_token.clone()]);
    let mut kept = files(stage.host.state_dir());
    // The scan works, and the store is among what it reads.
    assert!(kept.iter().any(|(_, bytes)| holds(bytes, "a-campaign-to-find")));
    for call in stage.carrier.calls() {
        kept.push((format!("the URL {}", call.url), call.url.into_bytes()));
    }
    let mut found = Vec::new();
    for (name, bytes) in &kept {
        found.extend(secrets.iter().filter(|s| holds(bytes, s)).map(|s| format!("{s} in {name}")));
    }
    assert_eq!(found, Vec::<String>::new());
}
