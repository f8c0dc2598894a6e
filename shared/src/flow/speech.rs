//! A script's texts with their blanks filled in.

use super::party::Party;
use super::script::Script;
use super::template::{Named, Neutral, Template, Told};
use super::{Scene, Verb, tax, words};
use crate::contact::{Contact, Language};

/// Says texts that anybody may hear.
#[derive(Clone, Copy)]
pub struct Neutrally<'a> {
    pub script: &'a Script,
    pub language: Language,
    pub local_hour: i8,
}

/// Says texts to or about the party of one contact.
pub struct Speech<'a> {
    neutrally: Neutrally<'a>,
    contact: &'a Contact,
    pub party: Option<Party>,
}

impl Neutrally<'_> {
    pub fn say(&self, text: &Template<Neutral>) -> Verb {
        Verb::Say { text: text.fill(&|blank| self.value(blank)), language: self.language }
    }

    fn value(&self, blank: &Neutral) -> String {
        match blank {
            Neutral::Daypart => words::daypart(self.language, self.local_hour).to_owned(),
            Neutral::Opens => words::time(self.language, self.script.officers.opens),
            Neutral::Closes => words::time(self.language, self.script.officers.closes),
        }
    }
}

impl<'a> Speech<'a> {
    pub fn of(scene: &Scene<'a>) -> Self {
        let Scene { script, contact, language, local_hour, .. } = *scene;
        Speech { neutrally: Neutrally { script, language, local_hour }, contact, party: Party::of(language, contact) }
    }

    pub fn neutral(&self, text: &Template<Neutral>) -> Verb {
        self.neutrally.say(text)
    }

    pub fn named(&self, text: &Template<Named>) -> Verb {
        self.say(text.fill(&|blank| self.named_value(blank)))
    }

    /// For the right party's ears only.
    pub fn told(&self, text: &Template<Told>) -> Verb {
        self.say(text.fill(&|blank| self.told_value(blank)))
    }

    fn say(&self, text: String) -> Verb {
        Verb::Say { text, language: self.neutrally.language }
    }

    fn named_value(&self, blank: &Named) -> String {
        match blank {
            Named::Neutral(neutral) => self.neutrally.value(neutral),
            Named::Party => self.party.as_ref().map_or_else(String::new, |party| party.spoken.clone()),
        }
    }

    fn told_value(&self, blank: &Told) -> String {
        let (language, contact) = (self.neutrally.language, self.contact);
        match blank {
            Told::Named(named) => self.named_value(named),
            Told::Tax => tax::tax(language, contact),
            Told::Return => tax::tax_return(language, contact),
            Told::Period => tax::period(language, contact),
            // Nothing owed, or not known how much.
            Told::Amount => match contact.amount {
                None | Some(0) => String::new(),
                Some(amount) => words::rupiah(language, amount),
            },
            Told::Due => words::date(language, contact.due_date),
        }
    }
}
