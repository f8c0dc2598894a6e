//! Bugs planted on purpose, none of them in the code that is shipped: what the engine reads, writes, hears and is told of the
//! time is falsified as if it had the bug. An auditor that does not find each of them proves nothing.

use super::Life;
use super::class::Class;
use super::plan::Plan;
use dering::attempt::{CallId, Event, News, OTHER_KINDS, Said};
use dering::store::{Store, StoreError, decode, decode_json, encode, encode_json, keys};
use dering::tick::{Sent, ShardNews};
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// The commit is taken for granted.
    BallotCheckDropped,
    /// An unclear commit is taken for one.
    CommitErrorIsYes,
    /// Claims and pages that were not written are taken for written.
    PagesErrorIgnored,
    /// A state that was not written is taken for written.
    SlotErrorIgnored,
    /// What a tick did is not kept.
    FoldForgotten,
    /// A tick builds on the state before the newest.
    StaleBase,
    DoNotCallUnread,
    SettlementUnread,
    /// Looked up once and remembered for long.
    DoNotCallCached,
    SettlementCached,
    WithdrawalUnread,
    /// One of the endings is not asked for.
    EndingUnread,
    CapOffByOne,
    DayCapOffByOne,
    RateDoubled,
    ConcurrentOffByOne,
    /// The hours end a minute later.
    HoursOffByOne,
    HoursIgnored,
    HolidaysIgnored,
    PauseIgnored,
    RetryAtOnce,
    /// Calls are closed while they are on.
    UnknownTooEarly,
    /// UTC taken for local time.
    UtcForLocal,
    /// The time of the tick's beginning is taken for now.
    ClockFrozen,
    /// Orders do not wait for their moment.
    DoesNotWait,
    /// An unclear order is placed again.
    OrdersAgain,
    /// A time-out is taken for a refusal.
    UnclearIsRefused,
    /// So is the provider's own failure.
    ServerErrorIsRefused,
    /// Some webhooks are answered and not written.
    NewsDropped,
    /// A webhook reads what is there and writes it back with its own.
    ReadModifyWrite,
    /// Two kinds of news share a key.
    SharedKey,
    DoNotCallUnheard,
    WrongNumberUnheard,
    /// News of one call is written to another.
    IndexDropped,
    /// A webhook does not look whether its write succeeded.
    WriteErrorIgnored,
    /// The limits of a caller id.
    CallerIdLimitIgnored,
    /// The limits of the provider's account.
    AccountLimitIgnored,
    /// When persons were called.
    HistoryUnread,
}

impl Planted {
    pub const ALL: [Planted; 38] = {
        use Planted::*;
        [
            BallotCheckDropped,
            CommitErrorIsYes,
            PagesErrorIgnored,
            SlotErrorIgnored,
            FoldForgotten,
            StaleBase,
            DoNotCallUnread,
            SettlementUnread,
            DoNotCallCached,
            SettlementCached,
            WithdrawalUnread,
            EndingUnread,
            CapOffByOne,
            DayCapOffByOne,
            RateDoubled,
            ConcurrentOffByOne,
            HoursOffByOne,
            HoursIgnored,
            HolidaysIgnored,
            PauseIgnored,
            RetryAtOnce,
            UnknownTooEarly,
            UtcForLocal,
            ClockFrozen,
            DoesNotWait,
            OrdersAgain,
            UnclearIsRefused,
            ServerErrorIsRefused,
            NewsDropped,
            ReadModifyWrite,
            SharedKey,
            DoNotCallUnheard,
            WrongNumberUnheard,
            IndexDropped,
            WriteErrorIgnored,
            CallerIdLimitIgnored,
            AccountLimitIgnored,
            HistoryUnread,
        ]
    };

    /// Whether the bug can make a difference in a story: a seed in which it cannot need not be played.
    pub fn can_show(self, plan: &Plan) -> bool {
        use Class::*;
        let any = |classes: &[Class]| classes.iter().any(|class| plan.has(*class));
        match self {
            Planted::BallotCheckDropped | Planted::StaleBase => any(&[Overlap, Stall, AppliedLate, Slow]),
            Planted::CommitErrorIsYes => any(&[Refused, ReplyLost, Outage]),
            Planted::PagesErrorIgnored | Planted::SlotErrorIgnored | Planted::WriteErrorIgnored => {
                any(&[Refused, AppliedLate, Outage, ReadOnly, Partly])
            }
            Planted::DoNotCallUnread | Planted::DoNotCallCached => any(&[DoNotCall]),
            Planted::SettlementUnread | Planted::SettlementCached => any(&[Pays]),
            Planted::WithdrawalUnread => any(&[Withdraws]),
            Planted::PauseIgnored => any(&[Pauses]),
            Planted::HolidaysIgnored => plan.specs.iter().any(|spec| !spec.hours.holidays.is_empty()),
            Planted::OrdersAgain | Planted::UnclearIsRefused => any(&[AnswerLost, Slow, Early]),
            Planted::ServerErrorIsRefused => any(&[ServerError]),
            Planted::CallerIdLimitIgnored => plan.specs.iter().any(|spec| spec.per_caller_id.is_some()),
            Planted::AccountLimitIgnored => plan.account.is_some(),
            _ => true,
        }
    }

    pub fn shifts_clock_ms(self) -> i64 {
        if self == Planted::UtcForLocal { 7 * 3_600_000 } else { 0 }
    }

    pub fn freezes_clock(self) -> bool {
        self == Planted::ClockFrozen
    }

    pub fn ignores_account(self) -> bool {
        self == Planted::AccountLimitIgnored
    }

    pub fn does_not_wait(self) -> bool {
        self == Planted::DoesNotWait
    }

    pub fn orders_again(self, sent: &Sent) -> bool {
        self == Planted::OrdersAgain && *sent == Sent::Unclear
    }

    pub fn misheard(self, sent: Sent) -> Sent {
        match (self, sent) {
            (Planted::UnclearIsRefused, Sent::Unclear) => Sent::NotSent,
            (Planted::ServerErrorIsRefused, Sent::Answer { status: 500, .. }) => Sent::NotSent,
            (_, sent) => sent,
        }
    }

    /// A webhook with the bug; `None`: this one is as it should be.
    pub async fn hook(self, life: &Rc<Life>, call: &CallId, event: &Event) -> Option<bool> {
        let store = &life.disk;
        let write = async |event: &Event, key: String| store.set(&key, &event.encode()).await.is_ok();
        let unheard = |said: Said| {
            (event.news == News::Dialog(said))
                .then_some(Event { at_ms: event.at_ms, news: News::Dialog(Said::NoInput) })
        };
        match self {
            Planted::NewsDropped if life.below(8) == 0 => Some(true),
            Planted::ReadModifyWrite => {
                let all = dering::attempt::ENDING_KINDS.iter().chain(&OTHER_KINDS);
                let keys: Vec<String> =
                    all.map(|kind| keys::event(call.shard, call.ballot, call.index, kind)).collect();
                let found = store.get_all(&keys).await.ok()?;
                life.time.sleep(life.below(300) as i64).await;
                let (mut there, mut gone) = (Vec::new(), Vec::new());
                for (key, value) in keys.into_iter().zip(found) {
                    match value {
                        Some(value) => there.push((key, value)),
                        None => gone.push(key),
                    }
                }
                there.push((event.key(call), event.encode()));
                store.delete_many(&gone).await.ok()?;
                Some(store.set_many(&there).await.is_ok())
            }
            Planted::SharedKey if matches!(event.news, News::Dialog(_) | News::Transfer { .. } | News::Machine(_)) => {
                Some(write(event, keys::event(call.shard, call.ballot, call.index, "placed")).await)
            }
            Planted::DoNotCallUnheard => Some(write(&unheard(Said::DoNotCall)?, event.key(call)).await),
            Planted::WrongNumberUnheard => Some(write(&unheard(Said::WrongNumber)?, event.key(call)).await),
            Planted::IndexDropped => Some(write(event, event.key(&CallId { index: 0, ..*call })).await),
            Planted::WriteErrorIgnored => {
                let _ = super::store::Shaky::new(life, None).set(&event.key(call), &event.encode()).await;
                Some(true)
            }
            _ => None,
        }
    }
}

/// A tick's store, falsified.
pub struct Tamper {
    planted: Option<Planted>,
    ballot: Cell<i64>,
}

const STATE: &str = "dering/c/shard/0@";

impl Tamper {
    pub fn new(planted: Option<Planted>) -> Self {
        Tamper { planted, ballot: Cell::new(0) }
    }

    fn is(&self, planted: Planted) -> bool {
        self.planted == Some(planted)
    }

    pub fn counted(&self, key: &str, delta: i64, answer: Result<i64, StoreError>) -> Result<i64, StoreError> {
        if key != keys::cell_counter("shard/0") {
            return answer;
        }
        match (delta, &answer) {
            (1, Ok(ballot)) => self.ballot.set(*ballot),
            (0, _) if self.is(Planted::BallotCheckDropped) => return Ok(self.ballot.get()),
            (0, Err(_)) if self.is(Planted::CommitErrorIsYes) => return Ok(self.ballot.get()),
            _ => {}
        }
        answer
    }

    pub fn answered(&self, verb: &str, key: &str, answer: Result<(), StoreError>) -> Result<(), StoreError> {
        let ignored = (verb == "set-many" && self.is(Planted::PagesErrorIgnored))
            || (key.starts_with(STATE) && self.is(Planted::SlotErrorIgnored));
        if ignored { Ok(()) } else { answer }
    }

    pub fn drops_write(&self, key: &str) -> bool {
        self.is(Planted::FoldForgotten) && key.starts_with(STATE)
    }

    pub fn drops_delete(&self, key: &str) -> bool {
        self.is(Planted::StaleBase) && key.starts_with(STATE)
    }

    pub fn read(&self, life: &Life, key: &str, value: &mut Option<Vec<u8>>) {
        let Some(planted) = self.planted else { return };
        let kind = key.split('/').nth(1).unwrap_or_default();
        match (planted, kind) {
            (Planted::DoNotCallUnread, "d") | (Planted::SettlementUnread, "s") | (Planted::HistoryUnread, "h") => {
                *value = None;
            }
            (Planted::EndingUnread, "e") if key.ends_with("/no_answer") => *value = None,
            (Planted::DoNotCallCached, "d") | (Planted::SettlementCached, "s") => {
                *value = life.remembered.borrow_mut().entry(key.to_owned()).or_insert_with(|| value.clone()).clone();
            }
            (Planted::WithdrawalUnread, "l") => {
                if let Some(ShardNews::ListWithdrawn { list }) = value.as_ref().and_then(|bytes| decode(1, bytes)) {
                    *value = Some(encode(1, &ShardNews::ListAdded { list }));
                }
            }
            (_, "c") if key.starts_with("dering/c/campaigns@") => {
                if let Some(mut shelf) = value.as_ref().and_then(|bytes| decode_json::<Value>(1, bytes)) {
                    shelf["campaigns"].as_array_mut().into_iter().flatten().for_each(|c| bend(planted, c));
                    *value = Some(encode_json(1, &shelf));
                }
            }
            _ => {}
        }
    }

    pub fn read_all(&self, keys: &[String], found: &mut [Option<Vec<u8>>]) {
        let states = keys.len() > 1 && keys.iter().all(|key| key.starts_with(STATE));
        if self.is(Planted::StaleBase) && states && found.iter().flatten().count() > 1 {
            // The newest is the first.
            if let Some(newest) = found.iter_mut().find(|value| value.is_some()) {
                *newest = None;
            }
        }
    }
}

/// A campaign as an engine with the bug would understand it.
fn bend(planted: Planted, campaign: &mut Value) {
    let plus = |value: &mut Value, n: u64| *value = json!(value.as_u64().unwrap_or(0) + n);
    if planted == Planted::PauseIgnored {
        campaign["state"] = json!("running");
    }
    let settings = &mut campaign["settings"];
    match planted {
        Planted::CapOffByOne => plus(&mut settings["attempts"]["max"], 1),
        Planted::DayCapOffByOne => plus(&mut settings["attempts"]["per_day"], 1),
        Planted::ConcurrentOffByOne => plus(&mut settings["rate"]["concurrent"], 1),
        Planted::RateDoubled => {
            let rate = &mut settings["rate"]["calls_per_second"];
            *rate = json!(rate.as_f64().unwrap_or(1.0) * 2.0);
        }
        Planted::CallerIdLimitIgnored => settings["rate"]["per_caller_id"] = Value::Null,
        Planted::HolidaysIgnored => settings["holidays"] = json!([]),
        Planted::HoursIgnored => settings["callable_hours"] = json!({ "mon-sun": ["00:00-24:00"] }),
        Planted::HoursOffByOne => {
            let days = settings["callable_hours"].as_object_mut().into_iter().flat_map(|days| days.values_mut());
            days.flat_map(|day| day.as_array_mut().into_iter().flatten()).for_each(a_minute_longer);
        }
        Planted::RetryAtOnce => {
            let all = settings["attempts"]["retry"].as_object_mut().into_iter().flat_map(|all| all.values_mut());
            all.for_each(|pause| *pause = json!("PT0S"));
        }
        Planted::UnknownTooEarly => settings["call"]["unknown_after"] = json!("PT3S"),
        _ => {}
    }
}

fn a_minute_longer(span: &mut Value) {
    let Some((from, to)) = span.as_str().and_then(|s| s.split_once('-')) else { return };
    let Some((h, m)) = to.split_once(':') else { return };
    let minutes = h.parse::<u32>().unwrap_or(0) * 60 + m.parse::<u32>().unwrap_or(0) + 1;
    if minutes < 24 * 60 {
        *span = json!(format!("{from}-{:02}:{:02}", minutes / 60, minutes % 60));
    }
}
