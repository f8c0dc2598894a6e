//! Accounts with the providers: what places calls, and what webhooks are believed by.

use super::{base_url, not_configured, required, variable};
use dering::campaign::Limits;
use dering::problem::Problem;
use dering::provider::{Account, Provider, SigningSecret, telnyx};
use std::collections::BTreeMap;

/// The accounts that calls are placed with: of each provider of which anything is set. What is missing of one of them stops
/// all, and so does it if there is none.
pub async fn calling_accounts() -> Result<BTreeMap<Provider, Account>, Problem> {
    let mut accounts = BTreeMap::new();
    for provider in Provider::ALL {
        if is_set(provider).await? {
            accounts.insert(provider, calling_account(provider).await?);
        }
    }
    if accounts.is_empty() {
        // Says what to set for the first of them.
        calling_account(Provider::Twilio).await?;
    }
    Ok(accounts)
}

/// Whether anything is set that only whoever places calls through the provider has.
async fn is_set(provider: Provider) -> Result<bool, Problem> {
    let names: &[&'static str] = match provider {
        Provider::Twilio => &["twilio_account_sid", "twilio_api_key", "twilio_api_secret", "twilio_auth_token"],
        Provider::Telnyx => &["telnyx_organization_id", "telnyx_application_id", "telnyx_api_key"],
    };
    for name in names {
        if variable(name).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn calling_account(provider: Provider) -> Result<Account, Problem> {
    match provider {
        // The API key is optional: without it the account's auth token serves.
        Provider::Twilio => {
            let account = required("twilio_account_sid", "the account's SID, which begins with AC").await?;
            let key = variable("twilio_api_key").await?.unwrap_or_default();
            let secret = match key.as_str() {
                "" => required("twilio_auth_token", "the account's auth token; an API key may take its place").await?,
                _ => required("twilio_api_secret", "the secret of the API key twilio_api_key").await?,
            };
            let base_url = optional_url("twilio_base_url").await?;
            let limits = limits("twilio_calls_per_second", "twilio_concurrent").await?;
            Ok(Account { base_url, account, key, secret, signing_secrets: Vec::new(), limits })
        }
        Provider::Telnyx => {
            let meaning = "the organization's id, which GET /v2/whoami of Telnyx's API tells";
            let account = required("telnyx_organization_id", meaning).await?;
            let key =
                required("telnyx_application_id", "the id of the TeXML application that places the calls").await?;
            let secret = required("telnyx_api_key", "an API key of the account, which begins with KEY").await?;
            let base_url = optional_url("telnyx_base_url").await?;
            let limits = limits("telnyx_calls_per_second", "telnyx_concurrent").await?;
            Ok(Account { base_url, account, key, secret, signing_secrets: Vec::new(), limits })
        }
    }
}

/// What the provider signs its webhooks with, newest first; at least one secret.
pub async fn signing_account(provider: Provider) -> Result<Account, Problem> {
    let (current, previous) = match provider {
        Provider::Twilio => (
            required("twilio_auth_token", "the account's auth token: webhooks are signed with it").await?,
            variable("twilio_auth_token_previous").await?,
        ),
        Provider::Telnyx => (
            public_key(
                "telnyx_public_key",
                required("telnyx_public_key", "the account's public key: webhooks are checked with it").await?,
            )?,
            variable("telnyx_public_key_previous")
                .await?
                .map(|key| public_key("telnyx_public_key_previous", key))
                .transpose()?,
        ),
    };
    let secrets = [Some(current), previous].into_iter().flatten();
    Ok(Account {
        signing_secrets: secrets.map(|secret| SigningSecret { key_id: None, secret }).collect(),
        ..Account::default()
    })
}

fn public_key(name: &'static str, text: String) -> Result<String, Problem> {
    if telnyx::is_public_key(&text) {
        return Ok(text);
    }
    let what = "as the portal shows it under Keys & Credentials: 32 bytes in base64";
    Err(not_configured(name, format!("The variable {name} is no public key. It is the account's, {what}.")))
}

/// Empty if it is not set.
async fn optional_url(name: &'static str) -> Result<String, Problem> {
    match variable(name).await? {
        Some(url) => base_url(name, &url),
        None => Ok(String::new()),
    }
}

/// What the provider lets the account do: orders a second, calls at once. Empty: only the campaigns' own limits hold.
async fn limits(calls_per_second: &'static str, concurrent: &'static str) -> Result<Limits, Problem> {
    parse_limits((calls_per_second, variable(calls_per_second).await?), (concurrent, variable(concurrent).await?))
}

fn parse_limits(
    calls_per_second: (&'static str, Option<String>),
    concurrent: (&'static str, Option<String>),
) -> Result<Limits, Problem> {
    let wrong = |name, range| not_configured(name, format!("The variable {name} must be a number, {range}, or empty."));
    let rate = calls_per_second.1.map(|text| text.parse().map_err(|_| wrong(calls_per_second.0, "0.001 to 1000")));
    let lines = concurrent.1.map(|text| text.parse().map_err(|_| wrong(concurrent.0, "1 to 10000")));
    let limits = Limits { calls_per_second: rate.transpose()?, concurrent: lines.transpose()? };
    match limits.fault() {
        None => Ok(limits),
        Some(("concurrent", range)) => Err(wrong(concurrent.0, range)),
        Some((_, range)) => Err(wrong(calls_per_second.0, range)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_an_account() {
        let of = |rate: &str, lines: &str| {
            let set = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
            parse_limits(("a_calls_per_second", set(rate)), ("a_concurrent", set(lines)))
        };
        assert_eq!(of("", "").unwrap(), Limits::default());
        assert_eq!(of("0.5", "3").unwrap(), Limits { calls_per_second: Some(0.5), concurrent: Some(3) });
        for (rate, lines, named) in [
            ("0", "", "a_calls_per_second"),
            ("x", "", "a_calls_per_second"),
            ("nan", "", "a_calls_per_second"),
            ("1", "0", "a_concurrent"),
            ("1", "1.5", "a_concurrent"),
            ("1", "10001", "a_concurrent"),
        ] {
            let problem = of(rate, lines).unwrap_err();
            assert!(problem.status == 503 && problem.detail.contains(named), "{rate} {lines}: {problem:?}");
        }
    }

    #[test]
    fn a_public_key_that_is_none_is_named() {
        let name = "telnyx_public_key";
        let good = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";
        assert_eq!(public_key(name, good.into()), Ok(good.into()));
        for bad in ["KEY01", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
            let problem = public_key(name, bad.into()).unwrap_err();
            assert!(problem.detail.contains(name) && !problem.detail.contains(bad), "{problem:?}");
        }
    }
}
