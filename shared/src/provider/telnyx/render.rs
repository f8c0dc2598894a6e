//! The flow's verbs as TeXML. Source: Telnyx docs, the pages of the TeXML verbs `Say`, `Gather`, `Dial`, `Redirect`.

use crate::contact::Language;
use crate::flow::Verb;
use crate::provider::Markup;
use crate::provider::markup::{Attributes, Dialect, Silence};

/// TeXML.
pub const TEXML: Dialect = Dialect {
    // Of a `speak` command; `Say` names no limit of its own.
    say_max: 3000,
    // None is documented.
    document_max: 64_000,
    voice,
    // `action` is asked by the method of the TeXML application, which must be POST: a GET is not signed.
    gather: &[],
    gather_s: 1..=120,
    silence: Silence::Redirected,
    dial_s: 5..=120,
};

/// The verbs as a TeXML document.
pub fn render(verbs: &[Verb]) -> Markup {
    TEXML.render(verbs)
}

/// The voice says the language: the list of languages has no Indonesian.
fn voice(language: Language) -> Attributes {
    match language {
        Language::Id => &[("voice", "Azure.id-ID-GadisNeural")],
        Language::En => &[("voice", "Azure.en-GB-SoniaNeural")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_menu_that_nobody_answers_goes_on_by_itself() {
        let say = |text: &str, language| Verb::Say { text: text.into(), language };
        let next = "https://dering.example.go.id/hooks/telnyx/abc123/step?s=menu&m=Zx_-9";
        let verbs = [
            say("Selamat pagi.", Language::Id),
            Verb::Gather {
                prompt: vec![say("For English, press nine.", Language::En)],
                digits: 1,
                timeout_s: 6,
                next: next.into(),
            },
        ];
        let next = next.replace('&', "&amp;");
        let expected = [
            r#"<?xml version="1.0" encoding="UTF-8"?><Response>"#,
            r#"<Say voice="Azure.id-ID-GadisNeural">Selamat pagi.</Say>"#,
            r#"<Gather input="dtmf" numDigits="1" timeout="6" finishOnKey="" action=""#,
            &next,
            r#""><Say voice="Azure.en-GB-SoniaNeural">For English, press nine.</Say></Gather>"#,
            r#"<Redirect method="POST">"#,
            &next,
            "</Redirect></Response>",
        ];
        assert_eq!(render(&verbs).body, expected.concat());
    }

    #[test]
    fn seconds_are_kept_within_what_telnyx_takes() {
        for (asked, gather_s, dial_s) in [(0, 1, 5), (6, 6, 6), (121, 120, 120), (u8::MAX, 120, 120)] {
            let next = String::from("https://a/");
            let gather = Verb::Gather { prompt: vec![], digits: 1, timeout_s: asked, next: next.clone() };
            let dial = Verb::Transfer { to: "+1".into(), caller_id: "+2".into(), timeout_s: asked.into(), next };
            let body = render(&[gather, dial]).body;
            assert!(body.contains(&format!(r#"numDigits="1" timeout="{gather_s}""#)), "{body}");
            assert!(body.contains(&format!(r#"<Dial timeout="{dial_s}""#)), "{body}");
        }
    }
}
