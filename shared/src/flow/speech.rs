//! A script's texts with their blanks filled in.

use super::party::Party;
use super::script::{Answers, Confirmed, MatterTexts, Script};
use super::template::{Named, Neutral, Template, Told};
use super::{Also, Scene, Topic, Verb, also, tax, words};
use crate::contact::{Contact, Duty, Language};

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
    topics: &'a [Topic<'a>],
    also: &'a Also,
    pub party: Option<Party>,
}

/// Matters that are named in a call at most, what falls due first before the others: nobody keeps more in mind.
pub const SPOKEN_MAX: usize = 3;

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
        let Scene { script, contact, topics, also, language, local_hour, .. } = *scene;
        let party = Party::of(language, contact);
        Speech { neutrally: Neutrally { script, language, local_hour }, contact, topics, also, party }
    }

    pub fn neutral(&self, text: &Template<Neutral>) -> Verb {
        self.neutrally.say(text)
    }

    pub fn named(&self, text: &Template<Named>) -> Verb {
        self.say(text.fill(&|blank| self.named_value(blank)))
    }

    /// For the right party's ears only, like all that follows.
    pub fn told(&self, text: &Template<Told>) -> Verb {
        self.told_of(0, text)
    }

    /// What the call is about, in `most` matters at most. After each there is what the campaign says besides, which is not
    /// said twice.
    pub fn message(&self, most: usize) -> Vec<Verb> {
        if let [only] = self.topics {
            let message = self.told(&self.matter(only).message);
            return std::iter::once(message).chain(self.besides(0, only)).collect();
        }
        let several = &self.confirmed().several;
        let items = self.topics.iter().enumerate().take(most);
        let mut said: Vec<Verb> = Vec::new();
        let items = items.flat_map(|(nth, topic)| {
            let new: Vec<Verb> = self.besides(nth, topic).filter(|verb| !said.contains(verb)).collect();
            said.extend(new.iter().cloned());
            std::iter::once(self.told_of(nth, &self.matter(topic).item)).chain(new)
        });
        let more = (self.topics.len() > most).then(|| self.told(&several.more));
        let intro = std::iter::once(self.told(&several.intro));
        intro.chain(items).chain(more).chain([self.told(&several.advice)]).collect()
    }

    /// What can be answered to the message.
    pub fn answers(&self) -> &'a Answers {
        match self.topics {
            [only] => &self.matter(only).answers,
            _ => &self.confirmed().several.answers,
        }
    }

    fn confirmed(&self) -> &'a Confirmed {
        &self.neutrally.script.texts(self.neutrally.language).confirmed
    }

    fn matter(&self, topic: &Topic<'a>) -> &'a MatterTexts {
        topic.script.texts(self.neutrally.language).confirmed.matter(topic.duty.matter)
    }

    /// The campaign's own sentences about a matter.
    fn besides(&self, nth: usize, topic: &Topic<'a>) -> impl Iterator<Item = Verb> {
        let sentences = self.also.sentences(self.neutrally.language).iter();
        sentences
            .filter_map(move |text| Some(self.say(text.fill_whole(&|blank| self.told_value(nth, topic.duty, blank))?)))
    }

    fn told_of(&self, nth: usize, text: &Template<Told>) -> Verb {
        let duty = self.topics.get(nth).map_or(&self.contact.duty, |topic| topic.duty);
        self.say(text.fill(&|blank| self.told_value(nth, duty, blank)))
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

    fn told_value(&self, nth: usize, duty: &Duty, blank: &Told) -> String {
        let language = self.neutrally.language;
        let number = |n: usize| words::number(language, n as u64);
        match blank {
            Told::Named(named) => self.named_value(named),
            Told::Tax => tax::tax(language, duty),
            Told::Return => tax::tax_return(language, duty),
            Told::Period => tax::period(language, duty),
            // Nothing owed, or not known how much.
            Told::Amount => match duty.amount {
                None | Some(0) => String::new(),
                Some(amount) => words::rupiah(language, amount),
            },
            Told::Due => words::date(language, duty.due_date),
            Told::Count => number(self.topics.len()),
            Told::Nth => number(nth + 1),
            Told::Extra(name) => also::extra(duty, name),
            Told::More => number(self.topics.len().saturating_sub(SPOKEN_MAX)),
        }
    }
}
