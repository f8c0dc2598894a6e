use super::*;
use crate::provider::testing::Dice;
use crate::provider::{telnyx, twilio};
use quick_xml::events::{BytesStart, attributes::Attribute};
use quick_xml::{Reader, XmlVersion};

/// An element as a parser sees it.
#[derive(Debug, PartialEq, Eq)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

fn element(name: &str, attributes: &[(&str, &str)], text: &str, children: Vec<Element>) -> Element {
    let attributes = attributes.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
    Element { name: name.into(), attributes, text: text.into(), children }
}

fn parsed(document: &str) -> Element {
    fn opened(start: &BytesStart<'_>) -> Element {
        let decoded = |a: Attribute<'_>| {
            (a.key.as_ref().to_string(), a.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned())
        };
        let attributes = start.attributes().map(|a| decoded(a.unwrap())).collect();
        Element { name: start.name().as_ref().to_string(), attributes, text: String::new(), children: vec![] }
    }
    let mut reader = Reader::from_str(document);
    let mut open = vec![element("", &[], "", vec![])];
    loop {
        let event = reader.read_event().unwrap();
        let top = open.last_mut().unwrap();
        match event {
            Event::Decl(_) => {}
            Event::Start(start) => open.push(opened(&start)),
            Event::Empty(start) => top.children.push(opened(&start)),
            Event::End(_) => {
                let closed = open.pop().unwrap();
                open.last_mut().unwrap().children.push(closed);
            }
            Event::Text(text) => top.text.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref().unwrap() {
                Some(c) => top.text.push(c),
                None => top.text.push_str(quick_xml::escape::resolve_predefined_entity(&name).unwrap()),
            },
            Event::Eof => break,
            other => panic!("{other:?} in {document}"),
        }
    }
    let mut root = open.pop().unwrap();
    assert!(open.is_empty() && root.children.len() == 1, "{document}");
    root.children.pop().unwrap()
}

const DIALECTS: [Dialect; 2] = [twilio::TWIML, telnyx::TEXML];

fn rendered(dialect: &Dialect, verbs: &[Verb]) -> Element {
    let markup = dialect.render(verbs);
    assert_eq!(markup.content_type, "text/xml; charset=utf-8");
    assert!(markup.body.len() <= dialect.document_max);
    parsed(&markup.body)
}

fn id(text: &str) -> Verb {
    Verb::Say { text: text.into(), language: Language::Id }
}

#[test]
fn a_transfer_to_a_number_and_to_a_sip_address() {
    let transfer = |to: &str, caller_id: &str| Verb::Transfer {
        to: to.into(),
        caller_id: caller_id.into(),
        timeout_s: 20,
        next: "https://dering.example.go.id/n?a=1&b=2".into(),
    };
    for dialect in DIALECTS {
        assert_eq!(
            dialect.render(&[transfer("+622150000200", "+622150000001")]).body,
            concat!(
                r#"<?xml version="1.0" encoding="UTF-8"?><Response>"#,
                r#"<Dial timeout="20" timeLimit="3600" answerOnBridge="true" callerId="+622150000001" method="POST" "#,
                r#"action="https://dering.example.go.id/n?a=1&amp;b=2"><Number>+622150000200</Number></Dial></Response>"#
            )
        );
    }
    for (to, noun) in [
        ("sip:klip@pbx.example.go.id;transport=tls", "Sip"),
        ("SIPS:klip@pbx.example.go.id", "Sip"),
        ("+622150000200", "Number"),
        ("sip", "Number"),
        ("", "Number"),
    ] {
        let dial = rendered(&DIALECTS[0], &[transfer(to, "")]).children.remove(0);
        assert_eq!(dial.children, [element(noun, &[], to, vec![])], "{to}");
        assert!(dial.attributes.iter().all(|(name, _)| name != "callerId"));
    }
}

#[test]
fn a_prompt_only_speaks() {
    let dial = Verb::Transfer { to: "+1".into(), caller_id: "+2".into(), timeout_s: 9, next: "https://a/".into() };
    let prompt = vec![Verb::Hangup, id("Halo."), dial];
    let gather = Verb::Gather { prompt, digits: 1, timeout_s: 5, next: "https://a/".into() };
    for dialect in &DIALECTS {
        let menu = rendered(dialect, std::slice::from_ref(&gather)).children.remove(0);
        assert_eq!(menu.children, [element("Say", (dialect.voice)(Language::Id), "Halo.", vec![])]);
    }
}

#[test]
fn nothing_to_say_is_not_said() {
    let rendered = |verbs: &[Verb]| rendered(&DIALECTS[0], verbs);
    assert_eq!(rendered(&[id(""), id(" \n"), id("\0\u{FFFF}"), Verb::Hangup]).children.len(), 1);
    assert_eq!(rendered(&[]), element("Response", &[], "", vec![]));
}

#[test]
fn characters_that_xml_has_not_are_left_out() {
    let text = "a\0b\u{1}c\u{8}d\u{B}e\u{C}f\u{E}g\u{1F}h\u{FFFE}i\u{FFFF}j\tk\nl\rm\u{7F}n\u{10FFFF}o\u{FFFD}p";
    let said = rendered(&DIALECTS[0], &[id(text)]).children.remove(0);
    assert_eq!(said.text, "abcdefghij\tk\nl\rm\u{7F}n\u{10FFFF}o\u{FFFD}p");
}

#[test]
fn texts_and_documents_have_a_length() {
    for dialect in &DIALECTS {
        let most = dialect.say_max;
        let said = rendered(dialect, &[id(&"é".repeat(most + 1))]).children.remove(0);
        assert_eq!(said.text, "é".repeat(most));
        // Escaped and in UTF-8 a document grows: its texts are cut until it fits, its verbs stay.
        for text in ["&", "\"", "\r", "\u{10FFFF}"] {
            let verbs: Vec<_> = (0..40).map(|_| id(&text.repeat(most))).chain([Verb::Hangup]).collect();
            let response = rendered(dialect, &verbs);
            if !text.trim().is_empty() {
                assert_eq!(response.children.len(), 41);
                assert!(response.children[39].text.chars().count() >= 64, "{}", response.children[39].text.len());
            }
            assert_eq!(response.children.last().unwrap().name, "Hangup");
        }
        // More verbs than any document holds.
        assert_eq!(dialect.render(&vec![id("Halo."); 2000]).body, HANGUP);
        assert_eq!(parsed(HANGUP), rendered(dialect, &[Verb::Hangup]));
    }
}

/// What a parser must see of the verbs, whatever their strings hold.
fn expected(dialect: &Dialect, verbs: &[Verb]) -> Vec<Element> {
    let mut elements = Vec::new();
    for verb in verbs {
        match verb {
            Verb::Say { text, .. } if clean(text).trim().is_empty() => {}
            Verb::Say { text, language } => {
                elements.push(element("Say", (dialect.voice)(*language), &clean(text), vec![]));
            }
            Verb::Gather { prompt, digits, timeout_s, next } => {
                let (digits, timeout_s, next) = (digits.to_string(), timeout_s.to_string(), clean(next));
                let mut attributes = vec![
                    ("input", "dtmf"),
                    ("numDigits", digits.as_str()),
                    ("timeout", timeout_s.as_str()),
                    ("finishOnKey", ""),
                ];
                attributes.extend(dialect.gather);
                attributes.push(("action", next.as_str()));
                elements.push(element("Gather", &attributes, "", expected(dialect, prompt)));
                if dialect.silence == Silence::Redirected {
                    elements.push(element("Redirect", &[("method", "POST")], &next, vec![]));
                }
            }
            Verb::Transfer { to, caller_id, timeout_s, next } => elements.push(element(
                "Dial",
                &[
                    ("timeout", &timeout_s.to_string()),
                    ("timeLimit", "3600"),
                    ("answerOnBridge", "true"),
                    ("callerId", &clean(caller_id)),
                    ("method", "POST"),
                    ("action", &clean(next)),
                ],
                "",
                vec![element(if is_sip(to) { "Sip" } else { "Number" }, &[], &clean(to), vec![])],
            )),
            Verb::Hangup => elements.push(element("Hangup", &[], "", vec![])),
        }
    }
    elements
}

#[test]
fn no_text_changes_the_verbs() {
    let hostile = [
        "</Say><Dial>+1900555</Dial><Say>",
        "\"/><Dial>+1900555</Dial><Gather action=\"https://evil.example/\">",
        "]]><Dial>+1900555</Dial>",
        "<![CDATA[</Say><Hangup/>]]>",
        "<!--</Say>--><Hangup/>",
        "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>&e;",
        "&lt;/Say&gt;&#60;Dial&#62;&amp;lt;",
        "<break time=\"9s\"/>",
        "' onload='x' ",
        "\u{FEFF}<\u{0}/\u{1}Say>",
        "＜/Say＞",
    ];
    let mut dice = Dice::new(4);
    for round in 0..20_000 {
        let mut text = || match hostile.get(round) {
            Some(hostile) => hostile.to_string(),
            None if dice.below(3) == 0 => format!("{}{}{}", dice.text(9), dice.pick(&hostile), dice.text(9)),
            None => dice.text(60),
        };
        let (name, prompt, next, to) = (text(), text(), text(), text());
        let caller_id = format!("+{}", text());
        let verbs = [
            id(&format!("Selamat pagi, {name}.")),
            Verb::Gather {
                prompt: vec![id(&prompt), Verb::Say { text: name, language: Language::En }],
                digits: 1,
                timeout_s: 6,
                next: next.clone(),
            },
            Verb::Transfer { to, caller_id, timeout_s: 20, next },
            Verb::Hangup,
        ];
        for dialect in &DIALECTS {
            let seen = element("Response", &[], "", expected(dialect, &verbs));
            assert_eq!(rendered(dialect, &verbs), seen, "round {round}: {verbs:?}");
        }
    }
}
