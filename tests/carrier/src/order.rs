//! An order for a call: the parameters of the POST, checked as the carrier checks them.
//! Source: <https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource>.

use std::time::Duration;

use crate::Options;
use crate::address::{absolute, e164};
use crate::delivery::Fields;
use crate::twiml::Method;

/// Parameters the carrier knows. Of those the simulation does not act on, a test should hear.
const KNOWN: [&str; 20] = [
    "To",
    "From",
    "Url",
    "Method",
    "Twiml",
    "FallbackUrl",
    "FallbackMethod",
    "StatusCallback",
    "StatusCallbackMethod",
    "StatusCallbackEvent",
    "Timeout",
    "TimeLimit",
    "MachineDetection",
    "AsyncAmd",
    "AsyncAmdStatusCallback",
    "AsyncAmdStatusCallbackMethod",
    "MachineDetectionTimeout",
    "MachineDetectionSpeechThreshold",
    "MachineDetectionSpeechEndThreshold",
    "MachineDetectionSilenceTimeout",
];

/// Longest inline TwiML, in characters.
const MAX_TWIML: usize = 4000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Initiated,
    Ringing,
    Answered,
    Completed,
}

impl Event {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Completed => "completed",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Initiated, Self::Ringing, Self::Answered, Self::Completed]
            .into_iter()
            .find(|event| event.as_str() == text)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct MachineDetection {
    /// Wait for the end of a machine's greeting.
    pub until_end: bool,
    pub asynchronous: bool,
    pub callback: Option<(String, Method)>,
    pub timeout: Duration,
}

#[derive(Debug)]
pub(crate) struct Order {
    pub to: String,
    pub from: String,
    pub url: Option<String>,
    pub method: Method,
    pub twiml: Option<String>,
    pub fallback: Option<(String, Method)>,
    pub callback: Option<(String, Method)>,
    pub events: Vec<Event>,
    pub timeout: Duration,
    pub time_limit: Option<Duration>,
    pub machine_detection: Option<MachineDetection>,
}

/// A refusal: the carrier's error code, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub code: u32,
    pub reason: String,
}

fn refuse<T>(code: u32, reason: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, reason: reason.into() })
}

impl Order {
    /// Checks the parameters. What the carrier would let pass, but a client should not do, goes to `warnings`.
    pub(crate) fn parse(fields: &Fields, options: &Options, warnings: &mut Vec<String>) -> Result<Self, Refusal> {
        let form = Form(fields);
        for (at, (name, _)) in fields.iter().enumerate() {
            if !KNOWN.contains(&name.as_str()) {
                warnings.push(format!("parameter {name} is unknown or not simulated"));
            } else if name != "StatusCallbackEvent" && fields.iter().take(at).any(|(n, _)| n == name) {
                warnings.push(format!("parameter {name} is given twice"));
            }
        }
        let Some(to) = form.get("To") else {
            return refuse(21201, "no To number is specified");
        };
        if !e164(to) {
            return refuse(21211, format!("To {to:?} is not a phone number in E.164 format"));
        }
        let Some(from) = form.get("From") else {
            return refuse(21213, "no From number is specified");
        };
        if !e164(from) {
            return refuse(21212, format!("From {from:?} is not a phone number in E.164 format"));
        }
        if !options.caller_ids.iter().any(|id| id == from) {
            return refuse(21210, format!("From {from} is not verified for this account"));
        }
        let (url, twiml) = instructions(&form, warnings)?;
        let callback = form.url("StatusCallback", "StatusCallbackMethod", 21609)?;
        let events = events(fields)?;
        if callback.is_none() && form.get("StatusCallbackEvent").is_some() {
            warnings.push("StatusCallbackEvent without StatusCallback".into());
        }
        Ok(Self {
            to: to.to_owned(),
            from: from.to_owned(),
            method: form.method("Method")?,
            url,
            twiml,
            fallback: form.url("FallbackUrl", "FallbackMethod", 21205)?,
            callback,
            events,
            timeout: form.seconds("Timeout", 1, 600)?.unwrap_or(Duration::from_secs(60)),
            time_limit: form.seconds("TimeLimit", 1, 86_400)?,
            machine_detection: machine_detection(&form, warnings)?,
        })
    }
}

fn instructions(form: &Form<'_>, warnings: &mut Vec<String>) -> Result<(Option<String>, Option<String>), Refusal> {
    let url = form.url("Url", "Method", 21205)?.map(|(url, _)| url);
    let twiml = form.get("Twiml").map(str::to_owned);
    if url.is_none() && twiml.is_none() {
        return refuse(21205, "neither Url nor Twiml is specified");
    }
    if twiml.as_ref().is_some_and(|twiml| twiml.chars().count() > MAX_TWIML) {
        return refuse(32018, format!("Twiml is longer than {MAX_TWIML} characters"));
    }
    if url.is_some() && twiml.is_some() {
        warnings.push("32019 Twiml is ignored, because Url is given".into());
    }
    Ok((url, twiml))
}

fn events(fields: &Fields) -> Result<Vec<Event>, Refusal> {
    let mut events = Vec::new();
    for (_, value) in fields.iter().filter(|(name, _)| name == "StatusCallbackEvent") {
        match Event::parse(value) {
            Some(event) => events.push(event),
            None => return refuse(21626, format!("StatusCallbackEvent {value:?}")),
        }
    }
    if events.is_empty() {
        events.push(Event::Completed);
    }
    Ok(events)
}

fn machine_detection(form: &Form<'_>, warnings: &mut Vec<String>) -> Result<Option<MachineDetection>, Refusal> {
    let timeout = form.seconds("MachineDetectionTimeout", 3, 59)?.unwrap_or(Duration::from_secs(30));
    form.number("MachineDetectionSpeechThreshold", 1000, 6000)?;
    form.number("MachineDetectionSpeechEndThreshold", 500, 5000)?;
    form.number("MachineDetectionSilenceTimeout", 2000, 10_000)?;
    let asynchronous = match form.get("AsyncAmd") {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => return refuse(21207, format!("AsyncAmd {other:?}")),
    };
    let callback = form.url("AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod", 21609)?;
    let until_end = match form.get("MachineDetection") {
        None => {
            if asynchronous || callback.is_some() {
                warnings.push("AsyncAmd without MachineDetection".into());
            }
            return Ok(None);
        }
        Some("Enable") => false,
        Some("DetectMessageEnd") => true,
        Some(other) => return refuse(21207, format!("MachineDetection {other:?}")),
    };
    if asynchronous && callback.is_none() {
        warnings.push("21262 AsyncAmd without AsyncAmdStatusCallback".into());
    }
    if !asynchronous && callback.is_some() {
        warnings.push("AsyncAmdStatusCallback without AsyncAmd".into());
    }
    Ok(Some(MachineDetection { until_end, asynchronous, callback, timeout }))
}

struct Form<'a>(&'a Fields);

impl<'a> Form<'a> {
    /// An empty parameter counts as absent.
    fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().find(|(n, value)| n == name && !value.is_empty())?;
        Some(value)
    }

    fn url(&self, name: &str, method: &str, code: u32) -> Result<Option<(String, Method)>, Refusal> {
        let method = self.method(method)?;
        match self.get(name) {
            None => Ok(None),
            Some(url) if absolute(url) => Ok(Some((url.to_owned(), method))),
            Some(url) => refuse(code, format!("{name} {url:?} is not an absolute URL")),
        }
    }

    fn method(&self, name: &str) -> Result<Method, Refusal> {
        let text = self.get(name).unwrap_or("POST");
        Method::parse(text).map_or_else(|| refuse(21205, format!("{name} {text:?}")), Ok)
    }

    fn number(&self, name: &str, from: u64, to: u64) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if (from..=to).contains(&number) => Ok(Some(number)),
            _ => refuse(21208, format!("{name} {text:?} is not a number from {from} to {to}")),
        }
    }

    fn seconds(&self, name: &str, from: u64, to: u64) -> Result<Option<Duration>, Refusal> {
        Ok(self.number(name, from, to)?.map(Duration::from_secs))
    }
}
