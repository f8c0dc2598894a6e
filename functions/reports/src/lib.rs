//! Figures and exports, and whether the application is ready.

use dering::assist::{self, Note};
use dering::problem::Problem;
use dering::report;
use dering::store::Store;
use dering::tick::{self, Attempt};
use edge::request::Head;
use edge::{Reply, answer, auth, clock, config, request, response, store::SpinStore};
use serde_json::{Value, json};
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
        ["v1", "exports", "attempts"] => attempts(&head, shards).await,
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

/// A campaign's attempts as JSON Lines, newest first; `link` leads to the next part. What agents noted is personal, so it
/// is opened only if it is asked for.
async fn attempts(head: &Head, shards: u16) -> Result<Reply, Problem> {
    let campaign = head.parameter("campaign").ok_or_else(|| Problem::parameter("campaign", "a campaign's id"))?;
    // A cursor is shard.ballot; without one it begins with the newest page of shard 0.
    let cursor = head.parameter("after");
    let (shard, from) = match &cursor {
        None => (0, None),
        Some(text) => text
            .split_once('.')
            .and_then(|(s, b)| Some((s.parse::<u16>().ok()?, Some(b.parse::<u64>().ok()?).filter(|b| *b > 0))))
            .filter(|(s, _)| *s < shards)
            .ok_or_else(|| Problem::parameter("after", "the cursor of a `link` header"))?,
    };
    let page = report::attempts(&SpinStore, shard, &campaign, from).await?;
    let mut lines = String::new();
    let notes = match head.parameter("notes").as_deref() {
        None | Some("false") => Vec::new(),
        Some("true") => {
            let calls: Vec<_> = page.attempts.iter().map(|a| (a.list.as_str(), a.call)).collect();
            let vault = config::vault().await?;
            assist::notes(&SpinStore, &vault, shard, &calls).await?
        }
        Some(_) => return Err(Problem::parameter("notes", "true or false")),
    };
    let mut notes = notes.into_iter();
    for attempt in &page.attempts {
        lines.push_str(&line(shard, attempt, notes.next().flatten()).to_string());
        lines.push('\n');
    }
    let reply = response::text("application/jsonl", lines);
    let next = match page.next {
        Some(ballot) => Some(format!("{shard}.{ballot}")),
        None if shard + 1 < shards => Some(format!("{}.0", shard + 1)),
        None => None,
    };
    Ok(match next {
        Some(cursor) => {
            let notes = if head.parameter("notes").as_deref() == Some("true") { "&notes=true" } else { "" };
            let link = format!("</v1/exports/attempts?campaign={campaign}&after={cursor}{notes}>; rel=\"next\"");
            response::with_header(reply, http::header::LINK, &link)
        }
        None => reply,
    })
}

fn line(shard: u16, a: &Attempt, note: Option<Note>) -> Value {
    let mut line = json!({
        "campaign": a.campaign,
        "list": a.list,
        "row": a.row,
        "other_rows": a.other_rows,
        "call": format!("{shard}.{}.{}", a.call.0, a.call.1),
        "attempt": a.attempt,
        "disposition": a.disposition,
        "talk_s": a.talk_s,
        "dial_at": report::rfc3339(a.dial_at_ms),
        "folded_at": report::rfc3339(a.folded_at_ms),
        "provider_call": a.provider_call,
        "end": a.end,
        "late": a.late,
    });
    if let (Some(Note { agent, text, at_ms }), Some(line)) = (note, line.as_object_mut()) {
        line.insert("note".into(), json!({ "agent": agent, "text": text, "at": report::rfc3339(at_ms) }));
    }
    line
}
