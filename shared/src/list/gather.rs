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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Language, Matter};
    use jiff::civil::date;

    fn row(n: u32, taxpayer: &str, phones: &[&str], due_day: i8) -> Contact {
        let duty = Duty {
            row: n,
            matter: Matter::NotPaid,
            tax_type: String::new(),
            tax_code: String::new(),
            tax_period: String::new(),
            amount: Some(100),
            due_date: date(2027, 3, due_day),
            office: String::new(),
            billing_code: String::new(),
            note: String::new(),
            extra: Default::default(),
        };
        Contact {
            taxpayer_id: taxpayer.into(),
            name: String::new(),
            phones: phones.iter().map(|phone| (*phone).to_owned()).collect(),
            duty,
            others: Vec::new(),
            priority: 2,
            language: None,
            time_zone: Some("Asia/Jakarta".into()),
        }
    }

    fn together(rows: Vec<Contact>) -> Vec<Contact> {
        let mut together = Together::default();
        together.add(rows);
        together.finish()
    }

    fn rows_of(contacts: &[Contact]) -> Vec<Vec<u32>> {
        contacts.iter().map(|contact| contact.duties().map(|duty| duty.row).collect()).collect()
    }

    #[test]
    fn only_the_same_taxpayer_on_the_same_phones_is_the_same_person() {
        let contacts = together(vec![
            row(2, "a", &["1"], 31),
            row(3, "b", &["1"], 31),
            row(4, "a", &["2"], 31),
            row(5, "a", &["1", "2"], 31),
            row(6, "a", &["1"], 31),
            row(7, "b", &["1"], 31),
        ]);
        assert_eq!(rows_of(&contacts), [vec![2, 6], vec![3, 7], vec![4], vec![5]]);
    }

    #[test]
    fn what_falls_due_first_leads_and_the_rows_agree_on_the_rest() {
        let last = Contact { name: "A".into(), priority: 1, language: Some(Language::En), ..row(4, "a", &["1"], 16) };
        let [contact] = together(vec![row(2, "a", &["1"], 31), row(3, "a", &["1"], 16), last]).try_into().unwrap();
        assert_eq!(rows_of(std::slice::from_ref(&contact)), [[3, 4, 2]]);
        assert_eq!((contact.last_due(), contact.amount()), (date(2027, 3, 31), Some(300)));
        assert_eq!((contact.name.as_str(), contact.priority, contact.language), ("A", 1, Some(Language::En)));
        assert_eq!(contact.time_zone.as_deref(), Some("Asia/Jakarta"));
    }

    #[test]
    fn two_zones_are_none_and_stay_none() {
        let zone = |n, zone: &str| Contact { time_zone: Some(zone.into()), ..row(n, "a", &["1"], 31) };
        let rows = vec![zone(2, "Asia/Jakarta"), zone(3, "Asia/Jayapura"), zone(4, "Asia/Jakarta")];
        assert_eq!(together(rows)[0].time_zone, None);
    }

    #[test]
    fn a_contact_has_so_many_duties_at_most() {
        let rows = (2..2 + 30).map(|n| row(n, "a", &["1"], 31)).collect();
        let counts: Vec<_> = rows_of(&together(rows)).iter().map(Vec::len).collect();
        assert_eq!(counts, [DUTIES_MAX, DUTIES_MAX, 30 - 2 * DUTIES_MAX]);
    }

    #[test]
    fn whatever_is_laid_aside_every_row_is_there_once_and_a_person_is_in_one_part() {
        let mut gather = Gather::new();
        let mut parts: Vec<Vec<Contact>> = vec![Vec::new(); PARTS];
        for n in 0..30_000 {
            let taxpayer = (n % 9_000).to_string();
            if let Some(Aside { part, rows }) = gather.add(row(n, &taxpayer, &["1"], 31)) {
                parts[part].extend(rows);
            }
            assert!(gather.count <= HELD_MAX);
        }
        assert!(parts.iter().any(|part| !part.is_empty()));
        for (part, rows) in parts.iter_mut().enumerate() {
            rows.extend(gather.take(part));
        }
        assert_eq!(gather.count, 0);
        let contacts: Vec<_> = parts.into_iter().flat_map(together).collect();
        assert_eq!(contacts.len(), 9_000);
        let mut rows = rows_of(&contacts).concat();
        rows.sort_unstable();
        assert_eq!(rows, (0..30_000).collect::<Vec<_>>());
    }
}
