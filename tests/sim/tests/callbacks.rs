//! Callbacks of one call in all orders, each once to three times: what is stored is the same, and so are the record and the
//! report. Each goes in as the carrier's own signed request, through the adapter's check and reading, or as what the
//! voice flow and the tick write.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dering::attempt::{CallId, Disposition, Event, News, Said, disposition};
use dering::provider::{Account, Provider, RawRequest, SigningSecret};
use dering::report::CampaignReport;
use dering::tick::Attempt;
use dering_sim::tick::{Dice, Stage, people};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha1::Sha1;
use std::collections::{BTreeMap, BTreeSet};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const EVENTS: usize = 6;

/// How an event comes in.
enum Arrival {
    /// A webhook of the carrier's: path and form.
    Webhook(&'static str, &'static str),
    /// Written by the voice flow or the tick.
    Written(News),
}

/// All that can be told of a call that was answered by a machine, or so it seemed, and went to an officer.
fn arrivals() -> [Arrival; EVENTS] {
    [
        Arrival::Written(News::Placed { provider_call: "CA1".into() }),
        Arrival::Webhook(
            "status",
            "CallSid=CA1&CallStatus=completed&CallDuration=42&SipResponseCode=200&SequenceNumber=3",
        ),
        // A carrier that contradicts itself.
        Arrival::Webhook("status", "CallSid=CA1&CallStatus=no-answer&SequenceNumber=2"),
        Arrival::Webhook("machine", "CallSid=CA1&AnsweredBy=machine_start&MachineDetectionDuration=2300"),
        Arrival::Written(News::Dialog(Said::TransferAsked)),
        Arrival::Written(News::Transfer { bridged: true }),
    ]
}

fn account() -> Account {
    let signing_secrets = vec![SigningSecret { key_id: None, secret: TOKEN.into() }];
    Account { account: "AC1".into(), signing_secrets, ..Account::default() }
}

/// Twilio docs, "Validating requests": HMAC-SHA1 of the URL and the sorted fields.
fn signature(url: &str, form: &str) -> String {
    let fields: BTreeSet<(String, String)> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let text: String = fields.into_iter().flat_map(|(name, value)| [name, value]).collect();
    let mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap().chain_update(url).chain_update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The news in a request as it comes over the wire.
fn received(account: &Account, url: &str, form: &str, signature: &str) -> News {
    let headers = [
        ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
        ("x-twilio-signature".to_owned(), signature.to_owned()),
    ];
    let request = RawRequest { method: "POST", url, headers: &headers, body: form.as_bytes() };
    let verified = Provider::Twilio.verify(&request, account).expect("it is signed");
    Provider::Twilio.parse_news(&verified).expect("it is understood").expect("it tells something")
}

/// All orders of the events, by Heap's algorithm.
fn orders() -> Vec<[usize; EVENTS]> {
    let (mut order, mut counters, mut all, mut i) = ([0, 1, 2, 3, 4, 5], [0; EVENTS], vec![[0, 1, 2, 3, 4, 5]], 0);
    while i < EVENTS {
        if counters[i] < i {
            order.swap(if i % 2 == 0 { 0 } else { counters[i] }, i);
            all.push(order);
            counters[i] += 1;
            i = 0;
        } else {
            counters[i] = 0;
            i += 1;
        }
    }
    all
}

#[test]
fn any_order_and_repetition_of_requests_leaves_the_same_record() {
    let account = account();
    let call = CallId { shard: 0, ballot: 812, index: 41, valid_until_s: u32::MAX };
    let id = "AAAA";
    let signed: Vec<(Arrival, String, String)> = arrivals()
        .into_iter()
        .map(|arrival| match arrival {
            Arrival::Webhook(hook, form) => {
                let url = format!("https://dering.example/hooks/twilio/{id}/{hook}");
                let signature = signature(&url, form);
                (arrival, url, signature)
            }
            arrival => (arrival, String::new(), String::new()),
        })
        .collect();
    let news = |n: usize| match &signed[n] {
        (Arrival::Webhook(_, form), url, signature) => received(&account, url, form, signature),
        (Arrival::Written(news), ..) => news.clone(),
    };
    let mut dice = Dice::new(3);
    let mut expected: Option<Vec<(String, News)>> = None;
    let mut tried = 0;
    for order in orders() {
        for counts in 0..3_usize.pow(EVENTS as u32) {
            // The first of each comes in that order; repetitions come at any later time.
            let mut row = order.to_vec();
            for (nth, event) in order.into_iter().enumerate() {
                for _ in 0..counts / 3_usize.pow(nth as u32) % 3 {
                    let first = row.iter().position(|e| *e == event).unwrap_or(0);
                    row.insert(first + 1 + dice.below(row.len() - first), event);
                }
            }
            let mut stored = BTreeMap::new();
            for (at, event) in row.into_iter().enumerate() {
                let event = Event { at_ms: at as i64, news: news(event) };
                stored.insert(event.key(&call), event.encode());
            }
            let events: Vec<Event> = stored.values().map(|bytes| Event::decode(bytes).expect("it is one")).collect();
            let outcome = disposition(&events);
            assert_eq!((outcome.disposition, outcome.talk_s), (Disposition::Transferred, 42));
            let told: Vec<(String, News)> = stored.into_keys().zip(events.into_iter().map(|e| e.news)).collect();
            assert_eq!(expected.get_or_insert_with(|| told.clone()), &told);
            tried += 1;
        }
    }
    assert_eq!(tried, 524_880);
}

#[test]
fn any_order_of_callbacks_gives_the_same_report() {
    let ready = Stage::default();
    ready.campaign("c", json!({}));
    ready.upload("c", &people(1));
    assert_eq!(ready.tick().placed, 1);
    let call = ready.carrier.orders()[0].call;
    let account = account();
    let news: Vec<News> = arrivals()
        .into_iter()
        .map(|arrival| match arrival {
            Arrival::Written(news) => news,
            Arrival::Webhook(hook, form) => {
                let url = format!("https://dering.example/hooks/twilio/{}/{hook}", call.seal(&ready.vault));
                received(&account, &url, form, &signature(&url, form))
            }
        })
        .collect();
    let mut expected: Option<(CampaignReport, Vec<Attempt>)> = None;
    for order in orders() {
        let stage = ready.fork();
        for event in order {
            stage.tell(&call, news[event].clone());
            // One may come again between two others.
            stage.tell(&call, news[order[0]].clone());
        }
        stage.clock.advance(4_000);
        assert_eq!(stage.tick().folded, 1);
        // And all of them once more when all is over.
        news.iter().for_each(|news| stage.tell(&call, news.clone()));
        stage.clock.advance(4_000);
        assert_eq!(stage.tick().folded, 0);
        let got = (stage.report("c"), stage.attempts("c"));
        assert_eq!(expected.get_or_insert_with(|| got.clone()), &got);
    }
}
