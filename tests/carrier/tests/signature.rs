//! The signature against vectors made with the SDK twilio-python 9.13.0 (T14 is the one of Twilio's documentation).

use dering_carrier::sign;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const GATHER: &str = "https://dering.example.go.id/twilio/gather/abc123";

/// Name, key, URL, form, signature.
const VECTORS: [(&str, &str, &str, &str, &str); 10] = [
    (
        "T1 all fields of a status callback",
        KEY,
        "https://dering.example.go.id/twilio/status/abc123?c=K1&d=a%2Bb",
        "CallSid=CA00000000000000000000000000000001&AccountSid=AC00000000000000000000000000000002&From=%2B622150000001&To=%2B628110000001&CallStatus=completed&CallDuration=12&Duration=1&SipResponseCode=200&SequenceNumber=3&Timestamp=Mon%2C+02+Nov+2026+03%3A04%3A05+%2B0000&CallbackSource=call-progress-events&ApiVersion=2010-04-01&Direction=outbound-api&ToCity=&CalledCity=",
        "xqDzGa5/Xt3udvw36KqVqNU9krY=",
    ),
    (
        "T2 beyond ASCII",
        KEY,
        GATHER,
        "CallSid=CA00000000000000000000000000000001&Digits=1&FinishedOnKey=&msg=Gather+End&CallerName=Caf%C3%A9+%E2%98%8E&From=%2B622150000001",
        "+xgqNs6X9kmDkGyQJ1Tk2u/bq3c=",
    ),
    ("T3 empty", KEY, GATHER, "", "lMS2pe74GsWMfKRV1AJawQ24Q44="),
    (
        "T4 GET",
        KEY,
        "https://dering.example.go.id/twilio/gather/abc123?CallSid=CA00000000000000000000000000000001&CallStatus=in-progress&From=%2B622150000001",
        "",
        "o/D4tiOqtUw+VquMTutCTVwiCuA=",
    ),
    (
        "T5 port of http kept",
        KEY,
        "http://dering.example.go.id:8080/twilio/gather/abc123",
        "CallSid=CA1&Digits=1",
        "yfVLtEzcAk9cFeMwdXudYSrnCaA=",
    ),
    (
        "T6 port of https dropped",
        KEY,
        "https://dering.example.go.id:8443/twilio/gather/abc123",
        "CallSid=CA1&Digits=1",
        "IYTE225XIW4A2JQOY3hohQXfgdE=",
    ),
    (
        "T7 repeated fields once",
        KEY,
        GATHER,
        "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234",
        "ntar4OeYMV42qNzJSkgne6pjf0Y=",
    ),
    ("T8 byte order", KEY, GATHER, "callId=1&CallSid=CA1&_x=2&Zed=3", "eJ5gdMmPwWEA0jRlFNCHlPU1pfI="),
    (
        "T12 and T13 user info and fragment stripped",
        KEY,
        "https://user:pass@dering.example.go.id/twilio/gather/abc123#rc=2&rp=all",
        "CallSid=CA1&Digits=1",
        "IYTE225XIW4A2JQOY3hohQXfgdE=",
    ),
    (
        "T14 official",
        "12345",
        "https://example.com/myapp.php?foo=1&bar=2",
        "Digits=1234&To=%2B18005551212&From=%2B14158675310&Caller=%2B14158675310&CallSid=CA1234567890ABCDE",
        "L/OH5YylLD5NRKLltdqwSvS0BnU=",
    ),
];

#[test]
fn signatures_are_those_of_the_provider() {
    for (name, key, url, form, signature) in VECTORS {
        let fields: Vec<_> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        assert_eq!(sign(key, url, &fields), signature, "{name}");
    }
}
