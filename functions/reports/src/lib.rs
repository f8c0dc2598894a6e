//! Figures and exports, and whether the application is ready.

mod attempts;

use dering::problem::Problem;
use dering::report;
use dering::store::Store;
use dering::tick;
use edge::request::Head;
use edge::{Reply, answer, auth, clock, config, request, response, store::SpinStore};
use serde_json::json;
use spin_sdk::http::Request;
use spin_sdk::http_service;

const LIMIT_MS: u64 = 30_000;

#[http_service]
async fn handle(request: Request) -> Reply {
    answer(LIMIT_MS, route(request)).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    let (head, _) = request::open(request);
    if head.method() != "GET" {
        return Ok(response::method_not_allowed("GET"));
    }
    match head.segments().as_slice() {
        ["v1", "health"] => return Ok(response::json(200, &json!({ "status": "ok" }))),
        ["v1", "ready"] => return ready().await,
        _ => auth::require_admin(&head).await?,
    }
    let shards = config::shards().await?;
    match head.segments().as_slice() {
        ["v1", "campaigns", id, "report"] => {
            if let Some(word) = head.parameter("by") {
                let by =
                    report::By::named(&word).ok_or_else(|| Problem::parameter("by", "office, occasion or list"))?;
                return Ok(response::json(200, &report::split(&SpinStore, shards, id, by).await?));
            }
            let report = report::campaign(&SpinStore, shards, id, clock::now_ms()).await?;
            Ok(response::json(200, &report))
        }
        ["v1", "reports", "annual"] => {
            let year = match head.parameter("year") {
                None => None,
                Some(text) => Some(text.parse::<i16>().map_err(|_| Problem::parameter("year", "a year such as 2026"))?),
            };
            let now = dering::hours::local_date(dering::hours::COUNTRY_ZONES[0], clock::now_ms());
            let year = year.or(now.map(|d| d.year())).unwrap_or_default();
            Ok(response::json(200, &report::annual(&SpinStore, shards, year).await?))
        }
        ["v1", "contacts", contact, "why"] => why(contact, &head, shards).await,
        ["v1", "exports", "attempts"] => attempts::export(&head, shards).await,
        _ => Err(response::not_found()),
    }
}

/// Whether calls can be made: the variables are set and the store answers.
async fn ready() -> Result<Reply, Problem> {
    config::vault().await?;
    config::public_url().await?;
    SpinStore.get(&dering::store::keys::shards()).await.map_err(|e| Problem::store(&e))?;
    Ok(response::json(200, &json!({ "status": "ready" })))
}

/// Why a contact is or is not called, now or at the moment `at`.
async fn why(contact: &str, head: &Head, shards: u16) -> Result<Reply, Problem> {
    let at_ms = match head.parameter("at") {
        None => clock::now_ms(),
        Some(text) => {
            let at = text.parse::<jiff::Timestamp>();
            at.map_err(|_| Problem::parameter("at", "a time such as 2027-03-01T09:00:00+07:00"))?.as_millisecond()
        }
    };
    let vault = config::vault().await?;
    let limits = config::person_limits().await?;
    let legal_hours = config::legal_hours().await?;
    let asked = tick::Asked { contact, at_ms, shards, limits, legal_hours: &legal_hours };
    Ok(response::json(200, &tick::why(&SpinStore, &vault, &asked).await?))
}
