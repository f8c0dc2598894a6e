//! Accepted contacts grouped as they are dialled, so that dialling order needs no sorting, and a zone whose hours
//! have not begun costs nothing.

use crate::contact::Contact;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Most contacts of a page.
pub const CONTACTS_PER_PAGE_MAX: usize = 200;
/// Most groups that are being filled at a time.
const OPEN_GROUPS_MAX: usize = 2_000;
/// Most contacts in groups that are being filled: some 10 MB.
const OPEN_CONTACTS_MAX: usize = 20_000;

/// What the contacts of a page have in common, besides the shard.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Group {
    /// IANA name; `None` if unknown.
    pub zone: Option<String>,
    /// Last day of what falls due first.
    pub due_date: Date,
    /// Last day of what falls due last.
    pub last_due: Date,
    /// 1 is called first.
    pub priority: u8,
}

/// Contacts of one shard and group, the larger amount first, else in the list's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The shard that dials them.
    pub shard: u16,
    /// What they have in common.
    pub group: Group,
    /// At least one, at most [`CONTACTS_PER_PAGE_MAX`].
    pub contacts: Vec<Contact>,
}

/// Fills pages. Memory is bounded whatever the list holds: when too much is open, the fullest page is given out
/// before it is full.
pub struct Pages<F> {
    shards: u16,
    shard_of: F,
    open: BTreeMap<(u16, Group), Vec<Contact>>,
    contacts: usize,
}

impl<F: Fn(&str) -> u16> Pages<F> {
    /// `shard_of` names the shard of a phone (E.164); what it answers is taken modulo `shards`.
    pub fn new(shards: u16, shard_of: F) -> Self {
        Pages { shards: shards.max(1), shard_of, open: BTreeMap::new(), contacts: 0 }
    }

    /// Adds a contact to the page of its first phone's shard, its zone, due dates and priority. Answers a page that
    /// is complete, if there is one.
    pub fn add(&mut self, contact: Contact) -> Option<Page> {
        let phone = contact.phones.first().map_or("", String::as_str);
        let shard = (self.shard_of)(phone) % self.shards;
        let (due_date, last_due) = (contact.duty.due_date, contact.last_due());
        let group = Group { zone: contact.time_zone.clone(), due_date, last_due, priority: contact.priority };
        let key = (shard, group);
        let contacts = self.open.entry(key.clone()).or_default();
        contacts.push(contact);
        self.contacts += 1;
        if contacts.len() >= CONTACTS_PER_PAGE_MAX {
            return self.close(&key);
        }
        if self.open.len() > OPEN_GROUPS_MAX || self.contacts > OPEN_CONTACTS_MAX {
            let fullest = self.open.iter().max_by_key(|(_, contacts)| contacts.len());
            let fullest = fullest.map(|(key, _)| key.clone())?;
            return self.close(&fullest);
        }
        None
    }

    /// The pages that are left, by shard, zone, due dates and priority.
    pub fn finish(self) -> Vec<Page> {
        self.open.into_iter().map(|((shard, group), contacts)| page(shard, group, contacts)).collect()
    }

    fn close(&mut self, key: &(u16, Group)) -> Option<Page> {
        let ((shard, group), contacts) = self.open.remove_entry(key)?;
        self.contacts -= contacts.len();
        Some(page(shard, group, contacts))
    }
}

/// Sorted once, here: contacts are dialled in the order in which they are kept.
fn page(shard: u16, group: Group, mut contacts: Vec<Contact>) -> Page {
    contacts.sort_by_key(|contact| Reverse(contact.amount()));
    Page { shard, group, contacts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Duty, Matter};
    use jiff::ToSpan;
    use jiff::civil::date;

    fn contact(row: u32, zone: Option<&str>, due_date: Date, priority: u8) -> Contact {
        Contact {
            taxpayer_id: "0079001012541000".into(),
            name: String::new(),
            phones: vec![format!("+62812000{row:05}")],
            duty: Duty {
                row,
                matter: Matter::NotFiled,
                tax_type: String::new(),
                tax_code: String::new(),
                tax_period: String::new(),
                amount: row.is_multiple_of(3).then_some(u64::from(row % 7)),
                due_date,
                office: String::new(),
                billing_code: String::new(),
                note: String::new(),
                extra: Default::default(),
            },
            others: Vec::new(),
            priority,
            language: None,
            time_zone: zone.map(str::to_owned),
        }
    }

    fn by_last_digit(phone: &str) -> u16 {
        phone.bytes().last().map_or(0, |b| u16::from(b - b'0'))
    }

    /// Every contact is on one page, and each page holds only what belongs to it.
    fn check(pages: &[Page], rows: u32, shards: u16) {
        let mut found: Vec<u32> = Vec::new();
        for page in pages {
            assert!((1..=CONTACTS_PER_PAGE_MAX).contains(&page.contacts.len()));
            for contact in &page.contacts {
                assert_eq!(contact.time_zone, page.group.zone);
                assert_eq!((contact.duty.due_date, contact.last_due()), (page.group.due_date, page.group.last_due));
                assert_eq!(contact.priority, page.group.priority);
                assert_eq!(by_last_digit(&contact.phones[0]) % shards, page.shard);
                found.push(contact.duty.row);
            }
            assert!(page.contacts.is_sorted_by_key(|contact| (Reverse(contact.amount()), contact.duty.row)));
        }
        found.sort_unstable();
        assert_eq!(found, (0..rows).collect::<Vec<_>>());
    }

    #[test]
    fn contacts_are_grouped_and_pages_are_full() {
        let mut pages = Pages::new(2, by_last_digit);
        let mut out = Vec::new();
        for row in 0..2_000 {
            let zone = [Some("Asia/Jakarta"), None][row as usize / 2 % 2];
            let due = date(2027, 3, [16, 31][row as usize / 4 % 2]);
            out.extend(pages.add(contact(row, zone, due, 2)));
        }
        assert!(out.iter().all(|p| p.contacts.len() == CONTACTS_PER_PAGE_MAX));
        assert_eq!(out.len(), 8);
        out.extend(pages.finish());
        assert_eq!(out.len(), 16);
        check(&out, 2_000, 2);
    }

    #[test]
    fn memory_is_bounded_whatever_the_list_holds() {
        let mut pages = Pages::new(3, by_last_digit);
        let mut out = Vec::new();
        for row in 0..30_000_u32 {
            let due = date(2027, 1, 1).checked_add(i64::from(row / 9 % 1_000).days()).unwrap();
            out.extend(pages.add(contact(row, None, due, (row % 3) as u8)));
            assert!(pages.open.len() <= OPEN_GROUPS_MAX);
            assert!(pages.contacts <= OPEN_CONTACTS_MAX);
        }
        let left: usize = pages.open.values().map(Vec::len).sum();
        assert_eq!(left, pages.contacts);
        out.extend(pages.finish());
        check(&out, 30_000, 3);
    }
}
