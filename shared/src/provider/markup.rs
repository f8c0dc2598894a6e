//! The flow's verbs in the markup that Twilio began, TwiML, and others speak with differences of their own: what is written
//! alike for all of them. What differs is a [`Dialect`], which stands in each provider's folder.

use crate::contact::Language;
use crate::flow::Verb;
use crate::provider::Markup;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;
use std::ops::RangeInclusive;

/// Attributes of an element.
pub type Attributes = &'static [(&'static str, &'static str)];

/// What one provider's markup has of its own.
#[derive(Debug)]
pub struct Dialect {
    /// Characters that are spoken in one `Say`.
    pub say_max: usize,
    /// Bytes of a whole document.
    pub document_max: usize,
    /// Attributes of a `Say` in a language.
    pub voice: fn(Language) -> Attributes,
    /// Attributes of every `Gather`.
    pub gather: Attributes,
    /// Seconds that a `Gather` may wait for a key.
    pub gather_s: RangeInclusive<u16>,
    /// How it is told that nobody pressed a key.
    pub silence: Silence,
    /// Seconds that a `Dial` may ring.
    pub dial_s: RangeInclusive<u16>,
}

/// How it is told that nobody pressed a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// As keys are, with none in them.
    Told,
    /// Not at all: the verb after the `Gather` is next. So it asks for the next step itself.
    Redirected,
}

/// Longest talk with an officer, in seconds.
const TRANSFER_MAX_S: u32 = 3600;

/// What is left when nothing fits: a call ended is better than an error read out to a taxpayer.
const HANGUP: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>"#;

impl Dialect {
    /// The verbs as a document. Texts are escaped, so they are spoken and never obeyed; characters that XML 1.0 does not have
    /// are left out, and so is a `Say` without text. Where the document would be too long, every text is cut alike.
    pub fn render(&self, verbs: &[Verb]) -> Markup {
        let lengths = std::iter::successors(Some(self.say_max), |length| (*length > 1).then_some(length / 2));
        let body = lengths
            .filter_map(|say_max| self.document(verbs, say_max).ok())
            .find(|document| document.len() <= self.document_max)
            .and_then(|document| String::from_utf8(document).ok())
            .unwrap_or_else(|| HANGUP.to_owned());
        Markup { content_type: "text/xml; charset=utf-8", body }
    }

    fn document(&self, verbs: &[Verb], say_max: usize) -> io::Result<Vec<u8>> {
        let mut xml = Writer::new(Vec::new());
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        xml.create_element("Response")
            .write_inner_content(|xml| verbs.iter().try_for_each(|verb| self.verb(xml, verb, say_max)))?;
        Ok(xml.into_inner())
    }

    fn verb(&self, xml: &mut Xml, verb: &Verb, say_max: usize) -> io::Result<()> {
        match verb {
            Verb::Say { text, language } => self.say(xml, text, *language, say_max),
            Verb::Gather { prompt, digits, timeout_s, next } => {
                let next = clean(next);
                xml.create_element("Gather")
                    .with_attributes([
                        ("input", "dtmf"),
                        ("numDigits", (*digits).max(1).to_string().as_str()),
                        ("timeout", within((*timeout_s).into(), &self.gather_s).as_str()),
                        // No key ends the input early: `#` and `*` are keys like any other.
                        ("finishOnKey", ""),
                    ])
                    .with_attributes(self.gather.iter().copied())
                    .with_attributes([("action", next.as_str())])
                    .write_inner_content(|xml| {
                        prompt.iter().try_for_each(|verb| match verb {
                            Verb::Say { text, language } => self.say(xml, text, *language, say_max),
                            Verb::Gather { .. } | Verb::Transfer { .. } | Verb::Hangup => Ok(()),
                        })
                    })?;
                if self.silence == Silence::Redirected {
                    xml.create_element("Redirect")
                        .with_attributes([("method", "POST")])
                        .write_text_content(BytesText::new(&next))?;
                }
                Ok(())
            }
            Verb::Transfer { to, caller_id, timeout_s, next } => {
                let caller_id = clean(caller_id);
                xml.create_element("Dial")
                    .with_attributes([
                        ("timeout", within(*timeout_s, &self.dial_s).as_str()),
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

    fn say(&self, xml: &mut Xml, text: &str, language: Language, say_max: usize) -> io::Result<()> {
        let text: String = text.chars().filter(|c| is_xml(*c)).take(say_max).collect();
        if text.trim().is_empty() {
            return Ok(());
        }
        xml.create_element("Say")
            .with_attributes((self.voice)(language).iter().copied())
            .write_text_content(BytesText::new(&text))?;
        Ok(())
    }
}

type Xml = Writer<Vec<u8>>;

fn within(seconds: u16, range: &RangeInclusive<u16>) -> String {
    seconds.max(*range.start()).min(*range.end()).to_string()
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
mod tests;
