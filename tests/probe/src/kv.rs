//! Both key-value interfaces, verb by verb.

use std::time::{SystemTime, UNIX_EPOCH};

use http_body_util::BodyExt;
use spin_sdk::experimental::wasi::keyvalue::{atomics, batch, store};
use spin_sdk::http::Request;
use spin_sdk::key_value::Store;

use crate::query::Query;
use crate::{Answer, empty, text};

/// One `set` of a small value under a new key, and 204: what a durable write costs on this host at the least.
///
/// The key is new each time: SQLite notices when a value is overwritten by itself, and then writes nothing.
pub async fn bare() -> anyhow::Result<Answer> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    let store = Store::open_default().await?;
    store.set(format!("bare/{now}"), b"a value of some thirty-two bytes").await?;
    empty(204)
}

/// Stores a body as it comes, unread, in values and batches of the size that pages of lists have; answers how many bytes.
pub async fn drain(request: Request) -> anyhow::Result<Answer> {
    const PAGE: usize = 32 * 1024;
    const BATCH: usize = 512 * 1024;
    let bucket = store::open("default").map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let mut body = request.into_body();
    let (mut kept, mut pages, mut bytes) = (Vec::new(), 0, 0);
    loop {
        let frame = body.frame().await.transpose()?;
        let over = frame.is_none();
        if let Some(data) = frame.and_then(|frame| frame.into_data().ok()) {
            bytes += data.len();
            kept.extend_from_slice(&data);
        }
        if kept.len() >= BATCH || (over && !kept.is_empty()) {
            let pairs: Vec<(String, Vec<u8>)> =
                (pages..).zip(kept.chunks(PAGE)).map(|(n, page)| (format!("drained/{n}"), page.to_vec())).collect();
            pages += pairs.len();
            batch::set_many(&bucket, &pairs).map_err(|error| anyhow::anyhow!("{error:?}"))?;
            kept.clear();
        }
        if over {
            return text(200, &bytes.to_string());
        }
    }
}

/// `spin:key-value`: the path's last segment is the verb, `label` the store (`default` if absent).
pub async fn spin(path: &str, query: &Query) -> anyhow::Result<Answer> {
    let store = match Store::open(label(query)).await {
        Ok(store) => store,
        Err(error) => return text(502, &format!("{error:?}")),
    };
    let key = query.get("key");
    let answer = match verb(path) {
        "get" => store.get(key).await.map(|v| v.map(shown)),
        "set" => store.set(key, query.get("value").as_bytes()).await.map(|()| Some(String::new())),
        "delete" => store.delete(key).await.map(|()| Some(String::new())),
        "exists" => store.exists(key).await.map(|b| Some(b.to_string())),
        "keys" => store.get_keys().await.collect().await.map(|mut keys| {
            keys.sort();
            Some(keys.join(","))
        }),
        "get-joined" => {
            let gets = query.all("key").map(|key| store.get(key));
            futures::future::try_join_all(gets).await.map(|values| {
                Some(values.into_iter().map(|v| v.map_or("-".into(), shown)).collect::<Vec<_>>().join(","))
            })
        }
        other => return text(404, other),
    };
    answered(answer)
}

/// `wasi:keyvalue`: the same, with the batch and atomic verbs.
pub fn wasi(path: &str, query: &Query) -> anyhow::Result<Answer> {
    let bucket = match store::open(label(query)) {
        Ok(bucket) => bucket,
        Err(error) => return text(502, &format!("{error:?}")),
    };
    let key = query.get("key");
    let keys = || query.all("key").map(str::to_owned).collect::<Vec<_>>();
    let answer = match verb(path) {
        "get" => bucket.get(key).map(|v| v.map(shown)),
        "set" => bucket.set(key, query.get("value").as_bytes()).map(|()| Some(String::new())),
        "delete" => bucket.delete(key).map(|()| Some(String::new())),
        "exists" => bucket.exists(key).map(|b| Some(b.to_string())),
        "keys" => bucket.list_keys(None).map(|mut r| {
            r.keys.sort();
            Some(r.keys.join(","))
        }),
        "cursor" => bucket.list_keys(Some("1")).map(|r| Some(r.keys.join(","))),
        "increment" => atomics::increment(&bucket, key, query.number("delta")).map(|n| Some(n.to_string())),
        "get-many" => batch::get_many(&bucket, &keys()).map(|found| {
            let mut found: Vec<String> =
                found.into_iter().map(|(k, v)| format!("{k}={}", v.map_or("-".into(), shown))).collect();
            found.sort();
            Some(found.join(","))
        }),
        "set-many" => {
            let pairs: Vec<(String, Vec<u8>)> =
                query.all("key").map(|k| (k.to_owned(), query.get("value").as_bytes().to_vec())).collect();
            batch::set_many(&bucket, &pairs).map(|()| Some(String::new()))
        }
        "delete-many" => batch::delete_many(&bucket, &keys()).map(|()| Some(String::new())),
        other => return text(404, other),
    };
    answered(answer)
}

fn label(query: &Query) -> &str {
    match query.get("label") {
        "" => "default",
        label => label,
    }
}

fn verb(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn shown(value: Vec<u8>) -> String {
    String::from_utf8_lossy(&value).into_owned()
}

/// 200 with the answer, 404 for "no such key", 502 with the host's error.
fn answered<E: std::fmt::Debug>(answer: Result<Option<String>, E>) -> anyhow::Result<Answer> {
    match answer {
        Ok(Some(answer)) => text(200, &answer),
        Ok(None) => empty(404),
        Err(error) => text(502, &format!("{error:?}")),
    }
}
