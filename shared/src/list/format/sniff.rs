//! What kind of file this is: by its first bytes, whatever it is called.

use super::csv::{self, Csv};
use super::json::Json;
use super::packed::{Packed, Packing};
use super::utf16::Utf16;
use super::workbook::Workbook;
use super::{Content, File, Format, Parser, Record, State, refusal, xls};
use crate::problem::Problem;
use encoding_rs::{UTF_16BE, UTF_16LE};

/// White space that may stand before the first byte that tells something.
const BLANK_MAX: usize = 4 * 1024;
/// How often a file may be packed: a `.csv.gz` that is sent with a `Content-Encoding`.
const PACKED_MAX: u32 = 2;

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// The parser of an upload.
pub(super) fn parser(format: Format) -> Result<Box<dyn Parser>, Problem> {
    let delimiter = format.delimiter.as_deref().map(csv::delimiter).transpose()?;
    let encoding = format.content_encoding.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
    let hints = Hints {
        content_type: format.content_type.unwrap_or_default().trim().to_ascii_lowercase(),
        delimiter,
        sheet: format.sheet,
        packed: 0,
        text: false,
    };
    let packing = match encoding.as_str() {
        "" | "identity" => return Ok(Box::new(Sniff::new(hints))),
        "gzip" | "x-gzip" => Packing::Gzip,
        "zstd" => Packing::Zstd,
        other => {
            return Err(Problem::new(
                415,
                "content_encoding",
                "This encoding of the body is not taken",
                format!("the content encoding is {}", other.escape_default()),
                "Send the file with Content-Encoding: gzip or zstd, or without.",
            ));
        }
    };
    Ok(Box::new(hints.unpack(packing)))
}

/// What is known of a file before its bytes.
#[derive(Clone)]
struct Hints {
    content_type: String,
    delimiter: Option<u8>,
    sheet: Option<String>,
    packed: u32,
    /// It was text in UTF-16 already.
    text: bool,
}

impl Hints {
    fn unpack(&self, packing: Packing) -> Packed {
        let inner = Hints { packed: self.packed + 1, ..self.clone() };
        Packed::new(packing, Box::new(Sniff::new(inner)))
    }

    fn says(&self, kinds: &[&str]) -> bool {
        kinds.iter().any(|kind| self.content_type.starts_with(kind))
    }
}

/// Keeps the first bytes until they tell what follows.
struct Sniff {
    hints: Hints,
    head: Vec<u8>,
    inner: Option<Box<dyn Parser>>,
    /// Told of all bytes, unless it is a packed file: then of those inside.
    content: Option<Content>,
}

impl Sniff {
    fn new(hints: Hints) -> Self {
        Sniff { hints, head: Vec::new(), inner: None, content: None }
    }

    /// The parser for a file that begins so; `None` if more of it must be seen.
    fn look(&self, ended: bool) -> Result<Option<Box<dyn Parser>>, Problem> {
        let head = self.head.as_slice();
        if head.len() < OLE.len() && !ended {
            return Ok(None);
        }
        let is = |magic: &[u8]| head.starts_with(magic);
        if let Some(packing) = packing(head) {
            if self.hints.packed >= PACKED_MAX {
                return Err(refusal::hostile(format!("It is packed more than {PACKED_MAX} times over.")));
            }
            return Ok(Some(Box::new(self.hints.unpack(packing))));
        }
        if is(b"PK\x03\x04") || is(b"PK\x05\x06") {
            return Ok(Some(Box::new(Workbook::zipped(self.hints.sheet.clone()))));
        }
        if is(OLE) {
            return Ok(Some(Box::new(Workbook::new(self.hints.sheet.clone(), xls::open))));
        }
        let utf16 = match head {
            _ if self.hints.text => None,
            [0xff, 0xfe, 0, 0, ..] => None, // UTF-32, which nobody writes
            [0xff, 0xfe, ..] => Some(UTF_16LE),
            [0xfe, 0xff, ..] => Some(UTF_16BE),
            [a, 0, b, 0, ..] if *a != 0 && *b != 0 => Some(UTF_16LE),
            [0, a, 0, b, ..] if *a != 0 && *b != 0 => Some(UTF_16BE),
            _ => None,
        };
        if let Some(encoding) = utf16 {
            let inner = Hints { text: true, ..self.hints.clone() };
            return Ok(Some(Box::new(Utf16::new(encoding, Box::new(Sniff::new(inner))))));
        }
        if let Some(other) = no_list(head) {
            return Err(refusal::kind(other));
        }
        self.text(ended)
    }

    fn text(&self, ended: bool) -> Result<Option<Box<dyn Parser>>, Problem> {
        let text = self.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.head).trim_ascii_start();
        let whole = ended || self.head.len() >= BLANK_MAX;
        let (first, rest) = match text.split_first() {
            Some((first, rest)) => (*first, rest.trim_ascii_start()),
            None if whole => (b' ', text),
            None => return Ok(None),
        };
        let csv = || -> Box<dyn Parser> { Box::new(Csv::new(self.hints.delimiter)) };
        let json = self.hints.says(&["application/json", "application/x-ndjson", "application/jsonl", "text/json"]);
        match (first, rest.first()) {
            (b'[' | b'{', None) if !whole => return Ok(None),
            (b'[', Some(b'{' | b']')) | (b'{', Some(b'"' | b'}')) => return Ok(Some(Box::new(Json::new()))),
            _ if json => return Ok(Some(Box::new(Json::new()))),
            (b'<', _) => {
                return Err(refusal::kind("The file is a web page or XML, though it may be called a spreadsheet."));
            }
            _ => {}
        }
        // Bytes that could be anything: then it counts what they are said to be.
        let listed = self.hints.content_type.is_empty()
            || self.hints.says(&[
                "text/",
                "application/csv",
                "application/vnd.ms-excel",
                "application/vnd.openxmlformats",
                "application/vnd.oasis",
                "application/octet-stream",
                "application/gzip",
                "application/x-gzip",
                "application/zstd",
                "application/x-www-form-urlencoded",
            ]);
        if !listed {
            let kind = self.hints.content_type.chars().take(80).collect::<String>();
            return Err(refusal::kind(format!("the content type is {}", kind.escape_default())));
        }
        Ok(Some(csv()))
    }

    fn start(&mut self, ended: bool, out: &mut Vec<Record>) -> Result<(), Problem> {
        let Some(mut inner) = self.look(ended)? else { return Ok(()) };
        let head = std::mem::take(&mut self.head);
        match packing(&head) {
            Some(_) => self.content.take().into_iter().for_each(|content| inner.listen(content)),
            None => self.content.iter().for_each(|content| content.write(&head)),
        }
        // Parsers of text need not know of the byte order mark.
        let pushed = inner.push(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head), out);
        self.inner = Some(inner);
        pushed
    }
}

impl Parser for Sniff {
    fn push(&mut self, mut bytes: &[u8], out: &mut Vec<Record>) -> Result<(), Problem> {
        while self.inner.is_none() && !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLANK_MAX));
            self.head.extend_from_slice(now);
            bytes = later;
            self.start(false, out)?;
        }
        match &mut self.inner {
            Some(inner) if !bytes.is_empty() => {
                self.content.iter().for_each(|content| content.write(bytes));
                inner.push(bytes, out)
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, out: &mut Vec<Record>) -> Result<(), Problem> {
        if self.inner.is_none() {
            self.start(true, out)?;
        }
        match &mut self.inner {
            Some(inner) => inner.end(out),
            None => Err(refusal::empty()),
        }
    }

    fn step(&mut self, out: &mut Vec<Record>) -> Result<State, Problem> {
        match &mut self.inner {
            Some(inner) => inner.step(out),
            None => Ok(State::Waits),
        }
    }

    fn listen(&mut self, content: Content) {
        self.content = Some(content);
    }

    fn next_table(&mut self) -> Result<bool, Problem> {
        self.inner.as_mut().map_or(Ok(false), |inner| inner.next_table())
    }

    fn describe(&self, file: &mut File) {
        if let Some(inner) = &self.inner {
            inner.describe(file);
        }
    }
}

/// What a file that begins so is packed with.
fn packing(head: &[u8]) -> Option<Packing> {
    match head {
        _ if head.starts_with(GZIP) => Some(Packing::Gzip),
        _ if head.starts_with(ZSTD) => Some(Packing::Zstd),
        _ => None,
    }
}

/// Kinds of files that come in place of a list.
fn no_list(head: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 8] = [
        (b"%PDF", "The file is a PDF document."),
        (b"\x89PNG", "The file is a picture."),
        (b"\xff\xd8\xff", "The file is a picture."),
        (b"Rar!", "The file is a RAR archive: unpack it first."),
        (b"7z\xbc\xaf", "The file is a 7z archive: unpack it first."),
        (b"BZh", "The file is packed with bzip2: use gzip or zstd, or unpack it first."),
        (b"\xfd7zXZ", "The file is packed with xz: use gzip or zstd, or unpack it first."),
        (b"SQLite format 3", "The file is a database."),
    ];
    kinds.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what)
}
