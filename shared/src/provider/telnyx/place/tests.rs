use super::*;
use crate::provider::testing::{Dice, order};
use serde_json::json;

fn account() -> Account {
    Account {
        account: "f5586561".into(),
        key: "1494404757".into(),
        secret: "KEY01_s3cret".into(),
        ..Account::default()
    }
}

#[test]
fn an_order_says_whom_to_ring_and_whom_to_tell() {
    let request = place(&order(), &account());
    assert_eq!(request.method, "POST");
    assert_eq!(request.url, "https://api.telnyx.com/v2/texml/Accounts/f5586561/Calls");
    let headers: Vec<_> = request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let length = request.body.len().to_string();
    let expected = [
        ("authorization", "Bearer KEY01_s3cret"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-length", length.as_str()),
        ("accept", "application/json"),
    ];
    assert_eq!(headers, expected);
    let fields: Vec<_> = form_urlencoded::parse(&request.body).into_owned().collect();
    let hook = "https://dering.example.go.id/hooks/telnyx/AAMAAAAAAAADLAApa0nSAA_-x";
    let expected = [
        ("ApplicationSid", "1494404757".to_owned()),
        ("To", "+628110000001".to_owned()),
        ("From", "+622150000001".to_owned()),
        ("Url", format!("{hook}/answer")),
        ("UrlMethod", "POST".to_owned()),
        ("StatusCallback", format!("{hook}/status")),
        ("StatusCallbackMethod", "POST".to_owned()),
        ("StatusCallbackEvent", "completed".to_owned()),
        ("Timeout", "25".to_owned()),
        ("TimeLimit", "300".to_owned()),
        ("MachineDetection", "Enable".to_owned()),
        ("AsyncAmd", "true".to_owned()),
        ("AsyncAmdStatusCallback", format!("{hook}/machine")),
        ("AsyncAmdStatusCallbackMethod", "POST".to_owned()),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn limits_of_the_api_are_kept_and_a_base_url_replaces_telnyxs() {
    let account = Account { base_url: "https://api.telnyx.eu/".into(), ..account() };
    for (ring_s, talk_s, expected) in
        [(0, 0, "&Timeout=5&TimeLimit=30&"), (u32::MAX, u32::MAX, "&Timeout=120&TimeLimit=14400&")]
    {
        let request = place(&Order { ring_s, talk_s, ..order() }, &account);
        assert_eq!(request.url, "https://api.telnyx.eu/v2/texml/Accounts/f5586561/Calls");
        let body = String::from_utf8(request.body).unwrap();
        assert!(body.contains(expected), "{body}");
    }
}

fn error(code: &str, detail: &str, pointer: &str) -> Vec<u8> {
    let source = json!({ "pointer": pointer });
    json!({ "errors": [{ "code": code, "title": "t", "detail": detail, "source": source }] }).to_string().into()
}

fn refused(refusal: Refusal, code: &str) -> Placing {
    Placing::Refused { refusal, code: code.into(), retry_after_s: None }
}

#[test]
fn errors_as_a_table() {
    use Refusal::*;
    let rows: &[(u16, &[&str], Refusal)] = &[
        (401, &["10009", "20001", "20002", "20003", "20006", "20008"], Configuration),
        (403, &["20012", "20013", "20100", "20014", "20017", "10038", "10039", "10010"], Configuration),
        (404, &["10005"], Configuration),
        (422, &["90041", "90042", "90043"], Busy),
        (429, &["10011", "90103"], Busy),
        (422, &["10015", "10016", "10002", "10004", "10026", "10027", "10032", "10033"], Configuration),
        // Codes of tomorrow.
        (422, &["0", "99999"], Configuration),
        (429, &["99999"], Busy),
    ];
    for (status, codes, refusal) in rows {
        for code in *codes {
            let expected = refused(*refusal, code);
            assert_eq!(placed(*status, &[], &error(code, "", "")), expected, "{code}");
            let number = format!(r#"{{"errors":[{{"code":{code}}}]}}"#);
            assert_eq!(placed(*status, &[], number.as_bytes()), expected, "{code} as a number");
        }
    }
    let rows: &[(&[&str], Refusal)] = &[
        (&["D1", "D2", "D3", "D9", "D22"], Busy),
        (&["D11"], InvalidNumber),
        (&["D21", "D24", "D40", "D41"], Blocked),
        (&["D35", "D36", "D51"], CallerId),
        (&["D10", "D12", "D13", "D17", "D18", "D19", "D25", "D29", "D38", "D60", "D61"], Configuration),
        // Of tomorrow: the number beside it decides.
        (&["D98"], Configuration),
    ];
    for (codes, refusal) in rows {
        for code in *codes {
            let expected = refused(*refusal, code);
            assert_eq!(placed(403, &[], &error("10010", &format!("Not allowed ({code})."), "")), expected);
            let own = json!({ "errors": [{ "code": "10010", "telnyx_error": { "error_code": code } }] });
            assert_eq!(placed(403, &[], own.to_string().as_bytes()), expected);
        }
    }
}

#[test]
fn only_a_number_that_is_surely_meant_is_given_up() {
    use Refusal::*;
    for (pointer, refusal) in [
        ("/To", InvalidNumber),
        ("/to", InvalidNumber),
        ("/From", CallerId),
        ("/data/attributes/from", CallerId),
        ("/Url", Configuration),
        ("/ToAndFrom", Configuration),
        ("", Configuration),
    ] {
        for code in ["10002", "10015", "10016"] {
            let answer = placed(422, &[], &error(code, "Must be a phone number to call from.", pointer));
            assert_eq!(answer, refused(refusal, code), "{pointer}");
        }
    }
}

#[test]
fn the_first_error_that_says_something_decides() {
    let body = json!({ "errors": [{ "code": "99999" }, "?", { "code": "90103" }, { "code": "10009" }] });
    assert_eq!(placed(400, &[], body.to_string().as_bytes()), refused(Refusal::Busy, "90103"));
    // A leg that was made and refused is refused.
    let body = json!({ "errors": [{ "code": "10010", "detail": "D38" }], "data": { "call_control_id": "v3:x" } });
    assert_eq!(placed(403, &[], body.to_string().as_bytes()), refused(Refusal::Configuration, "D38"));
    for body in ["", "<html>", "{}", "[]", r#"{"errors":7}"#, r#"{"errors":[{"code":-1}]}"#] {
        assert_eq!(placed(403, &[], body.as_bytes()), refused(Refusal::Configuration, "http_403"), "{body}");
        assert_eq!(placed(429, &[], body.as_bytes()), refused(Refusal::Busy, "http_429"), "{body}");
    }
}

#[test]
fn when_to_come_again_is_heard_from_a_429_alone() {
    let headers =
        |pairs: &[(&str, &str)]| -> Vec<_> { pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect() };
    for (status, pairs, expected) in [
        (429, &[("x-ratelimit-limit", "30"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "7")][..], Some(7)),
        (429, &[("retry-after", "3"), ("x-ratelimit-reset", "7")][..], Some(3)),
        (429, &[("x-ratelimit-reset", "soon")][..], None),
        (429, &[][..], None),
        (422, &[("x-ratelimit-reset", "7")][..], None),
    ] {
        match placed(status, &headers(pairs), &error("90041", "", "")) {
            Placing::Refused { refusal: Refusal::Busy, retry_after_s, .. } => assert_eq!(retry_after_s, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_may_have_rung_is_unclear() {
    let refusal = String::from_utf8(error("10009", "", "")).unwrap();
    for (status, body) in [
        (500, ""),
        (500, &*refusal),
        (503, r#"{"errors":[{"code":"10007"}]}"#),
        (400, r#"{"errors":[{"code":"10008"}]}"#),
        (504, "<html>Gateway time-out</html>"),
        (408, ""),
        (408, &*refusal),
        (301, ""),
        (0, ""),
        (200, ""),
        (200, "{}"),
        (200, r#"{"status":"failed"}"#),
        (200, r#"{"status":7}"#),
        (200, r#"{"call_sid":"v3 x","status":"queued"}"#),
        (200, r#"{"call_sid":"","status":"queued"}"#),
        (200, &*refusal),
    ] {
        assert_eq!(placed(status, &[], body.as_bytes()), Placing::Unclear, "{status} {body}");
    }
}

#[test]
fn a_call_is_taken_with_its_id_or_without() {
    for (body, id) in [
        (r#"{"from":"+622150000001","to":"+628110000001","status":"queued"}"#, ""),
        (r#"{"call_sid":"v3:MdI91X4l","status":"queued"}"#, "v3:MdI91X4l"),
        (r#"{"sid":"v3:MdI91X4l"}"#, "v3:MdI91X4l"),
        (r#"{"data":{"call_sid":"v3:MdI91X4l","status":"initiated"}}"#, "v3:MdI91X4l"),
    ] {
        for status in [200, 201] {
            assert_eq!(placed(status, &[], body.as_bytes()), Placing::Placed { provider_call: id.into() });
        }
    }
}

#[test]
fn random_answers_place_nothing_and_do_no_harm() {
    let mut dice = Dice::new(1);
    for _ in 0..20_000 {
        let (status, body) = (dice.below(1000) as u16, dice.bytes(64));
        let headers = [("x-ratelimit-reset".to_owned(), dice.text(8))];
        assert!(!matches!(placed(status, &headers, &body), Placing::Placed { .. }), "{status} {body:?}");
    }
    let deep = b"[".repeat(100_000);
    assert_eq!(placed(200, &[], &deep), Placing::Unclear);
}
