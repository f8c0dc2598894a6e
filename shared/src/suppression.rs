//! May this person be called at all? Do-not-call entries and settlements, by keyed hash.

use crate::contact::Matter;
use crate::store::keys;
use crate::vault::Vault;

/// Keyed hash of a phone (E.164): the person, as far as the store knows.
pub fn person(vault: &Vault, phone: &str) -> String {
    vault.hash(b"phone", phone.as_bytes())
}

/// Key of the do-not-call entry of a phone (E.164).
pub fn do_not_call_key(vault: &Vault, phone: &str) -> String {
    keys::do_not_call(&person(vault, phone))
}

/// Keys under which a settlement of this duty may stand: the matter as a whole, and the bill.
pub fn settlement_keys(vault: &Vault, taxpayer_id: &str, matter: Matter, tax_code: &str, tax_period: &str, billing_code: &str) -> Vec<String> {
    let matter_key = |code: &str, period: &str| {
        let text = format!("{taxpayer_id}|{}|{code}|{period}", matter.as_str());
        keys::settlement(&vault.hash(b"matter", text.as_bytes()))
    };
    let mut found = vec![matter_key(tax_code, tax_period), matter_key("", "")];
    if !billing_code.is_empty() {
        found.push(keys::settlement(&vault.hash(b"bill", billing_code.as_bytes())));
    }
    found.dedup();
    found
}
