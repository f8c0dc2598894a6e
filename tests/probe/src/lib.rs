//! A component whose every route shows one thing a host does: a store verb, a variable, an outbound call, a trap.
//!
//! Requests carry their arguments in the query (`key`, `value`, `delta`, `ms`, `url`); values are text. A refusal of
//! the host comes back as status 502 with the host's words.

use std::cell::Cell;
use std::time::{Duration, Instant};

use bytes::Bytes;
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{FullBody, Request, Response};
use spin_sdk::http_service;

mod kv;
mod outbound;
mod query;
mod skeleton;

use query::Query;

type Answer = Response<FullBody<Bytes>>;

thread_local! {
    /// Requests this instance has begun: tells a test whether two answers came from one instance.
    static SERVED: Cell<u64> = const { Cell::new(0) };
    /// Requests this instance has begun and not ended.
    static IN_FLIGHT: Cell<u64> = const { Cell::new(0) };
}

struct InFlight;

impl InFlight {
    fn enter() -> Self {
        IN_FLIGHT.set(IN_FLIGHT.get().wrapping_add(1));
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        IN_FLIGHT.set(IN_FLIGHT.get().wrapping_sub(1));
    }
}

#[http_service]
async fn handle(request: Request) -> anyhow::Result<Answer> {
    SERVED.set(SERVED.get().wrapping_add(1));
    let served = SERVED.get();
    let _in_flight = InFlight::enter();
    let path = request.uri().path().to_owned();
    // The component without rights is this one under another name.
    let path = path.strip_prefix("/poor").unwrap_or(&path);
    let query = Query::parse(request.uri().query().unwrap_or_default());
    match path.trim_end_matches('/') {
        "/bare" => kv::bare().await,
        "/drain" => kv::drain(request).await,
        "/hello" => text(200, "hello"),
        "/served" => text(200, &served.to_string()),
        "/echo" => echo(request).await,
        "/variable" => match spin_sdk::variables::get(query.get("name")).await {
            Ok(value) => text(200, &value),
            Err(error) => text(502, &format!("{error:?}")),
        },
        // Answers when the request's body has come, with how many were in flight here when it began.
        "/hold" => {
            let begun_with = IN_FLIGHT.get();
            request.into_body().bytes().await?;
            text(200, &begun_with.to_string())
        }
        "/in-flight" => text(200, &IN_FLIGHT.get().to_string()),
        "/sleep" => {
            let begun = Instant::now();
            spin_sdk::time::sleep(Duration::from_millis(query.number("ms"))).await;
            text(200, &begun.elapsed().as_millis().to_string())
        }
        "/environment" => {
            let found: Vec<String> = std::env::vars().map(|(k, v)| format!("{k}={v}")).collect();
            text(200, &found.join("\n"))
        }
        "/say" => {
            println!("{}", query.get("out"));
            eprintln!("{}", query.get("err"));
            empty(204)
        }
        "/error" => anyhow::bail!("an error on request"),
        "/trap" => std::process::abort(),
        "/get" => outbound::get(&query).await,
        p if p.starts_with("/skeleton/") => {
            // The service reads its webhooks, too.
            request.into_body().bytes().await?;
            skeleton::handle(p, &query).await
        }
        p if p.starts_with("/spin-kv/") => kv::spin(p, &query).await,
        p if p.starts_with("/wasi-kv/") => kv::wasi(p, &query),
        _ => echo(request).await,
    }
}

/// The request as the component sees it: request line, then headers in order, an empty line, the body.
async fn echo(request: Request) -> anyhow::Result<Answer> {
    let mut out = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        out.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    }
    out.push('\n');
    let body = request.into_body().bytes().await?;
    out.push_str(&String::from_utf8_lossy(&body));
    text(200, &out)
}

fn text(status: u16, body: &str) -> anyhow::Result<Answer> {
    let body = Bytes::copy_from_slice(body.as_bytes());
    Ok(Response::builder().status(status).header("content-length", body.len()).body(FullBody::new(body))?)
}

fn empty(status: u16) -> anyhow::Result<Answer> {
    Ok(Response::builder().status(status).body(FullBody::new(Bytes::new()))?)
}
