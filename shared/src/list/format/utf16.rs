//! Text in UTF-16, as spreadsheet programs save "Unicode text", to UTF-8.

use super::{File, Parser, Record, State};
use crate::problem::Problem;
use encoding_rs::{CoderResult, Decoder, Encoding};

/// Decodes what it is pushed, and pushes it on.
pub(super) struct Utf16 {
    encoding: &'static Encoding,
    decoder: Decoder,
    buffer: Vec<u8>,
    inner: Box<dyn Parser>,
}

impl Utf16 {
    /// `encoding`: UTF-16 of either byte order. A byte order mark is taken off.
    pub fn new(encoding: &'static Encoding, inner: Box<dyn Parser>) -> Self {
        Utf16 { encoding, decoder: encoding.new_decoder_with_bom_removal(), buffer: vec![0; 16 * 1024], inner }
    }

    fn decode(&mut self, mut bytes: &[u8], last: bool, out: &mut Vec<Record>) -> Result<(), Problem> {
        loop {
            // Half a surrogate pair becomes the replacement character, which anybody can see.
            let (result, read, wrote, _) = self.decoder.decode_to_utf8(bytes, &mut self.buffer, last);
            self.inner.push(self.buffer.get(..wrote).unwrap_or_default(), out)?;
            bytes = bytes.get(read..).unwrap_or_default();
            if result == CoderResult::InputEmpty {
                return Ok(());
            }
        }
    }
}

impl Parser for Utf16 {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Record>) -> Result<(), Problem> {
        self.decode(bytes, false, out)
    }

    fn end(&mut self, out: &mut Vec<Record>) -> Result<(), Problem> {
        self.decode(&[], true, out)?;
        self.inner.end(out)
    }

    fn step(&mut self, out: &mut Vec<Record>) -> Result<State, Problem> {
        self.inner.step(out)
    }

    fn describe(&self, file: &mut File) {
        file.charset = Some(self.encoding.name().to_ascii_lowercase());
        self.inner.describe(file);
    }
}
