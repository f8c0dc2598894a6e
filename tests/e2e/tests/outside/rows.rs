//! What becomes of rows, and what the sender is told.

use crate::stage;
use dering_e2e::lists;
use http::Method;
use serde_json::{Value, json};

const CSV: (&str, &str) = ("content-type", "text/csv");
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_looked_at_taken_corrected_appended_to_and_withdrawn() {
    let stage = stage().await;
    let c = &stage.client;
    let list = lists::sample(lists::today()).unwrap();
    let mut campaign = stage.campaign("c");
    campaign["keep_columns"] = json!(["NO"]);
    c.post("/v1/campaigns", &campaign).await.unwrap().success().unwrap();

    let look = c.upload_with("c", &[("dry_run", "true")], list.file.clone()).await.unwrap().success().unwrap();
    let look: Value = look.json().unwrap();
    assert_eq!(["rows", "accepted", "rejected", "duplicates"].map(|n| look[n].as_u64().unwrap()), [60, 46, 14, 1]);
    assert_eq!(look["first_rows"].as_array().unwrap().len(), 20);
    assert_eq!(c.tick(0).await.unwrap().waiting, 0, "nothing was kept");

    let send = async |path: &str, headers: &[(&str, &str)], file: &[u8]| {
        let headers = [&[CSV], headers].concat();
        c.send(Method::POST, path, &headers, file.to_vec()).await.unwrap()
    };
    let path = "/v1/campaigns/c/lists?name=Maret&office=541&occasion=on_request&reference=ND-1";
    let headers = [("source-contact", "Ibu Contoh"), ("idempotency-key", "k-1")];
    let taken: Value = send(path, &headers, &list.file).await.success().unwrap().json().unwrap();
    let id = taken["list"].as_str().unwrap();
    for (member, value) in
        [("office", "541"), ("occasion", "on_request"), ("reference", "ND-1"), ("contact", "Ibu Contoh")]
    {
        assert_eq!(taken[member], value);
    }
    let other = send(path, &headers, b"NPWP;HP;JATUH TEMPO\n1;2;3\n").await;
    assert_eq!(other.status, 422, "{}", other.text());

    // Rejected rows as a workbook; sent again as they are, nothing of them is new but they are rejected again.
    let rejected = c.send(Method::GET, &format!("/v1/lists/{id}/rejected"), &[("accept", XLSX)], "").await.unwrap();
    assert_eq!((rejected.header("content-type"), &rejected.body[..2]), (XLSX, b"PK".as_slice()));
    let headers = [("content-type", XLSX)];
    let again = c.send(Method::POST, "/v1/campaigns/c/lists", &headers, rejected.body.clone()).await.unwrap();
    let again: Value = again.success().unwrap().json().unwrap();
    assert_eq!((&again["rows"], &again["accepted"]), (&json!(14), &json!(0)), "{again}");
    assert_eq!(again["rejected_by_reason"]["duplicate_in_list"], 1);

    let as_json = async |part: &str| -> Vec<Value> {
        let path = format!("/v1/lists/{id}/{part}");
        let answer = c.send(Method::GET, &path, &[("accept", "application/json")], "").await.unwrap();
        answer.success().unwrap().json().unwrap()
    };
    let contacts = as_json("contacts").await;
    assert_eq!(contacts.len(), 46);
    assert!(contacts.iter().all(|row| row["extra"]["NO"].is_string()), "{}", contacts[0]);
    let warnings = as_json("warnings").await;
    let by_kind: u64 = taken["warnings_by_kind"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(warnings.len() as u64, by_kind);
    let all = c.get(&format!("/v1/lists/{id}/warnings?guesses=true")).await.unwrap().success().unwrap().text();
    assert!(all.contains(";zone_of_") && all.lines().count() > warnings.len() + 40, "{all}");

    let header = String::from_utf8(list.file.clone()).unwrap().lines().next().unwrap().to_owned();
    let more = format!(
        "{header}\n61;07.999.201.2-541.000;Tono;0812-0000-0201;BELUM LAPOR;PPN;411211-100;05;2026;;31/12/2099;541;;;2;\n"
    );
    let part = send(&format!("/v1/lists/{id}/rows?office=541"), &[], more.as_bytes()).await;
    let part: Value = part.success().unwrap().json().unwrap();
    assert_eq!((&part["accepted"], &part["part_of"]), (&json!(1), &json!(id)), "{part}");
    c.tick(0).await.unwrap();
    let split: Value = c.get("/v1/campaigns/c/report?by=office").await.unwrap().success().unwrap().json().unwrap();
    let offices: Vec<_> = split["parts"].as_array().unwrap().iter().map(|p| (&p["of"], &p["contacts"])).collect();
    assert_eq!(offices, [(&json!(""), &json!(0)), (&json!("541"), &json!(47))]);
    let whole: Value = c.get(&format!("/v1/lists/{id}")).await.unwrap().success().unwrap().json().unwrap();
    assert_eq!((&whole["parts"], &whole["withdrawn"]), (&json!([part["list"]]), &json!(false)));

    let gone = c.send(Method::DELETE, &format!("/v1/lists/{id}"), &[], "").await.unwrap();
    assert_eq!(gone.status, 204);
    assert_eq!(c.tick(0).await.unwrap().waiting, 0);
    assert_eq!(c.report("c").await.unwrap().ends["withdrawn"], 47);
    let refused = send(&format!("/v1/lists/{id}/rows"), &[], more.as_bytes()).await;
    assert_eq!(refused.status, 409, "{}", refused.text());
}
