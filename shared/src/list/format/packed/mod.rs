//! gzip and zstd, taken off as the bytes come. A piece of a packed file may come to a thousand times as much: so it
//! is unpacked a little at a time.

mod gzip;
mod zstd;

use super::{Content, File, Parser, Record, State, UNPACKED_MAX, refusal};
use crate::problem::Problem;

/// Bytes unpacked at a time.
const PART: usize = 32 * 1024;
/// Packed text is a tenth to a thirtieth of itself. What is below a two hundredth is no list.
const RATIO_MAX: u64 = 200;
/// Below this size the ratio does not matter.
const RATIO_FROM: u64 = 16 << 20;

/// Whether a file may unpack to so much.
pub(super) fn check_size(packed: u64, unpacked: u64) -> Result<(), Problem> {
    if unpacked > UNPACKED_MAX {
        return Err(refusal::unpacks_too_large(format!("It unpacks to more than {} GiB.", UNPACKED_MAX >> 30)));
    }
    if unpacked > RATIO_FROM && unpacked > packed.saturating_mul(RATIO_MAX) {
        return Err(refusal::unpacks_too_large(format!("It unpacks to more than {RATIO_MAX} times its size.")));
    }
    Ok(())
}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
}

/// Bytes that wait to be unpacked.
#[derive(Default)]
struct Input {
    bytes: Vec<u8>,
    at: usize,
    taken: u64,
}

impl Input {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.at.min(self.bytes.len()));
        self.at = 0;
        self.bytes.extend_from_slice(bytes);
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, count: usize) {
        self.at += count;
        self.taken += count as u64;
    }
}

/// What takes one kind of packing off.
trait Unpack {
    /// Unpacks some more into `out`, which is empty. `ended`: no more bytes will come.
    fn unpack(&mut self, input: &mut Input, ended: bool, out: &mut Vec<u8>) -> Result<State, Problem>;
}

/// Unpacks what it is pushed, and pushes it on.
pub(super) struct Packed {
    packing: Packing,
    unpack: Box<dyn Unpack>,
    input: Input,
    unpacked: u64,
    buffer: Vec<u8>,
    ended: bool,
    over: bool,
    inner: Box<dyn Parser>,
}

impl Packed {
    /// What is inside goes to `inner`.
    pub fn new(packing: Packing, inner: Box<dyn Parser>) -> Self {
        let unpack: Box<dyn Unpack> = match packing {
            Packing::Gzip => Box::new(gzip::Gzip::default()),
            Packing::Zstd => Box::new(zstd::Zstd::new()),
        };
        Packed {
            packing,
            unpack,
            input: Input::default(),
            unpacked: 0,
            buffer: Vec::new(),
            ended: false,
            over: false,
            inner,
        }
    }
}

impl Parser for Packed {
    fn push(&mut self, bytes: &[u8], _: &mut Vec<Record>) -> Result<(), Problem> {
        self.input.push(bytes);
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<Record>) -> Result<(), Problem> {
        self.ended = true;
        Ok(())
    }

    fn step(&mut self, out: &mut Vec<Record>) -> Result<State, Problem> {
        match self.inner.step(out)? {
            State::Waits if !self.over => {}
            state => return Ok(state),
        }
        self.buffer.clear();
        let state = self.unpack.unpack(&mut self.input, self.ended, &mut self.buffer)?;
        self.unpacked += self.buffer.len() as u64;
        check_size(self.input.taken, self.unpacked)?;
        self.inner.push(&self.buffer, out)?;
        Ok(match state {
            State::Over => {
                self.over = true;
                self.inner.end(out)?;
                State::More
            }
            State::Waits if self.ended => return Err(cut_off()),
            state => state,
        })
    }

    fn next_table(&mut self) -> Result<bool, Problem> {
        self.inner.next_table()
    }

    fn listen(&mut self, content: Content) {
        self.inner.listen(content);
    }

    fn describe(&self, file: &mut File) {
        let name = match self.packing {
            Packing::Gzip => "gzip",
            Packing::Zstd => "zstd",
        };
        file.packed.push(name.to_owned());
        self.inner.describe(file);
    }
}

fn cut_off() -> Problem {
    refusal::damaged("The packed file is cut off: its end is missing.")
}
