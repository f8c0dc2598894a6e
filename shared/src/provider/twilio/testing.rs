//! What the tests of this folder share.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The base64 HMAC-SHA1 of `signed`.
pub fn sha1_signature(secret: &str, signed: &str) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap().chain_update(signed);
    STANDARD.encode(mac.finalize().into_bytes())
}
