//! A skeleton of the service: the reads, writes and requests of whole calls, and nothing that decides, checks or hides
//! anything. What the service costs beyond it is the price of being right.

use futures::stream::{self, StreamExt};
use http::Request;
use spin_sdk::experimental::wasi::keyvalue::{atomics, batch, store as draft};
use spin_sdk::http::FullBody;
use spin_sdk::key_value::Store;

use crate::query::Query;
use crate::{Answer, Response, empty, text};

const STATE: &str = "skeleton/state";
const ENDINGS: [&str; 6] = ["completed", "busy", "no_answer", "failed", "canceled", "refused"];
const OTHERS: [&str; 5] = ["placed", "machine", "dialog", "transfer", "callback_at"];
/// What is looked up of a candidate: entries, settlements, histories.
const LOOKED_UP: [&str; 7] = ["d1", "d2", "w", "s1", "s2", "h1", "h2"];
/// Size of a claim, in bytes.
const CLAIM: usize = 450;
const CLAIMS_MAX: usize = 1000;
const IN_FLIGHT: usize = 64;

/// Routes below `/skeleton`.
pub async fn handle(path: &str, query: &Query) -> anyhow::Result<Answer> {
    let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    match segments.as_slice() {
        ["skeleton", "tick"] => tick(query).await,
        ["skeleton", "hooks", "twilio", call, kind @ ("answer" | "step")] => speak(call, kind, query).await,
        ["skeleton", "hooks", "twilio", call, "status"] => heard(call).await,
        ["skeleton", "hooks", "twilio", _, "machine"] => {
            // That a person answered is no news.
            empty(204)
        }
        _ => empty(404),
    }
}

async fn heard(call: &str) -> anyhow::Result<Answer> {
    Store::open_default().await?.set(event(call, ENDINGS[0]), b"an event of some twenty-odd bytes").await?;
    empty(204)
}

fn event(call: &str, kind: &str) -> String {
    format!("skeleton/e/{call}/{kind}")
}

fn claim(call: &str) -> String {
    format!("skeleton/q/{call}")
}

/// The call's next instructions: a question, a menu, goodbye.
async fn speak(call: &str, kind: &str, query: &Query) -> anyhow::Result<Answer> {
    let store = Store::open_default().await?;
    let claim = store.get(claim(call)).await?;
    let _key = store.get("skeleton/key").await?;
    let settled = [format!("skeleton/s/{call}/1"), format!("skeleton/s/{call}/2")];
    let _settled = batch::get_many(&draft::open("default").map_err(kv)?, &settled).map_err(kv)?;
    anyhow::ensure!(claim.is_some(), "no claim of call {call}");
    let step = if kind == "answer" { 1 } else { query.number::<u32>("n") };
    if step > 2 {
        store.set(event(call, "dialog"), b"a promise").await?;
        return twiml("<Say>Terima kasih. Selamat siang.</Say><Hangup/>");
    }
    let action = format!("/skeleton/hooks/twilio/{call}/step?n={}", step + 1);
    twiml(&format!(
        "<Gather action=\"{action}\" method=\"POST\" numDigits=\"1\" timeout=\"6\" actionOnEmptyResult=\"true\">\
         <Say>Selamat siang. Tekan satu.</Say></Gather>"
    ))
}

fn twiml(verbs: &str) -> anyhow::Result<Answer> {
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{verbs}</Response>");
    let answer = text(200, &body)?;
    let (mut head, body) = answer.into_parts();
    head.headers.insert("content-type", http::HeaderValue::from_static("text/xml"));
    Ok(Response::from_parts(head, body))
}

/// Looks for ended calls, claims as many as there is room for (`open` at once, `total` in all) and places them at `api`.
/// Answers how many calls have ended in all.
async fn tick(query: &Query) -> anyhow::Result<Answer> {
    let store = Store::open_default().await?;
    let bucket = draft::open("default").map_err(kv)?;
    atomics::increment(&bucket, "skeleton/n", 1).map_err(kv)?;
    let mut state = State::read(store.get(STATE).await?.unwrap_or_default());
    let _campaign = store.get("skeleton/campaign").await?;

    let keys = |calls: &[u32], kinds: &[&str]| -> Vec<String> {
        calls.iter().flat_map(|c| kinds.iter().map(|k| event(&c.to_string(), k)).collect::<Vec<_>>()).collect()
    };
    let found = batch::get_many(&bucket, &keys(&state.open, &ENDINGS)).map_err(kv)?;
    let over: std::collections::HashSet<String> =
        found.into_iter().filter(|(_, v)| v.is_some()).map(|(k, _)| k).collect();
    let (ended, open): (Vec<u32>, Vec<u32>) =
        state.open.iter().partition(|c| over.contains(&event(&c.to_string(), ENDINGS[0])));
    if !ended.is_empty() {
        batch::get_many(&bucket, &keys(&ended, &OTHERS)).map_err(kv)?;
        let claims: Vec<String> = ended.iter().map(|c| claim(&c.to_string())).collect();
        batch::get_many(&bucket, &claims).map_err(kv)?;
    }
    state.open = open;
    state.ended += ended.len() as u32;

    let room = query.number::<usize>("open").saturating_sub(state.open.len()).min(CLAIMS_MAX);
    let total: u32 = query.number("total");
    let first = state.next;
    state.next = total.min(first + room as u32);
    let new: Vec<u32> = (first..state.next).collect();
    if !new.is_empty() {
        let looked_up: Vec<String> =
            new.iter().flat_map(|c| LOOKED_UP.map(|kind| format!("skeleton/{kind}/{c}"))).collect();
        batch::get_many(&bucket, &looked_up).map_err(kv)?;
        state.open.extend(&new);
    }
    let mut writes: Vec<(String, Vec<u8>)> = new.iter().map(|c| (claim(&c.to_string()), vec![b'c'; CLAIM])).collect();
    if !ended.is_empty() {
        writes.push((format!("skeleton/o/{first}"), vec![b'o'; 60 * ended.len()]));
    }
    if !writes.is_empty() {
        batch::set_many(&bucket, &writes).map_err(kv)?;
    }
    store.set(STATE, &state.bytes()).await?;
    atomics::increment(&bucket, "skeleton/n", 0).map_err(kv)?;
    let placed: Vec<anyhow::Result<(String, Vec<u8>)>> =
        stream::iter(new).map(|call| place(call, query)).buffer_unordered(IN_FLIGHT).collect().await;
    let mut events: Vec<(String, Vec<u8>)> = placed.into_iter().collect::<anyhow::Result<_>>()?;
    for n in 0..events.len() {
        events.push((format!("skeleton/h/{}", first as usize + n), vec![b'h'; 40]));
    }
    if !events.is_empty() {
        batch::set_many(&bucket, &events).map_err(kv)?;
    }
    let kinds: Vec<&str> = ENDINGS.iter().chain(&OTHERS).copied().collect();
    let mut stale = keys(&ended, &kinds);
    stale.extend(ended.iter().map(|c| claim(&c.to_string())));
    if !stale.is_empty() {
        batch::delete_many(&bucket, &stale).map_err(kv)?;
    }
    text(200, &state.ended.to_string())
}

/// Orders a call. `api` is the carrier's, `self` this application's URL, `auth` the credentials in base64.
async fn place(call: u32, query: &Query) -> anyhow::Result<(String, Vec<u8>)> {
    let hook = |kind: &str| format!("{}/skeleton/hooks/twilio/{call}/{kind}", query.get("self")).replace(':', "%3A");
    let body = format!(
        "To=%2B628120{call:07}&From=%2B{}&Url={}&Method=POST&StatusCallback={}&StatusCallbackMethod=POST&\
         StatusCallbackEvent=completed&Timeout=25&TimeLimit=300&MachineDetection=Enable&AsyncAmd=true&AsyncAmdStatusCallback={}&\
         AsyncAmdStatusCallbackMethod=POST",
        query.get("from"),
        hook("answer"),
        hook("status"),
        hook("machine")
    );
    let request = Request::post(query.get("api"))
        .header("authorization", format!("Basic {}", query.get("auth")))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("content-length", body.len())
        .body(FullBody::new(bytes::Bytes::from(body)))?;
    let answer = spin_sdk::http::send(request).await.map_err(|e| anyhow::anyhow!("{e:?}"))?;
    anyhow::ensure!(answer.status() == 201, "the carrier answered {}", answer.status());
    Ok((event(&call.to_string(), "placed"), b"a call id of some thirty-odd bytes".to_vec()))
}

fn kv<E: std::fmt::Debug>(error: E) -> anyhow::Error {
    anyhow::anyhow!("{error:?}")
}

/// Numbers of the next call, of those that have ended, of the open ones.
#[derive(Default)]
struct State {
    next: u32,
    ended: u32,
    open: Vec<u32>,
}

impl State {
    fn read(bytes: Vec<u8>) -> Self {
        let mut numbers = bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        State {
            next: numbers.next().unwrap_or_default(),
            ended: numbers.next().unwrap_or_default(),
            open: numbers.collect(),
        }
    }

    /// As large as the service's.
    fn bytes(&self) -> Vec<u8> {
        let numbers = [self.next, self.ended].into_iter().chain(self.open.iter().copied());
        numbers.flat_map(u32::to_le_bytes).collect()
    }
}
