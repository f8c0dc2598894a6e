//! One attempt: one call to one contact. Its id, its events, its disposition, and what follows.

mod disposition;
mod event;
mod id;
mod next;

pub use disposition::{Disposition, End, Outcome, disposition};
pub use event::{AnsweredBy, ENDING_KINDS, Ending, Event, News, OTHER_KINDS, Refusal, Said};
pub use id::{CallId, CallIdError};
pub use next::{Next, Past, next};
