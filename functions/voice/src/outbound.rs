//! Calls of ours that were answered.

use super::{Hook, link, officer_line, place};
use dering::attempt::{CallId, CallIdError};
use dering::callback;
use dering::campaign::{self, Campaign};
use dering::contact::{Contact, Language};
use dering::flow::{self, Officer, Place, Scene, Script, Turn, Verb};
use dering::hours;
use dering::list;
use dering::problem::Problem;
use dering::provider::Input;
use dering::store::Store;
use dering::tick::{Claim, claim_place};
use dering::vault::Vault;
use edge::request::{Body, Head};
use edge::{Reply, clock, config, store::SpinStore};

pub async fn answered(provider: &str, call: &str, head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let vault = config::vault().await?;
    let now_ms = clock::now_ms();
    let id = CallId::open(call, &vault, now_ms / 1000).map_err(CallIdError::problem)?;
    let hook = Hook::read(provider, head, body).await?;
    let machine = match hook.input()? {
        Input::Connected { machine, .. } => machine,
        _ => false,
    };
    let Some(line) = Line::of(&vault, &id, call).await? else { return Ok(hook.reply(&[Verb::Hangup])) };
    if line.claim.answer_by_ms < now_ms {
        // It rang so late that the claim may be in other hands: nothing is said but goodbye.
        return Ok(hook.reply(&[Verb::Hangup]));
    }
    let settled = line.settled().await?;
    let officer = officer_line(now_ms).await?;
    let scene = line.scene(officer.as_deref(), settled, machine, now_ms);
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
    let Some(line) = Line::of(&vault, &id, call).await? else { return Ok(hook.reply(&[Verb::Hangup])) };
    let officer = officer_line(now_ms).await?;
    let scene = line.scene(officer.as_deref(), line.settled().await?, false, now_ms);
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

/// Who is on the line, and under which campaign's words.
struct Line {
    claim: Claim,
    contact: Contact,
    campaign: Campaign,
    script: Script,
}

impl Line {
    /// `None` where anything is missing or not to be read: then nothing is said.
    async fn of(vault: &Vault, id: &CallId, call: &str) -> Result<Option<Self>, Problem> {
        let failed = |e| Problem::store(&e);
        let place = claim_place(id.shard, (id.ballot, id.index));
        let Some(claim) = SpinStore.get(&place).await.map_err(failed)?.and_then(|b| Claim::decode(&b)) else {
            eprintln!("call {call}: no claim");
            return Ok(None);
        };
        let Some(key) = list::data_key(&SpinStore, vault, &claim.contact.list).await.map_err(failed)? else {
            eprintln!("call {call}: no key for list {}", claim.contact.list);
            return Ok(None);
        };
        let campaign = campaign::read_version(&SpinStore, &claim.campaign, claim.version).await.map_err(failed)?;
        let (Some(contact), Some(campaign)) = (claim.contact(&place, &key), campaign) else {
            eprintln!("call {call}: its contact or campaign cannot be read");
            return Ok(None);
        };
        let script = Script::named(&campaign.settings.script);
        Ok(script.map(|script| Line { claim, contact, campaign, script }))
    }

    /// Whether the matter was settled meanwhile: looked at again at each step, so that nobody hears a demand after paying.
    async fn settled(&self) -> Result<bool, Problem> {
        let found = SpinStore.get_all(&self.claim.settlement_keys).await.map_err(|e| Problem::store(&e))?;
        Ok(found.iter().any(Option::is_some))
    }

    fn scene<'a>(&'a self, officer: Option<&'a str>, settled: bool, machine: bool, now_ms: i64) -> Scene<'a> {
        let settings = &self.campaign.settings;
        let zone = self.contact.time_zone.as_deref().unwrap_or(&settings.time_zone);
        let language = self.contact.language.or(settings.languages.first().copied()).unwrap_or(Language::Id);
        Scene {
            script: &self.script,
            contact: &self.contact,
            language,
            local_hour: hours::local_hour(zone, now_ms).unwrap_or(12),
            officer: officer.map(|line| Officer { line, caller_id: &self.claim.caller_id }),
            settled,
            machine,
        }
    }
}
