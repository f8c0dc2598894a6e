//! Campaigns, the do-not-call list, holidays.

mod holidays;
mod suppressions;

use dering::campaign::{self, Action, Campaign, State};
use dering::forecast::{self, Engine, Question};
use dering::problem::Problem;
use edge::request::{Body, Head};
use edge::{Reply, answer, auth, clock, config, request, response, store::SpinStore};
use serde_json::{Value, json};
use spin_sdk::http::Request;
use spin_sdk::http_service;

const BODY_MAX: u64 = 256 << 10;
/// A large do-not-call list on a slow line takes minutes; everything else is done in seconds.
const LIMIT_MS: u64 = 10 * 60_000;

#[http_service]
async fn handle(request: Request) -> Reply {
    answer(LIMIT_MS, route(request)).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    let (head, mut body) = request::open(request);
    auth::require_admin(&head).await?;
    match (head.method(), head.segments().as_slice()) {
        ("GET", ["v1", "campaigns"]) => {
            let shelf = campaign::read(&SpinStore).await?;
            let all: Vec<Value> = shelf.campaigns.iter().map(Campaign::to_json).collect();
            Ok(response::json(200, &json!({ "campaigns": all })))
        }
        ("POST", ["v1", "campaigns"]) => create(&head, &mut body).await,
        (_, ["v1", "campaigns"]) => Ok(response::method_not_allowed("GET, POST")),
        ("GET", ["v1", "campaigns", id]) => {
            let shelf = campaign::read(&SpinStore).await?;
            Ok(shown(200, shelf.get(id).ok_or_else(|| campaign::unknown(id))?))
        }
        ("PATCH", ["v1", "campaigns", id]) => patch(id, &head, &mut body).await,
        ("DELETE", ["v1", "campaigns", id]) => delete(id).await,
        (_, ["v1", "campaigns", _]) => Ok(response::method_not_allowed("GET, PATCH, DELETE")),
        ("POST", ["v1", "campaigns", id, "start"]) => act(id, Action::Start).await,
        ("POST", ["v1", "campaigns", id, "pause"]) => act(id, Action::Pause).await,
        ("POST", ["v1", "campaigns", id, "resume"]) => act(id, Action::Resume).await,
        ("POST", ["v1", "campaigns", id, "finish"]) => act(id, Action::Finish).await,
        ("POST", ["v1", "campaigns", id, "forecast"]) => predict(id, &head, &mut body).await,
        (_, ["v1", "campaigns", _, "start" | "pause" | "resume" | "finish" | "forecast"]) => {
            Ok(response::method_not_allowed("POST"))
        }
        ("GET", ["v1", "holidays"]) => holidays::all().await,
        (_, ["v1", "holidays"]) => Ok(response::method_not_allowed("GET")),
        ("GET", ["v1", "holidays", calendar, year]) => holidays::show(calendar, year).await,
        ("PUT", ["v1", "holidays", calendar, year]) => holidays::put(calendar, year, &head, &mut body).await,
        ("DELETE", ["v1", "holidays", calendar, year]) => holidays::delete(calendar, year).await,
        (_, ["v1", "holidays", _, _]) => Ok(response::method_not_allowed("GET, PUT, DELETE")),
        ("GET", ["v1", "suppressions"]) => suppressions::download(&head).await,
        ("POST", ["v1", "suppressions"]) => suppressions::enter(&head, &mut body).await,
        (_, ["v1", "suppressions"]) => Ok(response::method_not_allowed("GET, POST")),
        ("DELETE", ["v1", "suppressions", id]) => suppressions::lift(id).await,
        (_, ["v1", "suppressions", _]) => Ok(response::method_not_allowed("DELETE")),
        _ => Err(response::not_found()),
    }
}

fn shown(status: u16, campaign: &Campaign) -> Reply {
    response::with_version(response::json(status, &campaign.to_json()), campaign.version)
}

async fn create(head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let (id, settings) = Campaign::parse(body.json(head, BODY_MAX).await?)?;
    settings.check_legal_hours(&config::legal_hours().await?)?;
    settings.check_holidays(&campaign::read(&SpinStore).await?.holidays)?;
    let id = match (id, head.header("idempotency-key")) {
        (Some(id), _) => id,
        (None, Some(key)) => campaign::id_for_key(&*config::identity().await?, key)?,
        (None, None) => format!("c-{}", clock::random::<6>().iter().map(|b| format!("{b:02x}")).collect::<String>()),
    };
    let mut created = false;
    let campaign = campaign::edit(&SpinStore, clock::sleep_ms, &id, |current| match current {
        None => {
            created = true;
            Ok(Some(Campaign { id: id.clone(), state: State::Draft, version: 0, settings: settings.clone() }))
        }
        // The same again: a client that did not hear the first answer.
        Some(c) if c.settings == settings => Ok(Some(c.clone())),
        Some(_) => Err(Problem::new(
            409,
            "campaign_exists",
            "There is such a campaign already",
            format!("the campaign \"{id}\" exists with other settings"),
            "Choose another id (or Idempotency-Key), or change the campaign with PATCH.",
        )),
    })
    .await?;
    let campaign = campaign.ok_or_else(|| campaign::unknown(&id))?;
    Ok(shown(if created { 201 } else { 200 }, &campaign))
}

async fn patch(id: &str, head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let change: Value = body.json(head, BODY_MAX).await?;
    let expected = head.if_match()?;
    let legal_hours = config::legal_hours().await?;
    let known = campaign::read(&SpinStore).await?.holidays;
    let campaign = campaign::edit(&SpinStore, clock::sleep_ms, id, |current| {
        let current = current.ok_or_else(|| campaign::unknown(id))?;
        if expected.is_some_and(|version| version != current.version) {
            return Err(Problem::new(
                412,
                "version_mismatch",
                "The campaign was changed meanwhile",
                format!("it is at version {}", current.version),
                "Get the campaign again, look at what changed, and send your change with the new ETag.",
            ));
        }
        let settings = current.patched(&change)?;
        settings.check_legal_hours(&legal_hours)?;
        settings.check_holidays(&known)?;
        Ok(Some(Campaign { settings, ..current.clone() }))
    })
    .await?;
    Ok(shown(200, &campaign.ok_or_else(|| campaign::unknown(id))?))
}

async fn act(id: &str, action: Action) -> Result<Reply, Problem> {
    let campaign = campaign::edit(&SpinStore, clock::sleep_ms, id, |current| {
        let current = current.ok_or_else(|| campaign::unknown(id))?;
        Ok(Some(Campaign { state: current.after(action)?, ..current.clone() }))
    })
    .await?;
    Ok(shown(200, &campaign.ok_or_else(|| campaign::unknown(id))?))
}

/// A dry run of what is left of a campaign; an empty body asks without prices.
async fn predict(id: &str, head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let question = match head.header("content-type") {
        None => Question::default(),
        Some(_) => body.json(head, BODY_MAX).await?,
    };
    let engine = Engine { shards: config::shards().await?, legal_hours: &config::legal_hours().await? };
    let (settings, forecast) = forecast::campaign(&SpinStore, &engine, id, clock::now_ms()).await?;
    Ok(response::json(200, &forecast.to_json(&settings, &question)))
}

async fn delete(id: &str) -> Result<Reply, Problem> {
    campaign::edit(&SpinStore, clock::sleep_ms, id, |current| match current {
        None => Ok(None),
        Some(c) if c.state == State::Draft || c.state == State::Finished => Ok(None),
        Some(_) => Err(Problem::new(
            409,
            "wrong_state",
            "The campaign's state does not allow this",
            "only a draft or a finished campaign can be deleted",
            "Finish the campaign first.",
        )),
    })
    .await?;
    Ok(response::no_content())
}
