//! A list as a whole: the sample row by row, bytes in any pieces, files that are no lists, and noise.

mod again;
mod bytes;
mod json;
#[path = "../make/mod.rs"]
mod make;
mod packed;
mod random;
mod rows;
mod sample;
mod sheets;
mod text;

use dering::contact::{Contact, Matter};
use dering::list::{Format, Reader, Rejection, Row, Rules, Summary};
use dering::problem::Problem;
use jiff::civil::date;

const SAMPLE: &[u8] = include_bytes!("../lists/contoh.csv");
fn rules() -> Rules {
    Rules {
        as_of: date(2027, 3, 1),
        matter: Matter::NotFiled,
        own_numbers: vec!["+622129881500".to_owned()],
        ..Rules::default()
    }
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Vec<Row>, Summary), Problem> {
    read_as(Format::default(), pieces)
}

fn read_as<'a>(format: Format, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Vec<Row>, Summary), Problem> {
    let mut reader = Reader::with_format(rules(), format);
    let mut rows = Vec::new();
    for piece in pieces {
        reader.push(piece, &mut rows)?;
    }
    let summary = reader.finish(&mut rows)?;
    // The books balance, whatever was read.
    let accepted = rows.iter().filter(|row| matches!(row, Row::Accepted { .. })).count();
    assert_eq!(summary.rows as usize, rows.len());
    assert_eq!(summary.accepted as usize, accepted);
    assert_eq!(summary.rows, summary.accepted + summary.rejected);
    Ok((rows, summary))
}

fn text(list: &str) -> (Vec<Row>, Summary) {
    read([list.as_bytes()]).unwrap()
}

fn accepted(row: &Row) -> &Contact {
    match row {
        Row::Accepted { contact, .. } => contact,
        Row::Rejected(rejection) => panic!("rejected: {rejection:?}"),
    }
}

fn rejected(row: &Row) -> &Rejection {
    match row {
        Row::Rejected(rejection) => rejection,
        Row::Accepted { contact, .. } => panic!("accepted: {contact:?}"),
    }
}

fn code(bytes: &[u8]) -> String {
    read([bytes]).unwrap_err().code.into_owned()
}

/// Taxpayer number, name, phones, due date, amount.
type Said = (String, String, Vec<String>, String, Option<u64>);

/// What all rows say, without the row of the file.
fn contacts(rows: &[Row]) -> Vec<Said> {
    let say = |row: &Row| {
        let c = accepted(row);
        (c.taxpayer_id.clone(), c.name.clone(), c.phones.clone(), c.duty.due_date.to_string(), c.duty.amount)
    };
    rows.iter().map(say).collect()
}

/// What the rows of [`make::rows`] say.
fn expected(count: usize) -> Vec<Said> {
    let say = |(n, row): (usize, Vec<String>)| {
        let phone = format!("+62{}", &row[2][1..]);
        (row[0].clone(), row[1].clone(), vec![phone], "2027-03-31".to_owned(), Some(n as u64 * 1000))
    };
    make::rows(count).into_iter().enumerate().map(say).collect()
}

fn row_numbers(rows: &[Row]) -> Vec<u32> {
    let number = |row: &Row| match row {
        Row::Accepted { contact, .. } => contact.duty.row,
        Row::Rejected(rejection) => rejection.row,
    };
    rows.iter().map(number).collect()
}

/// Small numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }
}
