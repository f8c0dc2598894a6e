//! Carrier, host and variables, set up to work together; and a campaign that calls at any hour.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dering::vault::{Identity, Vault};
use dering_carrier::{Carrier, Options, Protocol};
use serde_json::{Value, json};

use crate::api::{CampaignReport, Client, Upload};
use crate::audit::{self, Books, Weather};
use crate::host::{self, Host, Setup};
use crate::lists::List;
use crate::ticker::Ticker;

/// The admin's token.
pub const ADMIN_TOKEN: &str = "a-token-for-the-demo-and-the-tests";
/// The officers' line.
pub const OFFICER_LINE: &str = "+62215000099";
/// How often a contact is tried at most.
pub const ATTEMPTS_MAX: u8 = 3;

/// What is set up.
#[derive(Debug, Clone)]
pub struct Plan {
    pub carrier: Options,
    /// A carrier that speaks as Telnyx does, beside it.
    pub telnyx: Option<Options>,
    pub shards: u16,
    /// `None`: the application's own manifest.
    pub manifest: Option<PathBuf>,
    /// `None`: a temporary folder.
    pub state_dir: Option<PathBuf>,
    /// Where the local host writes its counts of verbs and commits.
    pub counts: Option<PathBuf>,
    /// `None`: the store is a file in the folder.
    pub runtime_config: Option<PathBuf>,
    /// Variables besides the usual ones, or instead of them.
    pub variables: Vec<(String, String)>,
}

impl Default for Plan {
    fn default() -> Self {
        let carrier = Options { speed: 20.0, ..Options::default() };
        Self {
            carrier,
            telnyx: None,
            shards: 1,
            manifest: None,
            state_dir: None,
            counts: None,
            runtime_config: None,
            variables: Vec::new(),
        }
    }
}

/// Everything that plays together.
pub struct Stage {
    pub host: Host,
    pub carrier: Carrier,
    pub telnyx: Option<Carrier>,
    pub client: Client,
    pub vault: Vault,
    pub shards: u16,
}

/// The identity key of all tests: 32 bytes that are no secret.
pub fn identity_key() -> String {
    STANDARD.encode([0xa5; 32])
}

/// The master key of all tests: 32 bytes that are no secret.
pub fn master_key() -> String {
    STANDARD.encode([0x5a; 32])
}

impl Stage {
    /// Builds the components, starts the carrier and the host.
    ///
    /// # Errors
    /// Whatever keeps one of them from it.
    pub async fn start(plan: Plan) -> Result<Self> {
        // Cargo may take minutes, and blocks.
        tokio::task::spawn_blocking(host::build_application).await??;
        let carrier = Carrier::start(plan.carrier).await?;
        let telnyx = match plan.telnyx {
            Some(options) => Some(Carrier::start(Options { protocol: Protocol::Telnyx, ..options }).await?),
            None => None,
        };
        let mut host = Host::prepare(Setup {
            manifest: plan.manifest,
            state_dir: plan.state_dir,
            counts: plan.counts,
            runtime_config: plan.runtime_config,
            ..Setup::default()
        })?;
        let options = carrier.options();
        for (name, value) in [
            ("admin_token", ADMIN_TOKEN),
            ("identity_key", &identity_key()),
            ("master_key", &master_key()),
            ("public_url", &host.url()),
            ("shards", &plan.shards.to_string()),
            ("person_calls_per_day", "50"),
            ("person_calls_per_week", "50"),
            ("officer_line", OFFICER_LINE),
            ("officer_hours", r#"{"mon-sun":["00:00-24:00"]}"#),
            ("legal_hours", r#"{"ID":{"hours":{"mon-sun":["00:00-24:00"]}}}"#),
            ("twilio_base_url", carrier.base_url()),
            ("twilio_account_sid", &options.account_sid),
            ("twilio_api_key", &options.api_key),
            ("twilio_api_secret", &options.api_secret),
            ("twilio_auth_token", &options.auth_token),
            // The simulated carrier takes all it gets.
            ("twilio_calls_per_second", ""),
        ] {
            host.variable(name, value);
        }
        if let Some(telnyx) = &telnyx {
            let options = telnyx.options();
            for (name, value) in [
                ("telnyx_base_url", telnyx.base_url()),
                ("telnyx_organization_id", &options.account_sid),
                ("telnyx_application_id", &options.api_key),
                ("telnyx_api_key", &options.api_secret),
                ("telnyx_public_key", &telnyx.public_key()),
                ("telnyx_concurrent", ""),
            ] {
                host.variable(name, value);
            }
        }
        for (name, value) in plan.variables {
            host.variable(&name, value);
        }
        host.start().await?;
        let client = Client::new(&host.url(), ADMIN_TOKEN);
        let identity = Identity::new(&identity_key()).map_err(anyhow::Error::msg)?;
        let vault = Vault::new(identity, &master_key(), None).map_err(anyhow::Error::msg)?;
        Ok(Self { host, carrier, telnyx, client, vault, shards: plan.shards })
    }

    /// A campaign that calls at any hour, tries again after seconds, and shows a number that the carrier knows.
    pub fn campaign(&self, id: &str) -> Value {
        campaign(id, &self.carrier.options().caller_ids)
    }

    /// Creates and starts the campaign, and uploads the list to it.
    ///
    /// # Errors
    /// Something is refused.
    pub async fn begin(&self, campaign: &Value, list: &List) -> Result<Upload> {
        self.client.start_campaign(campaign).await?;
        let id = campaign.get("id").and_then(Value::as_str).unwrap_or_default();
        // Whoever asks for a large list means it.
        let expected = list.rows.len().to_string();
        let said = [("name", list.name.as_str()), ("expected", expected.as_str())];
        self.client.upload_with(id, &said, list.file.clone()).await?.success().context("the list")?.json()
    }

    /// A ticker at a pace for tests.
    pub fn ticker(&self) -> Ticker {
        Ticker::start(&self.client, self.shards, Duration::from_millis(300))
    }

    /// Waits until every contact of the campaign has ended, and the carrier has no more to say.
    ///
    /// # Errors
    /// That takes longer than `patience`.
    pub async fn settled(&self, campaign: &str, contacts: u64, patience: Duration) -> Result<CampaignReport> {
        let begun = Instant::now();
        loop {
            // A host that is being started again answers nothing; that is not the end.
            let report = self.client.report(campaign).await;
            if let Ok(report) = &report
                && report.contacts >= contacts
                && report.unsettled() == 0
            {
                break;
            }
            if begun.elapsed() > patience {
                let complaints = self.carrier.violations();
                let first = complaints.get(..10).unwrap_or(&complaints);
                bail!(
                    "not settled after {patience:?}: {report:?}\ncarrier: {:?}, complaints: {first:?}\nhost: {}",
                    self.carrier.snapshot(),
                    self.host.tail()
                );
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        for carrier in [Some(&self.carrier), self.telnyx.as_ref()].into_iter().flatten() {
            if !carrier.idle(patience.saturating_sub(begun.elapsed())).await {
                bail!("the carrier is still busy after {patience:?}: {:?}", carrier.snapshot());
            }
        }
        self.client.report(campaign).await
    }

    /// What is wrong with the service's books on a campaign of one list; empty if they agree with the carrier's.
    ///
    /// # Errors
    /// The books cannot be had.
    pub async fn audit(&self, campaign: &str, list: &List, weather: Weather) -> Result<Vec<String>> {
        self.audit_of(&self.carrier, campaign, list, weather).await
    }

    /// The same for the carrier that speaks as Telnyx does, where all calls went through it because the other one refused.
    ///
    /// # Errors
    /// The books cannot be had.
    pub async fn audit_telnyx(&self, campaign: &str, list: &List, weather: Weather) -> Result<Vec<String>> {
        let telnyx = self.telnyx.as_ref().context("there is no such carrier")?;
        self.audit_of(telnyx, campaign, list, weather).await
    }

    async fn audit_of(&self, carrier: &Carrier, campaign: &str, list: &List, weather: Weather) -> Result<Vec<String>> {
        let report = self.client.report(campaign).await?;
        let attempts = self.client.attempts(campaign).await?;
        Ok(audit::audit(&Books {
            list,
            report: &report,
            attempts: &attempts,
            calls: &carrier.calls(),
            violations: &carrier.violations(),
            options: carrier.options(),
            vault: &self.vault,
            attempts_max: ATTEMPTS_MAX,
            weather,
        }))
    }

    /// Ticks until nothing is folded any more: news of calls that were closed as unknown has its say, too.
    ///
    /// # Errors
    /// A tick fails.
    pub async fn last_news(&self) -> Result<()> {
        // An ending is folded three seconds after it came.
        let quiet = Duration::from_secs(4);
        let mut since = Instant::now();
        while since.elapsed() < quiet {
            for shard in 0..self.shards {
                if self.client.tick(shard).await?.folded > 0 {
                    since = Instant::now();
                }
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok(())
    }
}

/// A campaign that calls at any hour and tries again after seconds.
pub fn campaign(id: &str, caller_ids: &[String]) -> Value {
    let soon = json!({ "after": "1s", "other_part_of_day": false });
    json!({
        "id": id,
        "name": "SPT Tahunan, a made-up campaign",
        "matter": "not_filed",
        "time_zone": "Asia/Jakarta",
        "callable_hours": { "mon-sun": ["00:00-24:00"] },
        "attempts": {
            "max": ATTEMPTS_MAX,
            "per_day": 20,
            "per_week": 20,
            "retry": {
                "no_answer": soon, "voicemail": soon, "third_party": soon, "refused": { "after": "1s", "max": 20 },
                "busy": "1s", "callback": "1s", "no_officer": "1s",
                "failed": "1s", "unknown": "1s", "not_placed": "1s", "invalid_number": "1s", "wrong_number": "1s"
            }
        },
        "call": { "ring": "25s", "talk": "300s", "unknown_after": "30s" },
        "caller_ids": caller_ids,
        "rate": { "calls_per_second": 20.0, "concurrent": 40 },
        "script": "reminder",
        "languages": ["id", "en"]
    })
}
