//! Reading a request. Head and body are separate values, so a path's parts can be held while the body is read.

use bytes::Bytes;
use dering::problem::Problem;
use dering::provider::RawRequest;
use http_body::Body as _;
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use spin_sdk::http::Request;
use spin_sdk::wasip3::http_compat::IncomingRequestBody;

/// Method, path, query and headers.
#[derive(Debug, Clone)]
pub struct Head {
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
}

/// The body, not yet read.
pub struct Body {
    /// `None` once it is read or refused: no more is asked of the client then.
    incoming: Option<IncomingRequestBody>,
    read: u64,
}

/// Takes a request apart.
pub fn open(request: Request) -> (Head, Body) {
    let (parts, incoming) = request.into_parts();
    (Head::new(&parts), Body { incoming: Some(incoming), read: 0 })
}

impl Head {
    fn new(parts: &http::request::Parts) -> Self {
        // Names are in lower case already. What is not UTF-8 the host refuses, so nothing is left out here.
        let text = |v: &http::HeaderValue| str::from_utf8(v.as_bytes()).ok().map(str::to_owned);
        Head {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers.iter().filter_map(|(n, v)| Some((n.as_str().to_owned(), text(v)?))).collect(),
        }
    }

    /// The method as it was sent: methods are case-sensitive.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path's parts as they were sent. Slashes at both ends do not count, as in the host's routes; so the path
    /// `/` has no parts.
    pub fn segments(&self) -> Vec<&str> {
        match self.path.trim_matches('/') {
            "" => Vec::new(),
            path => path.split('/').collect(),
        }
    }

    /// The first value of a query parameter, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let query = self.query.as_deref().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
    }

    /// All query parameters, decoded, in order.
    pub fn parameters(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_deref().unwrap_or_default().as_bytes()).into_owned().collect()
    }

    /// All headers, names in lower case. A client can send any of them, also those the host adds (`spin-…`).
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The URL under which a provider called us: the configured public URL, then path and query exactly as they
    /// were sent. Signatures cover this URL; `Host` and `X-Forwarded-…` have no say in it.
    pub fn webhook_url(&self, public_url: &str) -> String {
        match &self.query {
            Some(query) => format!("{public_url}{}?{query}", self.path),
            None => format!("{public_url}{}", self.path),
        }
    }

    /// The webhook for a provider's adapter. `url` is what [`Head::webhook_url`] gave.
    pub fn webhook<'a>(&'a self, url: &'a str, body: &'a [u8]) -> RawRequest<'a> {
        RawRequest { method: &self.method, url, headers: &self.headers, body }
    }

    /// The version in `If-Match`, as [`crate::response::with_version`] sent it; `None` where any version will do.
    /// A tag that was never ours matches nothing: 412.
    pub fn if_match(&self) -> Result<Option<u64>, Problem> {
        match self.header("if-match").map(str::trim) {
            None | Some("*") => Ok(None),
            Some(tag) => {
                let version = tag.strip_prefix('"').and_then(|t| t.strip_suffix('"')).and_then(|t| t.parse().ok());
                version.map(Some).ok_or_else(|| {
                    Problem::new(
                        412,
                        "version_mismatch",
                        "Another version",
                        "The header If-Match does not name a version of this resource.",
                        "Get the resource again and send its ETag in If-Match, quotes included.",
                    )
                })
            }
        }
    }

    fn is_json(&self) -> bool {
        let kind = self.header("content-type").and_then(|v| v.split(';').next()).unwrap_or_default();
        let kind = kind.trim().to_ascii_lowercase();
        kind.strip_prefix("application/").is_some_and(|k| k == "json" || k.ends_with("+json"))
    }
}

impl Body {
    /// The next part of the body; `None` at its end. 413 as soon as it is clear that the body has more than `limit`
    /// bytes (over all parts), and nothing more is read then.
    pub async fn chunk(&mut self, limit: u64) -> Result<Option<Bytes>, Problem> {
        loop {
            let Some(incoming) = &mut self.incoming else {
                return Ok(None);
            };
            // The upper bound is what Content-Length declares.
            let declared = incoming.size_hint().upper().unwrap_or_default();
            if declared > limit || self.read > limit {
                self.incoming = None;
                return Err(too_large(limit));
            }
            match incoming.frame().await {
                None => self.incoming = None,
                Some(Err(_)) => {
                    self.incoming = None;
                    return Err(broken_off());
                }
                Some(Ok(frame)) => {
                    // Frames without data are trailers: nobody here wants them.
                    let data = frame.into_data().unwrap_or_default();
                    self.read = self.read.saturating_add(data.len() as u64);
                    if self.read <= limit && !data.is_empty() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// The whole body, at most `limit` bytes: 413 beyond.
    pub async fn bytes(&mut self, limit: u64) -> Result<Bytes, Problem> {
        let Some(first) = self.chunk(limit).await? else {
            return Ok(Bytes::new());
        };
        let Some(second) = self.chunk(limit).await? else {
            return Ok(first);
        };
        let mut all = Vec::from(first);
        all.extend_from_slice(&second);
        while let Some(more) = self.chunk(limit).await? {
            all.extend_from_slice(&more);
        }
        Ok(all.into())
    }

    /// The body as JSON: 415 for another content type, 413 beyond `limit` bytes, 400 for anything that is not a `T`.
    pub async fn json<T: DeserializeOwned>(&mut self, head: &Head, limit: u64) -> Result<T, Problem> {
        if !head.is_json() {
            return Err(Problem::new(
                415,
                "not_json",
                "Unsupported content type",
                "This resource takes JSON.",
                "Send a JSON document with the header Content-Type: application/json.",
            ));
        }
        parse(&self.bytes(limit).await?)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|e| {
        let place = format!("line {} column {}", e.line(), e.column());
        let detail = format!("{}, {place}.", without_values(&e));
        let hint = match e.classify() {
            serde_json::error::Category::Data => {
                "Correct the member at that place; /openapi.json describes the document."
            }
            _ => "Correct the document at that place: it is not JSON there, or it ends there.",
        };
        Problem::new(400, "invalid_json", "Not the expected JSON", detail, hint).at(place)
    })
}

/// What is wrong, without the value that is wrong: it may be personal, and problem documents end up in logs.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.strip_suffix(&format!(" at line {} column {}", error.line(), error.column())).unwrap_or(&text);
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("Expected {expected}"),
        None => text.to_owned(),
    }
}

fn too_large(limit: u64) -> Problem {
    Problem::new(
        413,
        "body_too_large",
        "The body is too large",
        format!("This resource takes at most {limit} bytes."),
        "Send less at once.",
    )
}

fn broken_off() -> Problem {
    Problem::new(
        400,
        "body_broken_off",
        "The body broke off",
        "The connection ended, or failed, before the whole body had arrived.",
        "Send the request again.",
    )
}

#[cfg(test)]
pub(crate) fn for_tests(uri: &str, headers: &[(&str, &str)]) -> Head {
    let mut request = http::Request::builder().method("POST").uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Head::new(&request.body(()).unwrap().into_parts().0)
}

#[cfg(test)]
mod tests {
    use super::for_tests as head;
    use super::*;

    #[test]
    fn paths_and_queries_stay_as_they_were_sent() {
        let h = head("http://forged.example/hooks/twilio/a%2Fb/status?x=1%20+2&x=3", &[("host", "forged.example")]);
        assert_eq!(h.segments(), ["hooks", "twilio", "a%2Fb", "status"]);
        assert_eq!(h.parameter("x").as_deref(), Some("1  2"));
        assert_eq!(
            h.webhook_url("https://ring.example"),
            "https://ring.example/hooks/twilio/a%2Fb/status?x=1%20+2&x=3"
        );
        assert!(head("http://h/", &[]).segments().is_empty());
        assert_eq!(head("http://h//v1/tick/", &[]).segments(), ["v1", "tick"]);
        assert_eq!(head("http://h/v1?", &[]).webhook_url("https://r"), "https://r/v1?");
    }

    #[test]
    fn if_match_takes_only_our_own_tags() {
        let tag = |value: &str| head("http://h/", &[("if-match", value)]).if_match();
        assert_eq!(head("http://h/", &[]).if_match(), Ok(None));
        assert_eq!(tag("*"), Ok(None));
        assert_eq!(tag("\"812\""), Ok(Some(812)));
        for foreign in ["812", "W/\"812\"", "\"\"", "\"", "\"812\", \"813\"", "\"-1\""] {
            assert_eq!(tag(foreign).map_err(|p| p.status), Err(412), "{foreign}");
        }
    }

    #[test]
    fn json_content_types() {
        let json = |value: &str| head("http://h/", &[("content-type", value)]).is_json();
        assert!(json("application/json"));
        assert!(json("Application/JSON; charset=utf-8"));
        assert!(json("application/merge-patch+json"));
        assert!(!json("text/json"));
        assert!(!json("application/jsonp"));
        assert!(!head("http://h/", &[]).is_json());
    }

    #[test]
    fn json_errors_say_where_and_keep_the_value_to_themselves() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Rate {
            #[allow(dead_code)]
            concurrent: u32,
        }
        let refused = |text: &str| parse::<Rate>(text.as_bytes()).unwrap_err();
        let p = refused("{\n \"concurrent\": \"+6281234567890, expected x\"}");
        assert_eq!((p.status, p.at.as_deref()), (400, Some("line 2 column 43")));
        assert_eq!(p.detail, "Expected u32, line 2 column 43.");
        assert!(refused("{\"budi\": 1}").detail.starts_with("Expected `concurrent`"));
        assert!(refused("{}").detail.starts_with("missing field `concurrent`"));
        assert!(refused("{\"concurrent\": 1").hint.contains("not JSON"));
        assert!(parse::<Rate>(b"{\"concurrent\": 1}").is_ok());
    }
}
