//! Feeds as a component takes them: bytes in pieces, an in-memory store, nothing of the outside.

#[path = "../make/mod.rs"]
mod make;
mod settlements;
mod suppressions;

/// Noon of 20 March 2027 in Jakarta.
const NOW_MS: i64 = 1_805_518_800_000;
