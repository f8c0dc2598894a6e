//! TwiML, or TeXML, read strictly: what the carrier would merely warn about is kept as a warning, so that a test can fail
//! on it. Sources: <https://www.twilio.com/docs/voice/twiml>,
//! <https://developers.telnyx.com/docs/voice/programmable-voice/texml-verbs>.

use std::time::Duration;

use crate::Protocol;
use crate::address::{absolute, e164};
use crate::xml::{self, Element, Node};

/// Largest document the carrier takes (error 11750).
pub(crate) const MAX_BYTES: usize = 64 * 1024;
/// Longest text of one `Say`, in characters.
const MAX_SAY: usize = 4096;
const MAX_SAY_TELNYX: usize = 3000;

#[derive(Debug, Default)]
pub(crate) struct Document {
    pub verbs: Vec<Verb>,
    /// What the carrier would skip or ignore, each with its error code.
    pub warnings: Vec<String>,
}

#[derive(Debug)]
pub(crate) enum Verb {
    Say { text: String, repeat: u32 },
    Play { length: Duration },
    Pause { length: Duration },
    Gather(Gather),
    Dial(Dial),
    Redirect { url: String, method: Method },
    Hangup,
    Reject { reason: String },
}

#[derive(Debug)]
pub(crate) struct Gather {
    pub action: Option<String>,
    pub method: Method,
    pub timeout: Duration,
    pub finish_on_key: String,
    pub num_digits: Option<usize>,
    pub action_on_empty: bool,
    pub prompts: Vec<Verb>,
}

#[derive(Debug)]
pub(crate) struct Dial {
    pub action: Option<String>,
    pub method: Method,
    pub timeout: Duration,
    pub time_limit: Duration,
    pub caller_id: Option<String>,
    pub to: String,
    /// The document the callee hears before being connected.
    pub whisper: Option<(String, Method)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
}

impl Method {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "GET" => Some(Self::Get),
            "POST" => Some(Self::Post),
            _ => None,
        }
    }
}

/// Reads a document; the error carries the carrier's code for it.
pub(crate) fn parse(text: &str, protocol: Protocol) -> Result<Document, String> {
    if text.len() > MAX_BYTES {
        return Err("11750 TwiML response body too large".into());
    }
    if text.trim().is_empty() {
        return Err("11770 empty TwiML body".into());
    }
    let root = xml::parse(text).map_err(|reason| format!("12100 document parse failure: {reason}"))?;
    if root.name != "Response" {
        return Err(format!("12100 the root element is {}, not Response", root.name));
    }
    let mut reader = Reader { protocol, warnings: Vec::new() };
    reader.attributes(&root, &[]);
    let verbs = reader.verbs(&root, Place::Response);
    if verbs.iter().skip(1).any(|verb| matches!(verb, Verb::Reject { .. })) {
        reader.warn("Reject is not the first verb");
    }
    Ok(Document { verbs, warnings: reader.warnings })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Response,
    Gather,
}

struct Reader {
    protocol: Protocol,
    warnings: Vec<String>,
}

impl Reader {
    fn warn(&mut self, text: impl AsRef<str>) {
        self.warnings.push(format!("12200 schema validation: {}", text.as_ref()));
    }

    fn attributes(&mut self, element: &Element, allowed: &[&str]) {
        for (name, _) in &element.attributes {
            if !allowed.contains(&name.as_str()) {
                self.warn(format!("attribute {name} of {} is unknown or not simulated", element.name));
            }
        }
    }

    fn no_children(&mut self, element: &Element) {
        if element.children.iter().any(|node| !node.is_blank()) {
            self.warn(format!("{} must be empty", element.name));
        }
    }

    fn number(&mut self, element: &Element, name: &str, default: u32, allowed: std::ops::RangeInclusive<u32>) -> u32 {
        let Some(text) = element.attribute(name) else {
            return default;
        };
        match text.parse() {
            Ok(number) if allowed.contains(&number) => number,
            _ => {
                self.warn(format!("{name}={text:?} of {} is out of range", element.name));
                default
            }
        }
    }

    fn seconds(
        &mut self,
        element: &Element,
        name: &str,
        default: u32,
        allowed: std::ops::RangeInclusive<u32>,
    ) -> Duration {
        Duration::from_secs(self.number(element, name, default, allowed).into())
    }

    fn is_telnyx(&self) -> bool {
        self.protocol == Protocol::Telnyx
    }

    fn method(&mut self, element: &Element) -> Method {
        let text = element.attribute("method").unwrap_or("POST");
        Method::parse(text).unwrap_or_else(|| {
            self.warn(format!("method={text:?} of {}", element.name));
            Method::Post
        })
    }

    fn flag(&mut self, element: &Element, name: &str) -> bool {
        match element.attribute(name) {
            None | Some("false") => false,
            Some("true") => true,
            Some(text) => {
                self.warn(format!("{name}={text:?} of {} is not true or false", element.name));
                false
            }
        }
    }

    fn verbs(&mut self, parent: &Element, place: Place) -> Vec<Verb> {
        let mut verbs = Vec::new();
        for node in &parent.children {
            match node {
                Node::Text(_) if node.is_blank() => {}
                Node::Text(_) => self.warn(format!("text directly inside {}", parent.name)),
                Node::Element(element) => verbs.extend(self.verb(element, place)),
            }
        }
        verbs
    }

    fn verb(&mut self, element: &Element, place: Place) -> Option<Verb> {
        let verb = match (element.name.as_str(), place) {
            ("Say", _) => self.say(element),
            ("Play", _) => self.play(element)?,
            ("Pause", _) => {
                self.attributes(element, &["length"]);
                self.no_children(element);
                Verb::Pause { length: self.seconds(element, "length", 1, 0..=180) }
            }
            ("Gather", Place::Response) => self.gather(element),
            ("Dial", Place::Response) => self.dial(element)?,
            ("Redirect", Place::Response) => {
                self.attributes(element, &["method"]);
                Verb::Redirect { url: element.text(), method: self.method(element) }
            }
            ("Hangup", Place::Response) => {
                self.attributes(element, &[]);
                self.no_children(element);
                Verb::Hangup
            }
            ("Reject", Place::Response) => {
                self.attributes(element, &["reason"]);
                self.no_children(element);
                let reason = element.attribute("reason").unwrap_or("rejected");
                if !matches!(reason, "rejected" | "busy") {
                    self.warn(format!("reason={reason:?} of Reject"));
                }
                Verb::Reject { reason: reason.to_owned() }
            }
            (name, Place::Gather) => {
                self.warn(format!("{name} inside Gather"));
                return None;
            }
            (name, Place::Response) => {
                self.warn(format!("element {name} is unknown or not simulated"));
                return None;
            }
        };
        Some(verb)
    }

    fn say(&mut self, element: &Element) -> Verb {
        self.attributes(element, &["voice", "language", "loop"]);
        self.ssml(element);
        let text = element.text();
        if text.is_empty() {
            self.warn("Say without a text");
        }
        let most = if self.is_telnyx() { MAX_SAY_TELNYX } else { MAX_SAY };
        if text.chars().count() > most {
            self.warn(format!("Say of more than {most} characters"));
        }
        Verb::Say { text, repeat: self.repeat(element) }
    }

    fn ssml(&mut self, element: &Element) {
        const SSML: [&str; 10] = ["break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"];
        for node in &element.children {
            if let Node::Element(child) = node {
                if !SSML.contains(&child.name.as_str()) {
                    self.warn(format!("{} inside Say", child.name));
                }
                self.ssml(child);
            }
        }
    }

    /// `loop="0"` repeats until the call ends; 1000 times, the documented ceiling, is as good.
    fn repeat(&mut self, element: &Element) -> u32 {
        match self.number(element, "loop", 1, 0..=1000) {
            0 => 1000,
            times => times,
        }
    }

    fn play(&mut self, element: &Element) -> Option<Verb> {
        self.attributes(element, &["loop", "digits"]);
        let repeat = self.repeat(element);
        if let Some(digits) = element.attribute("digits") {
            let tones = u32::try_from(digits.len()).unwrap_or(u32::MAX).min(1000);
            return Some(Verb::Play { length: Duration::from_millis(500) * tones });
        }
        if !absolute(&element.text()) {
            self.warn("Play without an absolute URL");
            return None;
        }
        // The recording is not fetched; five seconds stand for any.
        Some(Verb::Play { length: Duration::from_secs(5) * repeat })
    }

    fn gather(&mut self, element: &Element) -> Verb {
        // Telnyx asks for `action` by the method of the application, and tells of no silence.
        let (own, timeouts) = if self.is_telnyx() {
            (["validDigits", "minDigits"], 1..=120)
        } else {
            (["method", "actionOnEmptyResult"], 0..=600)
        };
        let known = ["input", "action", "timeout", "finishOnKey", "numDigits", "language", own[0], own[1]];
        self.attributes(element, &known);
        let input = element.attribute("input").unwrap_or("dtmf");
        if !input.split_whitespace().any(|kind| kind == "dtmf") {
            self.warn(format!("input={input:?} of Gather is not simulated"));
        }
        let finish_on_key = element.attribute("finishOnKey").unwrap_or("#").to_owned();
        if finish_on_key.chars().count() > 1 || !finish_on_key.chars().all(|key| "0123456789#*".contains(key)) {
            self.warn(format!("finishOnKey={finish_on_key:?} of Gather is not one key"));
        }
        let num_digits =
            element.attribute("numDigits").is_some().then(|| self.number(element, "numDigits", 1, 1..=1000) as usize);
        Verb::Gather(Gather {
            action: element.attribute("action").map(str::to_owned),
            method: self.method(element),
            timeout: self.seconds(element, "timeout", 5, timeouts),
            finish_on_key,
            num_digits,
            action_on_empty: self.flag(element, "actionOnEmptyResult"),
            prompts: self.verbs(element, Place::Gather),
        })
    }

    fn dial(&mut self, element: &Element) -> Option<Verb> {
        self.attributes(
            element,
            &["action", "method", "timeout", "timeLimit", "callerId", "answerOnBridge", "ringTone"],
        );
        let (timeouts, limits) = if self.is_telnyx() { (5..=120, 60..=14_400) } else { (0..=600, 0..=86_400) };
        self.flag(element, "answerOnBridge");
        let caller_id = element.attribute("callerId").map(str::to_owned);
        if caller_id.as_deref().is_some_and(|id| !e164(id)) {
            self.warn("callerId of Dial is not E.164");
        }
        let mut callees = element.children.iter().filter_map(|node| match node {
            Node::Element(child) => Some(child),
            Node::Text(_) => None,
        });
        let (to, whisper) = match (callees.next(), callees.next()) {
            (Some(callee), None) if matches!(callee.name.as_str(), "Number" | "Sip") => {
                self.attributes(callee, &["url", "method"]);
                let method = self.method(callee);
                (callee.text(), callee.attribute("url").map(|url| (url.to_owned(), method)))
            }
            (None, _) => (element.text(), None),
            _ => {
                self.warn("Dial takes one Number or one Sip; nothing else is simulated");
                return None;
            }
        };
        if !e164(&to) && !to.starts_with("sip:") && !to.starts_with("sips:") {
            self.warnings.push(format!("13224 Dial: invalid phone number {to:?}"));
            return None;
        }
        Some(Verb::Dial(Dial {
            action: element.attribute("action").map(str::to_owned),
            method: self.method(element),
            timeout: self.seconds(element, "timeout", 30, timeouts),
            time_limit: self.seconds(element, "timeLimit", 14_400, limits),
            caller_id,
            to,
            whisper,
        }))
    }
}

#[cfg(test)]
mod tests;
