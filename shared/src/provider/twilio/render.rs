//! The flow's verbs as TwiML. Source: Twilio docs, "TwiML for Programmable Voice" and the pages of its verbs.

use crate::contact::Language;
use crate::flow::Verb;
use crate::provider::Markup;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

/// Characters Twilio speaks in one `Say`.
const SAY_MAX: usize = 4096;

/// Bytes of a whole document: below the 64 kB beyond which Twilio refuses it (error 11750).
const DOCUMENT_MAX: usize = 64_000;

/// Longest talk with an officer, in seconds. Twilio's own limit is four hours.
const TRANSFER_MAX_S: u32 = 3600;

/// What is left when nothing fits: a call ended is better than an error read out to a taxpayer.
const HANGUP: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>"#;

/// The verbs as a TwiML document. Texts are escaped, so they are spoken and never obeyed; characters that XML 1.0 does not
/// have are left out, and so is a `Say` without text. Where the document would be too long, every text is cut alike.
pub fn render(verbs: &[Verb]) -> Markup {
    let lengths = std::iter::successors(Some(SAY_MAX), |length| (*length > 1).then_some(length / 2));
    let body = lengths
        .filter_map(|say_max| document(verbs, say_max).ok())
        .find(|document| document.len() <= DOCUMENT_MAX)
        .and_then(|document| String::from_utf8(document).ok())
        .unwrap_or_else(|| HANGUP.to_owned());
    Markup { content_type: "text/xml; charset=utf-8", body }
}

type Xml = Writer<Vec<u8>>;

fn document(verbs: &[Verb], say_max: usize) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new(Vec::new());
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("Response")
        .write_inner_content(|xml| verbs.iter().try_for_each(|verb| write_verb(xml, verb, say_max)))?;
    Ok(xml.into_inner())
}

fn write_verb(xml: &mut Xml, verb: &Verb, say_max: usize) -> io::Result<()> {
    match verb {
        Verb::Say { text, language } => say(xml, text, *language, say_max),
        Verb::Gather { prompt, digits, timeout_s, next } => {
            xml.create_element("Gather")
                .with_attributes([
                    ("input", "dtmf"),
                    ("numDigits", (*digits).max(1).to_string().as_str()),
                    ("timeout", (*timeout_s).max(1).to_string().as_str()),
                    // No key ends the input early: `#` and `*` are keys like any other.
                    ("finishOnKey", ""),
                    // Silence is told, too.
                    ("actionOnEmptyResult", "true"),
                    ("method", "POST"),
                    ("action", clean(next).as_str()),
                ])
                .write_inner_content(|xml| {
                    prompt.iter().try_for_each(|verb| match verb {
                        Verb::Say { text, language } => say(xml, text, *language, say_max),
                        Verb::Gather { .. } | Verb::Transfer { .. } | Verb::Hangup => Ok(()),
                    })
                })?;
            Ok(())
        }
        Verb::Transfer { to, caller_id, timeout_s, next } => {
            let caller_id = clean(caller_id);
            xml.create_element("Dial")
                .with_attributes([
                    ("timeout", (*timeout_s).max(1).to_string().as_str()),
                    ("timeLimit", TRANSFER_MAX_S.to_string().as_str()),
                    // The taxpayer hears the ringing, and the leg counts as answered when the officer picks up.
                    ("answerOnBridge", "true"),
                ])
                .with_attributes((!caller_id.is_empty()).then_some(("callerId", caller_id.as_str())))
                .with_attributes([("method", "POST"), ("action", clean(next).as_str())])
                .write_inner_content(|xml| {
                    let noun = if is_sip(to) { "Sip" } else { "Number" };
                    xml.create_element(noun).write_text_content(BytesText::new(&clean(to)))?;
                    Ok(())
                })?;
            Ok(())
        }
        Verb::Hangup => {
            xml.create_element("Hangup").write_empty()?;
            Ok(())
        }
    }
}

fn say(xml: &mut Xml, text: &str, language: Language, say_max: usize) -> io::Result<()> {
    let text: String = text.chars().filter(|c| is_xml(*c)).take(say_max).collect();
    if text.trim().is_empty() {
        return Ok(());
    }
    let (voice, language) = voice(language);
    xml.create_element("Say")
        .with_attributes([("voice", voice), ("language", language)])
        .write_text_content(BytesText::new(&text))?;
    Ok(())
}

/// Voice and language must agree (errors 13511, 13512). Source: Twilio docs, "Text-to-speech", available voices.
fn voice(language: Language) -> (&'static str, &'static str) {
    match language {
        Language::Id => ("Google.id-ID-Wavenet-A", "id-ID"),
        Language::En => ("Google.en-GB-Wavenet-A", "en-GB"),
    }
}

fn is_sip(address: &str) -> bool {
    address
        .split_once(':')
        .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips"))
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| is_xml(*c)).collect()
}

/// XML 1.0, production 2, `Char`.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::twilio::testing::Dice;
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

    fn rendered(verbs: &[Verb]) -> Element {
        let markup = render(verbs);
        assert_eq!(markup.content_type, "text/xml; charset=utf-8");
        assert!(markup.body.len() <= DOCUMENT_MAX);
        parsed(&markup.body)
    }

    fn id(text: &str) -> Verb {
        Verb::Say { text: text.into(), language: Language::Id }
    }

    const ID: [(&str, &str); 2] = [("voice", "Google.id-ID-Wavenet-A"), ("language", "id-ID")];

    #[test]
    fn a_menu() {
        let verbs = [
            Verb::Gather {
                prompt: vec![
                    id("Untuk berbicara dengan petugas, tekan dua."),
                    Verb::Say { text: "For English, press nine.".into(), language: Language::En },
                ],
                digits: 1,
                timeout_s: 6,
                next: "https://dering.example.go.id/hooks/twilio/abc123/key?s=menu&m=Zx_-9".into(),
            },
            Verb::Hangup,
        ];
        assert_eq!(
            render(&verbs).body,
            concat!(
                r#"<?xml version="1.0" encoding="UTF-8"?><Response>"#,
                r#"<Gather input="dtmf" numDigits="1" timeout="6" finishOnKey="" actionOnEmptyResult="true" method="POST" "#,
                r#"action="https://dering.example.go.id/hooks/twilio/abc123/key?s=menu&amp;m=Zx_-9">"#,
                r#"<Say voice="Google.id-ID-Wavenet-A" language="id-ID">Untuk berbicara dengan petugas, tekan dua.</Say>"#,
                r#"<Say voice="Google.en-GB-Wavenet-A" language="en-GB">For English, press nine.</Say>"#,
                r#"</Gather><Hangup/></Response>"#
            )
        );
    }

    #[test]
    fn a_transfer_to_a_number_and_to_a_sip_address() {
        let transfer = |to: &str, caller_id: &str| Verb::Transfer {
            to: to.into(),
            caller_id: caller_id.into(),
            timeout_s: 20,
            next: "https://dering.example.go.id/n?a=1&b=2".into(),
        };
        assert_eq!(
            render(&[transfer("+622150000200", "+622150000001")]).body,
            concat!(
                r#"<?xml version="1.0" encoding="UTF-8"?><Response>"#,
                r#"<Dial timeout="20" timeLimit="3600" answerOnBridge="true" callerId="+622150000001" method="POST" "#,
                r#"action="https://dering.example.go.id/n?a=1&amp;b=2"><Number>+622150000200</Number></Dial></Response>"#
            )
        );
        for (to, noun) in [
            ("sip:klip@pbx.example.go.id;transport=tls", "Sip"),
            ("SIPS:klip@pbx.example.go.id", "Sip"),
            ("+622150000200", "Number"),
            ("sip", "Number"),
            ("", "Number"),
        ] {
            let dial = rendered(&[transfer(to, "")]).children.remove(0);
            assert_eq!(dial.children, [element(noun, &[], to, vec![])], "{to}");
            assert!(dial.attributes.iter().all(|(name, _)| name != "callerId"));
        }
    }

    #[test]
    fn zeroes_become_the_least_twilio_takes() {
        let gather = Verb::Gather { prompt: vec![], digits: 0, timeout_s: 0, next: "https://a/".into() };
        let dial = Verb::Transfer { to: "+1".into(), caller_id: "+2".into(), timeout_s: 0, next: "https://a/".into() };
        let body = render(&[gather, dial]).body;
        assert!(body.contains(r#"numDigits="1" timeout="1""#) && body.contains(r#"<Dial timeout="1""#), "{body}");
    }

    #[test]
    fn a_prompt_only_speaks() {
        let dial = Verb::Transfer { to: "+1".into(), caller_id: "+2".into(), timeout_s: 9, next: "https://a/".into() };
        let prompt = vec![Verb::Hangup, id("Halo."), dial];
        let gather = Verb::Gather { prompt, digits: 1, timeout_s: 5, next: "https://a/".into() };
        let menu = rendered(&[gather]).children.remove(0);
        assert_eq!(menu.children, [element("Say", &ID, "Halo.", vec![])]);
    }

    #[test]
    fn nothing_to_say_is_not_said() {
        assert_eq!(rendered(&[id(""), id(" \n"), id("\0\u{FFFF}"), Verb::Hangup]).children.len(), 1);
        assert_eq!(rendered(&[]), element("Response", &[], "", vec![]));
    }

    #[test]
    fn characters_that_xml_has_not_are_left_out() {
        let text = "a\0b\u{1}c\u{8}d\u{B}e\u{C}f\u{E}g\u{1F}h\u{FFFE}i\u{FFFF}j\tk\nl\rm\u{7F}n\u{10FFFF}o\u{FFFD}p";
        let said = rendered(&[id(text)]).children.remove(0);
        assert_eq!(said.text, "abcdefghij\tk\nl\rm\u{7F}n\u{10FFFF}o\u{FFFD}p");
    }

    #[test]
    fn texts_and_documents_have_a_length() {
        let said = rendered(&[id(&"é".repeat(SAY_MAX + 1))]).children.remove(0);
        assert_eq!(said.text, "é".repeat(SAY_MAX));
        // Escaped and in UTF-8 a document grows: its texts are cut until it fits, its verbs stay.
        for text in ["&", "\"", "\r", "\u{10FFFF}"] {
            let verbs: Vec<_> = (0..40).map(|_| id(&text.repeat(SAY_MAX))).chain([Verb::Hangup]).collect();
            let response = rendered(&verbs);
            if !text.trim().is_empty() {
                assert_eq!(response.children.len(), 41);
                assert!(response.children[39].text.chars().count() >= 64, "{}", response.children[39].text.len());
            }
            assert_eq!(response.children.last().unwrap().name, "Hangup");
        }
        // More verbs than any document holds.
        assert_eq!(render(&vec![id("Halo."); 2000]).body, HANGUP);
        assert_eq!(parsed(HANGUP), rendered(&[Verb::Hangup]));
    }

    /// What a parser must see of the verbs, whatever their strings hold.
    fn expected(verbs: &[Verb]) -> Vec<Element> {
        verbs
            .iter()
            .filter_map(|verb| {
                Some(match verb {
                    Verb::Say { text, .. } if clean(text).trim().is_empty() => return None,
                    Verb::Say { text, language } => {
                        let (voice, language) = voice(*language);
                        element("Say", &[("voice", voice), ("language", language)], &clean(text), vec![])
                    }
                    Verb::Gather { prompt, digits, timeout_s, next } => element(
                        "Gather",
                        &[
                            ("input", "dtmf"),
                            ("numDigits", &digits.to_string()),
                            ("timeout", &timeout_s.to_string()),
                            ("finishOnKey", ""),
                            ("actionOnEmptyResult", "true"),
                            ("method", "POST"),
                            ("action", &clean(next)),
                        ],
                        "",
                        expected(prompt),
                    ),
                    Verb::Transfer { to, caller_id, timeout_s, next } => element(
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
                    ),
                    Verb::Hangup => element("Hangup", &[], "", vec![]),
                })
            })
            .collect()
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
            assert_eq!(rendered(&verbs), element("Response", &[], "", expected(&verbs)), "round {round}: {verbs:?}");
        }
    }
}
