//! `Idempotency-Key`: a request that creates a campaign and is sent again creates no second one.
//!
//! The header is that of the IETF's draft-ietf-httpapi-idempotency-key-header. Nothing is remembered for it: the campaign's
//! id is made of the key, so the repetition finds the campaign that the first request created.

use crate::problem::Problem;
use crate::vault::Identity;

/// Longest key.
const KEY_MAX: usize = 255;

/// A key as it counts, if it is one.
pub fn valid_key(key: &str) -> Result<&str, Problem> {
    let key = key.trim();
    if key.is_empty() || key.len() > KEY_MAX || !key.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return Err(Problem::new(
            400,
            "idempotency_key_invalid",
            "The header Idempotency-Key is not understood",
            format!("a key has 1 to {KEY_MAX} printable ASCII characters"),
            "Send a fresh random value, for example a UUID, and the same one when the request is repeated.",
        ));
    }
    Ok(key)
}

/// The id of the campaign that a request with this key creates, if it names none itself.
pub fn id_for_key(identity: &Identity, key: &str) -> Result<String, Problem> {
    let mac = identity.mac(b"idempotency key", valid_key(key)?.as_bytes());
    Ok(format!("c-{}", mac[..8].iter().map(|b| format!("{b:02x}")).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::{Campaign, valid_id};
    use crate::vault::Vault;

    #[test]
    fn a_key_always_makes_the_same_id_and_another_key_another() {
        let vault = Vault::for_tests();
        let id = id_for_key(&vault, "8e03978e-40d5-43dd-bc93-6894a57f9324").unwrap();
        assert!(valid_id(&id));
        assert_eq!(id_for_key(&vault, " 8e03978e-40d5-43dd-bc93-6894a57f9324 "), Ok(id.clone()));
        assert_ne!(id_for_key(&vault, "8e03978e-40d5-43dd-bc93-6894a57f9325"), Ok(id.clone()));
        let named = serde_json::json!({ "id": id, "name": "c", "matter": "not_filed" });
        assert_eq!(Campaign::parse(named).unwrap().0, Some(id));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let vault = Vault::for_tests();
        assert!(id_for_key(&vault, &"k".repeat(KEY_MAX)).is_ok());
        for bad in ["", " ", "a\u{7f}", "a\nb", "é", &"k".repeat(KEY_MAX + 1)] {
            let refused = id_for_key(&vault, bad).map_err(|p| (p.status, p.code.into_owned()));
            assert_eq!(refused, Err((400, "idempotency_key_invalid".into())), "{bad:?}");
        }
    }
}
