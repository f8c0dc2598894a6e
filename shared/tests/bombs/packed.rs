//! Packed files that come to far more than they are.

use super::make::{csv, gzip, zstd};
use super::{Bomb, bomb};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

pub fn bombs(found: &mut dyn FnMut(Bomb)) {
    let zeros = |head: &str, piece: &str, bytes: usize| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(head.as_bytes()).unwrap();
        let piece = piece.repeat((1 << 20) / piece.len());
        (0..bytes / piece.len()).for_each(|_| encoder.write_all(piece.as_bytes()).unwrap());
        encoder.finish().unwrap()
    };
    let blank = zeros(&csv(30, ";", "\n"), "\n", 200 << 20);
    found(bomb("gzip: 200 MB of blank lines in 200 kB", &["unpacks_too_large"], blank.clone()));
    found(bomb(
        "gzip: the same row, 200 times 1 MB",
        &["unpacks_too_large"],
        zeros("NPWP;HP;JATUH TEMPO\n", "1;2;3\n", 200 << 20),
    ));
    found(bomb("gzip: zeros", &["list_format", "unpacks_too_large"], zeros("", "\0", 100 << 20)));
    found(bomb("gzip in gzip", &["unpacks_too_large"], gzip(&blank)));
    found(bomb("gzip in gzip in gzip", &["file_hostile"], gzip(&gzip(&gzip(b"NPWP;HP;JATUH TEMPO\n")))));
    found(bomb("zstd: blank lines, block for block", &["unpacks_too_large"], runs(b'\n', 10_000)));
    found(bomb("zstd: one cell, block for block", &["row_too_long", "cell_too_long"], runs(b'7', 10_000)));
    let mut window = b"\x28\xb5\x2f\xfd\x00".to_vec();
    window.extend([0xf8, 1, 0, 0, 0, 0]);
    found(bomb("zstd: a window of 2 TB", &["file_hostile"], window));
    let mut single = b"\x28\xb5\x2f\xfd\xe0".to_vec();
    single.extend((1u64 << 40).to_le_bytes());
    single.extend([3, 0, 0, b'a']);
    found(bomb("zstd: a frame that says it has 1 TB", &["file_hostile", "file_damaged"], single));
    let mut named = gzip(b"NPWP")[..10].to_vec();
    named[3] = 8;
    named.extend(vec![b'a'; 10 << 20]);
    found(bomb("gzip: a name of 10 MB", &["file_hostile"], named));
    let members = gzip(b"").repeat(100_000);
    found(bomb("gzip: 100,000 empty members", &["empty_file"], members));
    let frames = zstd(b"").repeat(100_000);
    found(bomb("zstd: 100,000 empty frames", &["empty_file"], frames));
}

/// A zstd frame of blocks of 128 KiB, each of which is four bytes long.
fn runs(byte: u8, blocks: usize) -> Vec<u8> {
    let mut file = b"\x28\xb5\x2f\xfd\x00\x58".to_vec();
    let head = csv(30, ";", "\n");
    file.extend(&(head.len() as u32 * 8).to_le_bytes()[..3]);
    file.extend(head.as_bytes());
    for block in 0..blocks {
        let header = (128 << 10) << 3 | 1 << 1 | u32::from(block + 1 == blocks);
        file.extend(&header.to_le_bytes()[..3]);
        file.push(byte);
    }
    file
}
