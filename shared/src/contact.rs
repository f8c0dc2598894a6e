//! One taxpayer and one matter, as a row of a list became it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Why a taxpayer is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// A return that records do not show as filed.
    NotFiled,
    /// A payment that records do not show as made.
    NotPaid,
    /// An assessment or notice that falls due.
    FallsDue,
    /// An amount past its due date.
    Arrears,
}

impl Matter {
    /// The word used in JSON and in keys' hashes.
    pub fn as_str(self) -> &'static str {
        match self {
            Matter::NotFiled => "not_filed",
            Matter::NotPaid => "not_paid",
            Matter::FallsDue => "falls_due",
            Matter::Arrears => "arrears",
        }
    }
}

/// The language a contact is spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Indonesian.
    #[default]
    Id,
    /// English.
    En,
}

/// An accepted row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Row in the file, from 1, as a spreadsheet shows it.
    pub row: u32,
    /// 16 digits: a NIK, or `0` and the old 15-digit NPWP.
    pub taxpayer_id: String,
    /// As the list writes it; may be empty.
    pub name: String,
    /// E.164, at least one, in the order of the cell.
    pub phones: Vec<String>,
    /// Why this taxpayer is called.
    pub matter: Matter,
    /// As the list writes it, for example `PPh Pasal 21`; may be empty.
    pub tax_type: String,
    /// KAP-KJS code of the duty; may be empty.
    pub tax_code: String,
    /// `YYYY` or `YYYY-MM` (the period's last month for a range within a year is written `YYYY`); may be empty.
    pub tax_period: String,
    /// Whole rupiah.
    pub amount: Option<u64>,
    /// Last day of the duty.
    pub due_date: Date,
    /// KPP code; may be empty.
    pub office: String,
    /// 15 digits; may be empty.
    pub billing_code: String,
    /// 1 is called first. 2 where the list says nothing.
    pub priority: u8,
    /// `None`: the campaign's first language.
    pub language: Option<Language>,
    /// IANA name. `None` where nothing tells: then callable only when it is callable in every zone of the country.
    pub time_zone: Option<String>,
    /// The list owner's remark for whoever calls, at most [`NOTE_MAX`] characters; may be empty. Never spoken by the
    /// voice flow.
    pub note: String,
}

/// Longest [`Contact::note`], in characters.
pub const NOTE_MAX: usize = 500;
