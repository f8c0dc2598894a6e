//! What an admin sets: whom to call for what, when, how often, how fast, and with which words.

mod attempts;
mod calendar;
mod call;
mod caller_id;
mod content;
mod idempotency;
mod numbers;
mod order;
mod rate;
mod shelf;

pub use attempts::{Again, Attempts, Change, Row, row};
pub use call::CallLimits;
pub use caller_id::{CallerId, fingerprint, pick};
pub use content::{AfterDue, AlsoSay, KeepColumns, MattersPerCall};
pub use idempotency::{id_for_key, valid_key};
pub use numbers::AllowedNumbers;
pub use order::{Order, OrderKey};
pub use rate::{Limits, Rate};
pub use shelf::{Remembered, Shelf, edit, edit_holidays, read, read_version};

use crate::contact::{Language, Matter};
use crate::hours::{Blackout, Country, Hours, by_day};
use crate::list::CONFIRM_ABOVE;
use crate::problem::Problem;
use crate::provider::Provider;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Whether and how a campaign calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Being set up; nobody is called.
    Draft,
    Running,
    /// No new calls; running ones end normally.
    Paused,
    /// Over for good.
    Finished,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The voice flow.
    #[default]
    Automated,
    /// Agents or their dialler claim the calls.
    Assisted,
}

/// How often a person may be called over all lists and campaigns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PersonLimits {
    /// Calls a (local) day at most.
    pub per_day: u8,
    /// Calls at most in any seven days.
    pub per_week: u8,
}

impl Default for PersonLimits {
    fn default() -> Self {
        PersonLimits { per_day: 2, per_week: 5 }
    }
}

impl PersonLimits {
    /// Most that can be set: what is above cannot be told from harassment, and is not counted.
    pub const MAX: u8 = 50;

    /// Whether the limits can be meant.
    pub fn valid(&self) -> bool {
        (1..=Self::MAX).contains(&self.per_day) && (1..=Self::MAX).contains(&self.per_week)
    }
}

/// What an admin sends and may change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub name: String,
    #[serde(default)]
    pub mode: Mode,
    pub matter: Matter,
    /// Whose numbers are called. Decides the outer limits of the hours.
    #[serde(default)]
    pub country: Country,
    /// What is called beside the ordinary numbers of that country.
    #[serde(default)]
    pub allowed_numbers: AllowedNumbers,
    /// IANA name: the clock that counts the days of contacts whose list tells no place. They are called only when it is
    /// callable in every zone of the country.
    #[serde(default = "default_zone")]
    pub time_zone: String,
    /// First day of calls; `None`: from the start on.
    #[serde(default)]
    pub starts: Option<Date>,
    /// Last day of calls; `None`: each contact's due date. Must be set where calls go on after the due date.
    #[serde(default)]
    pub ends: Option<Date>,
    #[serde(default)]
    pub callable_hours: Hours,
    /// Named calendars (`id`) and single days (`2027-03-10`) without calls.
    #[serde(default)]
    pub holidays: Vec<String>,
    /// Days (`2027-03-10`) and ranges of days (`2027-03-19/2027-03-25`) on which this campaign does not call.
    #[serde(default)]
    pub blackouts: Vec<Blackout>,
    #[serde(default)]
    pub attempts: Attempts,
    /// Lower limits than the installation's; what is higher has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_limits: Option<PersonLimits>,
    /// Lists with more contacts call nobody until their size is confirmed, unless their upload said what to expect.
    #[serde(default = "default_confirm_above")]
    pub confirm_above: u32,
    #[serde(default)]
    pub order: Order,
    #[serde(default)]
    pub call: CallLimits,
    #[serde(default = "default_providers")]
    pub providers: Vec<Provider>,
    /// Numbers of ours; each call shows one of them.
    #[serde(default)]
    pub caller_ids: Vec<CallerId>,
    #[serde(default)]
    pub rate: Rate,
    #[serde(default = "default_script")]
    pub script: String,
    #[serde(default)]
    pub after_due: AfterDue,
    #[serde(default)]
    pub matters_per_call: MattersPerCall,
    #[serde(default)]
    pub keep_columns: KeepColumns,
    #[serde(default, skip_serializing_if = "AlsoSay::is_empty")]
    pub also_say: AlsoSay,
    #[serde(default = "default_languages")]
    pub languages: Vec<Language>,
    /// Share of contacts that are never called, to measure the effect of calling.
    #[serde(default)]
    pub holdout_percent: u8,
}

fn default_zone() -> String {
    "Asia/Jakarta".into()
}

fn default_confirm_above() -> u32 {
    CONFIRM_ABOVE
}

fn default_providers() -> Vec<Provider> {
    vec![Provider::Twilio]
}

fn default_script() -> String {
    "reminder".into()
}

fn default_languages() -> Vec<Language> {
    vec![Language::Id, Language::En]
}

/// A campaign as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    pub id: String,
    pub state: State,
    /// Changes with every edit; the ETag.
    pub version: u64,
    pub settings: Settings,
}

/// What is asked of a campaign's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Start,
    Pause,
    Resume,
    Finish,
}

impl Campaign {
    /// Reads what an admin sent: the settings, and the id if one is named.
    pub fn parse(mut json: Value) -> Result<(Option<String>, Settings), Problem> {
        let object = json.as_object_mut().ok_or_else(|| invalid("", "the campaign must be a JSON object"))?;
        let id = match object.remove("id") {
            None => None,
            Some(Value::String(id)) if valid_id(&id) => Some(id),
            Some(_) => {
                return Err(invalid(
                    "/id",
                    "an id has 1 to 40 of the letters a-z, 0-9 and -, and begins with a letter or digit",
                ));
            }
        };
        for read_only in ["state", "version"] {
            object.remove(read_only);
        }
        let settings: Settings = serde_json::from_value(json).map_err(|e| invalid("", e.to_string()))?;
        settings.check()?;
        Ok((id, settings))
    }

    /// The campaign as the API shows it: the settings with id, state and version beside them.
    pub fn to_json(&self) -> Value {
        let mut json = serde_json::to_value(&self.settings).unwrap_or_default();
        if let Some(object) = json.as_object_mut() {
            object.insert("id".into(), self.id.clone().into());
            object.insert("state".into(), serde_json::to_value(self.state).unwrap_or_default());
            object.insert("version".into(), self.version.into());
        }
        json
    }

    /// Settings after a merge patch (RFC 7396).
    pub fn patched(&self, patch: &Value) -> Result<Settings, Problem> {
        if !patch.is_object() {
            return Err(invalid("", "a merge patch must be a JSON object"));
        }
        let mut json = self.to_json();
        let mut patch = patch.clone();
        if let Some(Value::Object(hours)) = patch.get_mut("callable_hours") {
            *hours = by_day(hours);
        }
        merge(&mut json, &patch);
        let (id, settings) = Campaign::parse(json)?;
        if id.as_deref() != Some(&self.id) {
            return Err(invalid("/id", "a campaign's id cannot be changed"));
        }
        Ok(settings)
    }

    /// The state after an action. Idempotent; refused where it makes no sense.
    pub fn after(&self, action: Action) -> Result<State, Problem> {
        use State::*;
        let refused = |why: &str| {
            Err(Problem::new(
                409,
                "wrong_state",
                "The campaign's state does not allow this",
                format!(
                    "the campaign is {}: {why}",
                    serde_json::to_value(self.state).unwrap_or_default().as_str().unwrap_or("?")
                ),
                "Look at the campaign's state first.",
            ))
        };
        match (action, self.state) {
            (Action::Start, Draft | Running) => {
                if self.settings.caller_ids.is_empty() && self.settings.mode == Mode::Automated {
                    return Err(invalid("/caller_ids", "a campaign needs at least one caller id before it starts"));
                }
                Ok(Running)
            }
            (Action::Start, Paused) => refused("resume it instead"),
            (Action::Pause, Running | Paused) => Ok(Paused),
            (Action::Pause, Draft) => refused("it has not been started"),
            (Action::Resume, Paused | Running) => Ok(Running),
            (Action::Resume, Draft) => refused("start it instead"),
            (Action::Finish, _) => Ok(Finished),
            (_, Finished) => refused("it is over for good"),
        }
    }
}

impl Settings {
    fn check(&self) -> Result<(), Problem> {
        if self.name.trim().is_empty() || self.name.len() > 200 {
            return Err(invalid("/name", "a name has 1 to 200 characters"));
        }
        self.check_calendar()?;
        self.check_numbers()?;
        self.attempts.check()?;
        if self.person_limits.is_some_and(|limits| !limits.valid()) {
            return Err(invalid("/person_limits", format!("per_day and per_week are 1 to {}", PersonLimits::MAX)));
        }
        self.call.check()?;
        if self.providers.is_empty() {
            return Err(invalid("/providers", "at least one provider"));
        }
        let repeated = |i: &usize| self.providers[..*i].contains(&self.providers[*i]);
        if let Some(i) = (1..self.providers.len()).find(repeated) {
            return Err(invalid(&format!("/providers/{i}"), "the provider stands in the list twice"));
        }
        caller_id::check(&self.caller_ids)?;
        self.rate.check()?;
        self.check_content()?;
        if self.languages.is_empty() {
            return Err(invalid("/languages", "at least one of id, en"));
        }
        if self.holdout_percent > 50 {
            return Err(invalid("/holdout_percent", "0 to 50"));
        }
        Ok(())
    }
}

/// Whether `text` is `+` and 7 to 15 digits, the first not 0 (ITU-T E.164).
pub fn e164(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|d| (7..=15).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()) && !d.starts_with('0'))
}

fn valid_id(id: &str) -> bool {
    (1..=40).contains(&id.len())
        && !id.starts_with('-')
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The refusal of an id that names no campaign.
pub fn unknown(id: &str) -> Problem {
    Problem::new(
        404,
        "campaign_unknown",
        "There is no such campaign",
        format!("no campaign has the id \"{id}\""),
        "List the campaigns with GET /v1/campaigns.",
    )
}

fn invalid(at: &str, detail: impl Into<String>) -> Problem {
    Problem::new(
        422,
        "campaign_invalid",
        "The campaign cannot be taken as it is",
        detail,
        "Correct the member that `at` names and send the request again.",
    )
    .at(at)
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Some(changes) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Default::default());
    }
    if let Some(object) = target.as_object_mut() {
        for (name, change) in changes {
            if change.is_null() {
                object.remove(name);
            } else {
                merge(object.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
    }
}
