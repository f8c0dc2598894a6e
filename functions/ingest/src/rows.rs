//! What was told of a list's rows, as files: the rejected ones, and what was noted of the accepted.

use crate::lists;
use bytes::Bytes;
use dering::list::{
    self, ContactLine, Manifest, RejectedLine, Table, TableFormat, contact_titles, noted_titles, rejected_titles,
};
use dering::problem::Problem;
use dering::vault::DataKey;
use edge::request::Head;
use edge::{Reply, config, response, store::SpinStore};
use futures::stream::try_unfold;

/// Which pages a table is made of.
#[derive(Clone, Copy)]
enum Kind {
    Rejected,
    Noted { guesses: bool },
    Contacts,
}

/// A table that is made while it is sent, page by page: there may be millions of rows.
struct Download {
    manifest: Manifest,
    key: DataKey,
    kind: Kind,
    /// `None`: its end was sent.
    table: Option<Table>,
    page: u32,
    /// What was made and not sent.
    made: Vec<u8>,
}

/// The rejected rows in the file's own columns and three more, ready to be corrected and sent again.
pub async fn rejected(list: &str, head: &Head) -> Result<Reply, Problem> {
    download(list, head, Kind::Rejected).await
}

/// Warnings of accepted rows, and what was guessed of them if that is asked for.
pub async fn noted(list: &str, head: &Head) -> Result<Reply, Problem> {
    let guesses = match head.parameter("guesses").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::parameter("guesses", "true or false")),
    };
    download(list, head, Kind::Noted { guesses }).await
}

/// The accepted rows as they were understood, with the columns that are kept. They are not masked.
pub async fn contacts(list: &str, head: &Head) -> Result<Reply, Problem> {
    download(list, head, Kind::Contacts).await
}

async fn download(list: &str, head: &Head, kind: Kind) -> Result<Reply, Problem> {
    let manifest = lists::found(list).await?;
    let vault = config::vault().await?;
    let key = list::data_key(&SpinStore, &vault, list).await.map_err(|e| Problem::store(&e))?.ok_or_else(gone)?;
    let format = TableFormat::of(head.header("accept"));
    let titles = match kind {
        Kind::Rejected => rejected_titles(&manifest.header),
        Kind::Noted { .. } => noted_titles(),
        Kind::Contacts => contact_titles(&manifest.kept_columns),
    };
    let mut made = Vec::new();
    let table = Some(Table::new(format, titles, &mut made)?);
    // The first page is read before the answer begins: whatever is wrong is then told as a problem.
    let first = Download { manifest, key, kind, table, page: 0, made }.next().await?;
    let parts = try_unfold(first, |download| async move {
        let Some(mut download) = download else { return Ok(None) };
        let made = Bytes::from(std::mem::take(&mut download.made));
        Ok(Some((made, download.next().await?)))
    });
    Ok(response::stream(format.content_type(), parts))
}

impl Download {
    /// With the next part made; `None` at the end.
    async fn next(mut self) -> Result<Option<Self>, Problem> {
        let Some(mut table) = self.table.take() else { return Ok(None) };
        let (list, header, page) = (&self.manifest.list, &self.manifest.header, self.page);
        let pages = match self.kind {
            Kind::Rejected => self.manifest.rejected_pages,
            Kind::Noted { .. } => self.manifest.noted_pages,
            Kind::Contacts => self.manifest.groups.iter().map(|group| group.pages).sum(),
        };
        if page >= pages {
            table.end(&mut self.made)?;
            return Ok(Some(self));
        }
        let failed = |e| Problem::store(&e);
        match self.kind {
            Kind::Rejected => {
                let rows = list::read_rejected(&SpinStore, &self.key, list, page).await.map_err(failed)?;
                for row in rows.ok_or_else(gone)? {
                    table.add(&RejectedLine::of(&row, header), &mut self.made)?;
                }
            }
            Kind::Noted { guesses } => {
                let rows = list::read_noted(&SpinStore, &self.key, list, page).await.map_err(failed)?;
                for row in rows.ok_or_else(gone)? {
                    for remark in row.remarks(&self.manifest.columns, guesses) {
                        table.add(&remark, &mut self.made)?;
                    }
                }
            }
            Kind::Contacts => {
                let (group, n) = place(&self.manifest, page);
                let contacts = list::read_page(&SpinStore, &self.key, list, group, n).await.map_err(failed)?;
                for contact in contacts.ok_or_else(gone)? {
                    for line in ContactLine::of(&contact, &self.manifest.kept_columns) {
                        table.add(&line, &mut self.made)?;
                    }
                }
            }
        }
        self.page += 1;
        self.table = Some(table);
        Ok(Some(self))
    }
}

/// The group of a list's page, and its number there.
fn place(manifest: &Manifest, page: u32) -> (u32, u32) {
    let mut left = page;
    for (group, g) in (0..).zip(&manifest.groups) {
        if left < g.pages {
            return (group, left);
        }
        left -= g.pages;
    }
    (u32::MAX, left)
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
