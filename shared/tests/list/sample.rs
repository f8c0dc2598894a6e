//! The sample list, row by row.

use super::*;
use dering::list::{Reason, Warning};
use serde::Deserialize;

const EXPECTED: &str = include_str!("../lists/contoh.expected.json");

#[derive(Deserialize)]
struct Expected {
    as_of: jiff::civil::Date,
    summary: Figures,
    rows: Vec<ExpectedRow>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Figures {
    rows: u32,
    accepted: u32,
    rejected: u32,
    duplicates: u32,
    warnings: u32,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum ExpectedRow {
    Accepted {
        row: u32,
        taxpayer_id: String,
        phones: Vec<String>,
        time_zone: Option<String>,
        due_date: jiff::civil::Date,
        amount: Option<u64>,
        matter: Matter,
        tax_code: String,
        tax_period: String,
        warnings: Vec<Warning>,
    },
    Rejected {
        row: u32,
        reason: Reason,
        column: String,
    },
}

impl From<&Row> for ExpectedRow {
    fn from(row: &Row) -> Self {
        match row.clone() {
            Row::Accepted { contact: c, warnings, .. } => ExpectedRow::Accepted {
                row: c.duty.row,
                taxpayer_id: c.taxpayer_id,
                phones: c.phones,
                time_zone: c.time_zone,
                due_date: c.duty.due_date,
                amount: c.duty.amount,
                matter: c.duty.matter,
                tax_code: c.duty.tax_code,
                tax_period: c.duty.tax_period,
                warnings,
            },
            Row::Rejected(r) => ExpectedRow::Rejected { row: r.row, reason: r.reason, column: r.column },
        }
    }
}

#[test]
fn the_sample_comes_to_what_its_makers_expect() {
    let expected: Expected = serde_json::from_str(EXPECTED).unwrap();
    assert_eq!(expected.as_of, rules().as_of);
    let (rows, summary) = read([SAMPLE]).unwrap();
    for (row, expected) in rows.iter().zip(&expected.rows) {
        assert_eq!(&ExpectedRow::from(row), expected);
    }
    let figures = Figures {
        rows: summary.rows,
        accepted: summary.accepted,
        rejected: summary.rejected,
        duplicates: summary.duplicates,
        warnings: summary.warnings,
    };
    assert_eq!(figures, expected.summary);
    assert_eq!(rows.len(), expected.rows.len());
    assert_eq!(summary.columns.len(), 15, "{:?}", summary.columns);
    assert_eq!(summary.columns[0], ("N P W P / N I K".into(), "taxpayer_id".into()));
    assert_eq!(summary.header.len(), 16);
    assert!(!summary.niks_seem_cut);
}

#[test]
fn a_rejected_row_is_masked_in_its_value_and_whole_in_its_cells() {
    let (rows, _) = read([SAMPLE]).unwrap();
    let letters = rows.iter().find_map(|row| match row {
        Row::Rejected(r) if r.reason == Reason::PhoneLetters => Some(r),
        _ => None,
    });
    let letters = letters.unwrap();
    assert_eq!(letters.value, "08**xx***57x");
    assert_eq!(letters.cells.len(), 16);
    assert_eq!(letters.cells[3], "0812OO00257o");
    assert_eq!(letters.hint, Reason::PhoneLetters.hint());
}
