//! Scripts as data: what is said at each step, in each language.

use super::template::{Named, Neutral, Template, Told};
use crate::contact::{Language, Matter};
use jiff::civil::Time;
use serde::Deserialize;
use std::sync::LazyLock;

// Every step of a call needs one: it is read once an instance.
static REMINDER: LazyLock<Option<Script>> = LazyLock::new(|| Script::read(REMINDER_JSON).ok());
static OVERDUE: LazyLock<Option<Script>> = LazyLock::new(|| Script::read(include_str!("scripts/overdue.json")).ok());
const REMINDER_JSON: &str = include_str!("scripts/reminder.json");

/// The texts of one kind of call, in every language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// On which days it is right.
    pub when: When,
    pub(super) officers: Officers,
    texts: Languages,
}

/// When a script speaks of a due date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Up to it.
    BeforeDue,
    /// From the day after it on.
    AfterDue,
}

/// When officers can be spoken to, in the time zone that the texts name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Officers {
    pub opens: Time,
    pub closes: Time,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Languages {
    id: Texts,
    en: Texts,
}

/// What is said in one language. All but `confirmed` may reach anybody's ears.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Texts {
    pub greet: Template<Neutral>,
    pub ask_person: Template<Named>,
    pub ask_company: Template<Named>,
    /// After "not I": whose number is it?
    pub ask_other: Template<Named>,
    /// Before a question is asked again.
    pub no_key: Template<Neutral>,
    pub wrong_key: Template<Neutral>,
    pub wrong_number: Template<Neutral>,
    pub third_party: Template<Neutral>,
    pub callback: Template<Neutral>,
    pub do_not_call: Template<Neutral>,
    pub no_input: Template<Neutral>,
    /// The matter was settled, said to somebody who may be anybody.
    pub not_needed: Template<Neutral>,
    pub close: Template<Neutral>,
    pub voicemail: Template<Neutral>,
    pub inbound_hold: Template<Neutral>,
    pub inbound_closed: Template<Neutral>,
    pub inbound_busy: Template<Neutral>,
    pub confirmed: Confirmed,
}

/// What only the right party hears.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmed {
    matters: Matters,
    pub several: Several,
    /// Key 2, where an officer can be reached.
    pub officer: Template<Told>,
    /// Keys 5, 9 and `*`.
    pub more: Template<Told>,
    pub transfer: Template<Told>,
    pub no_officer: Template<Told>,
    pub not_bridged: Template<Told>,
    pub informed: Template<Told>,
    /// The matter was settled.
    pub settled: Template<Told>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Matters {
    not_filed: MatterTexts,
    not_paid: MatterTexts,
    falls_due: MatterTexts,
    arrears: MatterTexts,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MatterTexts {
    /// The matter alone.
    pub message: Template<Told>,
    /// The matter as one of several.
    pub item: Template<Told>,
    pub answers: Answers,
}

/// Around the items of several matters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Several {
    pub intro: Template<Told>,
    /// After the items, where there are more matters than are named.
    pub more: Template<Told>,
    pub advice: Template<Told>,
    pub answers: Answers,
}

/// What can be answered to a message, and what is said then.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answers {
    /// Key 1.
    pub promise: Template<Told>,
    /// Key 3.
    pub settled: Template<Told>,
    /// After key 1.
    pub promised: Template<Told>,
    /// After key 3.
    pub says_settled: Template<Told>,
}

impl Script {
    /// The scripts a campaign can choose from.
    pub const NAMES: [&'static str; 2] = ["reminder", "overdue"];

    /// The built-in script of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        match name {
            "reminder" => REMINDER.as_ref(),
            "overdue" => OVERDUE.as_ref(),
            _ => None,
        }
    }

    /// Reads a script: every text in every language, none with a blank that its audience must not hear.
    fn read(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    pub(super) fn texts(&self, language: Language) -> &Texts {
        match language {
            Language::Id => &self.texts.id,
            Language::En => &self.texts.en,
        }
    }
}

impl Confirmed {
    pub fn matter(&self, matter: Matter) -> &MatterTexts {
        match matter {
            Matter::NotFiled => &self.matters.not_filed,
            Matter::NotPaid => &self.matters.not_paid,
            Matter::FallsDue => &self.matters.falls_due,
            Matter::Arrears => &self.matters.arrears,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_script_and_no_other_word_is() {
        for name in Script::NAMES {
            assert!(Script::named(name).is_some(), "{name}");
        }
        assert_eq!(Script::named("Reminder"), None);
        assert_eq!(Script::named(""), None);
    }

    #[test]
    fn a_script_that_would_tell_anybody_the_matter_cannot_be_read() {
        let before_confirmation = "Selamat {daypart}. Anda";
        for secret in [
            "{tax}",
            "{return}",
            "{period}",
            "{amount}",
            "{due}",
            "{count}",
            "{more}",
            "{nth}",
            "{party}",
            "{extra.AR}",
        ] {
            let leaky = REMINDER_JSON.replacen(before_confirmation, &format!("{secret} {before_confirmation}"), 1);
            let refusal = Script::read(&leaky).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(refusal.contains("may not say"), "{secret}: {refusal}");
        }
    }

    #[test]
    fn a_script_with_a_text_missing_or_unknown_cannot_be_read() {
        assert!(Script::read(&REMINDER_JSON.replacen("\"close\"", "\"closing\"", 1)).is_err());
        assert!(Script::read(&REMINDER_JSON.replacen("\"arrears\"", "\"overdue\"", 1)).is_err());
        assert!(Script::read(&REMINDER_JSON.replacen("08:00", "8 a.m.", 1)).is_err());
    }
}
