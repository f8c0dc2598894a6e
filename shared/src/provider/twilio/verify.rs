//! Signatures of webhooks. Source: Twilio docs, "Webhooks security" and "Webhooks shared keys".
//!
//! What is signed: the URL Twilio called, then every distinct field of a form, sorted by bytes, name and value joined
//! without separators. A body that is no form is bound by its hash in the query, `bodySHA256`. There is neither a
//! nonce nor a time: a captured request stays valid, so handlers are idempotent and the id in the path expires.

use crate::provider::form::{decoded, is_form};
use crate::provider::{RawRequest, SigningSecret, Verified, WebhookError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

const SIGNATURE: &str = "x-twilio-signature";
const SETTINGS: &str = "x-twilio-webhooks-signature-settings";

/// Checks the signature against every secret that fits. `Verified` holds the form's fields, then those of the query:
/// where both have one name, the form's is found first, so nothing of the provider's is hidden by our own URL.
///
/// Fields are decoded as UTF-8, invalid bytes becoming U+FFFD, and it is the decoded fields that the signature
/// covers: what is checked is what is parsed.
pub fn verify(request: &RawRequest<'_>, secrets: &[SigningSecret]) -> Result<Verified, WebhookError> {
    if secrets.iter().all(|s| s.secret.is_empty()) {
        return Err(WebhookError::NoSecret);
    }
    let signature = request.header(SIGNATURE).unwrap_or_default();
    let signature = STANDARD.decode(signature).map_err(|_| WebhookError::Signature)?;
    let scheme = Scheme::of(request.header(SETTINGS).unwrap_or_default()).ok_or(WebhookError::Signature)?;
    let url = without_fragment(request.url);
    let query = decoded(url.split_once('?').map_or("", |(_, query)| query).as_bytes());

    // The query is signed as a part of the URL. A GET's body is not signed at all, so it is not looked at.
    let form = match request.method {
        "GET" => Vec::new(),
        "POST" if is_form(request) => decoded(request.body),
        "POST" if has_hash_of(&query, request.body) => Vec::new(),
        _ => return Err(WebhookError::Signature),
    };
    let appended = signed_form(&form);
    let urls = as_dialled(url);
    // No short cut on the first match: which secret matched is not told by the time it takes.
    let genuine = secrets
        .iter()
        .filter(|s| scheme.fits(s))
        .flat_map(|s| urls.iter().map(move |url| (s, url)))
        .fold(false, |found, (s, url)| scheme.matches(&s.secret, url, &appended, &signature) | found);
    if !genuine {
        return Err(WebhookError::Signature);
    }
    let mut fields = form;
    fields.extend(query);
    Ok(Verified { fields })
}

/// Which secret signs, and with which hash. Each secret is bound to one hash, so a sender who chooses the scheme
/// cannot confuse them.
enum Scheme<'a> {
    /// The account's auth token, with SHA-1.
    AuthToken,
    /// A shared key of that id, with SHA-256.
    SharedKey(&'a str),
}

impl<'a> Scheme<'a> {
    /// Reads the settings header, `key=ID,algorithm=HMAC_SHA256`. `None` for an algorithm that is not known here.
    fn of(settings: &'a str) -> Option<Self> {
        let setting = |name: &str| {
            let mut pairs = settings.split(',').filter_map(|pair| pair.split_once('='));
            pairs.find(|(n, _)| n.trim() == name).map(|(_, value)| value.trim())
        };
        match (setting("algorithm"), setting("key")) {
            (None, _) | (Some("HMAC_SHA1"), None) => Some(Scheme::AuthToken),
            (Some("HMAC_SHA256"), Some(key)) => Some(Scheme::SharedKey(key)),
            _ => None,
        }
    }

    /// An empty secret is none: anybody can sign with it.
    fn fits(&self, secret: &SigningSecret) -> bool {
        !secret.secret.is_empty()
            && match self {
                Scheme::AuthToken => secret.key_id.is_none(),
                Scheme::SharedKey(id) => secret.key_id.as_deref() == Some(*id),
            }
    }

    fn matches(&self, secret: &str, url: &str, appended: &str, signature: &[u8]) -> bool {
        match self {
            Scheme::AuthToken => mac_matches::<Hmac<Sha1>>(secret, url, appended, signature),
            Scheme::SharedKey(_) => mac_matches::<Hmac<Sha256>>(secret, url, appended, signature),
        }
    }
}

/// Compares in constant time; a signature of another length never matches.
fn mac_matches<M: Mac + KeyInit>(secret: &str, url: &str, appended: &str, signature: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(secret.as_bytes())
        .is_ok_and(|mac| mac.chain_update(url).chain_update(appended).verify_slice(signature).is_ok())
}

/// Connection overrides are not signed.
fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(url, _)| url)
}

/// The URL in the two forms Twilio may have signed. It drops the port of an `https` URL for voice and keeps that of an
/// `http` one; its own libraries take either form for both, and the default port where none is written. User and
/// password are never signed. Scheme, host, path and query are taken as they are.
fn as_dialled(url: &str) -> [String; 2] {
    let Some((scheme, rest)) = url.split_once("://") else { return [url.to_owned(), url.to_owned()] };
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let other = match authority.rsplit_once(':') {
        // In `[::1]` the last colon is not followed by a port.
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host.to_owned(),
        _ => format!("{authority}:{}", if scheme == "http" { "80" } else { "443" }),
    };
    [format!("{scheme}://{authority}{tail}"), format!("{scheme}://{other}{tail}")]
}

/// Every distinct pair once, sorted by name, then by value, as bytes.
fn signed_form(fields: &[(String, String)]) -> String {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_unstable();
    fields.dedup();
    fields.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect()
}

/// Whether the query holds the body's hash. The hash is no secret, so the time of the comparison tells nothing.
fn has_hash_of(query: &[(String, String)], body: &[u8]) -> bool {
    let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    query.iter().find(|(name, _)| name == "bodySHA256").is_some_and(|(_, told)| told.eq_ignore_ascii_case(&hash))
}

#[cfg(test)]
mod tests;
