use super::*;
use crate::provider::testing::{Dice, vectors};
use crate::provider::twilio::testing::{TOKEN, sha1_signature};
use serde_json::Value;

const URL: &str = "https://dering.example.go.id/twilio/gather/abc123";
const BODY: &str = "CallSid=CA1&Digits=1";
/// Of [`URL`] and [`BODY`] under [`TOKEN`].
const GENUINE: &str = "IYTE225XIW4A2JQOY3hohQXfgdE=";
const SHARED_KEY: &str = "sk_shared_example_1";
/// Of the same under [`SHARED_KEY`].
const GENUINE_SHARED: &str = "gbcsQQM7lzFEdcnuXYyPxXwzVAwDBGXxjPUTBJdyl5g=";
const SHARED: &str = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256";

fn secret(key_id: Option<&str>, secret: &str) -> SigningSecret {
    SigningSecret { key_id: key_id.map(str::to_owned), secret: secret.to_owned() }
}

fn both_secrets() -> [SigningSecret; 2] {
    [secret(None, TOKEN), secret(Some("webhooks_sharedkey_1"), SHARED_KEY)]
}

type Answer = Result<Vec<(String, String)>, WebhookError>;

fn ask(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8], secrets: &[SigningSecret]) -> Answer {
    let headers: Vec<_> = headers.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
    verify(&RawRequest { method, url, headers: &headers, body }, secrets).map(|verified| verified.fields)
}

fn post(url: &str, headers: &[(&str, &str)]) -> Answer {
    ask("POST", url, headers, BODY.as_bytes(), &both_secrets())
}

const REFUSED: Answer = Err(WebhookError::Signature);

#[test]
fn every_vector_is_judged_as_twilios_own_library_does() {
    let mut seen = 0;
    for file in vectors("twilio", "signature", "jsonl") {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let vector: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| vector.get(name).and_then(Value::as_str);
            let sha256 = text("alg") == Some("HMAC_SHA256");
            let mut headers = vec![
                (SIGNATURE, text("sig").unwrap()),
                ("content-type", text("ct").unwrap_or("application/x-www-form-urlencoded; charset=UTF-8")),
            ];
            headers.extend(sha256.then_some((SETTINGS, SHARED)));
            let secrets = [secret(sha256.then_some("webhooks_sharedkey_1"), text("key").unwrap())];
            let body = text("body").unwrap().as_bytes();
            let answer = ask(text("method").unwrap(), text("url").unwrap(), &headers, body, &secrets);
            assert_eq!(answer.is_ok(), vector["ok"].as_bool().unwrap(), "{line}");
            seen += 1;
        }
    }
    assert!(seen >= 24, "{seen}");
}

#[test]
fn no_other_signature_passes() {
    for (genuine, settings) in [(GENUINE, ""), (GENUINE_SHARED, SHARED)] {
        let ask = |signature: &str| post(URL, &[(SIGNATURE, signature), (SETTINGS, settings)]);
        assert!(ask(genuine).is_ok());
        let bytes = STANDARD.decode(genuine).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(ask(&STANDARD.encode(&forged)), REFUSED, "bit {bit}");
        }
        for cut in 0..bytes.len() {
            assert_eq!(ask(&STANDARD.encode(&bytes[..cut])), REFUSED, "first {cut}");
            assert_eq!(ask(&STANDARD.encode(&bytes[cut + 1..])), REFUSED, "without the first {}", cut + 1);
        }
        for more in 0..=255 {
            assert_eq!(ask(&STANDARD.encode([&bytes[..], &[more]].concat())), REFUSED);
            assert_eq!(ask(&STANDARD.encode([&[more], &bytes[..]].concat())), REFUSED);
        }
        // The header's text: cut, extended, another character, another alphabet, twice.
        for at in 0..genuine.len() {
            assert_eq!(ask(&genuine[..at]), REFUSED);
            let mut other = genuine.as_bytes().to_vec();
            for bit in 0..7 {
                other[at] ^= 1 << bit;
                assert_eq!(ask(std::str::from_utf8(&other).unwrap()), REFUSED);
                other[at] ^= 1 << bit;
            }
        }
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        for other in [format!("{genuine}="), format!(" {genuine}"), format!("{genuine},{genuine}"), hex] {
            assert_eq!(ask(&other), REFUSED, "{other}");
        }
    }
    assert_eq!(post(URL, &[]), REFUSED);
    assert_eq!(post(URL, &[(SIGNATURE, "")]), REFUSED);
}

#[test]
fn ports_as_proxies_and_twilio_write_them() {
    let hosts = ["dering.example.go.id", "192.0.2.7", "[2001:db8::7]"];
    let tails = ["", "/", "/hooks/twilio/a-b_c/answer", "/hooks?s=menu&at=08:30", "?x=http://a:1/"];
    // Configured, signed by Twilio, whether it is taken.
    let ports = [
        ("https", "", "", true),
        ("https", "", ":443", true),
        ("https", "", ":8443", false),
        ("https", ":443", "", true),
        ("https", ":443", ":443", true),
        ("https", ":8443", "", true),
        ("https", ":8443", ":8443", true),
        ("https", ":8443", ":443", false),
        ("https", ":8443", ":8444", false),
        ("http", "", "", true),
        ("http", "", ":80", true),
        ("http", "", ":443", false),
        ("http", ":8080", ":8080", true),
        ("http", ":8080", "", true),
        ("http", ":8080", ":80", false),
    ];
    for host in hosts {
        for tail in tails {
            for (scheme, configured, signed, ok) in ports {
                let configured = format!("{scheme}://{host}{configured}{tail}");
                let signed = format!("{scheme}://{host}{signed}{tail}");
                let signature = sha1_signature(TOKEN, &format!("{signed}CallSidCA1Digits1"));
                for url in [
                    configured.clone(),
                    format!("{configured}#rc=5&rp=all"),
                    configured.replacen("://", "://user:p@ss@", 1),
                ] {
                    // What a client can set changes nothing.
                    let headers = [
                        ("host", "evil.example"),
                        ("x-forwarded-host", "evil.example"),
                        ("x-forwarded-proto", "http"),
                        ("x-forwarded-port", "81"),
                        (SIGNATURE, signature.as_str()),
                    ];
                    assert_eq!(post(&url, &headers).is_ok(), ok, "{url} signed as {signed}");
                }
            }
        }
    }
}

#[test]
fn without_a_secret_nothing_is_believed() {
    let by_anybody = sha1_signature("", &format!("{URL}CallSidCA1Digits1"));
    let ask = |secrets: &[SigningSecret]| ask("POST", URL, &[(SIGNATURE, &by_anybody)], BODY.as_bytes(), secrets);
    assert_eq!(ask(&[]), Err(WebhookError::NoSecret));
    assert_eq!(ask(&[secret(None, ""), secret(Some("k"), "")]), Err(WebhookError::NoSecret));
    assert_eq!(ask(&[secret(None, ""), secret(None, TOKEN)]), REFUSED);
}

#[test]
fn during_a_rotation_either_secret_signs() {
    let secrets = [secret(None, "new"), secret(None, "old")];
    for (key, ok) in [("new", true), ("old", true), ("older", false), ("newold", false)] {
        let signature = sha1_signature(key, &format!("{URL}CallSidCA1Digits1"));
        let answer = ask("POST", URL, &[(SIGNATURE, &signature)], BODY.as_bytes(), &secrets);
        assert_eq!(answer.is_ok(), ok, "{key}");
    }
}

#[test]
fn each_secret_is_bound_to_its_hash() {
    let sha1_by_shared_key = sha1_signature(SHARED_KEY, &format!("{URL}CallSidCA1Digits1"));
    for (settings, signature, ok) in [
        ("", GENUINE, true),
        ("key=webhooks_sharedkey_1", GENUINE, true),
        ("algorithm=HMAC_SHA1", GENUINE, true),
        (SHARED, GENUINE_SHARED, true),
        ("algorithm=HMAC_SHA256, key=webhooks_sharedkey_1", GENUINE_SHARED, true),
        ("", GENUINE_SHARED, false),
        ("key=webhooks_sharedkey_1", GENUINE_SHARED, false),
        ("algorithm=HMAC_SHA256", GENUINE_SHARED, false),
        ("key=,algorithm=HMAC_SHA256", GENUINE_SHARED, false),
        ("key=webhooks_sharedkey_2,algorithm=HMAC_SHA256", GENUINE_SHARED, false),
        ("key=webhooks_sharedkey_1,algorithm=hmac_sha256", GENUINE_SHARED, false),
        ("key=webhooks_sharedkey_1,algorithm=none", GENUINE_SHARED, false),
        ("key=webhooks_sharedkey_1,algorithm=", GENUINE_SHARED, false),
        (SHARED, GENUINE, false),
        ("algorithm=none", GENUINE, false),
        ("algorithm=", GENUINE, false),
        ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA1", &sha1_by_shared_key, false),
        ("", &sha1_by_shared_key, false),
    ] {
        let answer = post(URL, &[(SETTINGS, settings), (SIGNATURE, signature)]);
        assert_eq!(answer.is_ok(), ok, "{settings} {signature}");
    }
}

#[test]
fn the_forms_field_is_found_before_the_querys() {
    let url = format!("{URL}?Digits=9&s=a%2Bb");
    let signature = sha1_signature(TOKEN, &format!("{url}CallSidCA1Digits1"));
    let headers = [(SIGNATURE.to_owned(), signature)];
    let request = RawRequest { method: "POST", url: &url, headers: &headers, body: BODY.as_bytes() };
    let verified = verify(&request, &both_secrets()).unwrap();
    assert_eq!(verified.field("Digits"), Some("1"));
    assert_eq!(verified.field("s"), Some("a+b"));
    assert_eq!(verified.field("t"), None);
}

#[test]
fn what_is_not_signed_is_not_read() {
    let pairs =
        |pairs: &[(&str, &str)]| -> Answer { Ok(pairs.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect()) };
    // A GET's body, whatever its type.
    let url = format!("{URL}?CallSid=CA1");
    let signature = sha1_signature(TOKEN, &url);
    let headers = [(SIGNATURE, signature.as_str())];
    assert_eq!(ask("GET", &url, &headers, b"Digits=1", &both_secrets()), pairs(&[("CallSid", "CA1")]));
    // The same signature with another method.
    for method in ["PUT", "HEAD", "DELETE", "get", ""] {
        assert_eq!(ask(method, &url, &headers, b"", &both_secrets()), REFUSED, "{method}");
    }
    // A body that is no form, without its hash in the query.
    for kind in ["application/json", "text/plain", "", "multipart/form-data; boundary=x"] {
        let headers = [(SIGNATURE, signature.as_str()), ("content-type", kind)];
        assert_eq!(ask("POST", &url, &headers, b"{}", &both_secrets()), REFUSED, "{kind}");
    }
    // With it: the body is bound, though not read.
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let url = format!("{URL}?bodySHA256={hash}");
    let signature = sha1_signature(TOKEN, &url);
    let headers = [(SIGNATURE, signature.as_str()), ("content-type", "application/json")];
    assert_eq!(ask("POST", &url, &headers, b"{}", &both_secrets()), pairs(&[("bodySHA256", hash)]));
    assert_eq!(ask("POST", &url, &headers, b"[]", &both_secrets()), REFUSED);
    assert_eq!(ask("POST", &url, &headers, b"", &both_secrets()), REFUSED);
    // A form is always signed by its fields.
    let headers = [(SIGNATURE, signature.as_str()), ("content-type", "APPLICATION/X-WWW-FORM-URLENCODED")];
    assert_eq!(ask("POST", &url, &headers, b"{}", &both_secrets()), REFUSED);
}

#[test]
fn bytes_that_are_no_utf8_are_checked_as_they_are_read() {
    let signature = sha1_signature(TOKEN, &format!("{URL}CallerName\u{FFFD}caf\u{FFFD}"));
    let headers = [(SIGNATURE, signature.as_str())];
    for body in [&b"CallerName=\xFFcaf%E9"[..], b"CallerName=%FFcaf\xE9", b"CallerName=%EF%BF%BDcaf%E9"] {
        let read = vec![("CallerName".to_owned(), "\u{FFFD}caf\u{FFFD}".to_owned())];
        assert_eq!(ask("POST", URL, &headers, body, &both_secrets()), Ok(read));
    }
    assert_eq!(ask("POST", URL, &headers, b"CallerName=\xFFcafe", &both_secrets()), REFUSED);
}

#[test]
fn random_requests_are_refused_and_do_no_harm() {
    let mut dice = Dice::new(2);
    for _ in 0..20_000 {
        let method = dice.pick(&["GET", "POST", "POST", "PUT", ""]);
        let url = match dice.below(4) {
            0 => dice.text(40),
            1 => format!("https://{}", dice.text(40)),
            2 => format!("{URL}?{}", dice.text(40)),
            _ => format!("http://[::1]:{}/?bodySHA256={}", dice.text(4), dice.text(8)),
        };
        let signature = if dice.below(2) == 0 { dice.text(30) } else { STANDARD.encode(dice.bytes(40)) };
        let settings = if dice.below(2) == 0 { dice.text(30) } else { SHARED.to_owned() };
        let kind = dice.pick(&["application/json", "application/x-www-form-urlencoded", ";", ""]);
        let headers = [(SIGNATURE, signature.as_str()), (SETTINGS, settings.as_str()), ("content-type", kind)];
        assert_eq!(ask(method, &url, &headers, &dice.bytes(60), &both_secrets()), REFUSED);
    }
}
