//! Placing a call: `POST /v2/texml/Accounts/{organization}/Calls`. Source: Telnyx docs, "Initiate an outbound call" of the
//! TeXML REST commands, "API errors", "Dials per second limit", and the "D" codes of its support pages.

use crate::attempt::Refusal;
use crate::provider::answer::{Meaning, is_id, seconds};
use crate::provider::{Account, ApiRequest, Order, Placing};
use serde_json::Value;

/// Where the API is unless the account says otherwise (`https://api.telnyx.eu`, say).
const BASE_URL: &str = "https://api.telnyx.com";

/// The request that places a call.
///
/// Every URL is asked for by POST, since the signature covers the body alone. Only the end of a call is reported: each
/// further event would cost a durable write and tell nothing that decides anything. Machine detection runs beside the
/// call, so that a person hears no silence.
pub fn place(order: &Order<'_>, account: &Account) -> ApiRequest {
    let hook = |name: &str| format!("{}/hooks/telnyx/{}/{name}", order.public_url, order.call);
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("ApplicationSid", &account.key)
        .append_pair("To", order.to)
        .append_pair("From", order.from)
        .append_pair("Url", &hook("answer"))
        .append_pair("UrlMethod", "POST")
        .append_pair("StatusCallback", &hook("status"))
        .append_pair("StatusCallbackMethod", "POST")
        .append_pair("StatusCallbackEvent", "completed")
        .append_pair("Timeout", &order.ring_s.clamp(5, 120).to_string())
        .append_pair("TimeLimit", &order.talk_s.clamp(30, 14_400).to_string())
        .append_pair("MachineDetection", "Enable")
        .append_pair("AsyncAmd", "true")
        .append_pair("AsyncAmdStatusCallback", &hook("machine"))
        .append_pair("AsyncAmdStatusCallbackMethod", "POST")
        .finish()
        .into_bytes();
    let base = if account.base_url.is_empty() { BASE_URL } else { account.base_url.trim_end_matches('/') };
    ApiRequest {
        method: "POST",
        url: format!("{base}/v2/texml/Accounts/{}/Calls", account.account),
        headers: vec![
            ("authorization", format!("Bearer {}", account.secret)),
            ("content-type", "application/x-www-form-urlencoded".into()),
            ("content-length", body.len().to_string()),
            ("accept", "application/json".into()),
        ],
        body,
    }
}

/// What the answer to an order means. Telnyx's error codes decide, the HTTP status only where there is none we know.
///
/// There is no idempotent placing by TeXML, so whatever is not surely refused and not surely placed is
/// [`Placing::Unclear`]; an answer of 500 and above always, whatever its body says.
pub fn placed(status: u16, headers: &[(String, String)], body: &[u8]) -> Placing {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    match status {
        200..300 => taken(&answer),
        // A gateway's time-out: it may have passed the order on.
        400..500 if status != 408 => refused(status, headers, &answer),
        _ => Placing::Unclear,
    }
}

/// The documented answer names no call, only its numbers and its status; the id is there all the same, or not.
fn taken(answer: &Value) -> Placing {
    let answer = answer.get("data").unwrap_or(answer);
    let id = ["call_sid", "sid"].into_iter().find_map(|name| answer.get(name).and_then(Value::as_str));
    match (id, answer.get("status").and_then(Value::as_str)) {
        (Some(id), _) if is_id(id) => Placing::Placed { provider_call: id.to_owned() },
        (None, Some("queued" | "initiated" | "ringing" | "in-progress" | "answered")) => {
            Placing::Placed { provider_call: String::new() }
        }
        _ => Placing::Unclear,
    }
}

fn refused(status: u16, headers: &[(String, String)], answer: &Value) -> Placing {
    let errors = answer.get("errors").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    // One that says more than the others decides.
    let found = errors.iter().map(|error| (code(error), meaning(error))).find(|(_, m)| *m != Meaning::Unknown);
    let (code, refusal) = match found {
        Some((code, Meaning::Refused(refusal))) => (code, refusal),
        Some((_, Meaning::Unclear)) => return Placing::Unclear,
        Some((_, Meaning::Unknown)) | None => {
            let code = errors.iter().find_map(code);
            (code, if status == 429 { Refusal::Busy } else { Refusal::Configuration })
        }
    };
    let again = || seconds(headers, "retry-after").or_else(|| seconds(headers, "x-ratelimit-reset"));
    Placing::Refused {
        refusal,
        code: code.unwrap_or_else(|| format!("http_{status}")),
        // Other answers tell when the window of requests begins anew, too: that is no wish to be left alone.
        retry_after_s: (status == 429).then(again).flatten(),
    }
}

/// The error's code: the more telling "D" code, where there is one.
fn code(error: &Value) -> Option<String> {
    detailed(error).map(str::to_owned).or_else(|| Some(number(error.get("code")?)?.to_string()))
}

/// Codes are strings; numbers were seen, too.
fn number(code: &Value) -> Option<u32> {
    match code {
        Value::String(text) => text.parse().ok(),
        code => code.as_u64()?.try_into().ok(),
    }
}

/// A code such as `D13`: in a member of its own, or in the sentence that explains the error.
fn detailed(error: &Value) -> Option<&str> {
    let own = ["/telnyx_error/error_code", "/meta/telnyx_error/error_code", "/meta/error_code"];
    let texts = own.into_iter().filter_map(|at| error.pointer(at));
    let texts = texts.chain(error.get("detail")).chain(error.get("title")).filter_map(Value::as_str);
    texts.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric())).find(|word| {
        let digits = word.strip_prefix('D').unwrap_or_default();
        (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

fn meaning(error: &Value) -> Meaning {
    use Refusal::*;
    if let Some(code) = detailed(error) {
        let refusal = match code {
            // Calls at once, of account, profile, connection, number; the rate of international calls.
            "D1" | "D2" | "D3" | "D9" | "D22" => Some(Busy),
            // The number called.
            "D11" => Some(InvalidNumber),
            // No way there, or a dear one; a prefix known for fraud.
            "D21" | "D24" | "D40" | "D41" => Some(Blocked),
            // The number shown: malformed, another account's, not verified.
            "D35" | "D36" | "D51" => Some(CallerId),
            // The country or the plan; connection, profile or account; sign-in; no profile; the account's level.
            "D10" | "D12" | "D13" | "D14" | "D15" | "D16" | "D17" | "D18" | "D19" | "D25" | "D26" | "D27" | "D28"
            | "D29" | "D38" | "D60" | "D61" => Some(Configuration),
            _ => None,
        };
        if let Some(refusal) = refusal {
            return Meaning::Refused(refusal);
        }
    }
    match error.get("code").and_then(number) {
        // Requests a second; dials a second; calls at once of user, profile, connection.
        Some(10011 | 90103 | 90041..=90043) => Meaning::Refused(Busy),
        // A value that is no good. Which one decides whom it hurts; a number is given up only if it is surely meant.
        Some(10002 | 10004 | 10015 | 10016 | 10026 | 10027 | 10032 | 10033) => Meaning::Refused(match field(error) {
            Some("to") => InvalidNumber,
            Some("from") => CallerId,
            _ => Configuration,
        }),
        // The key; the account inactive, blocked or out of funds; what its level does not allow; no such organization.
        Some(10005 | 10009 | 10010 | 10038 | 10039 | 20001..=20003 | 20006 | 20008 | 20012..=20017 | 20100) => {
            Meaning::Refused(Configuration)
        }
        // Telnyx failed half way.
        Some(10007 | 10008 | 10037) => Meaning::Unclear,
        _ => Meaning::Unknown,
    }
}

/// The member that the error points at.
fn field(error: &Value) -> Option<&'static str> {
    let pointer = error.pointer("/source/pointer").and_then(Value::as_str)?;
    let last = pointer.rsplit('/').next()?;
    ["to", "from"].into_iter().find(|name| last.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::testing::Dice;
    use serde_json::json;

    fn account() -> Account {
        Account {
            account: "f5586561".into(),
            key: "1494404757".into(),
            secret: "KEY01_s3cret".into(),
            ..Account::default()
        }
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
        let headers = |pairs: &[(&str, &str)]| -> Vec<_> {
            pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
        };
        for (status, pairs, expected) in [
            (
                429,
                &[("x-ratelimit-limit", "30"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "7")][..],
                Some(7),
            ),
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
}
