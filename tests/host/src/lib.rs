//! A local host that runs a Spin application: the same `spin.toml`, the same components, the same key-value file.
//!
//! It exists because tests and the one-command demo need a host that can be built from crates. It imitates
//! `spin up` of Spin 4.1 for what HTTP components of this project use, and has no feature of its own. What it has
//! and lacks is listed in `README.md` beside this crate.
//!
//! - [`main`] is the command line;
//! - [`build`] compiles components before they are run;
//! - [`redis_server`] is a server for tests of the Redis store.

mod allowed_hosts;
mod app;
pub mod build;
mod cli;
mod component;
mod hooks;
mod interfaces;
mod kv;
mod logs;
mod manifest;
pub mod redis_server;
mod routes;
mod runtime_config;
mod server;
mod template;
mod variables;

pub use cli::main;
