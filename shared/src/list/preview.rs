//! What would become of a file: counted and shown, and nothing of it kept.

use super::gather::DUTIES_MAX;
use super::others::Others;
use super::sift::{Sift, Sifted};
use super::{Format, Row, RowKey, Rules};
use crate::contact::Contact;
use crate::problem::Problem;
use crate::store::Store;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Rows shown.
const SHOWN: usize = 20;

/// A file that is only looked at.
pub struct Preview<'a, S: Store> {
    store: &'a S,
    sift: Sift,
    seen: Seen,
}

/// What was seen of it.
struct Seen {
    together: bool,
    row_key: RowKey,
    contacts: u64,
    /// Duties of each person, where several are one contact.
    persons: HashMap<u64, u32>,
    shown: Vec<Value>,
}

impl<'a, S: Store> Preview<'a, S> {
    pub fn new(store: &'a S, rules: Rules, format: Format, others: Others) -> Self {
        let (together, row_key) = (rules.together, rules.row_key);
        let mut sift = Sift::new(rules, format);
        sift.beside(others);
        let seen = Seen { together, row_key, contacts: 0, persons: HashMap::new(), shown: Vec::new() };
        Preview { store, sift, seen }
    }

    /// The next bytes of the file.
    pub async fn push(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        let mut rows = Vec::new();
        self.sift.give(self.store, chunk, &mut rows).await?;
        self.read_on(rows).await
    }

    /// Takes rows, and all that can be made of the bytes that there are.
    async fn read_on(&mut self, mut rows: Vec<Row>) -> Result<(), Problem> {
        loop {
            rows.drain(..).for_each(|row| self.seen.take(&row));
            if !self.sift.step(self.store, &mut rows).await? {
                rows.drain(..).for_each(|row| self.seen.take(&row));
                return Ok(());
            }
        }
    }

    /// The file is over: what it comes to. The rows shown are not masked: whoever asks has the file, and must be able to
    /// compare.
    pub async fn finish(mut self) -> Result<Value, Problem> {
        let mut rows = Vec::new();
        self.sift.end(self.store, &mut rows).await?;
        self.read_on(rows).await?;
        let Preview { store, sift, mut seen } = self;
        let mut rows = Vec::new();
        let Sifted { summary, tally, .. } = sift.close(store, &mut rows).await?;
        rows.iter().for_each(|row| seen.take(row));
        let columns: serde_json::Map<String, Value> =
            summary.columns.iter().map(|(header, field)| (header.clone(), field.clone().into())).collect();
        Ok(json!({
            "dry_run": true,
            "rows": summary.rows,
            "accepted": summary.accepted,
            "contacts": seen.contacts,
            "rejected": summary.rejected,
            "duplicates": summary.duplicates,
            "warnings": summary.warnings,
            "rejected_by_reason": tally.rejected,
            "warnings_by_kind": tally.warnings,
            "guesses_by_kind": tally.guesses,
            "duplicates_of": tally.duplicates_of,
            "not_compared": tally.not_compared,
            "niks_seem_cut": summary.niks_seem_cut,
            "columns": columns,
            "file": summary.file,
            "kept_columns": summary.kept_columns,
            "ignored_columns": summary.ignored_columns(),
            "first_rows": seen.shown,
        }))
    }
}

impl Seen {
    fn take(&mut self, row: &Row) {
        if let Row::Accepted { contact, .. } = row {
            let begins = match self.together {
                false => true,
                true => {
                    let person = self.row_key.hash(&[&contact.taxpayer_id, &contact.phones.join("/")]);
                    let duties = self.persons.entry(person).or_default();
                    *duties = duties.saturating_add(1);
                    *duties as usize % DUTIES_MAX == 1
                }
            };
            self.contacts += u64::from(begins);
        }
        if self.shown.len() < SHOWN {
            self.shown.push(as_understood(row));
        }
    }
}

fn as_understood(row: &Row) -> Value {
    match row {
        Row::Accepted { contact, warnings, origin } => {
            let Contact { taxpayer_id, name, phones, duty, priority, language, time_zone, .. } = contact;
            json!({
                "row": duty.row,
                "taxpayer_id": taxpayer_id,
                "name": name,
                "phones": phones,
                "matter": duty.matter,
                "tax_type": duty.tax_type,
                "tax_code": duty.tax_code,
                "tax_period": duty.tax_period,
                "amount": duty.amount,
                "due_date": duty.due_date,
                "office": duty.office,
                "billing_code": duty.billing_code,
                "note": duty.note,
                "extra": duty.extra,
                "priority": priority,
                "language": language,
                "time_zone": time_zone,
                "warnings": warnings,
                "guesses": origin.guesses,
            })
        }
        Row::Rejected(rejection) => json!({
            "row": rejection.row,
            "rejected": rejection.reason,
            "column": rejection.column,
            "value": rejection.value,
            "list": rejection.list,
            "hint": rejection.hint,
        }),
    }
}
