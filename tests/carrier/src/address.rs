//! Phone numbers and URLs, as the carrier wants them.

/// `+`, then 7 to 15 digits of which the first is not 0.
pub(crate) fn e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// An absolute http or https URL with a host whose name has no underscore (which the carrier refuses).
pub(crate) fn absolute(text: &str) -> bool {
    let Ok(uri) = text.split('#').next().unwrap_or_default().parse::<http::Uri>() else {
        return false;
    };
    matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.host().is_some_and(|host| !host.is_empty() && !host.contains('_'))
}

/// What `reference`, found in a document from `base`, stands for.
pub(crate) fn resolve(base: &str, reference: &str) -> String {
    if reference.contains("://") {
        return reference.to_owned();
    }
    let base = base.split(['#', '?']).next().unwrap_or(base);
    let host_end = base
        .find("://")
        .and_then(|at| base.get(at + 3..).and_then(|rest| rest.find('/')).map(|slash| at + 3 + slash))
        .unwrap_or(base.len());
    let (origin, path) = base.split_at(host_end);
    if reference.starts_with('/') {
        format!("{origin}{reference}")
    } else {
        let folder = path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or("/");
        format!("{origin}{folder}{reference}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_resolve_against_their_document() {
        for (reference, whole) in [("http://o/x", "http://o/x"), ("/x?y", "http://h:1/x?y"), ("x", "http://h:1/a/x")] {
            assert_eq!(resolve("http://h:1/a/b?c=/d#rc=1", reference), whole);
        }
        assert_eq!(resolve("http://h", "x"), "http://h/x");
    }
}
