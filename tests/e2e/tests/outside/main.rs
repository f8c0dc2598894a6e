//! What the outside face promises, on the real components. One module a promise.

mod assisted;
mod do_not_call;
mod feeds;
mod forecast;
mod personal_data;
mod refusals;
mod rows;
mod same_file;
mod settlements;
mod size;
mod status_callback;
mod upload_cut;
mod upload_killed;

use dering_e2e::stage::{Plan, Stage};

/// A fresh application.
async fn stage() -> Stage {
    Stage::start(Plan::default()).await.expect("the stage")
}
