//! A telephone carrier for the demo, the end-to-end tests and the benchmarks: an HTTP server on loopback that speaks
//! Twilio's REST API as a client sees it, or that of Telnyx for TeXML, calls the client's webhooks as they do, and plays
//! the people called.
//!
//! - **Reproducible.** What becomes of a call depends on the seed, the number and how often it was called before, not
//!   on timing: see [`behaviour()`]. The time of a call passes only while it waits, so a slow host lengthens none.
//! - **Strict.** Whatever a client or a webhook does against the carrier's documentation is kept as a violation, and
//!   answered with the carrier's own error where it answers at all.
//! - **Unkind on request.** [`Faults`] repeat, reorder, delay and lose callbacks, and spoil answers.
//!
//! Durations of the simulated world are divided by [`Options::speed`]; network time-outs are not. Webhooks go out over
//! http only. Without faults the callbacks of one call arrive in order, which is kinder than the real carrier.

mod address;
mod behaviour;
mod call;
mod courier;
mod delivery;
mod dialogue;
mod line;
mod order;
mod resource;
mod server;
mod signature;
mod state;
mod telnyx;
mod twiml;
mod xml;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::ensure;
use tokio::net::TcpListener;

pub use behaviour::{Behaviour, Mix, behaviour, officer_answers};
pub use signature::sign;
pub use state::{CallRecord, FaultCounts, Snapshot, Status};

use state::Shared;

/// Whose API and webhooks the carrier speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    #[default]
    Twilio,
    /// Telnyx, by TeXML.
    Telnyx,
}

impl Protocol {
    /// Its name in the paths of webhooks.
    pub fn name(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Telnyx => "telnyx",
        }
    }
}

/// How the carrier is set up. Twilio's words stand for Telnyx's, too: `account_sid` for the organization's id, `api_key` for
/// the TeXML application's, `api_secret` for the API key; `auth_token` is what the key that signs is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// What it speaks.
    pub protocol: Protocol,
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// Durations of the simulated world are divided by it.
    pub speed: f64,
    /// What the people called do.
    pub mix: Mix,
    /// What goes wrong.
    pub faults: Faults,
    /// `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// `SK` and 32 hexadecimal digits: the user name of a client, with `api_secret` as its password.
    pub api_key: String,
    /// Password that belongs to `api_key`.
    pub api_secret: String,
    /// Signs webhooks; also the password of a client that calls itself by `account_sid`.
    pub auth_token: String,
    /// Numbers that may be used as `From`; inbound calls go to the first.
    pub caller_ids: Vec<String>,
    /// How often a status or machine-detection callback that failed by the network or with a 5xx is delivered again,
    /// after the tries the carrier would make. Zero is what the carrier does; more suits tests that restart the host.
    pub max_redeliveries: u32,
    /// Time between such deliveries, by the wall clock.
    pub redelivery_pause: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            protocol: Protocol::default(),
            seed: 1,
            speed: 1.0,
            mix: Mix::default(),
            faults: Faults::default(),
            account_sid: "AC00000000000000000000000000000001".into(),
            api_key: "SK00000000000000000000000000000001".into(),
            api_secret: "carrier-api-secret".into(),
            auth_token: "0123456789abcdef0123456789abcdef".into(),
            caller_ids: vec!["+62215000001".into()],
            max_redeliveries: 0,
            redelivery_pause: Duration::from_millis(500),
        }
    }
}

/// Shares, from 0 to 1, of what goes wrong; decided by the seed. Default: nothing.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Callbacks delivered twice.
    pub duplicate: f64,
    /// Callbacks overtaken by the next one of the same call.
    pub reorder: f64,
    /// Callbacks delivered 5 to 30 s late.
    pub delay: f64,
    /// Callbacks never delivered.
    pub lose: f64,
    /// Orders refused with 429.
    pub reply_429: f64,
    /// Orders refused with 500: no call is placed.
    pub reply_500_before: f64,
    /// Orders answered with 500, although the call is placed.
    pub reply_500_after: f64,
    /// Orders whose connection is cut without an answer, although the call is placed.
    pub lose_reply: f64,
    /// Orders answered only after 20 s; the call is placed at once.
    pub slow: f64,
}

/// An inbound call, after its end.
#[derive(Clone, Debug)]
pub struct InboundRecord {
    /// `CA` (Telnyx: `v3:`) and 32 hexadecimal digits.
    pub sid: String,
    /// Who called.
    pub from: String,
    /// The number called.
    pub to: String,
    /// `Completed`, or `Busy` or `NoAnswer` if it was rejected.
    pub status: Status,
    /// Reason of the rejection.
    pub rejected: Option<String>,
    /// Keys pressed, in order.
    pub keys: String,
    /// Texts said, in order.
    pub heard: Vec<String>,
    /// Was the caller connected to an officer?
    pub transferred: bool,
}

/// The carrier, running. Shut down when dropped.
pub struct Carrier {
    shared: Arc<Shared>,
}

impl Carrier {
    /// Starts a carrier on a free port of loopback.
    ///
    /// # Errors
    /// If the speed is not a positive number, or no port can be had.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        ensure!((1e-3..=1e6).contains(&options.speed), "the speed must be from 0.001 to 1000000");
        ensure!(!options.caller_ids.is_empty(), "a carrier needs a caller ID");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::new(options, base));
        tokio::spawn(server::serve(Arc::clone(&shared), listener));
        Ok(Self { shared })
    }

    /// Where the REST API is, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.shared.base
    }

    /// How the carrier was set up.
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// What Telnyx's webhooks are checked with, in base64.
    pub fn public_key(&self) -> String {
        telnyx::public_key(&self.shared.options.auth_token)
    }

    /// The counters now.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.state().snapshot.clone()
    }

    /// All outbound calls so far, in the order in which they were placed.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.shared.state().calls.clone()
    }

    /// Everything a client or a webhook did against the carrier's documentation, with its error code where it has one.
    pub fn violations(&self) -> Vec<String> {
        self.shared.violations()
    }

    /// Calls `{webhook_base}/hooks/twilio/inbound` (or `telnyx`) as if `from` had dialled the first caller ID, obeys the answer,
    /// and returns when the call is over. The caller presses one of `keys` at each question (as many as it takes
    /// digits); a `.` lets a question pass.
    ///
    /// # Errors
    /// If the call got no usable instructions; the violations tell why.
    pub async fn inbound(&self, webhook_base: &str, from: &str, keys: &str) -> anyhow::Result<InboundRecord> {
        call::inbound(&self.shared, webhook_base, from, keys).await
    }

    /// While down, the API cuts every connection. Calls already placed go on.
    pub fn set_down(&self, down: bool) {
        self.shared.down.store(down, Ordering::Relaxed);
    }

    /// Waits until no call is open and every webhook is delivered or given up; false if that took longer than
    /// `timeout`.
    pub async fn idle(&self, timeout: Duration) -> bool {
        let mut busy = self.shared.busy.subscribe();
        tokio::time::timeout(timeout, busy.wait_for(|count| *count == 0)).await.is_ok_and(|result| result.is_ok())
    }

    /// Ends the server and all calls, without a word to anybody.
    pub fn shutdown(&self) {
        self.shared.stop.send_replace(true);
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.shutdown();
    }
}
