//! One JSON object to the texts of a row.

use crate::list::format::{COLUMNS_MAX, FIELD_MAX, number, refusal};
use crate::problem::Problem;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Name and value of a member.
pub(super) type Member = (String, String);

/// The members of an object, in its order. Numbers keep the digits that were typed.
pub(super) fn members(object: &[u8], row: u32) -> Result<Vec<Member>, Problem> {
    let raw = (|| {
        let mut json = serde_json::Deserializer::from_slice(object);
        let raw = json.deserialize_map(Members)?;
        json.end()?;
        Ok::<_, serde_json::Error>(raw)
    })();
    let raw = raw.map_err(|error| {
        let twice = if error.is_data() { "it has a member twice, or too many" } else { "it is no JSON" };
        invalid(row, twice)
    })?;
    let mut members = Vec::with_capacity(raw.len());
    for (name, value) in raw {
        let value = text(value).ok_or_else(|| invalid(row, "a text in it is no JSON"))?;
        if value.len() > FIELD_MAX || name.len() > FIELD_MAX {
            return Err(refusal::field_too_long(row));
        }
        members.push((name, value));
    }
    Ok(members)
}

/// `at`: the object's number or line.
pub(super) fn invalid(at: u32, what: &str) -> Problem {
    Problem::new(
        422,
        "invalid_json",
        "The file is not the JSON that was expected",
        format!("At {at}: {what}."),
        "Send an array of objects, or one object a line, each with the same members.",
    )
    .at(format!("row {at}"))
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Self::Value::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            if members.len() > COLUMNS_MAX || members.iter().any(|(other, _)| *other == name) {
                return Err(A::Error::custom("members"));
            }
            members.push((name, value));
        }
        Ok(members)
    }
}

/// A value as a cell has it. Several phones may stand in an array.
fn text(value: &RawValue) -> Option<String> {
    let raw = value.get().trim();
    Some(match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok()?,
        b'n' => String::new(),
        b't' | b'f' => raw.to_ascii_uppercase(),
        b'[' => {
            let values: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
            let nested = |value: &&RawValue| value.get().trim_start().starts_with(['[', '{']);
            if values.iter().any(nested) {
                return Some(raw.to_owned());
            }
            values.into_iter().map(text).collect::<Option<Vec<_>>>()?.join(" / ")
        }
        b'{' => raw.to_owned(),
        _ => number::number(raw),
    })
}
