//! `X-Twilio-Signature`, written from the published rule and sharing no code with the verifier it tests.
//! Source: <https://www.twilio.com/docs/usage/security#validating-requests>.

use std::collections::BTreeSet;

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

/// The signature of a request to `url` with the form `fields` (none for GET, whose fields are in the URL).
///
/// Base64 of HMAC-SHA1, keyed with the account's token, over the URL without user info and fragment, followed by
/// name and value of every distinct field in byte order. The port stays, except on https.
pub fn sign(token: &str, url: &str, fields: &[(String, String)]) -> String {
    let mut text = signed_url(url);
    let distinct: BTreeSet<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for (name, value) in distinct {
        text.push_str(name);
        text.push_str(value);
    }
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else {
        // HMAC takes keys of any length.
        return String::new();
    };
    mac.update(text.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

fn signed_url(url: &str) -> String {
    let url = url.split('#').next().unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((name, port)) if scheme == "https" && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    format!("{scheme}://{host}{path}")
}
