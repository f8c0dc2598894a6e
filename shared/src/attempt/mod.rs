//! One attempt: one call to one contact. Its id, its events, its disposition, and what follows.

mod disposition;
mod event;
mod id;

pub use disposition::{Disposition, End, Next, Outcome, Past, disposition, next};
pub use event::{AnsweredBy, ENDING_KINDS, Ending, Event, News, OTHER_KINDS, Refusal, Said};
pub use id::{CallId, CallIdError};
