//! Requests of agents and diallers of the house.

use crate::MEMORY;
use dering::assist::{Ask, Desk, Outcome};
use dering::problem::Problem;
use edge::request::{Body, Head};
use edge::{Reply, auth, clock, config, response, store::SpinStore};
use serde::Deserialize;
use serde_json::{Value, json};
use std::rc::Rc;

const BODY_MAX: u64 = 16 << 10;
/// Of a batch of reports.
const BATCH_MAX: u64 = 1 << 20;
/// Calls in one batch.
const CALLS_MAX: usize = 500;

/// Who asks, of requests that say no more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    agent: String,
}

#[derive(Deserialize)]
struct Report {
    agent: String,
    #[serde(flatten)]
    outcome: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Heartbeats {
    agent: String,
    calls: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outcomes {
    agent: String,
    outcomes: Vec<Reported>,
}

#[derive(Deserialize)]
struct Reported {
    call: String,
    #[serde(flatten)]
    outcome: Value,
}

/// Answers the request of that path; `None`: the path is none of theirs.
pub async fn route(path: &[&str], head: &Head, body: &mut Body) -> Option<Result<Reply, Problem>> {
    Some(match path {
        ["v1", "claims" | "heartbeats" | "outcomes"]
        | ["v1", "calls", _, "start" | "heartbeat" | "release" | "outcome"] => match head.method() {
            "POST" => answer(path, head, body).await,
            _ => Ok(response::method_not_allowed("POST")),
        },
        _ => return None,
    })
}

async fn answer(path: &[&str], head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    auth::require_agent(head).await?;
    let vault = config::vault().await?;
    let shards = config::shards().await?;
    let limits = config::person_limits().await?;
    let legal_hours = config::legal_hours().await?;
    let memory = MEMORY.with(Rc::clone);
    let desk = Desk {
        store: &SpinStore,
        vault: &vault,
        shards,
        campaigns: &memory.campaigns,
        limits,
        legal_hours: &legal_hours,
        now_ms: clock::now_ms(),
        nonce: &clock::random,
    };
    match path {
        ["v1", "claims"] => {
            let ask: Ask = body.json(head, BODY_MAX).await?;
            let key = head.header("idempotency-key").unwrap_or_default();
            Ok(response::json(200, &desk.claim(&ask, key).await?))
        }
        ["v1", "heartbeats"] => {
            let Heartbeats { agent, calls } = body.json(head, BATCH_MAX).await?;
            at_most(calls.len())?;
            let mut answers = Vec::new();
            for call in calls {
                answers.push(match desk.heartbeat(&call, &agent).await {
                    Ok(pulse) => with_call(&call, json!(pulse)),
                    Err(problem) => refused(&call, problem)?,
                });
            }
            Ok(response::json(200, &json!({ "calls": answers })))
        }
        ["v1", "outcomes"] => {
            let Outcomes { agent, outcomes } = body.json(head, BATCH_MAX).await?;
            at_most(outcomes.len())?;
            let mut answers = Vec::new();
            let mut reports = Vec::new();
            for Reported { call, outcome } in outcomes {
                match read(outcome) {
                    Ok(outcome) => reports.push((call, outcome)),
                    Err(problem) => answers.push(refused(&call, problem)?),
                }
            }
            let taken = desk.report(&agent, &reports).await?;
            for ((call, _), taken) in reports.iter().zip(taken) {
                answers.push(match taken {
                    Ok(()) => json!({ "call": call, "status": 204 }),
                    Err(problem) => refused(call, problem)?,
                });
            }
            Ok(response::json(200, &json!({ "outcomes": answers })))
        }
        ["v1", "calls", call, "start"] => {
            let Who { agent } = body.json(head, BODY_MAX).await?;
            Ok(response::json(200, &desk.start(call, &agent).await?))
        }
        ["v1", "calls", call, "heartbeat"] => {
            let Who { agent } = body.json(head, BODY_MAX).await?;
            Ok(response::json(200, &desk.heartbeat(call, &agent).await?))
        }
        ["v1", "calls", call, "release"] => {
            let Who { agent } = body.json(head, BODY_MAX).await?;
            desk.release(call, &agent).await?;
            Ok(response::no_content())
        }
        ["v1", "calls", call, "outcome"] => {
            let Report { agent, outcome } = body.json(head, BODY_MAX).await?;
            let reports = [((*call).to_owned(), read(outcome)?)];
            desk.report(&agent, &reports).await?.into_iter().collect::<Result<(), Problem>>()?;
            Ok(response::no_content())
        }
        _ => Err(response::not_found()),
    }
}

/// Reads a report. What is wrong is told without the values: they are personal.
fn read(outcome: Value) -> Result<Outcome, Problem> {
    serde_json::from_value(outcome).map_err(|_| {
        Problem::new(
            422,
            "outcome_invalid",
            "The outcome cannot be taken as it is",
            "a member is unknown or not of its type",
            "There are disposition, sip, q850, rang_s, talk_s, machine, abandoned, notes and callback_at.",
        )
    })
}

fn with_call(call: &str, mut answer: Value) -> Value {
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("call".into(), call.into());
    }
    answer
}

/// A refusal within a batch. That the store failed is said of the whole batch.
fn refused(call: &str, problem: Problem) -> Result<Value, Problem> {
    match problem.status {
        500.. => Err(problem),
        status => Ok(json!({ "call": call, "status": status, "code": problem.code, "detail": problem.detail })),
    }
}

fn at_most(calls: usize) -> Result<(), Problem> {
    if calls <= CALLS_MAX {
        return Ok(());
    }
    Err(Problem::new(
        413,
        "batch_too_large",
        "The batch is too large",
        format!("{CALLS_MAX} calls are taken at once"),
        "Send several batches.",
    ))
}
