//! Any text in any cell comes back as it was, in every format; and no bytes make a reader panic.

use super::*;
use dering::list::{Record, Records};
use make::xlsx::{Book, text as written};
use make::{ods, xls};
use proptest::prelude::*;

/// All records of a file, of which any may be the first.
fn records(bytes: &[u8], size: usize) -> Result<Vec<Vec<String>>, Problem> {
    let mut records = Records::new(Format::default(), Box::new(|_| Ok(())))?;
    let mut out: Vec<Record> = Vec::new();
    for piece in bytes.chunks(size.max(1)) {
        records.push(piece, &mut out)?;
        while records.step(&mut out)? {}
    }
    records.end(&mut out)?;
    while records.step(&mut out)? {}
    Ok(out.into_iter().map(|record| record.cells).collect())
}

/// A cell as people and their programs fill it.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[0-9]{1,16}",
        2 => "[ -~]{0,20}",
        1 => "[\\PC\n\"';,|\t&<]{0,12}",
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (2usize..6).prop_flat_map(|width| {
        prop::collection::vec(prop::collection::vec(cell(), width), 1..12).prop_map(|mut rows| {
            // The first has no blank cell, as a header; the others are not blank.
            for (n, row) in rows.iter_mut().enumerate() {
                for (at, cell) in row.iter_mut().enumerate() {
                    if n == 0 || (at == 0 && cell.trim().is_empty()) {
                        *cell = format!("K{at}{}", cell.trim());
                    }
                }
            }
            rows
        })
    })
}

/// Without the empty cells at a row's end, which nobody can see.
fn trimmed(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    for row in &mut rows {
        while row.last().is_some_and(String::is_empty) {
            row.pop();
        }
    }
    rows
}

/// Found by the test below: the delimiter behind a quotation mark in a cell was taken for one between cells.
#[test]
fn a_quotation_mark_in_a_cell_parts_no_cells() {
    for size in 1..40 {
        let read = records("\"K0\"\",\"|\"K1,0\"|\"K2\"\"\"\r\n".as_bytes(), size).unwrap();
        assert_eq!(read, [["K0\",", "K1,0", "K2\""]]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_comes_back(rows in table(), delimiter in prop::sample::select(vec![";", ",", "\t", "|"]), size in 1usize..64) {
        let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
        let lines = rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(delimiter) + "\r\n");
        prop_assert_eq!(records(lines.collect::<String>().as_bytes(), size).unwrap(), rows);
    }

    #[test]
    fn json_comes_back(rows in table(), size in 1usize..64) {
        let names: Vec<String> = (0..rows[0].len()).map(|n| format!("k{n}")).collect();
        let object = |row: &Vec<String>| {
            let members: serde_json::Map<_, _> = names.iter().cloned().zip(row.iter().cloned().map(Into::into)).collect();
            serde_json::Value::from(members).to_string()
        };
        let objects: Vec<String> = rows.iter().map(object).collect();
        let mut whole = vec![names.clone()];
        whole.extend(rows.clone());
        prop_assert_eq!(&records(format!("[{}]", objects.join(",")).as_bytes(), size).unwrap(), &whole);
        prop_assert_eq!(&records(objects.join("\n").as_bytes(), size).unwrap(), &whole);
    }

    #[test]
    fn spreadsheets_come_back(rows in table()) {
        // XML reads these as other white space, and `_x…_` as an escape.
        prop_assume!(!rows.iter().flatten().any(|cell| cell.contains("_x")));
        let cells: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(|cell| written(cell)).collect()).collect();
        prop_assert_eq!(trimmed(records(&Book::of(&cells).file(), 1000).unwrap()), trimmed(rows.clone()));
        let file = ods::file(&ods::table("a", &rows));
        prop_assert_eq!(trimmed(records(&file, 1000).unwrap()), trimmed(rows.clone()));
        let texts: Vec<String> = rows.iter().flatten().cloned().collect();
        let width = rows[0].len();
        let place = |n: usize| xls::shared((n / width) as u16, (n % width) as u16, n as u32);
        let book = xls::Book { sheets: vec![("a", false, (0..texts.len()).flat_map(place).collect())], strings: texts, ..xls::Book::default() };
        prop_assert_eq!(trimmed(records(&book.file(), 1000).unwrap()), trimmed(rows));
    }

    #[test]
    fn noise_is_read_or_refused(noise in prop::collection::vec(any::<u8>(), 0..600), start in 0usize..9, size in 1usize..100) {
        let starts: [&[u8]; 9] = [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"[{\"", b"{\"", b"\xff\xfe", b"\"\";"];
        let _ = records(&[starts[start], &noise].concat(), size);
    }

    /// One byte or a few of a good file are others.
    #[test]
    fn damage_is_read_or_refused(places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), kind in 0usize..8) {
        let mut file = good(kind).to_vec();
        for (place, byte) in places {
            let place = place.index(file.len());
            file[place] = byte;
        }
        let _ = records(&file, 500);
    }
}

/// One good file of each kind. Stored parts make damage reach the XML.
fn good(kind: usize) -> &'static [u8] {
    static FILES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    let files = FILES.get_or_init(|| {
        let texts: Vec<Vec<String>> =
            std::iter::once(make::HEADER.map(str::to_owned).to_vec()).chain(make::rows(20)).collect();
        let strings: Vec<String> = texts.iter().flatten().cloned().collect();
        let cells = (0..strings.len()).flat_map(|n| xls::shared((n / 5) as u16, (n % 5) as u16, n as u32)).collect();
        let csv = make::csv(50, ";", "\n");
        vec![
            Book::of(&sheets::cells(20)).file(),
            ods::file(&ods::table("a", &texts)),
            xls::Book { strings, sheets: vec![("a", false, cells)], ..xls::Book::default() }.file(),
            make::gzip(csv.as_bytes()),
            make::zstd(csv.as_bytes()),
            make::stored(&Book::of(&sheets::cells(20)).parts()),
            csv.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            format!("[{}]", [r#"{"npwp": "1", "hp": ["0812", 3.5e3], "x": {"y": null}}"#; 5].join(",")).into_bytes(),
        ]
    });
    &files[kind]
}
