//! Requests to a provider's API. What matters of a failure is one thing: can the request have left?

use crate::clock;
use bytes::Bytes;
use dering::provider::ApiRequest;
use http::header::{CONTENT_LENGTH, HeaderName};
use http_body_util::BodyExt as _;
use spin_sdk::http::{FullBody, Response};
use spin_sdk::wasip3::http::types::{ErrorCode, RequestOptions};
use spin_sdk::wasip3::http_compat::RequestOptionsExtension;

/// What is read of an answer's body; the rest is left.
pub const MAX_BODY: usize = 64 << 10;

/// A connection that takes longer is given up: while it is not made, nothing has left.
const CONNECT_MS: u64 = 5_000;

/// The provider answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub status: u16,
    /// Names in lower case; values that are not UTF-8 are left out.
    pub headers: Vec<(String, String)>,
    /// At most [`MAX_BODY`] bytes.
    pub body: Vec<u8>,
}

/// The provider's answer is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// The request surely never left: it may be sent again.
    NotSent,
    /// It may have arrived: what it asks for may be done, or not.
    Unclear,
}

/// Sends a request once, without redirects and repetitions. It takes at most `timeout_ms`, and half of that to
/// connect.
pub async fn send(request: &ApiRequest, timeout_ms: u64) -> Result<Sent, Failed> {
    let outgoing = prepare(request, timeout_ms).ok_or(Failed::NotSent)?;
    let exchange = async {
        let answer = spin_sdk::http::send(outgoing).await.map_err(|e| {
            // For whoever reads the logs: why the provider could not be asked. The kind of error names no person.
            eprintln!("the request to the provider failed: {e:?}");
            judge(&e)
        })?;
        read(answer).await
    };
    clock::within(timeout_ms, exchange).await.unwrap_or(Err(Failed::Unclear))
}

/// `None` if the parts do not make a request.
fn prepare(request: &ApiRequest, timeout_ms: u64) -> Option<http::Request<FullBody<Bytes>>> {
    let mut outgoing = http::Request::builder().method(request.method).uri(&request.url);
    for (name, value) in &request.headers {
        outgoing = outgoing.header(HeaderName::from_bytes(name.as_bytes()).ok()?, value);
    }
    // Without a length the host sends chunks, which some providers refuse; with two it sends nothing.
    outgoing.headers_mut()?.insert(CONTENT_LENGTH, request.body.len().into());
    let mut outgoing = outgoing.body(FullBody::new(Bytes::from(request.body.clone()))).ok()?;
    outgoing.extensions_mut().insert(RequestOptionsExtension(options(timeout_ms)));
    Some(outgoing)
}

fn options(timeout_ms: u64) -> RequestOptions {
    let nanoseconds = |ms: u64| Some(ms.saturating_mul(1_000_000));
    let options = RequestOptions::new();
    // A host may support none of these; the limit on the whole exchange holds anyway.
    let _ = options.set_connect_timeout(nanoseconds(CONNECT_MS.min(timeout_ms / 2)));
    let _ = options.set_first_byte_timeout(nanoseconds(timeout_ms));
    let _ = options.set_between_bytes_timeout(nanoseconds(timeout_ms));
    options
}

/// Once an answer has begun, the request has arrived: if it breaks off, its outcome is unclear.
async fn read(answer: Response) -> Result<Sent, Failed> {
    let (parts, mut incoming) = answer.into_parts();
    let text = |v: &http::HeaderValue| str::from_utf8(v.as_bytes()).ok().map(str::to_owned);
    let headers = parts.headers.iter().filter_map(|(n, v)| Some((n.as_str().to_owned(), text(v)?))).collect();
    let mut body = Vec::new();
    while body.len() < MAX_BODY
        && let Some(frame) = incoming.frame().await
    {
        let data = frame.map_err(|_| Failed::Unclear)?.into_data().unwrap_or_default();
        let room = MAX_BODY - body.len();
        body.extend(data.into_iter().take(room));
    }
    Ok(Sent { status: parts.status.as_u16(), headers, body })
}

/// Only what a host reports before it writes the request counts as not sent. Spin and wasmtime report
/// `TlsProtocolError` for a failed handshake only, and `ConnectionTimeout` for a connection that was not made.
fn judge(error: &ErrorCode) -> Failed {
    match error {
        ErrorCode::HttpRequestDenied
        | ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError => Failed::NotSent,
        _ => Failed::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_surely_never_left_may_be_sent_again() {
        for before in [ErrorCode::HttpRequestDenied, ErrorCode::ConnectionRefused, ErrorCode::ConnectionTimeout] {
            assert_eq!(judge(&before), Failed::NotSent);
        }
        for after in [
            ErrorCode::ConnectionReadTimeout,
            ErrorCode::ConnectionWriteTimeout,
            ErrorCode::ConnectionTerminated,
            ErrorCode::HttpProtocolError,
            ErrorCode::HttpResponseIncomplete,
            ErrorCode::InternalError(None),
        ] {
            assert_eq!(judge(&after), Failed::Unclear);
        }
    }
}
