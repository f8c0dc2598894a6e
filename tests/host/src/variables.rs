//! The values of the application's variables, and what each component may read of them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::manifest::Variable;
use crate::template;

/// The prefix of environment variables that give a value.
const ENV_PREFIX: &str = "SPIN_VARIABLE_";

/// Resolves every variable: the command line first, then the environment, then `.env`, then the default.
///
/// # Errors
/// Required variables without a value, all of them named in one message.
pub fn resolve(
    declared: &BTreeMap<String, Variable>,
    given: &BTreeMap<String, String>,
    env: impl Fn(&str) -> Option<String>,
    dotenv: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let mut values = BTreeMap::new();
    let mut missing = Vec::new();
    for (name, variable) in declared {
        let env_name = format!("{ENV_PREFIX}{}", name.to_ascii_uppercase());
        let value = given
            .get(name)
            .cloned()
            .or_else(|| env(&env_name))
            .or_else(|| dotenv.get(&env_name).cloned())
            .or_else(|| variable.default.clone());
        match value {
            Some(value) => {
                values.insert(name.clone(), value);
            }
            None => missing.push(format!("{name} (--variable {name}=… or {env_name}=…)")),
        }
    }
    ensure!(missing.is_empty(), "required variables have no value: {}", missing.join(", "));
    Ok(values)
}

/// The values of `.env` in the current folder; empty if there is no such file.
pub fn dotenv() -> Result<BTreeMap<String, String>> {
    match dotenvy::from_path_iter(Path::new(".env")) {
        Ok(pairs) => pairs.collect::<Result<_, _>>().context("the file .env is not valid"),
        Err(error) if error.not_found() => Ok(BTreeMap::new()),
        Err(error) => Err(error).context("cannot read the file .env"),
    }
}

/// The arguments of `--variable`: `name=value`, `name=@file`, or `@file` with a TOML or JSON table of strings.
pub fn parse_given(arguments: &[String]) -> Result<BTreeMap<String, String>> {
    let mut values = BTreeMap::new();
    for argument in arguments {
        if let Some(file) = argument.strip_prefix('@') {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
            let table: BTreeMap<String, String> = match Path::new(file).extension().and_then(|e| e.to_str()) {
                Some("toml") => toml::from_str(&text).with_context(|| format!("{file} is not a table of strings"))?,
                Some("json") => {
                    serde_json::from_str(&text).with_context(|| format!("{file} is not an object of strings"))?
                }
                _ => bail!("{file}: variables are read from .toml and .json files"),
            };
            values.extend(table);
        } else if let Some((name, value)) = argument.split_once('=') {
            let value = match value.strip_prefix('@') {
                Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?,
                None => value.to_owned(),
            };
            values.insert(name.to_owned(), value);
        } else {
            bail!("--variable {argument:?} is not of the form name=value");
        }
    }
    Ok(values)
}

/// The values of a component's own table, its templates filled in.
pub fn of_component(
    table: &BTreeMap<String, String>,
    app: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    table.iter().map(|(name, text)| Ok((name.clone(), template::resolve(text, app)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(default: Option<&str>) -> Variable {
        let text = match default {
            Some(value) => format!("default = {value:?}"),
            None => "required = true".to_owned(),
        };
        toml::from_str(&text).unwrap()
    }

    fn table(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn command_line_then_environment_then_file_then_default() {
        let declared = BTreeMap::from(["a", "b", "c", "d"].map(|name| (name.to_owned(), variable(Some("default")))));
        let env = |name: &str| matches!(name, "SPIN_VARIABLE_A" | "SPIN_VARIABLE_B").then(|| "env".to_owned());
        let dotenv = table(&[("SPIN_VARIABLE_B", "file"), ("SPIN_VARIABLE_C", "file")]);
        let values = resolve(&declared, &table(&[("a", "given")]), env, &dotenv).unwrap();
        assert_eq!(values, table(&[("a", "given"), ("b", "env"), ("c", "file"), ("d", "default")]));
    }

    #[test]
    fn all_missing_values_are_named_at_once() {
        let declared = BTreeMap::from(["one", "two"].map(|name| (name.to_owned(), variable(None))));
        let error = resolve(&declared, &BTreeMap::new(), |_| None, &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("one") && error.contains("SPIN_VARIABLE_TWO"), "{error}");
    }

    #[test]
    fn arguments_without_a_value_are_refused() {
        assert_eq!(parse_given(&["a=b=c".to_owned()]).unwrap(), table(&[("a", "b=c")]));
        assert!(parse_given(&["a".to_owned()]).is_err());
        assert!(parse_given(&["@a.yaml".to_owned()]).is_err());
    }
}
