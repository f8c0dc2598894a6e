use super::*;
use crate::provider::testing::Dice;
use ed25519_dalek::{Signer as _, SigningKey};

/// The keys of the seeds `00 01 02 …` and `20 21 22 …`.
const PK1: &str = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";
const PK2: &str = "Kay64UG8yvCyLhqU000LxzYeUm0L/hLIl5S8kyKWbdc=";
/// The identity point.
const WEAK: &str = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const T: i64 = 1_790_000_000;
const BODY: &str = r#"{"data":{"event_type":"call.hangup","id":"0ccc7b54-4df3-4bca-a65a-3da1ecc777f0","occurred_at":"2026-09-21T14:13:20.000000Z","payload":{"call_control_id":"v3:testcallcontrolid","call_leg_id":"428c31b6-7af4-4bcb-b7f5-5013ef9657c1","call_session_id":"428c31b6-abf3-3bc1-b7f4-5013ef9657c1","client_state":"YTE=","connection_id":"1494404757140276705","from":"+622150500200","hangup_cause":"user_busy","hangup_source":"callee","sip_hangup_cause":"486","start_time":"2026-09-21T14:13:00.000000Z","to":"+6281234567890"},"record_type":"event"},"meta":{"attempt":1,"delivered_to":"https://example.go.id/t/outcomes"}}"#;
const OTHER_LETTERS: &str = r#"{"data":{"event_type":"call.dtmf.received","id":"11111111-2222-4333-8444-555555555555","payload":{"from_display_name":"Pajak é✓","digit":"1"}}}"#;
const FORM: &str = "CallSid=v3%3Acall-1&Digits=1&CallStatus=in-progress";

// Signatures made by another implementation (libsodium), each with the first seed unless it is said otherwise.
/// Of [`BODY`] at [`T`].
const S1: &str = "oaL2lN7fl5OUvwv5OTy9NFlzPxW5+03rXmulneyQ7eHR1BHNRfKmUOrRkB5BgpTqNdQrvFaCue7R12ov5ttVDw==";
/// Of the body alone.
const OF_BODY: &str = "T/HxvkDkesNp238NFc0JpaSCICeNjCqy3qOhpt5Htv1ElKNn3sIR35fEdxoCVkglH4pmTyCZNe83CIHCNzNNCA==";
/// With a full stop in place of the bar.
const OF_FULL_STOP: &str = "v3Knwm4i05jj3c4I9BZt96B25YDSX9rsG9pWar01DdZSOBuRlOOIXjtxWYhtyKxvkfiNVHtyWkEARthuRIg6Dg==";
/// By the second seed.
const S10: &str = "S6k4qA37YF94NmYr5zwr8Yd6ae2a6Kk+Pbghr18EWeouEymurGx6zeyNAd33c3yXR8rqv+I6UPFtZ0I2SdKDCg==";
/// `S1` with the group's order added to its scalar.
const MALLEATED: &str = "oaL2lN7fl5OUvwv5OTy9NFlzPxW5+03rXmulneyQ7eG+qAcqYFW5qMBuiMEffHP/NdQrvFaCue7R12ov5ttVHw==";
const SHORT: &str = "oaL2lN7fl5OUvwv5OTy9NFlzPxW5+03rXmulneyQ7eHR1BHNRfKmUOrRkB5BgpTqNdQrvFaCue7R12ov5ttV";
/// At `abc`.
const OF_ABC: &str = "lSztczM8xH1ugeFwTxRpdwPt6w67oLSBf7/rC7aIRTcbzglIogPSNCVwPf/lKOWryrV9K//hQBdKSMzE/s7JDA==";
/// At ` 1790000000`.
const OF_SPACE: &str = "0to7Oee90tvEPh/OdhWDMwr2aL7rF3/lsXUoxhtkww9prnqu0MWNWS66cuoBQyRjD4lCejHnGZdXOcvFZEDmBg==";
/// At `1_790_000_000`.
const OF_UNDERSCORES: &str = "EXcmjzsqX5hX2y/9alvDLk9yUfUgl5KXX+jKys3UzKl18/NtpW6UB4Ss5TFzMLWzMwAz7fLIgeFBv+b7qINeCw==";
/// Of [`OTHER_LETTERS`].
const OF_OTHER_LETTERS: &str =
    "IuFQCSlczyAmgB1r4sYXYmvYtp1o3uuzGT5JPdxqH0a0bHICTMyCTvAuBEyG99YaKH7Qt8+8IoXDNIKjEUa3AA==";
/// Of nothing.
const OF_NOTHING: &str = "bJIeC5xbrvg+VdyMaBuWLG91KSpNCT0+5WrMBknhXsoeCyJO3zx8911N0TOGRH60S131AO/8Cx2ur8KWY1zwCQ==";
const URL_SAFE: &str = "oaL2lN7fl5OUvwv5OTy9NFlzPxW5-03rXmulneyQ7eHR1BHNRfKmUOrRkB5BgpTqNdQrvFaCue7R12ov5ttVDw==";
const BY_WEAK: &str = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

fn keys(keys: &[&str]) -> Vec<SigningSecret> {
    keys.iter().map(|key| SigningSecret { key_id: None, secret: (*key).to_owned() }).collect()
}

type Answer = Result<Vec<(String, String)>, WebhookError>;

fn ask(method: &str, headers: &[(&str, &str)], body: &[u8], public_keys: &[&str], now_s: i64) -> Answer {
    let headers: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let url = "https://dering.example.go.id/hooks/telnyx/abc123/step?s=AAAA&m=BBBB";
    let request = RawRequest { method, url, headers: &headers, body };
    verify(&request, &keys(public_keys), now_s).map(|verified| verified.fields)
}

fn post(timestamp: &str, signature: &str, body: &str, public_keys: &[&str], now_s: i64) -> bool {
    let answer = ask("POST", &[(TIMESTAMP, timestamp), (SIGNATURE, signature)], body.as_bytes(), public_keys, now_s);
    assert!(matches!(answer, Ok(_) | Err(WebhookError::Signature)), "{answer:?}");
    answer.is_ok()
}

fn seed(first: u8) -> SigningKey {
    SigningKey::from_bytes(&std::array::from_fn(|n| first + n as u8))
}

fn signed(key: &SigningKey, timestamp: &str, body: &str) -> String {
    STANDARD.encode(key.sign(format!("{timestamp}|{body}").as_bytes()).to_bytes())
}

/// Case, timestamp, signature, body, public keys, our clock, whether it is believed.
type Vector<'a> = (&'a str, &'a str, &'a str, &'a str, &'a [&'a str], i64, bool);

#[test]
fn every_vector() {
    let other = BODY.replace("user_busy", "no_answer");
    let spaced = BODY.replace(':', ": ").replace(',', ", ");
    let longer = format!("{BODY}\n");
    let hex: String = STANDARD.decode(S1).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    let t = "1790000000";
    let one = &[PK1][..];
    let table: [Vector<'_>; 25] = [
        ("good", t, S1, BODY, one, T + 2, true),
        ("another body", t, S1, &other, one, T + 2, false),
        ("another timestamp", "1790000001", S1, BODY, one, T + 2, false),
        ("300 s old", t, S1, BODY, one, T + 300, true),
        ("301 s old", t, S1, BODY, one, T + 301, false),
        ("300 s ahead", t, S1, BODY, one, T - 300, true),
        ("301 s ahead", t, S1, BODY, one, T - 301, false),
        ("the body alone", t, OF_BODY, BODY, one, T + 2, false),
        ("a full stop", t, OF_FULL_STOP, BODY, one, T + 2, false),
        ("another key", t, S10, BODY, one, T + 2, false),
        ("either of two keys", t, S10, BODY, &[PK1, PK2], T + 2, true),
        ("malleated", t, MALLEATED, BODY, one, T + 2, false),
        ("63 bytes", t, SHORT, BODY, one, T + 2, false),
        ("no base64", t, "!!!not-base64!!!", BODY, one, T + 2, false),
        ("empty", t, "", BODY, one, T + 2, false),
        ("no time", "", S1, BODY, one, T + 2, false),
        ("no number", "abc", OF_ABC, BODY, one, T + 2, false),
        ("written anew", t, S1, &spaced, one, T + 2, false),
        ("one character more", t, S1, &longer, one, T + 2, false),
        ("a space before the time", " 1790000000", OF_SPACE, BODY, one, T + 2, false),
        ("underscores in the time", "1_790_000_000", OF_UNDERSCORES, BODY, one, T + 2, false),
        ("other letters", t, OF_OTHER_LETTERS, OTHER_LETTERS, one, T + 2, true),
        ("no body", t, OF_NOTHING, "", one, T + 2, true),
        ("in hex", t, &hex, BODY, one, T + 2, false),
        ("URL-safe base64", t, URL_SAFE, BODY, one, T + 2, false),
    ];
    for (case, timestamp, signature, body, public_keys, now_s, expected) in table {
        assert_eq!(post(timestamp, signature, body, public_keys, now_s), expected, "{case}");
    }
}

#[test]
fn a_weak_key_or_none_believes_nothing() {
    let now_s = T + 2;
    let headers = [(TIMESTAMP, "1790000000"), (SIGNATURE, BY_WEAK)];
    for public_keys in [&[WEAK][..], &[], &[""], &["no key"], &["AAAA"]] {
        let answer = ask("POST", &headers, BODY.as_bytes(), public_keys, now_s);
        assert_eq!(answer, Err(WebhookError::NoSecret), "{public_keys:?}");
    }
    assert!(!post("1790000000", BY_WEAK, BODY, &[WEAK, PK1], now_s));
    assert!(post("1790000000", S1, BODY, &[WEAK, PK1], now_s));
    for (text, expected) in [(PK1, true), (PK2, true), (WEAK, false), ("", false), ("AAAA", false)] {
        assert_eq!(is_public_key(text), expected, "{text}");
    }
}

#[test]
fn headers_must_stand_there_once_and_the_method_must_be_post() {
    let (time, signature) = ((TIMESTAMP, "1790000000"), (SIGNATURE, S1));
    let ask = |method: &str, headers: &[(&str, &str)]| ask(method, headers, BODY.as_bytes(), &[PK1], T).is_ok();
    assert!(ask("POST", &[time, signature]));
    for headers in [
        &[time][..],
        &[signature],
        &[],
        &[time, signature, signature],
        &[time, time, signature],
        &[time, (SIGNATURE, S10), signature],
        // The signature of the API before.
        &[time, ("x-telnyx-signature", S1)],
    ] {
        assert!(!ask("POST", headers), "{headers:?}");
    }
    for method in ["GET", "post", "PUT", "HEAD", ""] {
        assert!(!ask(method, &[time, signature]), "{method}");
    }
}

#[test]
fn what_is_signed_is_what_is_parsed() {
    let signature = signed(&seed(0), "1790000000", FORM);
    let asked = |kind: Option<&str>| {
        let mut headers = vec![(TIMESTAMP, "1790000000"), (SIGNATURE, signature.as_str())];
        headers.extend(kind.map(|kind| ("content-type", kind)));
        ask("POST", &headers, FORM.as_bytes(), &[PK1], T).expect("it is genuine")
    };
    let form = [("CallSid", "v3:call-1"), ("Digits", "1"), ("CallStatus", "in-progress")];
    let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
    // Nothing of the query is among the fields.
    for kind in
        [None, Some("application/x-www-form-urlencoded"), Some("Application/X-WWW-Form-URLencoded; charset=utf-8")]
    {
        assert_eq!(asked(kind), form, "{kind:?}");
    }
    assert_eq!(asked(Some("application/json")), []);
}

#[test]
fn no_other_signature_passes() {
    assert_eq!(signed(&seed(0), "1790000000", BODY), S1);
    assert_eq!(signed(&seed(0x20), "1790000000", BODY), S10);
    let bytes = STANDARD.decode(S1).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut forged = bytes.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert!(!post("1790000000", &STANDARD.encode(&forged), BODY, &[PK1, PK2], T), "bit {bit}");
    }
    let mut dice = Dice::new(2);
    for _ in 0..2_000 {
        let (timestamp, signature, body) = (dice.text(12), dice.text(90), dice.text(40));
        assert!(!post(&timestamp, &signature, &body, &[PK1], T));
        let garbage = STANDARD.encode(dice.bytes(66));
        assert!(!post("1790000000", &garbage, &body, &[PK1], T));
    }
    // Times of any length.
    for timestamp in
        ["0", "9223372036854775807", "9223372036854775808", "99999999999999999999999999", "-1", "+1790000000"]
    {
        let signature = signed(&seed(0), timestamp, BODY);
        assert!(!post(timestamp, &signature, BODY, &[PK1], T), "{timestamp}");
    }
    assert!(!post("0", &signed(&seed(0), "0", BODY), BODY, &[PK1], i64::MIN));
}
