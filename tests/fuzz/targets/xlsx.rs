#![no_main]

use dering::list::Format;
use dering_fuzz::{PARTS, same_in_pieces, workbook, zip};
use libfuzzer_sys::fuzz_target;

// Noise hardly ever is a ZIP file: what is fuzzed is put into the parts of one, stored as it is. A byte of zero parts them.
fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    if kind % 8 == 0 {
        return same_in_pieces(&Format::default(), rest);
    }
    let usual = workbook();
    let mut parts: Vec<&[u8]> = usual.iter().map(|part| part.as_bytes()).collect();
    // Parts are replaced: most often the sheet, the texts, the formats.
    for (given, at) in rest.split(|byte| *byte == 0).zip([4, 5, 6, 2, 3]) {
        if !given.is_empty() {
            parts[at] = given;
        }
    }
    let file = zip(PARTS.into_iter().zip(parts));
    let mut bytes = vec![*kind];
    bytes.extend(file);
    same_in_pieces(&Format::default(), &bytes);
});
