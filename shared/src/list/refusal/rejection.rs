//! A rejected row.

use super::Reason;
use serde::{Deserialize, Serialize};

/// A row that was not accepted. `cells` are personal data: seal them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Row in the file, from 1, as a spreadsheet shows it.
    pub row: u32,
    /// Header of the column at fault, as in the file; empty where it is the row as a whole.
    pub column: String,
    /// What is wrong.
    pub reason: Reason,
    /// The cell's shape: of 8 digits and more the first and last two, of fewer the first two; other digits are `*`,
    /// letters `x`.
    pub value: String,
    /// What to do.
    pub hint: &'static str,
    /// The other list that has the same.
    pub list: Option<String>,
    /// The row as it was, for the file to correct.
    pub cells: Vec<String>,
}

/// A rejection as it is read back: the hint follows from the reason.
#[derive(Deserialize)]
struct Stored {
    row: u32,
    column: String,
    reason: Reason,
    value: String,
    #[serde(rename = "hint")]
    _hint: String,
    list: Option<String>,
    cells: Vec<String>,
}

impl<'de> Deserialize<'de> for Rejection {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        Ok(Rejection {
            row: stored.row,
            column: stored.column,
            reason: stored.reason,
            value: stored.value,
            hint: stored.reason.hint(),
            list: stored.list,
            cells: stored.cells,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_is_read_back_as_it_was() {
        let rejection = Rejection {
            row: 7,
            column: "NPWP".into(),
            reason: Reason::NpwpChecksum,
            value: "01**".into(),
            hint: Reason::NpwpChecksum.hint(),
            list: Some("l-1".into()),
            cells: vec!["a".into(), "b;\"c".into()],
        };
        let json = serde_json::to_string(&rejection).unwrap();
        assert_eq!(serde_json::from_str::<Rejection>(&json).unwrap(), rejection);
        let bytes = postcard::to_stdvec(&rejection).unwrap();
        assert_eq!(postcard::from_bytes::<Rejection>(&bytes).unwrap(), rejection);
    }
}
