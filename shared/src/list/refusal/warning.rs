//! What was repaired in an accepted row, or looks doubtful.

use crate::list::columns::Field;
use serde::{Deserialize, Serialize};

/// What was repaired in an accepted row, or looks doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// The leading zero that a spreadsheet lost was put back; the check digit agrees.
    NpwpLeadingZeroRestored,
    /// The taxpayer number was taken from a NITKU.
    NpwpFromNitku,
    /// The number of a branch.
    NpwpBranch,
    /// 16 digits with prefix 1000, which nothing checks.
    NpwpPrefixUnknown,
    /// No name: the call cannot ask for anybody.
    NameMissing,
    /// The leading zero of a mobile number was put back.
    PhoneLeadingZeroRestored,
    /// An extension was left out.
    PhoneExtension,
    /// A part of the cell cannot be dialled; another can.
    PhonePartIgnored,
    /// Looks typed only to fill the cell.
    PhonePlaceholder,
    /// The due date was a spreadsheet's serial number.
    DueDateExcelSerial,
    /// What the call is about was not understood; the campaign's own was taken.
    MatterUnknown,
    /// The tax period was not understood and is left empty.
    TaxPeriodUnknown,
    /// The billing code does not have 15 digits and is left empty.
    BillingCodeInvalid,
    /// Nothing tells the time zone.
    ZoneUnknown,
    /// The remark is longer than 500 characters: the rest is left out.
    NoteCut,
    /// The tax office's code was not understood and is left empty.
    OfficeUnknown,
    /// The time zone was not understood; something else had to tell it.
    TimeZoneUnknown,
    /// The priority was not understood; 2 was taken.
    PriorityUnknown,
    /// The language was not understood; the campaign's first was taken.
    LanguageUnknown,
    /// A kept column is longer than is kept: the rest is left out.
    ExtraCut,
}

impl Warning {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Warning::NpwpLeadingZeroRestored => "npwp_leading_zero_restored",
            Warning::NpwpFromNitku => "npwp_from_nitku",
            Warning::NpwpBranch => "npwp_branch",
            Warning::NpwpPrefixUnknown => "npwp_prefix_unknown",
            Warning::NameMissing => "name_missing",
            Warning::PhoneLeadingZeroRestored => "phone_leading_zero_restored",
            Warning::PhoneExtension => "phone_extension",
            Warning::PhonePartIgnored => "phone_part_ignored",
            Warning::PhonePlaceholder => "phone_placeholder",
            Warning::DueDateExcelSerial => "due_date_excel_serial",
            Warning::MatterUnknown => "matter_unknown",
            Warning::TaxPeriodUnknown => "tax_period_unknown",
            Warning::BillingCodeInvalid => "billing_code_invalid",
            Warning::ZoneUnknown => "zone_unknown",
            Warning::NoteCut => "note_cut",
            Warning::OfficeUnknown => "office_unknown",
            Warning::TimeZoneUnknown => "time_zone_unknown",
            Warning::PriorityUnknown => "priority_unknown",
            Warning::LanguageUnknown => "language_unknown",
            Warning::ExtraCut => "extra_cut",
        }
    }

    /// The field whose cell it is about; `None`: the row as a whole.
    pub(in crate::list) fn field(self) -> Option<Field> {
        match self {
            Warning::NpwpLeadingZeroRestored
            | Warning::NpwpFromNitku
            | Warning::NpwpBranch
            | Warning::NpwpPrefixUnknown => Some(Field::TaxpayerId),
            Warning::NameMissing => Some(Field::Name),
            Warning::PhoneLeadingZeroRestored
            | Warning::PhoneExtension
            | Warning::PhonePartIgnored
            | Warning::PhonePlaceholder => Some(Field::Phone),
            Warning::DueDateExcelSerial => Some(Field::DueDate),
            Warning::MatterUnknown => Some(Field::Matter),
            Warning::TaxPeriodUnknown => Some(Field::TaxPeriod),
            Warning::BillingCodeInvalid => Some(Field::BillingCode),
            Warning::ZoneUnknown | Warning::ExtraCut => None,
            Warning::NoteCut => Some(Field::Note),
            Warning::OfficeUnknown => Some(Field::Office),
            Warning::TimeZoneUnknown => Some(Field::TimeZone),
            Warning::PriorityUnknown => Some(Field::Priority),
            Warning::LanguageUnknown => Some(Field::Language),
        }
    }

    /// What was done, and what the owner of the list may look at.
    pub fn hint(self) -> &'static str {
        match self {
            Warning::NpwpLeadingZeroRestored => "A leading zero was put back; the check digit agrees.",
            Warning::NpwpFromNitku => "The taxpayer is called, not the place of business.",
            Warning::NpwpBranch => "The number is a branch's: look whether the head office is meant.",
            Warning::NpwpPrefixUnknown => "Nothing checks such numbers: compare it with the register.",
            Warning::NameMissing => "Fill in the name: without one the call cannot ask for anybody.",
            Warning::PhoneLeadingZeroRestored => {
                "A leading zero was put back: look whether the number is a mobile one."
            }
            Warning::PhoneExtension => "The number is called without its extension.",
            Warning::PhonePartIgnored => "A part of the cell cannot be called; the others are.",
            Warning::PhonePlaceholder => "Looks typed only to fill the cell: ask for the number.",
            Warning::DueDateExcelSerial => "The spreadsheet's serial number was read as a date: compare it.",
            Warning::MatterUnknown => "The campaign's own matter was taken.",
            Warning::TaxPeriodUnknown => "The call does not name a period. Write for example 2027-02 or Februari 2027.",
            Warning::BillingCodeInvalid => "A billing code has 15 digits: the call does without.",
            Warning::ZoneUnknown => {
                "Called only when it is callable in every zone of the number's country: name the province, the KPP or the zone."
            }
            Warning::NoteCut => "Remarks have 500 characters at most.",
            Warning::OfficeUnknown => "Write the KPP's three digits.",
            Warning::TimeZoneUnknown => {
                "Write WIB, WITA or WIT; for a number of another country a name such as Asia/Singapore."
            }
            Warning::PriorityUnknown => "Priority 2 was taken. Write 1 to 9, or tinggi, rendah.",
            Warning::LanguageUnknown => "The campaign's first language was taken. Write id or en.",
            Warning::ExtraCut => "What is kept of a row's own columns is bounded: the rest is left out.",
        }
    }
}
