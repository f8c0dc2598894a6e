//! JSON arrays, JSON Lines, and documents with a list in them.

use super::*;

fn object(row: &[String]) -> String {
    let members = make::HEADER.iter().zip(row).map(|(name, value)| format!("{name:?}: {value:?}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

fn objects(count: usize) -> Vec<String> {
    make::rows(count).iter().map(|row| object(row)).collect()
}

#[test]
fn arrays_documents_and_lines_give_the_same_rows() {
    let objects = objects(300);
    let array = format!("[{}]", objects.join(",\n"));
    let lines = objects.join("\n") + "\n\n";
    for (document, kind) in [
        (array.clone(), "json"),
        (format!(" \n{array}\n "), "json"),
        (format!("\u{feff}{array}"), "json"),
        (format!("{{\"as_of\": \"[rows\", \"total\": {{\"rows\": 3}}, \"rows\": {array}, \"next\": [\"]\"]}}"), "json"),
        (format!("{{\"data\":{array}}}"), "json"),
        (lines.clone(), "json_lines"),
        (lines.replace("\n", "\r\n"), "json_lines"),
    ] {
        for size in [1, 13, usize::MAX] {
            let (rows, summary) = read(document.as_bytes().chunks(size.min(document.len()))).unwrap();
            assert_eq!(contacts(&rows), expected(300), "{}", &document[..40]);
            assert_eq!(row_numbers(&rows), (1..=300).collect::<Vec<_>>());
            assert_eq!((summary.file.kind.as_str(), summary.file.header_row), (kind, 0));
        }
    }
    let utf16: Vec<u8> = array.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(contacts(&read([utf16.as_slice()]).unwrap().0), expected(300));
    let (rows, _) = text(&format!("{}\n\n\n{}\n", objects[0], objects[1]));
    assert_eq!(row_numbers(&rows), [1, 4]);
}

#[test]
fn values_become_the_text_that_was_typed() {
    let read = |phone: &str, amount: &str| {
        let document = format!(
            r#"[{{"npwp": "079001012541000", "nama": null, "hp": {phone}, "jatuh_tempo": "31/03/2027", "jumlah": {amount}}}]"#
        );
        let (rows, _) = text(&document);
        (accepted(&rows[0]).phones.clone(), accepted(&rows[0]).duty.amount)
    };
    let phones = |phones: &[&str]| phones.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
    assert_eq!(read("81200000101", "1250000.00"), (phones(&["+6281200000101"]), Some(1_250_000)));
    assert_eq!(read("8.1200000101E10", "125e4"), (phones(&["+6281200000101"]), Some(1_250_000)));
    assert_eq!(
        read(r#"["0812-0000-0101", "081200000102", null]"#, "null"),
        (phones(&["+6281200000101", "+6281200000102"]), None)
    );
    assert_eq!(read(r#""\u0030812\u002d0000-0101""#, "\"Rp 1\"").0, phones(&["+6281200000101"]));
    let row = r#"[{"npwp": "079001012541000", "hp": {"no": 1}, "jatuh_tempo": true}]"#;
    rejected(&text(row).0[0]);
    // A thousandth is never taken for thousands.
    let row = r#"[{"npwp": "079001012541000", "hp": "081200000101", "jatuh_tempo": "31/03/2027", "jumlah": 1.125}]"#;
    assert_eq!(rejected(&text(row).0[0]).reason, dering::list::Reason::AmountInvalid);
}

#[test]
fn members_may_be_missing_and_late_ones_are_told() {
    let mut objects = objects(150);
    objects[0] = objects[0].replace(", \"JUMLAH (RP)\": \"0\"", "");
    objects[120] = objects[120].replace("}", ", \"CATATAN 2\": \"x\", \"KOSONG\": null}");
    let (rows, summary) = text(&format!("[{}]", objects.join(",")));
    assert_eq!(accepted(&rows[0]).duty.amount, None);
    assert_eq!(contacts(&rows)[1..], expected(150)[1..]);
    assert_eq!(summary.file.late_members, ["CATATAN 2"]);
    let (_, summary) = text(&format!("[{}, {{}}, {{\"NPWP\": \" \"}}]", objects[1]));
    assert_eq!(summary.rows, 1);
}

#[test]
fn documents_that_are_no_lists_are_refused() {
    let one = &objects(1)[0];
    for (document, code) in [
        ("[]".to_owned(), "empty_file"),
        ("{}".to_owned(), "empty_file"),
        (format!("[{one}"), "file_damaged"),
        (format!("[{one},"), "file_damaged"),
        (one[..one.len() - 1].to_owned(), "file_damaged"),
        (format!("[{one},]"), "invalid_json"),
        (format!("[{one} {one}]"), "invalid_json"),
        (format!("[{one}] x"), "invalid_json"),
        (format!("[{one}, 1]"), "invalid_json"),
        (format!("[{one}, [1]]"), "invalid_json"),
        (format!("{one}\n,{one}"), "invalid_json"),
        (format!("{{\"rows\": [{one}], \"data\": [{one}]}}"), "invalid_json"),
        (r#"[{"npwp": 1, "npwp": 2}]"#.to_owned(), "invalid_json"),
        (r#"[{"npwp": 01}]"#.to_owned(), "invalid_json"),
        (r#"[{"npwp": "\ud800"}]"#.to_owned(), "invalid_json"),
        (r#"[{"a": 1}]"#.to_owned(), "columns_missing"),
        (r#"{"error": "none", "rows": 3}"#.to_owned(), "columns_missing"),
    ] {
        assert_eq!(super::code(document.as_bytes()), code, "{document}");
    }
}
