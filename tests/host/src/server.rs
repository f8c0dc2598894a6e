//! From a connection to a component and back.

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use wasmtime_wasi_http::{Error, WasiBody};

use crate::app::App;
use crate::manifest::StaticResponse;
use crate::routes::{Found, Target};

const WELL_KNOWN: &str = "/.well-known/spin/";

type Reply = Response<WasiBody>;

/// Answers connections until the process ends.
pub async fn serve(listener: TcpListener, app: Arc<App>) -> Result<()> {
    announce(&app, listener.local_addr()?)?;
    loop {
        let (stream, peer) = listener.accept().await?;
        tokio::spawn(connection(stream, peer, app.clone()));
    }
}

/// What Spin prints when it is ready.
fn announce(app: &App, address: SocketAddr) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "Serving http://{address}")?;
    writeln!(out, "Available Routes:")?;
    for entry in app.router.entries() {
        let wildcard = if entry.raw.ends_with("/...") { " (wildcard)" } else { "" };
        let name = match &entry.target {
            Target::Component(id) => id,
            Target::Static(_) => "static response",
        };
        let route = entry.based.strip_suffix("/...").unwrap_or(&entry.based);
        writeln!(out, "  {name}: http://{address}{route}{wildcard}")?;
        if let Some(text) = app.descriptions.get(name).filter(|t| !t.is_empty()) {
            writeln!(out, "    {text}")?;
        }
    }
    out.flush()
}

async fn connection(stream: TcpStream, peer: SocketAddr, app: Arc<App>) {
    let service = service_fn(|request| answer(request, peer, &app));
    // An error here is a client that hung up, or one that did not say which host it wants.
    drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

/// # Errors
/// A request without one clear host: the connection is closed unanswered.
async fn answer(mut request: Request<Incoming>, peer: SocketAddr, app: &App) -> Result<Reply> {
    let path = request.uri().path().to_owned();
    if let Some(name) = path.strip_prefix(WELL_KNOWN) {
        return well_known(name, app);
    }
    let Some(found) = app.router.find(&path) else {
        return Ok(empty(StatusCode::NOT_FOUND));
    };
    set_absolute_uri(&mut request)?;
    let id = match &found.entry.target {
        Target::Static(response) => return static_response(response),
        Target::Component(id) => id,
    };
    let Some(handler) = app.components.get(id) else {
        return Ok(empty(StatusCode::INTERNAL_SERVER_ERROR));
    };
    let outcome = match add_headers(&mut request, &found, peer) {
        Ok(()) => {
            let request = request.map(|body| body.map_err(Error::from).boxed_unsync());
            handler.handle((), request).await.map_err(anyhow::Error::from)
        }
        Err(error) => Err(error),
    };
    Ok(outcome.unwrap_or_else(|error| {
        eprintln!("Error processing request: {error:#}");
        empty(StatusCode::INTERNAL_SERVER_ERROR)
    }))
}

fn well_known(name: &str, app: &App) -> Result<Reply> {
    match name {
        "health" => Ok(Response::new(full("OK"))),
        "info" => {
            let mut info = json!({ "name": app.name });
            if !app.version.is_empty() {
                info["version"] = json!(app.version);
            }
            let text = serde_json::to_string_pretty(&info)?;
            Ok(Response::builder().header(header::CONTENT_TYPE, "application/json").body(full(text))?)
        }
        _ => Ok(empty(StatusCode::NOT_FOUND)),
    }
}

fn static_response(response: &StaticResponse) -> Result<Reply> {
    let mut reply = Response::builder().status(response.status_code);
    for (name, value) in &response.headers {
        reply = reply.header(name, value);
    }
    Ok(reply.body(response.body.clone().map_or_else(|| empty(StatusCode::OK).into_body(), full))?)
}

/// Components see an absolute URI, its authority from `Host` or from the request line.
fn set_absolute_uri(request: &mut Request<Incoming>) -> Result<()> {
    let named = request
        .headers()
        .get(header::HOST)
        .map(|host| host.to_str()?.parse::<Authority>().context("the Host header is not an authority"))
        .transpose()?;
    let mut parts = request.uri().clone().into_parts();
    let authority = match (named, parts.authority.take()) {
        (Some(named), Some(other)) => {
            ensure!(named == other, "the Host header and the request line name different hosts");
            named
        }
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => bail!("no Host header"),
    };
    parts.authority = Some(authority);
    parts.scheme = Some(Scheme::HTTP);
    *request.uri_mut() = Uri::from_parts(parts)?;
    Ok(())
}

/// Spin's own headers, after the client's: one that a client sent under the same name stays in front.
fn add_headers(request: &mut Request<Incoming>, found: &Found<'_>, peer: SocketAddr) -> Result<()> {
    let headers = request.headers();
    for (name, value) in headers {
        std::str::from_utf8(value.as_bytes()).with_context(|| format!("header {name} is not UTF-8"))?;
    }
    let host = headers.get(header::HOST).map_or("localhost", |h| h.to_str().unwrap_or_default());
    let target = request.uri().path_and_query().map_or("/", |p| p.as_str());
    let full_url = format!("http://{host}{target}");
    let entry = found.entry;
    let mut own = vec![
        ("spin-path-info".to_owned(), found.path_info.clone()),
        ("spin-full-url".to_owned(), full_url),
        ("spin-matched-route".to_owned(), entry.based.clone()),
        ("spin-base-path".to_owned(), "/".to_owned()),
        ("spin-raw-component-route".to_owned(), entry.raw.clone()),
        ("spin-component-route".to_owned(), entry.prefix().to_owned()),
        ("spin-client-addr".to_owned(), peer.to_string()),
    ];
    for (name, value) in &found.named {
        own.push((format!("spin-path-match-{}", name.to_ascii_lowercase().replace('_', "-")), value.clone()));
    }
    append(request.headers_mut(), &own);
    Ok(())
}

fn append(headers: &mut HeaderMap, own: &[(String, String)]) {
    headers.remove(header::CONNECTION);
    for (name, value) in own {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes())) {
            headers.append(name, value);
        }
    }
}

fn full(text: impl Into<Bytes>) -> WasiBody {
    Full::new(text.into()).map_err(absurd).boxed_unsync()
}

fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Empty::new().map_err(absurd).boxed_unsync());
    *reply.status_mut() = status;
    reply
}

fn absurd(never: Infallible) -> Error {
    match never {}
}
