//! Invented contacts for this module's tests.

use crate::campaign::Campaign;
use crate::contact::{Contact, Duty, Matter};
use crate::flow::{Scripts, When};
use jiff::civil::{Date, date};
use serde_json::json;

pub fn contact(taxpayer_id: &str, name: &str) -> Contact {
    Contact {
        taxpayer_id: taxpayer_id.into(),
        name: name.into(),
        phones: vec!["+6281200000101".into()],
        duty: duty(),
        others: Vec::new(),
        priority: 2,
        language: None,
        time_zone: Some("Asia/Jakarta".into()),
    }
}

pub fn duty() -> Duty {
    Duty {
        row: 1,
        matter: Matter::NotFiled,
        tax_type: "SPT Tahunan PPh Orang Pribadi".into(),
        tax_code: "411125-200".into(),
        tax_period: "2026".into(),
        amount: None,
        due_date: date(2027, 3, 31),
        office: "541".into(),
        billing_code: String::new(),
        note: String::new(),
        extra: Default::default(),
    }
}

/// The scripts on a due date, or on the day after it.
pub fn scripts(due: Date, when: When) -> Scripts {
    let settings = json!({
        "name": "c", "matter": "not_filed", "ends": "2031-12-31", "after_due": { "script": "overdue" },
        "keep_columns": ["SEKTOR"],
        "also_say": { "id": ["Sektor Anda {extra.SEKTOR}."], "en": ["Your sector is {extra.SEKTOR}."] },
    });
    let (_, settings) = Campaign::parse(settings).expect("good settings");
    let day = match when {
        When::BeforeDue => due,
        When::AfterDue => due.tomorrow().expect("there is a next day"),
    };
    Scripts::of(&settings, day).expect("names of scripts")
}
