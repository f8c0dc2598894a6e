//! R7: callbacks of one call in any order, each once to three times: what is stored is the same, and so are the record and
//! the report. Each goes in as a request of the provider's, signed, through the handler's own code: the id opened, the
//! signature checked, the form read, one blind write. What the conversation comes to is between request and write; its
//! tests are those of `dering::flow`.

use super::caught;
use crate::tick::{Dice, Stage, people};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dering::attempt::{CallId, Disposition, Event, News, Said};
use dering::callback;
use dering::provider::{Account, Input, Provider, RawRequest, SigningSecret};
use dering::report::CampaignReport;
use dering::store::Store;
use dering::tick::Attempt;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha1::Sha1;
use std::collections::BTreeSet;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const EVENTS: usize = 6;
/// Orders of the events.
const ORDERS: u64 = 720;
/// Ways to tell each of them once to three times.
const COUNTS: u64 = 3_u64.pow(EVENTS as u32);
/// All of it.
pub const ALL: u64 = ORDERS * COUNTS;

/// How an event comes in.
enum Arrival {
    /// A webhook that the provider sends: its place, its form.
    Callback(&'static str, &'static str),
    /// A request for instructions, and what the conversation makes of it.
    Step(&'static str, News),
    /// Written by the tick that placed the call.
    Answer(News),
}

/// All that can be told of a call that was answered by a machine, or so it seemed, and went to an officer.
fn arrivals(provider: Provider) -> [Arrival; EVENTS] {
    match provider {
        Provider::Twilio => [
            Arrival::Answer(News::Placed { provider_call: "CA1".into() }),
            Arrival::Callback(
                "status",
                "CallSid=CA1&CallStatus=completed&CallDuration=42&SipResponseCode=200&SequenceNumber=3",
            ),
            // A carrier that contradicts itself.
            Arrival::Callback("status", "CallSid=CA1&CallStatus=no-answer&SequenceNumber=2"),
            Arrival::Callback("machine", "CallSid=CA1&AnsweredBy=machine_start&MachineDetectionDuration=2300"),
            Arrival::Step("CallSid=CA1&Digits=2", News::Dialog(Said::TransferAsked)),
            Arrival::Step("CallSid=CA1&DialCallStatus=completed&DialBridged=true", News::Transfer { bridged: true }),
        ],
        Provider::Telnyx => [
            Arrival::Answer(News::Placed { provider_call: String::new() }),
            Arrival::Callback(
                "status",
                "CallSid=v3%3A1&CallStatus=completed&CallDuration=42&HangupCause=normal_clearing&SequenceNumber=3",
            ),
            Arrival::Callback("status", "CallSid=v3%3A1&CallStatus=no-answer&HangupCause=timeout&SequenceNumber=2"),
            Arrival::Callback("machine", "CallSid=v3%3A1&AnsweredBy=machine_start&MachineDetectionDuration=2300"),
            Arrival::Step("CallSid=v3%3A1&Digits=2", News::Dialog(Said::TransferAsked)),
            Arrival::Step("CallSid=v3%3A1&DialCallStatus=completed", News::Transfer { bridged: true }),
        ],
    }
}

/// Telnyx's own key.
fn telnyx_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// What the provider's webhooks are checked with.
fn signing_secret(provider: Provider) -> String {
    match provider {
        Provider::Twilio => TOKEN.into(),
        Provider::Telnyx => STANDARD.encode(telnyx_key().verifying_key()),
    }
}

/// Headers of a request to `url` with that form, as the provider signs it at `now_s`.
fn signed(provider: Provider, url: &str, form: &str, now_s: i64) -> Vec<(String, String)> {
    match provider {
        // Twilio docs, "Validating requests": HMAC-SHA1 of the URL and the sorted fields.
        Provider::Twilio => {
            let fields: BTreeSet<(String, String)> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            let text: String = fields.into_iter().flat_map(|(name, value)| [name, value]).collect();
            let mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).expect("any length will do");
            let signature = STANDARD.encode(mac.chain_update(url).chain_update(text).finalize().into_bytes());
            vec![
                ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
                ("x-twilio-signature".to_owned(), signature),
            ]
        }
        // Telnyx docs, "Receiving webhooks": Ed25519 of the time, a bar, and the body.
        Provider::Telnyx => {
            let signature = telnyx_key().sign(format!("{now_s}|{form}").as_bytes());
            vec![
                ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
                ("telnyx-timestamp".to_owned(), now_s.to_string()),
                ("telnyx-signature-ed25519".to_owned(), STANDARD.encode(signature.to_bytes())),
            ]
        }
    }
}

/// An event as it comes over the wire.
struct Request {
    arrival: Arrival,
    url: String,
    headers: Vec<(String, String)>,
}

/// A call that rings.
pub struct Orders {
    provider: Provider,
    ready: Stage,
    /// The call's id as it stands in URLs.
    id: String,
    account: Account,
    requests: Vec<Request>,
    expected: Option<Left>,
}

/// What is left of a call: its events without their times, the report, the records.
type Left = (Vec<(String, News)>, CampaignReport, Vec<Attempt>);

impl Orders {
    pub fn new(provider: Provider) -> Self {
        let ready = Stage::default();
        ready.campaign("c", json!({ "providers": [provider] }));
        ready.upload("c", &people(1));
        assert_eq!(ready.tick().placed, 1);
        let id = ready.carrier.orders()[0].call.seal(&ready.vault);
        let request = |arrival: Arrival| {
            let (place, form) = match &arrival {
                Arrival::Callback(place, form) => (*place, *form),
                Arrival::Step(form, _) => ("step?s=AAAA&m=BBBB", *form),
                Arrival::Answer(_) => ("", ""),
            };
            let url = format!("https://dering.example/hooks/{}/{id}/{place}", provider.name());
            let headers = signed(provider, &url, form, ready.clock.now_ms() / 1_000);
            Request { arrival, url, headers }
        };
        let requests = arrivals(provider).into_iter().map(request).collect();
        let signing_secrets = vec![SigningSecret { key_id: None, secret: signing_secret(provider) }];
        let account = Account { account: "AC1".into(), signing_secrets, ..Account::default() };
        let mut orders = Orders { provider, ready, id, account, requests, expected: None };
        orders.expected = Some(orders.play(&row(0)));
        orders
    }

    /// The order and repetition of that number. All of them answer the same.
    pub fn one(&self, number: u64) -> Result<(), String> {
        let row = row(number);
        let left = caught(|| self.play(&row)).map_err(|what| format!("{row:?}: {what}"))?;
        match &self.expected {
            Some(expected) if *expected != left => Err(format!("{row:?}: {left:?} instead of {expected:?}")),
            _ => Ok(()),
        }
    }

    fn play(&self, row: &[usize]) -> Left {
        let stage = self.ready.fork();
        for event in row {
            self.arrives(&stage, &self.requests[*event]);
            stage.clock.advance(100);
        }
        let events = self.stored(&stage);
        // From the first ending on it is waited for stragglers.
        stage.clock.advance_to(self.ready.clock.now_ms() + 6_000);
        assert_eq!(stage.tick().folded, 1);
        // The last of them comes again when all is over.
        row.last().into_iter().for_each(|event| self.arrives(&stage, &self.requests[*event]));
        stage.clock.advance(4_000);
        assert_eq!(stage.tick().folded, 0);
        let attempts = stage.attempts("c");
        assert_eq!(attempts.len(), 1);
        assert_eq!((attempts[0].disposition, attempts[0].talk_s), (Disposition::Transferred, 42));
        let told = events.into_iter().map(|(key, event)| (key, event.news)).collect();
        (told, stage.report("c"), attempts)
    }

    fn arrives(&self, stage: &Stage, request: &Request) {
        let Request { arrival, url, headers } = request;
        let now_ms = stage.clock.now_ms();
        let store = &stage.store;
        let call = CallId::open(&self.id, &stage.vault, now_ms / 1_000).expect("it is ours");
        let raw = |form: &'static str| RawRequest { method: "POST", url, headers, body: form.as_bytes() };
        stage.now(async {
            match arrival {
                Arrival::Callback(_, form) => {
                    let taken = callback::take(store, self.provider, &self.account, &call, &raw(form), now_ms).await;
                    taken.expect("it is signed and understood");
                }
                Arrival::Step(form, news) => {
                    let verified =
                        self.provider.verify(&raw(form), &self.account, now_ms / 1_000).expect("it is signed");
                    let input = self.provider.parse_input(&verified).expect("it is understood");
                    let fits = match &input {
                        Input::Keys(keys) => keys == "2",
                        Input::Transfer { bridged } => *news == News::Transfer { bridged: *bridged },
                        Input::Connected { .. } => false,
                    };
                    assert!(fits, "{input:?}");
                    let kept = callback::keep_said(store, &stage.vault, &call, None, news.clone(), now_ms).await;
                    kept.expect("the store answers");
                }
                Arrival::Answer(news) => {
                    callback::keep(store, &call, news.clone(), now_ms).await.expect("the store answers")
                }
            }
        });
    }

    fn stored(&self, stage: &Stage) -> Vec<(String, Event)> {
        let keys: Vec<String> = stage.store.keys().into_iter().filter(|key| key.starts_with("dering/e/")).collect();
        let values = stage.now(stage.store.get_all(&keys)).expect("the store answers");
        let event = |bytes: Option<Vec<u8>>| bytes.and_then(|b| Event::decode(&b)).expect("it is an event");
        keys.into_iter().zip(values.into_iter().map(event)).collect()
    }
}

/// The first of each event comes in the order of that number; repetitions come at any later time.
fn row(number: u64) -> Vec<usize> {
    let (mut code, mut counts) = (number / COUNTS % ORDERS, number % COUNTS);
    let mut left: Vec<usize> = (0..EVENTS).collect();
    let order: Vec<usize> = (1..=EVENTS as u64)
        .rev()
        .map(|n| {
            let at = code % n;
            code /= n;
            left.remove(at as usize)
        })
        .collect();
    let mut dice = Dice::new(number);
    let mut row = order.clone();
    for event in order {
        for _ in 0..counts % 3 {
            let first = row.iter().position(|e| *e == event).unwrap_or(0);
            row.insert(first + 1 + dice.below(row.len() - first), event);
        }
        counts /= 3;
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_and_every_repetition_is_among_the_rows() {
        let mut seen = BTreeSet::new();
        for number in 0..ALL {
            let row = row(number);
            let mut order = Vec::new();
            row.iter().for_each(|e| {
                if !order.contains(e) {
                    order.push(*e)
                }
            });
            let counts: Vec<usize> = (0..EVENTS).map(|e| row.iter().filter(|r| **r == e).count()).collect();
            assert!(counts.iter().all(|n| (1..=3).contains(n)));
            seen.insert((order, counts));
        }
        assert_eq!(seen.len(), 524_880);
    }
}
