//! The engine's rules on a virtual clock: whom, when and what follows are decided by the functions that decide in the
//! tick; only who answers is drawn from a model.

use super::model::AnswerModel;
use super::{Forecast, Group as Fate, Hour, Waiting};
use crate::attempt::{self, Disposition, End, Next, Outcome, Past};
use crate::campaign::{PersonLimits, Settings};
use crate::contact::{Contact, Duty};
use crate::hours::Calendar;
use crate::tick::rules::{self, Facts, Verdict};
use crate::tick::{self, ContactRef, Local, Rank, Retry};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

const HOUR_MS: i64 = 3_600_000;
/// Steps at most: a bound for settings nobody thought of, far above what a million contacts take.
/// Persons are in other campaigns, too; what is left for this one nobody knows.
const UNLIMITED: PersonLimits = PersonLimits { per_day: u8::MAX, per_week: u8::MAX };
const STEPS_MAX: u64 = 50_000_000;

/// Contacts that are alike.
struct Group {
    contact: Contact,
    left: u64,
    /// Looked at again from then on (Unix ms).
    not_before_ms: i64,
    attempts: u8,
    /// Which of the forecast's groups it counts for.
    fate: usize,
}

/// A contact under way.
struct Person {
    group: usize,
    retry: Retry,
}

pub(super) struct Run<'a> {
    settings: &'a Settings,
    calendar: &'a Calendar,
    model: &'a AnswerModel,
    dice: fastrand::Rng,
    groups: Vec<Group>,
    people: Vec<Person>,
    free: Vec<usize>,
    /// Calls by their end, with their disposition.
    open: BinaryHeap<Reverse<(i64, usize, Disposition)>>,
    /// Retries by their time.
    later: BinaryHeap<Reverse<(i64, usize)>>,
    now_ms: i64,
    /// GCRA, as in the tick: when the next order may go out, in Unix microseconds.
    next_order_us: i64,
    interval_us: i64,
    hours: BTreeMap<i64, Hour>,
    found: Forecast,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        calendar: &'a Calendar,
        model: &'a AnswerModel,
        waiting: &[Waiting],
        now_ms: i64,
    ) -> Self {
        let mut waiting: Vec<&Waiting> = waiting.iter().filter(|w| w.contacts > 0).collect();
        waiting.sort_by_key(|w| (w.priority, w.due_date));
        let mut fates: Vec<Fate> = Vec::new();
        let mut groups = Vec::new();
        for w in &waiting {
            let alike = |f: &Fate| (f.due_date, &f.time_zone, f.priority) == (w.due_date, &w.zone, w.priority);
            let fate = fates.iter().position(alike).unwrap_or(fates.len());
            if fate == fates.len() {
                let (due_date, time_zone, priority) = (w.due_date, w.zone.clone(), w.priority);
                fates.push(Fate { due_date, time_zone, priority, contacts: 0, reached: 0, not_reached: 0, expired: 0 });
            }
            if let Some(f) = fates.get_mut(fate) {
                f.contacts += w.contacts;
            }
            let (left, attempts) = (w.contacts, w.attempts);
            let not_before_ms = w.not_before_ms.max(now_ms);
            groups.push(Group { contact: typical(settings, w), left, not_before_ms, attempts, fate });
        }
        let contacts = waiting.iter().map(|w| w.contacts).sum();
        let found = Forecast { contacts, model_attempts: model.attempts, groups: fates, ..Forecast::default() };
        Run {
            settings,
            calendar,
            model,
            // The same question gets the same answer.
            dice: fastrand::Rng::with_seed(contacts),
            groups,
            people: Vec::new(),
            free: Vec::new(),
            open: BinaryHeap::new(),
            later: BinaryHeap::new(),
            now_ms,
            next_order_us: now_ms.saturating_mul(1000),
            interval_us: (1e6 / settings.rate.calls_per_second).ceil() as i64,
            hours: BTreeMap::new(),
            found,
        }
    }

    pub(super) fn play_out(mut self) -> Forecast {
        let mut steps = 0;
        while self.step() {
            steps += 1;
            if steps >= STEPS_MAX {
                self.found.cut_off = true;
                break;
            }
        }
        self.found.hours = self.hours.into_values().collect();
        self.found
    }

    /// One order, or a move of the clock to the next moment at which something can happen. `false`: all is over.
    fn step(&mut self) -> bool {
        while let Some(Reverse((end_ms, person, disposition))) = self.open.peek().copied()
            && end_ms <= self.now_ms
        {
            self.open.pop();
            self.settle(person, disposition);
        }
        let order_ms = self.next_order_us.div_euclid(1000);
        let first_end = self.open.peek().map(|Reverse((end_ms, ..))| *end_ms);
        if self.open.len() >= self.settings.rate.concurrent as usize {
            return self.advance(first_end);
        }
        if order_ms > self.now_ms {
            return self.advance(Some(first_end.map_or(order_ms, |end| end.min(order_ms))));
        }
        match self.choose() {
            Some(person) => {
                self.place(person);
                true
            }
            None => {
                let retry = self.later.peek().map(|Reverse((at_ms, _))| *at_ms);
                let fresh = self.groups.iter().filter(|g| g.left > 0).map(|g| g.not_before_ms).min();
                self.advance([first_end, retry, fresh].into_iter().flatten().min())
            }
        }
    }

    fn advance(&mut self, to_ms: Option<i64>) -> bool {
        match to_ms {
            Some(to_ms) => {
                self.now_ms = self.now_ms.saturating_add(1).max(to_ms);
                true
            }
            None => false,
        }
    }

    /// The next contact to be called: retries that are due first, then the first group that is callable.
    fn choose(&mut self) -> Option<usize> {
        while let Some(Reverse((at_ms, person))) = self.later.peek().copied()
            && at_ms <= self.now_ms
        {
            self.later.pop();
            let Some(Person { group, retry }) = self.people.get(person) else { continue };
            match self.judge(*group, retry) {
                Verdict::Call => return Some(person),
                Verdict::Later(at_ms, _) => self.later.push(Reverse((at_ms.max(self.now_ms + 1), person))),
                Verdict::OtherNumber(_) => self.close(person, End::WrongNumber),
                Verdict::Close(end) => self.close(person, end),
            }
        }
        for group in 0..self.groups.len() {
            let Some(g) = self.groups.get(group).filter(|g| g.left > 0 && g.not_before_ms <= self.now_ms) else {
                continue;
            };
            let (retry, left) = (first(g.attempts, self.now_ms, &g.contact), g.left);
            match self.judge(group, &retry) {
                Verdict::Call => {
                    let held_out = self.dice.u8(..100) < self.settings.holdout_percent;
                    if let Some(g) = self.groups.get_mut(group) {
                        g.left -= 1;
                    }
                    if held_out && retry.attempts == 0 {
                        self.end(group, End::HeldOut, 1);
                        return None;
                    }
                    return Some(self.remember(Person { group, retry }));
                }
                Verdict::Later(at_ms, _) => {
                    let at_ms = at_ms.max(self.now_ms + 1);
                    self.groups.get_mut(group)?.not_before_ms = at_ms;
                }
                Verdict::OtherNumber(_) => return None,
                Verdict::Close(end) => {
                    self.groups.get_mut(group)?.left = 0;
                    self.end(group, end, left);
                }
            }
        }
        None
    }

    fn local<'c>(&'c self, contact: &'c Contact) -> Local<'c> {
        Local { settings: self.settings, calendar: self.calendar, zone: contact.time_zone.as_deref() }
    }

    fn judge(&self, group: usize, retry: &Retry) -> Verdict {
        let Some(group) = self.groups.get(group) else { return Verdict::Close(End::Expired) };
        rules::judge(&Facts {
            now_ms: self.now_ms,
            local: self.local(&group.contact),
            contact: &group.contact,
            retry,
            overtaken: None,
            withdrawn: false,
            unconfirmed: false,
            settled: false,
            last_due: group.contact.last_due(),
            suppressed: None,
            wrong_number: false,
            held_out: false,
            in_call: false,
            person_dials: &[const { Vec::new() }; 2],
            person_limits: UNLIMITED,
        })
    }

    fn remember(&mut self, person: Person) -> usize {
        match self.free.pop() {
            Some(at) => {
                if let Some(place) = self.people.get_mut(at) {
                    *place = person;
                }
                at
            }
            None => {
                self.people.push(person);
                self.people.len() - 1
            }
        }
    }

    fn place(&mut self, person: usize) {
        let ring_s = u32::try_from(self.settings.call.ring.as_secs()).unwrap_or(0);
        let disposition = self.model.at(self.dice.f64());
        let (rings_s, talk_s) = self.model.lasts(disposition, ring_s);
        let talk_s = talk_s.min(u32::try_from(self.settings.call.talk.as_secs()).unwrap_or(0));
        let lasts_ms = 1000 * i64::from(rings_s + talk_s);
        self.open.push(Reverse((self.now_ms + lasts_ms, person, disposition)));
        self.next_order_us = self.next_order_us.max(self.now_ms * 1000) + self.interval_us;
        self.found.attempts += 1;
        self.found.talk_s += u64::from(talk_s);
        self.found.billed_minutes += u64::from(talk_s.div_ceil(60));
        self.found.peak_concurrent = self.found.peak_concurrent.max(self.open.len() as u32);
        let begins_ms = self.now_ms.div_euclid(HOUR_MS) * HOUR_MS;
        let hour = self.hours.entry(begins_ms).or_insert(Hour { begins_ms, ..Hour::default() });
        hour.calls += 1;
        hour.right_party += u64::from(disposition.right_party());
    }

    /// What follows a call: the same table and the same clock arithmetic as in the tick.
    fn settle(&mut self, person: usize, disposition: Disposition) {
        *self.found.dispositions.entry(disposition.as_str()).or_default() += 1;
        let (settings, calendar) = (self.settings, self.calendar);
        let Some(Person { group, retry }) = self.people.get_mut(person) else { return };
        let Some(Group { contact, .. }) = self.groups.get(*group) else { return };
        let outcome = Outcome {
            disposition,
            talk_s: 0,
            settled: false,
            abandoned: false,
            do_not_call: disposition == Disposition::DoNotCall,
            callback_at_ms: None,
        };
        retry.attempts = retry.attempts.saturating_add(1);
        retry.past.enter(disposition);
        retry.past.dials.push(self.now_ms);
        match attempt::next(&outcome, retry.attempts, &retry.past, &self.settings.attempts) {
            Next::Close(end) => self.close(person, end),
            // A typical contact has one number.
            Next::Again { how, .. } if how.at_last == End::WrongNumber => self.close(person, how.at_last),
            Next::Again { how, at_ms } => {
                let local = Local { settings, calendar, zone: contact.time_zone.as_deref() };
                let last_day = rules::last_day(settings, contact.last_due());
                let at_ms = tick::not_before(&local, &how, at_ms, &retry.past.dials, last_day, self.now_ms);
                retry.not_before_ms = at_ms;
                self.later.push(Reverse((at_ms, person)));
            }
        }
    }

    fn close(&mut self, person: usize, end: End) {
        self.free.push(person);
        if let Some(group) = self.people.get(person).map(|p| p.group) {
            self.end(group, end, 1);
        }
    }

    fn end(&mut self, group: usize, end: End, contacts: u64) {
        let fate = self.groups.get(group).map(|g| g.fate);
        if let Some(fate) = fate.and_then(|fate| self.found.groups.get_mut(fate)) {
            match end {
                End::Reached | End::Settled => fate.reached += contacts,
                End::Exhausted | End::WrongNumber | End::Suppressed => fate.not_reached += contacts,
                End::Expired => fate.expired += contacts,
                End::Withdrawn | End::HeldOut => {}
            }
        }
        *self.found.ends.entry(end.as_str()).or_default() += contacts;
        self.found.finish_ms = Some(self.now_ms);
    }
}

/// A contact as the rules see it: zone, last due date and one number are all they look at.
fn typical(settings: &Settings, waiting: &Waiting) -> Contact {
    let duty = Duty {
        row: 0,
        matter: settings.matter,
        tax_type: String::new(),
        tax_code: String::new(),
        tax_period: String::new(),
        amount: None,
        due_date: waiting.last_due,
        office: String::new(),
        billing_code: String::new(),
        note: String::new(),
        extra: Default::default(),
    };
    Contact {
        taxpayer_id: String::new(),
        name: String::new(),
        // A number that is not there, but of the right country.
        phones: vec![format!("+{}", settings.country.calling_code())],
        duty,
        others: Vec::new(),
        priority: waiting.priority,
        language: None,
        time_zone: waiting.zone.clone(),
    }
}

fn first(attempts: u8, now_ms: i64, contact: &Contact) -> Retry {
    Retry {
        contact: ContactRef { list: String::new(), group: 0, page: 0, index: 0 },
        attempts,
        phone: 0,
        not_before_ms: now_ms,
        rank: Rank { callback: false, priority: contact.priority, due_date: contact.duty.due_date },
        past: Past::default(),
        unknown: None,
        refused_by: Vec::new(),
        looked: 0,
    }
}
