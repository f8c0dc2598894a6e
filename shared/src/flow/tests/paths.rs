//! Every path through every script: a step depends on nothing but its place, its input and the scene, so visiting every
//! reachable place with every key in every scene visits every path of any length.

use super::*;
use crate::attempt::{News, Said};
use crate::flow::{Turn, answered, step};
use crate::provider::Input;
use std::collections::{HashMap, HashSet};

/// The right-party question: 2 tries, 3 repeats, the answer. The menu: 2 tries, 3 repeats, 1 silence, the answer; the
/// transfer's end.
const STEPS_MAX: usize = 14;

/// Where a path stands, and what the test itself knows of how it came there.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Seen {
    place: Place,
    /// 1 was pressed at the right-party question.
    confirmed: bool,
    /// How many times what came of the dialog was written.
    dialogs: u8,
}

/// What is the same all the way, and what was visited.
struct Walk<'a> {
    scripts: &'a Scripts,
    topics: &'a [Topic<'a>],
    contact: &'a Contact,
    language: Language,
    /// How many more steps the longest path has from there.
    depths: HashMap<Seen, usize>,
    checked: HashSet<(bool, String)>,
}

impl Walk<'_> {
    /// Goes on from `turn` and answers how many more steps its longest path has.
    fn on(&mut self, turn: &Turn, at: Seen) -> usize {
        for text in said(&turn.verbs) {
            self.check(text, at.confirmed);
        }
        let dialogs = at.dialogs + u8::from(matches!(turn.news, Some(News::Dialog(_))));
        assert!(dialogs <= 1, "what came of the dialog was written twice: {turn:?}");
        let Some((next, inputs)) = after(turn) else {
            return 0;
        };
        let place = follow(next);
        let here = Seen { place, dialogs, ..at };
        if let Some(depth) = self.depths.get(&here) {
            return *depth;
        }
        let mut deepest = 0;
        for input in inputs {
            let key_one = input == Input::Keys("1".into());
            let confirmed = at.confirmed || (place.node == Node::Party && key_one);
            // What is known of the matter, the officers and the line may change at every step.
            for scene in scenes(self.scripts, self.topics, self.contact, self.language) {
                let turn = step(&scene, place, &input, &link);
                deepest = deepest.max(1 + self.on(&turn, Seen { confirmed, ..here }));
            }
        }
        self.depths.insert(here, deepest);
        deepest
    }

    fn check(&mut self, text: &str, confirmed: bool) {
        if self.checked.insert((confirmed, text.to_owned())) {
            assert!(confirmed || secrets_in(text).is_empty(), "before the party was confirmed: {text}");
            let unfilled = ["{", "}", "[", "]", "  ", " ,", " ."].iter().any(|blank| text.contains(blank));
            assert!(!unfilled && !text.is_empty(), "{text}");
        }
    }
}

/// Where a turn leads, and all that can come of it; `None` if it ends the call. Anything else is an error.
fn after(turn: &Turn) -> Option<(&str, Vec<Input>)> {
    let all_said = |verbs: &[Verb]| verbs.iter().all(|verb| matches!(verb, Verb::Say { .. }));
    // A provider that asks again in another way must not lead off the paths.
    let (from, to, provider_call) = (String::new(), String::new(), String::new());
    let mut inputs = vec![
        Input::Connected { from, to, provider_call, machine: false },
        Input::Transfer { bridged: true },
        Input::Transfer { bridged: false },
    ];
    match turn.verbs.split_last() {
        Some((Verb::Hangup, before)) if all_said(before) => None,
        Some((Verb::Gather { prompt, digits: 1, next, .. }, [])) if all_said(prompt) && !prompt.is_empty() => {
            inputs.extend(KEYS.map(|key| Input::Keys(key.into())));
            Some((next, inputs))
        }
        Some((Verb::Transfer { to, caller_id, next, .. }, [Verb::Say { .. }])) => {
            assert_eq!((to.as_str(), caller_id.as_str()), (OFFICER.line, OFFICER.caller_id));
            assert_eq!(turn.news, Some(News::Dialog(Said::TransferAsked)));
            Some((next, inputs))
        }
        _ => panic!("leads nowhere: {turn:?}"),
    }
}

#[test]
fn every_path_keeps_the_secret_ends_and_writes_once() {
    for_every_script(|scripts, contact, language| {
        let topics = scripts.topics(contact.duties());
        let mut walk =
            Walk { scripts, topics: &topics, contact, language, depths: HashMap::new(), checked: HashSet::new() };
        let start = Seen { place: Place::at(Node::Party), confirmed: false, dialogs: 0 };
        for scene in scenes(scripts, &topics, contact, language) {
            let steps = walk.on(&answered(&scene, &link), start);
            assert!(steps <= STEPS_MAX, "{steps} steps");
        }
        let nodes: HashSet<_> = walk.depths.keys().map(|seen| seen.place.node).collect();
        let outbound = if contact.name.is_empty() { 0 } else { 5 };
        assert_eq!(nodes.len(), outbound, "every node was reached");
    });
}
