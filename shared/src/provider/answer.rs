//! Answers of providers' APIs: what is read alike for all of them.

/// Longest id of a call that is kept. Twilio's have 34 characters, Telnyx's some 60.
const CALL_ID_MAX: usize = 128;

/// Whether the text can be a call's id.
pub fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= CALL_ID_MAX && id.bytes().all(|b| b.is_ascii_graphic())
}

/// Seconds in a header (its name in lower case). The other form of `Retry-After`, a date, is used by no provider here.
pub fn seconds(headers: &[(String, String)], name: &str) -> Option<u32> {
    headers.iter().find(|(n, _)| n == name).and_then(|(_, value)| value.trim().parse().ok())
}

/// What an API error says of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Surely not placed.
    Refused(crate::attempt::Refusal),
    /// It may have been placed.
    Unclear,
    /// No error that is known here.
    Unknown,
}
