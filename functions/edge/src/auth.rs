//! The admin's bearer token: the Spin variable `admin_token`. It has no default, and without it nothing is served.

use crate::config;
use crate::request::Head;
use dering::problem::Problem;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A shorter token is refused as if there were none: it could be guessed.
pub const MIN_TOKEN_CHARS: usize = 16;

/// Lets the admin through: 401 for everybody else, 503 while no token is configured.
pub async fn require_admin(head: &Head) -> Result<(), Problem> {
    let token = config::variable("admin_token").await?.filter(|t| t.chars().count() >= MIN_TOKEN_CHARS);
    check(head, &token.ok_or_else(token_missing)?)
}

/// Whether two secrets are the same, in a time that depends on neither: their hashes are compared, all bytes of them.
pub fn same_secret(a: &str, b: &str) -> bool {
    Sha256::digest(a.as_bytes()).ct_eq(&Sha256::digest(b.as_bytes())).into()
}

fn check(head: &Head, token: &str) -> Result<(), Problem> {
    // The scheme's name is case-insensitive (RFC 9110, section 11.1).
    let given = head
        .header("authorization")
        .and_then(|v| v.split_once(' '))
        .and_then(|(scheme, rest)| scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim_matches(' ')));
    match given {
        Some(given) if same_secret(given, token) => Ok(()),
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
        "Send the header Authorization: Bearer TOKEN, where TOKEN is the value of the variable admin_token.",
    )
}

fn token_missing() -> Problem {
    Problem::new(
        503,
        "admin_token_missing",
        "No admin token is configured",
        format!(
            "The variable admin_token is not set, or has fewer than {MIN_TOKEN_CHARS} characters; nothing is served \
             without it."
        ),
        "Set it when starting the application, for example: \
         SPIN_VARIABLE_ADMIN_TOKEN=\"$(openssl rand -hex 32)\" spin up",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request;

    const TOKEN: &str = "0123456789abcdef";

    fn status(authorization: Option<&str>) -> Result<(), u16> {
        check(
            &request::for_tests(
                "http://h/",
                &authorization.map(|v| ("authorization", v)).into_iter().collect::<Vec<_>>(),
            ),
            TOKEN,
        )
        .map_err(|p| p.status)
    }

    #[test]
    fn only_the_whole_token_opens() {
        assert_eq!(status(Some("Bearer 0123456789abcdef")), Ok(()));
        assert_eq!(status(Some("bearer  0123456789abcdef")), Ok(()));
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
