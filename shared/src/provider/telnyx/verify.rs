//! Signatures of webhooks. Source: Telnyx docs, "Receiving webhooks", and the verifiers of its official libraries.
//!
//! What is signed, by Ed25519: the timestamp's text, `|`, the body's bytes. The URL is not, nor its query: what stands there
//! must be ours by a code of its own, as call ids and steps are, and nothing of it is read as the provider's word. So a
//! GET, whose fields stand in the query, is never believed.

use crate::provider::form::{decoded, is_form};
use crate::provider::{RawRequest, SigningSecret, Verified, WebhookError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

const SIGNATURE: &str = "telnyx-signature-ed25519";
const TIMESTAMP: &str = "telnyx-timestamp";

/// How far a timestamp may be from our clock, in seconds.
const WINDOW_S: u64 = 300;

/// Whether the text is a public key that can be believed: 32 bytes in base64, and no weak point.
pub fn is_public_key(text: &str) -> bool {
    public_key(text).is_some()
}

fn public_key(text: &str) -> Option<VerifyingKey> {
    let bytes: [u8; 32] = STANDARD.decode(text.trim()).ok()?.try_into().ok()?;
    // Under a weak key there are signatures that fit every message.
    VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak())
}

/// Checks timestamp and signature against every key. `now_s`: Unix seconds. `Verified` holds the form's fields alone.
pub fn verify(request: &RawRequest<'_>, keys: &[SigningSecret], now_s: i64) -> Result<Verified, WebhookError> {
    let keys: Vec<VerifyingKey> = keys.iter().filter_map(|key| public_key(&key.secret)).collect();
    if keys.is_empty() {
        return Err(WebhookError::NoSecret);
    }
    genuine(request, &keys, now_s).ok_or(WebhookError::Signature)?;
    let fields = if is_form(request) { decoded(request.body) } else { Vec::new() };
    Ok(Verified { fields })
}

fn genuine(request: &RawRequest<'_>, keys: &[VerifyingKey], now_s: i64) -> Option<()> {
    if request.method != "POST" {
        return None;
    }
    let timestamp = only(request, TIMESTAMP)?;
    // Telnyx's libraries also take spaces, signs and underscores; it sends none.
    let seconds: i64 = Some(timestamp).filter(|t| t.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    if seconds.abs_diff(now_s) > WINDOW_S {
        return None;
    }
    let signature: [u8; 64] = STANDARD.decode(only(request, SIGNATURE)?).ok()?.try_into().ok()?;
    let signature = Signature::from_bytes(&signature);
    let message = [timestamp.as_bytes(), b"|", request.body].concat();
    keys.iter().any(|key| key.verify_strict(&message, &signature).is_ok()).then_some(())
}

/// The header of that name, if there is exactly one.
fn only<'a>(request: &RawRequest<'a>, name: &str) -> Option<&'a str> {
    let mut found = request.headers.iter().filter(|(n, _)| n == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
