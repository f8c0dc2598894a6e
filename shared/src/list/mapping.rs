//! What an upload says about its columns, where their names do not.

use super::columns::Field;
use super::text;
use crate::problem::Problem;

/// Columns named for fields: `column.phone=Kontak Utama`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping(Vec<(Field, String)>);

/// What begins the name of a parameter that names a column.
const PREFIX: &str = "column.";

impl Mapping {
    /// Reads the request's parameters, of which those that begin with `column.` count. The same field may be named several
    /// times where several columns serve it; an empty name means that no column does.
    pub fn parse<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, Problem> {
        let mut columns: Vec<(Field, String)> = Vec::new();
        for (name, column) in parameters {
            let Some(word) = name.strip_prefix(PREFIX) else { continue };
            let field = Field::named(word).ok_or_else(|| {
                let words: Vec<&str> = Field::ALL.iter().map(|field| field.as_str()).collect();
                invalid(word, &format!("there is no such field; there are {}", words.join(", ")))
            })?;
            if !field.many() && columns.iter().any(|(other, _)| *other == field) {
                return Err(invalid(word, "only phone and taxpayer_id may be named several times"));
            }
            columns.push((field, text::key(column)));
        }
        Ok(Mapping(columns))
    }

    /// The field that was named for the column of this header, and how many were named for it before.
    pub(super) fn field(&self, key: &str) -> Option<(Field, usize)> {
        let (at, (field, _)) = self.0.iter().enumerate().find(|(_, (_, column))| column == key && !key.is_empty())?;
        Some((*field, at))
    }

    /// Whether the upload says which columns serve a field.
    pub(super) fn decides(&self, field: Field) -> bool {
        self.0.iter().any(|(named, _)| *named == field)
    }

    /// Names that no column of this header has.
    pub(super) fn missing<'a>(&'a self, keys: &'a [String]) -> impl Iterator<Item = Field> + 'a {
        let missing = |(_, column): &&(Field, String)| !column.is_empty() && !keys.contains(column);
        self.0.iter().filter(missing).map(|(field, _)| *field)
    }

    /// The same for the same mapping, for telling uploads apart.
    pub(super) fn fingerprint(&self) -> String {
        self.0.iter().map(|(field, column)| format!("{}={column}\n", field.as_str())).collect()
    }
}

fn invalid(word: &str, why: &str) -> Problem {
    Problem::new(
        400,
        "parameter_invalid",
        "A parameter is missing or not understood",
        format!("the parameter `{PREFIX}{}`: {why}", word.escape_default()),
        "Name a column of the file for a field, for example column.phone=Kontak%20Utama, and send the request again.",
    )
}
