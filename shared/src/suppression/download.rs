//! Entries as they are downloaded: the columns of an upload, so that a download can be sent again.

use super::register::Shown;
use super::{Named, Reason};
use crate::report::rfc3339;
use serde::Serialize;

/// An entry in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line<'a> {
    pub phone: Option<&'a str>,
    pub taxpayer_id: Option<&'a str>,
    pub reason: Reason,
    pub since: Option<String>,
    pub until: Option<String>,
    pub id: &'a str,
}

impl Shown {
    /// As JSON has it.
    pub fn line(&self) -> Line<'_> {
        let (phone, taxpayer_id) = match &self.named {
            Some(Named::Phone(phone) | Named::WrongNumber(phone)) => (Some(phone.as_str()), None),
            Some(Named::Taxpayer(id)) => (None, Some(id.as_str())),
            None => (None, None),
        };
        Line {
            phone,
            taxpayer_id,
            reason: self.entry.reason,
            since: rfc3339(self.entry.since_ms),
            until: self.entry.until_ms.and_then(rfc3339),
            id: &self.id,
        }
    }
}

/// Entries as CSV; numbers with an apostrophe before them, so that a spreadsheet program leaves them as they are.
pub fn csv(entries: &[Shown], header: bool) -> String {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    // Writing into memory cannot fail.
    if header {
        let _ = writer.write_record(["phone", "taxpayer_id", "reason", "since", "until", "id"]);
    }
    let number = |text: Option<&str>| text.map_or_else(String::new, |text| format!("'{text}"));
    for entry in entries {
        let line = entry.line();
        let reason = line.reason.as_str().to_owned();
        let (since, until) = (line.since.unwrap_or_default(), line.until.unwrap_or_default());
        let _ = writer.write_record([
            number(line.phone),
            number(line.taxpayer_id),
            reason,
            since,
            until,
            line.id.to_owned(),
        ]);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
