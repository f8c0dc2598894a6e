//! The feed of filings and payments: whoever settled is not called from the next tick on.

use dering::contact::Matter;
use dering::list::taxpayer_id;
use dering::problem::Problem;
use dering::store::Store;
use dering::suppression::Settled;
use edge::request::{Body, Head};
use edge::{Reply, config, response, store::SpinStore};
use serde::Deserialize;
use serde_json::json;

const BODY_MAX: u64 = 16 << 20;

/// One settlement: a duty, or a bill by its code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    taxpayer_id: Option<String>,
    #[serde(default)]
    matter: Option<Matter>,
    #[serde(default)]
    tax_code: String,
    #[serde(default)]
    tax_period: String,
    #[serde(default)]
    billing_code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Feed {
    settlements: Vec<Entry>,
}

pub async fn report(head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let feed: Feed = body.json(head, BODY_MAX).await?;
    let vault = config::vault().await?;
    let mut writes = Vec::new();
    for (i, entry) in feed.settlements.iter().enumerate() {
        let invalid = |detail: &str| {
            Problem::new(
                422,
                "settlement_invalid",
                "The settlement cannot be taken as it is",
                detail,
                "Give taxpayer_id and matter (and tax_code with tax_period to name one duty), or billing_code. Nothing of this request was stored.",
            )
            .at(format!("/settlements/{i}"))
        };
        if !entry.billing_code.is_empty() {
            writes.push((Settled::Bill { billing_code: &entry.billing_code }.key(&vault), b"1".to_vec()));
        }
        match (&entry.taxpayer_id, entry.matter) {
            (Some(id), Some(matter)) => {
                let id = taxpayer_id(id).ok_or_else(|| invalid("the taxpayer number is not a NIK or NPWP"))?;
                let (taxpayer_id, tax_code, tax_period) =
                    (id.as_str(), entry.tax_code.as_str(), entry.tax_period.as_str());
                writes.push((Settled::Duty { taxpayer_id, matter, tax_code, tax_period }.key(&vault), b"1".to_vec()));
            }
            (None, None) if !entry.billing_code.is_empty() => {}
            _ => return Err(invalid("taxpayer_id and matter go together")),
        }
    }
    let stored = feed.settlements.len();
    SpinStore.set_many(&writes).await.map_err(|e| Problem::store(&e))?;
    Ok(response::json(200, &json!({ "settlements": stored })))
}
