//! Lists: upload, append, show, confirm, withdraw.

use dering::campaign;
use dering::list::{self, Format, Intake, Label, Manifest, Mapping, Others, Preview, Rules, Taken};
use dering::problem::Problem;
use dering::store::{Store, keys};
use dering::tick::{ShardNews, log};
use edge::request::{Body, Head};
use edge::{Reply, clock, config, response, store::SpinStore};
use serde::Deserialize;

/// A file of ten million rows is below this.
const FILE_MAX: u64 = 4 << 30;

/// Takes a file as a list of a campaign, or as further rows of the list `part_of`.
pub async fn upload(id: &str, part_of: Option<String>, head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let shelf = campaign::read(&SpinStore).await?;
    let campaign = shelf.get(id).ok_or_else(|| campaign::unknown(id))?;
    if campaign.state == campaign::State::Finished {
        return Err(Problem::new(
            409,
            "wrong_state",
            "The campaign's state does not allow this",
            "the campaign is finished",
            "Upload the list to a campaign that is not over.",
        ));
    }
    let dry_run = match head.parameter("dry_run").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::parameter("dry_run", "true or false")),
    };
    let mut label = Label::parse(id, |name| head.parameter(name), head.header("source-contact"))?;
    label.format = format(head);
    label.part_of = part_of;
    label.key = head.header("idempotency-key").map(campaign::valid_key).transpose()?.map(str::to_owned);
    let vault = config::vault().await?;
    let now_ms = clock::now_ms();
    let mut rules = Rules::for_campaign(&campaign.settings, &vault, config::own_numbers().await?, now_ms);
    let parameters = head.parameters();
    rules.mapping = Mapping::parse(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
    let others = Others::of(&SpinStore, &vault, &shelf, id, now_ms).await?;
    if dry_run {
        let mut preview = Preview::new(&SpinStore, rules, label.format, others);
        while let Some(chunk) = body.chunk(FILE_MAX).await? {
            preview.push(&chunk).await?;
        }
        return Ok(response::json(200, &preview.finish().await?));
    }
    let shards = config::shards().await?;
    list::fix_shards(&SpinStore, shards).await?;
    let mut intake = Intake::new(&SpinStore, &vault, &clock::fill, shards, label, rules).beside(others);
    let taken = loop {
        let pushed = match body.chunk(FILE_MAX).await {
            Ok(Some(chunk)) => intake.push(&chunk).await,
            Ok(None) => break intake.finish(clock::now_ms, clock::sleep_ms).await?,
            Err(broken) => Err(broken),
        };
        if let Err(problem) = pushed {
            intake.undo().await;
            return Err(problem);
        }
    };
    let (status, manifest) = match taken {
        Taken::New(manifest) => (201, manifest),
        Taken::Known(manifest) => (200, manifest),
    };
    shown(status, &manifest, campaign.settings.confirm_above).await
}

/// Takes a file as further rows of a list: a list of its own, which is withdrawn with the first.
pub async fn append(list: &str, head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let manifest = found(list).await?;
    let whole = manifest.part_of.unwrap_or(manifest.list);
    if list::family(&SpinStore, &whole).await?.withdrawn {
        return Err(list::withdrawn(&whole));
    }
    upload(&manifest.campaign, Some(whole), head, body).await
}

/// What a request says of the file in it.
pub fn format(head: &Head) -> Format {
    Format {
        content_type: head.header("content-type").map(str::to_owned),
        content_encoding: head.header("content-encoding").map(str::to_owned),
        delimiter: head.parameter("delimiter"),
        sheet: head.parameter("sheet"),
    }
}

pub async fn found(list: &str) -> Result<Manifest, Problem> {
    list::manifest(&SpinStore, list).await.map_err(|e| Problem::store(&e))?.ok_or_else(|| unknown(list))
}

fn unknown(list: &str) -> Problem {
    Problem::new(
        404,
        "list_unknown",
        "There is no such list",
        format!("no list has the id \"{}\", or what is known of it is damaged", list.escape_default()),
        "The answer to an upload names the list's id. A damaged list can be withdrawn, and its file, with any change, uploaded again.",
    )
}

pub async fn show(list: &str) -> Result<Reply, Problem> {
    let manifest = found(list).await?;
    shown(200, &manifest, confirm_above(&manifest).await?).await
}

/// How many contacts there must be is said by whoever has looked at them: a number that is not the list's is refused.
pub async fn confirm(list: &str, head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let Confirmation { contacts } = body.json(head, 1 << 10).await?;
    let manifest = found(list).await?;
    let size = manifest.size().confirm(&SpinStore, list, contacts).await?;
    Ok(response::json(200, &manifest.to_json(size, confirm_above(&manifest).await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    contacts: u64,
}

async fn shown(status: u16, manifest: &Manifest, confirm_above: u32) -> Result<Reply, Problem> {
    let size = list::size(&SpinStore, manifest).await.map_err(|e| Problem::store(&e))?;
    let mut json = manifest.to_json(size, confirm_above);
    let family = list::family(&SpinStore, &manifest.list).await?;
    let contact = match &manifest.contact {
        None => None,
        Some(_) => {
            let vault = config::vault().await?;
            let key = list::data_key(&SpinStore, &vault, &manifest.list).await.map_err(|e| Problem::store(&e))?;
            key.and_then(|key| manifest.contact(&key))
        }
    };
    if let Some(object) = json.as_object_mut() {
        object.insert("withdrawn".into(), family.withdrawn.into());
        object.insert("parts".into(), family.parts.into());
        object.insert("contact".into(), contact.into());
    }
    Ok(response::json(status, &json))
}

async fn confirm_above(manifest: &Manifest) -> Result<u32, Problem> {
    let shelf = campaign::read(&SpinStore).await?;
    Ok(shelf.get(&manifest.campaign).map_or(list::CONFIRM_ABOVE, |c| c.settings.confirm_above))
}

/// Withdrawing stops every call not yet placed, also of what was appended; the list's figures stay.
pub async fn withdraw(list: &str) -> Result<Reply, Problem> {
    // It need not be readable: to withdraw a damaged list is the way to be rid of it.
    SpinStore.get(&keys::manifest(list)).await.map_err(|e| Problem::store(&e))?.ok_or_else(|| unknown(list))?;
    for list in list::withdraw(&SpinStore, clock::sleep_ms, list).await? {
        for shard in 0..config::shards().await? {
            let news = ShardNews::ListWithdrawn { list: list.clone() };
            log(shard).append(&SpinStore, &news.encode(), clock::now_ms).await.map_err(Problem::from)?;
        }
    }
    Ok(response::no_content())
}
