//! What must hold, and what tries to break it. The tests try a little of each every day; `cargo prove` tries all of it, at
//! the counts of [`RUNS`], and more before a release.
//!
//! | rule | what must hold | tried by | test |
//! |---|---|---|---|
//! | R1 | one claim, at most one call placed, also when a stalled tick wakes | [`life`](crate::life); [`two_ticks`] in every order | `life`, `tick::overlap` |
//! | R2 | crash anywhere: no contact lost, none dialled twice for one claim, each call counted once | [`crash`]: every point, then two at random | `crash`, `tick::upload_cut`, `tick::assist_crash` |
//! | R3 | nobody on do-not-call, settled or at a wrong number is dialled if that was acknowledged before the claim | [`life`](crate::life), against a list of all that was acknowledged | `life` |
//! | R4 | nobody is rung outside the callable hours of the place | [`life`](crate::life), against a calendar of its own; [`hours`](crate::hours) | `life`, `hours` |
//! | R5 | anything unknown means no call and a clear error | [`damage`]: every kind of key, then at random | `damage`, `tick::unread` |
//! | R6 | caps and rates hold: a person, a day, a week, a campaign, a caller id, an account, in every rolling window | [`life`](crate::life), campaigns that share persons and caller ids | `life`, `tick::pace`, `tick::persons` |
//! | R7 | callbacks in any order, repeated, at once: the same record, the same tallies | [`orders`]: all orders of 6, each once to three times, for each provider | `callbacks` |
//! | R8 | all that was ever received, received again, changes nothing | [`life`](crate::life), in parts and whole | `life` |
//! | R9 | an hour without ticks: nothing lost, no burst, no call outside hours | [`life`](crate::life) with an hour off | `life` |
//! | R10 | counts agree, each contact in one state, all comes to an end | [`life`](crate::life), after every tick and at the end of every seed | `life` |
//! | R11 | pause, stop and lowered limits act within one tick; a list above its confirmed size does not start | [`life`](crate::life) (pause); each limit | `life`, `tick::limits` |
//! | R14 | the tests bite | [`Planted`](crate::life::Planted) bugs | `life` |

pub mod crash;
pub mod damage;
pub mod orders;
mod runs;
mod sweep;
pub mod two_ticks;

pub use runs::{Ended, RUNS, Run};
pub use sweep::{Progress, Swept, caught, sweep};
