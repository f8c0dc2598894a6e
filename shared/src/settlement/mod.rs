//! What the tax administration reports as filed or paid. Whoever settled is not called from the next tick on.
//!
//! A settlement is kept under a keyed hash of what it is about: a taxpayer's duty, or a bill. Its value holds the payments
//! that were reported, each once however often it is reported: so a feed can be sent again.
//!
//! # What settles
//! - A return (`not_filed`) is settled by any filing.
//! - What is to be paid is settled when the payments come to its amount in the list. One without an amount settles; so does
//!   any where the list says no amount.
//! - A payment that names no tax and no period is for all of that matter: it is held against the sum of the contact's
//!   duties of the matter.
//! - A payment that bounced is reported as reversed: it counts no more, also when its first report is sent again.
//!
//! Where the value cannot be read it settles: when in doubt there is no call.

mod intake;

pub use intake::{Answer, Intake};

use crate::contact::{Contact, Duty, Matter};
use crate::hours::epoch_day;
use crate::list;
use crate::store::{decode, encode, keys};
use crate::vault::Identity;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

const VERSION: u8 = 2;
/// Payments kept of one matter at most.
pub const PAYMENTS_MAX: usize = 36;

/// What a settlement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A duty. `tax`: its code (KAP-KJS), or its name as [`list::tax_key`] makes it. Without tax and period: every duty of
    /// that matter; without tax: every duty of that period.
    Duty { taxpayer_id: String, matter: Matter, tax: String, tax_period: String },
    /// A bill by its code.
    Bill { billing_code: String },
}

impl About {
    /// Every duty of a matter.
    pub fn all(taxpayer_id: &str, matter: Matter) -> Self {
        let taxpayer_id = taxpayer_id.to_owned();
        About::Duty { taxpayer_id, matter, tax: String::new(), tax_period: String::new() }
    }

    /// Where it is kept.
    pub fn key(&self, identity: &Identity) -> String {
        match self {
            About::Duty { taxpayer_id, matter, tax, tax_period } => {
                duty_key(identity, taxpayer_id, *matter, tax, tax_period)
            }
            About::Bill { billing_code } => bill_key(identity, billing_code),
        }
    }
}

fn duty_key(identity: &Identity, taxpayer_id: &str, matter: Matter, tax: &str, tax_period: &str) -> String {
    let text = format!("{taxpayer_id}|{}|{tax}|{tax_period}", matter.as_str());
    keys::settlement(&identity.hash(b"duty", text.as_bytes()))
}

fn bill_key(identity: &Identity, billing_code: &str) -> String {
    keys::settlement(&identity.hash(b"bill", billing_code.as_bytes()))
}

/// A payment, or a filing, as a feed reports it. All of it may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payment {
    /// When it was paid or filed, by the administration's clock.
    pub on: Option<Date>,
    /// Whole rupiah.
    pub amount: Option<u64>,
    /// The number of the receipt (NTPN, BPE): tells two payments of one amount and day apart.
    pub reference: Option<String>,
}

/// What a row of a feed says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Settled(Payment),
    /// It was none after all. What is not said of it may be anything; if nothing is said, all that was reported is reversed.
    Reversed(Payment),
}

/// A payment as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// Days since 1970.
    on: Option<i32>,
    amount: Option<u64>,
    /// Keyed hash of the receipt's number.
    reference: Option<u64>,
    reversed: bool,
}

/// What is reported of one matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    payments: Vec<Kept>,
}

/// More payments of one matter than are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Settlement {
    /// What is kept under a key. Bytes that cannot be read stand for a settlement.
    pub fn read(bytes: Option<&[u8]>) -> Self {
        let plain = Kept { on: None, amount: None, reference: None, reversed: false };
        bytes.map_or_else(Settlement::default, |bytes| {
            decode(VERSION, bytes).unwrap_or_else(|| Settlement { payments: vec![plain] })
        })
    }

    /// The bytes to keep.
    pub fn encode(&self) -> Vec<u8> {
        encode(VERSION, self)
    }

    /// Enters what a row says; whether that is new.
    pub fn enter(&mut self, identity: &Identity, change: &Change) -> Result<bool, Full> {
        let (payment, reversed) = match change {
            Change::Settled(payment) => (payment, false),
            Change::Reversed(payment) => (payment, true),
        };
        let new = Kept {
            on: payment.on.and_then(epoch_day::number),
            amount: payment.amount,
            reference: payment.reference.as_deref().map(|text| reference(identity, text)),
            reversed,
        };
        if reversed { self.reverse(new) } else { self.settle(new) }
    }

    fn settle(&mut self, new: Kept) -> Result<bool, Full> {
        if self.payments.iter().any(|kept| kept.is(&new)) {
            return Ok(false);
        }
        self.push(new)
    }

    fn reverse(&mut self, new: Kept) -> Result<bool, Full> {
        if new.says_nothing() {
            let before = self.payments.clone();
            self.payments.retain(|kept| !kept.says_nothing());
            self.payments.iter_mut().for_each(|kept| kept.reversed = true);
            return Ok(self.payments != before);
        }
        let mut meant: Vec<&mut Kept> = self.payments.iter_mut().filter(|kept| kept.may_be(&new)).collect();
        if meant.iter().any(|kept| kept.reversed) {
            return Ok(false);
        }
        match meant.first_mut() {
            Some(kept) => {
                kept.reversed = true;
                Ok(true)
            }
            // Reported before the payment itself: that counts for nothing when it comes.
            None => self.push(new),
        }
    }

    fn push(&mut self, new: Kept) -> Result<bool, Full> {
        if self.payments.len() >= PAYMENTS_MAX {
            return Err(Full);
        }
        self.payments.push(new);
        Ok(true)
    }

    /// Both are about the same matter.
    fn and(mut self, other: Settlement) -> Settlement {
        for kept in other.payments {
            match self.payments.iter_mut().find(|mine| mine.is(&kept)) {
                Some(mine) => mine.reversed |= kept.reversed,
                None => self.payments.push(kept),
            }
        }
        self
    }

    /// Whether it settles a matter, of which so much is due.
    pub fn settles(&self, matter: Matter, due: Option<u64>) -> Option<Done> {
        let mut counted: Vec<&Kept> = self.payments.iter().filter(|kept| !kept.reversed).collect();
        counted.sort_by_key(|kept| kept.on);
        let mut paid = 0_u64;
        for kept in counted {
            paid = paid.saturating_add(kept.amount.unwrap_or(0));
            let enough = due.is_none_or(|due| paid >= due);
            if matter == Matter::NotFiled || kept.amount.is_none() || enough {
                return Some(Done { on: kept.on.and_then(epoch_day::date) });
            }
        }
        None
    }
}

impl Kept {
    /// The same payment, reported again. Its number tells; where it has none, day and amount.
    fn is(&self, other: &Kept) -> bool {
        match (self.reference, other.reference) {
            (Some(a), Some(b)) => a == b,
            _ => (self.on, self.amount) == (other.on, other.amount),
        }
    }

    fn may_be(&self, told: &Kept) -> bool {
        told.reference.is_none_or(|r| self.reference.is_none_or(|own| own == r))
            && told.on.is_none_or(|on| self.on == Some(on))
            && told.amount.is_none_or(|amount| self.amount == Some(amount))
            && (self.reference.is_some() || told.on.is_some() || told.amount.is_some())
    }

    fn says_nothing(&self) -> bool {
        (self.on, self.amount, self.reference) == (None, None, None)
    }
}

fn reference(identity: &Identity, text: &str) -> u64 {
    let mac = identity.mac(b"receipt", text.as_bytes());
    mac.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// A duty was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// The day, if it was reported.
    pub on: Option<Date>,
}

/// Keys under which a settlement of each of the contact's duties may stand. The last of each duty is for all of its matter,
/// the one before it (if the duty has a period) for all of the matter and period.
pub fn settlement_keys(identity: &Identity, contact: &Contact) -> Vec<Vec<String>> {
    let keys = |duty: &Duty| {
        let key = |tax: &str, period: &str| duty_key(identity, &contact.taxpayer_id, duty.matter, tax, period);
        let mut keys = Vec::new();
        if !duty.billing_code.is_empty() {
            keys.push(bill_key(identity, &duty.billing_code));
        }
        let name = list::tax_key(&duty.tax_type);
        let (code, period) = (duty.tax_code.as_str(), duty.tax_period.as_str());
        keys.extend((!code.is_empty()).then(|| key(code, period)));
        keys.extend((!name.is_empty() && name != code).then(|| key(&name, period)));
        keys.extend((!period.is_empty()).then(|| key("", period)));
        keys.push(key("", ""));
        keys
    };
    contact.duties().map(keys).collect()
}

/// Each of the contact's duties, and whether it is settled: `found` is what stands under all their `keys`, in their order.
pub fn standing<'a>(
    contact: &'a Contact,
    keys: &[Vec<String>],
    found: &[Option<Vec<u8>>],
) -> Vec<(&'a Duty, Option<Done>)> {
    let mut found = found.iter();
    let mut of = keys.iter().map(|keys| found.by_ref().take(keys.len()).collect::<Vec<_>>());
    // What is due of all the contact's duties that a payment is for; `None` if of one of them it is not known.
    let due = |of: &dyn Fn(&Duty) -> bool| {
        let mut amounts = contact.duties().filter(|duty| of(duty)).map(|duty| duty.amount);
        amounts.try_fold(0_u64, |sum, amount| Some(sum.saturating_add(amount?)))
    };
    let each = |duty: &'a Duty| {
        let found = of.next().unwrap_or_default();
        let groups = if duty.tax_period.is_empty() { 1 } else { 2 };
        let (own, groups) = found.split_at(found.len().saturating_sub(groups));
        let read = |bytes: &&Option<Vec<u8>>| Settlement::read(bytes.as_deref());
        let own = own.iter().map(read).fold(Settlement::default(), Settlement::and);
        let matter = |other: &Duty| other.matter == duty.matter;
        let period = |other: &Duty| matter(other) && other.tax_period == duty.tax_period;
        let done = own.settles(duty.matter, duty.amount);
        let done = done.or_else(|| read(&groups.last()?).settles(duty.matter, due(&matter)));
        let of_period = groups.split_last().and_then(|(_, rest)| rest.first());
        (duty, done.or_else(|| read(&of_period?).settles(duty.matter, due(&period))))
    };
    contact.duties().map(each).collect()
}

/// The contact's duties that are not settled.
pub fn open<'a>(contact: &'a Contact, keys: &[Vec<String>], found: &[Option<Vec<u8>>]) -> Vec<&'a Duty> {
    let open = standing(contact, keys, found).into_iter().filter(|(_, done)| done.is_none());
    open.map(|(duty, _)| duty).collect()
}

#[cfg(test)]
mod tests;
