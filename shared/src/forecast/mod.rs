//! Dry run: when a campaign will be through, what it will take, and whom it will not reach in time.
//!
//! The rules of the tick run on a virtual clock over counts of contacts, group by group as lists are kept; nothing is
//! decrypted, written or called. Who answers is drawn from the campaign's own results so far, mixed with default
//! shares while there are few ([`AnswerModel`]). One draw, always the same for the same question: for large lists the
//! shares come out as they are, for a handful of contacts it is one possible course of events.

mod model;
mod run;
mod waiting;

pub use model::AnswerModel;

use crate::campaign::{self, Settings};
use crate::hours::{Calendar, LegalHours};
use crate::problem::Problem;
use crate::report;
use crate::store::Store;
use crate::tick;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Contacts a forecast is made for at most: the time it takes grows with them.
pub const CONTACTS_MAX: u64 = 2_000_000;

/// Contacts that are alike and wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// IANA name; `None`: not known.
    pub zone: Option<String>,
    /// Of what falls due first.
    pub due_date: Date,
    /// Of what falls due last.
    pub last_due: Date,
    pub priority: u8,
    pub contacts: u64,
    /// Attempts already made with each of them.
    pub attempts: u8,
    /// Not called before (Unix ms).
    pub not_before_ms: i64,
}

/// What a request may say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Question {
    /// Price of a minute of talk, begun minutes counted whole, in whole rupiah.
    pub price_per_minute: u64,
    /// Price of an attempt, in whole rupiah.
    pub price_per_call: u64,
}

/// What a campaign's settings do not say.
pub struct Engine<'a> {
    pub shards: u16,
    pub legal_hours: &'a LegalHours,
}

/// Calls of one clock hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hour {
    pub begins_ms: i64,
    pub calls: u64,
    pub right_party: u64,
}

/// What becomes of the contacts of one due date, zone and priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    pub due_date: Date,
    pub time_zone: Option<String>,
    pub priority: u8,
    pub contacts: u64,
    pub reached: u64,
    /// Called as often as the campaign allows, or with wrong numbers only.
    pub not_reached: u64,
    /// Time ran out first.
    pub expired: u64,
}

/// What is to be expected.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Forecast {
    pub contacts: u64,
    /// Of these, contacts of lists whose size is to be confirmed: they count as if it were.
    pub unconfirmed: u64,
    pub attempts: u64,
    pub talk_s: u64,
    /// Minutes of talk, each begun minute of a call counted whole.
    pub billed_minutes: u64,
    pub peak_concurrent: u32,
    /// Unix ms of the last contact's end.
    pub finish_ms: Option<i64>,
    pub dispositions: BTreeMap<&'static str, u64>,
    pub ends: BTreeMap<&'static str, u64>,
    pub hours: Vec<Hour>,
    /// Attempts that the model of answers rests on, beside the default shares.
    pub model_attempts: u64,
    /// Contacts of one due date, zone and priority, and what becomes of them.
    pub groups: Vec<Group>,
    /// It was cut off: the settings make the campaign endless.
    pub cut_off: bool,
}

/// The forecast of a campaign from its settings, its waiting contacts and its results so far.
///
/// The campaign's own limits hold. Not looked at: those of the provider's account, of caller ids and of persons, which it
/// shares with other campaigns.
pub fn forecast(
    settings: &Settings,
    calendar: &Calendar,
    waiting: &[Waiting],
    model: &AnswerModel,
    now_ms: i64,
) -> Forecast {
    run::Run::new(settings, calendar, model, waiting, now_ms).play_out()
}

/// The forecast of a campaign as it stands in the store. A list that was just uploaded counts from the next tick on.
/// Costs no durable commit.
pub async fn campaign<S: Store>(
    store: &S,
    engine: &Engine<'_>,
    id: &str,
    now_ms: i64,
) -> Result<(Settings, Forecast), Problem> {
    let shelf = campaign::read(store).await?;
    let campaign = shelf.get(id).ok_or_else(|| campaign::unknown(id))?;
    let settings = campaign.settings.clone();
    let (mut waiting, mut dispositions, mut talk_s, mut unconfirmed) = (Vec::new(), BTreeMap::new(), 0, 0);
    for (shard, state) in (0..).zip(report::shard_states(store, engine.shards).await?) {
        waiting.extend(waiting::of_shard(store, shard, &state, id, now_ms).await?);
        unconfirmed += tick::unconfirmed(campaign, &state.lists);
        if let Some(books) = state.books.get(id) {
            talk_s += books.talk_s;
            for (disposition, n) in &books.dispositions {
                *dispositions.entry(*disposition).or_default() += n;
            }
        }
    }
    let contacts: u64 = waiting.iter().map(|w: &Waiting| w.contacts).sum();
    if contacts > CONTACTS_MAX {
        return Err(Problem::new(
            422,
            "forecast_too_large",
            "The campaign is too large for a forecast",
            format!("{contacts} contacts wait; a forecast takes {CONTACTS_MAX} at most"),
            "Make the forecast for a campaign with a part of the lists, and multiply.",
        ));
    }
    let model = AnswerModel::new(&dispositions, talk_s);
    let calendar = Calendar::new(&settings, engine.legal_hours, &shelf.holidays);
    let forecast = Forecast { unconfirmed, ..forecast(&settings, &calendar, &waiting, &model, now_ms) };
    Ok((settings, forecast))
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Shown<'a> {
    contacts: u64,
    unconfirmed: u64,
    finish: Option<String>,
    attempts: u64,
    right_party_contacts: u64,
    talk_minutes: u64,
    cost: u64,
    peak_concurrent: u32,
    busiest_hour_calls: u64,
    ends: &'a BTreeMap<&'static str, u64>,
    dispositions: &'a BTreeMap<&'static str, u64>,
    unreached_by_due_date: u64,
    groups: &'a [Group],
    calls_per_hour: Vec<ShownHour>,
    model_attempts: u64,
    cut_off: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ShownHour {
    begins: Option<String>,
    calls: u64,
    right_party: u64,
}

impl Forecast {
    /// The answer to a question: times with the campaign's offset, money in whole rupiah.
    pub fn to_json(&self, settings: &Settings, question: &Question) -> serde_json::Value {
        let time = |ms: i64| {
            let at = Timestamp::from_second(ms.div_euclid(1000)).ok()?;
            let local = at.to_zoned_datetime(crate::hours::zone(&settings.time_zone).ok()?);
            Some(local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
        };
        let hours = self.hours.iter().map(|h| ShownHour {
            begins: time(h.begins_ms),
            calls: h.calls,
            right_party: h.right_party,
        });
        let cost = question
            .price_per_call
            .saturating_mul(self.attempts)
            .saturating_add(question.price_per_minute.saturating_mul(self.billed_minutes));
        let shown = Shown {
            contacts: self.contacts,
            unconfirmed: self.unconfirmed,
            finish: self.finish_ms.and_then(time),
            attempts: self.attempts,
            right_party_contacts: self.hours.iter().map(|h| h.right_party).sum(),
            talk_minutes: self.talk_s.div_ceil(60),
            cost,
            peak_concurrent: self.peak_concurrent,
            busiest_hour_calls: self.hours.iter().map(|h| h.calls).max().unwrap_or(0),
            ends: &self.ends,
            dispositions: &self.dispositions,
            unreached_by_due_date: self.groups.iter().map(|g| g.not_reached + g.expired).sum(),
            groups: &self.groups,
            calls_per_hour: hours.collect(),
            model_attempts: self.model_attempts,
            cut_off: self.cut_off,
        };
        serde_json::to_value(shown).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::Disposition;
    use crate::campaign::Campaign;
    use crate::hours::Holidays;
    use serde_json::json;

    /// Monday, 1 March 2027, 08:00 in Jakarta.
    const MONDAY_MS: i64 = 1_803_862_800_000;

    fn settings(changes: serde_json::Value) -> Settings {
        let mut json = json!({
            "name": "a", "matter": "not_filed", "caller_ids": ["+622129881500"],
            "callable_hours": { "mon-fri": ["08:00-12:00", "13:00-17:00"] },
            "attempts": { "max": 3, "per_day": 2 },
            "rate": { "calls_per_second": 2.0, "concurrent": 60 },
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            json[name] = value.clone();
        }
        Campaign::parse(json).unwrap().1
    }

    fn waiting(contacts: u64, due: &str, zone: Option<&str>) -> Waiting {
        let due_date = due.parse().unwrap();
        Waiting {
            zone: zone.map(Into::into),
            due_date,
            last_due: due_date,
            priority: 2,
            contacts,
            attempts: 0,
            not_before_ms: 0,
        }
    }

    fn plain() -> AnswerModel {
        AnswerModel::new(&BTreeMap::new(), 0)
    }

    fn run(settings: &Settings, waiting: &[Waiting], model: &AnswerModel) -> Forecast {
        let calendar = Calendar::new(settings, &LegalHours::unlimited(), &Holidays::default());
        forecast(settings, &calendar, waiting, model, MONDAY_MS)
    }

    fn adds_up(f: &Forecast) {
        assert_eq!(f.ends.values().sum::<u64>(), f.contacts);
        assert_eq!(f.dispositions.values().sum::<u64>(), f.attempts);
        assert_eq!(f.hours.iter().map(|h| h.calls).sum::<u64>(), f.attempts);
        assert_eq!(f.groups.iter().map(|g| g.contacts).sum::<u64>(), f.contacts);
        assert!(!f.cut_off);
    }

    #[test]
    fn it_keeps_hours_rates_lines_and_books() {
        let settings = settings(json!({}));
        let groups = [
            waiting(6000, "2027-03-31", Some("Asia/Jakarta")),
            waiting(3000, "2027-03-20", Some("Asia/Jayapura")),
            waiting(1000, "2027-03-31", None),
        ];
        let f = run(&settings, &groups, &plain());
        adds_up(&f);
        assert!(f.attempts > 15_000 && f.attempts < 30_000, "{}", f.attempts);
        assert!(f.peak_concurrent <= 60);
        for hour in &f.hours {
            assert!(hour.calls <= 7200, "{hour:?}");
            // Between 06:00 and 17:00 in Jakarta it is a callable hour somewhere; at noon and at night it is not.
            let local = crate::hours::local_hour("Asia/Jakarta", hour.begins_ms).unwrap();
            assert!((6..17).contains(&local), "{local}");
        }
        assert_eq!(f, run(&settings, &groups, &plain()), "the same question, the same answer");
    }

    #[test]
    fn what_cannot_be_reached_in_time_is_named() {
        let settings = settings(json!({ "rate": { "calls_per_second": 0.5, "concurrent": 200 } }));
        let f = run(
            &settings,
            &[waiting(40_000, "2027-03-02", Some("Asia/Jakarta")), waiting(10, "2027-03-31", Some("Asia/Jakarta"))],
            &plain(),
        );
        adds_up(&f);
        // Two days of eight hours at one call in two seconds.
        assert!((28_000..=28_900).contains(&(f.attempts - 20)), "{}", f.attempts);
        let late = &f.groups[0];
        assert!(late.expired > 10_000 && late.reached > 1000, "{late:?}");
        assert_eq!(f.groups[1].expired, 0);
    }

    #[test]
    fn when_everybody_answers_it_can_be_computed_by_hand() {
        let settings = settings(json!({ "rate": { "calls_per_second": 2.0, "concurrent": 10_000 } }));
        let all = BTreeMap::from([(Disposition::Promise, u64::from(u32::MAX))]);
        let model = AnswerModel::new(&all, u64::from(u32::MAX) * 60);
        let f = run(&settings, &[waiting(7200, "2027-03-31", Some("Asia/Jakarta"))], &model);
        adds_up(&f);
        assert_eq!((f.attempts, f.ends["reached"]), (7200, 7200));
        // The last order goes out after 7,199 intervals of half a second, rings for 8 s and is talked to for 60.
        assert_eq!(f.finish_ms, Some(MONDAY_MS + 7199 * 500 + 68_000));
        assert_eq!(f.peak_concurrent, 136);
        assert_eq!((f.talk_s, f.billed_minutes), (7200 * 60, 7200));
    }

    #[test]
    fn retries_on_the_agenda_wait_for_their_time_and_have_attempts_behind_them() {
        let settings = settings(json!({}));
        let none = BTreeMap::from([(Disposition::NoAnswer, u64::from(u32::MAX))]);
        let at = MONDAY_MS + 3_600_000;
        let retry = Waiting { attempts: 2, not_before_ms: at, ..waiting(10, "2027-03-31", Some("Asia/Jakarta")) };
        let f = run(&settings, &[retry], &AnswerModel::new(&none, 0));
        adds_up(&f);
        assert_eq!((f.attempts, f.ends["exhausted"]), (10, 10));
        assert_eq!(f.hours, [Hour { begins_ms: at, calls: 10, right_party: 0 }]);
    }

    #[test]
    fn a_campaign_that_never_calls_ends_with_its_due_date_or_says_so() {
        let closed = settings(json!({ "callable_hours": {} }));
        let f = run(&closed, &[waiting(5, "2027-03-31", Some("Asia/Jakarta"))], &plain());
        assert_eq!((f.attempts, f.ends["expired"]), (0, 5));
        let nowhere = run(&closed, &[waiting(5, "2027-03-31", Some("Mars/Olympus"))], &plain());
        assert_eq!(nowhere.attempts, 0);
    }
}
