//! Assisted mode: agents and diallers of the house claim calls, ask for the go at the moment of dialling, and report.
//!
//! ```text
//!            the tick offers                       an agent
//!  contact ──────────────────▶ claim in a block ──take──▶ leased ──start──▶ call ──outcome──▶ folded like any call
//!     ▲                              │ block closed          │ released, or no start and no heartbeat in time
//!     └──────────────────────────────┴───────────────────────┘  (a new claim next time)
//! ```
//! A claim costs an attempt only once it was started; a started claim is never handed out again, and one that nobody
//! reports on is closed as `unknown`. [`lease`] says why no two of these can happen to one claim.
//!
//! | module | |
//! |---|---|
//! | [`lease`] | hand-out, start and revocation over the five verbs |
//! | `hand_out` | a request for claims, and how many a dialler gets |
//! | [`desk`](Desk) | what a request about a claim does: start, heartbeat, release, outcome |
//! | `card` | what an agent or a dialler is told of a claim |
//! | `check` | the go: hours, settlement, do-not-call, looked at again |
//! | `outcome` | what is reported, as events of the call |
//! | `cause` | SIP and Q.850 codes of diallers |

mod card;
mod cause;
mod check;
mod desk;
mod hand_out;
pub mod lease;
mod outcome;
mod record;

pub use card::{Card, Screen};
pub use check::Stop;
pub use desk::{Desk, Go, Pulse};
pub use hand_out::{Ask, HandedOut, Kind};
pub use outcome::{Note, Outcome, notes};
pub use record::{Board, Mark, OpenBlock};
