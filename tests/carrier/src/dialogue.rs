//! One call's conversation: fetches documents, obeys their verbs, and lets the person at the phone press keys.

use std::sync::Arc;
use std::time::Duration;

use crate::behaviour::Dice;
use crate::delivery::{self, Fields, is_xml};
use crate::line::{Clock, Person, leg};
use crate::state::Shared;
use crate::twiml::{self, Dial, Document, Gather, Method, Verb};
use crate::{Protocol, address};

/// A conversation of more documents than this goes round in circles.
const MAX_DOCUMENTS: u32 = 200;
/// Characters said in a second.
const SPEECH: f64 = 14.0;

/// Why a conversation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The document ran out of verbs.
    DocumentEnded,
    /// `Hangup`.
    HungUp,
    /// The other side hung up, or the call reached its longest length.
    Cut,
    /// Instructions could not be fetched or read.
    ApplicationError,
    /// `Reject`, with its reason.
    Rejected(String),
    /// A client ended the call by the API.
    Ordered,
}

/// What a conversation leaves behind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    pub keys: String,
    pub heard: Vec<String>,
    pub transferred: bool,
}

/// A document to fetch.
pub(crate) struct Next {
    pub url: String,
    pub method: Method,
    /// Fields besides those of every voice request.
    pub fields: Fields,
}

pub(crate) enum Source {
    Fetch(Next),
    Inline(String),
}

pub(crate) struct Dialogue {
    pub shared: Arc<Shared>,
    /// Fields of every voice request, without `CallStatus`.
    pub leg: Fields,
    pub status: &'static str,
    pub person: Person,
    pub clock: Clock,
    pub dice: Dice,
    pub fallback: Option<(String, Method)>,
    pub trace: Trace,
    documents: u32,
}

impl Dialogue {
    pub(crate) fn new(leg: Fields, status: &'static str, person: Person, clock: Clock, dice: Dice) -> Self {
        let shared = clock.shared();
        Self { shared, leg, status, person, clock, dice, fallback: None, trace: Trace::default(), documents: 0 }
    }

    /// Holds the conversation to its end.
    pub(crate) async fn run(&mut self, first: Source) -> Outcome {
        let (mut document, mut base) = match first {
            Source::Inline(text) => match self.read(&text, "the Twiml of the order") {
                Ok(document) => (document, String::new()),
                Err(_) => return Outcome::ApplicationError,
            },
            Source::Fetch(next) => match self.fetch(next).await {
                Some(fetched) => fetched,
                None => return Outcome::ApplicationError,
            },
        };
        loop {
            let mut next = match self.perform(document, &base).await {
                Ok(next) => next,
                Err(outcome) => return outcome,
            };
            next.url = address::resolve(&base, &next.url);
            match self.fetch(next).await {
                Some(fetched) => (document, base) = fetched,
                None => return Outcome::ApplicationError,
            }
        }
    }

    /// Fetches a document, or, if that fails, the fallback.
    async fn fetch(&mut self, next: Next) -> Option<(Document, String)> {
        self.documents += 1;
        if self.documents > MAX_DOCUMENTS {
            self.shared.violation(format!("the call goes round in circles at {}", next.url));
            return None;
        }
        let code = match self.try_fetch(&next).await {
            Ok(document) => return Some((document, next.url)),
            Err(code) => code,
        };
        let (url, method) = self.fallback.take()?;
        let fields = vec![("ErrorCode".into(), code.to_string()), ("ErrorUrl".into(), next.url)];
        let next = Next { url, method, fields };
        self.try_fetch(&next).await.ok().map(|document| (document, next.url))
    }

    async fn try_fetch(&self, next: &Next) -> Result<Document, u32> {
        let mut fields = self.leg.clone();
        fields.push(("CallStatus".into(), self.status.into()));
        fields.extend(next.fields.iter().cloned());
        let answer = delivery::request(&self.shared, &next.url, next.method, &fields).await.map_err(|f| f.code())?;
        if !answer.content_type.as_deref().is_some_and(is_xml) {
            self.shared.violation(format!("12300 content type {:?} of {}", answer.content_type, next.url));
            return Err(12300);
        }
        let Ok(text) = std::str::from_utf8(&answer.body) else {
            self.shared.violation(format!("12100 the answer of {} is not UTF-8", next.url));
            return Err(12100);
        };
        self.read(text, &next.url)
    }

    fn read(&self, text: &str, whence: &str) -> Result<Document, u32> {
        match twiml::parse(text, self.shared.options.protocol) {
            Ok(document) => {
                for warning in &document.warnings {
                    self.shared.violation(format!("{warning}, in {whence}"));
                }
                Ok(document)
            }
            Err(reason) => {
                self.shared.violation(format!("{reason}, in {whence}"));
                Err(reason.get(..5).and_then(|code| code.parse().ok()).unwrap_or(12100))
            }
        }
    }

    async fn perform(&mut self, document: Document, base: &str) -> Result<Next, Outcome> {
        for verb in document.verbs {
            match verb {
                Verb::Reject { reason } if self.status == "ringing" => {
                    return Err(Outcome::Rejected(reason));
                }
                Verb::Reject { .. } => {
                    self.shared.violation("13230 Reject of a call that is answered".into());
                    return Err(Outcome::HungUp);
                }
                _ => self.status = "in-progress",
            }
            match verb {
                Verb::Hangup => return Err(Outcome::HungUp),
                Verb::Redirect { url, method } => {
                    return Ok(Next { url, method, fields: Vec::new() });
                }
                Verb::Gather(gather) => {
                    if let Some(next) = self.gather(gather, base).await? {
                        return Ok(next);
                    }
                }
                Verb::Dial(dial) => {
                    if let Some(next) = self.dial(dial, base).await? {
                        return Ok(next);
                    }
                }
                prompt => {
                    let length = self.begin(&prompt);
                    self.clock.wait(length).await?;
                }
            }
        }
        Err(Outcome::DocumentEnded)
    }

    /// Begins a prompt and tells how long it lasts.
    fn begin(&mut self, prompt: &Verb) -> Duration {
        match prompt {
            Verb::Say { text, repeat } => {
                self.trace.heard.push(text.clone());
                Duration::from_secs_f64(0.3 + text.chars().count() as f64 / SPEECH) * *repeat
            }
            Verb::Play { length } | Verb::Pause { length } => *length,
            _ => Duration::ZERO,
        }
    }

    async fn gather(&mut self, gather: Gather, base: &str) -> Result<Option<Next>, Outcome> {
        let question = format!("question {}", self.documents);
        let keys = self.person.keys(gather.num_digits.unwrap_or(1));
        // Some people press before the prompt is over.
        let impatient = !keys.is_empty() && self.dice.below(&format!("impatient {question}"), 0.3);
        let last = gather.prompts.len().saturating_sub(1);
        for (at, prompt) in gather.prompts.iter().enumerate() {
            let length = self.begin(prompt);
            let heard = if impatient && at == last { length / 2 } else { length };
            self.clock.wait(heard).await?;
        }
        let mut digits = String::new();
        let mut finished_on = String::new();
        if keys.is_empty() {
            self.clock.wait(gather.timeout).await?;
        } else {
            if !impatient || gather.prompts.is_empty() {
                let thinking = self.dice.seconds(&question, 0.5, 2.5).min(gather.timeout.mul_f64(0.8));
                self.clock.wait(thinking).await?;
            }
            self.trace.keys.push_str(&keys);
            for key in keys.chars() {
                if gather.finish_on_key.contains(key) {
                    finished_on.push(key);
                    break;
                }
                digits.push(key);
            }
            let complete = gather.num_digits.is_some_and(|n| digits.len() >= n);
            if finished_on.is_empty() && !complete {
                // The carrier waits for more.
                self.clock.wait(gather.timeout).await?;
            }
        }
        if digits.is_empty() && !gather.action_on_empty {
            return Ok(None);
        }
        let fields =
            vec![("msg".into(), "Gather End".into()), ("Digits".into(), digits), ("FinishedOnKey".into(), finished_on)];
        Ok(Some(Next { url: gather.action.unwrap_or_else(|| base.to_owned()), method: gather.method, fields }))
    }

    async fn dial(&mut self, dial: Dial, base: &str) -> Result<Option<Next>, Outcome> {
        if matches!(self.person, Person::Officer) {
            self.shared.violation("Dial on the line of somebody who was dialled".into());
            return Ok(None);
        }
        let protocol = self.shared.options.protocol;
        let sid = protocol.sid(&self.dice.hex(&format!("dial {}", self.documents)));
        let rings = self.dice.seconds("officer rings", 3.0, 10.0);
        let mut status = "no-answer";
        let mut bridged = false;
        let mut talked = Duration::ZERO;
        if self.dice.below("officer", crate::behaviour::OFFICERS_ANSWER) && rings <= dial.timeout {
            self.clock.wait(rings).await?;
            status = "completed";
            bridged = self.whisper(&dial, &sid, base).await?;
            if bridged {
                self.trace.transferred = true;
                talked = self.dice.seconds("officer talks", 30.0, 180.0).min(dial.time_limit);
                self.clock.wait(talked).await?;
            }
        } else {
            self.clock.wait(dial.timeout).await?;
        }
        let Some(url) = dial.action else {
            return Ok(None);
        };
        let mut fields: Fields = vec![("DialCallStatus".into(), status.into()), ("DialCallSid".into(), sid)];
        if protocol == Protocol::Twilio {
            fields.push(("DialBridged".into(), bridged.to_string()));
        }
        if bridged {
            fields.push(("DialCallDuration".into(), talked.as_secs().to_string()));
        }
        Ok(Some(Next { url, method: dial.method, fields }))
    }

    /// Plays the whisper to the officer while the caller waits. Are the two connected after it?
    async fn whisper(&mut self, dial: &Dial, sid: &str, base: &str) -> Result<bool, Outcome> {
        let Some((url, method)) = dial.whisper.clone() else {
            return Ok(true);
        };
        let leg = self.officer_leg(dial, sid);
        // The officer's document runs on the caller's time: both hang on the same call.
        let clock = self.clock.branch();
        let mut officer = Self::new(leg, "in-progress", Person::Officer, clock, self.dice.clone());
        let first = Next { url: address::resolve(base, &url), method, fields: Vec::new() };
        let outcome = Box::pin(officer.run(Source::Fetch(first))).await;
        self.clock.advance(officer.clock.elapsed());
        match outcome {
            Outcome::Cut | Outcome::Ordered => Err(outcome),
            Outcome::DocumentEnded => Ok(true),
            _ => Ok(false),
        }
    }

    fn officer_leg(&self, dial: &Dial, sid: &str) -> Fields {
        let of = |name: &str| {
            let found = self.leg.iter().find(|(n, _)| n == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let from = dial.caller_id.clone().unwrap_or_else(|| of("From"));
        let mut leg = leg(&self.shared, sid, &from, &dial.to, "outbound-dial");
        leg.push(("ParentCallSid".into(), of("CallSid")));
        leg
    }
}
