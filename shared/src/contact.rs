//! A taxpayer and what it is called about, as rows of a list became it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Those that a payment settles, where the feed does not say which.
    pub const PAYABLE: [Matter; 3] = [Matter::NotPaid, Matter::FallsDue, Matter::Arrears];

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

/// What a taxpayer is called about: one accepted row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// Row in the file, from 1, as a spreadsheet shows it.
    pub row: u32,
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
    /// The list owner's remark for whoever calls, at most [`NOTE_MAX`] characters; may be empty. Never spoken by the
    /// voice flow.
    pub note: String,
    /// Columns of the list that the campaign keeps: name and cell, those with nothing in them left out.
    pub extra: BTreeMap<String, String>,
}

/// Whom to call, and about what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// 16 digits: a NIK, or `0` and the old 15-digit NPWP.
    pub taxpayer_id: String,
    /// As the list writes it; may be empty.
    pub name: String,
    /// E.164, at least one, in the order of the cell.
    pub phones: Vec<String>,
    /// What falls due first.
    pub duty: Duty,
    /// What the same person is called about in the same call, by due date. Empty unless the campaign names several
    /// matters in a call.
    pub others: Vec<Duty>,
    /// 1 is called first. 2 where the list says nothing.
    pub priority: u8,
    /// `None`: the campaign's first language.
    pub language: Option<Language>,
    /// IANA name. `None` where nothing tells: then callable only when it is callable in every zone of the country.
    pub time_zone: Option<String>,
}

impl Contact {
    /// All that the person is called about, what falls due first at the beginning.
    pub fn duties(&self) -> impl Iterator<Item = &Duty> {
        std::iter::once(&self.duty).chain(&self.others)
    }

    /// The due date of what falls due last.
    pub fn last_due(&self) -> Date {
        self.duties().map(|duty| duty.due_date).max().unwrap_or(self.duty.due_date)
    }

    /// The larger comes first in a list.
    pub fn amount(&self) -> Option<u64> {
        self.duties().filter_map(|duty| duty.amount).reduce(u64::saturating_add)
    }
}

/// Longest [`Duty::note`], in characters.
pub const NOTE_MAX: usize = 500;
/// Most columns in [`Duty::extra`], and most bytes in all of them together.
pub const EXTRA_MAX: usize = 20;
pub const EXTRA_BYTES_MAX: usize = 2_000;
