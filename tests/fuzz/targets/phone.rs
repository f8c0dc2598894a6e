#![no_main]

use dering_fuzz::{Cell, contact, digits};
use libfuzzer_sys::fuzz_target;

// Nobody else's phone may ring: a number has the digits that were typed, in their order and side by side but for
// punctuation, behind the country's prefix.
fuzz_target!(|text: &str| {
    let Some(contact) = contact(Cell::Phone, text) else { return };
    let typed = digits(text);
    for number in &contact.phones {
        let national = number.strip_prefix("+62").expect("a number of Indonesia");
        assert!((7..=13).contains(&national.len()), "{number}");
        assert!(typed.contains(national), "{text:?} became {number}");
    }
});
