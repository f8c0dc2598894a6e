//! Hosts: ticks on them, and the schedulers that ask for ticks.

use super::Life;
use super::class::Class;
use super::store::Shaky;
use crate::tick::{call_of, provider_of, refused, taken, tick_of};
use dering::campaign::Limits;
use dering::provider::ApiRequest;
use dering::tick::{Sent, World};
use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;

/// The outside of one tick.
pub struct Outside {
    life: Rc<Life>,
    host: usize,
    tick: usize,
    /// What a planted bug makes of the clock.
    fixed_ms: Option<i64>,
    ahead_ms: Cell<i64>,
}

impl World for Outside {
    fn now_ms(&self) -> i64 {
        let planted = self.life.plan.planted;
        let now_ms = self.fixed_ms.unwrap_or_else(|| self.life.clock_of(self.host)) + self.ahead_ms.get();
        now_ms + planted.map_or(0, |p| p.shifts_clock_ms())
    }

    fn nonce(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        self.life.fill(&mut bytes);
        bytes
    }

    async fn sleep_ms(&self, ms: u64) {
        let ms = i64::try_from(ms).unwrap_or(i64::MAX / 4);
        if self.fixed_ms.is_some() || self.life.plan.planted.is_some_and(|p| p.does_not_wait()) {
            self.ahead_ms.set(self.ahead_ms.get() + ms);
            return;
        }
        self.life.time.sleep(ms).await;
    }

    async fn send(&self, request: ApiRequest, timeout_ms: u64) -> Sent {
        let life = &self.life;
        if life.happens(Class::DieBefore) {
            return self.die("before an order").await;
        }
        let sent = self.order(&request, timeout_ms).await;
        if life.happens(Class::DieAfter) {
            return self.die("after an order").await;
        }
        match life.plan.planted {
            Some(p) if p.orders_again(&sent) => self.order(&request, timeout_ms).await,
            Some(p) => p.misheard(sent),
            None => sent,
        }
    }
}

impl Outside {
    async fn die<T>(&self, when: &str) -> T {
        self.life.tell(|| format!("host {} dies {when}", self.host));
        self.life.doom(self.host);
        pending().await
    }

    async fn order(&self, request: &ApiRequest, timeout_ms: u64) -> Sent {
        let life = &self.life;
        let field = |name: &str| {
            form_urlencoded::parse(&request.body)
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.into_owned())
                .unwrap_or_default()
        };
        let Some((call, to)) = call_of(request, &life.vault, 0) else {
            life.found("order", format!("an order names no call of ours: {request:?}"));
            return Sent::NotSent;
        };
        let through = (provider_of(request), &*field("From"));
        life.dialled(self.tick, self.host, call, &to, through, field("Timeout").parse().unwrap_or(0));
        life.time.sleep(life.below(150) as i64).await;
        if life.happens(Class::Unreachable) {
            life.tell(|| format!("the order of {} cannot be sent", life.name(&call)));
            return Sent::NotSent;
        }
        let error = |status: u16, code: u32| refused(request, status, code, None);
        if life.happens(Class::TooMany) {
            life.tell(|| format!("the order of {} is one too many", life.name(&call)));
            return error(429, 20_429);
        }
        if life.happens(Class::InvalidNumber) {
            life.tell(|| format!("the order of {} is for no valid number", life.name(&call)));
            life.books.borrow_mut().invalid(call);
            return error(400, 21_211);
        }
        let broken = life.happens(Class::ServerError);
        if !broken || life.below(2) == 0 {
            life.ring(call, to);
        }
        let slow = life.happens(Class::Slow) || life.happens(Class::Early);
        let answer_ms = if slow { life.below(12_000) as i64 } else { life.below(200) as i64 };
        let timeout_ms = i64::try_from(timeout_ms).unwrap_or(i64::MAX / 4);
        life.time.sleep(answer_ms.min(timeout_ms)).await;
        if answer_ms > timeout_ms || life.happens(Class::AnswerLost) {
            life.tell(|| format!("the answer to the order of {} is lost", life.name(&call)));
            return Sent::Unclear;
        }
        if broken {
            return error(500, 20_500);
        }
        taken(request, &call)
    }
}

/// One tick of a host, from its beginning to its end or the host's.
pub fn begin(life: &Rc<Life>, host: usize) {
    let life = life.clone();
    life.clone().nursery.spawn(Some(host), async move {
        let number = life.books.borrow_mut().tick_begins(life.now_ms());
        let fixed = life.plan.planted.is_some_and(|p| p.freezes_clock());
        let fixed_ms = fixed.then(|| life.clock_of(host));
        let outside = Outside { life: life.clone(), host, tick: number, fixed_ms, ahead_ms: Cell::new(0) };
        life.tell(|| format!("tick {number} begins on host {host}, by whose clock it is {}", life.clock_of(host) - life.plan.start_ms));
        let (store, limits) = (Shaky::new(&life, Some(host)), life.account_limits());
        let changed = match tick_of(&store, &outside, &life.vault, &life.memory[host], limits).await {
            Ok(report) => {
                let idle = report.folded == 0 && report.claimed == 0 && report.open == 0;
                life.quiet.set(if idle { life.quiet.get() + 1 } else { life.quiet.get().min(2) });
                life.tell(|| {
                    format!(
                        "tick {number} ends under ballot {}: committed {}, {} folded, {} claimed, {} placed, {} open, {} waiting, held {:?}",
                        report.ballot, report.committed, report.folded, report.claimed, report.placed, report.open,
                        report.waiting, report.held
                    )
                });
                report.committed
            }
            Err(problem) => {
                life.tell(|| format!("tick {number} fails: {}", problem.detail));
                true
            }
        };
        // A tick that changed nothing need not be looked at.
        if changed {
            life.look_at_state().await;
        }
    });
}

impl Life {
    fn account_limits(&self) -> Limits {
        let unlimited = self.plan.planted.is_some_and(|p| p.ignores_account());
        let limits = self.plan.account.filter(|_| !unlimited);
        Limits { calls_per_second: limits.map(|(rate, _)| rate), concurrent: limits.map(|(_, n)| n) }
    }
}

/// Asks for ticks, more seldom when there is nothing to do for long.
pub async fn schedule(life: Rc<Life>) {
    let mut off_ms = life.plan.off_ms.map(|ms| life.plan.start_ms + ms);
    loop {
        let slower = life.quiet.get().saturating_sub(2).min(10);
        let mut wait_ms = (life.plan.tick_ms << slower).min(15 * 60_000);
        if life.happens(Class::Skip) {
            wait_ms *= 10;
        }
        if life.happens(Class::Gap) {
            wait_ms = 3_600_000;
            life.tell(|| "nobody ticks for an hour".into());
        }
        let next_ms = life.now_ms() + wait_ms / 2 + life.below(wait_ms as usize) as i64;
        match off_ms.take_if(|off_ms| *off_ms <= next_ms) {
            Some(off_ms) => {
                life.tell(|| "nobody ticks for an hour".into());
                life.time.sleep_until(off_ms.max(life.now_ms()) + 3_600_000).await;
            }
            None => life.time.sleep_until(next_ms).await,
        }
        let hosts: Vec<usize> = (0..life.plan.skew_ms.len()).filter(|h| life.up(*h)).collect();
        if hosts.is_empty() {
            continue;
        }
        begin(&life, life.pick(&hosts));
        if life.happens(Class::Overlap) {
            life.time.sleep(life.below(life.pick(&[5, 50, 2_500])) as i64).await;
            let host = life.pick(&hosts);
            if life.up(host) {
                begin(&life, host);
            }
        }
    }
}
