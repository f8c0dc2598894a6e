//! What a verified webhook says. Source: Twilio docs, "Call resource" (status callbacks), "Answering machine detection"
//! and the pages of the TwiML verbs `Gather` and `Dial`.

use crate::attempt::{AnsweredBy, Ending, News};
use crate::provider::{Input, Verified, WebhookError};

/// The news in a status callback or in a machine-detection callback; `None` for progress of a call that goes on, and for
/// a verdict other than machine or fax: that a person answered is proved by a key, not by a guess.
pub fn parse_news(request: &Verified) -> Result<Option<News>, WebhookError> {
    if is_status(request) { ended(request) } else { machine(request) }
}

/// Both callbacks may carry `CallStatus` and `AnsweredBy`. A status callback is numbered and names its source, and an end
/// tells how long the call was; detection tells how long it took. Compatible services may leave out number and source.
fn is_status(request: &Verified) -> bool {
    request.field("SequenceNumber").is_some()
        || request.field("CallbackSource") == Some("call-progress-events")
        || request.field("CallDuration").is_some()
        || (request.field("CallStatus").is_some() && request.field("MachineDetectionDuration").is_none())
}

fn ended(request: &Verified) -> Result<Option<News>, WebhookError> {
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
        sip: request.field("SipResponseCode").and_then(|s| s.parse().ok()).filter(|code| (100..700).contains(code)),
        answered_by: request.field("AnsweredBy").and_then(answered_by),
    }))
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

/// What a request for instructions says: the end of a `Dial`, the keys of a `Gather`, or else that a call has begun.
pub fn parse_input(request: &Verified) -> Result<Input, WebhookError> {
    if request.field("DialCallStatus").is_some() {
        // The status `completed` is also told of a line that was answered and never bridged.
        return Ok(Input::Transfer { bridged: request.field("DialBridged") == Some("true") });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::twilio::testing::{Dice, TOKEN, sha1_signature, vectors};
    use crate::provider::twilio::verify;
    use crate::provider::{RawRequest, SigningSecret};
    use serde_json::{Value, json};
    use std::collections::BTreeSet;
    use std::fs;

    /// The form as Twilio would send it: signed, and verified by us.
    fn received(form: &str) -> Verified {
        let url = "https://dering.example.go.id/hooks/twilio/abc123/status";
        let fields: BTreeSet<(String, String)> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        let signed: String = fields.into_iter().flat_map(|(name, value)| [name, value]).collect();
        let headers = [
            ("content-type".to_owned(), "application/x-www-form-urlencoded; charset=UTF-8".to_owned()),
            ("x-twilio-signature".to_owned(), sha1_signature(TOKEN, &format!("{url}{signed}"))),
        ];
        let request = RawRequest { method: "POST", url, headers: &headers, body: form.as_bytes() };
        verify(&request, &[SigningSecret { key_id: None, secret: TOKEN.into() }]).unwrap()
    }

    fn every_vector(folder: &str, parse: impl Fn(&Verified) -> Result<Value, WebhookError>) {
        for file in vectors(folder, "form") {
            let form = fs::read_to_string(&file).unwrap();
            let expected = fs::read_to_string(file.with_extension("json")).unwrap();
            let expected: Value = serde_json::from_str(&expected).unwrap();
            let parsed =
                parse(&received(form.trim_end())).unwrap_or_else(|refusal| json!({ "error": format!("{refusal:?}") }));
            assert_eq!(parsed, expected, "{}", file.display());
        }
    }

    #[test]
    fn every_vector_of_news() {
        every_vector("news", |request| parse_news(request).map(|news| serde_json::to_value(news).unwrap()));
    }

    #[test]
    fn every_vector_of_input() {
        every_vector("input", |request| {
            parse_input(request).map(|input| match input {
                Input::Connected { from, to, provider_call, machine } => json!({ "Connected":
                    { "from": from, "to": to, "provider_call": provider_call, "machine": machine } }),
                Input::Keys(keys) => json!({ "Keys": keys }),
                Input::Transfer { bridged } => json!({ "Transfer": { "bridged": bridged } }),
            })
        });
    }

    #[test]
    fn random_fields_do_no_harm() {
        let names = ["CallStatus", "AnsweredBy", "CallDuration", "SipResponseCode", "Digits", "To", "CallSid", "x"];
        let mut dice = Dice::new(3);
        let (mut news, mut inputs) = (0, 0);
        for _ in 0..20_000 {
            let fields = (0..dice.below(6))
                .map(|_| {
                    let value = if dice.below(2) == 0 { dice.text(12) } else { dice.below(1 << 40).to_string() };
                    (dice.pick(&names).to_owned(), value)
                })
                .collect();
            let request = Verified { fields };
            // No random word is the end of a call.
            assert!(!matches!(parse_news(&request), Ok(Some(News::Ended { .. }))), "{request:?}");
            news += usize::from(parse_news(&request).is_ok());
            inputs += usize::from(parse_input(&request).is_ok());
        }
        assert!(news > 100 && inputs > 100, "{news} {inputs}");
    }
}
