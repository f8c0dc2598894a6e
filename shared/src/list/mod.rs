//! Bytes of an upload in, accepted contacts and rejected rows with reasons out; pages.
//!
//! | module | what it is for |
//! |---|---|
//! | `format` | bytes in pieces of any size to records, in bounded memory: [`Records`] |
//! | `columns` | header names to fields |
//! | `row` | one record to a contact, or the reason why not |
//! | `taxpayer`, `phone`, `date`, `amount`, `period`, `zone` | one kind of value each |
//! | `text` | what people and spreadsheets do to a cell, undone |
//! | `total` | lines of totals, which are no taxpayers |
//! | `rules` | what the campaign says about its lists: [`Rules`] |
//! | `reader` | the whole: [`Reader`] |
//! | `refusal` | the vocabulary: [`Reason`], [`Warning`], [`Rejection`] |
//! | `shelf` | where lists are kept: [`Manifest`], pages |
//! | `gather` | rows of the same person put together |
//! | `intake` | a file on its way there: [`Intake`] |
//! | `size` | a list larger than anybody said waits to be confirmed: [`Size`] |
//! | `progress` | what is left of an upload that was cut off: [`Progress`] |
//! | [`feed`] | other files than lists: settlements, do-not-call, holidays |
//! | `pages` | accepted contacts grouped as they are dialled: [`Pages`] |

mod amount;
mod columns;
mod date;
pub mod feed;
mod format;
mod gather;
mod intake;
mod pages;
mod period;
mod phone;
mod progress;
mod reader;
mod refusal;
mod row;
mod rules;
mod shelf;
mod size;
mod taxpayer;
mod text;
mod total;
mod zone;

pub use format::{
    COLUMNS_MAX, FIELD_MAX, File, Format, HEADER_WITHIN, IsHeader, RECORD_MAX, Record, Records, UNPACKED_MAX,
    WORKBOOK_MAX,
};
pub use gather::DUTIES_MAX;
pub use intake::{Intake, Label, Taken};
pub use pages::{CONTACTS_PER_PAGE_MAX, Group, Page, Pages};
pub use progress::Progress;
pub use reader::{Reader, Summary};
pub use refusal::{Reason, Rejection, Warning};
pub use rules::Rules;
pub use shelf::{Manifest, ManifestGroup, data_key, fix_shards, manifest, read_page, read_rejected, rejected_csv};
pub use size::{CONFIRM_ABOVE, Size, size};

use crate::contact::Contact;

/// A taxpayer number as lists and feeds write it, in the 16 digits under which a [`Contact`] has it; `None` if it is
/// no NPWP, NIK or NITKU.
pub fn taxpayer_id(text: &str) -> Option<String> {
    taxpayer::parse(text).ok().map(|taxpayer| taxpayer.id)
}

/// A tax by its name, as far as two files write it alike.
pub fn tax_key(tax_type: &str) -> String {
    text::key(tax_type)
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
    },
    /// It cannot.
    Rejected(Rejection),
}
