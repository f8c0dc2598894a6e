//! A stage for whole ticks: the real `dering::tick` over a store in memory, under a virtual clock, with a carrier that
//! remembers every order. Each verb of the store and each order is a point where a tick can be held, fail or die.

mod agent;
mod carrier;
mod clock;
mod conversation;
mod gate;
mod leftovers;
mod list;
mod outside;
mod overlap;
mod stage;

pub use agent::Agent;
pub use carrier::{Answer, Carrier, Fate, Ordered};
pub use clock::{Clock, drive};
pub use conversation::Conversation;
pub use gate::{Fault, Gate, Gated};
pub use list::npwp;
pub use list::{Person, csv, people};
pub use outside::{Outside, Reply, Seen};
pub use overlap::{Overlap, every_schedule};
pub use stage::{Host, LIST_DAYS, START_MS, Stage, call_of, provider_of, refused, run_tick, taken, tick_of};

/// A small deterministic generator (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.roll() % n as u64) as usize
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            let fresh = self.roll().to_le_bytes();
            part.copy_from_slice(&fresh[..part.len()]);
        }
    }
}
