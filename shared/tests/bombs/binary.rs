//! Lies in the bytes of ZIP directories and of XLS files.

use super::make::xlsx::{Book, text};
use super::make::{HEADER, xls};
use super::{Bomb, bomb};

/// Places of a directory's entries.
fn entries(file: &[u8]) -> Vec<usize> {
    (0..file.len() - 4).filter(|at| file[*at..].starts_with(b"PK\x01\x02")).collect()
}

pub fn bombs(found: &mut dyn FnMut(Bomb)) {
    let header: Vec<_> = HEADER.iter().map(|name| text(name)).collect();
    let good = Book::of(&[header]).file();
    let damaged = &["file_damaged"];
    let with = |change: &dyn Fn(&mut [u8], usize)| {
        let mut file = good.clone();
        for entry in entries(&good) {
            change(&mut file, entry);
        }
        file
    };
    let same_place = with(&|file, entry| file[entry + 42..entry + 46].fill(0));
    found(bomb("ZIP: all parts lie in the same place", &["file_hostile", "file_damaged"], same_place));
    found(bomb("ZIP: parts that are encrypted", &["file_encrypted"], with(&|file, entry| file[entry + 8] |= 1)));
    found(bomb("ZIP: parts of 4 GB each", damaged, with(&|file, entry| file[entry + 20..entry + 28].fill(0xfe))));
    found(bomb(
        "ZIP: sizes that are said elsewhere, and are not",
        damaged,
        with(&|file, entry| file[entry + 20..entry + 28].fill(0xff)),
    ));
    found(bomb("ZIP: places beyond the end", damaged, with(&|file, entry| file[entry + 42..entry + 46].fill(0xff))));
    found(bomb("ZIP: another checksum", damaged, with(&|file, entry| file[entry + 16] ^= 1)));
    found(bomb("ZIP: packed in another way", &["list_format"], with(&|file, entry| file[entry + 10] = 12)));
    let mut many = good.clone();
    let end = many.len() - 22;
    many[end + 8..end + 12].fill(0xfe);
    found(bomb("ZIP: says that it has 65,278 parts", &["file_hostile", "file_damaged"], many));
    // A directory for large files that points anywhere.
    let mut large = good[..end].to_vec();
    let at = large.len() as u64;
    large.extend(b"PK\x06\x06");
    large.extend(44u64.to_le_bytes());
    large.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for word in [u64::MAX, u64::MAX, u64::MAX, u64::MAX] {
        large.extend(word.to_le_bytes());
    }
    large.extend(b"PK\x06\x07\0\0\0\0");
    large.extend(at.to_le_bytes());
    large.extend([1, 0, 0, 0]);
    large.extend(b"PK\x05\x06");
    large.extend([0xff; 16]);
    large.extend([0, 0]);
    found(bomb("ZIP: a directory of 16 exabytes", &["file_hostile", "file_damaged"], large));

    let book =
        || xls::Book { sheets: vec![("a", false, Vec::new())], strings: vec!["a".into()], ..xls::Book::default() };
    let file = book().file();
    let put = |at: usize, word: u32| {
        let mut file = file.clone();
        file[at..at + 4].copy_from_slice(&word.to_le_bytes());
        file
    };
    found(bomb("XLS: its table is in a ring", &["file_hostile", "file_damaged"], put(68, 0)));
    found(bomb("XLS: the directory is beyond the end", damaged, put(48, 0x00ff_ffff)));
    found(bomb("XLS: sectors of 2^65535 bytes", damaged, put(30, 0xffff)));
    let mut ring = file.clone();
    let table = ring.len() - 512;
    ring[table..table + 4].fill(0);
    found(bomb("XLS: the stream is in a ring", &["file_hostile"], ring));
    let mut books = book();
    let mut texts = u32::MAX.to_le_bytes().repeat(2);
    texts.extend([0, 0, 0]);
    books.first = xls::record(0xfc, &texts);
    found(bomb("XLS: 4 billion texts", damaged, books.file()));
    let mut books = book();
    let mut texts = u32::MAX.to_le_bytes().repeat(2);
    texts.extend([0xff, 0xff, 0x0c, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, b'a']);
    books.first = xls::record(0xfc, &texts);
    found(bomb("XLS: a text that says it is 4 GB", damaged, books.file()));
    let row = |row: u16, column: u16| xls::number(row, column, 0, 1.0);
    let mut books = book();
    books.sheets[0].2 = row(1, 65_535);
    found(bomb("XLS: a cell in column 65,536", &["too_many_columns"], books.file()));
    books.sheets[0].2 = [row(9, 0), row(1, 0)].concat();
    found(bomb("XLS: rows that go back", damaged, books.file()));
    books.sheets[0].2 = xls::record(0x809, &[0; 16]).repeat(200_000);
    found(bomb("XLS: sheets within each other", damaged, books.file()));
}
