//! The accepted rows as they were understood.

use super::Line;
use crate::contact::{Contact, Duty, Language};
use serde::Serialize;

/// The titles before those of the kept columns.
const TITLES: [&str; 16] = [
    "row",
    "taxpayer_id",
    "name",
    "phones",
    "matter",
    "tax_type",
    "tax_code",
    "tax_period",
    "amount",
    "due_date",
    "office",
    "billing_code",
    "priority",
    "language",
    "time_zone",
    "note",
];

/// The titles of accepted rows, with those of the columns that are kept.
pub fn contact_titles(kept: &[String]) -> Vec<String> {
    TITLES.iter().map(|title| (*title).to_owned()).chain(kept.iter().cloned()).collect()
}

/// An accepted row. A contact of several rows is as many lines.
#[derive(Debug, Serialize)]
pub struct ContactLine<'a> {
    taxpayer_id: &'a str,
    name: &'a str,
    phones: &'a [String],
    #[serde(flatten)]
    duty: &'a Duty,
    priority: u8,
    language: Option<Language>,
    time_zone: Option<&'a str>,
    #[serde(skip)]
    kept: &'a [String],
}

impl<'a> ContactLine<'a> {
    /// The lines of a contact.
    pub fn of(contact: &'a Contact, kept: &'a [String]) -> impl Iterator<Item = Self> {
        contact.duties().map(move |duty| ContactLine {
            taxpayer_id: &contact.taxpayer_id,
            name: &contact.name,
            phones: &contact.phones,
            duty,
            priority: contact.priority,
            language: contact.language,
            time_zone: contact.time_zone.as_deref(),
            kept,
        })
    }
}

impl Line for ContactLine<'_> {
    fn cells(&self) -> Vec<String> {
        let duty = self.duty;
        let language = match self.language {
            None => "",
            Some(Language::Id) => "id",
            Some(Language::En) => "en",
        };
        let own = [
            duty.row.to_string(),
            self.taxpayer_id.to_owned(),
            self.name.to_owned(),
            self.phones.join(" / "),
            duty.matter.as_str().to_owned(),
            duty.tax_type.clone(),
            duty.tax_code.clone(),
            duty.tax_period.clone(),
            duty.amount.map_or_else(String::new, |amount| amount.to_string()),
            duty.due_date.to_string(),
            duty.office.clone(),
            duty.billing_code.clone(),
            self.priority.to_string(),
            language.to_owned(),
            self.time_zone.unwrap_or_default().to_owned(),
            duty.note.clone(),
        ];
        let extra = |name: &String| duty.extra.get(name).cloned().unwrap_or_default();
        own.into_iter().chain(self.kept.iter().map(extra)).collect()
    }
}
