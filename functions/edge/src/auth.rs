//! Bearer tokens: the admin's (the Spin variable `admin_token`) and the agents' (`agent_token`). Neither has a default, and
//! without one nothing is served.

use crate::config;
use crate::request::Head;
use dering::problem::Problem;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A shorter token is refused as if there were none: it could be guessed.
pub const MIN_TOKEN_CHARS: usize = 16;

/// Lets the admin through: 401 for everybody else, 503 while no token is configured.
pub async fn require_admin(head: &Head) -> Result<(), Problem> {
    check(head, &[token("admin_token").await?.ok_or_else(|| token_missing("admin_token_missing", "admin_token"))?])
}

/// Lets agents and their diallers through, and the admin.
pub async fn require_agent(head: &Head) -> Result<(), Problem> {
    let tokens: Vec<String> =
        [token("agent_token").await?, token("admin_token").await?].into_iter().flatten().collect();
    if tokens.is_empty() {
        return Err(token_missing("agent_token_missing", "agent_token"));
    }
    check(head, &tokens)
}

async fn token(variable: &'static str) -> Result<Option<String>, Problem> {
    Ok(config::variable(variable).await?.filter(|t| t.chars().count() >= MIN_TOKEN_CHARS))
}

/// Whether two secrets are the same, in a time that depends on neither: their hashes are compared, all bytes of them.
pub fn same_secret(a: &str, b: &str) -> bool {
    Sha256::digest(a.as_bytes()).ct_eq(&Sha256::digest(b.as_bytes())).into()
}

fn check(head: &Head, tokens: &[String]) -> Result<(), Problem> {
    // The scheme's name is case-insensitive (RFC 9110, section 11.1).
    let given = head
        .header("authorization")
        .and_then(|v| v.split_once(' '))
        .and_then(|(scheme, rest)| scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim_matches(' ')));
    match given {
        // All are compared: the time tells nothing of which one it was.
        Some(given) if tokens.iter().fold(false, |same, token| same | same_secret(given, token)) => Ok(()),
        Some(_) => Err(unauthorized("The token is not the configured one.")),
        None => Err(unauthorized("The request carries no bearer token.")),
    }
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(
        401,
        "unauthorized",
        "Not authenticated",
        detail,
        "Send the header Authorization: Bearer TOKEN, where TOKEN is the value of the variable admin_token (for agents: agent_token).",
    )
}

fn token_missing(code: &'static str, variable: &str) -> Problem {
    Problem::new(
        503,
        code,
        "No token is configured",
        format!(
            "The variable {variable} is not set, or has fewer than {MIN_TOKEN_CHARS} characters; nothing is served \
             without it."
        ),
        format!(
            "Set it when starting the application, for example: SPIN_VARIABLE_{}=\"$(openssl rand -hex 32)\" spin up",
            variable.to_ascii_uppercase()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request;

    const TOKEN: &str = "0123456789abcdef";
    const OTHER: &str = "fedcba9876543210";

    fn status(authorization: Option<&str>) -> Result<(), u16> {
        check(
            &request::for_tests(
                "http://h/",
                &authorization.map(|v| ("authorization", v)).into_iter().collect::<Vec<_>>(),
            ),
            &[OTHER.to_owned(), TOKEN.to_owned()],
        )
        .map_err(|p| p.status)
    }

    #[test]
    fn only_the_whole_token_opens() {
        assert_eq!(status(Some("Bearer 0123456789abcdef")), Ok(()));
        assert_eq!(status(Some("bearer  0123456789abcdef")), Ok(()));
        assert_eq!(status(Some("Bearer fedcba9876543210")), Ok(()));
        for end in 0..TOKEN.len() {
            assert_eq!(status(Some(&format!("Bearer {}", &TOKEN[..end]))), Err(401));
        }
        for other in [
            "Bearer 0123456789abcdef0",
            "Bearer 0123456789ABCDEF",
            "Basic 0123456789abcdef",
            "0123456789abcdef",
            "Bearer",
        ] {
            assert_eq!(status(Some(other)), Err(401), "{other}");
        }
        assert_eq!(status(None), Err(401));
    }
}
