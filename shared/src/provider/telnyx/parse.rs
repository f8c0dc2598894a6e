//! What a verified webhook says. Source: Telnyx docs, callbacks "TeXML call completed", "TeXML call AMD", "TeXML gather", and
//! the pages of the TeXML verbs `Gather` and `Dial`.

use crate::attempt::{Ending, News};
use crate::provider::{Input, Verified, WebhookError, form};

/// The news in a status callback or in a machine-detection callback; `None` if it tells nothing we keep.
pub fn parse_news(request: &Verified) -> Result<Option<News>, WebhookError> {
    Ok(match form::news(request, sip)? {
        // Whether ringing counts as the length of a call that nobody answered is not documented.
        Some(News::Ended { ending, sip, answered_by, .. }) if ending != Ending::Completed => {
            Some(News::Ended { ending, talk_s: None, sip, answered_by })
        }
        news => news,
    })
}

/// The final SIP response code, where one is told or meant.
fn sip(request: &Verified) -> Option<u16> {
    let told = ["SipResponseCode", "SipHangupCause"].into_iter().find_map(|field| form::sip_code(request, field));
    told.or_else(|| match request.field("HangupCause")? {
        "not_found" => Some(404),
        "user_busy" => Some(486),
        "call_rejected" => Some(603),
        _ => None,
    })
}

/// What a request for instructions says. Silence at a question is told as if the call began anew: see
/// [`Silence::Redirected`](crate::provider::markup::Silence).
pub fn parse_input(request: &Verified) -> Result<Input, WebhookError> {
    // Whether the lines were joined is not told apart from whether the officer picked up.
    form::input(request, |request| matches!(request.field("DialCallStatus"), Some("completed" | "answered")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::AnsweredBy;

    const STATUS: &str = "AccountSid=f5586561-8ff0-4291-a51b-c7dfe4139ff9&CallSid=v3%3Acall-1&CallSidLegacy=v3%3Acall-1\
                          &CallbackSource=call-progress-events&ConnectionId=2811212257810187875&From=%2B622150000001\
                          &SequenceNumber=3&Timestamp=2026-11-02T03%3A04%3A05Z&To=%2B628110000001";

    fn news(form: &str) -> Result<Option<News>, WebhookError> {
        parse_news(&Verified { fields: form::decoded(form.as_bytes()) })
    }

    fn ended(ending: Ending, talk_s: Option<u32>, sip: Option<u16>) -> Result<Option<News>, WebhookError> {
        Ok(Some(News::Ended { ending, talk_s, sip, answered_by: None }))
    }

    #[test]
    fn ends_of_calls() {
        use Ending::*;
        let table = [
            ("completed&CallDuration=42&HangupCause=normal_clearing&HangupSource=callee", (Completed, Some(42), None)),
            ("completed&CallDuration=", (Completed, None, None)),
            // The end of a call that was transferred tells of the transfer, too.
            ("completed&CallDuration=99&DialCallStatus=completed&DialCallDuration=60", (Completed, Some(99), None)),
            ("busy&HangupCause=user_busy&CallDuration=7", (Busy, None, Some(486))),
            ("busy&SipHangupCause=600&HangupCause=user_busy", (Busy, None, Some(600))),
            ("no-answer&HangupCause=timeout&CallDuration=0", (NoAnswer, None, None)),
            ("failed&HangupCause=not_found", (Failed, None, Some(404))),
            ("failed&HangupCause=call_rejected", (Failed, None, Some(603))),
            ("failed&HangupCause=unspecified&SipResponseCode=503", (Failed, None, Some(503))),
            ("failed&HangupCause=word-of-tomorrow&SipResponseCode=99", (Failed, None, None)),
            ("canceled&HangupCause=originator_cancel", (Canceled, None, None)),
        ];
        for (rest, (ending, talk_s, sip)) in table {
            assert_eq!(news(&format!("{STATUS}&CallStatus={rest}")), ended(ending, talk_s, sip), "{rest}");
        }
        let judged = news(&format!("{STATUS}&CallStatus=completed&CallDuration=9&AnsweredBy=machine_start"));
        let Ok(Some(News::Ended { answered_by, .. })) = judged else { panic!("{judged:?}") };
        assert_eq!(answered_by, Some(AnsweredBy::Machine));
    }

    #[test]
    fn progress_is_no_news_and_a_status_of_tomorrow_is_not_understood() {
        for word in ["queued", "initiated", "ringing", "answered", "in-progress"] {
            assert_eq!(news(&format!("{STATUS}&CallStatus={word}")), Ok(None), "{word}");
        }
        for rest in ["&CallStatus=Completed", "&CallStatus=", "", "&CallStatus=transferred"] {
            assert_eq!(news(&format!("{STATUS}{rest}")), Err(WebhookError::Format), "{rest}");
        }
        assert_eq!(news(""), Err(WebhookError::Format));
    }

    #[test]
    fn verdicts_of_machine_detection() {
        let verdict = |word: &str| {
            news(&format!("AccountSid=f5&AnsweredBy={word}&CallSid=v3%3Acall-1&MachineDetectionDuration=2500"))
        };
        for word in ["machine", "machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other"] {
            assert_eq!(verdict(word), Ok(Some(News::Machine(AnsweredBy::Machine))), "{word}");
        }
        assert_eq!(verdict("fax"), Ok(Some(News::Machine(AnsweredBy::Fax))));
        for word in ["human", "unknown", "not_sure"] {
            assert_eq!(verdict(word), Ok(None), "{word}");
        }
        assert_eq!(verdict(""), Err(WebhookError::Format));
    }

    #[test]
    fn requests_for_instructions() {
        let input = |rest: &str| {
            let form = format!("AccountSid=f5&CallSid=v3%3Acall-1&From=%2B622150000001&To=%2B628110000001{rest}");
            parse_input(&Verified { fields: form::decoded(form.as_bytes()) })
        };
        let connected = |machine| {
            Ok(Input::Connected {
                from: "+622150000001".into(),
                to: "+628110000001".into(),
                provider_call: "v3:call-1".into(),
                machine,
            })
        };
        assert_eq!(input("&CallStatus=in-progress&CallingPartyType=pstn"), connected(false));
        assert_eq!(input("&CallStatus=in-progress&AnsweredBy=machine"), connected(true));
        assert_eq!(input("&Digits=2"), Ok(Input::Keys("2".into())));
        assert_eq!(input("&Digits="), Ok(Input::Keys(String::new())));
        for (status, bridged) in [
            ("completed", true),
            ("answered", true),
            ("busy", false),
            ("no-answer", false),
            ("failed", false),
            ("", false),
        ] {
            assert_eq!(input(&format!("&DialCallStatus={status}")), Ok(Input::Transfer { bridged }), "{status}");
        }
        let nothing = Verified { fields: form::decoded(b"CallSid=v3%3Acall-1") };
        assert_eq!(parse_input(&nothing), Err(WebhookError::Format));
    }
}
