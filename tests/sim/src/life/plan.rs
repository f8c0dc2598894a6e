//! What a seed stands for: who is called under which rules, and what goes wrong how often.

use super::class::Class;
use super::planted::Planted;
use super::wall::{DAY_MS, WIB, WIT, WITA, Windows, date, local_day};
use crate::tick::{Dice, Fate, START_MS, npwp};
use dering::attempt::Disposition;
use dering::campaign::State;
use dering::provider::Provider;
use serde_json::{Value, json};

/// A campaign's rules, as far as the auditor knows them. An edit replaces them all.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    pub state: State,
    pub hours: Windows,
    /// Who is asked to place its calls, first to last.
    pub providers: Vec<Provider>,
    pub rate: f64,
    pub concurrent: u32,
    pub max: u8,
    pub per_day: u8,
    pub per_week: u8,
    /// Calls to a person in a day and in a week, where the campaign asks for less than everybody.
    pub person: Option<(u8, u8)>,
    /// Which of our numbers it shows.
    pub caller_ids: Vec<usize>,
    /// Orders a second and calls at once of each of them.
    pub per_caller_id: Option<(f64, u32)>,
    pub retry_s: u64,
    pub ring_s: i64,
    pub talk_s: i64,
    pub unknown_s: i64,
}

impl Spec {
    /// As an admin sends it.
    pub fn settings(&self, campaign: usize) -> Value {
        let text = |m: &i64| format!("{:02}:{:02}", m / 60, m % 60);
        let spans: Vec<String> = self.hours.spans.iter().map(|(a, b)| format!("{}-{}", text(a), text(b))).collect();
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let hours: serde_json::Map<String, Value> = names
            .iter()
            .zip(self.hours.weekdays)
            .filter(|(_, on)| *on)
            .map(|(name, _)| ((*name).to_owned(), json!(spans)))
            .collect();
        let holidays: Vec<String> = self.hours.holidays.iter().map(|day| iso(*day)).collect();
        let pause = format!("{}s", self.retry_s);
        let retry: serde_json::Map<String, Value> =
            RETRIED.iter().chain([&Disposition::Unknown]).map(|d| (d.as_str().to_owned(), json!(pause))).collect();
        let caller_ids: Vec<String> = self.caller_ids.iter().map(|n| caller_id(*n)).collect();
        let mut settings = json!({
            "name": format!("Rekaan {campaign}"),
            "matter": "not_filed",
            "callable_hours": hours,
            "holidays": holidays,
            "providers": self.providers,
            "caller_ids": caller_ids,
            "rate": { "calls_per_second": self.rate, "concurrent": self.concurrent },
            "attempts": { "max": self.max, "per_day": self.per_day, "per_week": self.per_week, "retry": retry },
            "call": {
                "ring": format!("{}s", self.ring_s),
                "talk": format!("{}s", self.talk_s),
                "unknown_after": format!("{}s", self.unknown_s),
            },
        });
        if let Some((rate, concurrent)) = self.per_caller_id {
            settings["rate"]["per_caller_id"] = json!({ "calls_per_second": rate, "concurrent": concurrent });
        }
        if let Some((day, week)) = self.person {
            settings["person_limits"] = json!({ "per_day": day, "per_week": week });
        }
        settings
    }

    fn random(dice: &mut Dice, campaign: usize, start_ms: i64) -> Self {
        // Of a roll of its own, so that seeds from before there were several stay what they were.
        let providers: &[Provider] = match dice.clone().below(5) {
            0 | 1 => &[Provider::Twilio, Provider::Telnyx],
            2 => &[Provider::Telnyx, Provider::Twilio],
            3 => &[Provider::Telnyx],
            _ => &[Provider::Twilio],
        };
        let today = local_day(start_ms, WIB);
        let minute = (start_ms + WIB * 60_000).rem_euclid(DAY_MS) / 60_000;
        let spans = match dice.below(4) {
            0 | 1 => vec![(0, 24 * 60)],
            // Ends soon after the story begins.
            2 => vec![(minute.saturating_sub(60).max(0), (minute + 2 + dice.below(20) as i64).min(24 * 60))],
            _ => vec![(8 * 60, 12 * 60), (13 * 60, 17 * 60)],
        };
        let mut weekdays = [true; 7];
        weekdays[dice.below(7)] = dice.below(2) == 0;
        let holidays = if dice.below(3) == 0 { vec![today + 1 + dice.below(2) as i64] } else { Vec::new() };
        // How long it lets the phone ring tells one campaign's orders from another's.
        let (ring_s, talk_s) = ([5, 25][dice.below(2)] + campaign as i64, [20, 60][dice.below(2)]);
        let mut caller_ids: Vec<usize> = (0..CALLER_IDS).filter(|_| dice.below(2) == 0).collect();
        if caller_ids.is_empty() {
            caller_ids.push(campaign);
        }
        Spec {
            state: State::Running,
            hours: Windows { weekdays, spans, holidays },
            providers: providers.to_vec(),
            rate: [0.2, 1.0, 3.0, 20.0][dice.below(4)],
            concurrent: [1, 3, 10, 50][dice.below(4)],
            max: 1 + dice.below(4) as u8,
            per_day: 1 + dice.below(3) as u8,
            per_week: [5, 5, 2, 1][dice.below(4)],
            person: [None, None, Some((1, 5)), Some((2, 2))][dice.below(4)],
            caller_ids,
            per_caller_id: [None, None, Some((0.2, 50)), Some((2.0, 2)), Some((20.0, 1))][dice.below(5)],
            retry_s: [5, 60, 1_800, 7_200][dice.below(4)],
            ring_s,
            talk_s,
            unknown_s: ring_s + talk_s + 70 + [0, 30, 300][dice.below(3)],
        }
    }

    /// After an edit of hours, rates or limits.
    pub fn edited(&self, dice: &mut Dice, campaign: usize, now_ms: i64) -> Self {
        let fresh = Spec::random(dice, campaign, now_ms);
        // How long a call may ring and talk stays, so that the auditor knows it of every call.
        Spec { state: self.state, ring_s: self.ring_s, talk_s: self.talk_s, unknown_s: self.unknown_s, ..fresh }
    }
}

/// Dispositions whose pause is [`Spec::retry_s`].
pub const RETRIED: [Disposition; 8] = {
    use Disposition::*;
    [Busy, NoAnswer, Voicemail, Failed, Refused, Callback, NoOfficer, ThirdParty]
};

/// A day number as ISO 8601.
pub fn iso(day: i64) -> String {
    let (y, m, d) = date(day);
    format!("{y:04}-{m:02}-{d:02}")
}

/// Numbers of ours, which campaigns share.
pub const CALLER_IDS: usize = 3;

pub fn caller_id(number: usize) -> String {
    format!("+6221298815{number:02}")
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Someone {
    pub number: u32,
    /// Makes the taxpayer number.
    pub taxpayer: u32,
    /// National, without the leading 0.
    pub phones: Vec<String>,
    pub province: &'static str,
    /// Where the person may be: one zone, or all of them.
    pub offsets: Vec<i64>,
    /// Last day of the duty, as a day number.
    pub due: i64,
}

impl Someone {
    /// E.164.
    pub fn e164(national: &str) -> String {
        format!("+62{national}")
    }

    /// The old taxpayer number. Of somebody who can be anywhere it must not tell an office that is known.
    pub fn npwp(&self) -> String {
        npwp(self.taxpayer, if self.offsets.len() == 1 { "013" } else { "000" })
    }

    /// The zone that days are counted in.
    pub fn day_offset(&self) -> i64 {
        if self.offsets.len() == 1 { self.offsets[0] } else { WIB }
    }
}

/// A list, and when it is uploaded.
#[derive(Debug, Clone, PartialEq)]
pub struct Roll {
    pub campaign: usize,
    pub after_ms: i64,
    pub people: Vec<Someone>,
    /// Rows besides that nobody can be called by.
    pub bad: usize,
}

/// What a seed stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub seed: u64,
    pub start_ms: i64,
    pub faulty_ms: i64,
    pub tick_ms: i64,
    pub skew_ms: Vec<i64>,
    /// Thousandths, by class.
    pub often: [usize; Class::ALL.len()],
    pub fates: Vec<Fate>,
    pub specs: Vec<Spec>,
    pub rolls: Vec<Roll>,
    /// What each provider lets the account do: orders a second, calls at once.
    pub account: Option<(f64, u32)>,
    /// When an hour without ticks begins, after the story's beginning.
    pub off_ms: Option<i64>,
    pub planted: Option<Planted>,
}

impl Plan {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed.wrapping_mul(0x9e37_79b9).wrapping_add(77));
        let dice = &mut dice;
        let start_ms = START_MS + dice.below(24 * 3_600_000) as i64;
        let often = Class::ALL.map(|class| match dice.below(2) {
            0 => 0,
            _ => class.full().div_ceil([1, 3, 10][dice.below(3)]),
        });
        let campaigns = 1 + dice.below(2);
        let hosts = 1 + dice.below(2);
        let skewed = often[Class::Skew as usize] > 0;
        let skew_ms = (0..hosts).map(|_| if skewed { dice.below(4_000) as i64 - 2_000 } else { 0 }).collect();
        let mut fates = vec![Fate::ALL[1]];
        for _ in 0..6 {
            fates.push(Fate::ALL[dice.below(Fate::ALL.len())]);
        }
        let specs: Vec<Spec> = (0..campaigns).map(|campaign| Spec::random(dice, campaign, start_ms)).collect();
        let faulty_ms = [3, 15, 60, 300][dice.below(4)] * 60_000;
        let mut rolls = Vec::new();
        for campaign in 0..campaigns {
            for nth in 0..1 + dice.below(2) {
                let after_ms = if nth == 0 { 0 } else { dice.below(faulty_ms as usize) as i64 };
                let most = [3, 10, 25][dice.below(3)];
                let count = 1 + dice.below(most);
                let first = 100 * (campaign * 2 + nth) as u32;
                let people = (0..count as u32).map(|i| someone(dice, start_ms, campaign, nth, first + i)).collect();
                rolls.push(Roll { campaign, after_ms, people, bad: dice.below(4) });
            }
        }
        let tick_ms = [700, 2_000, 5_000][dice.below(3)];
        let account = [None, None, Some((0.5, 50)), Some((5.0, 2))][dice.below(4)];
        let off_ms = None;
        Plan { seed, start_ms, faulty_ms, tick_ms, skew_ms, often, fates, specs, rolls, account, off_ms, planted: None }
    }

    /// The same people and faults, and an hour without ticks that begins while calls are on, or soon after.
    pub fn with_an_hour_off(seed: u64) -> Self {
        let mut dice = Dice::new(seed ^ 0x0ff);
        let plan = Plan::new(seed);
        let latest_ms = [60_000, 600_000][dice.below(2)];
        Plan { off_ms: Some(dice.below(latest_ms) as i64), ..plan }
    }

    pub fn has(&self, class: Class) -> bool {
        self.often[class as usize] > 0
    }

    /// The widest difference between two clocks.
    pub fn skew_range_ms(&self) -> i64 {
        let most = self.skew_ms.iter().max().copied().unwrap_or(0).max(0);
        most - self.skew_ms.iter().min().copied().unwrap_or(0).min(0)
    }

    /// When faults stop.
    pub fn calm_ms(&self) -> i64 {
        self.start_ms + self.faulty_ms
    }

    /// Simpler plans, the most simplifying first.
    pub fn simpler(&self) -> Vec<Plan> {
        let mut all = Vec::new();
        let mut with = |change: &dyn Fn(&mut Plan)| {
            let mut plan = self.clone();
            change(&mut plan);
            if plan != *self {
                all.push(plan);
            }
        };
        with(&|p| p.rolls.truncate(1));
        for roll in 0..self.rolls.len() {
            with(&|p| {
                let half = p.rolls[roll].people.len().div_ceil(2);
                p.rolls[roll].people.truncate(half);
            });
        }
        for class in Class::ALL {
            with(&|p| p.often[class as usize] = 0);
        }
        with(&|p| p.skew_ms.truncate(1));
        with(&|p| p.faulty_ms /= 2);
        with(&|p| p.fates.truncate(1));
        with(&|p| p.account = None);
        with(&|p| p.rolls.iter_mut().for_each(|roll| roll.bad = 0));
        all
    }
}

fn someone(dice: &mut Dice, start_ms: i64, campaign: usize, nth: usize, number: u32) -> Someone {
    let (province, offsets) = match dice.below(6) {
        0 => ("Bali", vec![WITA]),
        1 => ("Papua", vec![WIT]),
        2 => ("", vec![WIB, WITA, WIT]),
        _ => ("DKI Jakarta", vec![WIB]),
    };
    // Some numbers stand in the lists of both campaigns.
    let own = (campaign * 2 + nth) as u32 * 100;
    let shared = nth == 0 && dice.below(3) == 0;
    let phone = if shared { 900_000 + number - own } else { number };
    let mut phones = vec![format!("81200{phone:06}")];
    if dice.below(5) == 0 {
        phones.push(format!("81300{number:06}"));
    }
    let due = local_day(start_ms, WIB) + 1 + dice.below(5) as i64;
    // Some taxpayers do, with a number in each.
    let taxpayer = if nth == 0 && !shared && dice.below(4) == 0 { 900_000 + number - own } else { number };
    Someone { number, taxpayer, phones, province, offsets, due }
}
