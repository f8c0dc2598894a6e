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
mod tests;
