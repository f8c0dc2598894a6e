//! A tiny service to be called: it holds a short script, and notes every request with its fields.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use bytes::Bytes;
use dering_carrier::{Carrier, Options, sign};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpListener;

/// One request to the service.
#[derive(Clone, Debug)]
pub struct Seen {
    pub call: String,
    pub step: String,
    pub fields: HashMap<String, String>,
    pub signed: bool,
}

impl Seen {
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// What a test wants answered instead of the script: status, content type, body.
pub type Override = Box<dyn Fn(&Seen, usize) -> Option<(u16, &'static str, String)> + Send + Sync>;

pub struct Service {
    pub base: String,
    seen: Mutex<Vec<Seen>>,
    script: Override,
    token: String,
}

impl Service {
    /// `script` is asked first, with the request and how many like it (call and step) came before.
    pub async fn start(script: Override) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let token = Options::default().auth_token;
        let service = Arc::new(Self { base, seen: Mutex::default(), script, token });
        let serving = Arc::clone(&service);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = Arc::clone(&serving);
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(
                    TokioIo::new(stream),
                    service_fn(move |request| Arc::clone(&service).answer(request)),
                ));
            }
        });
        service
    }

    pub async fn scripted() -> Arc<Self> {
        Self::start(Box::new(|_, _| None)).await
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("lock").clone()
    }

    /// Requests of one kind for one call, in the order of arrival.
    pub fn of(&self, call: &str, step: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|s| s.call == call && s.step == step).collect()
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
        let target = head.uri.path_and_query().map_or("", |target| target.as_str());
        let expected = sign(&self.token, &format!("{}{target}", self.base), &form);
        let signature = head.headers.get("X-Twilio-Signature").and_then(|value| value.to_str().ok());
        let query = form_urlencoded::parse(head.uri.query().unwrap_or("").as_bytes()).into_owned();
        let mut path = head.uri.path().trim_start_matches("/hooks/twilio/").split('/');
        let seen = Seen {
            call: path.next().unwrap_or("").to_owned(),
            step: path.next().unwrap_or("").to_owned(),
            fields: query.chain(form.iter().cloned()).collect(),
            signed: signature == Some(&expected),
        };
        let earlier = {
            let mut all = self.seen.lock().expect("lock");
            let earlier = all.iter().filter(|s| s.call == seen.call && s.step == seen.step).count();
            all.push(seen.clone());
            earlier
        };
        let (status, kind, body) = (self.script)(&seen, earlier).unwrap_or_else(|| script(&seen));
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        if !kind.is_empty() {
            response.headers_mut().insert("Content-Type", kind.parse().expect("a content type"));
        }
        Ok(response)
    }
}

pub const IDENTITY: &str = "Apakah ini Bapak A? Jika ya tekan satu, jika bukan tekan dua.";
pub const OTHERS: &str = "Jika ini bukan nomor Bapak A tekan satu, jika lain waktu tekan dua.";
pub const MENU: &str = "Akan membayar tekan satu, petugas tekan dua, sudah tekan tiga, berhenti tekan sembilan.";
pub const THANKS: &str = "Terima kasih.";

pub fn twiml(body: &str) -> (u16, &'static str, String) {
    (200, "text/xml; charset=utf-8", format!("<?xml version=\"1.0\"?><Response>{body}</Response>"))
}

fn ask(call: &str, step: &str, text: &str) -> (u16, &'static str, String) {
    twiml(&format!(
        r#"<Gather numDigits="1" timeout="6" finishOnKey="" actionOnEmptyResult="true" action="/hooks/twilio/{call}/{step}?a=1&amp;b=2"><Say voice="Google.id-ID-Wavenet-A" language="id-ID">{text}</Say></Gather>"#
    ))
}

fn script(seen: &Seen) -> (u16, &'static str, String) {
    let call = &seen.call;
    match (seen.step.as_str(), seen.field("Digits")) {
        ("answer", _) => ask(call, "identity", IDENTITY),
        ("identity", "1") => ask(call, "menu", MENU),
        ("identity", "2") => ask(call, "others", OTHERS),
        ("menu", "2") => twiml(&format!(
            r#"<Dial timeout="20" action="/hooks/twilio/{call}/dialled"><Number url="/hooks/twilio/{call}/whisper">+622150000200</Number></Dial>"#
        )),
        ("whisper", _) => twiml("<Say>Wajib pajak menunggu.</Say>"),
        ("status" | "amd", _) => (204, "", String::new()),
        _ => twiml(&format!("<Say>{THANKS}</Say><Hangup/>")),
    }
}

/// The form of a usual order for call `id` to `to`.
pub fn order(service: &Service, id: &str, to: &str) -> Vec<(String, String)> {
    let hooks = format!("{}/hooks/twilio/{id}", service.base);
    [
        ("To", to),
        ("From", &Options::default().caller_ids[0]),
        ("Url", &format!("{hooks}/answer")),
        ("StatusCallback", &format!("{hooks}/status")),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
        ("Timeout", "25"),
        ("MachineDetection", "Enable"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", &format!("{hooks}/amd")),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// Replaces a parameter, or takes it out.
pub fn with(mut form: Vec<(String, String)>, name: &str, value: Option<&str>) -> Vec<(String, String)> {
    form.retain(|(n, _)| n != name);
    form.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    form
}

/// A client of the carrier's API.
pub struct Api<'a> {
    pub carrier: &'a Carrier,
    pub user: String,
    pub password: String,
    pub content_type: &'static str,
}

impl<'a> Api<'a> {
    pub fn new(carrier: &'a Carrier) -> Self {
        let Options { api_key, api_secret, .. } = carrier.options().clone();
        Self { carrier, user: api_key, password: api_secret, content_type: "application/x-www-form-urlencoded" }
    }

    /// The answer's status and JSON; none if the connection was cut.
    pub async fn call(&self, method: &str, path: &str, form: &[(String, String)]) -> Option<(u16, Value)> {
        let pair = format!("{}:{}", self.user, self.password);
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        let account = &self.carrier.options().account_sid;
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/2010-04-01/Accounts/{account}/{path}", self.carrier.base_url()))
            .header("Authorization", format!("Basic {pair}"))
            .header("Content-Type", self.content_type)
            .body(Full::new(Bytes::from(body)))
            .expect("a request");
        let client = Client::builder(TokioExecutor::new()).build_http();
        let response = client.request(request).await.ok()?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.ok()?.to_bytes();
        Some((status, serde_json::from_slice(&body).expect("JSON")))
    }

    pub async fn place(&self, form: &[(String, String)]) -> Option<(u16, Value)> {
        self.call("POST", "Calls.json", form).await
    }
}
