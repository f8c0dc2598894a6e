//! Why a row was rejected.

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
