//! Compiles components for the tests and the demo.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// What components are compiled for.
pub const TARGET: &str = "wasm32-wasip2";

/// Compiles `packages` of the workspace at `root` for release; they end up in `target/wasm32-wasip2/release`.
///
/// Adds the compilation target if it is missing. Callers in other processes wait for each other; what is fresh
/// already is cargo's to judge.
///
/// # Errors
/// Whatever keeps cargo or rustup from doing so; what cargo says about it goes to stderr.
pub fn components(root: &Path, packages: &[&str]) -> Result<()> {
    let target_dir = root.join("target");
    std::fs::create_dir_all(&target_dir).with_context(|| format!("cannot create {}", target_dir.display()))?;
    let lock_file = target_dir.join("components.lock");
    let lock = File::create(&lock_file).with_context(|| format!("cannot open {}", lock_file.display()))?;
    lock.lock().context("cannot wait for another build")?;

    add_target(root)?;
    let mut cargo = clean("cargo", root);
    cargo.args(["build", "--quiet", "--release", "--target", TARGET, "--target-dir"]).arg(&target_dir);
    for package in packages {
        cargo.args(["-p", package]);
    }
    run(cargo)
}

fn add_target(root: &Path) -> Result<()> {
    let mut list = clean("rustup", root);
    list.args(["target", "list", "--installed"]).stderr(Stdio::null());
    match list.output() {
        Ok(output) if String::from_utf8_lossy(&output.stdout).lines().any(|line| line == TARGET) => Ok(()),
        // Without rustup the toolchain came another way: cargo will say if it lacks the target.
        Err(_) => Ok(()),
        Ok(_) => {
            let mut add = clean("rustup", root);
            add.args(["target", "add", TARGET]);
            run(add)
        }
    }
}

/// A command that does not see what an outer cargo set for itself.
fn clean(program: &str, root: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if belongs_to_outer_cargo(&name) {
            command.env_remove(name);
        }
    }
    command
}

/// `CARGO_HOME`, proxies and registries are the user's own and stay.
fn belongs_to_outer_cargo(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let users = ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_", "CARGO_TERM_"];
    match name {
        "RUSTFLAGS" | "RUSTDOCFLAGS" | "CARGO" => true,
        name => name.starts_with("CARGO_") && !users.iter().any(|prefix| name.starts_with(prefix)),
    }
}

fn run(mut command: Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {:?}", command.get_program()))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}
