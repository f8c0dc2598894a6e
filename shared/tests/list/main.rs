//! A list as a whole: the sample row by row, bytes in any pieces, files that are no lists, and noise.

mod again;
mod bytes;
mod rows;
mod sample;

use dering::contact::{Contact, Matter};
use dering::list::{Reader, Rejection, Row, Rules, Summary};
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
    let mut reader = Reader::new(rules());
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
