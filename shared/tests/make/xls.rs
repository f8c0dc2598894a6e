//! XLS files: records of BIFF8 in a compound file.

/// A workbook's records.
#[derive(Default)]
pub struct Book {
    pub strings: Vec<String>,
    /// Name, whether it is hidden, its records.
    pub sheets: Vec<(&'static str, bool, Vec<u8>)>,
    pub since_1904: bool,
    /// Records that are put in front of all others.
    pub first: Vec<u8>,
}

pub fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes(), &(data.len() as u16).to_le_bytes(), data].concat()
}

fn cell(kind: u16, row: u16, column: u16, style: u16, data: &[u8]) -> Vec<u8> {
    let head = [row.to_le_bytes(), column.to_le_bytes(), style.to_le_bytes()].concat();
    record(kind, &[&head, data].concat())
}

pub fn shared(row: u16, column: u16, number: u32) -> Vec<u8> {
    cell(0xfd, row, column, 0, &number.to_le_bytes())
}

pub fn number(row: u16, column: u16, style: u16, value: f64) -> Vec<u8> {
    cell(0x203, row, column, style, &value.to_le_bytes())
}

/// A whole number in 30 bits.
pub fn rk(row: u16, column: u16, value: i32) -> Vec<u8> {
    cell(0x27e, row, column, 0, &((value << 2 | 2) as u32).to_le_bytes())
}

pub fn error(row: u16, column: u16, code: u8) -> Vec<u8> {
    cell(0x205, row, column, 0, &[code, 1])
}

/// A formula that gives a text.
pub fn formula(row: u16, column: u16, text: &str) -> Vec<u8> {
    let formula = cell(0x06, row, column, 0, &[0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    [formula, record(0x207, &wide(text))].concat()
}

/// A text with its length in front, two bytes a character.
fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut bytes = (units.len() as u16).to_le_bytes().to_vec();
    bytes.push(1);
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    bytes
}

impl Book {
    /// The stream of all records.
    pub fn stream(&self) -> Vec<u8> {
        let bof = |kind: u16| record(0x809, &[&0x600u16.to_le_bytes()[..], &kind.to_le_bytes(), &[0; 12]].concat());
        let mut head = bof(5);
        head.extend(&self.first);
        head.extend(record(0x22, &u16::from(self.since_1904).to_le_bytes()));
        for format in [0u16, 14] {
            head.extend(record(0xe0, &[&[0, 0][..], &format.to_le_bytes(), &[0; 16]].concat()));
        }
        // The texts, broken into records in the middle of a text where one is full.
        let mut texts = Vec::new();
        let mut current =
            [(self.strings.len() as u32).to_le_bytes(), (self.strings.len() as u32).to_le_bytes()].concat();
        let mut kind = 0xfc;
        for text in &self.strings {
            let bytes = wide(text);
            let (start, chars) = bytes.split_at(3);
            if current.len() + 3 > 8000 {
                texts.extend(record(kind, &std::mem::take(&mut current)));
                kind = 0x3c;
            }
            current.extend(start);
            for unit in chars.chunks(2) {
                if current.len() + 2 > 8000 {
                    texts.extend(record(kind, &std::mem::take(&mut current)));
                    kind = 0x3c;
                    current.push(1);
                }
                current.extend(unit);
            }
        }
        texts.extend(record(kind, &current));
        let bound = |(name, hidden, _): &(&str, bool, Vec<u8>), at: u32| {
            let head = [&at.to_le_bytes()[..], &[u8::from(*hidden), 0, name.len() as u8, 0], name.as_bytes()].concat();
            record(0x85, &head)
        };
        let eof = record(0x0a, &[]);
        let bounds: usize = self.sheets.iter().map(|sheet| bound(sheet, 0).len()).sum();
        let mut at = head.len() + bounds + texts.len() + eof.len();
        let mut sheets = Vec::new();
        for sheet in &self.sheets {
            head.extend(bound(sheet, at as u32));
            let records = [&bof(0x10)[..], &sheet.2, &eof].concat();
            at += records.len();
            sheets.extend(records);
        }
        [head, texts, eof, sheets].concat()
    }

    pub fn file(&self) -> Vec<u8> {
        compound(&[("Workbook", self.stream())])
    }
}

/// A compound file of streams; small ones are made as large as streams in sectors of their own must be.
pub fn compound(streams: &[(&str, Vec<u8>)]) -> Vec<u8> {
    const SECTOR: usize = 512;
    let streams: Vec<(&str, Vec<u8>)> = streams
        .iter()
        .map(|(name, bytes)| {
            let mut bytes = bytes.clone();
            bytes.resize(bytes.len().max(4096), 0);
            (*name, bytes)
        })
        .collect();
    let sectors: usize = streams.iter().map(|(_, bytes)| bytes.len().div_ceil(SECTOR)).sum();
    // One sector for the directory (three entries beside the root), and some for the table.
    let mut table_sectors = 1;
    while table_sectors * SECTOR / 4 < sectors + 1 + table_sectors {
        table_sectors += 1;
    }
    assert!(table_sectors <= 109 && streams.len() <= 3);
    let mut table: Vec<u32> = Vec::new();
    let mut body = Vec::new();
    let mut directory = entry("Root Entry", 5, 0xffff_fffe, 0);
    for (name, bytes) in &streams {
        let start = table.len() as u32;
        let count = bytes.len().div_ceil(SECTOR);
        directory.extend(entry(name, 2, start, bytes.len() as u32));
        table.extend((1..count as u32).map(|n| start + n));
        table.push(0xffff_fffe);
        body.extend(bytes);
        body.resize(table.len() * SECTOR, 0);
    }
    let directory_at = table.len() as u32;
    table.push(0xffff_fffe);
    directory.resize(SECTOR, 0);
    body.extend(directory);
    let table_at = table.len() as u32;
    table.extend(std::iter::repeat_n(0xffff_fffd, table_sectors));
    table.resize(table_sectors * SECTOR / 4, 0xffff_ffff);
    body.extend(table.iter().flat_map(|word| word.to_le_bytes()));
    let mut header = vec![0; 512];
    header[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    let mut put = |at: usize, word: u32| header[at..at + 4].copy_from_slice(&word.to_le_bytes());
    put(30, 9 | 6 << 16);
    put(44, table_sectors as u32);
    put(48, directory_at);
    put(56, 4096);
    put(60, 0xffff_fffe);
    put(68, 0xffff_fffe);
    for n in 0..109u32 {
        put(76 + 4 * n as usize, if n < table_sectors as u32 { table_at + n } else { 0xffff_ffff });
    }
    [header, body].concat()
}

fn entry(name: &str, kind: u8, start: u32, len: u32) -> Vec<u8> {
    let mut entry = vec![0; 128];
    let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    entry[..units.len()].copy_from_slice(&units);
    entry[64] = units.len() as u8 + 2;
    entry[66] = kind;
    entry[116..120].copy_from_slice(&start.to_le_bytes());
    entry[120..124].copy_from_slice(&len.to_le_bytes());
    entry
}
