//! What a call is about: which script, and how many matters.

use super::{Settings, invalid};
use crate::contact::{EXTRA_MAX, Matter};
use crate::flow::{Also, Script, When};
use crate::list;
use crate::problem::Problem;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What follows a due date, from the next day on (in the contact's zone). In JSON `"stop"` or `{"script": "overdue"}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "Value")]
pub enum AfterDue {
    /// Nobody is called about it any more.
    #[default]
    Stop,
    /// It is called about with this script, until the campaign ends.
    Script(String),
}

impl TryFrom<Value> for AfterDue {
    type Error = &'static str;

    fn try_from(json: Value) -> Result<Self, Self::Error> {
        let script = json.as_object().filter(|o| o.len() == 1).and_then(|o| o.get("script")).and_then(Value::as_str);
        match (json.as_str(), script) {
            (Some("stop"), _) => Ok(AfterDue::Stop),
            (_, Some(script)) => Ok(AfterDue::Script(script.to_owned())),
            _ => Err("after_due is \"stop\" or {\"script\": \"NAME\"}"),
        }
    }
}

/// How many matters of the same person a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MattersPerCall {
    /// Each row of a list is called about for itself.
    #[default]
    One,
    /// Rows of a list with the same taxpayer number and the same phones are one contact. Lists that were uploaded before stay
    /// as they were.
    All,
}

/// Which columns of a list are kept with its contacts, of those that serve no field. In JSON a list of names, or `"all"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "Value")]
pub enum KeepColumns {
    /// The first [`EXTRA_MAX`] there are.
    All,
    #[serde(untagged)]
    Named(Vec<String>),
}

impl Default for KeepColumns {
    fn default() -> Self {
        KeepColumns::Named(Vec::new())
    }
}

impl TryFrom<Value> for KeepColumns {
    type Error = String;

    fn try_from(json: Value) -> Result<Self, Self::Error> {
        if json.as_str() == Some("all") {
            return Ok(KeepColumns::All);
        }
        let names: Option<Vec<String>> =
            json.as_array().and_then(|names| names.iter().map(|n| n.as_str().map(str::to_owned)).collect());
        match names {
            Some(names) if names.len() <= EXTRA_MAX && names.iter().all(|name| !name.trim().is_empty()) => {
                Ok(KeepColumns::Named(names))
            }
            _ => Err(format!("keep_columns is \"all\" or at most {EXTRA_MAX} names of columns")),
        }
    }
}

impl KeepColumns {
    /// Whether a column of that name is kept, where a list has one that serves no field.
    pub fn keeps(&self, name: &str) -> bool {
        let key = list::column_key(name);
        match self {
            KeepColumns::All => true,
            KeepColumns::Named(names) => names.iter().any(|kept| list::column_key(kept) == key),
        }
    }
}

/// Sentences that the campaign says besides, in each language: see [`Also`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlsoSay {
    pub id: Vec<String>,
    pub en: Vec<String>,
}

/// Most sentences of a language, and their longest: a call that goes on is hung up on.
const SENTENCES_MAX: usize = 5;
const SENTENCE_MAX: usize = 300;

impl AlsoSay {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.id.is_empty() && self.en.is_empty()
    }

    fn check(&self, keep: &KeepColumns) -> Result<(), Problem> {
        for (language, sentences) in [("id", &self.id), ("en", &self.en)] {
            if sentences.len() > SENTENCES_MAX || sentences.iter().any(|text| text.chars().count() > SENTENCE_MAX) {
                let most = format!("at most {SENTENCES_MAX} sentences of {SENTENCE_MAX} characters");
                return Err(invalid(&format!("/also_say/{language}"), most));
            }
        }
        Also::read(self, |name| keep.keeps(name)).map(drop).map_err(|(at, why)| invalid(&format!("/also_say{at}"), why))
    }
}

impl Settings {
    /// The script for what falls due on `due_date`, in a call on `today`, a day at the called person.
    pub fn script_on(&self, today: Date, due_date: Date) -> &str {
        match &self.after_due {
            AfterDue::Script(script) if today > due_date => script,
            _ => &self.script,
        }
    }

    pub(super) fn check_content(&self) -> Result<(), Problem> {
        check_script("/script", &self.script, When::BeforeDue)?;
        self.also_say.check(&self.keep_columns)?;
        match &self.after_due {
            AfterDue::Stop if self.matter == Matter::Arrears => Err(invalid(
                "/after_due",
                "arrears are past their due date, so nobody would be called: name the script for after the due date, \
                 for example {\"script\": \"overdue\"}, and the last day in `ends`",
            )),
            AfterDue::Stop => Ok(()),
            AfterDue::Script(_) if self.ends.is_none() => {
                Err(invalid("/ends", "calls after the due date go on until `ends`, so it must be set"))
            }
            AfterDue::Script(script) => check_script("/after_due/script", script, When::AfterDue),
        }
    }
}

fn check_script(at: &str, name: &str, when: When) -> Result<(), Problem> {
    let fitting = |name: &str| Script::named(name).is_some_and(|script| script.when == when);
    if fitting(name) {
        return Ok(());
    }
    let there_are: Vec<&str> = Script::NAMES.into_iter().filter(|name| fitting(name)).collect();
    let moment = match when {
        When::BeforeDue => "up to the due date",
        When::AfterDue => "after the due date",
    };
    Err(invalid(at, format!("no script of that name for calls {moment}; there is: {}", there_are.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Campaign;
    use jiff::civil::date;
    use serde_json::json;

    fn parsed(changes: &Value) -> Result<Settings, Problem> {
        let mut json = json!({ "name": "c", "matter": "not_paid", "ends": "2027-04-30" });
        for (name, value) in changes.as_object().unwrap() {
            json[name] = value.clone();
        }
        Campaign::parse(json).map(|(_, settings)| settings)
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_told_with_its_place() {
        let overdue = json!({ "script": "overdue" });
        for (bad, at, told) in [
            (json!({ "script": "none" }), "/script", "there is: reminder"),
            (json!({ "script": "overdue" }), "/script", "up to the due date; there is: reminder"),
            (json!({ "after_due": { "script": "none" } }), "/after_due/script", "there is: overdue"),
            (json!({ "after_due": { "script": "reminder" } }), "/after_due/script", "after the due date"),
            (json!({ "after_due": overdue, "ends": null }), "/ends", "must be set"),
            (json!({ "matter": "arrears" }), "/after_due", "nobody would be called"),
            (json!({ "after_due": "go_on" }), "", "after_due is \"stop\" or"),
            (json!({ "after_due": { "script": "overdue", "days": 3 } }), "", "after_due is \"stop\" or"),
            (json!({ "matters_per_call": "two" }), "", "two"),
            (json!({ "also_say": { "id": ["Petugas {extra.AR}."] } }), "/also_say/id/0", "add it to `keep_columns`"),
            (
                json!({ "also_say": { "en": ["Hello.", "Officer {extra.AR}."] }, "keep_columns": ["SEKTOR"] }),
                "/also_say/en/1",
                "says {extra.AR}, and the campaign keeps no column of that name",
            ),
            (json!({ "also_say": { "id": ["{amount"] } }), "/also_say/id/0", "no `}`"),
            (json!({ "also_say": { "id": vec!["a"; SENTENCES_MAX + 1] } }), "/also_say/id", "at most 5"),
            (json!({ "also_say": { "id": ["a".repeat(SENTENCE_MAX + 1)] } }), "/also_say/id", "300 characters"),
            (json!({ "also_say": { "fr": ["a"] } }), "", "fr"),
        ] {
            let problem = parsed(&bad).unwrap_err();
            assert_eq!((problem.status, problem.at.as_deref()), (422, Some(at)), "{bad}");
            assert!(problem.detail.contains(told), "{bad}: {}", problem.detail);
        }
        for keep in [json!(["A.R."]), json!("all")] {
            let also_say = json!({ "id": ["Petugas {extra.ar}[, {amount}], {party}."] });
            assert!(parsed(&json!({ "also_say": also_say, "keep_columns": keep })).is_ok());
        }
        assert!(parsed(&json!({ "matter": "arrears", "after_due": overdue, "matters_per_call": "all" })).is_ok());
    }

    #[test]
    fn the_script_changes_on_the_day_after_the_due_date_and_only_if_there_is_another() {
        let due = date(2027, 3, 31);
        let stop = parsed(&json!({})).unwrap();
        let goes_on = parsed(&json!({ "after_due": { "script": "overdue" } })).unwrap();
        for (today, before, after) in [
            (date(2027, 3, 30), "reminder", "reminder"),
            (due, "reminder", "reminder"),
            (date(2027, 4, 1), "reminder", "overdue"),
        ] {
            assert_eq!((stop.script_on(today, due), goes_on.script_on(today, due)), (before, after));
        }
    }

    #[test]
    fn a_column_that_is_told_cannot_be_dropped() {
        let said = json!({ "also_say": { "id": ["Petugas {extra.AR}."] }, "keep_columns": ["AR"] });
        let settings = parsed(&said).unwrap();
        let campaign = Campaign { id: "c".into(), state: crate::campaign::State::Draft, version: 1, settings };
        assert_eq!(campaign.to_json()["also_say"], json!({ "id": ["Petugas {extra.AR}."], "en": [] }));
        let refused = campaign.patched(&json!({ "keep_columns": [] })).unwrap_err();
        assert_eq!(refused.at.as_deref(), Some("/also_say/id/0"));
        assert!(campaign.patched(&json!({ "keep_columns": [], "also_say": null })).is_ok());
    }

    #[test]
    fn a_patch_changes_from_one_to_the_other() {
        let campaign = Campaign {
            id: "c".into(),
            state: crate::campaign::State::Draft,
            version: 1,
            settings: parsed(&json!({})).unwrap(),
        };
        let overdue = campaign.patched(&json!({ "after_due": { "script": "overdue" } })).unwrap();
        assert_eq!(overdue.after_due, AfterDue::Script("overdue".into()));
        let back = Campaign { settings: overdue, ..campaign };
        assert_eq!(back.patched(&json!({ "after_due": "stop" })).unwrap().after_due, AfterDue::Stop);
        assert_eq!(back.patched(&json!({ "after_due": null })).unwrap().after_due, AfterDue::Stop);
        assert_eq!(back.patched(&json!({ "ends": null })).unwrap_err().at.as_deref(), Some("/ends"));
    }
}
