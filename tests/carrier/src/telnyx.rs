//! What Telnyx does otherwise than Twilio: the parameters of an order, errors, signatures, the fields of its requests.
//! Sources: <https://developers.telnyx.com/api-reference/texml-rest-commands/initiate-an-outbound-call>, the pages of the
//! TeXML callbacks beside it, "Receiving webhooks", "API errors". Shares no code with the adapter it tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use http::{Response, StatusCode};
use http_body_util::Full;
use serde_json::json;

use crate::Options;
use crate::delivery::Fields;
use crate::order::{Order, Refusal};
use crate::resource::reply;
use crate::state::Status;

/// The application that every call here belongs to, as callbacks name it.
const CONNECTION: &str = "2811212257810187875";

/// Seconds until the window of requests begins anew.
const RESET_S: u32 = 1;

/// Parameters that both have, under Twilio's names, and those that only Telnyx has, with their counterpart if there is one.
const RENAMED: [(&str, Option<&str>); 3] =
    [("ApplicationSid", None), ("UrlMethod", Some("Method")), ("DetectionMode", None)];
/// Parameters that only Twilio has.
const FOREIGN: [&str; 6] = [
    "Method",
    "Twiml",
    "MachineDetectionTimeout",
    "MachineDetectionSpeechThreshold",
    "MachineDetectionSpeechEndThreshold",
    "MachineDetectionSilenceTimeout",
];

/// Checks an order's parameters: most are Twilio's.
pub(crate) fn order(fields: &Fields, options: &Options, warnings: &mut Vec<String>) -> Result<Order, Refusal> {
    let get = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let refuse = |code, reason: String| Err(Refusal { code, reason });
    if get("ApplicationSid") != Some(&options.api_key) {
        return refuse(21219, "ApplicationSid names no application of this account".into());
    }
    for (name, from, to) in [("Timeout", 5, 120), ("TimeLimit", 30, 14_400)] {
        if get(name).is_some_and(|text| !text.parse().is_ok_and(|n: u32| (from..=to).contains(&n))) {
            return refuse(21208, format!("{name} is not a number from {from} to {to}"));
        }
    }
    let mut known = Fields::new();
    for (name, value) in fields {
        match RENAMED.iter().find(|(own, _)| own == name) {
            Some((_, None)) => {}
            Some((_, Some(theirs))) => known.push(((*theirs).to_owned(), value.clone())),
            None => {
                if FOREIGN.contains(&name.as_str()) {
                    warnings.push(format!("parameter {name} is unknown or not simulated"));
                }
                known.push((name.clone(), value.clone()));
            }
        }
    }
    for name in ["UrlMethod", "StatusCallbackMethod", "AsyncAmdStatusCallbackMethod"] {
        // `UrlMethod` is GET if it is not said, and what a GET carries is not signed.
        if get(name).is_none_or(|method| method != "POST") && (name == "UrlMethod" || get(name).is_some()) {
            warnings.push(format!("{name} is not POST"));
        }
    }
    Order::parse(&known, options, warnings)
}

/// An error, with Telnyx's code for Twilio's.
pub(crate) fn error(status: StatusCode, refusal: &Refusal) -> Response<Full<Bytes>> {
    let (status, code, detail, pointer) = match refusal.code {
        20003 => (401, "10009", "", ""),
        20404 => (404, "10005", "", ""),
        20429 => (429, "10011", "", ""),
        20500 => (status.as_u16(), "10007", "", ""),
        21201 | 21211 => (422, "10016", "", "/To"),
        21212 | 21213 => (422, "10016", "", "/From"),
        21210 => (403, "10010", "The caller ID is not verified (D51).", ""),
        _ => (422, "10015", "", ""),
    };
    let detail = if detail.is_empty() { &refusal.reason } else { detail };
    let body = json!({ "errors": [{
        "code": code,
        "title": "Refused",
        "detail": detail,
        "source": { "pointer": pointer },
        "meta": { "url": format!("https://developers.telnyx.com/docs/overview/errors/{code}") },
    }] });
    let mut response = reply(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), &body);
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", 30.into());
    headers.insert("x-ratelimit-remaining", u32::from(status != 429).into());
    headers.insert("x-ratelimit-reset", RESET_S.into());
    response
}

/// The fields of every voice request, except `CallStatus`.
pub(crate) fn leg(options: &Options, sid: &str, from: &str, to: &str) -> Fields {
    [
        ("AccountSid", options.account_sid.as_str()),
        ("CallSid", sid),
        ("CallSidLegacy", sid),
        ("CallerId", from),
        ("ConnectionId", CONNECTION),
        ("From", from),
        ("To", to),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// Why a call ended.
pub(crate) fn hangup_cause(status: Status, sip: Option<u16>) -> &'static str {
    match (status, sip) {
        (Status::Completed, _) => "normal_clearing",
        (Status::Busy, _) => "user_busy",
        (Status::NoAnswer, _) => "timeout",
        (Status::Canceled, _) => "originator_cancel",
        (_, Some(404)) => "not_found",
        _ => "unspecified",
    }
}

/// The key that signs, made of the account's token.
fn key(token: &str) -> SigningKey {
    let mut seed = [0; 32];
    seed.iter_mut().zip(token.bytes()).for_each(|(byte, of_token)| *byte = of_token);
    SigningKey::from_bytes(&seed)
}

/// The public half of the key, in base64.
pub(crate) fn public_key(token: &str) -> String {
    STANDARD.encode(key(token).verifying_key())
}

/// The signature of a body sent at `now_s`, in base64.
pub(crate) fn sign(token: &str, now_s: i64, body: &str) -> String {
    STANDARD.encode(key(token).sign(format!("{now_s}|{body}").as_bytes()).to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::VerifyingKey;

    fn fields(more: &[(&str, &str)]) -> Fields {
        let usual = [
            ("ApplicationSid", "app"),
            ("To", "+628110000001"),
            ("From", "+62215000001"),
            ("Url", "http://h/hooks/telnyx/a/answer"),
            ("UrlMethod", "POST"),
        ];
        let said = |name: &str| more.iter().any(|(n, _)| *n == name);
        let usual = usual.into_iter().filter(|(name, _)| !said(name));
        usual.chain(more.iter().copied()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    }

    #[test]
    fn orders_are_judged_as_telnyx_judges_them() {
        let options = Options { api_key: "app".into(), ..Options::default() };
        let ask = |more: &[(&str, &str)]| {
            let mut warnings = Vec::new();
            let order = order(&fields(more), &options, &mut warnings);
            (order.map(|o| o.to).map_err(|refusal| refusal.code), warnings.len())
        };
        let taken = Ok("+628110000001".to_owned());
        assert_eq!(ask(&[("Timeout", "25"), ("TimeLimit", "300"), ("DetectionMode", "Regular")]), (taken.clone(), 0));
        assert_eq!(ask(&[("UrlMethod", "GET")]), (taken.clone(), 1));
        assert_eq!(ask(&[("MachineDetectionTimeout", "30")]), (taken, 1));
        for (name, value, code) in [
            ("ApplicationSid", "another", 21219),
            ("Timeout", "4", 21208),
            ("Timeout", "121", 21208),
            ("TimeLimit", "29", 21208),
            ("To", "0811", 21211),
            ("From", "+629999999999", 21210),
        ] {
            assert_eq!(ask(&[(name, value)]).0, Err(code), "{name} {value}");
        }
    }

    #[test]
    fn a_signature_fits_its_body_and_time() {
        let token = Options::default().auth_token;
        let bytes: [u8; 32] = STANDARD.decode(public_key(&token)).expect("base64").try_into().expect("32 bytes");
        let key = VerifyingKey::from_bytes(&bytes).expect("a key");
        let signature = STANDARD.decode(sign(&token, 7, "a=b")).expect("base64");
        let signature = ed25519_dalek::Signature::from_slice(&signature).expect("64 bytes");
        assert!(key.verify_strict(b"7|a=b", &signature).is_ok());
        assert!(key.verify_strict(b"8|a=b", &signature).is_err());
    }
}
