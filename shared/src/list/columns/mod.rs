//! Header names to fields.
//!
//! | module | what it is for |
//! |---|---|
//! | `field` | what a column can be for: [`Field`] |
//! | `names` | what columns are called |

mod field;
mod names;

use super::mapping::Mapping;
use super::text;
use crate::campaign::KeepColumns;
use crate::contact::EXTRA_MAX;
use crate::problem::Problem;
pub use field::Field;
pub(super) use names::meaning;

/// Which column serves which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    header: Vec<String>,
    /// Field and column, in the order in which they are read.
    used: Vec<(Field, usize)>,
    /// Columns that serve no field and are kept with the contacts.
    kept: Vec<usize>,
    shortest: usize,
}

impl Columns {
    /// Understands a header line, with what the upload says about it, or says what is missing in it.
    pub fn find(header: Vec<String>, mapping: &Mapping) -> Result<Self, Problem> {
        let header: Vec<String> = header.iter().map(|cell| text::words(cell)).collect();
        let keys: Vec<String> = header.iter().map(|name| text::key(name)).collect();
        if let Some(field) = mapping.missing(&keys).next() {
            return Err(Problem::new(
                422,
                "column_unknown",
                "The file has no such column",
                format!("No column has the name that column.{} says.", field.as_str()),
                "Write the name as it stands in the file's first row.",
            )
            .at(format!("column.{}", field.as_str())));
        }
        let mut found: Vec<(Field, usize, usize)> = Vec::new();
        for (column, key) in keys.iter().enumerate() {
            let by_name = || meaning(key).filter(|(field, _)| !mapping.decides(*field));
            if let Some((field, rank)) = mapping.field(key).or_else(by_name) {
                found.push((field, rank, column));
            }
        }
        // By rank; the sort is stable, so equals stay in the file's order. Phones are all alike, unless they are named.
        let alike = |field: Field| field == Field::Phone && !mapping.decides(field);
        found.sort_by_key(|(field, rank, _)| if alike(*field) { 0 } else { *rank });
        let mut used: Vec<(Field, usize)> = Vec::new();
        for (field, _, column) in found {
            if field.many() || used.iter().all(|(other, _)| *other != field) {
                used.push((field, column));
            }
        }
        let is_missing = |field: &Field| used.iter().all(|(other, _)| other != field);
        let missing: Vec<&str> = [Field::TaxpayerId, Field::Phone, Field::DueDate]
            .iter()
            .filter(|field| is_missing(field))
            .map(|field| field.as_str())
            .collect();
        if !missing.is_empty() {
            return Err(Problem::new(
                422,
                "columns_missing",
                "The header line was not understood",
                // The header is not quoted: where it is missing, the first line is a taxpayer's row.
                format!("No column was recognised for: {}.", missing.join(", ")),
                "The first row must name the columns, for example NPWP, NAMA WP, NO TELP/HP, JATUH TEMPO; or name them in the request, for example column.phone=Kontak%20Utama.",
            )
            .at("row 1"));
        }
        let shortest = used.iter().filter(|(field, _)| !may_be_cut(*field)).map(|(_, column)| column + 1).max();
        Ok(Columns { header, shortest: shortest.unwrap_or(0), used, kept: Vec::new() })
    }

    /// The same columns, of which those that serve no field are kept as the campaign says.
    pub fn keeping(mut self, keep: &KeepColumns) -> Self {
        let named: Option<Vec<String>> = match keep {
            KeepColumns::All => None,
            KeepColumns::Named(names) => Some(names.iter().map(|name| text::key(name)).collect()),
        };
        let kept = self.header.iter().enumerate().filter(|(column, name)| {
            let key = text::key(name);
            let wanted = named.as_ref().map_or(!is_ours(name), |names| names.contains(&key));
            wanted && !key.is_empty() && self.used.iter().all(|(_, used)| used != column)
        });
        self.kept = kept.map(|(column, _)| column).take(EXTRA_MAX).collect();
        self
    }

    /// The columns that are kept: name and number.
    pub fn kept(&self) -> impl Iterator<Item = (&str, usize)> {
        self.kept.iter().map(|column| (self.header.get(*column).map_or("", String::as_str), *column))
    }

    /// The header as the file has it.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Column names that were recognised, with the field they serve, in the file's order.
    pub fn mapping(&self) -> Vec<(String, String)> {
        let mut used = self.used.clone();
        used.sort_by_key(|(_, column)| *column);
        let name = |column: usize| self.header.get(column).cloned().unwrap_or_default();
        used.iter().map(|(field, column)| (name(*column), field.as_str().to_owned())).collect()
    }

    /// Whether a row has the header's columns. Fewer are allowed if only remarks and the like are cut off:
    /// spreadsheet programs drop the delimiters of empty last columns. More never are, even if empty: a delimiter
    /// in a cell that is not quoted shifts the cells behind it, and most rows end in empty ones.
    pub fn fit(&self, cells: &[String]) -> bool {
        (self.shortest..=self.header.len()).contains(&cells.len())
    }

    /// The columns of a field, best first.
    pub fn of(&self, field: Field) -> impl Iterator<Item = usize> + '_ {
        self.used.iter().filter(move |(other, _)| *other == field).map(|(_, column)| *column)
    }

    /// The column that counts for a field in this row: the best that is filled in, else the best.
    pub fn column(&self, cells: &[String], field: Field) -> Option<usize> {
        let filled = |column: &usize| cells.get(*column).is_some_and(|c| !text::is_blank(c));
        self.of(field).find(filled).or_else(|| self.of(field).next())
    }

    /// The cell that counts for a field; empty if the list has no such column.
    pub fn cell<'a>(&self, cells: &'a [String], field: Field) -> &'a str {
        let column = self.column(cells, field);
        column.and_then(|column| cells.get(column)).map_or("", String::as_str)
    }
}

/// Titles of the columns that rejected rows are given besides the file's own.
pub(super) const OWN: [&str; 3] = ["row", "reason", "hint"];

fn is_ours(name: &str) -> bool {
    OWN.contains(&name)
}

/// Fields without which a row still says the same about whom to call, when, and why.
fn may_be_cut(field: Field) -> bool {
    matches!(field, Field::Note | Field::Priority | Field::BillingCode | Field::Language)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(header: &str) -> Result<Columns, Problem> {
        Columns::find(header.split(';').map(str::to_owned).collect(), &Mapping::default())
    }

    #[test]
    fn headers_are_compared_without_case_dots_spaces_and_slashes() {
        for header in [
            "NPWP;NO TELP/HP;JATUH TEMPO",
            "npwp16;No. Telp / HP;Jatuh  Tempo",
            "NPWP/NIK;telepon;TGL. JATUH TEMPO",
            "ID WP;HANDPHONE;BATAS WAKTU",
            "NITKU;Nomor Kontak;Tanggal Jatuh Tempo",
            "taxpayer_id;phone;due_date",
            "NIK;WA;Due Date",
        ] {
            let found = find(header).unwrap();
            let fields: Vec<_> = found.mapping().into_iter().map(|(_, f)| f).collect();
            assert_eq!(fields, ["taxpayer_id", "phone", "due_date"], "{header}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let problem = find("NPWP;NAMA;JUMLAH (RP)").unwrap_err();
        assert_eq!(problem.code, "columns_missing");
        assert_eq!(problem.detail, "No column was recognised for: phone, due_date.");
        let problem = find("07.900.101.2-541.000;Budi Rekaan;0812-0000-0101").unwrap_err();
        assert!(!problem.detail.contains("900"), "{}", problem.detail);
    }

    #[test]
    fn the_better_of_two_names_wins_and_every_phone_counts() {
        let found =
            find("NIK;NPWP;NO HP 2;TELEPON;POKOK;TOTAL TAGIHAN (RP);TGL KETETAPAN;JATUH TEMPO;TELP AR").unwrap();
        assert_eq!(found.of(Field::TaxpayerId).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(found.of(Field::Phone).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(found.of(Field::Amount).collect::<Vec<_>>(), [5]);
        assert_eq!(found.of(Field::DueDate).collect::<Vec<_>>(), [7]);
        let row = "1; - ;081200000101;;5;6;7;8;9".split(';').map(str::to_owned);
        let row: Vec<String> = row.collect();
        assert_eq!(found.cell(&row, Field::TaxpayerId), "1");
        assert_eq!(found.column(&[], Field::TaxpayerId), Some(1));
    }

    #[test]
    fn rows_may_lose_empty_ends_but_not_meaning() {
        let found = find("NPWP;TELP;JATUH TEMPO;PROVINSI;PRIORITAS;KETERANGAN").unwrap();
        let row = |text: &str| text.split(';').map(str::to_owned).collect::<Vec<_>>();
        assert!(found.fit(&row("1;2;3;4;5;6")));
        assert!(!found.fit(&row("1;2;3;4;5;6;")));
        assert!(found.fit(&row("1;2;3;4")));
        assert!(!found.fit(&row("1;2;3")));
        assert!(!found.fit(&row("1;2;3;4;5;6;7")));
    }
}
