//! An application that has been read, granted what its manifest says, and compiled.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use wasmtime::{Cache, CacheConfig, Config, Engine, ProfilingStrategy};
use wasmtime_wasi_http::handler::ProxyHandler;
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::allowed_hosts::AllowedHosts;
use crate::component::{self, Component, Reuse};
use crate::kv::Stores;
use crate::logs::{Console, Log};
use crate::manifest::Manifest;
use crate::routes::Router;
use crate::variables;

/// Names the folder that keeps compiled components between runs.
const CACHE_ENV: &str = "DERING_HOST_CACHE";
/// For a profile: see the README.
const PERF_MAP_ENV: &str = "DERING_HOST_PERF_MAP";

/// What the server needs to know.
pub struct App {
    pub name: String,
    pub version: String,
    pub router: Router,
    pub components: BTreeMap<String, ProxyHandler<Component>>,
    /// By component.
    pub descriptions: BTreeMap<String, String>,
}

/// How an application is to run, apart from its manifest.
pub struct Setting {
    /// The manifest's folder.
    pub folder: PathBuf,
    /// The application's variables, resolved.
    pub variables: BTreeMap<String, String>,
    pub stores: Stores,
    /// `None` to write no log files.
    pub log_dir: Option<PathBuf>,
    pub quiet: bool,
    pub reuse: Reuse,
    pub state_dir: PathBuf,
}

impl App {
    pub fn load(manifest: &Manifest, setting: &Setting) -> Result<Self> {
        let engine = engine(&setting.state_dir)?;
        let linker = component::linker(&engine)?;
        if let Some(folder) = &setting.log_dir {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let mut components = BTreeMap::new();
        for (id, entry) in &manifest.component {
            let file = setting.folder.join(&entry.source);
            let compiled = wasmtime::component::Component::from_file(&engine, &file)
                .map_err(anyhow::Error::from)
                .with_context(|| format!("component {id:?}: cannot load {}", file.display()))?;
            let pre = linker
                .instantiate_pre(&compiled)
                .and_then(ServicePre::new)
                .map_err(anyhow::Error::from)
                .with_context(|| format!("component {id:?} is not an HTTP component this host can run"))?;
            let mut stores = Stores::new();
            for label in &entry.key_value_stores {
                let store = setting
                    .stores
                    .get(label)
                    .with_context(|| format!("unknown key_value_stores label {label:?} for component {id:?}"))?;
                stores.insert(label.clone(), store.clone());
            }
            let context = || format!("component {id:?}");
            let variables = variables::of_component(&entry.variables, &setting.variables).with_context(context)?;
            let allowed =
                AllowedHosts::parse(&entry.allowed_outbound_hosts, &setting.variables).with_context(context)?;
            let log = |name, console| {
                let console = if setting.quiet { Console::Silent } else { console };
                Log::open(setting.log_dir.as_deref(), id, name, console)
            };
            let component = Component {
                pre,
                environment: entry.environment.clone(),
                allowed_hosts: Arc::new(allowed),
                stores: Arc::new(stores),
                variables: Arc::new(variables),
                stdout: log("stdout", Console::Out)?,
                stderr: log("stderr", Console::Err)?,
                reuse: setting.reuse,
            };
            components.insert(id.clone(), ProxyHandler::new(component));
        }
        Ok(Self {
            name: manifest.application.name.clone(),
            version: manifest.application.version.clone(),
            router: Router::new(manifest.triggers())?,
            components,
            descriptions: manifest.component.iter().map(|(id, c)| (id.clone(), c.description.clone())).collect(),
        })
    }
}

fn engine(state_dir: &Path) -> Result<Engine> {
    let mut cache = CacheConfig::new();
    cache.with_directory(std::path::absolute(cache_dir(state_dir))?);
    let mut config = Config::new();
    config.wasm_component_model_async(true).cache(Some(Cache::new(cache)?));
    if std::env::var_os(PERF_MAP_ENV).is_some() {
        config.profiler(ProfilingStrategy::PerfMap);
    }
    Ok(Engine::new(&config)?)
}

/// Beside the build that this program is part of, if it is part of one.
fn cache_dir(state_dir: &Path) -> PathBuf {
    if let Some(folder) = std::env::var_os(CACHE_ENV) {
        return folder.into();
    }
    let program = std::env::current_exe().unwrap_or_default();
    match program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file()) {
        Some(target) => target.join("dering-host-cache"),
        None => state_dir.join("cache"),
    }
}
