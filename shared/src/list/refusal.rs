//! The words for what is wrong with a row: the same in code, JSON and manual.

use super::columns::Field;
use serde::{Deserialize, Serialize};

/// Why a row was rejected. Checks run in this order: columns, taxpayer number, phone, due date, amount, duplicate;
/// the first that fails is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Not the header's columns.
    Columns,
    /// No taxpayer number.
    NpwpMissing,
    /// A spreadsheet wrote it in scientific notation: digits are lost.
    NpwpScientific,
    /// Not 15, 16 or 22 digits, or something else than digits.
    NpwpLength,
    /// Zeros or one digit repeated.
    NpwpPlaceholder,
    /// The check digit of the NPWP is wrong.
    NpwpChecksum,
    /// No province has the code with which the NIK begins.
    NikProvince,
    /// The date of birth in the NIK does not exist.
    NikDate,
    /// Serial number 0000: a spreadsheet lost the last digit.
    NikTruncated,
    /// No phone number.
    PhoneMissing,
    /// A spreadsheet wrote it in scientific notation: digits are lost.
    PhoneScientific,
    /// Letters or other signs among the digits.
    PhoneLetters,
    /// Fewer digits than a number has.
    PhoneTooShort,
    /// More digits than a number has.
    PhoneTooLong,
    /// Of a country that the campaign does not call.
    PhoneForeign,
    /// A local number without its area code, or an area code or prefix that is not in use.
    PhoneNoAreaCode,
    /// Premium, free, satellite, emergency, short, call centre or fax: never called.
    PhoneSpecial,
    /// One of the caller's own numbers.
    PhoneOwn,
    /// No due date.
    DueDateMissing,
    /// Not a date, or one that does not exist.
    DueDateInvalid,
    /// The due date is over, and the campaign does not call then.
    DueDatePast,
    /// Not an amount in whole rupiah.
    AmountInvalid,
    /// Same taxpayer, matter, tax and period as an accepted row before it; where neither tax nor period is named, the
    /// same due date.
    Duplicate,
    /// The same in another list of the campaign.
    DuplicateInList,
    /// The same in a list of another campaign that is not finished.
    DuplicateInCampaign,
    /// No number of its country begins so, or is so long.
    PhoneUnassigned,
}

impl Reason {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Columns => "columns",
            Reason::NpwpMissing => "npwp_missing",
            Reason::NpwpScientific => "npwp_scientific",
            Reason::NpwpLength => "npwp_length",
            Reason::NpwpPlaceholder => "npwp_placeholder",
            Reason::NpwpChecksum => "npwp_checksum",
            Reason::NikProvince => "nik_province",
            Reason::NikDate => "nik_date",
            Reason::NikTruncated => "nik_truncated",
            Reason::PhoneMissing => "phone_missing",
            Reason::PhoneScientific => "phone_scientific",
            Reason::PhoneLetters => "phone_letters",
            Reason::PhoneTooShort => "phone_too_short",
            Reason::PhoneTooLong => "phone_too_long",
            Reason::PhoneForeign => "phone_foreign",
            Reason::PhoneUnassigned => "phone_unassigned",
            Reason::PhoneNoAreaCode => "phone_no_area_code",
            Reason::PhoneSpecial => "phone_special",
            Reason::PhoneOwn => "phone_own",
            Reason::DueDateMissing => "due_date_missing",
            Reason::DueDateInvalid => "due_date_invalid",
            Reason::DueDatePast => "due_date_past",
            Reason::AmountInvalid => "amount_invalid",
            Reason::Duplicate => "duplicate",
            Reason::DuplicateInList => "duplicate_in_list",
            Reason::DuplicateInCampaign => "duplicate_in_campaign",
        }
    }

    /// What the owner of the list can do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Reason::Columns => {
                "Give the row the header's columns: quote cells that hold the delimiter, and close every quotation mark."
            }
            Reason::NpwpMissing => "Fill in the NPWP or NIK and upload the row again.",
            Reason::NpwpScientific | Reason::NikTruncated => {
                "The spreadsheet lost digits: format the column as text, enter the number again, and upload the row again."
            }
            Reason::NpwpLength => {
                "Write the NPWP with 15 or 16 digits, the NIK with 16, the NITKU with 22, and nothing but digits, dots and dashes."
            }
            Reason::NpwpPlaceholder => "This is a placeholder: fill in the taxpayer's own number.",
            Reason::NpwpChecksum => "A digit is wrong or two are swapped: compare the NPWP with the register.",
            Reason::NikProvince | Reason::NikDate => "A digit is wrong: compare the NIK with the register.",
            Reason::PhoneMissing => "Fill in a phone number and upload the row again.",
            Reason::PhoneScientific => {
                "The spreadsheet lost digits: format the column as text, enter the number again, and upload the row again."
            }
            Reason::PhoneLetters => {
                "Write the number with digits only; look for the letters O and l in place of 0 and 1."
            }
            Reason::PhoneTooShort => {
                "Digits are missing: write the whole number with its area code or operator prefix."
            }
            Reason::PhoneTooLong => "There are too many digits: part several numbers by a slash.",
            Reason::PhoneForeign => {
                "The campaign does not call this country. It calls its own, and those in allowed_numbers if + and the country's code stand before the number."
            }
            Reason::PhoneUnassigned => "Its country has no such number: compare the digits.",
            Reason::PhoneNoAreaCode => {
                "Write the number with its area code and 0, for example 021 before a number of Jakarta."
            }
            Reason::PhoneSpecial => "Such numbers are not called: give a mobile or fixed line of the taxpayer.",
            Reason::PhoneOwn => "This is a number of the calling office: give the taxpayer's own.",
            Reason::DueDateMissing => "Fill in the due date, for example 31/03/2027.",
            Reason::DueDateInvalid => {
                "Write an existing date, day first and the year with four digits, for example 31/03/2027."
            }
            Reason::DueDatePast => {
                "The due date is over, and the campaign's after_due is stop: nobody is called about it any more."
            }
            Reason::AmountInvalid => "Write whole rupiah, for example 1.250.000.",
            Reason::Duplicate => "Nothing to do: an earlier row has the same taxpayer, matter, tax and period.",
            Reason::DuplicateInList => {
                "Nothing to do: another list of the campaign has the same taxpayer, matter, tax and period."
            }
            Reason::DuplicateInCampaign => {
                "Nothing to do: another campaign calls the same taxpayer about the same matter, tax and period. If this one shall, withdraw the other's list first."
            }
        }
    }
}

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
    pub(super) fn field(self) -> Option<Field> {
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

/// What a row does not say, and was concluded from something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guess {
    /// The time zone, from the area code of the first number.
    ZoneOfAreaCode,
    /// From the province.
    ZoneOfProvince,
    /// From the list's tax office.
    ZoneOfOffice,
    /// From the tax office in an old NPWP.
    ZoneOfRegistration,
    /// From the province in a NIK.
    ZoneOfNik,
    /// The campaign's.
    ZoneOfCampaign,
    /// What the call is about: the campaign's.
    MatterOfCampaign,
}

impl Guess {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Guess::ZoneOfAreaCode => "zone_of_area_code",
            Guess::ZoneOfProvince => "zone_of_province",
            Guess::ZoneOfOffice => "zone_of_office",
            Guess::ZoneOfRegistration => "zone_of_registration",
            Guess::ZoneOfNik => "zone_of_nik",
            Guess::ZoneOfCampaign => "zone_of_campaign",
            Guess::MatterOfCampaign => "matter_of_campaign",
        }
    }

    /// What was concluded from what.
    pub fn hint(self) -> &'static str {
        match self {
            Guess::ZoneOfAreaCode => "The time zone is that of the first number's area code.",
            Guess::ZoneOfProvince => "The time zone is that of the province.",
            Guess::ZoneOfOffice => "The time zone is that of the tax office.",
            Guess::ZoneOfRegistration => "The time zone is that of the tax office in the NPWP.",
            Guess::ZoneOfNik => "The time zone is that of the province in the NIK, where it was first issued.",
            Guess::ZoneOfCampaign => "The time zone is the campaign's.",
            Guess::MatterOfCampaign => "What the call is about is what the campaign is about.",
        }
    }
}

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

/// Most characters of a masked value.
const MASKED_MAX: usize = 32;

/// The shape of a cell, without what it says.
pub(super) fn masked(cell: &str) -> String {
    let cell: Vec<char> = cell.trim().chars().take(MASKED_MAX).collect();
    let digits = cell.iter().filter(|c| c.is_numeric()).count();
    let last = if digits < 8 { digits } else { digits - 2 };
    let mut at = 0;
    let mask = |c: &char| {
        if c.is_numeric() {
            at += 1;
            if at <= 2 || at > last { *c } else { '*' }
        } else if c.is_alphabetic() {
            'x'
        } else if c.is_control() {
            ' '
        } else {
            *c
        }
    };
    cell.iter().map(mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_masked() {
        for (cell, shape) in [
            ("01.312.166.1-091.000", "01.***.***.*-***.*00"),
            ("0812OO00157o", "08**xx***57x"),
            ("0812-345", "08**-***"),
            ("Budi Rekaan", "xxxx xxxxxx"),
            ("12", "12"),
            ("", ""),
        ] {
            assert_eq!(masked(cell), shape, "{cell}");
        }
        assert_eq!(masked(&"1".repeat(100_000)).len(), MASKED_MAX);
    }

    #[test]
    fn words_are_the_same_in_code_and_in_json() {
        for reason in [Reason::Columns, Reason::NikTruncated, Reason::PhoneNoAreaCode, Reason::DuplicateInCampaign] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert!(!reason.hint().is_empty());
        }
        for warning in [Warning::NpwpFromNitku, Warning::DueDateExcelSerial, Warning::ZoneUnknown, Warning::ExtraCut] {
            assert_eq!(serde_json::to_value(warning).unwrap(), warning.as_str());
            assert!(!warning.hint().is_empty());
        }
        for guess in [Guess::ZoneOfAreaCode, Guess::ZoneOfCampaign, Guess::MatterOfCampaign] {
            assert_eq!(serde_json::to_value(guess).unwrap(), guess.as_str());
        }
    }

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
