//! Telephony providers. One folder each, the same four things in each: place a call, verify a webhook, parse a
//! webhook into our news, render the flow. Pure functions over bytes and headers; no I/O.
//!
//! Adding a provider: its folder, one variant of [`Provider`], and the arms the compiler then asks for.

mod answer;
mod form;
mod markup;
pub mod telnyx;
#[cfg(test)]
mod testing;
pub mod twilio;

use crate::attempt::{News, Refusal};
use crate::campaign::Limits;
use crate::flow::Verb;
use crate::problem::Problem;
use std::fmt;

/// The registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Twilio,
    Telnyx,
}

/// A webhook as it was received. `url` is rebuilt from the configured public URL and the raw path and query, never
/// from headers a client can set.
#[derive(Debug, Clone, Copy)]
pub struct RawRequest<'a> {
    pub method: &'a str,
    pub url: &'a str,
    /// Names in lower case.
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
}

impl RawRequest<'_> {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// A webhook whose signature was checked: the only thing that can be parsed.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Decoded fields, the form's, then the query's where that is signed: of one name, the form's is taken.
    fields: Vec<(String, String)>,
}

impl Verified {
    /// The first value of a field; `None` if absent.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Why a webhook is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookError {
    /// No signature, or one that does not match.
    Signature,
    /// No signing secret is configured: nothing can be believed.
    NoSecret,
    /// Genuine, but not in the provider's format.
    Format,
}

impl WebhookError {
    /// The refusal.
    pub fn problem(self) -> Problem {
        match self {
            WebhookError::Signature => Problem::new(
                403,
                "signature_invalid",
                "The signature does not match",
                "the webhook is not signed, or not for this URL and body with a secret known here, or it is too old",
                "Check that `public_url` is the URL the provider calls, and that the signing secret is the current one.",
            ),
            WebhookError::NoSecret => Problem::new(
                503,
                "not_configured",
                "The application is not configured",
                "no secret is set to check this provider's webhooks with",
                "Set the provider's signing secret; until then no webhook can be believed.",
            ),
            WebhookError::Format => Problem::new(
                422,
                "webhook_format",
                "The webhook is not understood",
                "it is genuine, but not in the provider's documented format",
                "Report this as a defect, with the provider's record of the request.",
            ),
        }
    }
}

/// A call to place.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// E.164.
    pub to: &'a str,
    /// E.164, one of the campaign's caller ids.
    pub from: &'a str,
    /// The sealed call id.
    pub call: &'a str,
    /// `https://host[:port]`, no trailing slash: what the provider calls.
    pub public_url: &'a str,
    pub ring_s: u32,
    pub talk_s: u32,
}

/// An HTTP request for the provider's API.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiRequest {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl fmt::Debug for ApiRequest {
    /// Without headers and body: they hold credentials and a phone number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

/// What the provider's answer to an order means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placing {
    Placed {
        /// Empty where the answer does not name it.
        provider_call: String,
    },
    /// Surely not placed. `retry_after_s` where the provider says it.
    Refused { refusal: Refusal, code: String, retry_after_s: Option<u32> },
    /// It may ring or not: never place again under the same claim.
    Unclear,
}

/// Markup for the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Markup {
    pub content_type: &'static str,
    pub body: String,
}

/// What a provider's webhook says to the call flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The call was answered (outbound) or came in (inbound).
    Connected { from: String, to: String, provider_call: String, machine: bool },
    /// Keys pressed; empty where the time ran out.
    Keys(String),
    /// The transfer ended.
    Transfer { bridged: bool },
}

/// Accounts and secrets of a provider; what is missing is empty. What `account`, `key` and `secret` are, each provider's folder
/// says.
#[derive(Clone, Default)]
pub struct Account {
    pub base_url: String,
    pub account: String,
    pub key: String,
    pub secret: String,
    /// Newest first; each is accepted.
    pub signing_secrets: Vec<SigningSecret>,
    /// What the provider lets the account do, for all campaigns together.
    pub limits: Limits,
}

/// One secret that signs webhooks.
#[derive(Clone)]
pub struct SigningSecret {
    /// For schemes that name the key.
    pub key_id: Option<String>,
    /// A shared secret, or a public key.
    pub secret: String,
}

impl Provider {
    /// All of them.
    pub const ALL: [Provider; 2] = [Provider::Twilio, Provider::Telnyx];

    /// The provider's name in paths and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Provider::Twilio => "twilio",
            Provider::Telnyx => "telnyx",
        }
    }

    /// The provider of that name.
    pub fn named(name: &str) -> Option<Self> {
        Provider::ALL.into_iter().find(|p| p.name() == name)
    }

    /// The request that places a call.
    pub fn place(self, order: &Order<'_>, account: &Account) -> ApiRequest {
        match self {
            Provider::Twilio => twilio::place(order, account),
            Provider::Telnyx => telnyx::place(order, account),
        }
    }

    /// What the answer to that request means. Header names in lower case.
    pub fn placed(self, status: u16, headers: &[(String, String)], body: &[u8]) -> Placing {
        match self {
            Provider::Twilio => twilio::placed(status, headers, body),
            Provider::Telnyx => telnyx::placed(status, headers, body),
        }
    }

    /// Checks a webhook's signature, and its age where that is signed. `now_s`: Unix seconds.
    pub fn verify(self, request: &RawRequest<'_>, account: &Account, now_s: i64) -> Result<Verified, WebhookError> {
        match self {
            Provider::Twilio => twilio::verify(request, &account.signing_secrets),
            Provider::Telnyx => telnyx::verify(request, &account.signing_secrets, now_s),
        }
    }

    /// The news in a status or machine-detection callback; `None` if it tells nothing we keep.
    pub fn parse_news(self, request: &Verified) -> Result<Option<News>, WebhookError> {
        match self {
            Provider::Twilio => twilio::parse_news(request),
            Provider::Telnyx => telnyx::parse_news(request),
        }
    }

    /// What a request for call instructions says.
    pub fn parse_input(self, request: &Verified) -> Result<Input, WebhookError> {
        match self {
            Provider::Twilio => twilio::parse_input(request),
            Provider::Telnyx => telnyx::parse_input(request),
        }
    }

    /// The flow's verbs in the provider's language.
    pub fn render(self, verbs: &[Verb]) -> Markup {
        match self {
            Provider::Twilio => twilio::render(verbs),
            Provider::Telnyx => telnyx::render(verbs),
        }
    }
}
