//! The file of `--runtime-config-file`: where the stores are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// Spin's runtime configuration, as far as this host has it. Other keys are errors.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuntimeConfig {
    pub state_dir: Option<String>,
    pub log_dir: Option<String>,
    /// By label.
    #[serde(default)]
    pub key_value_store: BTreeMap<String, StoreConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "type")]
pub enum StoreConfig {
    /// An SQLite file; in memory without a path.
    Spin { path: Option<PathBuf> },
    /// `redis://[:password@]host[:port][/database]`.
    Redis { url: String },
}

impl RuntimeConfig {
    /// Reads `file`; relative paths in it are relative to its folder.
    pub fn load(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut config: Self = toml::from_str(&text)
            .with_context(|| format!("{} is not a runtime configuration this host can honour", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new("."));
        for store in config.key_value_store.values_mut() {
            if let StoreConfig::Spin { path: Some(path) } = store {
                *path = folder.join(&path);
            }
        }
        Ok(config)
    }
}
