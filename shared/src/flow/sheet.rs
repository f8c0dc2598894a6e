//! A script on an agent's screen: the same words as the voice flow says, without the keys.

use super::speech::Speech;
use super::{Scene, Scripts, Topic, Verb};
use crate::contact::{Contact, Language};
use serde::Serialize;

/// What an agent says, in this order. `message` names all matters, and is for the right party only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sheet {
    pub greeting: String,
    /// Whom to ask for; `None` where the list gives no name: then the matter must not be told.
    pub party: Option<String>,
    pub message: Option<String>,
    /// After a promise to file or pay.
    pub promised: String,
    /// After "already done".
    pub says_settled: String,
    /// To somebody else who knows the party, and to whom the moment does not suit.
    pub callback: String,
    pub do_not_call: String,
    pub wrong_number: String,
    pub close: String,
}

/// The sheet for a contact: `topics` are what is told of it. `local_hour`: 0 to 23, at the called person.
pub fn sheet(scripts: &Scripts, contact: &Contact, topics: &[Topic<'_>], language: Language, local_hour: i8) -> Sheet {
    let script = scripts.leading(topics);
    let also = scripts.also();
    let scene = Scene { script, contact, topics, also, language, local_hour, officer: None, machine: false };
    let speech = Speech::of(&scene);
    let texts = script.texts(language);
    let party = speech.party.as_ref().map(|party| party.spoken.clone());
    let message = || speech.message(usize::MAX).into_iter().map(text).collect::<Vec<_>>().join(" ");
    Sheet {
        greeting: text(speech.neutral(&texts.greet)),
        message: party.as_ref().filter(|_| !topics.is_empty()).map(|_| message()),
        party,
        promised: text(speech.told(&speech.answers().promised)),
        says_settled: text(speech.told(&speech.answers().says_settled)),
        callback: text(speech.neutral(&texts.callback)),
        do_not_call: text(speech.neutral(&texts.do_not_call)),
        wrong_number: text(speech.neutral(&texts.wrong_number)),
        close: text(speech.neutral(&texts.close)),
    }
}

fn text(verb: Verb) -> String {
    match verb {
        Verb::Say { text, .. } => text,
        Verb::Gather { .. } | Verb::Transfer { .. } | Verb::Hangup => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::When;
    use crate::flow::tests::samples::{contact, scripts};
    use jiff::civil::date;

    #[test]
    fn the_matter_stands_in_the_message_alone_and_not_without_a_name() {
        let scripts = scripts(date(2027, 3, 31), When::BeforeDue);
        let sheet = |name| {
            let contact = contact("3174096112900001", name);
            sheet(&scripts, &contact, &scripts.topics(contact.duties()), Language::Id, 9)
        };
        let named = sheet("SITI CONTOH");
        assert_eq!(named.party.as_deref(), Some("Ibu Siti Contoh"));
        assert!(named.message.as_ref().is_some_and(|m| m.contains("Ibu Siti Contoh") && m.contains("es pe te")));
        for said in [&named.greeting, &named.callback, &named.do_not_call, &named.wrong_number, &named.close] {
            assert!(!said.is_empty() && !said.contains("es pe te") && !said.contains("tekan"), "{said}");
        }
        assert_eq!((sheet("").party, sheet("").message), (None, None));
    }
}
