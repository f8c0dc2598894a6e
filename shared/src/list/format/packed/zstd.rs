//! Zstandard (RFC 8878): any number of frames, each with its checksum if it has one. Blocks are handed to the decoder
//! one by one, since a block of four bytes can come to 128 KiB.

use super::{Input, PART, State, Unpack};
use crate::list::format::refusal;
use crate::problem::Problem;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::Read;

/// Memory that a frame may ask for: what every decoder must offer, and all that `zstd` uses up to level 19.
const WINDOW_MAX: u64 = 8 << 20;

/// Where in the file it is.
pub(super) struct Zstd {
    decoder: FrameDecoder,
    stage: Stage,
    frames: u32,
}

enum Stage {
    /// Before a frame, or behind the last.
    Header,
    /// Bytes that are passed over.
    Skip(u64),
    Blocks {
        checksum: bool,
    },
    /// All blocks are decoded; what they came to is still being taken.
    Drain {
        checksum: bool,
    },
}

impl Zstd {
    pub fn new() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW_MAX);
        Zstd { decoder, stage: Stage::Header, frames: 0 }
    }

    /// Takes what the decoder has ready; false if that is nothing.
    fn take(&mut self, out: &mut Vec<u8>) -> Result<bool, Problem> {
        out.resize(PART, 0);
        let read = self.decoder.read(out).map_err(|_| damaged())?;
        out.truncate(read);
        Ok(read > 0)
    }
}

impl Unpack for Zstd {
    fn unpack(&mut self, input: &mut Input, ended: bool, out: &mut Vec<u8>) -> Result<State, Problem> {
        loop {
            match self.stage {
                Stage::Header => {
                    if self.frames > 0 && input.rest().is_empty() {
                        return Ok(if ended { State::Over } else { State::Waits });
                    }
                    match header(input.rest())? {
                        Some(Header::Frame { len, checksum }) => {
                            let frame = input.rest().get(..len).unwrap_or_default();
                            self.decoder.reset(frame).map_err(|_| {
                                refusal::hostile("The zstd file asks for a dictionary, or for more memory than there is: use level 19 or less, without --long.")
                            })?;
                            input.take(len);
                            self.frames = self.frames.saturating_add(1);
                            self.stage = Stage::Blocks { checksum };
                        }
                        Some(Header::Skippable { len }) => {
                            input.take(8);
                            self.stage = Stage::Skip(len);
                        }
                        None => return Ok(State::Waits),
                    }
                }
                Stage::Skip(0) => self.stage = Stage::Header,
                Stage::Skip(left) => {
                    let now = left.min(input.rest().len() as u64);
                    if now == 0 {
                        return Ok(State::Waits);
                    }
                    input.take(now as usize);
                    self.stage = Stage::Skip(left - now);
                }
                Stage::Blocks { checksum } => {
                    if self.take(out)? {
                        return Ok(State::More);
                    }
                    let Some((len, last)) = block(input.rest()) else { return Ok(State::Waits) };
                    let len = if last && checksum { len + 4 } else { len };
                    let Some(mut bytes) = input.rest().get(..len) else { return Ok(State::Waits) };
                    self.decoder
                        .decode_blocks(&mut bytes, BlockDecodingStrategy::UptoBlocks(1))
                        .map_err(|_| damaged())?;
                    input.take(len);
                    if last {
                        self.stage = Stage::Drain { checksum };
                    }
                }
                Stage::Drain { checksum } => {
                    if self.take(out)? {
                        return Ok(State::More);
                    }
                    if checksum && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum() {
                        return Err(refusal::damaged("The checksum of the zstd file is wrong."));
                    }
                    self.stage = Stage::Header;
                }
            }
        }
    }
}

enum Header {
    /// Bytes of the header, and whether a checksum follows the last block.
    Frame { len: usize, checksum: bool },
    /// Bytes that follow the header and mean nothing.
    Skippable { len: u64 },
}

/// A frame's header; `None` if it is not whole.
fn header(bytes: &[u8]) -> Result<Option<Header>, Problem> {
    let Some((magic, rest)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
    match u32::from_le_bytes(*magic) {
        0xfd2f_b528 => {}
        0x184d_2a50..=0x184d_2a5f => {
            let len = rest.first_chunk::<4>().map(|len| u64::from(u32::from_le_bytes(*len)));
            return Ok(len.map(|len| Header::Skippable { len }));
        }
        _ => return Err(refusal::damaged("It is not zstd, or something else follows its end.")),
    }
    let Some(descriptor) = rest.first() else { return Ok(None) };
    let single = descriptor & 1 << 5 != 0;
    let dictionary = [0, 1, 2, 4].get(usize::from(descriptor & 3)).copied().unwrap_or(0);
    let size = match descriptor >> 6 {
        0 => usize::from(single),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    let len = 4 + 1 + usize::from(!single) + dictionary + size;
    Ok((bytes.len() >= len).then_some(Header::Frame { len, checksum: descriptor & 1 << 2 != 0 }))
}

/// Bytes of a block with its header, and whether it is the frame's last; `None` if the header is not whole.
fn block(bytes: &[u8]) -> Option<(usize, bool)> {
    let [a, b, c] = *bytes.first_chunk::<3>()?;
    let header = u32::from_le_bytes([a, b, c, 0]);
    let size = (header >> 3) as usize;
    // A run has one byte, whatever its length.
    let content = if header >> 1 & 3 == 1 { 1 } else { size };
    Some((3 + content, header & 1 == 1))
}

fn damaged() -> Problem {
    refusal::damaged("The zstd file cannot be unpacked.")
}
