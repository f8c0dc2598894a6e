//! What the tests of all adapters share.

use crate::provider::Order;
use std::fs;
use std::path::PathBuf;

/// The files of a folder of vectors that end in `extension`, sorted. A folder without any is a mistake.
pub fn vectors(provider: &str, folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/provider").join(provider).join("vectors").join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == extension));
    files.sort();
    assert!(!files.is_empty(), "no .{extension} in {}", folder.display());
    files
}

/// A call to place.
pub fn order() -> Order<'static> {
    Order {
        to: "+628110000001",
        from: "+622150000001",
        call: "AAMAAAAAAAADLAApa0nSAA_-x",
        public_url: "https://dering.example.go.id",
        ring_s: 25,
        talk_s: 300,
    }
}

/// SplitMix64: reproducible from its seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u64) as usize]
    }

    /// Up to `max` bytes of any value.
    pub fn bytes(&mut self, max: u64) -> Vec<u8> {
        (0..self.below(max + 1)).map(|_| self.next() as u8).collect()
    }

    /// Up to `max` characters, of all planes, control characters and markup among them.
    pub fn text(&mut self, max: u64) -> String {
        (0..self.below(max + 1)).map(|_| self.character()).collect()
    }

    fn character(&mut self) -> char {
        let code = match self.below(4) {
            0 => {
                const MARKUP: &[u8] = b"<>&\"'/;#= \t\r\n]-!?[x%";
                return char::from(MARKUP[self.below(MARKUP.len() as u64) as usize]);
            }
            1 => self.below(0x80),
            2 => self.below(0x1_0000),
            _ => self.below(0x11_0000),
        };
        char::from_u32(code as u32).unwrap_or('\u{FFFE}')
    }
}
