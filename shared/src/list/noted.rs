//! What was noted of accepted rows: warnings and guesses, kept in pages, for whoever wants to look.

use super::columns::Field;
use super::{Guess, Origin, Warning};
use serde::{Deserialize, Serialize};

/// What was noted of one accepted row. Values are masked, yet the page is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// Row in the file, from 1, as a spreadsheet shows it.
    pub row: u32,
    /// Each warning and the masked cell that it is about.
    pub warnings: Vec<(Warning, String)>,
    pub guesses: Vec<Guess>,
}

/// One line of what is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    pub row: u32,
    /// Header of the column, as in the file; empty where it is the row as a whole.
    pub column: String,
    /// A warning's word, or a guess's.
    pub warning: &'static str,
    /// The cell's shape.
    pub value: String,
    /// What was done, and what to look at.
    pub hint: &'static str,
}

impl Noted {
    /// What is to be noted of an accepted row, if anything is.
    pub(super) fn of(row: u32, warnings: &[Warning], origin: &Origin) -> Option<Self> {
        let nothing = warnings.is_empty() && origin.guesses.is_empty();
        let values = origin.values.iter().cloned().chain(std::iter::repeat(String::new()));
        let warnings = warnings.iter().copied().zip(values).collect();
        (!nothing).then(|| Noted { row, warnings, guesses: origin.guesses.clone() })
    }

    /// The lines to be shown, guesses too if they are wanted. `columns`: header and field of those understood.
    pub fn remarks(&self, columns: &[(String, String)], guesses: bool) -> Vec<Remark> {
        let column = |field: Option<Field>| {
            let word = field.map_or("", Field::as_str);
            columns.iter().find(|(_, of)| of == word).map_or_else(String::new, |(header, _)| header.clone())
        };
        let warnings = self.warnings.iter().map(|(warning, value)| Remark {
            row: self.row,
            column: column(warning.field()),
            warning: warning.as_str(),
            value: value.clone(),
            hint: warning.hint(),
        });
        let guesses = self.guesses.iter().filter(|_| guesses).map(|guess| Remark {
            row: self.row,
            column: String::new(),
            warning: guess.as_str(),
            value: String::new(),
            hint: guess.hint(),
        });
        warnings.chain(guesses).collect()
    }
}
