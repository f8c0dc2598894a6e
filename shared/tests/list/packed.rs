//! gzip and zstd: by the header `Content-Encoding`, and by their first bytes.

use super::*;
use make::{csv, gzip, zstd};

fn encoded(encoding: &str, bytes: &[u8]) -> Result<(Vec<Row>, Summary), Problem> {
    let format = Format { content_encoding: Some(encoding.to_owned()), ..Format::default() };
    read_as(format, bytes.chunks(777))
}

#[test]
fn packed_files_are_read_however_they_are_named() {
    let plain = csv(2_000, ";", "\r\n").into_bytes();
    let xlsx = make::xlsx::Book::of(&sheets::cells(2_000)).file();
    for plain in [plain, xlsx] {
        for (name, packed) in [("gzip", gzip(&plain)), ("zstd", zstd(&plain))] {
            for (rows, summary) in
                [encoded(name, &packed).unwrap(), read(packed.chunks(1)).unwrap(), read([packed.as_slice()]).unwrap()]
            {
                assert_eq!(contacts(&rows), expected(2_000), "{name}");
                assert_eq!(summary.file.packed, [name]);
            }
        }
        // A packed file that is packed once more on its way.
        let (rows, summary) = encoded("zstd", &zstd(&gzip(&plain))).unwrap();
        assert_eq!((rows.len(), summary.file.packed), (2_000, vec!["zstd".to_owned(), "gzip".to_owned()]));
        assert_eq!(read([gzip(&gzip(&gzip(&plain))).as_slice()]).unwrap_err().code, "file_hostile");
    }
}

#[test]
fn members_that_follow_each_other_are_one_file() {
    let plain = csv(500, ";", "\n").into_bytes();
    let (first, second) = plain.split_at(plain.len() / 2);
    let mut padded = [gzip(first), gzip(b""), gzip(second)].concat();
    padded.resize(padded.len() + 512, 0);
    let skipped = [zstd(first), b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd(second)].concat();
    for file in [padded, skipped] {
        assert_eq!(contacts(&read(file.chunks(100)).unwrap().0), expected(500));
    }
}

#[test]
fn names_and_comments_of_gzip_are_passed_over() {
    let plain = csv(3, ";", "\n");
    let packed = gzip(plain.as_bytes());
    let mut named = packed[..10].to_vec();
    named[3] = 0x1e;
    named.extend(b"\x03\0abcdaftar.csv\0remark\0\0\0");
    named.extend(&packed[10..]);
    assert_eq!(read(named.chunks(1)).unwrap().0.len(), 3);
}

#[test]
fn cut_off_and_damaged_files_are_refused_whole() {
    let plain = csv(300, ";", "\n").into_bytes();
    for packed in [gzip(&plain), zstd(&plain)] {
        for end in (0..packed.len()).step_by(37).skip(1).chain([packed.len() - 1, 9, 5]) {
            assert_eq!(read([&packed[..end]]).unwrap_err().code, "file_damaged", "{end}");
        }
        for place in (4..packed.len()).step_by(53) {
            let mut damaged = packed.clone();
            damaged[place] ^= 0x40;
            match read([damaged.as_slice()]) {
                // The header has bytes that mean nothing.
                Ok((rows, _)) => assert_eq!(contacts(&rows), expected(300), "{place}"),
                Err(problem) => assert!(problem.status < 500, "{problem:?}"),
            }
        }
        let trailed = [packed, b"NPWP".to_vec()].concat();
        assert_eq!(read([trailed.as_slice()]).unwrap_err().code, "file_damaged");
    }
}

#[test]
fn other_encodings_are_refused_by_name() {
    for (encoding, code) in [("br", "content_encoding"), ("gzip, zstd", "content_encoding"), ("GZIP", "file_damaged")] {
        assert_eq!(encoded(encoding, csv(3, ";", "\n").as_bytes()).unwrap_err().code, code, "{encoding}");
    }
    assert_eq!(encoded("identity", csv(3, ";", "\n").as_bytes()).unwrap().0.len(), 3);
}
