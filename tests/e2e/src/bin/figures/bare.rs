//! The application's manifest with a bare component beside it, on the same host.

use std::path::{Path, PathBuf};

use anyhow::Result;
use dering_e2e::host;

/// Writes it into `folder`.
///
/// # Errors
/// The application's manifest cannot be read, or this one not be written.
pub fn manifest(folder: &Path) -> Result<PathBuf> {
    let target = host::root().join("target");
    let text = std::fs::read_to_string(host::root().join("spin.toml"))?;
    let text = text.replace("source = \"target/", &format!("source = \"{}/", target.display()));
    let routes: String = ["/bare", "/drain", "/skeleton/..."]
        .map(|route| format!("\n[[trigger.http]]\nroute = \"{route}\"\ncomponent = \"bare\"\n"))
        .concat();
    let source = target.join("wasm32-wasip2/release/probe.wasm");
    let bare = format!(
        "{routes}\n[component.bare]\nsource = \"{}\"\nkey_value_stores = [\"default\"]\n\
         allowed_outbound_hosts = [\"{{{{ twilio_base_url }}}}\"]\n",
        source.display()
    );
    let file = folder.join("spin.toml");
    std::fs::write(&file, format!("{text}{bare}"))?;
    Ok(file)
}
