//! What a verified webhook says. Source: Twilio docs, "Call resource" (status callbacks), "Answering machine detection"
//! and the pages of the TwiML verbs `Gather` and `Dial`.

use crate::attempt::News;
use crate::provider::{Input, Verified, WebhookError, form};

/// The news in a status callback or in a machine-detection callback; `None` if it tells nothing we keep.
pub fn parse_news(request: &Verified) -> Result<Option<News>, WebhookError> {
    form::news(request, |request| form::sip_code(request, "SipResponseCode"))
}

/// What a request for instructions says.
pub fn parse_input(request: &Verified) -> Result<Input, WebhookError> {
    // The status `completed` is also told of a line that was answered and never bridged.
    form::input(request, |request| request.field("DialBridged") == Some("true"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::testing::{Dice, vectors};
    use crate::provider::twilio::testing::{TOKEN, sha1_signature};
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
        for file in vectors("twilio", folder, "form") {
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
