//! Webhooks as forms, in the words that Twilio began and others took over: what is read alike for all of them.

use crate::attempt::{AnsweredBy, Ending, News};
use crate::provider::{Input, RawRequest, Verified, WebhookError};

/// The fields of a form. Invalid UTF-8 becomes U+FFFD.
pub fn decoded(form: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(form).into_owned().collect()
}

/// Without a type it is taken for a form: then all of the body is signed.
pub fn is_form(request: &RawRequest<'_>) -> bool {
    request.header("content-type").is_none_or(|kind| {
        let kind = kind.split_once(';').map_or(kind, |(kind, _)| kind);
        kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

/// The news in a status callback or in a machine-detection callback; `None` for progress of a call that goes on, and for
/// a verdict other than machine or fax: that a person answered is proved by a key, not by a guess. `sip` finds the final
/// SIP response code.
pub fn news(request: &Verified, sip: impl Fn(&Verified) -> Option<u16>) -> Result<Option<News>, WebhookError> {
    if !is_status(request) {
        return machine(request);
    }
    let ending = match request.field("CallStatus") {
        Some("completed") => Ending::Completed,
        Some("busy") => Ending::Busy,
        Some("no-answer") => Ending::NoAnswer,
        Some("failed") => Ending::Failed,
        Some("canceled") => Ending::Canceled,
        Some("queued" | "initiated" | "ringing" | "in-progress" | "answered") => return Ok(None),
        _ => return Err(WebhookError::Format),
    };
    Ok(Some(News::Ended {
        ending,
        // `Duration` would be minutes, rounded up.
        talk_s: request.field("CallDuration").and_then(|s| s.parse().ok()),
        sip: sip(request),
        answered_by: request.field("AnsweredBy").and_then(answered_by),
    }))
}

/// Both callbacks may carry `CallStatus` and `AnsweredBy`. A status callback is numbered and names its source, and an end
/// tells how long the call was; detection tells how long it took. Compatible services may leave out number and source.
fn is_status(request: &Verified) -> bool {
    request.field("SequenceNumber").is_some()
        || request.field("CallbackSource") == Some("call-progress-events")
        || request.field("CallDuration").is_some()
        || (request.field("CallStatus").is_some() && request.field("MachineDetectionDuration").is_none())
}

fn machine(request: &Verified) -> Result<Option<News>, WebhookError> {
    let verdict = request.field("AnsweredBy").and_then(answered_by).ok_or(WebhookError::Format)?;
    Ok(match verdict {
        AnsweredBy::Machine | AnsweredBy::Fax => Some(News::Machine(verdict)),
        AnsweredBy::Human | AnsweredBy::Unknown => None,
    })
}

/// `None` where nothing is told; a word not known here is [`AnsweredBy::Unknown`].
fn answered_by(word: &str) -> Option<AnsweredBy> {
    Some(match word {
        "" => return None,
        "human" => AnsweredBy::Human,
        "fax" => AnsweredBy::Fax,
        // `machine_start`, `machine_end_beep`, `machine_end_silence`, `machine_end_other`.
        machine if machine.starts_with("machine") => AnsweredBy::Machine,
        _ => AnsweredBy::Unknown,
    })
}

/// What a request for instructions says: the end of a `Dial`, the keys of a `Gather`, or else that a call has begun. `bridged`
/// judges the end of a `Dial`.
pub fn input(request: &Verified, bridged: impl Fn(&Verified) -> bool) -> Result<Input, WebhookError> {
    if request.field("DialCallStatus").is_some() {
        return Ok(Input::Transfer { bridged: bridged(request) });
    }
    if let Some(digits) = request.field("Digits") {
        return Ok(Input::Keys(digits.to_owned()));
    }
    let told = |name: &str| request.field(name).filter(|value| !value.is_empty()).ok_or(WebhookError::Format);
    Ok(Input::Connected {
        // A caller may hide the number.
        from: request.field("From").unwrap_or_default().to_owned(),
        to: told("To")?.to_owned(),
        provider_call: told("CallSid")?.to_owned(),
        machine: request
            .field("AnsweredBy")
            .and_then(answered_by)
            .is_some_and(|by| matches!(by, AnsweredBy::Machine | AnsweredBy::Fax)),
    })
}

/// A SIP response code, as a number in a field.
pub fn sip_code(request: &Verified, field: &str) -> Option<u16> {
    request.field(field).and_then(|s| s.parse().ok()).filter(|code| (100..700).contains(code))
}
