//! Twilio Programmable Voice, as its public documentation describes it: "Call resource" (API and status callbacks),
//! "Webhooks security" (signatures), "Webhooks: connection overrides" (retries), "Answering machine detection",
//! "TwiML for Programmable Voice" (markup) and "Error and warning dictionary", all under <https://www.twilio.com/docs>.
//!
//! Nothing checks the shape of account and call SIDs: services that speak the same protocol use other ids.

mod parse;
mod place;
mod render;
#[cfg(test)]
mod testing;
mod verify;

pub use parse::{parse_input, parse_news};
pub use place::{place, placed};
#[cfg(test)]
pub(super) use render::TWIML;
pub use render::render;
pub use verify::verify;
