//! Lists of people who cannot exist.

use std::fmt::Write;

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Makes the taxpayer number.
    pub number: u32,
    /// National, without the leading 0; several are separated by `/`.
    pub phone: String,
    /// Day, month, year.
    pub due: &'static str,
}

/// So many people with a number and a phone of their own.
pub fn people(count: u32) -> Vec<Person> {
    (0..count).map(|number| Person { number, phone: format!("81200{number:06}"), due: "31/03/2027" }).collect()
}

/// A file with a row for each.
pub fn csv(people: &[Person]) -> String {
    let mut text = "NPWP;NAMA WP;NO TELP/HP;PERIHAL;JATUH TEMPO;PROVINSI\n".to_owned();
    for Person { number, phone, due } in people {
        let phones: Vec<String> = phone.split('/').map(|p| format!("0{p}")).collect();
        let (npwp, phones) = (npwp(*number, "013"), phones.join("/"));
        let _ = writeln!(text, "{npwp};Orang Rekaan {number};{phones};BELUM LAPOR SPT;{due};DKI Jakarta");
    }
    text
}

/// An old 15-digit taxpayer number: eight digits, their check digit (Luhn), the office, the head office.
pub fn npwp(number: u32, office: &str) -> String {
    let eight = format!("07{number:06}");
    let doubled = |(i, b): (usize, u8)| {
        let digit = u32::from(b - b'0') * if i % 2 == 1 { 2 } else { 1 };
        digit / 10 + digit % 10
    };
    let sum: u32 = eight.bytes().enumerate().map(doubled).sum();
    format!("{eight}{}{office}000", (10 - sum % 10) % 10)
}
