//! Bytes in any pieces, files that are no lists, and noise.

use super::*;
use dering::list::{COLUMNS_MAX, FIELD_MAX};

#[test]
fn any_split_of_the_bytes_gives_the_same_rows() {
    let whole = read([SAMPLE]).unwrap();
    for size in [1, 2, 3, 7, 64, 1000] {
        assert_eq!(read(SAMPLE.chunks(size)).unwrap(), whole, "pieces of {size}");
    }
    // Each place, in a shorter list with every kind of line end and quote.
    let short = "\u{feff}\r\nNPWP;NAMA;\"NO\nHP\";JATUH TEMPO\r\n\r\n079001012541000;\"A; \"\"B\"\"\r\nC\";081200000101;31/03/2027\n\
        \r;;;\r079001012541000;B;0812-0;31/03/2027";
    let whole = text(short);
    assert_eq!(whole.0.len(), 2);
    for place in 0..=short.len() {
        let (a, b) = short.as_bytes().split_at(place);
        assert_eq!(read([a, b]).unwrap(), whole, "split at {place}");
    }
    let mut dice = Dice(42);
    for _ in 0..50 {
        let mut rest = SAMPLE;
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, later) = rest.split_at(dice.below(rest.len().min(400) + 1));
            pieces.push(piece);
            rest = later;
        }
        assert_eq!(read(pieces).unwrap(), read([SAMPLE]).unwrap());
    }
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_shows_them() {
    for end in ["\n", "\r\n", "\r"] {
        let list = [
            "NPWP;NAMA;HP;JATUH TEMPO",
            "",
            "079001012541000;\"two\nlines\";081200000101;31/03/2027",
            ";;;",
            "",
            "",
            "079001111526000;B;081200000111;31/03/2027",
            "x;C;081200000112;31/03/2027",
            "",
        ]
        .join(end);
        let (rows, _) = text(&list);
        assert_eq!(accepted(&rows[0]).duty.row, 3, "{end:?}");
        assert_eq!(accepted(&rows[0]).name, "two lines");
        assert_eq!(accepted(&rows[1]).duty.row, 7, "{end:?}");
        assert_eq!(rejected(&rows[2]).row, 8, "{end:?}");
        assert_eq!(rows.len(), 3);
    }
}

#[test]
fn every_delimiter_is_found() {
    for delimiter in [";", ",", "\t", "|"] {
        let header = ["NPWP", "\"NAMA; a, b|c\"", "NO TELP/HP", "JATUH TEMPO"].join(delimiter);
        let row = ["079001012541000", "\"Rekaan, S.E.; M.Ak.\"", "\"021-0000103, 081200000101\"", "31/03/2027"];
        // That name is not known, but nothing else moves.
        let list = format!("{header}\n{}\n", row.join(delimiter));
        let (rows, _) = text(&list);
        assert_eq!(accepted(&rows[0]).phones, ["+62210000103", "+6281200000101"], "{delimiter:?}");
        let list = format!("sep={delimiter}\r\n{list}");
        assert_eq!(accepted(&text(&list).0[0]).duty.row, 2, "{delimiter:?}");
    }
}

#[test]
fn windows_1252_is_read_cell_by_cell() {
    let mut list = "NPWP;NAMA;HP;JATUH TEMPO\n079001012541000;René".as_bytes().to_vec();
    list.truncate(list.len() - 2);
    list.extend(b"\xe9 Rekaan;0812\xa00000\x960101;31/03/2027\n");
    list.extend("079001111526000;Zoë;081200000111;31/03/2027\n".as_bytes());
    let (rows, _) = read([list.as_slice()]).unwrap();
    assert_eq!(accepted(&rows[0]).name, "René Rekaan");
    assert_eq!(accepted(&rows[0]).phones, ["+6281200000101"]);
    assert_eq!(accepted(&rows[1]).name, "Zoë");
}

#[test]
fn files_that_are_no_lists_are_refused() {
    assert_eq!(code(b""), "empty_file");
    assert_eq!(code(b"\xef\xbb\xbf\r\n \r\n;;;\r\n"), "empty_file");
    assert_eq!(code(b"PK\x03\x04\x14\0\x06\0"), "file_damaged");
    assert_eq!(code(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "file_damaged");
    assert_eq!(code(b"%PDF-1.7"), "list_format");
    assert_eq!(code(b"\x89PNG\r\n\x1a\n"), "list_format");
    assert_eq!(code(b"<html><table><tr><td>NPWP"), "list_format");
    assert_eq!(code(b"  <?xml version='1.0'?>"), "list_format");
    assert_eq!(code(b"\xff\xfe\0\0N\0\0\0P\0\0\0"), "list_format");
    assert_eq!(code(b"\xfe\xff"), "empty_file");
    assert_eq!(code(b"NPWP;HP;JATUH TEMPO\n0790\0"), "list_format");
    assert_eq!(code(b"NPWP;NAMA\n1;2\n"), "columns_missing");
    assert_eq!(code(b"halo"), "columns_missing");
    let hint = read([b"%PDF-1.7".as_slice()]).unwrap_err().hint;
    assert!(hint.contains("CSV UTF-8"), "{hint}");
}

#[test]
fn a_refused_list_stays_refused() {
    let mut reader = Reader::new(rules());
    let mut rows = Vec::new();
    let first = reader.push(b"%PDF-1.7", &mut rows).unwrap_err();
    assert_eq!(reader.push(b"NPWP;HP;JATUH TEMPO\n", &mut rows), Err(first.clone()));
    assert_eq!(reader.finish(&mut rows), Err(first));
}

/// How much of 100 MB is read before the list is refused, and as what.
fn refused_after(head: &str, piece: &[u8]) -> (usize, String) {
    let mut reader = Reader::new(rules());
    let mut rows = Vec::new();
    reader.push(head.as_bytes(), &mut rows).unwrap();
    let mut read = 0;
    while read < 100_000_000 {
        read += piece.len();
        if let Err(problem) = reader.push(piece, &mut rows) {
            return (read, problem.code.into_owned());
        }
    }
    panic!("100 MB were read");
}

#[test]
fn a_line_without_end_is_refused_early() {
    let header = "NPWP;NAMA;HP;JATUH TEMPO\n";
    let early = 600 * 1024;
    for (head, piece, code) in [
        (header, "7".repeat(64 * 1024), "cell_too_long"),
        (header, "\"".repeat(64 * 1024), "cell_too_long"),
        ("NPWP;NAMA;HP;JATUH TEMPO\n1;\"", "2;3;4\n".repeat(10_000), "cell_too_long"),
        (header, ";".repeat(64 * 1024), "too_many_columns"),
        (header, format!("{};", "7".repeat(8 * 1024)), "row_too_long"),
        ("", "N".repeat(64 * 1024), "row_too_long"),
        ("\"", "\n".repeat(64 * 1024), "row_too_long"),
    ] {
        let (read, found) = refused_after(head, piece.as_bytes());
        assert_eq!(found, code);
        assert!(read <= early, "{code} after {read} bytes");
        // In one piece it is the same.
        let whole = format!("{head}{}", piece.repeat(early / piece.len()));
        assert_eq!(super::code(whole.as_bytes()), code);
    }
}

#[test]
fn bounds_are_met_exactly() {
    let row = |name: &str| format!("NPWP;NAMA;HP;JATUH TEMPO\n079001012541000;{name};081200000101;31/03/2027\n");
    let (rows, _) = text(&row(&"a".repeat(FIELD_MAX)));
    assert_eq!(accepted(&rows[0]).name.len(), 200);
    assert_eq!(code(row(&"a".repeat(FIELD_MAX + 1)).as_bytes()), "cell_too_long");
    let wide = |columns: usize| format!("NPWP;HP;JATUH TEMPO{}\n", ";X".repeat(columns - 3));
    assert_eq!(text(&wide(COLUMNS_MAX)).1.header.len(), COLUMNS_MAX);
    assert_eq!(code(wide(COLUMNS_MAX + 1).as_bytes()), "too_many_columns");
}

#[test]
fn noise_never_panics_and_the_books_balance() {
    let mut dice = Dice(7);
    for _ in 0..300 {
        let noise: Vec<u8> = (0..dice.below(2_000)).map(|_| dice.below(256) as u8).collect();
        let _ = read([noise.as_slice()]);
        let mut list = b"NPWP;NO HP;JATUH TEMPO;JUMLAH;MASA;TAHUN;KAP-KJS;KPP;PROVINSI;PERIHAL;KODE BILLING\n".to_vec();
        let alphabet = "0123456789;;;;\n\"./-+ E,'Rp#oxt½²１é\u{202a}".chars().collect::<Vec<_>>();
        let cells: String = (0..dice.below(2_000)).map(|_| alphabet[dice.below(alphabet.len())]).collect();
        list.extend(cells.as_bytes());
        let _ = read(list.chunks(1 + dice.below(300)));
    }
    for _ in 0..300 {
        let mut list = SAMPLE.to_vec();
        for _ in 0..=dice.below(20) {
            let place = dice.below(list.len());
            match dice.below(4) {
                0 => list[place] = dice.below(256) as u8,
                1 => list[place] ^= 1 << dice.below(8),
                2 => drop(list.remove(place)),
                _ => list.insert(place, b"\";\n\r0E"[dice.below(6)]),
            }
        }
        if let Ok((rows, _)) = read(list.chunks(1 + dice.below(5_000))) {
            for row in &rows {
                if let Row::Accepted { contact, .. } = row {
                    assert_eq!(contact.taxpayer_id.len(), 16);
                    assert!(!contact.phones.is_empty());
                    assert!(contact.duty.due_date >= rules().as_of);
                }
            }
        }
    }
}
