//! Rows of the same person put together: one contact, several duties. Exact wherever the rows stand in the file, in
//! bounded memory: rows that are too many to be held are laid aside in parts, by their persons, and each part is put
//! together for itself when the file is over.

use crate::contact::{Contact, Duty};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Duties of a contact at most; what is more becomes another contact.
pub const DUTIES_MAX: usize = 12;
/// Parts that rows are laid aside in: of a list of ten million rows, each has some 40,000.
pub const PARTS: usize = 256;
/// Rows held at most: some 10 MB.
const HELD_MAX: usize = 20_000;

/// Rows to be laid aside.
pub struct Aside {
    pub part: usize,
    pub rows: Vec<Contact>,
}

/// Rows on their way to their persons.
pub struct Gather {
    held: Vec<Vec<Contact>>,
    count: usize,
}

impl Gather {
    /// Holds nothing.
    pub fn new() -> Self {
        Gather { held: vec![Vec::new(); PARTS], count: 0 }
    }

    /// Adds a row. Answers the fullest part when there are too many.
    pub fn add(&mut self, row: Contact) -> Option<Aside> {
        let mut hasher = DefaultHasher::new();
        person(&row).hash(&mut hasher);
        let part = (hasher.finish() % PARTS as u64) as usize;
        self.held.get_mut(part)?.push(row);
        self.count += 1;
        if self.count <= HELD_MAX {
            return None;
        }
        let (part, _) = self.held.iter().enumerate().max_by_key(|(_, rows)| rows.len())?;
        let rows = self.take(part);
        Some(Aside { part, rows })
    }

    /// The rows of a part that are not laid aside.
    pub fn take(&mut self, part: usize) -> Vec<Contact> {
        let rows = self.held.get_mut(part).map(std::mem::take).unwrap_or_default();
        self.count -= rows.len();
        rows
    }
}

/// Who a row is about: the same taxpayer on the same phones. Nobody's matter is told on a phone that its own row does
/// not name.
fn person(row: &Contact) -> (&str, &[String]) {
    (&row.taxpayer_id, &row.phones)
}

/// The contacts of some rows, of which every person's are either all or none.
#[derive(Default)]
pub struct Together {
    open: HashMap<(String, Vec<String>), Contact>,
    full: Vec<Contact>,
}

impl Together {
    /// Adds rows, in the file's order.
    pub fn add(&mut self, rows: Vec<Contact>) {
        for row in rows {
            let (taxpayer_id, phones) = person(&row);
            let contact = match self.open.remove(&(taxpayer_id.to_owned(), phones.to_vec())) {
                None => row,
                Some(contact) if contact.others.len() + 1 < DUTIES_MAX => join(contact, row),
                Some(contact) => {
                    self.full.push(contact);
                    row
                }
            };
            self.open.insert((contact.taxpayer_id.clone(), contact.phones.clone()), contact);
        }
    }

    /// The contacts, in the order of the rows that fall due first.
    pub fn finish(self) -> Vec<Contact> {
        let mut contacts = self.full;
        contacts.extend(self.open.into_values());
        contacts.sort_by_key(|contact| contact.duty.row);
        contacts
    }
}

/// A contact and one more row of the same person. What the rows contradict each other in is decided in favour of whoever
/// is called: the more urgent priority, and where two zones are named, only what both allow.
fn join(contact: Contact, row: Contact) -> Contact {
    let time_zone = contact.time_zone.filter(|zone| Some(zone) == row.time_zone.as_ref());
    let mut duties: Vec<Duty> = contact.others;
    duties.extend(row.others);
    let mut duty = contact.duty;
    for mut other in std::iter::once(row.duty).chain(std::mem::take(&mut duties)) {
        if (other.due_date, other.row) < (duty.due_date, duty.row) {
            std::mem::swap(&mut duty, &mut other);
        }
        duties.push(other);
    }
    duties.sort_by_key(|duty| (duty.due_date, duty.row));
    Contact {
        taxpayer_id: contact.taxpayer_id,
        name: if contact.name.trim().is_empty() { row.name } else { contact.name },
        phones: contact.phones,
        duty,
        others: duties,
        priority: contact.priority.min(row.priority),
        language: contact.language.or(row.language),
        time_zone,
    }
}
