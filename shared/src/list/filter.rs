//! A Bloom filter: says of most hashes that are not in a set that they are not.

/// Bits a hash, as long as there is room: one hash in 2,000 is then taken for one of the set.
const BITS_PER_HASH: u64 = 16;
/// 8 MiB: room for four million hashes. Beyond, more and more are looked up that are not there.
const BITS_MAX: u64 = 8 << 23;

pub(super) struct Filter {
    words: Vec<u64>,
    bits: u64,
    probes: u64,
}

impl Filter {
    /// An empty one, for about so many hashes.
    pub fn new(hashes: u64) -> Self {
        let bits = hashes.saturating_mul(BITS_PER_HASH).clamp(64, BITS_MAX);
        // The best number of probes is ln 2 times the bits a hash.
        let probes = (bits.saturating_mul(7) / hashes.max(1) / 10).clamp(1, 11);
        Filter { words: vec![0; bits.div_ceil(64) as usize], bits, probes }
    }

    pub fn insert(&mut self, hash: u64) {
        for (word, bit) in probes(hash, self.bits, self.probes) {
            if let Some(word) = self.words.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// `false`: it was surely not inserted.
    pub fn may_contain(&self, hash: u64) -> bool {
        probes(hash, self.bits, self.probes).all(|(word, bit)| self.words.get(word).is_some_and(|w| w & bit != 0))
    }
}

/// Places of a hash: what was hashed well gives several by adding one half of it to the other again and again.
fn probes(hash: u64, bits: u64, probes: u64) -> impl Iterator<Item = (usize, u64)> {
    let step = hash.rotate_left(32) | 1;
    (0..probes).map(move |n| {
        let spread = hash.wrapping_add(step.wrapping_mul(n)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = ((u128::from(spread) * u128::from(bits)) >> 64) as u64;
        ((place / 64) as usize, 1 << (place % 64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::identity::RowKey;

    #[test]
    fn what_was_inserted_is_found_and_hardly_anything_else() {
        let hash = |n: u64| RowKey::default().hash(&[&n.to_string()]);
        for (count, wrong_max) in [(0, 0), (1, 100), (100_000, 150)] {
            let mut filter = Filter::new(count);
            (0..count).for_each(|n| filter.insert(hash(n)));
            assert!((0..count).all(|n| filter.may_contain(hash(n))));
            let wrong = (count..count + 100_000).filter(|n| filter.may_contain(hash(*n))).count();
            assert!(wrong <= wrong_max, "{wrong} of 100,000 beside {count}");
        }
    }

    #[test]
    fn it_takes_eight_mebibytes_at_most() {
        assert_eq!(Filter::new(u64::MAX).words.len() * 8, 8 << 20);
    }
}
