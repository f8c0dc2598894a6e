//! The REST API on loopback.
//! Sources: <https://www.twilio.com/docs/voice/api/call-resource>; for Telnyx see [`crate::telnyx`].

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use crate::behaviour::Dice;
use crate::call;
use crate::delivery::Fields;
use crate::order::{Order, Refusal};
use crate::resource::{self, error, reply, time};
use crate::state::{CallRecord, Control, Shared, Status};
use crate::{Protocol, telnyx};

const MAX_BODY: usize = 256 * 1024;
/// How long a slow answer takes, in simulated time.
const SLOW: Duration = Duration::from_secs(20);

/// Ends the connection without an answer.
#[derive(Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut")
    }
}

impl std::error::Error for Cut {}

type Reply = Result<Response<Full<Bytes>>, Cut>;

/// Accepts connections until the carrier is shut down.
pub(crate) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let mut stop = shared.stop.subscribe();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            // A connection dropped at once is as good as refused.
            Ok(_) if shared.down.load(Ordering::Relaxed) => {}
            Ok((stream, _)) => {
                tokio::spawn(connection(Arc::clone(&shared), stream));
            }
            // Out of file descriptors: let some be freed.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn connection(shared: Arc<Shared>, stream: TcpStream) {
    // Without it small answers wait for acknowledgements; nothing breaks if it cannot be set.
    let _ = stream.set_nodelay(true);
    let mut stop = shared.stop.subscribe();
    let service = service_fn(|request| answer(Arc::clone(&shared), request));
    let served = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        // The client's going away, or a cut of ours, is no error here.
        _ = served => {}
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(|_| Cut)?.to_bytes();
    if shared.down.load(Ordering::Relaxed) {
        return Err(Cut);
    }
    let api = Api { shared, head, body };
    let protocol = api.shared.options.protocol;
    match api.route().await {
        Ok(reply) => Ok(reply),
        Err(Trouble::Cut) => Err(Cut),
        Err(Trouble::Error(status, refusal)) => Ok(answer_error(protocol, status, &refusal)),
    }
}

fn answer_error(protocol: Protocol, status: StatusCode, refusal: &Refusal) -> Response<Full<Bytes>> {
    match protocol {
        Protocol::Twilio => error(status, refusal),
        Protocol::Telnyx => telnyx::error(status, refusal),
    }
}

enum Trouble {
    Cut,
    Error(StatusCode, Refusal),
}

fn trouble<T>(status: StatusCode, code: u32, reason: impl Into<String>) -> Result<T, Trouble> {
    Err(Trouble::Error(status, Refusal { code, reason: reason.into() }))
}

struct Api {
    shared: Arc<Shared>,
    head: http::request::Parts,
    body: Bytes,
}

impl Api {
    async fn route(self) -> Result<Response<Full<Bytes>>, Trouble> {
        let path = self.head.uri.path().to_owned();
        let end = if self.shared.options.protocol == Protocol::Telnyx { "/Calls" } else { "/Calls.json" };
        let places = self.head.method == Method::POST && path.ends_with(end);
        if places {
            self.shared.state().snapshot.orders += 1;
        }
        let result = self.routed(&path).await;
        if let Err(Trouble::Error(_, refusal)) = &result {
            if places {
                self.shared.state().snapshot.refused += 1;
            }
            // Errors of the simulated carrier's own are nobody's fault.
            if !matches!(refusal.code, 20429 | 20500 | 21220) {
                let method = &self.head.method;
                self.shared.violation(format!("{} {method} {path}: {}", refusal.code, refusal.reason));
            }
        }
        result
    }

    async fn routed(&self, path: &str) -> Result<Response<Full<Bytes>>, Trouble> {
        self.authenticate()?;
        let account = &self.shared.options.account_sid;
        if self.shared.options.protocol == Protocol::Telnyx {
            return match &self.head.method {
                &Method::POST if path == format!("/v2/texml/Accounts/{account}/Calls") => self.place().await,
                _ => trouble(StatusCode::NOT_FOUND, 20404, "the requested resource was not found"),
            };
        }
        let resource = path
            .strip_prefix("/2010-04-01/Accounts/")
            .and_then(|rest| rest.strip_prefix(account.as_str()))
            .and_then(|rest| rest.strip_suffix(".json"))
            .map(|rest| rest.trim_start_matches('/').split('/').collect::<Vec<_>>());
        match (&self.head.method, resource.as_deref()) {
            (&Method::POST, Some(["Calls"])) => self.place().await,
            (&Method::GET, Some(["Calls"])) => Ok(self.list()),
            (&Method::GET, Some(["Calls", sid])) => Ok(reply(StatusCode::OK, &self.call(sid)?)),
            (&Method::POST, Some(["Calls", sid])) => self.change(sid),
            _ => trouble(StatusCode::NOT_FOUND, 20404, "the requested resource was not found"),
        }
    }

    fn authenticate(&self) -> Result<(), Trouble> {
        let options = &self.shared.options;
        let given = self.head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let allowed = [(&options.api_key, &options.api_secret), (&options.account_sid, &options.auth_token)];
        let matches = given.is_some_and(|given| {
            if options.protocol == Protocol::Telnyx {
                return given == format!("Bearer {}", options.api_secret);
            }
            allowed.iter().any(|(user, password)| {
                let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
                given == format!("Basic {pair}")
            })
        });
        if matches { Ok(()) } else { trouble(StatusCode::UNAUTHORIZED, 20003, "authenticate") }
    }

    /// The form of a POST; with another content type the carrier sees no parameters.
    fn form(&self) -> Fields {
        let kind = self.head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            self.shared.violation(format!("content type {kind:?} of a POST"));
            return Vec::new();
        }
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    async fn place(&self) -> Result<Response<Full<Bytes>>, Trouble> {
        let shared = &self.shared;
        let mut warnings = Vec::new();
        let protocol = shared.options.protocol;
        let order = match protocol {
            Protocol::Twilio => Order::parse(&self.form(), &shared.options, &mut warnings),
            Protocol::Telnyx => telnyx::order(&self.form(), &shared.options, &mut warnings),
        };
        for warning in warnings {
            shared.violation(warning);
        }
        let order = order.map_err(|refusal| Trouble::Error(StatusCode::BAD_REQUEST, refusal))?;
        let attempt = {
            let mut state = shared.state();
            let (orders, _) = state.numbers.entry(order.to.clone()).or_default();
            *orders += 1;
            *orders
        };
        let faults = &shared.options.faults;
        let dice = Dice::new(shared.options.seed, &order.to, attempt);
        if dice.below("429", faults.reply_429) {
            shared.count(|f| &mut f.reply_429);
            return trouble(StatusCode::TOO_MANY_REQUESTS, 20429, "too many requests");
        }
        if dice.below("500 before", faults.reply_500_before) {
            shared.count(|f| &mut f.reply_500_before);
            return trouble(StatusCode::INTERNAL_SERVER_ERROR, 20500, "internal server error");
        }
        let url = order.url.clone().unwrap_or_default();
        let new = shared.open_call(&order.to, &order.from, &url);
        let sid = new.sid.clone();
        let (from, to) = (order.from.clone(), order.to.clone());
        call::place(shared, order, new);
        if dice.below("500 after", faults.reply_500_after) {
            shared.count(|f| &mut f.reply_500_after);
            let refusal = Refusal { code: 20500, reason: "internal server error".into() };
            // Not as trouble: the order was not refused.
            return Ok(answer_error(protocol, StatusCode::INTERNAL_SERVER_ERROR, &refusal));
        }
        if dice.below("lose reply", faults.lose_reply) {
            shared.count(|f| &mut f.lose_reply);
            return Err(Trouble::Cut);
        }
        let (status, call) = match protocol {
            Protocol::Twilio => {
                let mut call = self.call(&sid)?;
                // As it was accepted, however fast the call goes on.
                call["status"] = Status::Queued.as_str().into();
                (StatusCode::CREATED, call)
            }
            Protocol::Telnyx => (StatusCode::OK, json!({ "from": from, "to": to, "status": "queued" })),
        };
        if dice.below("slow", faults.slow) {
            shared.count(|f| &mut f.slow);
            shared.sleep(SLOW).await;
        }
        Ok(reply(status, &call))
    }

    fn call(&self, sid: &str) -> Result<Value, Trouble> {
        let state = self.shared.state();
        match state.by_sid.get(sid).and_then(|index| state.calls.get(*index)) {
            Some(record) => Ok(resource::call(&self.shared.options.account_sid, record)),
            None => trouble(StatusCode::NOT_FOUND, 20404, format!("no call {sid}")),
        }
    }

    fn change(&self, sid: &str) -> Result<Response<Full<Bytes>>, Trouble> {
        let form = self.form();
        self.call(sid)?;
        let order = match form.as_slice() {
            [(name, value)] if name == "Status" && value == "canceled" => Control::Cancel,
            [(name, value)] if name == "Status" && value == "completed" => Control::Complete,
            _ => {
                return trouble(StatusCode::BAD_REQUEST, 21218, "only Status=canceled or completed is simulated");
            }
        };
        let state = self.shared.state();
        let record = state.by_sid.get(sid).and_then(|index| state.calls.get(*index));
        let in_progress = record.is_some_and(|record| record.status == Status::InProgress);
        match state.live.get(sid) {
            Some(control) if order == Control::Complete || !in_progress => {
                control.send_replace(order);
            }
            _ => {
                return trouble(StatusCode::BAD_REQUEST, 21220, "the call is not in a state to be changed");
            }
        }
        drop(state);
        Ok(reply(StatusCode::OK, &self.call(sid)?))
    }

    fn list(&self) -> Response<Full<Bytes>> {
        let query: Fields =
            form_urlencoded::parse(self.head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let get = |name: &str| query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let size = get("PageSize").and_then(|text| text.parse().ok()).unwrap_or(50usize).clamp(1, 1000);
        let page = get("Page").and_then(|text| text.parse().ok()).unwrap_or(0usize);
        let day = |record: &CallRecord| time(record).strftime("%Y-%m-%d").to_string();
        let state = self.shared.state();
        // The newest first.
        let mut found = state.calls.iter().rev().filter(|record| {
            get("To").is_none_or(|to| record.to == to)
                && get("From").is_none_or(|from| record.from == from)
                && get("Status").is_none_or(|status| record.status.as_str() == status)
                && get("StartTime>").is_none_or(|from| day(record).as_str() >= from)
        });
        let mut found = found.by_ref().skip(page.saturating_mul(size));
        let calls: Vec<Value> =
            found.by_ref().take(size).map(|record| resource::call(&self.shared.options.account_sid, record)).collect();
        let path = self.head.uri.path();
        let next = found.next().map(|_| {
            let mut query = query.clone();
            query.retain(|(name, _)| name != "Page");
            query.push(("Page".into(), (page + 1).to_string()));
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
            format!("{path}?{query}")
        });
        let body = json!({ "calls": calls, "page": page, "page_size": size, "uri": path, "next_page_uri": next });
        reply(StatusCode::OK, &body)
    }
}
