//! Who hears what: machines, callers, those who have paid, and whoever has an odd name.

use super::*;
use crate::attempt::{News, Said};
use crate::flow::{answered, inbound, inbound_step, step};
use crate::provider::Input;

#[test]
fn the_walk_would_notice_a_secret() {
    for_every_script(|scripts, contact, language| {
        let topics = scripts.topics(contact.duties());
        for scene in scenes(scripts, &topics, contact, language).iter().filter(|s| !s.topics.is_empty()) {
            let told = step(scene, Place::at(Node::Party), &Input::Keys("1".into()), &link);
            if !contact.name.is_empty() {
                let secrets: Vec<_> = said(&told.verbs).iter().flat_map(|text| secrets_in(text)).collect();
                // What the campaign says besides is as secret as the matter.
                assert!(secrets.len() > 5 && secrets.contains(&"kapal selam"), "{secrets:?}");
            }
        }
    });
}

#[test]
fn whoever_has_paid_hears_no_demand_from_then_on() {
    for_every_script(|scripts, contact, language| {
        let topics = scripts.topics(contact.duties());
        let places = [Node::Party, Node::Other, Node::Menu, Node::Heard].map(Place::at);
        for scene in scenes(scripts, &topics, contact, language).iter().filter(|s| s.topics.is_empty()) {
            let steps = places.iter().flat_map(|p| KEYS.map(|key| step(scene, *p, &Input::Keys(key.into()), &link)));
            for turn in steps.chain([answered(scene, &link)]) {
                for topic in &topics {
                    let texts = topic.script.texts(language).confirmed.matter(topic.duty.matter);
                    for demand in [&texts.message, &texts.item] {
                        let demand = demand.fill(&|_| String::new());
                        let start: String = demand.chars().skip(8).take(20).collect();
                        assert!(said(&turn.verbs).iter().all(|text| !text.contains(&start)), "{turn:?}");
                    }
                }
                let about_nothing = [Said::Promise, Said::Informed, Said::Callback, Said::SaysSettled, Said::NoInput];
                assert!(about_nothing.iter().all(|said| turn.news != Some(News::Dialog(*said))), "{turn:?}");
            }
        }
    });
}

#[test]
fn a_machine_hears_neither_a_name_nor_a_matter_and_nothing_is_written() {
    for_every_script(|scripts, contact, language| {
        let topics = scripts.topics(contact.duties());
        for scene in scenes(scripts, &topics, contact, language).iter().filter(|s| s.machine) {
            for turn in
                [answered(scene, &link), step(scene, Place::at(Node::Party), &Input::Keys(String::new()), &link)]
            {
                assert_eq!(turn.news, None);
                assert_eq!(turn.verbs.last(), Some(&Verb::Hangup));
                let text = said(&turn.verbs);
                assert_eq!(text.is_empty(), scene.topics.is_empty());
                assert!(
                    text.iter().all(|t| secrets_in(t).is_empty() && !t.to_lowercase().contains("contoh")),
                    "{text:?}"
                );
            }
        }
    });
}

#[test]
fn a_caller_hears_nothing_of_anybody_and_reaches_an_end() {
    for name in Script::NAMES {
        let script = Script::named(name).expect("a name of a script");
        for language in LANGUAGES {
            for officer in [None, Some(OFFICER)] {
                let first = inbound(script, language, 14, officer, &link);
                let next = match (officer, first.verbs.as_slice()) {
                    (None, [Verb::Say { .. }, Verb::Hangup]) => vec![],
                    (Some(_), [Verb::Say { .. }, Verb::Transfer { to, next, .. }]) => {
                        assert_eq!(to, OFFICER.line);
                        assert!(follow(next).is_inbound());
                        let ends = [Input::Transfer { bridged: true }, Input::Transfer { bridged: false }];
                        ends.iter().map(|input| inbound_step(script, language, 14, input)).collect()
                    }
                    _ => panic!("{first:?}"),
                };
                assert!(next.iter().all(|turn| turn.verbs.last() == Some(&Verb::Hangup)));
                for turn in next.iter().chain([&first]) {
                    assert_eq!(turn.news, None);
                    assert!(said(&turn.verbs).iter().all(|t| secrets_in(t).is_empty()), "{turn:?}");
                }
            }
        }
    }
}

#[test]
fn a_name_is_only_ever_text() {
    let scripts = samples::scripts(date(2031, 10, 19), When::BeforeDue);
    let verbs = |name: &str| {
        let contact = canary(Matter::NotPaid, name, "3273011503859001");
        let topics = scripts.topics(contact.duties());
        let scene =
            Scene { officer: Some(OFFICER), machine: false, ..scenes(&scripts, &topics, &contact, Language::Id)[0] };
        [
            answered(&scene, &link),
            step(&scene, Place::at(Node::Party), &Input::Keys("1".into()), &link),
            step(&scene, Place::at(Node::Party), &Input::Keys("2".into()), &link),
        ]
    };
    let plain = verbs("Budi");
    for name in [
        "</Say><Dial>+19005550100</Dial><Say>",
        "{amount} [x] {due} {party}",
        "\"}]}{\"to\":\"x",
        "&amp; ]]> <!--",
        "O\u{2019}Neil \u{202e}x \u{1f600}",
        "${jndi:x} %s \\n",
    ] {
        let odd = verbs(name);
        for (odd, plain) in odd.iter().zip(&plain) {
            let [Verb::Gather { prompt: a, next: x, .. }] = odd.verbs.as_slice() else { panic!("{odd:?}") };
            let [Verb::Gather { prompt: b, next: y, .. }] = plain.verbs.as_slice() else { panic!("{plain:?}") };
            assert_eq!((x, a.len()), (y, b.len()));
            for (odd, plain) in said(a).iter().zip(said(b)) {
                assert_eq!(**odd, plain.replace("Budi", name));
            }
        }
    }
}
