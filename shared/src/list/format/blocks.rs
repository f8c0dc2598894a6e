//! A file that must be whole before it can be read, kept in blocks: growing it copies nothing, and what was read can
//! be let go.

const BLOCK: usize = 64 * 1024;

/// The bytes of a file.
#[derive(Default)]
pub(super) struct Blocks {
    blocks: Vec<Vec<u8>>,
    len: usize,
    freed: usize,
}

impl Blocks {
    /// Adds bytes at the end.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let filled = self.len % BLOCK;
            if filled == 0 {
                self.blocks.push(Vec::with_capacity(BLOCK));
            }
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - filled));
            if let Some(last) = self.blocks.last_mut() {
                last.extend_from_slice(now);
            }
            self.len += now.len();
            bytes = later;
        }
    }

    /// Bytes of the file.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes of memory that it takes.
    pub fn held(&self) -> usize {
        (self.blocks.len() - self.freed) * BLOCK
    }

    /// The bytes from `at` on that lie together; empty at the end, and where they were let go.
    pub fn at(&self, at: usize) -> &[u8] {
        self.blocks.get(at / BLOCK).and_then(|block| block.get(at % BLOCK..)).unwrap_or_default()
    }

    /// Fills `out` with what lies from `at` on, and answers how much that was.
    pub fn read(&self, at: usize, out: &mut [u8]) -> usize {
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..)
            && !rest.is_empty()
        {
            let from = self.at(at.saturating_add(filled));
            if from.is_empty() {
                break;
            }
            let part = from.len().min(rest.len());
            if let (Some(to), Some(from)) = (rest.get_mut(..part), from.get(..part)) {
                to.copy_from_slice(from);
            }
            filled += part;
        }
        filled
    }

    /// Lets the blocks go that lie wholly within these bytes.
    pub fn free(&mut self, from: usize, to: usize) {
        for block in self.blocks.iter_mut().take(to / BLOCK).skip(from.div_ceil(BLOCK)) {
            if block.capacity() > 0 {
                *block = Vec::new();
                self.freed += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_were_until_they_are_let_go() {
        let bytes: Vec<u8> = (0..3 * BLOCK + 7).map(|at| (at % 251) as u8).collect();
        let mut blocks = Blocks::default();
        bytes.chunks(1000).for_each(|chunk| blocks.push(chunk));
        assert_eq!((blocks.len(), blocks.held()), (bytes.len(), 4 * BLOCK));
        for (at, len) in [(0, 10), (BLOCK - 3, 6), (5, 3 * BLOCK), (3 * BLOCK, 100), (usize::MAX, 1)] {
            let mut out = vec![0; len];
            let read = blocks.read(at, &mut out);
            assert_eq!(out[..read], bytes[at.min(bytes.len())..(at.saturating_add(len)).min(bytes.len())], "{at}");
        }
        blocks.free(1, 3 * BLOCK - 1);
        assert_eq!(blocks.held(), 3 * BLOCK);
        assert!(blocks.at(BLOCK).is_empty());
        assert_eq!(blocks.at(2 * BLOCK)[0], bytes[2 * BLOCK]);
    }
}
