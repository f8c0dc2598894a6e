//! ODS files.

use super::{escape, zip};

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"><office:body><office:spreadsheet>"#;
const TAIL: &str = "</office:spreadsheet></office:body></office:document-content>";

/// A file with these tables, given as XML.
pub fn file(tables: &str) -> Vec<u8> {
    file_of(format!("{HEAD}{tables}{TAIL}").into_bytes())
}

/// A file with this content.
pub fn file_of(content: Vec<u8>) -> Vec<u8> {
    zip([("mimetype", b"application/vnd.oasis.opendocument.spreadsheet".to_vec()), ("content.xml", content)])
}

/// A table of texts.
pub fn table(name: &str, rows: &[Vec<String>]) -> String {
    let cell = |text: &String| string(text);
    let rows = rows
        .iter()
        .map(|row| format!("<table:table-row>{}</table:table-row>", row.iter().map(cell).collect::<String>()));
    format!(r#"<table:table table:name="{name}"><table:table-column/>{}</table:table>"#, rows.collect::<String>())
}

/// A cell with a text.
pub fn string(text: &str) -> String {
    format!(
        r#"<table:table-cell office:value-type="string" calcext:value-type="string"><text:p>{}</text:p></table:table-cell>"#,
        escape(text)
    )
}
