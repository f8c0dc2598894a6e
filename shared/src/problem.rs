//! Refusals as RFC 9457 problem documents: a stable code, what is wrong, and what to do about it.

use serde::Serialize;
use std::borrow::Cow;

/// A refusal, ready to be sent as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A URI that names the kind of problem; derived from the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every problem of this kind.
    pub title: Cow<'static, str>,
    /// HTTP status.
    pub status: u16,
    /// What is wrong this time.
    pub detail: String,
    /// Stable word for programs.
    pub code: Cow<'static, str>,
    /// What to do.
    pub hint: Cow<'static, str>,
    /// Row and column, or a JSON pointer, where one can be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

impl Problem {
    /// A problem of the kind `code`.
    pub fn new(
        status: u16,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
        hint: impl Into<Cow<'static, str>>,
    ) -> Self {
        Problem {
            kind: format!("urn:dering:problem:{code}"),
            title: Cow::Borrowed(title),
            status,
            detail: detail.into(),
            code: Cow::Borrowed(code),
            hint: hint.into(),
            at: None,
        }
    }

    /// The same problem, with the place where it is.
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.at = Some(place.into());
        self
    }

    /// A query parameter is missing or wrong. `expected` completes "must be".
    pub fn parameter(name: &str, expected: &str) -> Self {
        Problem::new(
            400,
            "parameter_invalid",
            "A parameter is missing or not understood",
            format!("the parameter `{name}` must be {expected}"),
            "Correct the parameter and send the request again.",
        )
    }

    /// Others won every try.
    pub fn contended() -> Self {
        Problem::new(
            409,
            "contended",
            "Others edit the same at this moment",
            "the edit did not get its turn",
            "Read it again, then send your edit again.",
        )
    }

    /// The store did not answer: nothing is known to be done, and the request may be sent again.
    pub fn store(error: &crate::store::StoreError) -> Self {
        Problem::new(
            503,
            "store_unavailable",
            "The store did not answer",
            error.to_string(),
            "Send the same request again; repeating it does no harm.",
        )
    }
}

impl From<crate::store::AppendError> for Problem {
    fn from(error: crate::store::AppendError) -> Self {
        Problem::store(&crate::store::StoreError(error.to_string()))
    }
}

impl From<crate::store::UpdateError<Problem>> for Problem {
    fn from(error: crate::store::UpdateError<Problem>) -> Self {
        use crate::store::UpdateError;
        match error {
            UpdateError::Refused(problem) => problem,
            UpdateError::Store(error) => Problem::store(&error),
            UpdateError::Contended => Problem::contended(),
        }
    }
}
