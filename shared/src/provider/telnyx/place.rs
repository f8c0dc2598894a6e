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
mod tests;
