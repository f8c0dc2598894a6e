//! The feed of filings and payments: whoever settled is not called from the next tick on.

use dering::list::feed::Kind;
use dering::problem::Problem;
use dering::settlement::Intake;
use edge::request::{Body, Head};
use edge::{Reply, clock, config, response, store::SpinStore};

/// A feed of ten million rows is below this.
const FEED_MAX: u64 = 2 << 30;

pub async fn report(head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let kind = Kind::of(super::lists::format(head))?;
    let identity = config::identity().await?;
    let shards = config::shards().await?;
    let mut intake = Intake::new(&SpinStore, &identity, shards, kind, clock::now_ms());
    loop {
        let pushed = match body.chunk(FEED_MAX).await {
            Ok(Some(chunk)) => intake.push(&chunk).await,
            Ok(None) => break,
            Err(broken) => Err(broken),
        };
        if let Err(problem) = pushed {
            // What came before it stays; sent again, it changes nothing.
            intake.stop(clock::now_ms).await?;
            return Err(problem);
        }
    }
    Ok(response::json(200, &intake.finish(clock::now_ms).await?))
}
