//! Rows with known columns: from JSON, or from whatever else a list can come in (delimited text, spreadsheets, packed).
//!
//! JSON is read here object by object, not as lists are: there what no object had at the beginning is passed over, and a
//! feed's first `reversed` may come late.

use super::super::columns::{Field, meaning};
use super::super::format::{Format, Record, Records};
use super::super::total::is_total;
use super::super::{Reason, text};
use super::json::Objects;
use super::tally::{Bad, Refused, Why};
use crate::problem::Problem;
use serde_json::{Map, Value};
use std::rc::Rc;

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Rows below a header.
    Table(Format),
    /// An array of objects, one object a line, or an object with an array.
    Json,
}

impl Kind {
    /// Delimited text.
    pub fn csv() -> Self {
        Kind::Table(Format::default())
    }

    /// By what the request says of the file. What is not said to be JSON must be a table; which kind, its bytes tell.
    ///
    /// # Errors
    /// 415 for JSON that is packed.
    pub fn of(format: Format) -> Result<Self, Problem> {
        let kind = format.content_type.as_deref().unwrap_or_default().split(';').next().unwrap_or_default();
        let json = ["application/json", "application/jsonl", "application/x-ndjson", "application/x-jsonlines"];
        if !json.contains(&kind.trim().to_ascii_lowercase().as_str()) {
            return Ok(Kind::Table(format));
        }
        match format.content_encoding.as_deref() {
            None | Some("identity") => Ok(Kind::Json),
            Some(_) => {
                Err(not_taken("JSON is not taken packed", "Send the JSON without Content-Encoding, or CSV with it."))
            }
        }
    }
}

fn not_taken(detail: &str, hint: &'static str) -> Problem {
    Problem::new(415, "feed_format", "This kind of file is not taken", detail, hint)
}

/// A column that a feed knows.
pub(super) struct Column {
    /// The word used in JSON.
    pub name: &'static str,
    /// Other names, as [`text::key`] makes them.
    pub names: &'static [&'static str],
    /// The column of lists whose names it has, too.
    pub like: Option<Field>,
    /// A row may end before it: spreadsheets leave out empty last cells.
    pub cut: bool,
}

/// What a feed looks like.
pub(super) struct Shape {
    pub columns: &'static [Column],
    /// Of these columns there must be one at least.
    pub any_of: &'static [usize],
    /// The member of a JSON document that holds the rows.
    pub wrapper: &'static str,
    /// What the first row of a file should be.
    pub example: &'static str,
}

/// A row: the cells of the columns that are known, by their place in the shape.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub row: u32,
    cells: Vec<String>,
    titles: Rc<[String]>,
}

impl Line {
    /// The cell of a column; empty if there is none.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    pub fn is_blank(&self, column: usize) -> bool {
        text::is_blank(self.cell(column))
    }

    pub fn refused(&self, bad: Bad) -> Refused {
        let title = bad.field.and_then(|f| self.titles.get(f)).map_or("", String::as_str);
        Refused::new(self.row, bad.why, title, bad.field.map_or("", |f| self.cell(f)))
    }
}

/// The rows of a file, pushed in pieces.
pub(super) struct Table {
    shape: &'static Shape,
    input: Input,
}

enum Input {
    Table(Box<Sheet>),
    Json { objects: Objects, row: u32, titles: Rc<[String]> },
}

struct Sheet {
    /// `Err`: what is said of the format is not known.
    records: Result<Records, Problem>,
    parsed: Vec<Record>,
    header: Option<Header>,
    totals: u32,
}

/// Which columns of the file serve, in the order of the shape.
struct Header {
    columns: Vec<Vec<usize>>,
    width: usize,
    shortest: usize,
    /// Columns that name the row's subject.
    subjects: Vec<usize>,
    /// Of delimited text. Elsewhere each cell says in which column it stands.
    delimiter: Option<char>,
    titles: Rc<[String]>,
}

impl Table {
    pub fn new(kind: Kind, shape: &'static Shape) -> Self {
        let input = match kind {
            Kind::Table(format) => {
                let is_header = move |cells: &[String]| Header::of(cells, shape).map(drop);
                let records = Records::new(format, Box::new(is_header));
                Input::Table(Box::new(Sheet { records, parsed: Vec::new(), header: None, totals: 0 }))
            }
            Kind::Json => Input::Json {
                objects: Objects::new(shape.wrapper),
                row: 0,
                titles: shape.columns.iter().map(|c| c.name.to_owned()).collect(),
            },
        };
        Table { shape, input }
    }

    /// Takes the next bytes; rows that are whole are added to `out`, also before a problem is answered. What is left of
    /// them, [`Table::step`] reads.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<Result<Line, Refused>>) -> Result<(), Problem> {
        let shape = self.shape;
        match &mut self.input {
            Input::Table(sheet) => sheet.advance(shape, out, |records, parsed| records.push(chunk, parsed)),
            Input::Json { objects, row, titles } => {
                let mut found = Vec::new();
                let read = objects.push(chunk, &mut found);
                for object in found {
                    *row = row.saturating_add(1);
                    out.push(member_cells(&object, *row, shape, titles));
                }
                read
            }
        }
    }

    /// No more bytes will come.
    pub fn end(&mut self, out: &mut Vec<Result<Line, Refused>>) -> Result<(), Problem> {
        match &mut self.input {
            Input::Table(sheet) => sheet.advance(self.shape, out, Records::end),
            Input::Json { objects, .. } => objects.finish(),
        }
    }

    /// Lines of totals that were passed over: they name nobody, and are no rows.
    pub fn totals(&self) -> u32 {
        match &self.input {
            Input::Table(sheet) => sheet.totals,
            Input::Json { .. } => 0,
        }
    }

    /// Goes on with what it has, a part at a time: however much a file unpacks to, `out` gets a bounded number of rows. False
    /// if nothing is left to do.
    pub fn step(&mut self, out: &mut Vec<Result<Line, Refused>>) -> Result<bool, Problem> {
        match &mut self.input {
            Input::Table(sheet) => sheet.advance(self.shape, out, Records::step),
            Input::Json { .. } => Ok(false),
        }
    }
}

impl Sheet {
    fn advance<T>(
        &mut self,
        shape: &'static Shape,
        out: &mut Vec<Result<Line, Refused>>,
        parse: impl FnOnce(&mut Records, &mut Vec<Record>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let records = self.records.as_mut().map_err(|problem| problem.clone())?;
        let read = parse(records, &mut self.parsed);
        for record in self.parsed.drain(..) {
            match &self.header {
                Some(header) if is_total(&record.cells, |at| header.subjects.contains(&at)) => {
                    self.totals = self.totals.saturating_add(1);
                }
                Some(header) => out.push(header.line(record, shape)),
                None => {
                    let file = records.file();
                    if file.kind.starts_with("json") {
                        return Err(not_taken(
                            "The file is JSON, and is not said to be",
                            "Send it with the header Content-Type: application/json.",
                        ));
                    }
                    self.header = Some(Header { delimiter: file.delimiter, ..Header::of(&record.cells, shape)? });
                }
            }
        }
        read
    }
}

impl Header {
    fn of(cells: &[String], shape: &Shape) -> Result<Self, Problem> {
        let mut found: Vec<Vec<(usize, usize)>> = shape.columns.iter().map(|_| Vec::new()).collect();
        for (at, cell) in cells.iter().enumerate() {
            if let Some((column, rank)) = shape.column(&text::key(cell))
                && let Some(places) = found.get_mut(column)
            {
                places.push((rank, at));
            }
        }
        let columns: Vec<Vec<usize>> = found
            .into_iter()
            .map(|mut places| {
                places.sort_unstable();
                places.into_iter().map(|(_, at)| at).collect()
            })
            .collect();
        if shape.any_of.iter().all(|column| columns.get(*column).is_none_or(Vec::is_empty)) {
            let names: Vec<&str> = shape.any_of.iter().filter_map(|c| Some(shape.columns.get(*c)?.name)).collect();
            return Err(Problem::new(
                422,
                "columns_missing",
                "The header line was not understood",
                // The header is not quoted: where it is missing, the first line is somebody's row.
                format!("No column was recognised for: {}.", names.join(", or ")),
                format!("The first row must name the columns, for example {}.", shape.example),
            )
            .at("row 1"));
        }
        let title = |places: &Vec<usize>| places.first().and_then(|at| cells.get(*at)).map(|c| text::words(c));
        let needed = shape.columns.iter().zip(&columns).filter(|(column, _)| !column.cut).flat_map(|(_, at)| at);
        Ok(Header {
            width: cells.len(),
            delimiter: None,
            subjects: shape.any_of.iter().filter_map(|c| columns.get(*c)).flatten().copied().collect(),
            shortest: needed.map(|at| at + 1).max().unwrap_or(0),
            titles: columns.iter().map(|places| title(places).unwrap_or_default()).collect(),
            columns,
        })
    }

    fn line(&self, record: Record, shape: &Shape) -> Result<Line, Refused> {
        let Record { row, cells } = record;
        if let Some(delimiter) = self.delimiter {
            let per_row = self.width.saturating_sub(1);
            // A quotation mark was not closed, and the rows behind it would be lost without a word.
            let swallowed = |cell: &String| {
                per_row > 0 && cell.contains(['\n', '\r']) && cell.matches(delimiter).count() >= per_row
            };
            if !(self.shortest..=self.width).contains(&cells.len()) || cells.iter().any(swallowed) {
                return Err(Refused::new(row, Why::List(Reason::Columns), "", ""));
            }
        }
        let value = |(column, places): (&Column, &Vec<usize>)| {
            let mut filled = places.iter().filter_map(|at| cells.get(*at)).filter(|cell| !text::is_blank(cell));
            match column.like {
                Some(Field::Phone) => filled.map(String::as_str).collect::<Vec<_>>().join(" / "),
                _ => filled.next().cloned().unwrap_or_default(),
            }
        };
        let cells = shape.columns.iter().zip(&self.columns).map(value).collect();
        Ok(Line { row, cells, titles: Rc::clone(&self.titles) })
    }
}

impl Shape {
    /// The column that a header names, and how good a name it is.
    fn column(&self, key: &str) -> Option<(usize, usize)> {
        let own = self.columns.iter().enumerate().find_map(|(i, column)| {
            let names = std::iter::once(column.name).chain(column.names.iter().copied());
            let rank = names.enumerate().find(|(_, name)| text::key(name) == key)?.0;
            Some((i, rank))
        });
        own.or_else(|| {
            let (field, rank) = meaning(key)?;
            let i = self.columns.iter().position(|column| column.like == Some(field))?;
            Some((i, rank.saturating_add(100)))
        })
    }
}

/// The cells of an object. A member that is not known refuses the row: it may have been meant to say that it is not so.
fn member_cells(object: &[u8], row: u32, shape: &Shape, titles: &Rc<[String]>) -> Result<Line, Refused> {
    let refused = || Refused::new(row, Why::List(Reason::Columns), "", "");
    let members: Map<String, Value> = serde_json::from_slice(object).map_err(|_| refused())?;
    let mut cells = vec![String::new(); shape.columns.len()];
    for (name, value) in members {
        let column = shape.column(&text::key(&name)).map(|(column, _)| column);
        let Some(cell) = column.and_then(|column| cells.get_mut(column)) else {
            return Err(Refused::new(row, Why::List(Reason::Columns), &name.chars().take(40).collect::<String>(), ""));
        };
        *cell = match value {
            Value::Null => String::new(),
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(is) => is.to_string(),
            Value::Array(_) | Value::Object(_) => return Err(refused()),
        };
    }
    if cells.iter().all(|cell| text::is_blank(cell)) {
        return Err(refused());
    }
    Ok(Line { row, cells, titles: Rc::clone(titles) })
}
