//! Text without end.

use super::{Bomb, bomb, endless};

const HEADER: &[u8] = b"NPWP;NAMA;HP;JATUH TEMPO\n";

pub fn bombs(found: &mut dyn FnMut(Bomb)) {
    let many = |piece: &str, count: usize| piece.repeat(count).into_bytes();
    found(endless("a cell of 1 GB", &["cell_too_long"], HEADER, many("7", 64 << 10)));
    found(endless("a quotation of 1 GB", &["cell_too_long"], b"NPWP;NAMA;HP;JATUH TEMPO\n\"", many("a;b\n", 16 << 10)));
    found(endless("a million columns", &["too_many_columns"], HEADER, many(";", 64 << 10)));
    found(endless("a row of 1 GB", &["row_too_long"], HEADER, many(&("7".repeat(1023) + ";"), 64)));
    found(endless("a first line of 1 GB", &["row_too_long", "cell_too_long"], b"", many("N", 64 << 10)));
    found(endless(
        "blanks of 1 GB, and no list",
        &["row_too_long", "cell_too_long", "columns_missing", "empty_file"],
        b"",
        many(" ", 64 << 10),
    ));
    found(endless("titles of 1 GB", &["columns_missing"], b"", many("DAFTAR\n", 9 << 10)));
    let utf16: Vec<u8> = "7".repeat(32 << 10).encode_utf16().flat_map(u16::to_le_bytes).collect();
    found(endless("a cell of 1 GB in UTF-16", &["row_too_long", "cell_too_long"], b"\xff\xfe", utf16));

    found(endless("a JSON object of 1 GB", &["row_too_long"], b"[{\"npwp\": \"", many("7", 64 << 10)));
    found(endless("JSON arrays within each other", &["file_hostile"], b"[{\"a\": ", many("[", 64 << 10)));
    found(endless(
        "JSON with a million members",
        &["row_too_long", "invalid_json"],
        b"[{\"a\": 1",
        many(",\"b\": 1", 9 << 10),
    ));
    let members: String = (0..3_000).map(|n| format!("{{\"a{n}\": 1, \"b{n}\": 2}}\n")).collect();
    found(bomb("JSON lines, each with other members", &["columns_missing", "too_many_columns"], members.into_bytes()));
    let members: String = (0..600).map(|n| format!("\"a{n}\": 1")).collect::<Vec<_>>().join(",");
    found(bomb(
        "a JSON object of 600 members",
        &["too_many_columns", "invalid_json"],
        format!("[{{{members}}}]").into_bytes(),
    ));
    found(endless(
        "a JSON document with 1 GB in front of the list",
        &["row_too_long"],
        b"{\"a\": \"",
        many("x", 64 << 10),
    ));
}
