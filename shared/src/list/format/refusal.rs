//! What is said of files that are not taken.

use super::{COLUMNS_MAX, FIELD_MAX, RECORD_MAX, TEXTS_MAX, UNPACKED_MAX, WORKBOOK_MAX};
use crate::problem::Problem;

const SAVE_AS: &str =
    "Save the list in the spreadsheet program as XLSX or as \"CSV UTF-8 (delimited)\" and upload that file.";

/// Nothing in it.
pub(super) fn empty() -> Problem {
    Problem::new(
        422,
        "empty_file",
        "The file is empty",
        "The file has no row with anything in it.",
        "Upload a file in which a row names the columns, with one taxpayer in each row below.",
    )
}

/// Another kind of file than a list.
pub(super) fn kind(detail: impl Into<String>) -> Problem {
    Problem::new(415, "list_format", "This kind of file is not taken", detail, SAVE_AS)
}

/// It opens with a password only.
pub(super) fn encrypted() -> Problem {
    Problem::new(
        422,
        "file_encrypted",
        "The file is locked",
        "The file is encrypted and opens with a password only.",
        "Save it without a password and upload that file; the connection is encrypted anyway.",
    )
}

/// It ends early, or is not what it says.
pub(super) fn damaged(detail: impl Into<String>) -> Problem {
    Problem::new(
        422,
        "file_damaged",
        "The file is damaged",
        detail,
        "Open the file to see that it is whole, save it again, and upload it.",
    )
}

/// Made to do harm, or far from any list.
pub(super) fn hostile(detail: impl Into<String>) -> Problem {
    Problem::new(
        422,
        "file_hostile",
        "The file is built in a way in which no list is",
        detail,
        "Copy the list into a new spreadsheet, save that as XLSX or CSV, and upload it.",
    )
}

/// It unpacks to more than it may.
pub(super) fn unpacks_too_large(detail: impl Into<String>) -> Problem {
    Problem::new(
        413,
        "unpacks_too_large",
        "The file unpacks to more than is taken",
        detail,
        format!("Upload the list as CSV, in parts of less than {} GiB.", UNPACKED_MAX >> 30),
    )
}

/// A spreadsheet needs more memory than there is for one.
pub(super) fn workbook_too_large() -> Problem {
    Problem::new(
        413,
        "workbook_too_large",
        "The spreadsheet is too large",
        format!(
            "The file has more than {} MiB, or its texts take more than {} MiB.",
            WORKBOOK_MAX >> 20,
            TEXTS_MAX >> 20
        ),
        "Save the list as CSV, which may have any number of rows, or split it into several files.",
    )
}

pub(super) fn record_too_long(row: u32) -> Problem {
    let detail = format!("Row {row} is longer than {} KiB.", RECORD_MAX / 1024);
    too_large("row_too_long", "A row is too long", detail, row)
}

pub(super) fn field_too_long(row: u32) -> Problem {
    let detail = format!("A cell of row {row} is longer than {} KiB.", FIELD_MAX / 1024);
    too_large("cell_too_long", "A cell is too long", detail, row)
}

pub(super) fn too_many_columns(row: u32) -> Problem {
    let detail = format!("Row {row} has more than {COLUMNS_MAX} columns.");
    too_large("too_many_columns", "Too many columns", detail, row)
}

fn too_large(code: &'static str, title: &'static str, detail: String, row: u32) -> Problem {
    let hint = "Look for a quotation mark that is not closed at or above this row, and for what does not belong into a list; \
                then upload the file again.";
    Problem::new(422, code, title, detail, hint).at(format!("row {row}"))
}

/// A text that cells refer to.
pub(super) fn text_too_long() -> Problem {
    let detail = format!("A text of the spreadsheet is longer than {} KiB.", FIELD_MAX / 1024);
    Problem::new(
        422,
        "cell_too_long",
        "A cell is too long",
        detail,
        "Look for a cell with a long text, which does not belong into a list; then upload the file again.",
    )
}
