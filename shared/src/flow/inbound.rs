//! Calls that come in, most of them from people whom we called before. A caller id proves nothing about who is
//! speaking, so nothing is said that not everybody may know; the officer sees the context.

use super::place::{Node, Place};
use super::scene::OFFICER_RING_S;
use super::speech::Neutrally;
use super::{Officer, Script, Turn, Verb};
use crate::contact::Language;
use crate::provider::Input;

/// What to say to a caller: an officer if one is there, otherwise the officers' hours.
pub fn inbound(
    script: &Script,
    language: Language,
    local_hour: i8,
    officer: Option<Officer<'_>>,
    link: &dyn Fn(&Place) -> String,
) -> Turn {
    let texts = script.texts(language);
    let speech = Neutrally { script, language, local_hour };
    let verbs = match officer {
        Some(officer) => vec![
            speech.say(&texts.inbound_hold),
            Verb::Transfer {
                to: officer.line.to_owned(),
                caller_id: officer.caller_id.to_owned(),
                timeout_s: OFFICER_RING_S,
                next: link(&Place::at(Node::Inbound)),
            },
        ],
        None => vec![speech.say(&texts.inbound_closed), Verb::Hangup],
    };
    Turn { verbs, news: None }
}

/// What to say once the officer's line has been tried. There is no attempt of ours to write news of.
pub fn inbound_step(script: &Script, language: Language, local_hour: i8, input: &Input) -> Turn {
    let texts = script.texts(language);
    let text = match input {
        Input::Transfer { bridged: false } => &texts.inbound_busy,
        _ => &texts.close,
    };
    Turn { verbs: vec![Neutrally { script, language, local_hour }.say(text), Verb::Hangup], news: None }
}
