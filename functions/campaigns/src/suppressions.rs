//! Do-not-call entries: one, a list of them, all of them.

use dering::campaign::e164;
use dering::list::feed::Kind;
use dering::list::{self, Format};
use dering::problem::Problem;
use dering::store::Store;
use dering::suppression::{self, DoNotCall, Intake, Named, Reason, register};
use edge::request::{Body, Head};
use edge::{Reply, clock, config, response, store::SpinStore};
use serde::Deserialize;
use serde_json::json;

const BODY_MAX: u64 = 64 << 10;
/// A list of ten million entries is below this.
const LIST_MAX: u64 = 1 << 30;

/// A JSON document is one entry; CSV and JSON Lines are a list.
pub async fn enter(head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let kind = head.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("application/json") && !kind.starts_with("application/jsonl") {
        return suppress(head, body).await;
    }
    let kind = Kind::of(Format {
        content_type: head.header("content-type").map(str::to_owned),
        content_encoding: head.header("content-encoding").map(str::to_owned),
        delimiter: head.parameter("delimiter"),
        sheet: head.parameter("sheet"),
    })?;
    let vault = config::vault().await?;
    let mut intake = Intake::new(&SpinStore, &vault, &clock::fill, kind, clock::now_ms());
    loop {
        let pushed = match body.chunk(LIST_MAX).await {
            Ok(Some(chunk)) => intake.push(&chunk, clock::sleep_ms).await,
            Ok(None) => break,
            Err(broken) => Err(broken),
        };
        if let Err(problem) = pushed {
            // What came before it stays; sent again, it changes nothing.
            intake.stop(clock::sleep_ms).await?;
            return Err(problem);
        }
    }
    Ok(response::json(200, &intake.finish(clock::sleep_ms).await?))
}

/// Some of the entries, and a link to the next ones.
pub async fn download(head: &Head) -> Result<Reply, Problem> {
    let after: u64 = match head.parameter("after") {
        None => 0,
        Some(text) => text.parse().map_err(|_| Problem::parameter("after", "the cursor of a `link` header"))?,
    };
    let vault = config::vault().await?;
    let found = register::read(&SpinStore, &vault, after, clock::now_ms()).await?;
    let reply = match head.header("accept").is_some_and(|a| a.contains("json")) {
        true => {
            let lines: Vec<_> = found.entries.iter().map(register::Shown::line).collect();
            response::json(200, &json!({ "suppressions": lines }))
        }
        // The parts put together are one file.
        false => response::text("text/csv; charset=utf-8", suppression::csv(&found.entries, after == 0)),
    };
    Ok(match found.next {
        Some(next) => {
            let link = format!("</v1/suppressions?after={next}>; rel=\"next\"");
            response::with_header(reply, http::header::LINK, &link)
        }
        None => reply,
    })
}

/// An entry holds no more.
pub async fn lift(id: &str) -> Result<Reply, Problem> {
    let key = suppression::key_of(id).ok_or_else(response::not_found)?;
    SpinStore.delete_many(&[key]).await.map_err(|e| Problem::store(&e))?;
    Ok(response::no_content())
}

/// Whom not to call, and why. Exactly one of phone and taxpayer number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suppression {
    phone: Option<String>,
    taxpayer_id: Option<String>,
    #[serde(default = "entered")]
    reason: Reason,
    #[serde(default)]
    until: Option<jiff::Timestamp>,
}

fn entered() -> Reason {
    Reason::Entered
}

async fn suppress(head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let asked: Suppression = body.json(head, BODY_MAX).await?;
    let taxpayer = match asked.taxpayer_id.as_deref() {
        None => None,
        Some(text) => Some(list::taxpayer_id(text).ok_or_else(taxpayer_invalid)?),
    };
    let named = match (asked.phone.as_deref(), taxpayer.as_deref(), asked.reason) {
        (Some(phone), None, _) if !e164(phone) => return Err(phone_invalid()),
        (Some(phone), None, Reason::WrongNumber) => Named::WrongNumber(phone.to_owned()),
        (Some(phone), None, Reason::Entered | Reason::AskedInCall) => Named::Phone(phone.to_owned()),
        (None, Some(id), Reason::Entered | Reason::AskedInCall | Reason::Deceased) => Named::Taxpayer(id.to_owned()),
        _ => return Err(subject_invalid()),
    };
    let vault = config::vault().await?;
    let entry = DoNotCall {
        reason: asked.reason,
        since_ms: clock::now_ms(),
        until_ms: asked.until.map(|t| t.as_millisecond()),
    };
    let key = register::key(&SpinStore, &vault, &clock::fill, clock::sleep_ms).await?;
    let id = named.subject().id(&vault);
    suppression::enter(&SpinStore, &vault, &clock::fill, &key, &[(named, entry)]).await?;
    let shown = json!({ "suppression": id, "reason": asked.reason, "until": asked.until });
    Ok(response::json(201, &shown))
}

fn phone_invalid() -> Problem {
    Problem::new(
        422,
        "phone_invalid",
        "This is no phone number in E.164 form",
        "the member `phone` must be + and 7 to 15 digits",
        "Write the number like +6281234567890.",
    )
    .at("/phone")
}

fn taxpayer_invalid() -> Problem {
    Problem::new(
        422,
        "taxpayer_id_invalid",
        "This is no taxpayer number",
        "the member `taxpayer_id` must be a NIK, an NPWP of 15 or 16 digits, or a NITKU",
        "Write the number as the lists write it.",
    )
    .at("/taxpayer_id")
}

fn subject_invalid() -> Problem {
    Problem::new(
        422,
        "suppression_invalid",
        "It is not clear who is not to be called",
        "give either `phone` or `taxpayer_id`; `wrong_number` is about a phone, `deceased` about a taxpayer",
        "Correct the entry and send it again; a taxpayer's entry holds for all phones.",
    )
}
