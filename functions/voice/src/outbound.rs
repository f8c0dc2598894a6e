//! Calls of ours that were answered.

use super::{Hook, link, officer_line, place};
use dering::attempt::{CallId, CallIdError};
use dering::callback;
use dering::campaign::Remembered;
use dering::flow::{self, Line, Place, Turn, Verb};
use dering::problem::Problem;
use dering::provider::Input;
use dering::vault::Vault;
use edge::request::{Body, Head};
use edge::{Reply, clock, config, store::SpinStore};
use std::rc::Rc;

thread_local! {
    /// Serves all requests of the instance.
    static CAMPAIGNS: Rc<Remembered> = Rc::default();
}

pub async fn answered(provider: &str, call: &str, head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let vault = config::vault().await?;
    let now_ms = clock::now_ms();
    let id = CallId::open(call, &vault, now_ms / 1000).map_err(CallIdError::problem)?;
    let hook = Hook::read(provider, head, body).await?;
    let machine = match hook.input()? {
        Input::Connected { machine, .. } => machine,
        _ => false,
    };
    let Some(line) = line(&vault, &id, call).await? else { return Ok(hook.reply(&[Verb::Hangup])) };
    if line.claim.answer_by_ms < now_ms {
        // It rang so late that the claim may be in other hands: nothing is said but goodbye.
        return Ok(hook.reply(&[Verb::Hangup]));
    }
    let topics = line.topics(&SpinStore).await?;
    let officer = officer_line(now_ms).await?;
    let scene = line.scene(&topics, officer.as_deref(), machine, now_ms);
    let base = format!("{}/hooks/{}/{call}/step", hook.public_url, hook.provider.name());
    let turn = flow::answered(&scene, &|p: &Place| link(&vault, &base, call, p));
    tell(&vault, &id, &line, turn, &hook, now_ms).await
}

pub async fn step(provider: &str, call: &str, head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let vault = config::vault().await?;
    let now_ms = clock::now_ms();
    let id = CallId::open(call, &vault, now_ms / 1000).map_err(CallIdError::problem)?;
    let place = place(&vault, call, head)?;
    let hook = Hook::read(provider, head, body).await?;
    let input = hook.input()?;
    let Some(line) = line(&vault, &id, call).await? else { return Ok(hook.reply(&[Verb::Hangup])) };
    let officer = officer_line(now_ms).await?;
    let topics = line.topics(&SpinStore).await?;
    let scene = line.scene(&topics, officer.as_deref(), false, now_ms);
    let base = format!("{}/hooks/{}/{call}/step", hook.public_url, hook.provider.name());
    let turn = flow::step(&scene, place, &input, &|p: &Place| link(&vault, &base, call, p));
    tell(&vault, &id, &line, turn, &hook, now_ms).await
}

/// Writes what was learned, then speaks: what the callee hears is already safe.
async fn tell(vault: &Vault, id: &CallId, line: &Line, turn: Turn, hook: &Hook, now_ms: i64) -> Result<Reply, Problem> {
    if let Some(news) = turn.news {
        let phone = line.contact.phones.get(usize::from(line.claim.phone)).map(String::as_str);
        let kept = callback::keep_said(&SpinStore, vault, id, phone, news, now_ms).await;
        kept.map_err(|e| Problem::store(&e))?;
    }
    Ok(hook.reply(&turn.verbs))
}

/// Who is on the line; `None` where anything is missing or not to be read: then nothing is said.
async fn line(vault: &Vault, id: &CallId, call: &str) -> Result<Option<Line>, Problem> {
    let campaigns = CAMPAIGNS.with(Rc::clone);
    let line = Line::of(&SpinStore, vault, &campaigns, id).await?;
    Ok(line.map_err(|missing| eprintln!("call {call}: {missing}")).ok())
}
