//! Calls that come in. Each is entered into shard 0's log, from where the tick counts it for the year.

use super::{Hook, link, officer_line, place};
use dering::contact::Language;
use dering::flow::{self, Officer, Place, Script};
use dering::hours::{COUNTRY_ZONES, local_hour};
use dering::problem::Problem;
use dering::provider::Input;
use dering::tick::{ShardNews, log};
use dering::vault::Vault;
use edge::request::{Body, Head};
use edge::{Reply, clock, config, response, store::SpinStore};

const SCRIPT: &str = "reminder";

pub async fn received(provider: &str, head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let vault = config::vault().await?;
    let hook = Hook::read(provider, head, body).await?;
    let Input::Connected { to, provider_call, .. } = hook.input()? else { return Err(response::not_found()) };
    let now_ms = clock::now_ms();
    let call = vault.hash(b"inbound", provider_call.as_bytes());
    enter(&call, now_ms, false).await?;
    let script = Script::named(SCRIPT).ok_or_else(response::not_found)?;
    let line = officer_line(now_ms).await?;
    let officer = line.as_deref().map(|line| Officer { line, caller_id: &to });
    let base = format!("{}/hooks/{}/inbound/step", hook.public_url, hook.provider.name());
    let turn =
        flow::inbound(script, Language::Id, hour(now_ms), officer, &|p: &Place| step_link(&vault, &base, &call, p));
    Ok(hook.reply(&turn.verbs))
}

pub async fn step(provider: &str, head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let vault = config::vault().await?;
    let call = head.parameter("c").unwrap_or_default();
    let place = place(&vault, &call, head)?;
    let hook = Hook::read(provider, head, body).await?;
    let input = hook.input()?;
    if !place.is_inbound() {
        return Err(response::not_found());
    }
    let now_ms = clock::now_ms();
    if input == (Input::Transfer { bridged: true }) {
        enter(&call, now_ms, true).await?;
    }
    let script = Script::named(SCRIPT).ok_or_else(response::not_found)?;
    let turn = flow::inbound_step(script, Language::Id, hour(now_ms), &input);
    Ok(hook.reply(&turn.verbs))
}

fn step_link(vault: &Vault, base: &str, call: &str, place: &Place) -> String {
    format!("{}&c={call}", link(vault, base, call, place))
}

fn hour(now_ms: i64) -> i8 {
    local_hour(COUNTRY_ZONES[0], now_ms).unwrap_or(12)
}

async fn enter(call: &str, at_ms: i64, answered: bool) -> Result<(), Problem> {
    let news = ShardNews::Inbound { call: call.to_owned(), at_ms, answered };
    log(0).append(&SpinStore, &news.encode(), clock::now_ms).await.map(drop).map_err(Problem::from)
}
