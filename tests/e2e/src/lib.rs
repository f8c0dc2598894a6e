//! The whole service in one process tree: the components on a local host, a simulated carrier, a list, a ticker.
//!
//! | module | what it is for |
//! |---|---|
//! | [`host`] | the host as a child process that can be killed and started again |
//! | [`api`] | the outside face, as a client sees it |
//! | [`lists`] | lists to upload, with what is expected of their rows |
//! | [`stage`] | carrier, host and variables, set up to work together |
//! | [`ticker`] | the scheduler: ticks until told to stop |
//! | [`model`] | what a campaign must come to, foretold from the carrier's seed |
//! | [`audit`] | the service's books against the carrier's, call by call |
//!
//! With the environment variable `DERING_HOST` set to `spin`, or to the path of a Spin program, everything runs on
//! Spin instead of the local host.

pub mod api;
pub mod audit;
pub mod host;
pub mod lists;
pub mod model;
pub mod stage;
pub mod ticker;
