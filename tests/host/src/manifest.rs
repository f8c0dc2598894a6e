//! `spin.toml`, manifest version 2, as far as HTTP components need it.
//!
//! Keys Spin does not know are errors here, too. Keys Spin knows and this host cannot honour are refused by name
//! when they ask for something, so that no application runs with less than it was promised.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A manifest that has been read and checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    spin_manifest_version: u32,
    pub application: Application,
    #[serde(default)]
    pub variables: BTreeMap<String, Variable>,
    trigger: Triggers,
    #[serde(default)]
    pub component: BTreeMap<String, Component>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    pub name: String,
    #[serde(default)]
    pub version: String,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default, rename = "authors")]
    _authors: Vec<String>,
    #[serde(default, rename = "targets")]
    _targets: Vec<IgnoredAny>,
    #[serde(default, rename = "trigger")]
    _trigger: BTreeMap<String, IgnoredAny>,
    #[serde(default, rename = "tool")]
    _tool: BTreeMap<String, IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    #[serde(default)]
    pub required: bool,
    pub default: Option<String>,
    #[serde(default, rename = "secret")]
    _secret: bool,
    #[serde(default, rename = "description")]
    _description: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Triggers {
    #[serde(default)]
    http: Vec<HttpTrigger>,
    #[serde(flatten)]
    others: BTreeMap<String, IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTrigger {
    #[serde(default, rename = "id")]
    _id: String,
    pub route: Route,
    pub component: Option<String>,
    pub static_response: Option<StaticResponse>,
    executor: Option<Executor>,
}

/// Where a trigger can be reached.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Route {
    Pattern(String),
    /// Reachable by other components only.
    Private {
        private: bool,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase", tag = "type")]
enum Executor {
    Http,
}

/// An answer without a component.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticResponse {
    #[serde(default = "ok")]
    pub status_code: u16,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    pub body: Option<String>,
}

fn ok() -> u16 {
    200
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    pub source: PathBuf,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    #[serde(default)]
    pub allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    pub key_value_stores: Vec<String>,
    #[serde(default)]
    files: Vec<IgnoredAny>,
    #[serde(default)]
    sqlite_databases: Vec<String>,
    #[serde(default)]
    ai_models: Vec<String>,
    #[serde(default)]
    dependencies: BTreeMap<String, IgnoredAny>,
    #[serde(default, rename = "exclude_files")]
    _exclude_files: Vec<String>,
    #[serde(default, rename = "dependencies_inherit_configuration")]
    _dependencies_inherit_configuration: bool,
    #[serde(default, rename = "targets")]
    _targets: Vec<IgnoredAny>,
    #[serde(default, rename = "build")]
    _build: Option<Build>,
    #[serde(default, rename = "tool")]
    _tool: BTreeMap<String, IgnoredAny>,
    #[serde(default, rename = "profile")]
    _profile: BTreeMap<String, IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Build {
    #[serde(rename = "command")]
    _command: IgnoredAny,
    #[serde(rename = "workdir")]
    _workdir: Option<String>,
    #[serde(default, rename = "watch")]
    _watch: Vec<String>,
}

impl Manifest {
    /// Reads the manifest at `path`, or `spin.toml` in the folder `path`; also returns the manifest's folder.
    pub fn load(path: &Path) -> Result<(Self, PathBuf)> {
        let file = if path.is_dir() { path.join("spin.toml") } else { path.to_owned() };
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let manifest = Self::parse(&text).with_context(|| format!("{} is not valid", file.display()))?;
        let folder = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok((manifest, folder))
    }

    fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text)?;
        manifest.check()?;
        Ok(manifest)
    }

    pub fn triggers(&self) -> &[HttpTrigger] {
        &self.trigger.http
    }

    fn check(&self) -> Result<()> {
        ensure!(self.spin_manifest_version == 2, "spin_manifest_version must be 2");
        if let Some(kind) = self.trigger.others.keys().next() {
            bail!("this host has no trigger {kind:?}, only \"http\"");
        }
        for name in self.variables.keys() {
            ensure!(is_snake(name), "variable name {name:?} is not lower_snake_case");
        }
        for (name, variable) in &self.variables {
            ensure!(
                variable.required != variable.default.is_some(),
                "variable {name:?} must have either `required = true` or a `default`"
            );
        }
        for trigger in &self.trigger.http {
            trigger.check(self)?;
        }
        for (id, component) in &self.component {
            ensure!(is_kebab(id), "component id {id:?} is not kebab-case");
            component.check().with_context(|| format!("component {id:?}"))?;
        }
        Ok(())
    }
}

impl HttpTrigger {
    fn check(&self, manifest: &Manifest) -> Result<()> {
        let route = &self.route;
        if let Route::Private { private: false } = route {
            bail!("a route must be a pattern or `{{ private = true }}`");
        }
        match (&self.component, &self.static_response) {
            (Some(id), None) => {
                ensure!(manifest.component.contains_key(id), "{route:?} names component {id:?}, which does not exist");
            }
            (None, Some(_)) => {}
            _ => bail!("{route:?} must have either `component` or `static_response`"),
        }
        match self.executor {
            None | Some(Executor::Http) => Ok(()),
        }
    }
}

impl Component {
    fn check(&self) -> Result<()> {
        for (key, used) in [
            ("files", !self.files.is_empty()),
            ("sqlite_databases", !self.sqlite_databases.is_empty()),
            ("ai_models", !self.ai_models.is_empty()),
            ("dependencies", !self.dependencies.is_empty()),
        ] {
            ensure!(!used, "this host does not support `{key}`");
        }
        for name in self.variables.keys() {
            ensure!(is_snake(name), "variable name {name:?} is not lower_snake_case");
        }
        for label in &self.key_value_stores {
            ensure!(
                is_kebab(label) || is_words(label, '_'),
                "key-value store label {label:?} is neither kebab-case nor snake_case"
            );
        }
        Ok(())
    }
}

/// `[a-z][a-z0-9]*(_[a-z0-9]+)*`: what Spin takes as the name of a variable.
pub fn is_snake(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .split('_')
            .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

fn is_kebab(name: &str) -> bool {
    is_words(name, '-')
}

/// Words of letters and digits, each beginning with a letter and of one case.
fn is_words(name: &str, separator: char) -> bool {
    name.split(separator).all(|word| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && (word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                || word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        spin_manifest_version = 2
        [application]
        name = "a"
        [[trigger.http]]
        route = "/..."
        component = "one"
        [component.one]
        source = "one.wasm"
    "#;

    #[test]
    fn a_small_manifest_is_read() {
        let manifest = Manifest::parse(SMALL).unwrap();
        assert_eq!(manifest.triggers().len(), 1);
        assert_eq!(manifest.component["one"].source, Path::new("one.wasm"));
    }

    #[test]
    fn what_spin_refuses_is_refused() {
        for (add, word) in [
            ("colour = 1", "colour"),
            ("[component.one.build]\ncommand = \"x\"\nfast = true", "fast"),
            ("[component.dialer-2]\nsource = \"x\"", "dialer-2"),
            ("[variables]\nBad = { default = \"\" }", "Bad"),
            ("[variables]\nx = { default = \"\", colour = 1 }", "colour"),
            ("[variables]\nx = { secret = true }", "required"),
            ("[[trigger.http]]\nroute = \"/x\"\ncomponent = \"two\"", "two"),
            ("[[trigger.http]]\nroute = \"/x\"", "static_response"),
            ("[[trigger.redis]]\nchannel = \"x\"\ncomponent = \"one\"", "redis"),
            ("sqlite_databases = [\"default\"]", "sqlite_databases"),
        ] {
            let error = format!("{:#}", Manifest::parse(&format!("{SMALL}\n{add}")).unwrap_err());
            assert!(error.contains(word), "{add}: {error}");
        }
    }

    #[test]
    fn a_build_command_may_be_a_list() {
        let text =
            format!("{SMALL}\n[component.one.build]\ncommand = [\"a\", \"b\"]\nwatch = [\"src\"]\nworkdir = \".\"");
        assert!(Manifest::parse(&text).is_ok());
    }
}
