//! Webhooks: how many a second, against a component that does one bare `set`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use anyhow::{Result, ensure};
use dering::attempt::CallId;
use dering_e2e::api::Client;
use dering_e2e::host;
use dering_e2e::stage::{Plan, Stage};
use http::Method;

use crate::{Args, bare, median};

const CONNECTIONS: usize = 32;

/// Status callbacks a second, against a component that does one `set` and answers 204.
pub async fn callbacks(args: &Args, folder: &Path) -> Result<()> {
    host::build(&["probe"])?;
    let manifest = Some(bare::manifest(folder)?);
    let stage = Stage::start(Plan { manifest, state_dir: Some(folder.join("callbacks")), ..Plan::default() }).await?;
    let client = stage.client.with_token("");
    let fields: Vec<(String, String)> = [
        ("CallSid", "CA00000000000000000000000000000001"),
        ("AccountSid", "AC00000000000000000000000000000002"),
        ("From", "+622150000001"),
        ("To", "+628110000001"),
        ("CallStatus", "no-answer"),
        ("SipResponseCode", "487"),
        ("SequenceNumber", "3"),
        ("Timestamp", "Mon, 02 Nov 2026 03:04:05 +0000"),
        ("CallbackSource", "call-progress-events"),
        ("Direction", "outbound-api"),
    ]
    .map(|(n, v)| (n.to_owned(), v.to_owned()))
    .to_vec();
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    let token = stage.carrier.options().auth_token.clone();
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for round in 0..=args.rounds {
        // Signed beforehand: what is measured is the service, not the client. Each is of a call of its own, as in life;
        // a callback that is repeated would overwrite a value where the other side adds one.
        let prepared = (0..args.requests).map(|n| {
            let id = CallId {
                shard: 0,
                ballot: u64::from(round * args.requests + n) / 500,
                index: (n % 500) as u16,
                valid_until_s: u32::MAX,
            };
            let path = format!("/hooks/twilio/{}/status", id.seal(&stage.vault));
            let signature = dering_carrier::sign(&token, &format!("{}{path}", stage.host.url()), &fields);
            (path, signature)
        });
        let prepared = Arc::new(prepared.collect());
        let b = round_of(&client, args.requests, Arc::new(vec![("/bare".to_owned(), String::new())]), &body).await?;
        let o = round_of(&client, args.requests, prepared, &body).await?;
        // The first round warms both sides up.
        if round > 0 {
            bare.push(b);
            ours.push(o);
        }
    }
    let (bare, ours) = (median(bare), median(ours));
    println!(
        "status callbacks at {CONNECTIONS} connections: {ours:.0}/s, bare one-set component {bare:.0}/s, ratio {:.2}",
        ours / bare
    );
    Ok(())
}

async fn round_of(client: &Client, requests: u32, prepared: Arc<Vec<(String, String)>>, body: &str) -> Result<f64> {
    let next = Arc::new(AtomicU32::new(0));
    let begun = Instant::now();
    let mut workers = Vec::new();
    for _ in 0..CONNECTIONS {
        let (client, prepared, body, next) =
            (client.clone(), Arc::clone(&prepared), body.to_owned(), Arc::clone(&next));
        workers.push(tokio::spawn(async move {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= requests {
                    return Ok::<_, anyhow::Error>(());
                }
                let Some((path, signature)) = prepared.get(n as usize % prepared.len().max(1)) else { return Ok(()) };
                let headers =
                    [("content-type", "application/x-www-form-urlencoded"), ("x-twilio-signature", signature.as_str())];
                let answer = client.send(Method::POST, path, &headers, body.clone()).await?;
                ensure!(answer.status == 204, "{path} answered {}", answer.status);
            }
        }));
    }
    for worker in workers {
        worker.await??;
    }
    Ok(f64::from(requests) / begun.elapsed().as_secs_f64())
}
