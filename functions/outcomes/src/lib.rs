//! Status and machine-detection callbacks: verified, parsed, written as one event under a key of its own, answered 204.
//! Nothing is read; a callback that is repeated writes the same key again.

use dering::attempt::{CallId, CallIdError};
use dering::callback;
use dering::problem::Problem;
use dering::provider::Provider;
use edge::{Reply, answer, clock, config, request, response, store::SpinStore};
use spin_sdk::http::Request;
use spin_sdk::http_service;

/// Callbacks are a few hundred bytes; providers of richer ones stay below this.
const BODY_MAX: u64 = 64 << 10;
/// Providers give up after 15 s.
const LIMIT_MS: u64 = 10_000;

#[http_service]
async fn handle(request: Request) -> Reply {
    answer(LIMIT_MS, accept(request)).await
}

async fn accept(request: Request) -> Result<Reply, Problem> {
    let (head, mut body) = request::open(request);
    let segments = head.segments();
    let ["hooks", provider, call, "status" | "machine"] = segments.as_slice() else {
        return Err(response::not_found());
    };
    let provider = Provider::named(provider).ok_or_else(response::not_found)?;
    let now_ms = clock::now_ms();
    // The id first: a forged one is refused before anything costs more than a hash.
    let call = CallId::open(call, &*config::identity().await?, now_ms / 1000).map_err(CallIdError::problem)?;
    let account = config::signing_account(provider).await?;
    let url = head.webhook_url(&config::public_url().await?);
    let bytes = body.bytes(BODY_MAX).await?;
    callback::take(&SpinStore, provider, &account, &call, &head.webhook(&url, &bytes), now_ms).await?;
    Ok(response::no_content())
}
