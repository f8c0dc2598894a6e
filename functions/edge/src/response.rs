//! Replies. One type for all handlers, whole or streamed. Whole bodies carry their length: without it the host sends
//! them in chunks, which costs the client an extra round trip.

use crate::clock;
use bytes::Bytes;
use dering::problem::Problem;
use futures::Stream;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body::{Frame, SizeHint};
use serde::Serialize;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// What a handler answers; `#[http_service]` takes it as it is.
pub type Reply = http::Response<Body>;

/// A reply's body.
pub enum Body {
    /// All of it, until it is taken; `None` also where there is none.
    Whole(Option<Bytes>),
    /// Made while it is sent.
    Stream(Pin<Box<dyn Stream<Item = io::Result<Bytes>>>>),
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Body::Whole(bytes) => Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            Body::Stream(stream) => stream.as_mut().poll_next(cx).map_ok(Frame::data),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Body::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Body::Stream(_) => SizeHint::default(),
        }
    }
}

/// Runs a handler: a refusal becomes a problem document, and after `limit_ms` without a result the answer is 503.
/// The store has no time-out of its own on some hosts; this is the bound, except for verbs that block the instance
/// (see [`clock::within`]). The work is then dropped where it waits; whatever it has done stays done.
pub async fn answer(limit_ms: u64, work: impl Future<Output = Result<Reply, Problem>>) -> Reply {
    let reply = match clock::within(limit_ms, work).await {
        Some(Ok(reply)) => reply,
        Some(Err(refusal)) => problem(&refusal),
        None => problem(&Problem::new(
            503,
            "timed_out",
            "Not done in time",
            format!("The request was not done within {limit_ms} ms; parts of it may have been."),
            "Send the same request again; repeating it does no harm.",
        )),
    };
    settle(&reply).await;
    reply
}

/// A pause before a reply with a body. Spin 4.1 writes head and body separately on a socket without TCP_NODELAY when
/// the handler has awaited anything else before; the body then waits for the client's delayed acknowledgement of the
/// head: 40 ms. After a sleep, however short, both leave together. Measured: median 43 ms without, 1.5 ms with it;
/// replies without a body are not concerned. To be measured again when Spin changes.
async fn settle(reply: &Reply) {
    if !http_body::Body::is_end_stream(reply.body()) {
        spin_sdk::time::sleep(Duration::from_micros(50)).await;
    }
}

/// JSON.
pub fn json<T: Serialize + ?Sized>(status: u16, value: &T) -> Reply {
    match serde_json::to_vec(value) {
        Ok(bytes) => whole(status, "application/json", bytes),
        Err(_) => problem(&Problem::new(
            500,
            "internal_error",
            "The answer could not be written",
            "A value of the answer has no form in JSON.",
            "Report this as a defect.",
        )),
    }
}

/// A refusal as `application/problem+json` (RFC 9457). 503 may be tried again after a second; 401 says how to
/// authenticate.
pub fn problem(problem: &Problem) -> Reply {
    // A problem is plain text and numbers: it always has a form in JSON.
    let bytes = serde_json::to_vec(problem).unwrap_or_default();
    let reply = whole(problem.status, "application/problem+json", bytes);
    match problem.status {
        401 => with_header(reply, header::WWW_AUTHENTICATE, "Bearer realm=\"dering\""),
        503 => with_header(reply, header::RETRY_AFTER, "1"),
        _ => reply,
    }
}

/// 204.
pub fn no_content() -> Reply {
    // A 204 must not carry a Content-Length (RFC 9110, section 8.6).
    reply(204, Body::Whole(None))
}

/// 200 with a text: call instructions, the console page, metrics.
pub fn text(content_type: &'static str, body: impl Into<String>) -> Reply {
    whole(200, content_type, body.into().into_bytes())
}

/// 200 with a body that is made while it is sent, at the client's pace. An error cuts the connection, so that the
/// client cannot take a part for the whole. Make it with `futures::stream::try_unfold`, for example, of parts of some
/// KiB: each is a call to the host.
pub fn stream(content_type: &'static str, parts: impl Stream<Item = Result<Bytes, Problem>> + 'static) -> Reply {
    use futures::TryStreamExt as _;
    let parts = parts.map_err(|p| io::Error::other(p.code));
    with_header(reply(200, Body::Stream(Box::pin(parts))), header::CONTENT_TYPE, content_type)
}

/// The same reply with one more header, in place of one of that name. A value that no header can have is left out.
pub fn with_header(mut reply: Reply, name: HeaderName, value: &str) -> Reply {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
    reply
}

/// The same reply with a resource's version as its ETag; [`crate::request::Head::if_match`] reads it back.
pub fn with_version(reply: Reply, version: u64) -> Reply {
    with_header(reply, header::ETAG, &format!("\"{version}\""))
}

/// Nothing lives under this path.
pub fn not_found() -> Problem {
    Problem::new(
        404,
        "not_found",
        "Not found",
        "There is no such resource.",
        "See /openapi.json for the resources there are.",
    )
}

/// The resource exists, but not this method; `allowed` are its methods, as `GET, POST`.
pub fn method_not_allowed(allowed: &'static str) -> Reply {
    let refusal = Problem::new(
        405,
        "method_not_allowed",
        "Method not allowed",
        format!("This resource takes {allowed}."),
        "See /openapi.json for the methods of each resource.",
    );
    with_header(problem(&refusal), header::ALLOW, allowed)
}

fn whole(status: u16, content_type: &'static str, bytes: Vec<u8>) -> Reply {
    let length = bytes.len();
    let mut reply = reply(status, Body::Whole(Some(bytes.into())));
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, length.into());
    reply
}

fn reply(status: u16, body: Body) -> Reply {
    let mut reply = http::Response::new(body);
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = reply.headers_mut();
    // Replies hold personal data or say what a call shall do now: nobody on the way may keep them or guess their type.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use http_body_util::BodyExt as _;

    fn header(reply: &Reply, name: HeaderName) -> Option<&str> {
        reply.headers().get(name).and_then(|v| v.to_str().ok())
    }

    #[test]
    fn whole_bodies_carry_their_length() {
        let r = json(201, &[1, 2]);
        assert_eq!((r.status().as_u16(), header(&r, header::CONTENT_LENGTH)), (201, Some("5")));
        assert_eq!(block_on(r.into_body().collect()).unwrap().to_bytes(), "[1,2]");
        let r = text("application/xml", "");
        assert_eq!(header(&r, header::CONTENT_LENGTH), Some("0"));
        let r = no_content();
        assert_eq!((r.status().as_u16(), header(&r, header::CONTENT_LENGTH)), (204, None));
    }

    #[test]
    fn refusals_say_what_to_do_next() {
        let r = problem(&Problem::new(503, "x", "X", "x", "x"));
        assert_eq!(header(&r, header::RETRY_AFTER), Some("1"));
        assert_eq!(header(&r, header::CONTENT_TYPE), Some("application/problem+json"));
        let r = problem(&Problem::new(401, "x", "X", "x", "x"));
        assert!(header(&r, header::WWW_AUTHENTICATE).is_some_and(|v| v.starts_with("Bearer")));
        let r = method_not_allowed("GET, PATCH");
        assert_eq!((r.status().as_u16(), header(&r, header::ALLOW)), (405, Some("GET, PATCH")));
        assert_eq!(header(&with_version(no_content(), 7), header::ETAG), Some("\"7\""));
    }

    #[test]
    fn values_without_a_form_in_json_are_a_problem_not_a_panic() {
        let keyed_by_pairs = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert_eq!(json(200, &keyed_by_pairs).status().as_u16(), 500);
    }

    #[test]
    fn a_stream_that_fails_ends_with_an_error() {
        let parts = [Ok(Bytes::from_static(b"a")), Err(not_found())];
        let mut body = stream("text/csv", futures::stream::iter(parts)).into_body();
        assert_eq!(block_on(body.frame()).unwrap().unwrap().into_data().unwrap(), "a");
        assert!(block_on(body.frame()).unwrap().is_err());
    }
}
