//! Figures at the end, against a recount of what was dialled, what rang and what was told.

use super::Life;
use super::books::{Books, Dial, Key, key};
use super::people::campaign_id;
use dering::attempt::{AnsweredBy, Disposition, Ending, News, Said};
use dering::report::{self, CampaignReport};
use dering::tick::Attempt;
use std::collections::{BTreeMap, BTreeSet};

/// The engine folds a call so long after its first ending; until then news of it has no effect.
const STRAGGLERS_MS: i64 = 3_000;
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
    /// The end: figures against the auditor's own.
    pub async fn settle_accounts(&self) -> Accounts {
        let mut accounts = Accounts { reports: Vec::new(), records: Vec::new(), inbound: 0, dials: 0 };
        for campaign in 0..self.plan.specs.len() {
            let id = campaign_id(campaign);
            match (report::campaign(&self.disk, 1, &id, self.now_ms()).await, self.attempts(&id).await) {
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
    pub fn prompt(&self, books: &Books, dial: &Dial) -> Option<Disposition> {
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
        (Some(Said::TransferAsked | Said::NoOfficer), _) => Disposition::NoOfficer,
        (Some(Said::Callback), _) => Disposition::Callback,
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
