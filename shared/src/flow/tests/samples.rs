//! Invented contacts for this module's tests.

use crate::contact::{Contact, Matter};
use jiff::civil::date;

pub fn contact(taxpayer_id: &str, name: &str) -> Contact {
    Contact {
        row: 1,
        taxpayer_id: taxpayer_id.into(),
        name: name.into(),
        phones: vec!["+6281200000101".into()],
        matter: Matter::NotFiled,
        tax_type: "SPT Tahunan PPh Orang Pribadi".into(),
        tax_code: "411125-200".into(),
        tax_period: "2026".into(),
        amount: None,
        due_date: date(2027, 3, 31),
        office: "541".into(),
        billing_code: String::new(),
        priority: 2,
        language: None,
        time_zone: Some("Asia/Jakarta".into()),
        note: String::new(),
    }
}
