//! What every component needs between the Spin host and the domain. The domain crate `dering` decides; a component
//! reads a request, asks the domain, and answers; this crate knows the host.
//!
//! | module | what it is for |
//! |---|---|
//! | [`request`] | the request: method, path, query, headers, body with a cap |
//! | [`response`] | the reply: JSON, problem documents, text, streams; [`answer`] |
//! | [`auth`] | the admin's bearer token |
//! | [`config`] | Spin variables as typed settings, read once per instance for a bounded time |
//! | [`store`] | the domain's `Store` over Spin's key-value store |
//! | [`outbound`] | requests to a provider's API |
//! | [`clock`] | time, randomness, sleep, deadlines |
//!
//! A component is one function. [`answer`] turns a refusal into a problem document and bounds the time:
//!
//! ```no_run
//! use dering::problem::Problem;
//! use dering::store::Store;
//! use edge::{Reply, answer, auth, request, response, store::SpinStore};
//! use spin_sdk::http::Request;
//! # use spin_sdk::http_service;
//!
//! #[http_service]
//! async fn handle(request: Request) -> Reply {
//!     answer(10_000, route(request)).await
//! }
//!
//! async fn route(request: Request) -> Result<Reply, Problem> {
//!     let (head, mut body) = request::open(request);
//!     match (head.method(), head.segments().as_slice()) {
//!         ("PUT", ["v1", "notes", name]) => {
//!             auth::require_admin(&head).await?;
//!             let note: String = body.json(&head, 64 << 10).await?;
//!             let key = format!("dering/example/{name}");
//!             SpinStore.set(&key, note.as_bytes()).await.map_err(|e| Problem::store(&e))?;
//!             Ok(response::no_content())
//!         }
//!         (_, ["v1", "notes", _]) => Ok(response::method_not_allowed("PUT")),
//!         _ => Err(response::not_found()),
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! The host runs up to 16 requests interleaved in one instance and keeps it while requests come. Hence the rules of
//! this crate: no panic on input (it would fail the neighbours, too); no `RefCell` borrow across an `await`; nothing
//! that wakes another request's task (channels, async mutexes in statics): that traps the instance.

// A refusal is moved once in a request, and on the components' 32-bit target it has half the size the lint measures.
#![allow(clippy::result_large_err)]

pub mod auth;
pub mod clock;
pub mod config;
pub mod outbound;
pub mod request;
pub mod response;
pub mod store;

pub use http;
pub use response::{Reply, answer};
