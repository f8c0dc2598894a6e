//! The XML in spreadsheets, event by event, within bounds. No document type, no entities of its own: there is nothing
//! to expand and nothing to fetch.

use super::zip::{Source, Zip};
use super::{FIELD_MAX, refusal};
use crate::problem::Problem;
use quick_xml::Reader;
use quick_xml::events::{BytesEnd, BytesStart, Event};
use std::borrow::Cow;
use std::io::BufRead;

/// A tag, or the text between two tags.
const PIECE_MAX: usize = 2 * FIELD_MAX;
/// Most elements within each other; spreadsheets have about ten.
const DEPTH_MAX: u32 = 64;

/// A part of a spreadsheet being read.
pub(super) struct Xml {
    reader: Reader<Source>,
    buffer: Vec<u8>,
    depth: u32,
}

/// What is read. An empty element is a start and an end.
pub(super) enum Piece<'a> {
    Start(BytesStart<'a>),
    End(BytesEnd<'a>),
    /// Text; what is escaped comes in pieces of its own.
    Text(Cow<'a, str>),
    /// A character that was escaped.
    Char(char),
    /// Comments and the like.
    Nothing,
    Over,
}

impl Xml {
    /// Opens a part of a ZIP file.
    pub fn open(zip: Zip, part: &str, once: bool) -> Result<Self, Problem> {
        let mut source = zip.read(part, once)?;
        let first = source.fill_buf().map(|bytes| bytes.get(..2).map(<[u8]>::to_vec));
        let Ok(first) = first else { return Err(source.problem().unwrap_or_else(broken)) };
        if let Some([0xfe | 0xff, _] | [0, _] | [_, 0]) = first.as_deref() {
            return Err(refusal::hostile("The spreadsheet's XML is not in UTF-8."));
        }
        let mut reader = Reader::from_reader(source);
        reader.config_mut().expand_empty_elements = true;
        Ok(Xml { reader, buffer: Vec::new(), depth: 0 })
    }

    /// The ZIP file again.
    pub fn into_zip(self) -> Zip {
        self.reader.into_inner().into_zip()
    }

    /// What comes next.
    pub fn next(&mut self) -> Result<Piece<'_>, Problem> {
        self.buffer.clear();
        self.reader.get_mut().allow(PIECE_MAX);
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            // Asked of the reader again, for the event might have borrowed it.
            Err(_) => return Err(self.reader.get_mut().problem().unwrap_or_else(broken)),
        };
        Ok(match event {
            Event::Start(tag) | Event::Empty(tag) => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(refusal::hostile("Elements of the spreadsheet's XML are nested too deep."));
                }
                Piece::Start(tag)
            }
            Event::End(tag) => {
                self.depth = self.depth.saturating_sub(1);
                Piece::End(tag)
            }
            Event::Text(text) => Piece::Text(text.into_inner()),
            Event::CData(text) => Piece::Text(text.into_inner()),
            Event::GeneralRef(name) => Piece::Char(character(&name)?),
            Event::DocType(_) => {
                return Err(refusal::hostile(
                    "The spreadsheet's XML has a document type: no spreadsheet program writes one.",
                ));
            }
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().map(|encoding| encoding.unwrap_or_default().into_owned());
                match encoding.map(|encoding| encoding.to_ascii_lowercase()).as_deref() {
                    None | Some("utf-8" | "utf8" | "us-ascii" | "ascii") => Piece::Nothing,
                    Some(_) => return Err(refusal::hostile("The spreadsheet's XML is not in UTF-8.")),
                }
            }
            Event::Comment(_) | Event::PI(_) => Piece::Nothing,
            Event::Eof if self.depth > 0 => return Err(refusal::damaged("The spreadsheet's XML is cut off.")),
            Event::Eof => Piece::Over,
        })
    }

    /// Passes over the element whose start was read.
    pub fn skip(&mut self) -> Result<(), Problem> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            if let Piece::Over = self.next()? {
                return Err(broken());
            }
        }
        Ok(())
    }
}

/// An attribute's value. `name` with its prefix, if it has one.
pub(super) fn attribute(tag: &BytesStart, name: &str) -> Option<String> {
    let found = tag.attributes().with_checks(false).flatten().find(|attribute| attribute.key.as_ref() == name)?;
    found.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
}

/// Names and values of a tag's attributes, as they stand there: for numbers and names, in which nothing is escaped.
pub(super) fn plain_attributes<'a>(tag: &'a BytesStart) -> impl Iterator<Item = (&'a str, &'a str)> {
    let mut rest = tag.attributes_raw();
    std::iter::from_fn(move || {
        let (name, behind) = rest.split_once('=')?;
        let behind = behind.trim_ascii_start();
        let quote = behind.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, behind) = behind.get(1..)?.split_once(quote)?;
        rest = behind;
        Some((name.trim_ascii(), value))
    })
}

fn character(name: &quick_xml::events::BytesRef) -> Result<char, Problem> {
    if let Ok(Some(c)) = name.resolve_char_ref() {
        return Ok(c);
    }
    match name.as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(refusal::hostile("The spreadsheet's XML has entities of its own: no spreadsheet program writes any.")),
    }
}

fn broken() -> Problem {
    refusal::damaged("The spreadsheet's XML is broken.")
}
