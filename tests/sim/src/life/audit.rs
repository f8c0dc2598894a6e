//! What must hold, at every dial, after every tick, and at the end.

use super::Life;
use super::books::{Books, Dial, Key, key};
use super::people::campaign_id;
use super::plan::{RETRIED, caller_id};
use super::wall::{DAY_MS, local_day};
use dering::attempt::{AnsweredBy, CallId, Disposition, Ending, News, Said};
use dering::report::{self, CampaignReport};
use dering::tick::{Attempt, cell, decode_state};
use std::collections::{BTreeMap, BTreeSet};

/// The engine folds a call so long after its first ending; until then news of it has no effect.
const STRAGGLERS_MS: i64 = 3_000;
/// Calls to a person over all campaigns, where nothing else is set.
const PERSON_A_DAY: usize = 2;
const PERSON_A_WEEK: usize = 5;
/// By how much an order may be late when everything is slow.
const LATE_MS: i64 = 5_000;

/// Figures that must not change any more.
pub struct Accounts {
    reports: Vec<CampaignReport>,
    records: Vec<usize>,
    inbound: u64,
    dials: usize,
}

impl Life {
    /// An order leaves a host.
    pub fn dialled(&self, tick: usize, host: usize, call: CallId, to: &str, from: &str, ring_s: i64) {
        let name = self.name(&call);
        self.tell(|| format!("tick {tick} orders {name} to {to}"));
        let books = self.books.borrow();
        if books.knows(&call) {
            return self.found("R1", format!("{name} is ordered twice"));
        }
        let Some((campaign, person)) = books.whose(to, ring_s) else {
            return self.found("R2", format!("{name} goes to {to}, who is in no list of the campaign"));
        };
        let (now_ms, clock_ms) = (self.now_ms(), self.clock_of(host));
        let began_ms = books.ticks[tick];
        let who = &books.people[person];
        let day = local_day(clock_ms, who.row.day_offset());

        let before = |since: Option<&i64>| since.is_some_and(|at| *at < began_ms);
        let barred = [
            (before(books.suppressed.get(to)), "is on the do-not-call list"),
            (before(books.suppressed.get(&who.npwp)), "is a taxpayer on the do-not-call list"),
            (before(books.asked.get(to)), "asked not to be called"),
            (before(books.settled.get(&who.npwp)), "has settled"),
            (before(books.lists[who.roll].withdrawn_ms.as_ref()), "is on a withdrawn list"),
            (self.wrong(&books, person, to), "is not at this number"),
        ];
        for (_, why) in barred.iter().filter(|(barred, _)| *barred) {
            self.found("R3", format!("{name} goes to {to}, who {why}"));
        }

        let rules: Vec<_> = books.rules(campaign, began_ms).collect();
        if rules.iter().all(|r| r.state != dering::campaign::State::Running) {
            self.found("R11", format!("{name} is of a campaign that is paused"));
        }
        let ring_ms = self.plan.specs[campaign].ring_s * 1_000;
        if !rules.iter().any(|r| r.hours.allow(clock_ms, ring_ms, &who.row.offsets)) {
            let clock = report::rfc3339(clock_ms).unwrap_or_default();
            let zone = &who.row.province;
            self.found(
                "R4",
                format!("{name} rings {to} ({zone}) outside the callable hours: it is {clock} of {rules:?}"),
            );
        }
        if day > who.row.due {
            self.found("R4", format!("{name} rings {to} after the due date"));
        }

        let most = |of: &dyn Fn(&super::plan::Spec) -> usize| rules.iter().map(|r| of(r)).max().unwrap_or(0);
        let attempts = books.rung_of(person).count();
        if attempts >= most(&|r| usize::from(r.max)) {
            self.found("R6", format!("{name} is attempt {} of {to}", attempts + 1));
        }
        let today = books.rung_of(person).filter(|d| d.day == day).count();
        if today >= most(&|r| usize::from(r.per_day)) {
            self.found("R6", format!("{name} is attempt {} of {to} on a day", today + 1));
        }
        let in_week = |d: &&Dial| d.at_ms > now_ms - 7 * DAY_MS;
        let this_week = books.rung_of(person).filter(in_week).count();
        if this_week >= most(&|r| usize::from(r.per_week)) {
            self.found("R6", format!("{name} is attempt {} of {to} in a week", this_week + 1));
        }
        // The same phone or the same taxpayer, whichever campaign called.
        let same = |d: &Dial| d.phone == to || d.npwp == who.npwp;
        let rang = |d: &&Dial| books.rung.contains_key(&key(&d.call));
        let same_day = |d: &&Dial| local_day(d.clock_ms, who.row.day_offset()) == day;
        for one in [&|d: &Dial| d.phone == to, &|d: &Dial| d.npwp == who.npwp] as [&dyn Fn(&Dial) -> bool; 2] {
            let calls = || books.dials.iter().filter(|d| one(d)).filter(rang);
            let (a_day, a_week) = (calls().filter(same_day).count(), calls().filter(in_week).count());
            let most_a_day = most(&|r| r.person.map_or(PERSON_A_DAY, |(day, _)| PERSON_A_DAY.min(day.into())));
            let most_a_week = most(&|r| r.person.map_or(PERSON_A_WEEK, |(_, week)| PERSON_A_WEEK.min(week.into())));
            if a_day >= most_a_day || a_week >= most_a_week {
                self.found("R6", format!("{name} is call {} to {to} on a day, {} in a week", a_day + 1, a_week + 1));
            }
        }
        let pause_s = books.edits[campaign].iter().map(|e| e.spec.retry_s as i64).min().unwrap_or(0);
        if let Some(last) = books.rung_of(person).last()
            && self.prompt(&books, last).is_some_and(|d| RETRIED.contains(&d))
            && let Some(over) = books.rung.get(&key(&last.call))
            && now_ms + 2 * self.plan.skew_range_ms() < over.end_ms + pause_s * 1_000
        {
            self.found("R6", format!("{name} rings {to} too soon after {}", self.name(&last.call)));
        }
        let on_line = books.on_line(now_ms, |d| d.campaign == campaign);
        if on_line >= most(&|r| r.concurrent as usize) {
            self.found("R6", format!("{name} is call {} at once", on_line + 1));
        }
        if books.on_line(now_ms, same) > 0 {
            self.found("R2", format!("{name} rings {to}, who is in a call of ours"));
        }
        if !rules.iter().any(|r| r.caller_ids.iter().any(|n| caller_id(*n) == from)) {
            self.found("R6", format!("{name} shows {from}"));
        }
        // A campaign that does not limit the number may show it at any time: such calls are not counted.
        let id_lines = rules
            .iter()
            .map(|r| r.per_caller_id.map(|(_, n)| n))
            .fold(Some(0), |a: Option<u32>, b| a.zip(b).map(|(a, b)| a.max(b)));
        if let Some(own) = id_lines {
            let others = books.alive(now_ms).filter(|d| d.from == from).filter_map(|d| d.id_lines);
            let (n, highest) = others.fold((1, own), |(n, highest), lines| (n + 1, highest.max(lines)));
            if n > highest {
                self.found("R6", format!("{name} is call {n} at once that shows {from}"));
            }
        }
        let of_account = books.on_line(now_ms, |_| true);
        if self.plan.account.is_some_and(|(_, n)| of_account >= n as usize) {
            self.found("R6", format!("{name} is call {} of the account at once", of_account + 1));
        }

        let rate = rules.iter().map(|r| r.rate).fold(0.0, f64::max);
        let id_rate = rules
            .iter()
            .map(|r| r.per_caller_id.map(|(rate, _)| rate))
            .fold(Some(0.0), |a: Option<f64>, b| a.zip(b).map(|(a, b)| a.max(b)));
        let dial = Dial {
            call,
            campaign,
            person,
            phone: to.to_owned(),
            npwp: who.npwp.clone(),
            from: from.to_owned(),
            at_ms: now_ms,
            clock_ms,
            day,
            rate,
            id_rate,
            id_lines,
            invalid: false,
        };
        drop(books);
        self.books.borrow_mut().enter(dial);
        let books = self.books.borrow();
        let lanes: [(&str, &dyn Fn(&Dial) -> Option<f64>); 3] = [
            ("the campaign's", &|d| (d.campaign == campaign).then_some(d.rate)),
            ("the number's", &|d| d.id_rate.filter(|_| d.from == from)),
            ("the account's", &|_| self.plan.account.map(|(rate, _)| rate)),
        ];
        for (whose, rate) in lanes {
            if let Some((n, span_ms, rate)) = self.too_many(&books, rate) {
                self.found("R6", format!("{name} is order {n} in {span_ms} ms at {whose} rate of {rate}"));
            }
        }
    }

    /// The last order may be one too many of a lane in some window that ends with it: how many, in how long, at which rate.
    /// `rate`: what an order counts under, if it does.
    fn too_many(&self, books: &Books, rate: &dyn Fn(&Dial) -> Option<f64>) -> Option<(usize, i64, f64)> {
        let mut orders = books.dials.iter().rev().filter_map(|d| Some((d.at_ms, rate(d)?)));
        let (last_ms, mut highest) =
            orders.next().filter(|(at, _)| books.dials.last().is_some_and(|d| d.at_ms == *at))?;
        for (before, (at_ms, rate)) in orders.enumerate() {
            highest = highest.max(rate);
            let span_ms = last_ms - at_ms;
            // A window a millisecond longer than the span holds both.
            let window_s = (span_ms + 1) as f64 / 1_000.0 + self.late_s();
            if (before + 2) as f64 > (highest * window_s).ceil() {
                return Some((before + 2, span_ms, highest));
            }
        }
        None
    }

    /// Whether a call to this number told in time that the person is not there.
    fn wrong(&self, books: &Books, person: usize, to: &str) -> bool {
        let told = |d: &Dial| self.prompt(books, d) == Some(Disposition::WrongNumber);
        books.rung_of(person).any(|d| d.phone == to && told(d))
    }

    /// By how much a window is longer for turns than for orders, as documented: an order may go out a quarter of a second
    /// after its turn, and clocks of hosts differ.
    fn late_s(&self) -> f64 {
        0.25 + self.plan.skew_range_ms() as f64 / 1_000.0
    }

    /// Each campaign's contacts add up, whatever has failed so far.
    pub async fn look_at_state(&self) {
        let Ok(Some(version)) = cell(0).read(&self.disk).await else { return };
        match decode_state(&version.bytes) {
            Ok(state) if state.balanced() => {
                let waiting = state.lists.iter().flat_map(|l| &l.groups).any(|g| g.left > 0);
                let idle = state.open.is_empty() && state.retries.is_empty() && !waiting;
                self.at_rest.set(idle && state.lists.len() == self.plan.rolls.len());
            }
            Ok(state) => self.found("R10", format!("the books do not add up: {:?}", state.books)),
            Err(problem) => self.found("R10", problem.detail),
        }
    }

    /// The end: figures against the auditor's own.
    pub async fn settle_accounts(&self) -> Accounts {
        let mut accounts = Accounts { reports: Vec::new(), records: Vec::new(), inbound: 0, dials: 0 };
        for campaign in 0..self.plan.specs.len() {
            let id = campaign_id(campaign);
            match (report::campaign(&self.disk, 1, &id).await, self.attempts(&id).await) {
                (Ok(report), Some(records)) => {
                    self.check_report(campaign, &report, &records);
                    accounts.records.push(records.len());
                    accounts.reports.push(report);
                }
                _ => self.found("R10", format!("there is no report of {id}")),
            }
        }
        let year = report::annual(&self.disk, 1, 2027).await.map(|a| a.inbound_received).unwrap_or(u64::MAX);
        let books = self.books.borrow();
        if year != books.inbound {
            self.found("R10", format!("{year} inbound calls are counted of {}", books.inbound));
        }
        accounts.inbound = year;
        accounts.dials = books.dials.len();
        accounts
    }

    /// After everything was told again.
    pub async fn same_as(&self, before: &Accounts) {
        let after = self.settle_accounts().await;
        if after.dials != before.dials {
            self.found("R8", "what was told again made a call".into());
        }
        if after.reports != before.reports || after.records != before.records || after.inbound != before.inbound {
            self.found("R8", format!("what was told again changed {:?} to {:?}", before.reports, after.reports));
        }
    }

    async fn attempts(&self, id: &str) -> Option<Vec<Attempt>> {
        let (mut all, mut from) = (Vec::new(), None);
        loop {
            let page = report::attempts(&self.disk, 0, id, from).await.ok()?;
            all.extend(page.attempts);
            from = page.next;
            if from.is_none() {
                all.reverse();
                return Some(all);
            }
        }
    }

    fn check_report(&self, campaign: usize, report: &CampaignReport, records: &[Attempt]) {
        let books = self.books.borrow();
        let wrong = |what: String| self.found("R10", format!("campaign {campaign}: {what}"));
        let contacts = books.people.iter().filter(|p| p.campaign == campaign).count() as u64;
        if report.contacts != contacts || report.ends.values().sum::<u64>() != contacts || !report.balanced {
            wrong(format!("{contacts} contacts are {report:?}"));
        }
        // One record for each call, and at most one correction.
        let mut last: BTreeMap<Key, &Attempt> = BTreeMap::new();
        for record in records {
            let known = last.insert(record.call, record);
            if known.is_some_and(|k| k.late || !record.late) || (known.is_none() && record.late) {
                wrong(format!("{:?} is counted twice", record.call));
            }
        }
        let mut counted: BTreeMap<&str, u64> = Disposition::ALL.iter().map(|d| (d.as_str(), 0)).collect();
        last.values().for_each(|record| *counted.entry(record.disposition.as_str()).or_default() += 1);
        if counted != report.dispositions {
            wrong(format!("dispositions are {:?} by the records and {:?} by the report", counted, report.dispositions));
        }
        for dial in books.dials.iter().filter(|d| d.campaign == campaign) {
            match last.get(&key(&dial.call)) {
                None => wrong(format!("{} is not in the records", self.name(&dial.call))),
                Some(record) => {
                    let possible = self.possible(&books, dial);
                    if !possible.contains(&record.disposition) {
                        wrong(format!("{} is {:?} instead of {possible:?}", self.name(&dial.call), record.disposition));
                    }
                }
            }
        }
        let never = [Disposition::Unknown, Disposition::NotPlaced];
        for (call, record) in &last {
            if books.dial(*call).is_none() && !never.contains(&record.disposition) {
                wrong(format!("{call:?} was never dialled and is {:?}", record.disposition));
            }
        }
        self.check_ends(&books, campaign, report, &last);
    }

    /// How many contacts can have come to each end, and how many must have.
    fn check_ends(&self, books: &Books, campaign: usize, report: &CampaignReport, last: &BTreeMap<Key, &Attempt>) {
        let of = |person: &usize| books.people[*person].campaign == campaign;
        let number = |people: BTreeSet<usize>| people.into_iter().filter(of).count() as u64;
        let reached = [Disposition::Informed, Disposition::Promise, Disposition::SaysSettled, Disposition::Transferred];
        let by_call =
            |fits: &dyn Fn(&Dial) -> bool| number(books.dials.iter().filter(|d| fits(d)).map(|d| d.person).collect());
        let on = |fits: &dyn Fn(usize) -> bool| number((0..books.people.len()).filter(|p| fits(*p)).collect());
        let fate = |d: &Dial| books.rung.get(&key(&d.call)).map(|r| r.fate.disposition());
        let phones = |p: usize| books.people[p].row.phones.iter().map(|n| super::plan::Someone::e164(n));
        let barred = |p: usize| {
            phones(p).chain([books.people[p].npwp.clone()]).any(|subject| books.suppressed.contains_key(&subject))
        };
        let lost =
            |d: &Dial| d.invalid || matches!(fate(d), Some(Disposition::WrongNumber | Disposition::InvalidNumber));
        let recorded: BTreeSet<usize> = last.keys().filter_map(|c| books.dial(*c)).map(|d| d.person).collect();
        let undialled = last.keys().filter(|c| books.dial(**c).is_none()).count() as u64;
        let most = [
            ("reached", by_call(&|d| fate(d).is_some_and(|f| reached.contains(&f)))),
            ("settled", on(&|p| books.settled.contains_key(&books.people[p].npwp))),
            ("suppressed", on(&|p| barred(p) || phones(p).any(|n| self.said_no(books, &n)))),
            ("withdrawn", on(&|p| books.lists[books.people[p].roll].withdrawing)),
            // Reported in whichever call, the number is wrong for all.
            ("wrong_number", on(&|p| phones(p).any(|n| books.dials.iter().any(|d| d.phone == n && lost(d))))),
            ("exhausted", number(recorded) + undialled),
            ("held_out", 0),
        ];
        for (end, most) in most {
            if report.ends.get(end).is_none_or(|n| *n > most) {
                let n = report.ends.get(end);
                self.found("R10", format!("campaign {campaign}: {n:?} contacts are {end}, {most} can be"));
            }
        }
        let heard = by_call(&|d| self.prompt(books, d).is_some_and(|f| reached.contains(&f)));
        if report.ends.get("reached").is_none_or(|n| *n < heard) {
            self.found("R10", format!("campaign {campaign}: {heard} contacts were reached: {:?}", report.ends));
        }
    }

    fn said_no(&self, books: &Books, phone: &str) -> bool {
        books.dials.iter().filter(|d| d.phone == phone).any(|d| {
            let told = books.told.get(&key(&d.call));
            told.is_some_and(|all| all.iter().any(|t| t.news == News::Dialog(Said::DoNotCall)))
        })
    }

    /// What a call must be in the books, if all of it was told in time.
    fn prompt(&self, books: &Books, dial: &Dial) -> Option<Disposition> {
        let rung = books.rung.get(&key(&dial.call))?;
        let news = rung.fate.news();
        let told = books.told.get(&key(&dial.call))?;
        let skew_ms = self.plan.skew_range_ms();
        let ended = told.iter().find(|t| matches!(t.news, News::Ended { .. }))?;
        let closed_ms = dial.at_ms + self.plan.specs[dial.campaign].unknown_s * 1_000 - LATE_MS - 2 * skew_ms;
        let in_time = |t: &&_| {
            let super::books::Told { taken_ms, .. } = t;
            taken_ms.is_some_and(|at| at <= ended.first_ms + STRAGGLERS_MS - skew_ms - 50 && at < closed_ms)
        };
        let all = news.iter().all(|n| told.iter().filter(in_time).any(|t| t.news == *n));
        all.then(|| rung.fate.disposition())
    }

    /// What a call can be in the books.
    fn possible(&self, books: &Books, dial: &Dial) -> Vec<Disposition> {
        use Disposition::*;
        let call = key(&dial.call);
        if !books.rung.contains_key(&call) {
            return if dial.invalid { vec![InvalidNumber, Unknown] } else { vec![NotPlaced, Unknown] };
        }
        if let Some(certain) = self.prompt(books, dial) {
            return vec![certain];
        }
        let told: Vec<&News> = books.told.get(&call).into_iter().flatten().map(|t| &t.news).collect();
        (0..1_u32 << told.len())
            .map(|bits| {
                let part = told.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, n)| *n);
                meaning(&part.collect::<Vec<_>>())
            })
            .collect()
    }
}

/// What news of a call come to. The auditor's own reading of the table of dispositions.
fn meaning(news: &[&News]) -> Disposition {
    let has = |n: &News| news.contains(&n);
    let said = news.iter().find_map(|n| if let News::Dialog(said) = n { Some(*said) } else { None });
    let ended =
        news.iter().find_map(|n| if let News::Ended { ending, sip, .. } = n { Some((*ending, *sip)) } else { None });
    match (said, ended) {
        (Some(Said::Informed), _) => Disposition::Informed,
        (Some(Said::Promise), _) => Disposition::Promise,
        (Some(Said::SaysSettled | Said::Settled), _) => Disposition::SaysSettled,
        (Some(Said::TransferAsked), _) if has(&News::Transfer { bridged: true }) => Disposition::Transferred,
        (Some(Said::TransferAsked | Said::Callback), _) => Disposition::Callback,
        (Some(Said::DoNotCall), _) => Disposition::DoNotCall,
        (Some(Said::WrongNumber), _) => Disposition::WrongNumber,
        (Some(Said::ThirdParty), _) => Disposition::ThirdParty,
        (said, Some((Ending::Completed, _))) => match said.is_none() && has(&News::Machine(AnsweredBy::Machine)) {
            true => Disposition::Voicemail,
            false => Disposition::Refused,
        },
        (Some(Said::NoInput), _) => Disposition::Refused,
        (None, Some((Ending::Busy, _))) => Disposition::Busy,
        (None, Some((Ending::NoAnswer, _))) => Disposition::NoAnswer,
        (None, Some((Ending::Failed, Some(404)))) => Disposition::InvalidNumber,
        (None, Some((Ending::Failed | Ending::Canceled, _))) => Disposition::Failed,
        (None, None) => Disposition::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tick::Fate;

    #[test]
    fn the_auditor_reads_each_fate_as_it_is_meant() {
        for fate in Fate::ALL {
            let news = fate.news();
            assert_eq!(meaning(&news.iter().collect::<Vec<_>>()), fate.disposition(), "{fate:?}");
        }
    }
}
