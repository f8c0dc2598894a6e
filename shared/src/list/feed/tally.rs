//! What became of a feed's rows.

use super::super::Reason;
use super::super::refusal::masked;
use serde::Serialize;
use std::collections::BTreeMap;

/// Rejected rows that an answer shows at most; all are counted.
pub const REFUSED_MAX: usize = 200;

/// Why a row of a feed was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Why {
    /// As in a list.
    List(Reason),
    Feed(FeedReason),
}

/// Reasons that lists do not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedReason {
    /// Neither a taxpayer number nor a billing code (or phone).
    SubjectMissing,
    /// Nothing tells whether something was filed or paid.
    MatterMissing,
    MatterUnknown,
    /// A tax without its period.
    TaxPeriodMissing,
    TaxPeriodUnknown,
    BillingCodeInvalid,
    DateInvalid,
    /// The day has not come yet.
    DateFuture,
    /// Neither yes nor no.
    ReversedUnclear,
    /// More payments of one matter than are kept apart.
    PaymentsTooMany,
    /// A reason that is none of ours, or not one of this kind of entry.
    ReasonUnknown,
    /// A phone number that is not one.
    PhoneInvalid,
    /// A day of another year, or none.
    DayInvalid,
    /// Neither a national holiday nor collective leave.
    KindUnknown,
}

impl Why {
    /// Found only when a row meets what is stored.
    pub const PAYMENTS_TOO_MANY: Why = Why::Feed(FeedReason::PaymentsTooMany);

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Why::List(reason) => reason.as_str(),
            Why::Feed(reason) => match reason {
                FeedReason::SubjectMissing => "subject_missing",
                FeedReason::MatterMissing => "matter_missing",
                FeedReason::MatterUnknown => "matter_unknown",
                FeedReason::TaxPeriodMissing => "tax_period_missing",
                FeedReason::TaxPeriodUnknown => "tax_period_unknown",
                FeedReason::BillingCodeInvalid => "billing_code_invalid",
                FeedReason::DateInvalid => "date_invalid",
                FeedReason::DateFuture => "date_future",
                FeedReason::ReversedUnclear => "reversed_unclear",
                FeedReason::PaymentsTooMany => "payments_too_many",
                FeedReason::ReasonUnknown => "reason_unknown",
                FeedReason::PhoneInvalid => "phone_invalid",
                FeedReason::DayInvalid => "day_invalid",
                FeedReason::KindUnknown => "kind_unknown",
            },
        }
    }

    /// What can be done about it.
    pub fn hint(self) -> &'static str {
        match self {
            Why::List(reason) => reason.hint(),
            Why::Feed(reason) => match reason {
                FeedReason::SubjectMissing => {
                    "Say who: a taxpayer number, or the billing code of what was paid (in a do-not-call list: a phone)."
                }
                FeedReason::MatterMissing => {
                    "Say what was done: a column with the day of payment or of filing, a billing code, or `matter`."
                }
                FeedReason::MatterUnknown => "Write not_filed, not_paid, falls_due, arrears, or leave the cell empty.",
                FeedReason::TaxPeriodMissing => {
                    "Write the tax period or year beside the tax, or leave both empty: then it holds for all of that matter."
                }
                FeedReason::TaxPeriodUnknown => "Write the period as month and year, for example 02-2027, or the year.",
                FeedReason::BillingCodeInvalid => "Write the 15 digits of the billing code; format the column as text.",
                FeedReason::DateInvalid => {
                    "Write an existing date, day first and the year with four digits, for example 31/03/2027."
                }
                FeedReason::DateFuture => "Compare the date: the day has not come yet.",
                FeedReason::ReversedUnclear => "Write true or false (ya, tidak), or leave the cell empty.",
                FeedReason::PaymentsTooMany => {
                    "Send one row with the sum, without an amount, or with the number of the last payment."
                }
                FeedReason::ReasonUnknown => {
                    "Write entered, asked_in_call, deceased (only of a taxpayer), wrong_number (only of a phone), or leave the cell empty."
                }
                FeedReason::PhoneInvalid => {
                    "Write + and the country's code before the number, or a number of Indonesia with its area code."
                }
                FeedReason::DayInvalid => "Write a day of the year that this calendar is for, for example 2028-01-01.",
                FeedReason::KindUnknown => {
                    "Write national or collective_leave (libur nasional, cuti bersama), or leave the cell empty."
                }
            },
        }
    }
}

impl From<Reason> for Why {
    fn from(reason: Reason) -> Self {
        Why::List(reason)
    }
}

impl From<FeedReason> for Why {
    fn from(reason: FeedReason) -> Self {
        Why::Feed(reason)
    }
}

/// What is wrong with a row, and in which of the feed's columns; `None`: with the row as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bad {
    pub why: Why,
    pub field: Option<usize>,
}

impl Bad {
    pub fn at(field: usize, why: impl Into<Why>) -> Self {
        Bad { why: why.into(), field: Some(field) }
    }

    pub fn row(why: impl Into<Why>) -> Self {
        Bad { why: why.into(), field: None }
    }
}

/// A row that was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Row in the file, from 1, as a spreadsheet shows it; in JSON the number of the object.
    pub row: u32,
    /// Header of the column at fault, as in the file; empty where it is the row as a whole.
    pub column: String,
    pub reason: &'static str,
    /// The cell's shape, without what it says.
    pub value: String,
    /// What to do.
    pub hint: &'static str,
}

impl Refused {
    /// `value` is masked here.
    pub fn new(row: u32, why: Why, column: &str, value: &str) -> Self {
        Refused { row, column: column.to_owned(), reason: why.as_str(), value: masked(value), hint: why.hint() }
    }
}

/// Counts of a whole feed, and the first of its rejected rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Rows below the header with anything in them: the sum of accepted and rejected.
    pub rows: u64,
    pub accepted: u64,
    pub rejected: u64,
    /// Accepted rows that said nothing new.
    pub unchanged: u64,
    /// Lines of totals, which are no rows.
    #[serde(skip_serializing_if = "crate::list::format::is_zero")]
    pub totals: u32,
    pub rejected_by_reason: BTreeMap<&'static str, u64>,
    /// The first [`REFUSED_MAX`] rejected rows.
    pub rejections: Vec<Refused>,
}

impl Tally {
    /// A row was rejected.
    pub fn refuse(&mut self, refused: Refused) {
        self.rows += 1;
        self.rejected += 1;
        *self.rejected_by_reason.entry(refused.reason).or_default() += 1;
        if self.rejections.len() < REFUSED_MAX {
            self.rejections.push(refused);
        }
    }

    /// A row was accepted; `changed`: it said something new.
    pub fn accept(&mut self, changed: bool) {
        self.rows += 1;
        self.accepted += 1;
        self.unchanged += u64::from(!changed);
    }
}
