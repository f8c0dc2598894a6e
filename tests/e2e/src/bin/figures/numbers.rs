//! What a phone number costs. `cargo run --profile long -p dering-e2e --bin figures -- --only numbers` has all three optimised alike.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, ensure};
use dering::list::phone_numbers;

use crate::{Args, median};

/// Numbers a round; the crates that are compared with are slow.
const NUMBERS: u32 = 100_000;

/// Nanoseconds a number, natively, from the cell's text to E.164: the crate `phonenumber`, and `rlibphonenumber`, which reads other
/// countries' numbers here, against the list's own way.
pub fn compare(args: &Args) -> Result<()> {
    let cells: Vec<String> = (0..NUMBERS).map(written).collect();
    let theirs = |cell: &String| {
        let number = phonenumber::parse(Some(phonenumber::country::ID), cell).ok()?;
        number.is_valid().then(|| number.format().mode(phonenumber::Mode::E164).to_string())
    };
    let faster = |cell: &String| {
        let plans = &*rlibphonenumber::PHONE_NUMBER_UTIL;
        let number = plans.parse(cell, Some(rlibphonenumber::Region::ID)).ok()?;
        plans
            .is_valid_number(&number)
            .then(|| plans.format(&number, rlibphonenumber::PhoneNumberFormat::E164).into_owned())
    };
    let ours = |cell: &String| phone_numbers(cell).ok()?.pop();
    for cell in &cells {
        ensure!(ours(cell) == theirs(cell) && ours(cell) == faster(cell), "the three do not agree on a cell");
    }
    let (mut own, mut slow, mut fast) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        own.push(took(&cells, ours));
        fast.push(took(&cells, faster));
        slow.push(took(&cells, theirs));
    }
    let (own, fast, slow) = (median(own), median(fast), median(slow));
    println!(
        "phone numbers: {own:.0} ns each; crate phonenumber {slow:.0} ns, ratio 1/{:.0}; rlibphonenumber {fast:.0} ns, ratio 1/{:.0}",
        slow / own,
        fast / own
    );
    Ok(())
}

/// Nanoseconds a cell.
fn took(cells: &[String], read: impl Fn(&String) -> Option<String>) -> f64 {
    let begun = Instant::now();
    for cell in cells {
        black_box(read(black_box(cell)));
    }
    begun.elapsed().as_secs_f64() * 1e9 / cells.len() as f64
}

/// Row `i` of a list: mobile numbers and fixed lines, in usual spellings.
fn written(i: u32) -> String {
    match i % 5 {
        0 => format!("0812{:08}", i * 37),
        1 => format!("+62 857-{:04}-{:04}", i % 10_000, i / 10),
        2 => format!("(021) 5{:06}", i),
        3 => format!("62813{:08}", i * 37),
        _ => format!("0361-{:06}", 200_000 + i),
    }
}
