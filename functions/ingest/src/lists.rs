//! Lists: upload, show, rejected rows, withdraw.

use dering::campaign;
use dering::list::{self, Format, Intake, Label, Manifest, Rejection, Rules, Taken};
use dering::problem::Problem;
use dering::store::{Store, keys};
use dering::tick::{ShardNews, log};
use edge::request::{Body, Head};
use edge::{Reply, clock, config, response, store::SpinStore};
use serde::Deserialize;

/// A file of ten million rows is below this.
const FILE_MAX: u64 = 4 << 30;

pub async fn upload(id: &str, head: &Head, body: &mut Body) -> Result<Reply, Problem> {
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
    let vault = config::vault().await?;
    let shards = config::shards().await?;
    list::fix_shards(&SpinStore, shards).await?;
    let rules = Rules::for_campaign(&campaign.settings, config::own_numbers().await?, clock::now_ms());
    let label = Label {
        campaign: id.to_owned(),
        name: head.parameter("name").unwrap_or_default(),
        office: head.parameter("office").unwrap_or_default(),
        expected: expected(head)?,
        format: format(head),
    };
    let mut intake = Intake::new(&SpinStore, &vault, &clock::fill, shards, label, rules);
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

/// What a request says of the file in it.
pub fn format(head: &Head) -> Format {
    Format {
        content_type: head.header("content-type").map(str::to_owned),
        content_encoding: head.header("content-encoding").map(str::to_owned),
        delimiter: head.parameter("delimiter"),
        sheet: head.parameter("sheet"),
    }
}

async fn found(list: &str) -> Result<Manifest, Problem> {
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
    Ok(response::json(status, &manifest.to_json(size, confirm_above)))
}

async fn confirm_above(manifest: &Manifest) -> Result<u32, Problem> {
    let shelf = campaign::read(&SpinStore).await?;
    Ok(shelf.get(&manifest.campaign).map_or(list::CONFIRM_ABOVE, |c| c.settings.confirm_above))
}

fn expected(head: &Head) -> Result<Option<u64>, Problem> {
    let Some(text) = head.parameter("expected") else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        Problem::new(
            400,
            "parameter_invalid",
            "A parameter is missing or not understood",
            "the parameter `expected` must be the number of contacts that the list is expected to have",
            "Correct the parameter and send the request again.",
        )
    })
}

/// Withdrawing stops every call not yet placed; the list's figures stay.
pub async fn withdraw(list: &str) -> Result<Reply, Problem> {
    // It need not be readable: to withdraw a damaged list is the way to be rid of it.
    SpinStore.get(&keys::manifest(list)).await.map_err(|e| Problem::store(&e))?.ok_or_else(|| unknown(list))?;
    for shard in 0..config::shards().await? {
        let news = ShardNews::ListWithdrawn { list: list.to_owned() };
        log(shard).append(&SpinStore, &news.encode(), clock::now_ms).await.map_err(Problem::from)?;
    }
    Ok(response::no_content())
}

/// The rejected rows in the file's own columns and three more, ready to be corrected and sent again; or as JSON.
pub async fn rejected(list: &str, head: &Head) -> Result<Reply, Problem> {
    let manifest = found(list).await?;
    let vault = config::vault().await?;
    let failed = |e| Problem::store(&e);
    let key = list::data_key(&SpinStore, &vault, list).await.map_err(failed)?.ok_or_else(gone)?;
    let mut rows: Vec<Rejection> = Vec::new();
    for page in 0..manifest.rejected_pages {
        rows.extend(list::read_rejected(&SpinStore, &key, list, page).await.map_err(failed)?.ok_or_else(gone)?);
    }
    if head.header("accept").is_some_and(|a| a.contains("json")) {
        return Ok(response::json(200, &rows));
    }
    let csv = list::rejected_csv(&manifest.header, &rows);
    Ok(response::text("text/csv; charset=utf-8", csv))
}

fn gone() -> Problem {
    Problem::new(
        410,
        "list_erased",
        "The list's rows are gone",
        "its data key was deleted, or the master key is another one",
        "Figures are kept; rows cannot be had again.",
    )
}
