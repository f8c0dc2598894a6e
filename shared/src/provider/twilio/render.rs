//! The flow's verbs as TwiML. Source: Twilio docs, "TwiML for Programmable Voice" and the pages of its verbs.

use crate::contact::Language;
use crate::flow::Verb;
use crate::provider::Markup;
use crate::provider::markup::{Attributes, Dialect, Silence};

/// TwiML.
pub const TWIML: Dialect = Dialect {
    say_max: 4096,
    // Below the 64 kB beyond which Twilio refuses a document (error 11750).
    document_max: 64_000,
    voice,
    gather: &[("actionOnEmptyResult", "true"), ("method", "POST")],
    gather_s: 1..=u16::MAX,
    silence: Silence::Told,
    dial_s: 1..=u16::MAX,
};

/// The verbs as a TwiML document.
pub fn render(verbs: &[Verb]) -> Markup {
    TWIML.render(verbs)
}

/// Voice and language must agree (errors 13511, 13512). Source: Twilio docs, "Text-to-speech", available voices.
fn voice(language: Language) -> Attributes {
    match language {
        Language::Id => &[("voice", "Google.id-ID-Wavenet-A"), ("language", "id-ID")],
        Language::En => &[("voice", "Google.en-GB-Wavenet-A"), ("language", "en-GB")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_menu() {
        let say = |text: &str, language| Verb::Say { text: text.into(), language };
        let verbs = [
            Verb::Gather {
                prompt: vec![
                    say("Untuk berbicara dengan petugas, tekan dua.", Language::Id),
                    say("For English, press nine.", Language::En),
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
    fn zeroes_become_the_least_twilio_takes() {
        let gather = Verb::Gather { prompt: vec![], digits: 0, timeout_s: 0, next: "https://a/".into() };
        let dial = Verb::Transfer { to: "+1".into(), caller_id: "+2".into(), timeout_s: 0, next: "https://a/".into() };
        let body = render(&[gather, dial]).body;
        assert!(body.contains(r#"numDigits="1" timeout="1""#) && body.contains(r#"<Dial timeout="1""#), "{body}");
    }
}
