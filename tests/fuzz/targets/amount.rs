#![no_main]

use dering_fuzz::{Cell, contact, digits};
use libfuzzer_sys::fuzz_target;

// An amount has the digits that were typed, but for two decimals that are nought, and is the same when it is written plainly.
fuzz_target!(|text: &str| {
    let Some(amount) = contact(Cell::Amount, text).and_then(|contact| contact.duty.amount) else { return };
    let typed = digits(text);
    let typed = typed.trim_start_matches('0');
    let plain = amount.to_string();
    assert!(amount == 0 || typed.starts_with(&plain), "{text:?} became {amount}");
    assert_eq!(contact(Cell::Amount, &plain).and_then(|contact| contact.duty.amount), Some(amount));
});
