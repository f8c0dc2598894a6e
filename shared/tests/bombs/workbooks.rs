//! Spreadsheets in ZIP files.

use super::make::xlsx::{Book, Cell, data, text, xml};
use super::make::{HEADER, ods, zip};
use super::{Bomb, bomb};

fn header() -> Vec<Cell> {
    HEADER.iter().map(|name| text(name)).collect()
}

/// A workbook with this inside its only sheet.
fn sheet(inside: String) -> Book {
    let mut book = Book::default().sheet("a", &[]);
    book.sheets[0].2 = inside;
    book
}

/// A sheet that begins with the header and goes on with this.
fn below_header(rows: &str) -> Book {
    let head = data(&[header()]);
    sheet(head.replace("</sheetData>", &format!("{rows}</sheetData>")))
}

pub fn bombs(found: &mut dyn FnMut(Bomb)) {
    const SHEET: &str = "xl/worksheets/sheet0.xml";
    let plain = || Book::of(&[header()]);
    let hostile = &["file_hostile"];

    // XML.
    let dtd = |dtd: &str, body: &str| {
        format!("<?xml version=\"1.0\"?><!DOCTYPE a [{dtd}]><worksheet><sheetData>{body}</sheetData></worksheet>")
            .into_bytes()
    };
    let laughs: String =
        (1..10).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    let row = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>&l9;</t></is></c></row>";
    found(bomb(
        "XML: billion laughs",
        hostile,
        plain().file_with(SHEET, dtd(&format!("<!ENTITY l0 \"ha\">{laughs}"), row)),
    ));
    let long = format!("<!ENTITY l9 \"{}\">", "a".repeat(100_000));
    found(bomb(
        "XML: quadratic blow-up",
        hostile,
        plain().file_with(SHEET, dtd(&long, &row.replace("&l9;", &"&l9;".repeat(10_000)))),
    ));
    found(bomb(
        "XML: an entity from a file",
        hostile,
        plain().file_with(SHEET, dtd("<!ENTITY l9 SYSTEM \"file:///etc/passwd\">", row)),
    ));
    found(bomb(
        "XML: a parameter entity from the net",
        hostile,
        plain().file_with("xl/workbook.xml", dtd("<!ENTITY % p SYSTEM \"http://x/\"> %p;", row)),
    ));
    found(bomb("XML: a document type of 100 MB", hostile, plain().file_with(SHEET, dtd(&" ".repeat(100 << 20), row))));
    let utf16: Vec<u8> = String::from_utf8(dtd("", row)).unwrap().encode_utf16().flat_map(u16::to_le_bytes).collect();
    found(bomb("XML: a document type in UTF-16", hostile, plain().file_with(SHEET, utf16.clone())));
    found(bomb(
        "XML: a document type in UTF-16 with a mark",
        hostile,
        plain().file_with(SHEET, [b"\xff\xfe".to_vec(), utf16].concat()),
    ));
    let utf7 = b"<?xml version=\"1.0\" encoding=\"UTF-7\"?>+ADwAIQ-DOCTYPE a+AD4-<worksheet/>".to_vec();
    found(bomb("XML: a document type in UTF-7", hostile, plain().file_with(SHEET, utf7)));
    found(bomb(
        "XML: an entity that nobody declared",
        hostile,
        below_header("<row r=\"2\"><c t=\"str\"><v>&x;</v></c></row>").file(),
    ));
    found(bomb(
        "XML: a million elements within each other",
        hostile,
        sheet(format!("<sheetData>{}", "<a>".repeat(1_000_000))).file(),
    ));
    found(bomb(
        "XML: an attribute of 100 MB",
        &["file_hostile", "unpacks_too_large"],
        below_header(&format!("<row r=\"{}\"/>", "1".repeat(100 << 20))).file(),
    ));
    found(bomb(
        "XML: a comment of 100 MB",
        &["file_hostile", "unpacks_too_large"],
        sheet(format!("<!--{}-->", "-a".repeat(50 << 20))).file(),
    ));
    found(bomb(
        "XML: a million attributes",
        hostile,
        below_header(&format!("<row {}/>", "a=\"1\" ".repeat(1_000_000))).file(),
    ));

    // Cells.
    let cell = |text: &str| format!("<row r=\"2\"><c t=\"str\"><v>{text}</v></c></row>");
    found(bomb(
        "XLSX: a cell of 100 MB",
        &["file_hostile", "cell_too_long"],
        below_header(&cell(&"7".repeat(100 << 20))).file(),
    ));
    found(bomb(
        "XLSX: a cell of a million characters that are escaped",
        &["cell_too_long"],
        below_header(&cell(&"&#55;".repeat(1_000_000))).file(),
    ));
    let wide: String = (0..16_384).map(|_| "<c><v>1</v></c>").collect();
    found(bomb(
        "XLSX: a row of 16,384 cells",
        &["too_many_columns"],
        below_header(&format!("<row r=\"2\">{wide}</row>")).file(),
    ));
    found(bomb(
        "XLSX: a cell at XFD1048576",
        &["too_many_columns"],
        below_header("<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>").file(),
    ));
    found(bomb("XLSX: a row beyond the last", &["file_damaged"], below_header("<row r=\"4294967295\"/>").file()));
    let again = "<row r=\"2\"><c r=\"A2\"><v>1</v></c></row>".repeat(1000);
    found(bomb("XLSX: the same row again and again", &["file_damaged"], below_header(&again).file()));
    found(bomb(
        "XLSX: 100 MB of empty cells in a row",
        &["too_many_columns"],
        below_header(&format!("<row>{}</row>", "<c s=\"1\"/>".repeat(10 << 20))).file(),
    ));
    let strings = |inside: String| plain().file_with("xl/sharedStrings.xml", xml("sst", &inside));
    found(bomb("XLSX: 5 million empty texts", &["columns_missing", "empty_file"], {
        let mut book = sheet(String::new());
        book.strings = Vec::new();
        book.file_with("xl/sharedStrings.xml", xml("sst", &"<si><t/></si>".repeat(5_000_000)))
    }));
    let long = |n: u64| format!("<si><t>{:060}x</t></si>", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    found(bomb("XLSX: 1.5 million long texts", &["workbook_too_large"], strings((0..1_500_000).map(long).collect())));
    let mut book = sheet(String::new());
    book.strings = vec![format!("<t>{}</t>", "a".repeat(60_000)); 1_000];
    found(bomb("XLSX: a thousand texts of 60 kB", &["workbook_too_large", "unpacks_too_large"], book.file()));
    let long = "a".repeat(60_000);
    let mut book = below_header(
        &(2..20_000)
            .map(|r| format!("<row r=\"{r}\">{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(4)))
            .collect::<String>(),
    );
    book.strings = vec![format!("<t>{long}</t>")];
    found(bomb("XLSX: a text of 60 kB in 80,000 cells", &["unpacks_too_large"], book.file()));
    let mut book = sheet(String::new());
    let names: String = (0..100_000).map(|n| format!("<sheet name=\"{n}\" sheetId=\"{n}\" r:id=\"s0\"/>")).collect();
    book.sheets[0].2 = String::new();
    found(bomb("XLSX: 100,000 sheets", hostile, book.file_with("xl/workbook.xml", xml("workbook", &names))));
    let formats = format!("<cellXfs>{}</cellXfs>", "<xf numFmtId=\"0\"/>".repeat(1_000_000));
    found(bomb("XLSX: a million formats", hostile, plain().file_with("xl/styles.xml", xml("styleSheet", &formats))));
    let links: String = (0..100_000).map(|n| format!("<Relationship Id=\"{n}\" Target=\"x\" Type=\"x\"/>")).collect();
    found(bomb(
        "XLSX: 100,000 links",
        hostile,
        plain().file_with("xl/_rels/workbook.xml.rels", xml("Relationships", &links)),
    ));

    // ODS says how often.
    let table = |inside: &str| {
        ods::file(&format!(
            "<table:table table:name=\"a\"><table:table-row>{}</table:table-row>{inside}</table:table>",
            HEADER.map(ods::string).concat()
        ))
    };
    let repeated = |rows: &str, columns: &str| {
        let cell = ods::string("x").replacen(
            "table-cell",
            &format!("table-cell table:number-columns-repeated=\"{columns}\""),
            1,
        );
        table(&format!("<table:table-row table:number-rows-repeated=\"{rows}\">{cell}</table:table-row>"))
    };
    found(bomb("ODS: a cell repeated 16,384 times", &["too_many_columns"], repeated("1", "16384")));
    found(bomb("ODS: a cell repeated 4 billion times", &["too_many_columns"], repeated("1", "4294967295")));
    found(bomb(
        "ODS: a cell repeated more often than there are numbers",
        &["too_many_columns"],
        repeated("1", "99999999999999999999"),
    ));
    found(bomb("ODS: a row repeated 4 billion times", hostile, repeated("4294967295", "1")));
    found(bomb("ODS: a row repeated beyond the last", hostile, repeated("1048576", "1")));
    let spaces = "<table:table-row><table:table-cell><text:p>".to_owned()
        + &"<text:s text:c=\"4000000000\"/>".repeat(10)
        + "</text:p></table:table-cell></table:table-row>";
    found(bomb("ODS: 4 billion spaces", &["cell_too_long"], table(&spaces)));
    let long = "y".repeat(60_000);
    let row = format!(
        "<table:table-row table:number-rows-repeated=\"1000000\">{}</table:table-row>",
        ods::string(&long).repeat(4)
    );
    found(bomb("ODS: a row of 240 kB a million times", &["unpacks_too_large"], table(&row)));

    // ZIP.
    let zeros = vec![0; 300 << 20];
    found(bomb("ZIP: a part of 300 MB of zeros", hostile, plain().file_with(SHEET, zeros)));
    let spaces = vec![b' '; 300 << 20];
    found(bomb(
        "ZIP: a part of 300 MB of blanks",
        &["file_hostile", "unpacks_too_large"],
        plain().file_with(SHEET, spaces),
    ));
    let names: Vec<String> = (0..50_000).map(|n| format!("xl/{n}")).collect();
    found(bomb("ZIP: 50,000 parts", hostile, zip(names.iter().map(|name| (name.as_str(), Vec::new())))));
    found(bomb("ZIP: two parts of one name", hostile, zip([("a", vec![1]), ("a", vec![2])])));
    found(bomb("ZIP in ZIP", &["list_format"], zip([("a.xlsx", plain().file())])));
    // Made so that it cannot be packed.
    let mut dice = 1u64;
    let noise = std::iter::repeat_with(|| {
        dice = dice.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (dice >> 40) as u8
    });
    found(bomb(
        "ZIP: a file of 100 MB",
        &["workbook_too_large"],
        [b"PK\x03\x04".to_vec(), noise.take(100 << 20).collect()].concat(),
    ));
}
