//! Time, randomness, sleep, deadlines. The domain takes time and randomness as arguments; they come from here.

use futures::future::{Either, select};
use std::pin::pin;
use std::time::Duration;
use wasi::clocks::{monotonic_clock, wall_clock};
use wasi::random::random::get_random_u64;

/// Milliseconds since 1970-01-01T00:00:00Z. The host's clock may be set back: compare with care.
pub fn now_ms() -> i64 {
    let now = wall_clock::now();
    i64::try_from(now.seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(1000)
        .saturating_add(i64::from(now.nanoseconds / 1_000_000))
}

/// Milliseconds since some moment before this instance began; never goes back.
pub fn monotonic_ms() -> u64 {
    monotonic_clock::now() / 1_000_000
}

/// `N` bytes fit for keys and nonces.
pub fn random<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    fill(&mut out);
    out
}

/// Bytes fit for keys and nonces, in place of what was there.
pub fn fill(out: &mut [u8]) {
    for part in out.chunks_mut(8) {
        for (byte, fresh) in part.iter_mut().zip(get_random_u64().to_le_bytes()) {
            *byte = fresh;
        }
    }
}

/// Waits; other requests of the instance go on meanwhile.
pub async fn sleep_ms(ms: u64) {
    spin_sdk::time::sleep(Duration::from_millis(ms)).await;
}

/// The work's result; `None` if it takes longer than `ms`. The work is then dropped where it waits, so a store verb or
/// a request that is under way may still take effect. What blocks the instance (the synchronous store verbs
/// `increment`, `set_many`, `delete_many`) cannot be interrupted.
pub async fn within<T>(ms: u64, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(sleep_ms(ms))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}
