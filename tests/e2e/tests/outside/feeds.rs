//! What offices send beside lists: settlements, do-not-call lists, a year's holidays.

use crate::stage;
use http::Method;
use serde_json::{Value, json};

const CSV: [(&str, &str); 1] = [("content-type", "text/csv")];

#[tokio::test(flavor = "multi_thread")]
async fn feeds_are_taken_row_by_row_and_shown_again() {
    let stage = stage().await;
    let client = &stage.client;

    let feed = "NPWP;KAP;KJS;MASA PAJAK;TAHUN PAJAK;TGL BAYAR;JUMLAH BAYAR\n\
                3273011503859001;411125;200;02;2026;02/03/2026;1.000.000\n\
                07.800.201.2-541.000;411125;200;02;2026;02/03/2026;1.000.000\n";
    for unchanged in [0, 1] {
        let answer: Value = client.send(Method::POST, "/v1/settlements", &CSV, feed).await.unwrap().json().unwrap();
        let counts = ["rows", "accepted", "rejected", "unchanged"].map(|name| answer[name].as_u64().unwrap());
        assert_eq!(counts, [2, 1, 1, unchanged], "{answer}");
        assert_eq!(answer["rejections"][0]["row"], 3);
        assert_eq!(answer["rejections"][0]["reason"], "npwp_checksum");
    }

    let list = "No HP;NPWP;Alasan\n081234567890;;permintaan\n;3273011503859001;meninggal\n0812x;;\n";
    let answer: Value = client.send(Method::POST, "/v1/suppressions", &CSV, list).await.unwrap().json().unwrap();
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(2), &json!(1)), "{answer}");
    let one = client.post("/v1/suppressions", &json!({ "phone": "+6581234567" })).await.unwrap();
    assert_eq!(one.status, 201, "{}", one.text());
    let down = client.get("/v1/suppressions").await.unwrap();
    assert!(down.header("content-type").starts_with("text/csv"), "{}", down.text());
    for row in ["'+6281234567890;;asked_in_call;", ";'3273011503859001;deceased;", "'+6581234567;;entered;"] {
        assert!(down.text().contains(row), "{row}: {}", down.text());
    }
    let again = client.send(Method::POST, "/v1/suppressions", &CSV, down.body.clone()).await.unwrap();
    let again: Value = again.json().unwrap();
    assert_eq!((&again["accepted"], &again["unchanged"]), (&json!(3), &json!(3)), "{again}");
    let id = one.json::<Value>().unwrap()["suppression"].as_str().unwrap().to_owned();
    let path = format!("/v1/suppressions/{id}");
    assert_eq!(client.send(Method::DELETE, &path, &[], "").await.unwrap().status, 204);
    let json = [("accept", "application/json")];
    let down: Value = client.send(Method::GET, "/v1/suppressions", &json, "").await.unwrap().json().unwrap();
    assert_eq!(down["suppressions"].as_array().map(Vec::len), Some(2), "{down}");

    let year = "tanggal;nama;jenis\n01/01/2030;Tahun Baru;libur nasional\n24/12/2030;;cuti bersama\n";
    let put = client.send(Method::PUT, "/v1/holidays/kantor/2030", &CSV, year).await.unwrap().success().unwrap();
    assert_eq!(put.json::<Value>().unwrap()["days"].as_array().map(Vec::len), Some(2));
    let shown: Value = client.get("/v1/holidays/kantor/2030").await.unwrap().json().unwrap();
    let leave = json!({ "date": "2030-12-24", "kind": "collective_leave", "name": "" });
    assert_eq!((&shown["days"][1], &shown["loaded"]), (&leave, &json!(true)));
    for (calendar, status) in [("kantor", 201), ("kantor-national", 201), ("unknown", 422)] {
        let mut campaign = stage.campaign(&format!("h-{calendar}"));
        campaign["holidays"] = json!([calendar]);
        assert_eq!(client.post("/v1/campaigns", &campaign).await.unwrap().status, status, "{calendar}");
    }
    let bad = client.send(Method::PUT, "/v1/holidays/kantor/2031", &CSV, year).await.unwrap();
    assert_eq!(bad.status, 422, "{}", bad.text());
    assert_eq!(client.get("/v1/holidays/kantor/2031").await.unwrap().status, 404);
    assert_eq!(client.send(Method::DELETE, "/v1/holidays/kantor/2030", &[], "").await.unwrap().status, 204);
    let known: Value = client.get("/v1/holidays").await.unwrap().json().unwrap();
    let known: Vec<_> = known["holidays"].as_array().unwrap().iter().map(|y| (&y["calendar"], &y["year"])).collect();
    assert_eq!(known, [(&json!("id"), &json!(2026)), (&json!("id"), &json!(2027))]);
}
