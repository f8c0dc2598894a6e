//! Bytes of an upload in, accepted contacts and rejected rows with reasons out; pages.
//!
//! | module | what it is for |
//! |---|---|
//! | `format` | bytes in pieces of any size to records, in bounded memory: [`Records`] |
//! | `columns` | header names to fields |
//! | `mapping` | which columns the upload names itself: [`Mapping`] |
//! | `row` | one record to a contact, or the reason why not |
//! | `taxpayer`, `phone`, `date`, `amount`, `period`, `zone` | one kind of value each |
//! | `text` | what people and spreadsheets do to a cell, undone |
//! | `total` | lines of totals, which are no taxpayers |
//! | `rules` | what the campaign says about its lists: [`Rules`] |
//! | `reader` | the whole: [`Reader`] |
//! | `judge` | the records of a file to rows |
//! | `refusal` | the vocabulary: [`Reason`], [`Warning`], [`Guess`], [`Rejection`] |
//! | `identity` | what two rows are the same by |
//! | `live`, `filter`, `others` | which lists are still called, and which of their rows come again |
//! | `shelf` | where lists are kept: [`Manifest`], pages |
//! | `gather` | rows of the same person put together |
//! | `intake` | a file on its way there: what is written, and which list it is: [`Intake`] |
//! | `sift` | rows judged, compared and counted |
//! | `noted` | warnings and guesses, row by row: [`Noted`] |
//! | `table` | what was rejected or noted as a file: [`Table`] |
//! | `preview` | what would become of a file: [`Preview`] |
//! | `source` | what an upload says about itself: [`Label`] |
//! | `family` | what was appended to a list, and whether it was withdrawn: [`Family`] |
//! | `size` | a list larger than anybody said waits to be confirmed: [`Size`] |
//! | `progress` | what is left of an upload that was cut off: [`Progress`] |
//! | [`feed`] | other files than lists: settlements, do-not-call, holidays |
//! | `pages` | accepted contacts grouped as they are dialled: [`Pages`] |

mod amount;
mod columns;
mod date;
mod family;
pub mod feed;
mod filter;
mod format;
mod gather;
mod identity;
mod intake;
mod judge;
mod live;
mod mapping;
mod noted;
mod others;
mod pages;
mod period;
mod phone;
mod preview;
mod progress;
mod reader;
mod refusal;
mod row;
mod rules;
mod shelf;
mod sift;
mod size;
mod source;
mod table;
mod taxpayer;
mod text;
mod total;
mod zone;

pub use family::{Family, family, withdraw, withdrawn};
pub use format::{
    COLUMNS_MAX, FIELD_MAX, File, Format, HEADER_WITHIN, IsHeader, RECORD_MAX, Record, Records, TEXTS_MAX,
    UNPACKED_MAX, WORKBOOK_MAX,
};
pub use gather::DUTIES_MAX;
pub use identity::RowKey;
pub use intake::{Intake, Taken};
pub use live::live;
pub use mapping::Mapping;
pub use noted::{Noted, Remark};
pub use others::Others;
pub use pages::{CONTACTS_PER_PAGE_MAX, Group, Page, Pages};
pub use preview::Preview;
pub use progress::Progress;
pub use reader::{Reader, Summary};
pub use refusal::{Guess, Reason, Rejection, Warning};
pub use rules::Rules;
pub use shelf::{Manifest, ManifestGroup, data_key, fix_shards, manifest, read_noted, read_page, read_rejected};
pub use sift::Tally;
pub use size::{CONFIRM_ABOVE, Size, size};
pub use source::{Label, Occasion};
pub use table::{ContactLine, Line, RejectedLine, Table, TableFormat, contact_titles, noted_titles, rejected_titles};

use crate::campaign::AllowedNumbers;
use crate::contact::Contact;
use crate::hours::Country;

/// A taxpayer number as lists and feeds write it, in the 16 digits under which a [`Contact`] has it; `None` if it is
/// no NPWP, NIK or NITKU.
pub fn taxpayer_id(text: &str) -> Option<String> {
    taxpayer::parse(text).ok().map(|taxpayer| taxpayer.id)
}

/// The numbers (E.164) of a cell of a list of Indonesia, as far as a campaign calls them that allows no others; the reason if
/// it calls none.
pub fn phone_numbers(cell: &str) -> Result<Vec<String>, Reason> {
    let allowed = AllowedNumbers::default();
    let callable = phone::Callable { own: &[], country: Country::Id, allowed: &allowed };
    phone::parse(std::iter::once(cell), callable).map(|found| found.numbers)
}

/// A tax by its name, as far as two files write it alike.
pub fn tax_key(tax_type: &str) -> String {
    text::key(tax_type)
}

/// A column by its name, as far as two headers write it alike; empty if there is no letter or digit in it.
pub fn column_key(name: &str) -> String {
    text::key(name)
}

/// What became of a row. Rows with nothing in them are none.
// Rows are handed on one by one, never kept: a box would cost more than it saves.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// It can be called.
    Accepted {
        /// Who and why.
        contact: Contact,
        /// What was repaired, or looks doubtful.
        warnings: Vec<Warning>,
        /// Where the contact comes from.
        origin: Origin,
    },
    /// It cannot.
    Rejected(Rejection),
}

/// What is known of an accepted row besides the contact that it became.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// What nobody said, and was concluded from something else.
    pub guesses: Vec<Guess>,
    /// For each warning, the masked cell that it is about; empty where it is about none.
    pub values: Vec<String>,
    /// The row as it was. Personal data.
    pub cells: Vec<String>,
    /// What the row is known by in other lists.
    identity: u64,
}
