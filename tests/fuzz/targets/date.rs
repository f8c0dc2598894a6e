#![no_main]

use dering_fuzz::{Cell, contact};
use libfuzzer_sys::fuzz_target;

// Whatever is taken for a date is one of these centuries, and is the same when it is written plainly.
fuzz_target!(|text: &str| {
    let Some(due) = contact(Cell::Due, text).map(|contact| contact.duty.due_date) else { return };
    assert!((1990..2100).contains(&due.year()), "{text:?} became {due}");
    let again = |text: String| contact(Cell::Due, &text).map(|contact| contact.duty.due_date);
    assert_eq!(again(due.to_string()), Some(due));
    assert_eq!(again(format!("{:02}/{:02}/{}", due.day(), due.month(), due.year())), Some(due));
});
