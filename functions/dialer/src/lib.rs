//! The tick, invoked by a scheduler every few seconds; claims and outcomes of agents and diallers of the house.

mod agents;

use dering::problem::Problem;
use dering::provider::ApiRequest;
use dering::tick::{self, Memory, Sent, Setup, World};
use edge::outbound::Failed;
use edge::{Reply, answer, auth, clock, config, outbound, request, response, store::SpinStore};
use spin_sdk::http::Request;
use spin_sdk::http_service;
use std::rc::Rc;

/// Above the longest a tick can take: its horizon, and the time-out of the last order.
const LIMIT_MS: u64 = 30_000;

thread_local! {
    /// Serves all requests of the instance.
    static MEMORY: Rc<Memory> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> Reply {
    answer(LIMIT_MS, route(request)).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    let (head, mut body) = request::open(request);
    if let Some(answer) = agents::route(&head.segments(), &head, &mut body).await {
        return answer;
    }
    if head.method() != "POST" {
        return Ok(response::method_not_allowed("POST"));
    }
    auth::require_admin(&head).await?;
    let shards = config::shards().await?;
    let shard = match head.parameter("shard") {
        None => 0,
        Some(text) => text.parse::<u16>().ok().filter(|s| *s < shards).ok_or_else(|| {
            Problem::new(
                400,
                "shard_unknown",
                "There is no such shard",
                format!("the parameter `shard` must be a number below {shards}"),
                "Call the tick once for each shard, from 0.",
            )
        })?,
    };
    let vault = config::vault().await?;
    let public_url = config::public_url().await?;
    let accounts = config::calling_accounts().await?;
    let limits = config::person_limits().await?;
    let legal_hours = config::legal_hours().await?;
    let memory = MEMORY.with(Rc::clone);
    let setup = Setup {
        vault: &vault,
        public_url: &public_url,
        account: &|provider| accounts.get(&provider).cloned(),
        shards,
        limits,
        legal_hours: &legal_hours,
        memory: &memory,
    };
    let report = tick::tick(&SpinStore, &Host, &setup, shard).await?;
    Ok(response::json(200, &report))
}

/// The outside, as the host gives it.
struct Host;

impl World for Host {
    fn now_ms(&self) -> i64 {
        clock::now_ms()
    }

    fn nonce(&self) -> [u8; 24] {
        clock::random()
    }

    async fn sleep_ms(&self, ms: u64) {
        clock::sleep_ms(ms).await;
    }

    async fn send(&self, request: ApiRequest, timeout_ms: u64) -> Sent {
        match outbound::send(&request, timeout_ms).await {
            Ok(sent) => Sent::Answer { status: sent.status, headers: sent.headers, body: sent.body },
            Err(Failed::NotSent) => Sent::NotSent,
            Err(Failed::Unclear) => Sent::Unclear,
        }
    }
}
