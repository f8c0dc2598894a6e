//! What must hold at every dial, and after every tick.

use super::Life;
use super::books::{Books, Dial, key};
use super::plan::{RETRIED, caller_id};
use super::wall::{DAY_MS, local_day};
use dering::attempt::{CallId, Disposition};
use dering::provider::Provider;
use dering::report;
use dering::tick::{cell, decode_state};

/// Calls to a person over all campaigns, where nothing else is set.
const PERSON_A_DAY: usize = 2;
const PERSON_A_WEEK: usize = 5;

/// The rate that an order counts under, if it counts.
type Lane<'a> = &'a dyn Fn(&Dial) -> Option<f64>;

impl Life {
    /// An order leaves a host.
    pub fn dialled(
        &self,
        tick: usize,
        host: usize,
        call: CallId,
        to: &str,
        (provider, from): (Provider, &str),
        ring_s: i64,
    ) {
        let name = self.name(&call);
        self.tell(|| format!("tick {tick} orders {name} to {to} of {}, showing {from}", provider.name()));
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
        if !rules.iter().any(|r| r.providers.contains(&provider)) {
            self.found("R6", format!("{name} is ordered of {}", provider.name()));
        }
        // A campaign that does not limit the number may show it at any time: such calls are not counted.
        let id_lines = rules.iter().try_fold(0, |most: u32, r| r.per_caller_id.map(|(_, n)| most.max(n)));
        if let Some(own) = id_lines {
            let others = books.alive(now_ms).filter(|d| d.from == from).filter_map(|d| d.id_lines);
            let (n, highest) = others.fold((1, own), |(n, highest), lines| (n + 1, highest.max(lines)));
            if n > highest {
                self.found("R6", format!("{name} is call {n} at once that shows {from}"));
            }
        }
        let of_account = books.on_line(now_ms, |d| d.provider == provider);
        if self.plan.account.is_some_and(|(_, n)| of_account >= n as usize) {
            self.found("R6", format!("{name} is call {} of the account at once", of_account + 1));
        }

        let rate = rules.iter().map(|r| r.rate).fold(0.0, f64::max);
        let id_rate = rules.iter().try_fold(0.0, |most: f64, r| r.per_caller_id.map(|(rate, _)| most.max(rate)));
        let dial = Dial {
            call,
            campaign,
            person,
            phone: to.to_owned(),
            npwp: who.npwp.clone(),
            provider,
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
        let own = |d: &Dial| (d.campaign == campaign).then_some(d.rate);
        let of_number = |d: &Dial| d.id_rate.filter(|_| d.from == from);
        let of_account = |d: &Dial| self.plan.account.filter(|_| d.provider == provider).map(|(rate, _)| rate);
        let lanes: [(&str, Lane<'_>); 3] =
            [("the campaign's", &own), ("the number's", &of_number), ("the account's", &of_account)];
        for (whose, lane) in lanes {
            if let Some((orders, span_ms, rate)) = self.too_many(&books, lane) {
                let skew_ms = self.plan.skew_range_ms();
                self.found(
                    "R6",
                    format!("{orders} in {span_ms} ms at {whose} rate of {rate}, clocks {skew_ms} ms apart"),
                );
            }
        }
    }

    /// The last order may be one too many of a lane in some window that ends with it: which they are, in how long, at which
    /// rate.
    fn too_many(&self, books: &Books, rate: Lane<'_>) -> Option<(String, i64, f64)> {
        let mut orders = books.dials.iter().rev().filter_map(|d| Some((d, rate(d)?)));
        let last = books.dials.last()?;
        let (_, mut highest) = orders.next().filter(|(d, _)| d.call == last.call)?;
        let mut window = vec![last];
        for (dial, rate) in orders {
            highest = highest.max(rate);
            window.push(dial);
            let span_ms = last.at_ms - dial.at_ms;
            // A window a millisecond longer than the span holds both.
            let window_s = (span_ms + 1) as f64 / 1_000.0 + self.late_s();
            if window.len() as f64 > (highest * window_s).ceil() {
                let names: Vec<String> = window.iter().rev().map(|d| self.name(&d.call)).collect();
                return Some((names.join(", "), span_ms, highest));
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
}
