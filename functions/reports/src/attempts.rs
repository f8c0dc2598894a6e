//! A campaign's attempts as a file: JSON Lines in parts, or one table.

use bytes::Bytes;
use dering::list::{Table, TableFormat};
use dering::problem::Problem;
use dering::report::{self, Columns, Wanted};
use dering::vault::Vault;
use edge::request::Head;
use edge::{Reply, config, response, store::SpinStore};
use futures::stream::try_unfold;
use std::rc::Rc;

/// What is asked for.
struct Export {
    campaign: String,
    shards: u16,
    columns: Rc<Columns>,
    /// `None`: nothing personal is wanted.
    vault: Option<Rc<Vault>>,
}

/// Where the next attempts are: shard, and ballot of a results page (`None`: the shard's newest).
type Cursor = (u16, Option<u64>);

/// A table that is made while it is sent, newest attempts of each shard first.
struct Download {
    export: Export,
    /// `None`: its end was sent.
    table: Option<Table>,
    at: Option<Cursor>,
    made: Vec<u8>,
}

/// As JSON Lines, where `link` leads to the next part; as CSV or a workbook in one piece, if `Accept` asks for one.
pub async fn export(head: &Head, shards: u16) -> Result<Reply, Problem> {
    let campaign = head.parameter("campaign").ok_or_else(|| Problem::parameter("campaign", "a campaign's id"))?;
    let flag = |name: &'static str| match head.parameter(name).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::parameter(name, "true or false")),
    };
    let wanted = Wanted { notes: flag("notes")?, extra: flag("extra")? };
    let vault = if wanted.notes || wanted.extra { Some(config::vault().await?) } else { None };
    let accept = head.header("accept").filter(|accept| accept.contains("csv") || accept.contains("spreadsheet"));
    let Some(accept) = accept else {
        let from = cursor(head, shards)?;
        let columns = Columns::untitled(wanted.clone());
        return part(&Export { campaign, shards, columns, vault }, from, &wanted).await;
    };
    if head.parameter("after").is_some() {
        return Err(Problem::parameter("after", "left out: a table comes in one piece"));
    }
    let columns = Columns::of(&SpinStore, shards, &campaign, wanted).await?;
    let format = TableFormat::of(Some(accept));
    let mut made = Vec::new();
    let table = Some(Table::new(format, columns.titles(), &mut made)?);
    let export = Export { campaign, shards, columns, vault };
    // The first part is made before the answer begins: whatever is wrong is then told as a problem.
    let first = Download { export, table, at: Some((0, None)), made }.next().await?;
    let parts = try_unfold(first, |download| async move {
        let Some(mut download) = download else { return Ok(None) };
        let made = Bytes::from(std::mem::take(&mut download.made));
        Ok(Some((made, download.next().await?)))
    });
    Ok(response::stream(format.content_type(), parts))
}

/// A cursor is shard.ballot; without one it begins with the newest page of shard 0.
fn cursor(head: &Head, shards: u16) -> Result<Cursor, Problem> {
    let Some(text) = head.parameter("after") else { return Ok((0, None)) };
    text.split_once('.')
        .and_then(|(s, b)| Some((s.parse::<u16>().ok()?, Some(b.parse::<u64>().ok()?).filter(|b| *b > 0))))
        .filter(|(s, _)| *s < shards)
        .ok_or_else(|| Problem::parameter("after", "the cursor of a `link` header"))
}

impl Export {
    /// The lines at a place, and the next place.
    async fn lines(&self, (shard, from): Cursor) -> Result<(Vec<report::AttemptLine>, Option<Cursor>), Problem> {
        let page = report::attempts(&SpinStore, shard, &self.campaign, from).await?;
        let lines = self.columns.lines(&SpinStore, self.vault.as_deref(), shard, page.attempts).await?;
        let following = shard.checked_add(1).filter(|next| *next < self.shards).map(|next| (next, None));
        Ok((lines, page.next.map(|ballot| (shard, Some(ballot))).or(following)))
    }
}

async fn part(export: &Export, from: Cursor, wanted: &Wanted) -> Result<Reply, Problem> {
    let (lines, next) = export.lines(from).await?;
    let mut text = String::new();
    for line in lines {
        // Plain data always has a form in JSON.
        text.push_str(&serde_json::to_string(&line).unwrap_or_default());
        text.push('\n');
    }
    let reply = response::text("application/jsonl", text);
    let Some((shard, ballot)) = next else { return Ok(reply) };
    let notes = if wanted.notes { "&notes=true" } else { "" };
    let extra = if wanted.extra { "&extra=true" } else { "" };
    let (campaign, ballot) = (&export.campaign, ballot.unwrap_or(0));
    let link = format!("</v1/exports/attempts?campaign={campaign}&after={shard}.{ballot}{notes}{extra}>; rel=\"next\"");
    Ok(response::with_header(reply, http::header::LINK, &link))
}

impl Download {
    /// With the next part made; `None` at the end.
    async fn next(mut self) -> Result<Option<Self>, Problem> {
        let Some(mut table) = self.table.take() else { return Ok(None) };
        let Some(at) = self.at else {
            table.end(&mut self.made)?;
            return Ok(Some(self));
        };
        let (lines, next) = self.export.lines(at).await?;
        for line in &lines {
            table.add(line, &mut self.made)?;
        }
        self.at = next;
        self.table = Some(table);
        Ok(Some(self))
    }
}
