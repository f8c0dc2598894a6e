//! Callbacks: verified, read, and written as one event under a key of its own. Nothing is read from the store, and a
//! callback that is repeated writes the same key again.

use crate::attempt::{CallId, Event, News, Said};
use crate::problem::Problem;
use crate::provider::{Account, Provider, RawRequest, WebhookError};
use crate::store::{Store, StoreError};
use crate::suppression;
use crate::vault::Identity;

/// Takes a status or machine-detection callback of `call`, whose id was [opened](CallId::open) before anything that costs
/// more. One `set`, or none where it tells nothing.
pub async fn take<S: Store>(
    store: &S,
    provider: Provider,
    account: &Account,
    call: &CallId,
    request: &RawRequest<'_>,
    now_ms: i64,
) -> Result<(), Problem> {
    let verified = provider.verify(request, account, now_ms / 1000).map_err(WebhookError::problem)?;
    match provider.parse_news(&verified).map_err(WebhookError::problem)? {
        Some(news) => keep(store, call, news, now_ms).await.map_err(|e| Problem::store(&e)),
        None => Ok(()),
    }
}

/// Keeps news of a call.
pub async fn keep<S: Store>(store: &S, call: &CallId, news: News, now_ms: i64) -> Result<(), StoreError> {
    let event = Event { at_ms: now_ms, news };
    store.set(&event.key(call), &event.encode()).await
}

/// Keeps what was said in a call to `phone` (`None`: it is not known), and what is asked for with it, in one write.
pub async fn keep_said<S: Store>(
    store: &S,
    identity: &Identity,
    call: &CallId,
    phone: Option<&str>,
    news: News,
    now_ms: i64,
) -> Result<(), StoreError> {
    match phone.filter(|_| news == News::Dialog(Said::DoNotCall)) {
        Some(phone) => {
            let event = Event { at_ms: now_ms, news };
            let pair = (event.key(call), event.encode());
            store.set_many(&suppression::asked_in_call(identity, phone, pair, now_ms)).await
        }
        None => keep(store, call, news, now_ms).await,
    }
}
