//! Lines of totals, which spreadsheets have below a list or between its parts.

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

/// Whether a row is a line of totals: such a word, nothing that names somebody (a phone, a taxpayer number), and next to it a
/// few sums at most. `names_somebody` tells of a column whether that is what stands in it.
pub(super) fn is_total(cells: &[String], names_somebody: impl Fn(usize) -> bool) -> bool {
    let mut filled = cells.iter().enumerate().filter(|(_, cell)| !text::is_blank(cell));
    let Some((label, first)) = filled.next() else { return false };
    // Almost every row begins with a number.
    if first.starts_with(|c: char| c.is_ascii_digit()) || !LABELS.contains(&text::key(first).as_str()) {
        return false;
    }
    let mut others = 0;
    filled.all(|(at, cell)| {
        others += 1;
        let sum = text::key(cell);
        let sum = sum.trim_start_matches("rp").trim_start_matches("idr");
        at != label && others <= SUMS_MAX && !names_somebody(at) && !sum.chars().any(char::is_alphabetic)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_told_from_taxpayers() {
        let row = |text: &str| text.split(';').map(str::to_owned).collect::<Vec<_>>();
        // NO;NPWP;NAMA;HP;JUMLAH;JATUH TEMPO
        let names_somebody = |at: usize| at == 1 || at == 3;
        for line in
            ["TOTAL;;;;12.500.000;", ";;Jumlah :;;Rp 12.500.000", "Grand Total", ";TOTAL;;;1;", "; ;Sub-total;;1;2"]
        {
            assert!(is_total(&row(line), names_somebody), "{line}");
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
            assert!(!is_total(&row(line), names_somebody), "{line}");
        }
    }
}
