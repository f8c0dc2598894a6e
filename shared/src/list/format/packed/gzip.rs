//! gzip (RFC 1952): any number of members, each with its checksum.

use super::{Input, PART, State, Unpack};
use crate::list::format::refusal;
use crate::problem::Problem;
use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};

/// A member's header with its names and comments.
const HEADER_MAX: usize = 64 * 1024;

const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;

/// Where in the file it is.
#[derive(Default)]
pub(super) struct Gzip {
    stage: Stage,
    members: u32,
}

#[derive(Default)]
enum Stage {
    /// Before a member, or behind the last.
    #[default]
    Header,
    Body(Box<Body>),
    Trailer {
        crc: u32,
        len: u32,
    },
}

struct Body {
    inflate: Decompress,
    crc: Hasher,
    len: u32,
}

impl Unpack for Gzip {
    fn unpack(&mut self, input: &mut Input, ended: bool, out: &mut Vec<u8>) -> Result<State, Problem> {
        loop {
            match &mut self.stage {
                Stage::Header => {
                    if self.members > 0 {
                        // Tapes and the like fill up the last block.
                        let zeros = input.rest().iter().take_while(|byte| **byte == 0).count();
                        input.take(zeros);
                        if input.rest().is_empty() {
                            return Ok(if ended { State::Over } else { State::Waits });
                        }
                    }
                    let Some(len) = header(input.rest())? else {
                        if input.rest().len() > HEADER_MAX {
                            return Err(refusal::hostile("The header of the gzip file has no end."));
                        }
                        return Ok(State::Waits);
                    };
                    input.take(len);
                    self.members = self.members.saturating_add(1);
                    let inflate = Decompress::new(false);
                    self.stage = Stage::Body(Box::new(Body { inflate, crc: Hasher::new(), len: 0 }));
                }
                Stage::Body(body) => {
                    out.resize(PART, 0);
                    let (read, wrote) = (body.inflate.total_in(), body.inflate.total_out());
                    let status = body.inflate.decompress(input.rest(), out, FlushDecompress::None);
                    let status = status.map_err(|_| damaged())?;
                    let read = (body.inflate.total_in() - read) as usize;
                    let wrote = (body.inflate.total_out() - wrote) as usize;
                    input.take(read);
                    out.truncate(wrote);
                    body.crc.update(out);
                    body.len = body.len.wrapping_add(wrote as u32);
                    match status {
                        Status::StreamEnd => {
                            let (crc, len) = (body.crc.clone().finalize(), body.len);
                            self.stage = Stage::Trailer { crc, len };
                            return Ok(State::More);
                        }
                        _ if read == 0 && wrote == 0 => return Ok(State::Waits),
                        _ => return Ok(State::More),
                    }
                }
                Stage::Trailer { crc, len } => {
                    let Some((trailer, _)) = input.rest().split_first_chunk::<8>() else {
                        return Ok(State::Waits);
                    };
                    let [a, b, c, d, e, f, g, h] = *trailer;
                    if u32::from_le_bytes([a, b, c, d]) != *crc || u32::from_le_bytes([e, f, g, h]) != *len {
                        return Err(refusal::damaged("The checksum of the gzip file is wrong."));
                    }
                    input.take(8);
                    self.stage = Stage::Header;
                }
            }
        }
    }
}

/// Length of a member's header; `None` if it is not whole.
fn header(bytes: &[u8]) -> Result<Option<usize>, Problem> {
    let Some(([id1, id2, method, flags, ..], _)) = bytes.split_first_chunk::<10>() else { return Ok(None) };
    if (*id1, *id2) != (0x1f, 0x8b) {
        return Err(refusal::damaged("It is not gzip, or something else follows its end."));
    }
    if *method != 8 || flags & 0xe0 != 0 {
        return Err(damaged());
    }
    let mut at = 10;
    if flags & FEXTRA != 0 {
        let Some([low, high]) = bytes.get(at..at + 2) else { return Ok(None) };
        at += 2 + usize::from(u16::from_le_bytes([*low, *high]));
    }
    for text in [FNAME, FCOMMENT] {
        if flags & text != 0 {
            let end = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == 0));
            let Some(end) = end else { return Ok(None) };
            at += end + 1;
        }
    }
    if flags & FHCRC != 0 {
        at += 2;
    }
    Ok((at <= bytes.len()).then_some(at))
}

fn damaged() -> Problem {
    refusal::damaged("The gzip file cannot be unpacked.")
}
