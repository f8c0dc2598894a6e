//! Call instructions and key presses. What was said so far travels, signed, in the next step's URL; an event is
//! written only when it matters.

mod inbound;
mod outbound;

use dering::flow::Place;
use dering::hours::{COUNTRY_ZONES, Hours};
use dering::problem::Problem;
use dering::provider::{Input, Provider, Verified, WebhookError};
use dering::vault::Vault;
use edge::request::Head;
use edge::{Reply, answer, clock, config, request, response};
use spin_sdk::http::Request;
use spin_sdk::http_service;

const BODY_MAX: u64 = 64 << 10;
/// Providers give up after 15 s, and the callee hears silence meanwhile.
const LIMIT_MS: u64 = 8_000;

#[http_service]
async fn handle(request: Request) -> Reply {
    answer(LIMIT_MS, route(request)).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    let (head, mut body) = request::open(request);
    let segments = head.segments();
    match segments.as_slice() {
        ["hooks", provider, "inbound"] => inbound::received(provider, &head, &mut body).await,
        ["hooks", provider, "inbound", "step"] => inbound::step(provider, &head, &mut body).await,
        ["hooks", provider, call, "answer"] => outbound::answered(provider, call, &head, &mut body).await,
        ["hooks", provider, call, "step"] => outbound::step(provider, call, &head, &mut body).await,
        _ => Err(response::not_found()),
    }
}

/// A webhook that was verified, and what it says.
struct Hook {
    provider: Provider,
    verified: Verified,
    public_url: String,
}

impl Hook {
    async fn read(provider: &str, head: &Head, body: &mut request::Body) -> Result<Self, Problem> {
        let provider = Provider::named(provider).ok_or_else(response::not_found)?;
        let public_url = config::public_url().await?;
        let account = config::signing_account(provider).await?;
        let url = head.webhook_url(&public_url);
        let bytes = body.bytes(BODY_MAX).await?;
        let verified = provider.verify(&head.webhook(&url, &bytes), &account, clock::now_ms() / 1000);
        let verified = verified.map_err(WebhookError::problem)?;
        Ok(Hook { provider, verified, public_url })
    }

    fn input(&self) -> Result<Input, Problem> {
        self.provider.parse_input(&self.verified).map_err(WebhookError::problem)
    }

    fn reply(&self, verbs: &[dering::flow::Verb]) -> Reply {
        let markup = self.provider.render(verbs);
        response::text(markup.content_type, markup.body)
    }
}

/// The URL of a call's next step. Its place in the script is signed together with the call.
fn link(vault: &Vault, base: &str, subject: &str, place: &Place) -> String {
    let token = place.encode();
    let mac = vault.hash(b"step", format!("{subject}|{token}").as_bytes());
    format!("{base}?s={token}&m={mac}")
}

/// The place named by a step's URL; refused if it is not one of ours for this call.
fn place(vault: &Vault, subject: &str, head: &Head) -> Result<Place, Problem> {
    let token = head.parameter("s").unwrap_or_default();
    let expected = vault.hash(b"step", format!("{subject}|{token}").as_bytes());
    let given = head.parameter("m").unwrap_or_default();
    match Place::decode(&token) {
        Some(place) if edge::auth::same_secret(&expected, &given) => Ok(place),
        _ => Err(Problem::new(
            403,
            "step_unknown",
            "This step belongs to no call",
            "the step in the URL was not given out for this call",
            "Only the URLs in our call instructions can be called.",
        )),
    }
}

/// Whether officers answer now. Hours nobody can read mean: no officer.
async fn officer_line(now_ms: i64) -> Result<Option<String>, Problem> {
    let Some(line) = config::officer_line().await? else { return Ok(None) };
    let hours = config::officer_hours().await?.and_then(|text| Hours::from_json(&text).ok());
    let open = hours.is_some_and(|h| h.cover(COUNTRY_ZONES[0], now_ms));
    Ok(open.then_some(line))
}
