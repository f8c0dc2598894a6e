use super::*;
use crate::provider::testing::{Dice, order};

fn account() -> Account {
    Account { account: "AC02".into(), key: "SK03".into(), secret: "s3cret".into(), ..Account::default() }
}

fn header<'a>(request: &'a ApiRequest, name: &str) -> &'a str {
    request.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str()).unwrap()
}

#[test]
fn an_order_says_whom_to_ring_and_whom_to_tell() {
    let request = place(&order(), &account());
    assert_eq!(request.method, "POST");
    assert_eq!(request.url, "https://api.twilio.com/2010-04-01/Accounts/AC02/Calls.json");
    assert_eq!(header(&request, "authorization"), format!("Basic {}", STANDARD.encode("SK03:s3cret")));
    assert_eq!(header(&request, "content-type"), "application/x-www-form-urlencoded");
    assert_eq!(header(&request, "content-length"), request.body.len().to_string());
    assert!(request.body.starts_with(b"To=%2B628110000001&From=%2B622150000001&"));
    let fields: Vec<_> = form_urlencoded::parse(&request.body).into_owned().collect();
    let hook = "https://dering.example.go.id/hooks/twilio/AAMAAAAAAAADLAApa0nSAA_-x";
    let expected = [
        ("To", "+628110000001".to_owned()),
        ("From", "+622150000001".to_owned()),
        ("Url", format!("{hook}/answer#rc=5&rp=all&ct=2000&rt=4000")),
        ("Method", "POST".to_owned()),
        ("StatusCallback", format!("{hook}/status#rc=5&rp=all&ct=2000&rt=4000")),
        ("StatusCallbackMethod", "POST".to_owned()),
        ("StatusCallbackEvent", "completed".to_owned()),
        ("Timeout", "25".to_owned()),
        ("TimeLimit", "300".to_owned()),
        ("MachineDetection", "Enable".to_owned()),
        ("AsyncAmd", "true".to_owned()),
        ("AsyncAmdStatusCallback", format!("{hook}/machine#rc=5&rp=all&ct=2000&rt=4000")),
        ("AsyncAmdStatusCallbackMethod", "POST".to_owned()),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn without_an_api_key_the_account_signs_in_and_a_base_url_replaces_twilios() {
    let account = Account { key: String::new(), base_url: "http://127.0.0.1:9000/api/laml/".into(), ..account() };
    let request = place(&order(), &account);
    assert_eq!(request.url, "http://127.0.0.1:9000/api/laml/2010-04-01/Accounts/AC02/Calls.json");
    assert_eq!(header(&request, "authorization"), format!("Basic {}", STANDARD.encode("AC02:s3cret")));
}

#[test]
fn limits_of_the_api_are_kept() {
    let body =
        |ring_s, talk_s| String::from_utf8(place(&Order { ring_s, talk_s, ..order() }, &account()).body).unwrap();
    assert!(body(u32::MAX, 60).contains("&Timeout=600&TimeLimit=60&"));
    assert!(body(0, 0).contains("&Timeout=1&TimeLimit=1&"));
}

#[test]
fn a_debug_print_shows_neither_credentials_nor_the_number() {
    let shown = format!("{:?}", place(&order(), &account()));
    for secret in ["AC02", "SK03", &STANDARD.encode("SK03:s3cret"), "628110000001"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

fn refused(refusal: Refusal, code: &str) -> Placing {
    Placing::Refused { refusal, code: code.into(), retry_after_s: None }
}

#[test]
fn errors_as_a_table() {
    use Refusal::*;
    let rows: &[(u16, &[u64], Refusal)] = &[
        (400, &[13223, 13224, 21201, 21202, 21211, 21214, 21217], InvalidNumber),
        (429, &[20429], Busy),
        (400, &[10004, 22001], Busy),
        (403, &[13225, 21216], Blocked),
        (401, &[20003, 20403, 20005, 10001, 20010, 10005], Configuration),
        (404, &[20404], Configuration),
        (400, &[21215, 13227, 21203], Configuration),
        (400, &[21210, 21212, 21213, 13247], CallerId),
        (400, &[21219, 10002], Configuration),
        (400, &[21205, 21206, 21207, 21208, 21218, 21234, 21263, 21626], Configuration),
        // Codes of tomorrow.
        (400, &[0, 21299, 99999, u64::MAX], Configuration),
        // The code decides, whatever the status.
        (500, &[21211], InvalidNumber),
        (503, &[20003], Configuration),
    ];
    for (status, codes, refusal) in rows {
        for code in *codes {
            let expected = refused(*refusal, &code.to_string());
            let body = format!(r#"{{"code":{code},"message":"m","more_info":"i","status":{status}}}"#);
            assert_eq!(placed(*status, &[], body.as_bytes()), expected, "{code}");
            let body = format!(r#"{{"code":"{code}"}}"#);
            assert_eq!(placed(*status, &[], body.as_bytes()), expected, "{code} as a string");
        }
    }
    for body in ["", "<html>", "{}", "[]", r#"{"code":null}"#, r#"{"code":-1}"#, r#"{"code":1.5}"#] {
        assert_eq!(placed(403, &[], body.as_bytes()), refused(Configuration, "http_403"), "{body}");
        assert_eq!(placed(429, &[], body.as_bytes()), refused(Busy, "http_429"), "{body}");
    }
}

#[test]
fn what_may_have_rung_is_unclear() {
    for (status, body) in [
        (500, r#"{"code":20500}"#),
        (503, r#"{"code":20503}"#),
        (400, r#"{"code":20500}"#),
        (400, r#"{"code":20503}"#),
        (500, ""),
        (502, "<html>Bad gateway</html>"),
        (504, r#"{"code":99999}"#),
        (599, r#"{"sid":"CA1"}"#),
        (408, ""),
        (301, ""),
        (101, ""),
        (0, ""),
        (201, ""),
        (201, "{}"),
        (201, r#"{"sid":null}"#),
        (201, r#"{"sid":""}"#),
        (201, r#"{"sid":"CA 1"}"#),
        (201, r#"{"sid":7}"#),
        (201, r#"{"sid":"CA1""#),
        (200, r#"{"code":21211}"#),
    ] {
        assert_eq!(placed(status, &[], body.as_bytes()), Placing::Unclear, "{status} {body}");
    }
    let long = format!(r#"{{"sid":"{}"}}"#, "C".repeat(129));
    assert_eq!(placed(201, &[], long.as_bytes()), Placing::Unclear);
}

#[test]
fn a_created_call_has_an_id() {
    for sid in ["CA00000000000000000000000000000001", "b3877c40-da60-4998-90ad-b792e98472af"] {
        let body = format!(r#"{{"sid":"{sid}","status":"queued","queue_time":"0"}}"#);
        for status in [200, 201] {
            assert_eq!(placed(status, &[], body.as_bytes()), Placing::Placed { provider_call: sid.into() });
        }
    }
}

#[test]
fn the_provider_may_say_when_to_come_again() {
    for (value, expected) in [
        ("7", Some(7)),
        (" 7 ", Some(7)),
        ("0", Some(0)),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("4294967296", None),
        ("Mon, 02 Nov 2026 03:04:05 GMT", None),
    ] {
        let headers = [("date".to_owned(), "9".to_owned()), ("retry-after".to_owned(), value.to_owned())];
        let Placing::Refused { refusal: Refusal::Busy, retry_after_s, .. } =
            placed(429, &headers, br#"{"code":20429}"#)
        else {
            panic!("not busy")
        };
        assert_eq!(retry_after_s, expected, "{value}");
    }
}

#[test]
fn random_answers_place_nothing_and_do_no_harm() {
    let mut dice = Dice::new(1);
    for _ in 0..20_000 {
        let status = dice.below(1000) as u16;
        let body = dice.bytes(64);
        let headers = [("retry-after".to_owned(), dice.text(8))];
        let placing = placed(status, &headers, &body);
        assert!(!matches!(placing, Placing::Placed { .. }), "{status} {body:?}");
    }
    let deep = [b"[".repeat(100_000), b"{\"a\":".repeat(100_000)].concat();
    assert_eq!(placed(201, &[], &deep), Placing::Unclear);
}
