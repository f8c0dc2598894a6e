use super::*;

fn warnings(body: &str) -> String {
    parse(&format!("<Response>{body}</Response>"), Protocol::Twilio).map_or_else(|e| e, |d| d.warnings.join("\n"))
}

#[test]
fn a_gather_with_entities_and_a_transfer_are_read() {
    let text = r#"<?xml version="1.0" encoding="UTF-8"?>
        <Response><Gather numDigits="1" timeout="6" finishOnKey="" actionOnEmptyResult="true" action="http://h/a?s=1&amp;t=2">
        <Say voice="Google.id-ID-Wavenet-A" language="id-ID">Bapak &lt;A&gt; &amp;   Ibu&#32;B</Say></Gather>
        <Dial timeout="20" action="/d"><Number url="http://h/w">+622150000200</Number></Dial><Hangup/></Response>"#;
    let document = parse(text, Protocol::Twilio).expect("valid");
    assert_eq!(document.warnings, Vec::<String>::new());
    let [Verb::Gather(gather), Verb::Dial(dial), Verb::Hangup] = document.verbs.as_slice() else {
        panic!("{document:?}");
    };
    assert_eq!(gather.action.as_deref(), Some("http://h/a?s=1&t=2"));
    assert_eq!((gather.num_digits, gather.finish_on_key.as_str()), (Some(1), ""));
    assert!(matches!(gather.prompts.as_slice(), [Verb::Say { text, .. }] if text == "Bapak <A> & Ibu B"));
    assert_eq!((dial.to.as_str(), dial.timeout.as_secs()), ("+622150000200", 20));
}

#[test]
fn every_departure_from_the_schema_is_named() {
    for (body, word) in [
        ("<Speak>x</Speak>", "element Speak"),
        ("<say>x</say>", "element say"),
        ("<Say voise='x'>x</Say>", "attribute voise"),
        ("<Gather><Hangup/></Gather>", "Hangup inside Gather"),
        ("<Say>x<Hangup/></Say>", "Hangup inside Say"),
        ("<Gather numDigits='0'/>", "numDigits"),
        ("<Gather input='speech'/>", "input"),
        ("<Dial><Number>0215000</Number></Dial>", "13224"),
        ("<Dial><Conference>x</Conference></Dial>", "nothing else"),
        ("<Say>x</Say><Reject/>", "not the first"),
        ("loose", "text directly"),
        ("<Redirect method='PUT'>http://h/</Redirect>", "method"),
        ("<Say>x", "12100"),
        ("<Say>&nope;</Say>", "12100"),
    ] {
        assert!(warnings(body).contains(word), "{body}: {}", warnings(body));
    }
    assert!(parse("<Other/>", Protocol::Twilio).is_err_and(|e| e.starts_with("12100")));
    assert!(parse(" ", Protocol::Twilio).is_err_and(|e| e.starts_with("11770")));
    let long = format!("<Response><!--{}--></Response>", "x".repeat(MAX_BYTES));
    assert!(parse(&long, Protocol::Twilio).is_err_and(|e| e.starts_with("11750")));
}
