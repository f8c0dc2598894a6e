//! XLSX, XLS and ODS.

use super::*;
use dering::list::Reason;
use jiff::civil::date as day;
use make::xlsx::{Book, Cell, date, number, text as written};
use make::{HEADER, ods, xls};

/// Header and rows as cells with texts.
pub fn cells(count: usize) -> Vec<Vec<Cell>> {
    let texts = |row: &[String]| row.iter().map(|cell| written(cell)).collect::<Vec<_>>();
    std::iter::once(texts(&HEADER.map(str::to_owned))).chain(make::rows(count).iter().map(|row| texts(row))).collect()
}

fn header() -> Vec<Cell> {
    HEADER.iter().map(|name| written(name)).collect()
}

/// The only row of a sheet with these cells.
fn row(row: &[Cell]) -> Row {
    let (mut rows, _) = read([Book::of(&[header(), row.to_vec()]).file().as_slice()]).unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

fn named(sheet: &str, file: &[u8]) -> Result<(Vec<Row>, Summary), Problem> {
    read_as(Format { sheet: Some(sheet.to_owned()), ..Format::default() }, [file])
}

#[test]
fn sheets_of_every_kind_give_the_same_rows() {
    let texts: Vec<Vec<String>> =
        std::iter::once(HEADER.map(str::to_owned).to_vec()).chain(make::rows(2_500)).collect();
    let mut shared = Book { strings: Vec::new(), ..Book::default() };
    let mut older = xls::Book::default();
    let mut records = Vec::new();
    let mut numbered = Vec::new();
    for (at, row) in texts.iter().enumerate() {
        let first = shared.strings.len();
        shared.strings.extend(row.iter().map(|text| format!("<t>{}</t>", make::escape(text))));
        older.strings.extend(row.iter().cloned());
        numbered.push((first..shared.strings.len()).map(Cell::Shared).collect::<Vec<_>>());
        for column in 0..row.len() {
            records.extend(xls::shared(at as u16, column as u16, (first + column) as u32));
        }
    }
    older.sheets.push(("Daftar", false, records));
    let shared = shared.sheet("Daftar", &numbered);
    for (kind, file) in [
        ("xlsx", Book::of(&cells(2_500)).file()),
        ("xlsx", shared.file()),
        ("ods", ods::file(&ods::table("Daftar", &texts))),
        ("xls", older.file()),
    ] {
        for size in [1000, usize::MAX] {
            let (rows, summary) = read(file.chunks(size.min(file.len()))).unwrap();
            assert_eq!(contacts(&rows), expected(2_500), "{kind}");
            assert_eq!(row_numbers(&rows), (2..2_502).collect::<Vec<_>>());
            assert_eq!((summary.file.kind.as_str(), summary.file.header_row), (kind, 1));
        }
        assert_eq!(read([&file[..file.len() / 2]]).unwrap_err().code, "file_damaged", "{kind}");
    }
}

#[test]
fn numbers_and_dates_are_read_as_they_are_stored() {
    let (npwp, name, due) = (written("0079001012541000"), written("Budi"), date("46477"));
    for (phone, amount) in [
        (number("812345000000"), number("1250000")),
        (number("8.12345E+11"), number("1.25E6")),
        (number("812345000000"), number("1250000.0000000002")),
        (Cell::Raw("", "<f>A1&amp;B1</f><v>812345000000</v>"), Cell::Raw("t=\"str\"", "<f>x</f><v>Rp 1.250.000</v>")),
        (Cell::Raw("t=\"n\" s=\"0\"", "<v> 812345000000 </v>"), Cell::Raw("", "<v>1250000.0</v>")),
    ] {
        let row = row(&[npwp.clone(), name.clone(), phone, due.clone(), amount]);
        let contact = accepted(&row);
        assert_eq!(contact.phones, ["+62812345000000"]);
        assert_eq!((contact.duty.due_date, contact.duty.amount), (day(2027, 3, 31), Some(1_250_000)));
    }
    for due in [date("46477.75"), Cell::Raw("t=\"d\"", "<v>2027-03-31T00:00:00</v>"), written("31 Maret 2027")] {
        assert_eq!(
            accepted(&row(&[npwp.clone(), name.clone(), written("081200000101"), due])).duty.due_date,
            day(2027, 3, 31)
        );
    }
    // A number that a spreadsheet cannot hold, what is no number, what was never computed, truth.
    for (cell, column, reason) in [
        (number("9.9170425019000012E+18"), 2, Reason::PhoneScientific),
        (number("1.125"), 4, Reason::AmountInvalid),
        (Cell::Raw("t=\"e\"", "<v>#N/A</v>"), 2, Reason::PhoneMissing),
        (Cell::Raw("t=\"e\"", "<f>VLOOKUP(A1,B:C,2)</f><v>#N/A</v>"), 3, Reason::DueDateInvalid),
        (Cell::Raw("", "<f>TODAY()+3</f>"), 3, Reason::DueDateInvalid),
        (Cell::Raw("t=\"b\"", "<v>1</v>"), 4, Reason::AmountInvalid),
        (Cell::Empty, 2, Reason::PhoneMissing),
        // A format of dates on a phone makes no date of it, and a duration is none.
        (date("81200000101"), 3, Reason::DueDateInvalid),
    ] {
        let mut cells = vec![npwp.clone(), name.clone(), written("081200000101"), due.clone(), number("1")];
        cells[column] = cell.clone();
        assert_eq!(rejected(&row(&cells)).reason, reason, "{cell:?}");
    }
    assert_eq!(accepted(&row(&[npwp, name, date("81200000101"), due])).phones, ["+6281200000101"]);
}

#[test]
fn dates_go_by_the_format_and_the_base_of_the_file() {
    let list = |serial: &str, style: usize| {
        vec![
            vec![written("NPWP"), written("HP"), written("JATUH TEMPO"), written("MASA")],
            vec![
                written("0079001012541000"),
                written("081200000101"),
                Cell::Number(serial.to_owned(), style),
                Cell::Number(serial.to_owned(), 3),
            ],
        ]
    };
    let book = |serial: &str, style: usize, since_1904: bool| {
        let book = Book { formats: vec!["[$-421]dd\\ mmmm\\ yyyy;@", "mmm-yy", "0.00"], since_1904, ..Book::default() };
        read([book.sheet("Sheet1", &list(serial, style)).file().as_slice()]).unwrap().0.remove(0)
    };
    let contact = accepted(&book("46477", 2, false)).clone();
    assert_eq!((contact.duty.due_date, contact.duty.tax_period.as_str()), (day(2027, 3, 31), "2027-03"));
    assert_eq!(accepted(&book("45015", 2, true)).duty.due_date, day(2027, 3, 31));
    // Shown as a month, it names no day.
    assert_eq!(rejected(&book("46477", 3, false)).reason, Reason::DueDateInvalid);
    let Row::Accepted { warnings, .. } = book("46477", 4, false) else { panic!() };
    assert!(warnings.contains(&dering::list::Warning::DueDateExcelSerial));
}

#[test]
fn texts_are_read_whatever_they_are_made_of() {
    let book = Book {
        strings: vec![
            "<r><rPr><b/></rPr><t>Bu</t></r><r><t xml:space=\"preserve\">di &amp; </t></r><r><t>R&#101;kaan</t></r><rPh sb=\"0\"><t>X</t></rPh>".into(),
            "<t>081200000101_x000D_</t>".into(),
            "<t><![CDATA[<Budi>]]></t>".into(),
            "<t/>".into(),
        ],
        ..Book::default()
    };
    let with = |name: Cell, phone: Cell| {
        let cells = vec![written("0079001012541000"), name, phone, written("31/03/2027")];
        let book = Book { strings: book.strings.clone(), ..Book::default() };
        read([book.sheet("a", &[header(), cells]).file().as_slice()]).unwrap().0.remove(0)
    };
    let phone = || written("081200000101");
    assert_eq!(accepted(&with(Cell::Shared(0), Cell::Shared(1))).name, "Budi & Rekaan");
    assert_eq!(accepted(&with(Cell::Shared(2), phone())).name, "<Budi>");
    assert_eq!(accepted(&with(Cell::Shared(3), phone())).name, "");
    let rich = "<is><r><t>Bu</t></r><rPh><t>X</t></rPh><r><t>di</t></r></is>";
    assert_eq!(accepted(&with(Cell::Raw("t=\"inlineStr\"", rich), phone())).name, "Budi");
}

#[test]
fn the_sheet_is_named_or_the_first_that_has_the_header() {
    let notes = vec![vec![written("Petunjuk")], vec![written("Isi NPWP, HP dan jatuh tempo")]];
    let long: Vec<Vec<Cell>> = (0..50).map(|n| vec![number(&n.to_string())]).collect();
    let mut book = Book::default()
        .sheet("Petunjuk", &notes)
        .sheet("Panjang", &long)
        .sheet("Tersembunyi", &cells(1))
        .sheet("Maret & April", &cells(3))
        .sheet("Lain", &cells(5));
    book.sheets[2].1 = "state=\"hidden\"";
    let file = book.file();
    let (rows, summary) = read([file.as_slice()]).unwrap();
    assert_eq!((rows.len(), summary.file.sheet.as_deref()), (3, Some("Maret & April")));
    assert_eq!(summary.file.other_sheets, ["Petunjuk", "Panjang", "Tersembunyi", "Lain"]);
    for (name, count) in [("Lain", 5), (" maret & april", 3), ("TERSEMBUNYI", 1)] {
        assert_eq!(named(name, &file).unwrap().0.len(), count, "{name}");
    }
    assert_eq!(named("Petunjuk", &file).unwrap_err().code, "columns_missing");
    let problem = named("Mei", &file).unwrap_err();
    assert_eq!((problem.code.as_ref(), problem.detail.contains("Maret & April, Lain")), ("sheet_unknown", true));

    let texts =
        |count: usize| std::iter::once(HEADER.map(str::to_owned).to_vec()).chain(make::rows(count)).collect::<Vec<_>>();
    let tables = ods::table("Petunjuk", &[vec!["Isi".to_owned()]])
        + &ods::table("Maret", &texts(3))
        + &ods::table("Lain", &texts(5));
    let file = ods::file(&tables);
    assert_eq!(read([file.as_slice()]).unwrap().1.file.sheet.as_deref(), Some("Maret"));
    assert_eq!(named("lain", &file).unwrap().0.len(), 5);
    assert_eq!(named("Petunjuk", &file).unwrap_err().code, "columns_missing");
    assert_eq!(named("Mei", &file).unwrap_err().code, "sheet_unknown");

    let sheet = |count: usize| {
        let texts = texts(count);
        let cells = texts.iter().enumerate().flat_map(|(row, cells)| {
            cells.iter().enumerate().flat_map(move |(column, text)| xls::formula(row as u16, column as u16, text))
        });
        cells.collect::<Vec<u8>>()
    };
    let book = xls::Book {
        sheets: vec![
            ("Petunjuk", false, Vec::new()),
            ("Rahasia", true, sheet(1)),
            ("Maret", false, sheet(3)),
            ("Lain", false, sheet(5)),
        ],
        ..xls::Book::default()
    };
    let file = book.file();
    let (rows, summary) = read([file.as_slice()]).unwrap();
    assert_eq!((contacts(&rows), summary.file.sheet.as_deref()), (expected(3), Some("Maret")));
    assert_eq!(named("Lain", &file).unwrap().0.len(), 5);
    assert_eq!(named("Mei", &file).unwrap_err().code, "sheet_unknown");
}

#[test]
fn titles_gaps_totals_and_hidden_rows() {
    let inside = r#"<sheetData>
        <row r="2"><c r="B2" t="inlineStr"><is><t>DAFTAR WP</t></is></c></row>
        <row r="5" hidden="1"/>
        <row r="6"><c r="B6" t="inlineStr"><is><t>NPWP</t></is></c><c t="inlineStr"><is><t>HP</t></is></c><c r="E6" t="inlineStr"><is><t>JATUH TEMPO</t></is></c></row>
        <row r="9" hidden="1"><c r="B9"><v>79001012541000</v></c><c r="C9"><v>81200000101</v></c><c r="E9" s="1"><v>46477</v></c><c r="H9" t="inlineStr"><is><t>catatan</t></is></c></row>
        <row r="10"><c r="A10" s="1"/><c r="XFD10" s="1"/></row>
        <row><c r="B11" t="inlineStr"><is><t>JUMLAH</t></is></c><c r="E11"><v>1</v></c></row>
        </sheetData><mergeCells count="1"><mergeCell ref="B2:E2"/></mergeCells>"#;
    let mut book = Book::default().sheet("a", &[]);
    book.sheets[0].2 = inside.to_owned();
    let (rows, summary) = read([book.file().as_slice()]).unwrap();
    assert_eq!(row_numbers(&rows), [9]);
    assert_eq!(accepted(&rows[0]).taxpayer_id, "0079001012541000");
    let file = summary.file;
    assert_eq!((file.header_row, file.hidden_rows, file.totals, file.beyond_header), (6, 2, 1, 1));
}

#[test]
fn cells_of_ods_are_read_by_their_values() {
    let head = HEADER.map(ods::string).concat();
    let table = format!(
        r#"<table:table table:name="a"><table:table-column table:number-columns-repeated="1024"/>
        <table:table-header-rows><table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>DAFTAR</text:p></table:table-cell><table:covered-table-cell/></table:table-row></table:table-header-rows>
        <table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
        <table:table-row>{head}</table:table-row>
        <table:table-row-group><table:table-row table:visibility="collapse">{npwp}<table:table-cell office:value-type="string"><office:annotation><text:p>ingat</text:p></office:annotation><text:p>Budi<text:s text:c="2"/><text:span>Re<text:a>kaan</text:a></text:span></text:p><text:p>II</text:p></table:table-cell><table:table-cell office:value-type="float" office:value="8.1200000101E10"><text:p>8,12E+10</text:p></table:table-cell><table:table-cell office:value-type="date" office:date-value="2027-03-31"><text:p>31 Mar</text:p></table:table-cell><table:table-cell office:value-type="currency" office:value="1250000"><text:p>Rp1.250.000</text:p></table:table-cell><table:table-cell table:number-columns-repeated="16379"/></table:table-row></table:table-row-group>
        <table:table-row table:number-rows-repeated="2">{other}</table:table-row>
        <table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>"#,
        npwp = ods::string("0079001012541000"),
        other = ["x", "", "081200000101"].map(ods::string).concat(),
    );
    let (rows, summary) = read([ods::file(&table).as_slice()]).unwrap();
    let contact = accepted(&rows[0]);
    assert_eq!((contact.name.as_str(), contact.phones[0].as_str()), ("Budi Rekaan II", "+6281200000101"));
    assert_eq!((contact.duty.due_date, contact.duty.amount), (day(2027, 3, 31), Some(1_250_000)));
    assert_eq!(row_numbers(&rows), [6, 7, 8]);
    assert_eq!((summary.file.hidden_rows, summary.file.header_row), (1, 5));
}

#[test]
fn cells_of_xls_are_read_by_their_values() {
    let header: Vec<u8> = (0..4u16).flat_map(|column| xls::shared(0, column, u32::from(column))).collect();
    let cells = [
        header,
        xls::record(0x208, &[&2u16.to_le_bytes()[..], &[0; 10], &0x20u32.to_le_bytes()].concat()),
        xls::number(2, 0, 0, 79_001_012_541_000.0),
        xls::number(2, 1, 0, 81_200_000_101.0),
        xls::number(2, 2, 1, 46_477.0),
        xls::rk(2, 3, 1_250_000),
        xls::number(3, 0, 0, 79_001_012_541_000.0),
        xls::error(3, 1, 0x2a),
    ];
    let strings = ["NPWP", "HP", "JATUH TEMPO", "JUMLAH"].map(str::to_owned).to_vec();
    let mut book = xls::Book { strings, sheets: vec![("a", false, cells.concat())], ..xls::Book::default() };
    let (rows, summary) = read([book.file().as_slice()]).unwrap();
    let contact = accepted(&rows[0]);
    assert_eq!((contact.taxpayer_id.as_str(), contact.phones[0].as_str()), ("0079001012541000", "+6281200000101"));
    assert_eq!((contact.duty.due_date, contact.duty.amount, contact.duty.row), (day(2027, 3, 31), Some(1_250_000), 3));
    assert_eq!(rejected(&rows[1]).reason, Reason::PhoneMissing);
    assert_eq!(summary.file.hidden_rows, 1);
    book.since_1904 = true;
    assert_eq!(accepted(&read([book.file().as_slice()]).unwrap().0[0]).duty.due_date, day(2031, 4, 1));
    book.first = xls::record(0x2f, &[0; 6]);
    assert_eq!(code(&book.file()), "file_encrypted");
}

#[test]
fn other_files_in_the_same_wrapping_are_refused_by_name() {
    let zip = |names: &[&str]| make::zip(names.iter().map(|name| (*name, b"<a/>".to_vec())));
    let rels =
        br#"<Relationships><Relationship Id="a" Type="x/officeDocument" Target="word/document.xml"/></Relationships>"#;
    let word = make::zip([
        ("[Content_Types].xml", b"<a/>".to_vec()),
        ("_rels/.rels", rels.to_vec()),
        ("word/_rels/document.xml.rels", b"<Relationships/>".to_vec()),
        ("word/document.xml", b"<document/>".to_vec()),
    ]);
    let locked = br#"<m><encryption-data checksum="x"/></m>"#;
    let locked =
        make::zip([("mimetype", vec![]), ("content.xml", vec![1, 2]), ("META-INF/manifest.xml", locked.to_vec())]);
    for (file, code) in [
        (zip(&["daftar.csv"]), "list_format"),
        (zip(&["[Content_Types].xml", "xl/workbook.bin", "_rels/.rels"]), "list_format"),
        (zip(&["mimetype", "content.xml"]), "list_format"),
        (word, "list_format"),
        (locked, "file_encrypted"),
        (xls::compound(&[("EncryptedPackage", vec![1])]), "file_encrypted"),
        (xls::compound(&[("WordDocument", vec![1])]), "list_format"),
        (xls::compound(&[("Book", vec![1])]), "list_format"),
        (xls::compound(&[("Workbook", vec![1])]), "file_damaged"),
        (Book::default().file(), "empty_file"),
        (Book::of(&[vec![written("a")]]).file(), "columns_missing"),
    ] {
        assert_eq!(super::code(&file), code);
    }
}
