//! Spin variables as typed settings. Each is read once per instance and kept for [`KEPT_MS`]: with some variable
//! providers a read is a network round trip, and a rotated secret must still take effect without a restart.

mod accounts;

pub use accounts::{calling_accounts, signing_account};

use crate::clock;
use dering::campaign::PersonLimits;
use dering::hours::LegalHours;
use dering::problem::Problem;
use dering::vault::{Identity, Vault};
use spin_sdk::variables;
use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

/// How long a value is kept.
pub const KEPT_MS: u64 = 10_000;

/// As many shards as one deployment may have.
pub const MAX_SHARDS: u16 = 1024;

struct Kept<T> {
    read_at_ms: u64,
    value: T,
}

impl<T: Clone> Kept<T> {
    fn new(value: T) -> Self {
        Kept { read_at_ms: clock::monotonic_ms(), value }
    }

    fn fresh(&self) -> Option<T> {
        (clock::monotonic_ms().saturating_sub(self.read_at_ms) < KEPT_MS).then(|| self.value.clone())
    }
}

thread_local! {
    static VARIABLES: RefCell<HashMap<&'static str, Kept<Option<String>>>> = RefCell::default();
    static IDENTITY: RefCell<Option<Kept<Rc<Identity>>>> = const { RefCell::new(None) };
    static VAULT: RefCell<Option<Kept<Rc<Vault>>>> = const { RefCell::new(None) };
}

/// A variable, without white space at its ends; `None` if it is empty, not set, or not declared for this component.
pub async fn variable(name: &'static str) -> Result<Option<String>, Problem> {
    if let Some(value) = VARIABLES.with_borrow(|kept| kept.get(name).and_then(Kept::fresh)) {
        return Ok(value);
    }
    let value = match variables::get(name).await {
        Ok(value) => Some(value.trim().to_owned()).filter(|v| !v.is_empty()),
        Err(variables::Error::Undefined(_) | variables::Error::InvalidName(_)) => None,
        // The text of these errors may name hosts of the variable provider: it is in the host's log, not in replies.
        Err(variables::Error::Provider(_) | variables::Error::Other(_)) => {
            return Err(unreadable(name));
        }
    };
    VARIABLES.with_borrow_mut(|kept| kept.insert(name, Kept::new(value.clone())));
    Ok(value)
}

/// A variable that must be set. `meaning` completes "The variable X is …".
async fn required(name: &'static str, meaning: &str) -> Result<String, Problem> {
    variable(name)
        .await?
        .ok_or_else(|| not_configured(name, format!("The variable {name} is not set. It is {meaning}.")))
}

/// The keys derived from `identity_key`. Where it is not set, the oldest master key that is takes its place.
pub async fn identity() -> Result<Rc<Identity>, Problem> {
    if let Some(identity) = IDENTITY.with_borrow(|kept| kept.as_ref().and_then(Kept::fresh)) {
        return Ok(identity);
    }
    let mut found = None;
    for name in ["identity_key", "master_key_previous", "master_key"] {
        if let Some(key) = variable(name).await? {
            found = Some((name, key));
            break;
        }
    }
    let (name, key) = found.ok_or_else(|| {
        not_configured(
            "identity_key",
            "The variable identity_key is not set, nor is master_key. It is the key that persons and calls are known \
             again by, and it must never change: 32 bytes in base64, for example the output of `openssl rand -base64 \
             32`."
                .into(),
        )
    })?;
    let identity = Rc::new(Identity::new(&key).map_err(|e| not_configured(name, e))?);
    IDENTITY.with_borrow_mut(|kept| *kept = Some(Kept::new(Rc::clone(&identity))));
    Ok(identity)
}

/// The keys derived from `identity_key`, `master_key` and `master_key_previous`.
pub async fn vault() -> Result<Rc<Vault>, Problem> {
    if let Some(vault) = VAULT.with_borrow(|kept| kept.as_ref().and_then(Kept::fresh)) {
        return Ok(vault);
    }
    let current = required(
        "master_key",
        "the key that personal data is encrypted with: 32 bytes in base64, for example the output of \
         `openssl rand -base64 32`",
    )
    .await?;
    let previous = variable("master_key_previous").await?;
    let identity = Identity::clone(&*identity().await?);
    let vault = Vault::new(identity, &current, previous.as_deref()).map_err(|e| not_configured("master_key", e))?;
    let vault = Rc::new(vault);
    VAULT.with_borrow_mut(|kept| *kept = Some(Kept::new(Rc::clone(&vault))));
    Ok(vault)
}

/// The URL under which providers reach this application: `public_url`, without a slash at its end.
pub async fn public_url() -> Result<String, Problem> {
    let url = required(
        "public_url",
        "the URL under which the providers reach this application, such as https://ring.example",
    )
    .await?;
    base_url("public_url", &url)
}

/// The configured number of shards; 1 if the variable `shards` is not set. What counts after the first start is the
/// number in the store.
pub async fn shards() -> Result<u16, Problem> {
    match variable("shards").await? {
        None => Ok(1),
        Some(text) => parse_shards(&text),
    }
}

/// How often a person may be called over all campaigns; the domain's own limits where a variable is not set.
pub async fn person_limits() -> Result<PersonLimits, Problem> {
    let default = PersonLimits::default();
    Ok(PersonLimits {
        per_day: limit("person_calls_per_day", default.per_day).await?,
        per_week: limit("person_calls_per_week", default.per_week).await?,
    })
}

async fn limit(name: &'static str, default: u8) -> Result<u8, Problem> {
    let Some(text) = variable(name).await? else { return Ok(default) };
    let most = PersonLimits::MAX;
    let meant = text.parse().ok().filter(|n| (1..=most).contains(n));
    meant.ok_or_else(|| not_configured(name, format!("The variable {name} must be a number from 1 to {most}.")))
}

/// The number that callers are transferred to; E.164, not checked here.
pub async fn officer_line() -> Result<Option<String>, Problem> {
    variable("officer_line").await
}

/// When that number is staffed; not checked here.
pub async fn officer_hours() -> Result<Option<String>, Problem> {
    variable("officer_hours").await
}

/// The outer limits of callable hours by country: the application's own table, or what the variable puts in its place. One that
/// cannot be read stops everything that depends on it.
pub async fn legal_hours() -> Result<LegalHours, Problem> {
    match variable("legal_hours").await? {
        None => Ok(LegalHours::default()),
        Some(text) => LegalHours::from_json(&text).map_err(|e| {
            let form = r#"{"ID":{"hours":{"mon-sat":["08:00-20:00"]},"holidays":["id-national"]}}"#;
            not_configured(
                "legal_hours",
                format!("The variable legal_hours cannot be read: {e}. Write it like {form}."),
            )
        }),
    }
}

/// The authority's own numbers, as they stand between the commas of the variable; not checked here.
pub async fn own_numbers() -> Result<Vec<String>, Problem> {
    let text = variable("own_numbers").await?.unwrap_or_default();
    Ok(text.split(',').map(str::trim).filter(|n| !n.is_empty()).map(str::to_owned).collect())
}

fn parse_shards(text: &str) -> Result<u16, Problem> {
    text.parse().ok().filter(|n| (1..=MAX_SHARDS).contains(n)).ok_or_else(|| {
        not_configured("shards", format!("The variable shards must be a number from 1 to {MAX_SHARDS}."))
    })
}

/// `https://host[:port][/path]`; plain `http` only to this machine, since calls and credentials travel over it.
fn base_url(name: &'static str, text: &str) -> Result<String, Problem> {
    let valid = text.parse::<http::Uri>().ok().is_some_and(|uri| {
        let host = uri.host().unwrap_or_default();
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => is_loopback(host),
            _ => false,
        };
        // The parser of `http` drops a fragment in silence.
        let plain =
            uri.query().is_none() && !text.contains('#') && !uri.authority().is_some_and(|a| a.as_str().contains('@'));
        secure && !host.is_empty() && plain
    });
    if valid {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(not_configured(
            name,
            format!(
                "The variable {name} must be a URL like https://host or https://host:port, without user, query or \
                 fragment; http:// only for localhost."
            ),
        ))
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|a| a.is_loopback())
}

fn not_configured(name: &'static str, detail: String) -> Problem {
    Problem::new(
        503,
        "not_configured",
        "Configuration is missing",
        detail,
        format!(
            "Set it when starting the application: spin up --variable {name}=VALUE, or the environment variable \
             SPIN_VARIABLE_{}.",
            name.to_ascii_uppercase()
        ),
    )
}

fn unreadable(name: &'static str) -> Problem {
    Problem::new(
        503,
        "variable_unavailable",
        "A variable could not be read",
        format!("The variable provider did not answer for {name}."),
        "Try again; if it persists, see the host's log and its variable providers.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls() {
        let url = |text: &str| base_url("public_url", text).map_err(|p| p.status);
        assert_eq!(url("https://ring.example").as_deref(), Ok("https://ring.example"));
        assert_eq!(url("https://ring.example:8443/dering/").as_deref(), Ok("https://ring.example:8443/dering"));
        for local in ["http://localhost:3000", "http://127.0.0.1", "http://127.9.9.9:1", "http://[::1]:3000"] {
            assert_eq!(url(local).as_deref(), Ok(local));
        }
        for bad in [
            "http://ring.example",
            "http://localhost.example",
            "http://10.0.0.1",
            "ring.example",
            "/path",
            "https://",
            "ftp://ring.example",
            "https://u:p@ring.example",
            "https://ring.example?x=1",
            "https://ring.example/#x",
            "https://ring.example/ x",
            "http://127.0.0.1.example",
        ] {
            assert_eq!(url(bad), Err(503), "{bad}");
        }
    }

    #[test]
    fn shard_numbers() {
        assert_eq!(parse_shards("4").ok(), Some(4));
        for bad in ["0", "-1", "1025", "x", "1.5", "65537"] {
            assert!(parse_shards(bad).is_err_and(|p| p.detail.contains("1024")), "{bad}");
        }
    }

    #[test]
    fn what_is_missing_is_named_with_the_way_to_set_it() {
        let p = not_configured("public_url", String::new());
        assert!(p.hint.contains("SPIN_VARIABLE_PUBLIC_URL"));
        assert!(p.hint.contains("--variable public_url="));
    }
}
