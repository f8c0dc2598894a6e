//! The call script as neutral verbs. A provider's adapter writes them in its own language.

use crate::contact::Language;

/// One instruction to the provider. URLs are absolute and signed by us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    Say { text: String, language: Language },
    /// Says `prompt` (only [`Verb::Say`]s), which a key interrupts, and waits for keys; then asks `next`, also when no key came.
    Gather { prompt: Vec<Verb>, digits: u8, timeout_s: u8, next: String },
    /// Rings an officer's line (E.164 or `sip:` address), then asks `next`.
    Transfer { to: String, caller_id: String, timeout_s: u16, next: String },
    Hangup,
}
