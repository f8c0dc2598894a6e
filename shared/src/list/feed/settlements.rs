//! Who filed or paid what: rows of the settlement feed.

use super::super::columns::Field;
use super::super::{amount, date, period, row, taxpayer, text};
use super::table::{Column, Kind, Line, Shape, Table};
use super::tally::{Bad, FeedReason, Refused};
use crate::contact::Matter;
use crate::problem::Problem;
use crate::settlement::{About, Change, Payment};
use jiff::civil::Date;

const TAXPAYER: usize = 0;
const MATTER: usize = 1;
const TAX_TYPE: usize = 2;
const TAX_CODE: usize = 3;
const KAP: usize = 4;
const KJS: usize = 5;
const PERIOD: usize = 6;
const YEAR: usize = 7;
const BILLING: usize = 8;
const AMOUNT: usize = 9;
const PAID: usize = 10;
const FILED: usize = 11;
const DATE: usize = 12;
const REFERENCE: usize = 13;
const REVERSED: usize = 14;

const fn like(name: &'static str, field: Field) -> Column {
    Column { name, names: &[], like: Some(field), cut: false }
}

const SHAPE: Shape = Shape {
    columns: &[
        like("taxpayer_id", Field::TaxpayerId),
        like("matter", Field::Matter),
        like("tax_type", Field::TaxType),
        like("tax_code", Field::TaxCode),
        like("kap", Field::Kap),
        like("kjs", Field::Kjs),
        like("tax_period", Field::TaxPeriod),
        like("tax_year", Field::TaxYear),
        like("billing_code", Field::BillingCode),
        Column {
            name: "amount",
            names: &[
                "jumlahbayar",
                "jumlahsetor",
                "jumlahsetoran",
                "nilaibayar",
                "nilaisetor",
                "jumlahpembayaran",
                "paidamount",
                "amountpaid",
            ],
            like: Some(Field::Amount),
            cut: false,
        },
        Column {
            name: "paid_on",
            names: &[
                "tglbayar",
                "tanggalbayar",
                "tglsetor",
                "tanggalsetor",
                "tglpembayaran",
                "tanggalpembayaran",
                "datepaid",
                "paid",
                "paymentdate",
            ],
            like: None,
            cut: false,
        },
        Column {
            name: "filed_on",
            names: &[
                "tgllapor",
                "tanggallapor",
                "tglpelaporan",
                "tanggalpelaporan",
                "tglterimaspt",
                "tanggalterimaspt",
                "datefiled",
                "filed",
                "filingdate",
            ],
            like: None,
            cut: false,
        },
        Column { name: "date", names: &["tanggal", "tgl", "settledon"], like: None, cut: false },
        Column {
            name: "reference",
            names: &["ntpn", "nontpn", "nomorntpn", "bpe", "nobpe", "ntte", "notte", "paymentreference"],
            like: None,
            cut: true,
        },
        Column { name: "reversed", names: &["reversal", "batal", "dibatalkan", "pembatalan"], like: None, cut: true },
    ],
    any_of: &[TAXPAYER, BILLING],
    wrapper: "settlements",
    example: "NPWP, JENIS PAJAK, MASA PAJAK, TGL BAYAR, JUMLAH BAYAR",
};

/// A row that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementRow {
    pub row: u32,
    /// What it is about: the same payment, under each name that a list could have it.
    pub about: Vec<About>,
    pub change: Change,
}

/// The feed, in pieces.
pub struct Settlements {
    table: Table,
    today: Date,
    lines: Vec<Result<Line, Refused>>,
}

impl Settlements {
    /// `today`: nothing is settled later than the day after.
    pub fn new(kind: Kind, today: Date) -> Self {
        Settlements { table: Table::new(kind, &SHAPE), today, lines: Vec::new() }
    }

    /// Takes the next bytes; rows that are whole are added to `out`, also before a problem is answered.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<Result<SettlementRow, Refused>>) -> Result<(), Problem> {
        let read = self.table.push(chunk, &mut self.lines);
        self.understand(out);
        read
    }

    /// No more bytes will come.
    pub fn end(&mut self, out: &mut Vec<Result<SettlementRow, Refused>>) -> Result<(), Problem> {
        let read = self.table.end(&mut self.lines);
        self.understand(out);
        read
    }

    /// Goes on with what it has, a part at a time; false if nothing is left to do.
    pub fn step(&mut self, out: &mut Vec<Result<SettlementRow, Refused>>) -> Result<bool, Problem> {
        let read = self.table.step(&mut self.lines);
        self.understand(out);
        read
    }

    /// Lines of totals so far.
    pub fn totals(&self) -> u32 {
        self.table.totals()
    }

    fn understand(&mut self, out: &mut Vec<Result<SettlementRow, Refused>>) {
        let today = self.today;
        let rows = self.lines.drain(..);
        out.extend(rows.map(|line| line.and_then(|line| understood(&line, today).map_err(|bad| line.refused(bad)))));
    }
}

/// What is known to have been done, where the matter is not named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    Filed,
    Paid,
}

fn understood(line: &Line, today: Date) -> Result<SettlementRow, Bad> {
    let taxpayer_id = match line.is_blank(TAXPAYER) {
        true => None,
        false => Some(taxpayer::parse(line.cell(TAXPAYER)).map_err(|reason| Bad::at(TAXPAYER, reason))?.id),
    };
    let billing_code = row::billing_code(line.cell(BILLING)).ok_or(Bad::at(BILLING, FeedReason::BillingCodeInvalid))?;
    let amount = amount::parse(line.cell(AMOUNT)).map_err(|reason| Bad::at(AMOUNT, reason))?;
    let mut on = None;
    let mut done = None;
    for (column, meaning) in [(PAID, Some(Done::Paid)), (FILED, Some(Done::Filed)), (DATE, None)] {
        if line.is_blank(column) {
            continue;
        }
        let (day, _) = date::parse(line.cell(column)).map_err(|_| Bad::at(column, FeedReason::DateInvalid))?;
        if today.tomorrow().is_ok_and(|tomorrow| day > tomorrow) {
            return Err(Bad::at(column, FeedReason::DateFuture));
        }
        on = on.or(Some(day));
        done = done.or(meaning);
    }
    let reversed = yes(line.cell(REVERSED)).ok_or(Bad::at(REVERSED, FeedReason::ReversedUnclear))?;
    let matter = match line.is_blank(MATTER) {
        true => None,
        false => Some(row::matter(line.cell(MATTER)).ok_or(Bad::at(MATTER, FeedReason::MatterUnknown))?),
    };
    let matters: &[Matter] = match (&matter, done) {
        (Some(matter), _) => std::slice::from_ref(matter),
        (None, Some(Done::Filed)) => &[Matter::NotFiled],
        (None, Some(Done::Paid)) => &Matter::PAYABLE,
        // What has a billing code was paid.
        (None, None) if !billing_code.is_empty() => &Matter::PAYABLE,
        (None, None) => &[],
    };
    let mut about = Vec::new();
    if !billing_code.is_empty() {
        about.push(About::Bill { billing_code: billing_code.clone() });
    }
    match taxpayer_id {
        None if billing_code.is_empty() => return Err(Bad::row(FeedReason::SubjectMissing)),
        None => {}
        Some(_) if matters.is_empty() => return Err(Bad::row(FeedReason::MatterMissing)),
        Some(taxpayer_id) => {
            let (taxes, tax_period) = (taxes(line), tax_period(line)?);
            let named = taxes.iter().any(|tax| !tax.is_empty());
            match (tax_period.is_empty(), billing_code.is_empty()) {
                (true, true) if named => return Err(Bad::at(PERIOD, FeedReason::TaxPeriodMissing)),
                // The bill says what it is about.
                (true, false) => {}
                _ => {
                    for (matter, tax) in matters.iter().flat_map(|m| taxes.iter().map(move |t| (*m, t))) {
                        let (taxpayer_id, tax, tax_period) = (taxpayer_id.clone(), tax.clone(), tax_period.clone());
                        about.push(About::Duty { taxpayer_id, matter, tax, tax_period });
                    }
                }
            }
        }
    }
    let reference = text::key(line.cell(REFERENCE));
    let payment = Payment { on, amount, reference: Some(reference).filter(|r| !r.is_empty()) };
    let change = if reversed { Change::Reversed(payment) } else { Change::Settled(payment) };
    Ok(SettlementRow { row: line.row, about, change })
}

/// How the tax may be named in a list: by its code, by its name; one empty text where the row names none.
fn taxes(line: &Line) -> Vec<String> {
    let whole = text::value(line.cell(TAX_CODE));
    let whole = match text::is_blank(&whole) {
        true => format!("{}-{}", text::value(line.cell(KAP)), text::value(line.cell(KJS))),
        false => whole.into_owned(),
    };
    let code = row::tax_code_of(&whole);
    let name = text::key(line.cell(TAX_TYPE));
    let mut taxes: Vec<String> = [code, name].into_iter().filter(|tax| !tax.is_empty()).collect();
    taxes.dedup();
    if taxes.is_empty() { vec![String::new()] } else { taxes }
}

fn tax_period(line: &Line) -> Result<String, Bad> {
    if line.is_blank(PERIOD) && line.is_blank(YEAR) {
        return Ok(String::new());
    }
    let column = if line.is_blank(PERIOD) { YEAR } else { PERIOD };
    period::parse(line.cell(PERIOD), line.cell(YEAR)).ok_or(Bad::at(column, FeedReason::TaxPeriodUnknown))
}

fn yes(cell: &str) -> Option<bool> {
    match text::key(cell).as_str() {
        "" | "false" | "no" | "tidak" | "0" | "n" => Some(false),
        "true" | "yes" | "ya" | "1" | "y" | "x" | "batal" | "reversed" | "reversal" => Some(true),
        _ => None,
    }
}
