//! `{{ name }}` in the values of a manifest.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

/// Replaces every `{{ name }}` of `text` by its value.
///
/// # Errors
/// A `{{` that is never closed, or a name without a value.
pub fn resolve(text: &str, values: &BTreeMap<String, String>) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, tail)) = after.split_once("}}") else {
            bail!("\"{{{{\" without \"}}}}\" in {text:?}");
        };
        let name = name.trim();
        let value = values.get(name).with_context(|| format!("{text:?} names {name:?}, which [variables] lacks"))?;
        out.push_str(before);
        out.push_str(value);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_and_the_rest_is_kept() {
        let values = BTreeMap::from([("host".to_owned(), "a.example".to_owned())]);
        for (text, expected) in [
            ("plain", "plain"),
            ("{{ host }}", "a.example"),
            ("https://{{host}}/x", "https://a.example/x"),
            ("{{ host }}{{ host }}}}", "a.examplea.example}}"),
        ] {
            assert_eq!(resolve(text, &values).unwrap(), expected);
        }
        assert!(resolve("{{ other }}", &values).is_err());
        assert!(resolve("{{ host", &values).is_err());
    }
}
