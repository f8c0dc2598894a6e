//! The carrier's side: calls that ring, and what it tells of them.

use super::Life;
use super::books::key;
use super::class::Class;
use super::store::Shaky;
use crate::tick::Fate;
use dering::attempt::{CallId, Event, News};
use dering::callback;
use std::rc::Rc;

/// How often the carrier repeats a callback that was not taken.
const TRIES: usize = 5;

impl Life {
    /// The phone rings.
    pub fn ring(self: &Rc<Self>, call: CallId, to: String) {
        let fate = self.pick(&self.plan.fates);
        let spec = &self.plan.specs[self.books.borrow().campaign_of(&call)];
        let early = self.happens(Class::Early);
        let ring_ms = if early { 50 } else { 500 + self.below(spec.ring_s as usize * 1_000 - 500) as i64 };
        let answered = !matches!(fate, Fate::Unanswered(..) | Fate::Network(..));
        let talk_ms = match (answered, early) {
            (false, _) => 0,
            (true, true) => 50,
            (true, false) => 1_000 + self.below(spec.talk_s as usize * 1_000 - 1_000) as i64,
        };
        let end_ms = self.now_ms() + ring_ms + talk_ms;
        self.tell(|| format!("{} rings at {to}: {fate:?}", self.name(&call)));
        self.books.borrow_mut().rings(call, fate, end_ms);
        let news = fate.news();
        let last = news.len();
        for (n, news) in news.into_iter().enumerate() {
            let during = matches!(news, News::Dialog(_) | News::Transfer { .. });
            let mut at_ms = match &news {
                _ if during => end_ms - talk_ms / 2 + talk_ms * n as i64 / (2 * last as i64),
                News::Machine(_) => end_ms - talk_ms / 2,
                _ => end_ms,
            };
            at_ms += self.below(300) as i64;
            // What is said is told while the call is on: only what comes after it can be late.
            if !during && self.happens(Class::Disorder) {
                at_ms += self.below(10_000) as i64;
            }
            if !during && self.happens(Class::Late) {
                at_ms += self.below(self.pick(&[30_000, 600_000, 6 * 3_600_000])) as i64;
            }
            if !during && self.happens(Class::Never) {
                self.tell(|| format!("of {} it will never be told: {news:?}", self.name(&call)));
                continue;
            }
            self.callback(call, news.clone(), at_ms);
            if self.happens(Class::Twice) {
                let later_ms = if during { 100 } else { self.pick(&[100, 60_000, 3_600_000]) };
                self.callback(call, news, at_ms + self.below(later_ms) as i64);
            }
        }
        if self.happens(Class::Foreign) {
            let other = CallId { ballot: call.ballot + 7_000, ..call };
            self.stranger(other, fate);
        }
    }

    /// A callback that comes at that time, and again while it is not taken.
    fn callback(self: &Rc<Self>, call: CallId, news: News, at_ms: i64) {
        let life = self.clone();
        self.books.borrow_mut().pending += 1;
        self.nursery.spawn(None, async move {
            life.time.sleep_until(at_ms).await;
            let mut tries = 0;
            while !life.hook(&call.seal(&life.vault), &news).await {
                tries += 1;
                if tries == TRIES {
                    life.tell(|| format!("the carrier gives up telling of {}: {news:?}", life.name(&call)));
                    break;
                }
                life.time.sleep(500 + life.below(1_500) as i64).await;
            }
            life.books.borrow_mut().pending -= 1;
        });
    }

    /// Callbacks for a call that never was: one with an id of somebody else's making, one with an id of ours.
    fn stranger(self: &Rc<Self>, call: CallId, fate: Fate) {
        let life = self.clone();
        self.nursery.spawn(None, async move {
            for news in fate.news() {
                let mut forged = call.seal(&life.vault);
                forged.insert(3, 'x');
                if life.hook(&forged, &news).await {
                    life.found("forged", format!("a callback of the forged call {forged} was taken"));
                }
                life.hook(&call.seal(&life.vault), &news).await;
            }
        });
    }

    /// What the component does with a callback: its id opened, one blind write. `true`: taken, 204.
    pub async fn hook(self: &Rc<Self>, id: &str, news: &News) -> bool {
        let host = self.below(self.plan.skew_ms.len());
        let at_ms = self.clock_of(host);
        let Ok(call) = CallId::open(id, &self.vault, at_ms / 1_000) else { return false };
        let event = Event { at_ms, news: news.clone() };
        self.stir();
        self.books.borrow_mut().maybe_heard(call, news, self.now_ms());
        if let Some(planted) = self.plan.planted
            && let Some(taken) = planted.hook(self, &call, &event).await
        {
            if taken {
                self.books.borrow_mut().heard(call, news, self.now_ms());
            }
            return taken;
        }
        let store = Shaky::new(self, None);
        let phone = self.books.borrow().dial(key(&call)).map(|d| d.phone.clone());
        let kept = callback::keep_said(&store, &self.vault, &call, phone.as_deref(), news.clone(), at_ms).await;
        let taken = kept.is_ok();
        if taken {
            self.tell(|| format!("heard of {}: {news:?}", self.name(&call)));
            self.books.borrow_mut().heard(call, news, self.now_ms());
        }
        taken
    }

    pub fn name(&self, call: &CallId) -> String {
        format!("call {}.{}", call.ballot, call.index)
    }
}
