//! JSON: an array of objects, one below a top member such as `rows`, or an object a line. Objects are found by their
//! braces and read one by one, so no more than one of them need be held.

mod object;

use super::{COLUMNS_MAX, File, Parser, RECORD_MAX, Record, State, refusal};
use crate::problem::Problem;
use object::Member;
use std::collections::{BTreeSet, HashMap};

/// Objects whose members together are the header: one that is empty is often left out.
const HEAD_OBJECTS: usize = 100;
/// Bytes of objects that are held until the header is known.
const HEAD_BYTES: usize = RECORD_MAX;
/// Names of late members that are told.
const LATE_MAX: usize = 20;
/// Most braces and brackets within each other.
const DEPTH_MAX: u32 = 64;
/// Members of a document under which its list is looked for.
const LISTS: [&[u8]; 10] =
    [b"rows", b"data", b"items", b"records", b"list", b"contacts", b"taxpayers", b"daftar", b"baris", b"settlements"];
/// The longest of them, and one more.
const KEY_MAX: usize = 12;

/// The push parser.
pub(super) struct Json {
    stage: Stage,
    /// The array lies in an object.
    wrapped: bool,
    lines: bool,
    line: u32,
    row: u32,
    /// Braces and brackets that are open.
    depth: u32,
    quoted: bool,
    escaped: bool,
    /// The last text directly within the document: a member's name, if a colon follows.
    key: Vec<u8>,
    object: Vec<u8>,
    head: Head,
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before anything.
    Start,
    /// In an object that is the first of many lines, or the whole document.
    Top,
    /// In the array, before an object. `first`: no object has come; else a comma has.
    Element { first: bool },
    /// In an object of the list.
    Object,
    /// In the array, behind an object.
    Comma,
    /// Between two lines.
    Lines,
    /// Behind the array, in the object that it lies in.
    Tail,
    /// Behind all.
    Over,
}

/// Records wait here until it is known what members they have.
#[derive(Default)]
struct Head {
    waiting: Vec<(u32, Vec<Member>)>,
    bytes: usize,
    names: Vec<String>,
    columns: HashMap<String, usize>,
    known: bool,
    late: BTreeSet<String>,
}

impl Json {
    pub fn new() -> Self {
        Json {
            stage: Stage::Start,
            wrapped: false,
            lines: false,
            line: 1,
            row: 0,
            depth: 0,
            quoted: false,
            escaped: false,
            key: Vec::new(),
            object: Vec::new(),
            head: Head::default(),
            ended: false,
        }
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<Record>) -> Result<(), Problem> {
        if byte == b'\n' {
            self.line = self.line.saturating_add(1);
        }
        match self.stage {
            Stage::Top | Stage::Object => return self.within(byte, out),
            Stage::Tail => return self.tail(byte),
            _ if byte.is_ascii_whitespace() => return Ok(()),
            _ => {}
        }
        self.stage = match (self.stage, byte) {
            (Stage::Start, b'[') => Stage::Element { first: true },
            (Stage::Start, b'{') => self.begin(Stage::Top),
            (Stage::Lines, b'{') => self.begin(Stage::Object),
            (Stage::Element { .. }, b'{') => self.begin(Stage::Object),
            (Stage::Element { first: true } | Stage::Comma, b']') if self.wrapped => {
                self.depth = 1;
                Stage::Tail
            }
            (Stage::Element { first: true } | Stage::Comma, b']') => Stage::Over,
            (Stage::Comma, b',') => Stage::Element { first: false },
            (Stage::Over, _) => return Err(self.invalid("something follows its end")),
            (Stage::Comma, _) => {
                return Err(
                    self.invalid("a comma is missing behind an object, or the list goes on with something else")
                );
            }
            _ => return Err(self.invalid("an object was expected")),
        };
        Ok(())
    }

    fn begin(&mut self, stage: Stage) -> Stage {
        // Of lines, the number of the line; else, of the object.
        self.row = if self.lines { self.line } else { self.row.saturating_add(1) };
        self.object.clear();
        self.object.push(b'{');
        self.depth = 1;
        stage
    }

    /// A byte of an object.
    fn within(&mut self, byte: u8, out: &mut Vec<Record>) -> Result<(), Problem> {
        if self.object.len() >= RECORD_MAX {
            return Err(refusal::record_too_long(self.row));
        }
        self.object.push(byte);
        self.nest(byte)?;
        if self.quoted {
            return Ok(());
        }
        if self.stage == Stage::Top && byte == b'[' && self.depth == 2 && self.is_list() {
            self.wrapped = true;
            self.row = 0;
            self.stage = Stage::Element { first: true };
        } else if self.depth == 0 {
            let row = self.row;
            if self.stage == Stage::Top {
                self.lines = true;
                self.stage = Stage::Lines;
            } else {
                self.stage = if self.lines { Stage::Lines } else { Stage::Comma };
            }
            let bytes = self.object.len();
            let members = object::members(&self.object, row)?;
            self.head.add(row, members, bytes, out)?;
        }
        Ok(())
    }

    /// A byte behind the list, in the document that it lies in.
    fn tail(&mut self, byte: u8) -> Result<(), Problem> {
        self.nest(byte)?;
        if !self.quoted && byte == b'[' && self.depth == 2 && self.is_list() {
            return Err(self.invalid("it has two lists"));
        }
        if self.depth == 0 {
            self.stage = Stage::Over;
        }
        Ok(())
    }

    /// Keeps count of quotation marks, braces and brackets.
    fn nest(&mut self, byte: u8) -> Result<(), Problem> {
        if self.quoted {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.quoted = false;
                    return Ok(());
                }
                _ => {}
            }
            if self.depth == 1 && self.key.len() < KEY_MAX {
                self.key.push(byte);
            }
            return Ok(());
        }
        match byte {
            b'"' => {
                self.quoted = true;
                if self.depth == 1 {
                    self.key.clear();
                }
            }
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > DEPTH_MAX {
            return Err(refusal::hostile("Braces and brackets of the JSON document are nested too deep."));
        }
        Ok(())
    }

    fn is_list(&self) -> bool {
        LISTS.contains(&self.key.as_slice())
    }

    fn invalid(&self, what: &str) -> Problem {
        object::invalid(self.line, what)
    }
}

impl Parser for Json {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Record>) -> Result<(), Problem> {
        bytes.iter().try_for_each(|byte| self.byte(*byte, out))
    }

    fn end(&mut self, out: &mut Vec<Record>) -> Result<(), Problem> {
        self.ended = true;
        match self.stage {
            Stage::Start | Stage::Over | Stage::Lines => {
                self.head.end(out);
                Ok(())
            }
            _ => Err(refusal::damaged("The JSON document is cut off: its end is missing.")),
        }
    }

    fn step(&mut self, _: &mut Vec<Record>) -> Result<State, Problem> {
        Ok(if self.ended { State::Over } else { State::Waits })
    }

    fn describe(&self, file: &mut File) {
        file.kind = if self.lines { "json_lines" } else { "json" }.to_owned();
        file.late_members = self.head.late.iter().cloned().collect();
    }
}

impl Head {
    fn add(&mut self, row: u32, members: Vec<Member>, bytes: usize, out: &mut Vec<Record>) -> Result<(), Problem> {
        if self.known {
            self.emit(row, members, out);
            return Ok(());
        }
        for (name, _) in &members {
            if !self.columns.contains_key(name) {
                self.columns.insert(name.clone(), self.names.len());
                self.names.push(name.clone());
            }
        }
        if self.names.len() > COLUMNS_MAX {
            return Err(refusal::too_many_columns(row));
        }
        self.waiting.push((row, members));
        self.bytes += bytes;
        if self.waiting.len() >= HEAD_OBJECTS || self.bytes >= HEAD_BYTES {
            self.end(out);
        }
        Ok(())
    }

    /// The members are known now.
    fn end(&mut self, out: &mut Vec<Record>) {
        if std::mem::replace(&mut self.known, true) || self.names.is_empty() {
            return;
        }
        out.push(Record { row: 0, cells: self.names.clone() });
        for (row, members) in std::mem::take(&mut self.waiting) {
            self.emit(row, members, out);
        }
    }

    fn emit(&mut self, row: u32, members: Vec<Member>, out: &mut Vec<Record>) {
        let mut cells = vec![String::new(); self.names.len()];
        for (name, value) in members {
            match self.columns.get(&name).and_then(|column| cells.get_mut(*column)) {
                Some(cell) => *cell = value,
                None if value.is_empty() || self.late.len() >= LATE_MAX => {}
                None => drop(self.late.insert(name.chars().take(80).collect())),
            }
        }
        if cells.iter().any(|cell| !cell.trim().is_empty()) {
            out.push(Record { row, cells });
        }
    }
}
