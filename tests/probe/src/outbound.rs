//! Calls to other hosts.

use spin_sdk::http::EmptyBody;
use spin_sdk::http::body::IncomingBodyExt;

use crate::query::Query;
use crate::{Answer, text};

/// GETs `url` and hands its answer on: 200 with `status body`, or 502 with the error code.
pub async fn get(query: &Query) -> anyhow::Result<Answer> {
    let request = http::Request::get(query.get("url")).body(EmptyBody::new())?;
    match spin_sdk::http::send(request).await {
        Ok(response) => {
            let status = response.status().as_u16();
            let body = response.into_body().bytes().await?;
            text(200, &format!("{status} {}", String::from_utf8_lossy(&body)))
        }
        Err(error) => text(502, &format!("{error:?}")),
    }
}
