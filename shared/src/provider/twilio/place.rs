//! Placing a call: `POST …/Calls.json`. Source: Twilio docs, "Call resource" and "Error and warning dictionary".

use crate::attempt::Refusal;
use crate::provider::answer::{Meaning, is_id, seconds};
use crate::provider::{Account, ApiRequest, Order, Placing};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Where the API is unless the account says otherwise (a regional edge, a compatible service).
const BASE_URL: &str = "https://api.twilio.com";

/// How Twilio delivers our webhooks (Twilio docs, "Webhooks: connection overrides"; a fragment is never sent to us).
/// Left alone it retries once, and only if the connection fails: an error or a slow answer would lose the news.
/// Each try may take 2 s to connect and 4 s to answer, so that several fit into the fixed limit of 15 s for all.
/// Handlers are idempotent, so every failure may be retried.
const DELIVERY: &str = "#rc=5&rp=all&ct=2000&rt=4000";

/// Longest ringing the API takes, in seconds.
const RING_MAX_S: u32 = 600;

/// The request that places a call.
///
/// Only the end of a call is reported (`completed` stands for every end, also busy and unanswered): each further
/// event would cost a durable write and tell nothing that decides anything. Machine detection runs beside the
/// call, so that a person hears no silence; `Enable` gives its verdict at the greeting's start, before the call is over.
pub fn place(order: &Order<'_>, account: &Account) -> ApiRequest {
    let hook = |name: &str| format!("{}/hooks/twilio/{}/{name}{DELIVERY}", order.public_url, order.call);
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("To", order.to)
        .append_pair("From", order.from)
        .append_pair("Url", &hook("answer"))
        .append_pair("Method", "POST")
        .append_pair("StatusCallback", &hook("status"))
        .append_pair("StatusCallbackMethod", "POST")
        .append_pair("StatusCallbackEvent", "completed")
        .append_pair("Timeout", &order.ring_s.clamp(1, RING_MAX_S).to_string())
        .append_pair("TimeLimit", &order.talk_s.max(1).to_string())
        .append_pair("MachineDetection", "Enable")
        .append_pair("AsyncAmd", "true")
        .append_pair("AsyncAmdStatusCallback", &hook("machine"))
        .append_pair("AsyncAmdStatusCallbackMethod", "POST")
        .finish()
        .into_bytes();
    let base = if account.base_url.is_empty() { BASE_URL } else { account.base_url.trim_end_matches('/') };
    ApiRequest {
        method: "POST",
        url: format!("{base}/2010-04-01/Accounts/{}/Calls.json", account.account),
        headers: vec![
            ("authorization", authorization(account)),
            ("content-type", "application/x-www-form-urlencoded".into()),
            ("content-length", body.len().to_string()),
            ("accept", "application/json".into()),
        ],
        body,
    }
}

/// HTTP Basic: an API key and its secret, or the account and its auth token where no key is set.
fn authorization(account: &Account) -> String {
    let user = if account.key.is_empty() { &account.account } else { &account.key };
    format!("Basic {}", STANDARD.encode(format!("{user}:{}", account.secret)))
}

/// What the answer to an order means. Twilio's error code decides, the HTTP status only where there is none we know.
///
/// Twilio has no idempotent placing, and its page on error 20500 says that a repeated order may ring a person twice:
/// so whatever is not surely refused and not surely placed is [`Placing::Unclear`].
pub fn placed(status: u16, headers: &[(String, String)], body: &[u8]) -> Placing {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    if (200..300).contains(&status) {
        return match answer.get("sid").and_then(Value::as_str) {
            Some(sid) if is_id(sid) => Placing::Placed { provider_call: sid.to_owned() },
            _ => Placing::Unclear,
        };
    }
    let code = answer.get("code").and_then(number);
    let refusal = match code.map(meaning) {
        Some(Meaning::Refused(refusal)) => refusal,
        Some(Meaning::Unclear) => return Placing::Unclear,
        Some(Meaning::Unknown) | None => match status {
            429 => Refusal::Busy,
            // A gateway's time-out: it may have passed the order on.
            408 => return Placing::Unclear,
            400..500 => Refusal::Configuration,
            _ => return Placing::Unclear,
        },
    };
    Placing::Refused {
        refusal,
        code: code.map_or_else(|| format!("http_{status}"), |code| code.to_string()),
        retry_after_s: seconds(headers, "retry-after"),
    }
}

/// Source: Twilio docs, "Error and warning dictionary".
fn meaning(code: u64) -> Meaning {
    Meaning::Refused(match code {
        // No, malformed or unreachable `To`; a premium number.
        13223 | 13224 | 21201 | 21202 | 21211 | 21214 | 21217 => Refusal::InvalidNumber,
        // Too many API requests at once ("safe to retry"), too many calls at once, a queued call out of its time.
        20429 | 10004 | 22001 => Refusal::Busy,
        // Blocked by Twilio: risk of fraud, regulation, no approved profile.
        13225 | 21216 => Refusal::Blocked,
        // Credentials; the account closed, suspended or out of funds; a trial account.
        10001 | 10002 | 10005 | 20003 | 20005 | 20010 | 20403 | 20404 | 21219 => Refusal::Configuration,
        // The destination country is not enabled.
        13227 | 21203 | 21215 => Refusal::Configuration,
        // The caller id is not ours to use.
        13247 | 21210 | 21212 | 21213 => Refusal::CallerId,
        // Our own bad parameter.
        21205..=21208 | 21218 | 21234 | 21263 | 21626 => Refusal::Configuration,
        // Twilio failed half way.
        20500 | 20503 => return Meaning::Unclear,
        _ => return Meaning::Unknown,
    })
}

/// A number, also where it is written as a string.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::testing::Dice;

    fn account() -> Account {
        Account { account: "AC02".into(), key: "SK03".into(), secret: "s3cret".into(), ..Account::default() }
    }

    fn order() -> Order<'static> {
        Order {
            to: "+628110000001",
            from: "+622150000001",
            call: "AAMAAAAAAAADLAApa0nSAA_-x",
            public_url: "https://dering.example.go.id",
            ring_s: 25,
            talk_s: 300,
        }
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
}
