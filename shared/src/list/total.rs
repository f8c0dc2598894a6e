//! Lines of totals, which spreadsheets have below a list or between its parts.

use super::columns::{Columns, Field};
use super::text;

/// What stands in front of a total.
const LABELS: [&str; 10] = [
    "total",
    "grandtotal",
    "subtotal",
    "jumlah",
    "jumlahtotal",
    "totaljumlah",
    "jumlahseluruhnya",
    "jumlahkeseluruhan",
    "totalkeseluruhan",
    "subjumlah",
];
/// Sums that stand in one line.
const SUMS_MAX: usize = 3;

/// Whether a row is a line of totals: such a word, no phone, no taxpayer number, and next to it a few sums at most.
pub(super) fn is_total(cells: &[String], columns: &Columns) -> bool {
    let mut filled = cells.iter().enumerate().filter(|(_, cell)| !text::is_blank(cell));
    let Some((label, first)) = filled.next() else { return false };
    // Almost every row begins with a number.
    if first.starts_with(|c: char| c.is_ascii_digit()) || !LABELS.contains(&text::key(first).as_str()) {
        return false;
    }
    let of_a_person: Vec<usize> = columns.of(Field::Phone).chain(columns.of(Field::TaxpayerId)).collect();
    let mut others = 0;
    filled.all(|(at, cell)| {
        others += 1;
        let sum = text::key(cell);
        let sum = sum.trim_start_matches("rp").trim_start_matches("idr");
        at != label && others <= SUMS_MAX && !of_a_person.contains(&at) && !sum.chars().any(char::is_alphabetic)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_told_from_taxpayers() {
        let header = "NO;NPWP;NAMA;HP;JUMLAH;JATUH TEMPO";
        let row = |text: &str| text.split(';').map(str::to_owned).collect::<Vec<_>>();
        let columns = Columns::find(row(header), &Default::default()).unwrap();
        for line in
            ["TOTAL;;;;12.500.000;", ";;Jumlah :;;Rp 12.500.000", "Grand Total", ";TOTAL;;;1;", "; ;Sub-total;;1;2"]
        {
            assert!(is_total(&row(line), &columns), "{line}");
        }
        for line in [
            "",
            "TOTAL;;;081200000101;1;",
            "TOTAL;079001012541000;;;1;",
            "1;;Total;;;",
            ";;Total Rekaan;;1;",
            "TOTAL;;Budi;;1;",
            "TOTAL;;1;;2;3;4",
        ] {
            assert!(!is_total(&row(line), &columns), "{line}");
        }
    }
}
