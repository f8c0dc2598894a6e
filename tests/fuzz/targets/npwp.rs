#![no_main]

use dering_fuzz::{Cell, contact, digits};
use libfuzzer_sys::fuzz_target;

// A taxpayer number has the digits that were typed, behind zeros that were lost.
fuzz_target!(|text: &str| {
    let Some(contact) = contact(Cell::Npwp, text) else { return };
    let id = contact.taxpayer_id;
    assert!(id.len() == 16 && id.bytes().all(|b| b.is_ascii_digit()), "{id}");
    let typed = digits(text);
    let bare = id.trim_start_matches('0');
    assert!(!bare.is_empty() && typed.contains(bare), "{text:?} became {id}");
});
