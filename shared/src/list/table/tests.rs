use super::*;
use crate::list::Reason;
use std::io::Read as _;

fn rejection(row: u32, cells: &[&str]) -> Rejection {
    Rejection {
        row,
        column: "NPWP".into(),
        reason: Reason::NpwpChecksum,
        value: "01**".into(),
        hint: Reason::NpwpChecksum.hint(),
        list: None,
        cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
    }
}

fn header(titles: &str) -> Vec<String> {
    titles.split(';').map(str::to_owned).collect()
}

fn written(format: TableFormat, header: &[String], rows: &[Rejection]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut table = Table::new(format, rejected_titles(header), &mut out).unwrap();
    for row in rows {
        table.add(&RejectedLine::of(row, header), &mut out).unwrap();
    }
    table.end(&mut out).unwrap();
    out
}

#[test]
fn what_is_asked_for_is_what_is_written() {
    for (accept, format) in [
        (None, TableFormat::Csv),
        (Some("*/*"), TableFormat::Csv),
        (Some("text/csv"), TableFormat::Csv),
        (Some("application/json"), TableFormat::Json),
        (Some(XLSX), TableFormat::Xlsx),
    ] {
        assert_eq!(TableFormat::of(accept), format);
    }
}

#[test]
fn csv_holds_no_formula_and_stands_under_its_titles() {
    let header = header("=NPWP;NAMA;HP");
    let rows = [
        rejection(2, &["01", "=1+1", "+62812"]),
        rejection(3, &["-5", "a;\"b\"\nc"]),
        rejection(4, &["\t@x", "＝x", " =y"]),
    ];
    let text = String::from_utf8(written(TableFormat::Csv, &header, &rows)).unwrap();
    let hint = Reason::NpwpChecksum.hint();
    assert_eq!(
        text,
        format!(
            "\u{feff}'=NPWP;NAMA;HP;row;reason;hint\n\
             01;'=1+1;'+62812;2;npwp_checksum;{hint}\n\
             '-5;\"a;\"\"b\"\"\nc\";;3;npwp_checksum;{hint}\n\
             '\t@x;'＝x;' =y;4;npwp_checksum;{hint}\n"
        )
    );
}

#[test]
fn columns_of_ours_are_not_repeated_and_the_other_list_is_named() {
    let header = header("NPWP;HP;row;reason;hint");
    assert_eq!(rejected_titles(&header), header);
    let rejection = Rejection { list: Some("l-1".into()), ..rejection(9, &["01", "08", "2", "npwp_length", "x"]) };
    let cells = RejectedLine::of(&rejection, &header).cells();
    assert_eq!(cells[..4], ["01", "08", "9", "npwp_checksum"]);
    assert!(cells[4].ends_with("It is list l-1."));
    assert_eq!(cells.len(), 5);
}

#[test]
fn json_is_an_array_whatever_it_holds() {
    for count in 0..3 {
        let rows: Vec<Rejection> = (0..count).map(|n| rejection(n, &["a"])).collect();
        let json: Vec<serde_json::Value> =
            serde_json::from_slice(&written(TableFormat::Json, &header("A"), &rows)).unwrap();
        assert_eq!(json.len(), count as usize);
        assert!(json.iter().all(|row| row["cells"] == serde_json::json!(["a"]) && row["reason"] == "npwp_checksum"));
    }
}

/// The entries of an archive, by its directory.
fn entries(bytes: &[u8]) -> Vec<(String, String)> {
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let end = bytes.len() - 22;
    assert_eq!(u32_at(end), 0x0605_4b50);
    let mut at = u32_at(end + 16);
    assert_eq!(at + u32_at(end + 12), end);
    let mut found = Vec::new();
    for _ in 0..u16_at(end + 10) {
        assert_eq!(u32_at(at), 0x0201_4b50);
        let (sum, compressed, size, offset) = (u32_at(at + 16), u32_at(at + 20), u32_at(at + 24), u32_at(at + 42));
        let name = String::from_utf8(bytes[at + 46..at + 46 + u16_at(at + 28)].to_vec()).unwrap();
        at += 46 + name.len();
        assert_eq!(u32_at(offset), 0x0403_4b50);
        let data = offset + 30 + u16_at(offset + 26) + u16_at(offset + 28);
        let mut text = String::new();
        flate2::read::DeflateDecoder::new(&bytes[data..data + compressed]).read_to_string(&mut text).unwrap();
        assert_eq!((text.len(), crc32fast::hash(text.as_bytes()) as usize), (size, sum));
        assert_eq!([u32_at(data + compressed), u32_at(data + compressed + 12)], [0x0807_4b50, size]);
        found.push((name, text));
    }
    found
}

#[test]
fn a_workbook_has_all_its_parts_and_every_cell_is_text() {
    let rows = [rejection(2, &["0012", "=1+1", "a<b>&\u{1}\r\n_x0041_ _xyz"])];
    let entries = entries(&written(TableFormat::Xlsx, &header("NPWP;NAMA;HP"), &rows));
    let names: Vec<_> = entries.iter().map(|(name, _)| name.as_str()).collect();
    let others =
        ["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"];
    assert_eq!(names, [["xl/worksheets/sheet1.xml"].as_slice(), &others].concat());
    let sheet = &entries[0].1;
    for text in ["0012", "=1+1", "a&lt;b&gt;&amp;&#13;\n_x005F_x0041_ _xyz", "npwp_checksum"] {
        let cell = format!(r#"<c s="1" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>"#);
        assert!(sheet.contains(&cell), "{sheet}");
    }
    assert_eq!(sheet.matches("<row>").count(), 2);
    for (name, text) in &entries {
        let mut reader = quick_xml::Reader::from_str(text);
        while !matches!(reader.read_event().unwrap_or_else(|e| panic!("{name}: {e}")), quick_xml::events::Event::Eof) {}
    }
}

#[test]
fn a_workbook_grows_without_keeping_what_was_written() {
    let mut out = Vec::new();
    let header = header("A");
    let mut table = Table::new(TableFormat::Xlsx, rejected_titles(&header), &mut out).unwrap();
    let (mut whole, mut held_max) = (Vec::new(), 0);
    for n in 0..20_000 {
        table.add(&RejectedLine::of(&rejection(n, &["x"]), &header), &mut out).unwrap();
        held_max = held_max.max(out.len());
        whole.append(&mut out);
    }
    table.end(&mut out).unwrap();
    whole.append(&mut out);
    assert!(held_max < 200_000, "{held_max}");
    assert_eq!(entries(&whole)[0].1.matches("<row>").count(), 20_001);
}
