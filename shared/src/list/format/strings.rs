//! The texts that a spreadsheet keeps once and names by number, a million of them in little more than their bytes.

use super::FIELD_MAX;

/// Texts that one entry of the index stands for: the others are found by stepping over those before.
const STEP: usize = 16;
/// Texts lie in blocks, so that growing copies nothing; none lies across two.
const BLOCK: usize = 128 * 1024;

/// Digits of which every number fits into 64 bits.
const DIGITS_MAX: usize = 19;

/// Bytes that so many digits take: 3.33 bits each.
fn stored_digits(count: usize) -> usize {
    (count * 3322).div_ceil(8 * 1000)
}

/// Texts by their number. Up to 19 digits, which most cells of a list are, are kept as a number.
#[derive(Default)]
pub(super) struct Strings {
    blocks: Vec<Vec<u8>>,
    index: Vec<u32>,
    count: usize,
}

impl Strings {
    /// Adds a text of at most [`FIELD_MAX`] bytes; what is longer is cut there.
    pub fn push(&mut self, text: &str) {
        let bytes = text.as_bytes().get(..FIELD_MAX).unwrap_or(text.as_bytes());
        let digits = (1..=DIGITS_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit);
        let room = 4 + bytes.len();
        if self.blocks.last().is_none_or(|block| block.len() + room > BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let number = self.blocks.len() - 1;
        let Some(block) = self.blocks.last_mut() else { return };
        if self.count.is_multiple_of(STEP) {
            self.index.push(u32::try_from(number * BLOCK + block.len()).unwrap_or(u32::MAX));
        }
        self.count += 1;
        let mut head = bytes.len() << 1 | usize::from(digits);
        while head >= 0x80 {
            block.push(head as u8 | 0x80);
            head >>= 7;
        }
        block.push(head as u8);
        if digits {
            let number = bytes.iter().fold(0u64, |number, digit| number * 10 + u64::from(digit & 0x0f));
            block.extend(number.to_le_bytes().iter().take(stored_digits(bytes.len())));
        } else {
            block.extend_from_slice(bytes);
        }
    }

    /// Bytes of memory that it takes.
    pub fn held(&self) -> usize {
        self.blocks.len() * BLOCK + self.index.capacity() * size_of::<u32>()
    }

    /// The text of that number.
    pub fn get(&self, number: usize) -> Option<String> {
        if number >= self.count {
            return None;
        }
        let place = *self.index.get(number / STEP)? as usize;
        let (mut block, mut at) = (place / BLOCK, place % BLOCK);
        let mut before = number % STEP;
        loop {
            let bytes = self.blocks.get(block)?;
            if at >= bytes.len() {
                (block, at) = (block + 1, 0);
                continue;
            }
            let (mut head, mut shift) = (0usize, 0);
            loop {
                let byte = *bytes.get(at)?;
                at += 1;
                head |= usize::from(byte & 0x7f) << shift;
                if byte < 0x80 {
                    break;
                }
                shift += 7;
            }
            let (len, digits) = (head >> 1, head & 1 == 1);
            let stored = if digits { stored_digits(len) } else { len };
            if before > 0 {
                before -= 1;
                at += stored;
                continue;
            }
            let stored = bytes.get(at..at + stored)?;
            if !digits {
                return Some(String::from_utf8_lossy(stored).into_owned());
            }
            let mut number = stored.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
            let mut digits = [b'0'; DIGITS_MAX];
            for digit in digits.get_mut(..len)?.iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
            return std::str::from_utf8(digits.get(..len)?).ok().map(str::to_owned);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_by_their_number() {
        let long = "é".repeat(FIELD_MAX / 2);
        let texts: Vec<String> = (0..5_000u32)
            .map(|n| match n % 7 {
                0 => String::new(),
                1 => format!("Budi Rekaan {n}"),
                2 => format!("{n:016}"),
                3 => "9".repeat(n as usize % 25),
                4 if n % 500 == 4 => long.clone(),
                4 => "0".to_owned(),
                5 => format!("0812-{n}"),
                _ => "7".repeat(n as usize % 300),
            })
            .collect();
        let mut strings = Strings::default();
        texts.iter().for_each(|text| strings.push(text));
        for (number, text) in texts.iter().enumerate().rev() {
            assert_eq!(strings.get(number).as_ref(), Some(text), "{number}");
        }
        assert_eq!(strings.get(texts.len()), None);
        assert_eq!(strings.get(usize::MAX), None);
    }

    #[test]
    fn a_million_numbers_take_nine_bytes_each() {
        let mut strings = Strings::default();
        (0..1_000_000u32).for_each(|n| strings.push(&format!("{n:016}")));
        assert!(strings.held() < 9_000_000, "{}", strings.held());
    }
}
