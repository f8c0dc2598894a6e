//! The call script as neutral verbs. A provider's adapter writes them in its own language.
//!
//! ```text
//! answered ─┬─ machine ──────────────────────────── neutral message          -
//!           ├─ settled ──────────────────────────── "resolved meanwhile"     Settled
//!           └─ Party: is it you?
//!                 1 ─ Menu: the message and its keys (after silence: Heard)
//!                        1 ─ thanks                                          Promise
//!                        2 ─ Transfer ─ bridged or not                       TransferAsked, then Transfer
//!                            no officer: "we call back"                      NoOfficer
//!                        3 ─ thanks                                          SaysSettled
//!                        5 ─ "at another time"                               Callback
//!                        9 ─ "not again"                                     DoNotCall
//!                        * ─ the message once more
//!                        silence, twice                                      Informed
//!                 2 ─ Other: whose number is it?
//!                        1 ─ "not again"                                     WrongNumber
//!                        2, silence ─ "at another time"                      ThirdParty
//!                 3 ─ "at another time"                                      Callback
//!                 silence, twice                                             NoInput
//! ```
//!
//! Tax secrecy rests on three things. Texts said before the right party is confirmed have no blanks for the matter, so
//! a script that would tell it cannot even be read. Where the call is travels as a [`Place`] in the next step's URL,
//! which the voice function signs, so nobody can ask for the message out of turn. And a settlement that came in since
//! the call was placed takes the place of whatever would be said.
//!
//! A call about several matters goes the same way: the message names what falls due first, [`SPOKEN_MAX`] matters at
//! most, and how many more there are; the keys are about all of them. What is settled meanwhile is left out at the next step.
//!
//! What a campaign itself has to say besides ([`Also`]) is told after the message about each matter, with cells of the
//! row; a sentence that the row has no cell for is left out.
//!
//! A step is a pure function of its place and the input, so a provider that asks twice is told the same twice.

mod also;
mod inbound;
mod line;
mod party;
mod place;
mod scene;
mod script;
mod sheet;
mod speech;
mod tax;
mod template;
mod topic;
pub mod words;

#[cfg(test)]
pub(crate) mod tests;

pub use also::Also;
pub use inbound::{inbound, inbound_step};
pub use line::Line;
pub use place::Place;
pub use scene::{Officer, Scene, Turn, answered, step};
pub use script::{Script, When};
pub use sheet::{Sheet, sheet};
pub use speech::SPOKEN_MAX;
pub use topic::{Scripts, Topic};

use crate::contact::Language;

/// One instruction to the provider. URLs are absolute and signed by us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    Say {
        text: String,
        language: Language,
    },
    /// Says `prompt` (only [`Verb::Say`]s), which a key interrupts, and waits for keys; then asks `next`, also when no key came.
    Gather {
        prompt: Vec<Verb>,
        digits: u8,
        timeout_s: u8,
        next: String,
    },
    /// Rings an officer's line (E.164 or `sip:` address), then asks `next`.
    Transfer {
        to: String,
        caller_id: String,
        timeout_s: u16,
        next: String,
    },
    Hangup,
}
