//! The other files that offices send: settlements, do-not-call lists, holidays. Bytes in, rows out; each row is accepted or
//! rejected alone.
//!
//! | module | what it is for |
//! |---|---|
//! | `table` | CSV or JSON in pieces of any size to rows with known columns: [`Table`] |
//! | `json` | a JSON array, or JSON Lines, to its objects |
//! | `tally` | what became of the rows: [`Tally`], [`Refused`] |
//! | `settlements` | who filed or paid what |
//! | `suppressions` | who is not to be called |
//! | `holidays` | days without calls |

mod holidays;
mod json;
mod settlements;
mod suppressions;
mod table;
mod tally;

pub use holidays::holidays;
pub use settlements::{SettlementRow, Settlements};
pub use suppressions::{SuppressionRow, Suppressions};
pub use table::Kind;
pub use tally::{REFUSED_MAX, Refused, Tally, Why};
