//! The outside face, as a client sees it: requests with a token, JSON back, and the figures by name.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// No answer takes longer; uploads of big lists are the longest.
const PATIENCE: Duration = Duration::from_secs(300);

/// A client of one host with one token.
#[derive(Clone)]
pub struct Client {
    base: String,
    token: String,
    pool: Pool<HttpConnector, Body>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// A header's text; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// It is none, or of another form.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("{} with an unexpected body: {}", self.status, self.text()))
    }

    /// The answer, if it is a success.
    ///
    /// # Errors
    /// It is none; with the problem it tells.
    pub fn success(self) -> Result<Self> {
        if self.status.is_success() {
            return Ok(self);
        }
        bail!("{} {}", self.status, self.text())
    }
}

/// What a tick says it did.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct TickReport {
    pub committed: bool,
    pub folded: u32,
    pub closed: u64,
    pub claimed: u32,
    pub placed: u32,
    pub refused: u32,
    pub unclear: u32,
    pub refusal_code: Option<String>,
    pub open: u32,
    pub waiting: u64,
    pub held: BTreeMap<String, u64>,
    pub again_after_ms: u64,
}

/// The answer to an upload.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Upload {
    pub list: String,
    pub rows: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub duplicates: u64,
    pub warnings: u64,
    pub rejected_by_reason: BTreeMap<String, u64>,
    pub rejected_url: String,
    pub columns: BTreeMap<String, String>,
}

/// A campaign's figures.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct CampaignReport {
    pub contacts: u64,
    pub waiting: u64,
    pub in_call: u64,
    pub retrying: u64,
    pub ends: BTreeMap<String, u64>,
    pub attempts: u64,
    pub dispositions: BTreeMap<String, u64>,
    pub right_party_contacts: u64,
    pub talk_seconds: u64,
    pub first_call_at: Option<String>,
    pub last_outcome_at: Option<String>,
    pub balanced: bool,
    pub lists: Vec<Value>,
}

impl CampaignReport {
    /// Contacts that may still be called.
    pub fn unsettled(&self) -> u64 {
        self.waiting + self.in_call + self.retrying
    }

    /// Contacts that have ended.
    pub fn ended(&self) -> u64 {
        self.ends.values().sum()
    }

    /// The entries that are not zero.
    pub fn nonzero(map: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
        map.iter().filter(|(_, n)| **n > 0).map(|(k, n)| (k.clone(), *n)).collect()
    }
}

/// The table of a year.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct AnnualReport {
    pub year: i16,
    pub outbound_calls: u64,
    pub outbound_change_percent: Option<f64>,
    pub inbound_received: u64,
    pub inbound_answered: u64,
    pub inbound_answered_percent: Option<f64>,
}

/// One attempt, as exported.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Attempt {
    pub list: String,
    pub row: u32,
    /// `shard.ballot.index`.
    pub call: String,
    pub attempt: u8,
    pub disposition: String,
    pub talk_s: u32,
    pub provider_call: Option<String>,
    pub end: Option<String>,
    pub late: bool,
}

impl Client {
    /// A client of the host at `base` (no slash at the end).
    pub fn new(base: &str, token: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        connector.set_nodelay(true);
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(10))
            .build(connector);
        Self { base: base.to_owned(), token: token.to_owned(), pool }
    }

    /// The same client with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Sends a request. `path` begins with a slash.
    ///
    /// # Errors
    /// No connection, no answer, or one that breaks off.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer> {
        self.exchange(method, path, headers, Full::new(body.into()).map_err(|never| match never {}).boxed_unsync())
            .await
    }

    /// Sends a body piece by piece, of unknown length.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn send_stream(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        pieces: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<Answer> {
        let body = StreamBody::new(pieces.map(|piece| Ok(Frame::data(piece))));
        self.exchange(method, path, headers, body.boxed_unsync()).await
    }

    async fn exchange(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Result<Answer> {
        let mut request = Request::builder().method(method.clone()).uri(format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let exchange = async {
            let response = self.pool.request(request.body(body)?).await?;
            let (head, body) = response.into_parts();
            Ok::<_, anyhow::Error>(Answer {
                status: head.status,
                headers: head.headers,
                body: body.collect().await?.to_bytes(),
            })
        };
        tokio::time::timeout(PATIENCE, exchange)
            .await
            .unwrap_or_else(|_| bail!("no answer within {} s", PATIENCE.as_secs()))
            .with_context(|| format!("{method} {path}"))
    }

    /// GETs.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    /// POSTs JSON.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn post(&self, path: &str, json: &Value) -> Result<Answer> {
        self.send(Method::POST, path, &[(CONTENT_TYPE.as_str(), "application/json")], json.to_string()).await
    }

    /// POSTs nothing.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn poke(&self, path: &str) -> Result<Answer> {
        self.send(Method::POST, path, &[], Bytes::new()).await
    }

    /// Whether the host answers.
    pub async fn healthy(&self) -> bool {
        self.get("/.well-known/spin/health").await.is_ok_and(|a| a.status.is_success())
    }

    /// Creates a campaign and starts it.
    ///
    /// # Errors
    /// Either is refused.
    pub async fn start_campaign(&self, campaign: &Value) -> Result<()> {
        let id = campaign.get("id").and_then(Value::as_str).context("a campaign needs an id here")?;
        self.post("/v1/campaigns", campaign).await?.success().context("the campaign")?;
        self.poke(&format!("/v1/campaigns/{id}/start")).await?.success().context("its start")?;
        Ok(())
    }

    /// Uploads a CSV list.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn upload(&self, campaign: &str, name: &str, file: impl Into<Bytes>) -> Result<Answer> {
        self.upload_with(campaign, &[("name", name)], file).await
    }

    /// Uploads a CSV list, with what the query says of it.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn upload_with(
        &self,
        campaign: &str,
        parameters: &[(&str, &str)],
        file: impl Into<Bytes>,
    ) -> Result<Answer> {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.post_file(&format!("/v1/campaigns/{campaign}/lists?{query}"), "text/csv", file).await
    }

    /// POSTs a file.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn post_file(&self, path: &str, content_type: &str, file: impl Into<Bytes>) -> Result<Answer> {
        let file: Bytes = file.into();
        // In pieces, as from a disk: nothing may depend on where they are cut.
        let pieces =
            (0..file.len().div_ceil(PIECE)).map(move |i| file.slice(i * PIECE..file.len().min((i + 1) * PIECE)));
        self.send_stream(Method::POST, path, &[(CONTENT_TYPE.as_str(), content_type)], stream::iter(pieces)).await
    }

    /// One tick.
    ///
    /// # Errors
    /// It is refused or unanswered.
    pub async fn tick(&self, shard: u16) -> Result<TickReport> {
        self.poke(&format!("/v1/tick?shard={shard}")).await?.success()?.json()
    }

    /// A campaign's figures.
    ///
    /// # Errors
    /// It is refused or unanswered.
    pub async fn report(&self, campaign: &str) -> Result<CampaignReport> {
        self.get(&format!("/v1/campaigns/{campaign}/report")).await?.success()?.json()
    }

    /// The table of a year.
    ///
    /// # Errors
    /// It is refused or unanswered.
    pub async fn annual(&self, year: i16) -> Result<AnnualReport> {
        self.get(&format!("/v1/reports/annual?year={year}")).await?.success()?.json()
    }

    /// All attempts of a campaign.
    ///
    /// # Errors
    /// A page is refused, unanswered or of another form.
    pub async fn attempts(&self, campaign: &str) -> Result<Vec<Attempt>> {
        let mut all = Vec::new();
        let mut next = Some(format!("/v1/exports/attempts?campaign={campaign}"));
        while let Some(path) = next {
            let answer = self.get(&path).await?.success()?;
            for line in answer.text().lines().filter(|line| !line.trim().is_empty()) {
                all.push(serde_json::from_str(line).with_context(|| format!("an attempt: {line}"))?);
            }
            next = next_page(answer.header("link"))
                .map(|url| url.strip_prefix(&self.base).map(str::to_owned).unwrap_or(url));
        }
        Ok(all)
    }
}

const PIECE: usize = 64 * 1024;

/// The target of `rel="next"` in a `link` header (RFC 8288).
fn next_page(link: &str) -> Option<String> {
    link.split(',').find(|l| l.contains("rel=\"next\"")).and_then(|l| {
        let (_, rest) = l.split_once('<')?;
        Some(rest.split_once('>')?.0.to_owned())
    })
}
