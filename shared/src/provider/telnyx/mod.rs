//! Telnyx by TeXML, as its public documentation describes it: "Initiate an outbound call" and the callbacks of the "TeXML
//! REST commands", "API errors", "Receiving webhooks" (signatures), "TeXML answering machine detection" and the pages of
//! the TeXML verbs, all under <https://developers.telnyx.com>.
//!
//! TeXML, not Call Control: there Telnyx ignores our answers, and every step of a call would be a request to its API, which
//! `voice` has no right to make. Nothing of this was tried against a live account.
//!
//! Of an [`Account`](super::Account), `account` is the organization's id, `key` the TeXML application's, `secret` an API
//! key; signing secrets are public keys.

mod parse;
mod place;
mod render;
mod verify;

pub use parse::{parse_input, parse_news};
pub use place::{place, placed};
#[cfg(test)]
pub(super) use render::TEXML;
pub use render::render;
pub use verify::{is_public_key, verify};
