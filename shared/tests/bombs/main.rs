//! Files that are made to do harm: each is refused with a clear error, and within 64 MiB of memory.
//!
//! A test binary of its own, since the memory of the whole process is measured.

mod binary;
#[path = "../make/mod.rs"]
mod make;
mod packed;
mod text;
mod workbooks;

use dering::contact::Matter;
use dering::list::{Format, Reader, Row, Rules};
use dering::problem::Problem;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const PEAK_MAX: usize = 64 << 20;
const PIECE: usize = 64 * 1024;

/// A file that is made as it is read, or has been made.
enum Bytes {
    Whole(Vec<u8>),
    /// Beginning, what is repeated, and how often.
    Endless(Vec<u8>, Vec<u8>, usize),
}

/// Makes bombs one by one.
type Bombs = fn(&mut dyn FnMut(Bomb));

struct Bomb {
    name: &'static str,
    bytes: Bytes,
    /// One of these codes.
    refused: &'static [&'static str],
    format: Format,
}

fn bomb(name: &'static str, refused: &'static [&'static str], bytes: Vec<u8>) -> Bomb {
    Bomb { name, bytes: Bytes::Whole(bytes), refused, format: Format::default() }
}

fn endless(name: &'static str, refused: &'static [&'static str], head: &[u8], piece: Vec<u8>) -> Bomb {
    let count = (1 << 30) / piece.len() + 1;
    Bomb { name, bytes: Bytes::Endless(head.to_vec(), piece, count), refused, format: Format::default() }
}

fn rules() -> Rules {
    Rules { as_of: jiff::civil::date(2027, 3, 1), matter: Matter::NotFiled, ..Rules::default() }
}

/// Reads as an upload does: rows are handed on as they come. The peak is counted beyond the file itself, which is
/// pushed as it comes from the network.
fn refusal(bomb: &Bomb) -> (Result<u64, Problem>, usize) {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let mut reader = Reader::with_format(rules(), bomb.format.clone());
    let result = (|| {
        let mut rows = Vec::new();
        let mut count = 0;
        let mut step = |reader: &mut Reader, rows: &mut Vec<Row>| {
            loop {
                count += rows.len() as u64;
                rows.clear();
                rows.shrink_to(1024);
                if !reader.step(rows)? {
                    return Ok::<_, Problem>(());
                }
            }
        };
        let mut push = |piece: &[u8]| {
            reader.give(piece, &mut rows)?;
            step(&mut reader, &mut rows)
        };
        match &bomb.bytes {
            Bytes::Whole(bytes) => bytes.chunks(PIECE).try_for_each(&mut push)?,
            Bytes::Endless(head, piece, count) => {
                push(head)?;
                (0..*count).try_for_each(|_| push(piece))?;
            }
        }
        reader.end(&mut rows)?;
        step(&mut reader, &mut rows)?;
        let rows_before = rows.len() as u64;
        reader.finish(&mut rows)?;
        Ok(count + rows_before)
    })();
    (result, MEMORY.peak_usage().saturating_sub(before))
}

#[test]
fn bombs_are_refused_within_64_mib() {
    let kinds: [Bombs; 4] = [text::bombs, packed::bombs, workbooks::bombs, binary::bombs];
    let mut count = 0;
    let mut failed = Vec::new();
    for kind in kinds {
        // One after the other, so that only one lies in memory.
        kind(&mut |bomb: Bomb| {
            count += 1;
            let start = std::time::Instant::now();
            let (result, peak) = refusal(&bomb);
            let took = start.elapsed();
            let code = result.as_ref().map_err(|problem| problem.code.clone().into_owned());
            println!("{:60} {:28} {:5.1} MiB {took:?}", bomb.name, format!("{code:?}"), peak as f64 / (1 << 20) as f64);
            let refused = code.as_ref().err().is_some_and(|code| bomb.refused.contains(&code.as_str()));
            if !refused || peak > PEAK_MAX {
                failed.push(format!("{}: {code:?}, {peak} bytes", bomb.name));
            }
            if let Err(problem) = result {
                assert!(matches!(problem.status, 413 | 415 | 422), "{problem:?}");
                assert!(!problem.hint.is_empty() && !problem.detail.is_empty());
            }
        });
    }
    assert!(count >= 30, "{count} kinds");
    assert!(failed.is_empty(), "of {count}: {failed:#?}");
}
