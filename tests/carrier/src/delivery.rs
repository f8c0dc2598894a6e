//! Webhooks out: signed requests, and the tries the carrier makes.
//! Source: <https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides>.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use crate::signature::sign;
use crate::state::Shared;
use crate::twiml::Method;
use crate::{Protocol, telnyx};

pub(crate) type Fields = Vec<(String, String)>;

/// Requests on their way at once. The carrier has no such bound; a process has one on open files.
const MAX_REQUESTS: usize = 256;
/// More of an answer than this is not read.
const MAX_ANSWER: usize = 256 * 1024;
/// No webhook takes longer in all, tries included.
const TOTAL: Duration = Duration::from_secs(15);

pub(crate) struct Deliverer {
    client: Client<HttpConnector, Full<Bytes>>,
    slots: Semaphore,
    sent: AtomicU64,
}

impl Deliverer {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        connector.set_nodelay(true);
        Self {
            client: Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(Duration::from_secs(10))
                .pool_max_idle_per_host(64)
                .build(connector),
            slots: Semaphore::new(MAX_REQUESTS),
            sent: AtomicU64::new(0),
        }
    }
}

/// Where a webhook goes, with the connection overrides of the URL's fragment.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    /// Without the fragment.
    url: String,
    /// Further tries after the first.
    retries: u32,
    read_timeout: Duration,
    total: Duration,
    on_connect: bool,
    on_timeout: bool,
    on_4xx: bool,
    on_5xx: bool,
}

impl Target {
    /// As Telnyx delivers: three tries, after whatever may be better the next time; a URL has no overrides.
    fn plain(url: &str) -> Result<Self, String> {
        if url.contains('#') {
            return Err("a fragment".into());
        }
        let mut target = Self::parse(url)?;
        target.retries = 2;
        (target.on_timeout, target.on_5xx) = (true, true);
        Ok(target)
    }

    fn parse(url: &str) -> Result<Self, String> {
        let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
        let mut target = Self {
            url: url.to_owned(),
            retries: 1,
            read_timeout: TOTAL,
            total: TOTAL,
            on_connect: true,
            on_timeout: false,
            on_4xx: false,
            on_5xx: false,
        };
        let number =
            |value: &str, from: u64, to: u64| value.parse::<u64>().ok().filter(|n| (from..=to).contains(n)).ok_or(());
        let milliseconds = |value: &str, from| number(value, from, 15_000).map(Duration::from_millis);
        for pair in fragment.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let done = match name {
                "rc" => number(value, 0, 5).map(|n| target.retries = n as u32),
                "rt" => milliseconds(value, 100).map(|d| target.read_timeout = d),
                "tt" => milliseconds(value, 100).map(|d| target.total = d),
                // The connection is to loopback: its time-out is checked, and five seconds always.
                "ct" => number(value, 100, 10_000).map(|_| ()),
                "rp" => target.policy(value),
                "sni" if matches!(value, "y" | "n") => Ok(()),
                "e" if !value.is_empty() => Ok(()),
                _ => Err(()),
            };
            done.map_err(|()| format!("connection override {pair:?}"))?;
        }
        Ok(target)
    }

    fn policy(&mut self, value: &str) -> Result<(), ()> {
        (self.on_connect, self.on_timeout, self.on_4xx, self.on_5xx) = (false, false, false, false);
        for word in value.split(',') {
            match word {
                "ct" => self.on_connect = true,
                "rt" => self.on_timeout = true,
                "4xx" => self.on_4xx = true,
                "5xx" => self.on_5xx = true,
                "all" => {
                    (self.on_connect, self.on_timeout, self.on_4xx, self.on_5xx) = (true, true, true, true);
                }
                _ => return Err(()),
            }
        }
        Ok(())
    }

    fn tries_again_after(&self, failure: &Failure) -> bool {
        match failure {
            Failure::Address => false,
            Failure::Connection => self.on_connect,
            Failure::Timeout => self.on_timeout,
            Failure::Status(400..=499) => self.on_4xx,
            Failure::Status(500..=599) => self.on_5xx,
            Failure::Status(_) => false,
        }
    }
}

#[derive(Debug)]
pub(crate) enum Failure {
    /// Not a URL this carrier can call.
    Address,
    /// No connection, or one that broke.
    Connection,
    Timeout,
    Status(u16),
}

impl Failure {
    /// The carrier's error code.
    pub(crate) fn code(&self) -> u32 {
        match self {
            Self::Address => 11100,
            Self::Connection | Self::Timeout => 11205,
            Self::Status(_) => 11200,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub content_type: Option<String>,
    pub body: Bytes,
}

/// Makes a webhook request, with the tries the URL's overrides ask for.
pub(crate) async fn request(shared: &Shared, url: &str, method: Method, fields: &Fields) -> Result<Answer, Failure> {
    let result = tries(shared, url, method, fields).await;
    if result.is_err() {
        shared.state().snapshot.webhooks_failed += 1;
    }
    result
}

/// As [`request`], but without counting the webhook as given up.
pub(crate) async fn tries(shared: &Shared, url: &str, method: Method, fields: &Fields) -> Result<Answer, Failure> {
    let target = match shared.options.protocol {
        Protocol::Twilio => Target::parse(url),
        Protocol::Telnyx => Target::plain(url),
    };
    let target = target.map_err(|reason| {
        shared.violation(format!("11100 {reason} in {url}"));
        Failure::Address
    })?;
    let Ok(_slot) = shared.deliverer.slots.acquire().await else {
        return Err(Failure::Connection);
    };
    let deadline = Instant::now() + target.total;
    let mut left = target.retries;
    loop {
        let failure = match timeout_at(deadline, once(shared, &target, method, fields)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(failure)) => failure,
            Err(_) => return Err(Failure::Timeout),
        };
        if let Failure::Status(status) = failure {
            shared.violation(format!("11200 HTTP status {status} from {}", target.url));
        }
        if left == 0 || !target.tries_again_after(&failure) {
            return Err(failure);
        }
        left -= 1;
    }
}

async fn once(shared: &Shared, target: &Target, method: Method, fields: &Fields) -> Result<Answer, Failure> {
    if shared.options.protocol == Protocol::Telnyx && method == Method::Get {
        shared.violation(format!("a GET of {} would not be signed", target.url));
        return Err(Failure::Address);
    }
    let token = &shared.options.auth_token;
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let (verb, url, signature, body) = match method {
        Method::Post => (http::Method::POST, target.url.clone(), sign(token, &target.url, fields), form),
        Method::Get => {
            let joint = if target.url.contains('?') { '&' } else { '?' };
            let url = format!("{}{joint}{form}", target.url);
            let signature = sign(token, &url, &[]);
            (http::Method::GET, url, signature, String::new())
        }
    };
    let number = shared.deliverer.sent.fetch_add(1, Ordering::Relaxed);
    let mut request = http::Request::builder().method(verb).uri(&url);
    request = match shared.options.protocol {
        Protocol::Twilio => request
            .header(USER_AGENT, "TwilioProxy/1.1")
            .header("X-Twilio-Signature", signature)
            .header("I-Twilio-Idempotency-Token", format!("{:016x}{number:016x}", shared.options.seed)),
        Protocol::Telnyx => {
            let now_s = jiff::Timestamp::now().as_second();
            request
                .header(USER_AGENT, "telnyx-webhooks")
                .header("telnyx-timestamp", now_s)
                .header("telnyx-signature-ed25519", telnyx::sign(token, now_s, &body))
        }
    };
    if method == Method::Post {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8");
    }
    let request = request.body(Full::new(Bytes::from(body))).map_err(|_| Failure::Address)?;
    if request.uri().scheme_str() != Some("http") {
        shared.violation(format!("11100 this carrier calls http only, not {url}"));
        return Err(Failure::Address);
    }
    shared.state().snapshot.webhooks_posted += 1;
    let exchange = async {
        let response = shared.deliverer.client.request(request).await.map_err(|_| Failure::Connection)?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|_| Failure::Connection)?.to_bytes();
        if !head.status.is_success() {
            return Err(Failure::Status(head.status.as_u16()));
        }
        let content_type = head.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);
        Ok(Answer { content_type, body })
    };
    timeout(target.read_timeout, exchange).await.unwrap_or(Err(Failure::Timeout))
}

pub(crate) fn is_xml(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/xml") || kind.eq_ignore_ascii_case("application/xml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_read_from_the_fragment_and_stripped() {
        let target = Target::parse("http://h/a?b=1#e=singapore,ashburn&rc=2&rp=ct,5xx&ct=2000&rt=4000").expect("valid");
        assert_eq!((target.url.as_str(), target.retries), ("http://h/a?b=1", 2));
        assert_eq!(target.read_timeout, Duration::from_secs(4));
        assert!(target.tries_again_after(&Failure::Connection));
        assert!(target.tries_again_after(&Failure::Status(503)));
        assert!(!target.tries_again_after(&Failure::Status(404)) && !target.tries_again_after(&Failure::Timeout));

        let plain = Target::parse("http://h/a").expect("valid");
        assert_eq!(plain.retries, 1);
        assert!(plain.tries_again_after(&Failure::Connection));
        assert!(!plain.tries_again_after(&Failure::Status(503)));
        for wrong in ["rc=6", "rt=99", "rp=3xx", "zz=1", "ct=20000"] {
            assert!(Target::parse(&format!("http://h/a#{wrong}")).is_err(), "{wrong}");
        }
    }
}
