//! Who is not to be called: rows of a do-not-call list.

use super::super::columns::Field;
use super::super::phone::Callable;
use super::super::{Warning, date, phone, taxpayer, text};
use super::table::{Column, Kind, Line, Shape, Table};
use super::tally::{Bad, FeedReason, Refused};
use crate::campaign::{AllowedNumbers, e164};
use crate::hours::{self, Country};
use crate::problem::Problem;
use crate::suppression::{Named, Reason};
use jiff::Timestamp;
use jiff::civil::Time;

const PHONE: usize = 0;
const TAXPAYER: usize = 1;
const REASON: usize = 2;
const UNTIL: usize = 3;

const SHAPE: Shape = Shape {
    columns: &[
        Column { name: "phone", names: &[], like: Some(Field::Phone), cut: false },
        Column { name: "taxpayer_id", names: &[], like: Some(Field::TaxpayerId), cut: false },
        Column { name: "reason", names: &["alasan", "sebab"], like: None, cut: true },
        Column {
            name: "until",
            names: &["sampai", "sampaidengan", "berlakusampai", "hingga", "tglberakhir"],
            like: None,
            cut: true,
        },
        // As a download has them; they say nothing when it is uploaded again.
        Column { name: "since", names: &[], like: None, cut: true },
        Column { name: "id", names: &["suppression"], like: None, cut: true },
    ],
    any_of: &[PHONE, TAXPAYER],
    wrapper: "suppressions",
    example: "NO TELEPON, NPWP, ALASAN, SAMPAI",
};

/// A row that was understood: whom it names, each an entry of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressionRow {
    pub row: u32,
    pub named: Vec<Named>,
    pub reason: Reason,
    /// Unix ms; `None`: for good.
    pub until_ms: Option<i64>,
}

/// The list, in pieces.
pub struct Suppressions {
    table: Table,
    lines: Vec<Result<Line, Refused>>,
}

impl Suppressions {
    pub fn new(kind: Kind) -> Self {
        Suppressions { table: Table::new(kind, &SHAPE), lines: Vec::new() }
    }

    /// Takes the next bytes; rows that are whole are added to `out`, also before a problem is answered.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<Result<SuppressionRow, Refused>>) -> Result<(), Problem> {
        let read = self.table.push(chunk, &mut self.lines);
        self.understand(out);
        read
    }

    /// No more bytes will come.
    pub fn end(&mut self, out: &mut Vec<Result<SuppressionRow, Refused>>) -> Result<(), Problem> {
        let read = self.table.end(&mut self.lines);
        self.understand(out);
        read
    }

    /// Goes on with what it has, a part at a time; false if nothing is left to do.
    pub fn step(&mut self, out: &mut Vec<Result<SuppressionRow, Refused>>) -> Result<bool, Problem> {
        let read = self.table.step(&mut self.lines);
        self.understand(out);
        read
    }

    /// Lines of totals so far.
    pub fn totals(&self) -> u32 {
        self.table.totals()
    }

    fn understand(&mut self, out: &mut Vec<Result<SuppressionRow, Refused>>) {
        let rows = self.lines.drain(..);
        out.extend(rows.map(|line| line.and_then(|line| understood(&line).map_err(|bad| line.refused(bad)))));
    }
}

fn understood(line: &Line) -> Result<SuppressionRow, Bad> {
    let reason = reason(line.cell(REASON)).ok_or(Bad::at(REASON, FeedReason::ReasonUnknown))?;
    let until_ms = match line.is_blank(UNTIL) {
        true => None,
        false => Some(until(line.cell(UNTIL)).ok_or(Bad::at(UNTIL, FeedReason::DateInvalid))?),
    };
    let taxpayer_id = match line.is_blank(TAXPAYER) {
        true => None,
        false => Some(taxpayer::parse(line.cell(TAXPAYER)).map_err(|reason| Bad::at(TAXPAYER, reason))?.id),
    };
    let phones = if line.is_blank(PHONE) { Vec::new() } else { phones(line.cell(PHONE))? };
    if phones.is_empty() && taxpayer_id.is_none() {
        return Err(Bad::row(FeedReason::SubjectMissing));
    }
    let taxpayer = taxpayer_id.map(Named::Taxpayer);
    let named: Vec<Named> = match reason {
        // Whose number it is, or who has died: what else the row names is beside the point.
        Reason::WrongNumber => phones.into_iter().map(Named::WrongNumber).collect(),
        Reason::Deceased => taxpayer.into_iter().collect(),
        Reason::Entered | Reason::AskedInCall => phones.into_iter().map(Named::Phone).chain(taxpayer).collect(),
    };
    if named.is_empty() {
        return Err(Bad::at(REASON, FeedReason::ReasonUnknown));
    }
    Ok(SuppressionRow { row: line.row, named, reason, until_ms })
}

/// All the numbers of a cell: one that is not understood must not be left out without a word.
fn phones(cell: &str) -> Result<Vec<String>, Bad> {
    let value = text::value(cell);
    let ordinary = AllowedNumbers::default();
    let callable = Callable { own: &[], country: Country::Id, allowed: &ordinary };
    match phone::parse(std::iter::once(cell), callable) {
        Ok(found) if found.warnings.contains(&Warning::PhonePartIgnored) => {
            Err(Bad::at(PHONE, FeedReason::PhoneInvalid))
        }
        Ok(found) => Ok(found.numbers),
        // Of another country; also one that is never called by itself.
        Err(_) if e164(&value) => Ok(vec![value.into_owned()]),
        Err(reason) => Err(Bad::at(PHONE, reason)),
    }
}

fn reason(cell: &str) -> Option<Reason> {
    match text::key(cell).as_str() {
        "" | "entered" => Some(Reason::Entered),
        "askedincall" | "permintaan" | "permintaanwp" | "tidakmaudihubungi" => Some(Reason::AskedInCall),
        "deceased" | "meninggal" | "meninggaldunia" => Some(Reason::Deceased),
        "wrongnumber" | "salahsambung" | "salahnomor" => Some(Reason::WrongNumber),
        _ => None,
    }
}

/// A moment (RFC 3339), or a day until the end of which it holds, in Jakarta.
fn until(cell: &str) -> Option<i64> {
    if let Ok(at) = text::value(cell).parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let (day, _) = date::parse(cell).ok()?;
    let zone = hours::zone(hours::COUNTRY_ZONES[0]).ok()?;
    let end = day.tomorrow().ok()?.to_datetime(Time::midnight()).to_zoned_datetime(zone).ok()?;
    Some(end.timestamp().as_millisecond())
}
