//! Text as lists come in it: delimiters, encodings, titles, totals.

use super::*;
use make::csv;

fn utf16(text: &str, big: bool) -> Vec<u8> {
    let order = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
    text.encode_utf16().flat_map(order).collect()
}

#[test]
fn every_encoding_and_line_end_gives_the_same_rows() {
    for end in ["\n", "\r\n", "\r"] {
        for delimiter in [";", ",", "\t", "|"] {
            let text = csv(30, delimiter, end);
            let marked = format!("\u{feff}{text}");
            for (what, bytes, charset) in [
                ("UTF-8", text.clone().into_bytes(), None),
                ("UTF-8 with a mark", marked.clone().into_bytes(), None),
                ("UTF-16LE", utf16(&text, false), Some("utf-16le")),
                ("UTF-16LE with a mark", utf16(&marked, false), Some("utf-16le")),
                ("UTF-16BE", utf16(&text, true), Some("utf-16be")),
                ("UTF-16BE with a mark", utf16(&marked, true), Some("utf-16be")),
            ] {
                for size in [1, 7, usize::MAX] {
                    let (rows, summary) = read(bytes.chunks(size.min(bytes.len()))).unwrap();
                    assert_eq!(contacts(&rows), expected(30), "{what} {end:?} {delimiter:?} {size}");
                    assert_eq!(row_numbers(&rows), (2..32).collect::<Vec<_>>());
                    assert_eq!(summary.file.charset.as_deref(), charset, "{what}");
                    assert_eq!(summary.file.delimiter, delimiter.chars().next());
                    assert_eq!((summary.file.kind.as_str(), summary.file.header_row), ("csv", 1));
                }
            }
        }
    }
}

#[test]
fn half_a_pair_of_utf_16_is_seen() {
    let mut bytes = utf16("\u{feff}NPWP;NAMA;HP;JATUH TEMPO\n079001012541000;X", false);
    bytes.extend(0xd83du16.to_le_bytes());
    bytes.extend(utf16(";081200000101;31/03/2027\n", false));
    assert_eq!(accepted(&read([bytes.as_slice()]).unwrap().0[0]).name, "X\u{fffd}");
}

#[test]
fn the_header_may_stand_below_titles() {
    for titles in [
        "DAFTAR WAJIB PAJAK;;;;\n",
        "\n\nDAFTAR WAJIB PAJAK, KPP PRATAMA, JAKARTA, SETIABUDI, TIGA\nPeriode: Maret 2027, tahap 1, dari 2, bagian 3, a, b\n\n",
        "\"DAFTAR \"\"WP\"\"; lembar 1\"\n",
        "Kantor 5\" lama\n",
        "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n",
    ] {
        let (rows, summary) = text(&format!("{titles}{}", csv(40, ";", "\n")));
        assert_eq!(contacts(&rows), expected(40), "{titles}");
        let header = titles.lines().count() as u32 + 1;
        assert_eq!(summary.file.header_row, header, "{titles}");
        assert_eq!(row_numbers(&rows)[0], header + 1);
    }
    let late = "x;1\n".repeat(20) + &csv(3, ";", "\n");
    assert_eq!(code(late.as_bytes()), "columns_missing");
    // The nearest is told, not the first.
    let problem = read([b"Daftar WP\n\nNPWP;NO HP;TANGGAL\n1;2;3\n".as_slice()]).unwrap_err();
    assert_eq!(problem.detail, "No column was recognised for: due_date.");
    assert_eq!(problem.at.as_deref(), Some("row 3"));
}

#[test]
fn the_delimiter_may_be_named() {
    // Four commas in each line, and three of what parts the cells.
    let list = "NPWP|N,A,M,A,X|HP|JATUH TEMPO\n079001012541000|A,B,C,D,E|081200000101|31/03/2027\n";
    assert_eq!(code(list.as_bytes()), "columns_missing");
    let named = |name: &str| {
        let format = Format { delimiter: Some(name.to_owned()), ..Format::default() };
        read_as(format, [format!("sep=,\n{list}").as_bytes()])
    };
    for name in ["|", "pipe"] {
        assert_eq!(named(name).unwrap().0.len(), 1, "{name}");
    }
    assert_eq!(named("comma").unwrap_err().code, "columns_missing");
    assert_eq!(named("::").unwrap_err().code, "parameter_invalid");
}

#[test]
fn totals_are_passed_over_and_told() {
    for total in ["TOTAL;;;;29000", ";JUMLAH;;;Rp 29.000,-", "Grand Total", "Jumlah :;;;;29000;;"] {
        let (rows, summary) = text(&format!("{}{total}\n;;;;\n", csv(30, ";", "\n")));
        assert_eq!((rows.len(), summary.file.totals), (30, 1), "{total}");
    }
    let (rows, summary) = text(&format!("{}TOTAL;Budi;0812;;\n", csv(30, ";", "\n")));
    assert_eq!((rows.len(), summary.file.totals), (31, 0));
    rejected(&rows[30]);
}

#[test]
fn empty_columns_at_the_end_belong_to_the_header() {
    let list = csv(5, ";", ";;\n") + ";;;;;;\n";
    assert_eq!(contacts(&text(&list).0), expected(5));
    // A row alone that is longer has a cell too many somewhere, and nobody knows where.
    let list = csv(5, ";", "\n") + "079001012541000;A;B;081200000101;31/03/2027;\n";
    let (rows, _) = text(&list);
    assert_eq!(rejected(&rows[5]).reason, dering::list::Reason::Columns);
}

#[test]
fn what_the_bytes_could_be_is_asked_of_the_content_type() {
    let list = csv(3, ";", "\n");
    let typed =
        |kind: &str| read_as(Format { content_type: Some(kind.to_owned()), ..Format::default() }, [list.as_bytes()]);
    let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for kind in ["text/csv", "TEXT/CSV; charset=utf-16", "application/vnd.ms-excel", sheet, "application/octet-stream"]
    {
        assert_eq!(typed(kind).unwrap().0.len(), 3, "{kind}");
    }
    for (kind, code) in [("image/png", "list_format"), ("application/json", "invalid_json")] {
        assert_eq!(typed(kind).unwrap_err().code, code, "{kind}");
    }
    // Bytes that say what they are need no name, and believe none.
    let xlsx = make::xlsx::Book::of(&sheets::cells(3)).file();
    let format = Format { content_type: Some("text/csv".into()), ..Format::default() };
    assert_eq!(read_as(format, [xlsx.as_slice()]).unwrap().1.file.kind, "xlsx");
}
