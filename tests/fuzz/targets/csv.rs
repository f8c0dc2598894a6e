#![no_main]

use dering::list::Format;
use dering_fuzz::same_in_pieces;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let content_type = Some("text/csv".to_owned());
    same_in_pieces(&Format { content_type, ..Format::default() }, data);
});
