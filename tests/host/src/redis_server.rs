//! A Redis server of a test's own.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// On a free port, without persistence; ended when dropped.
pub struct RedisServer {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl RedisServer {
    /// Starts it. `None` if none is installed, which is an error where everything must be tested (`CI` is set).
    ///
    /// # Errors
    /// It does not start.
    pub fn start() -> Result<Option<Self>> {
        let installed = |program: &&str| Command::new(program).arg("--version").output().is_ok();
        let Some(program) = ["redis-server", "valkey-server"].into_iter().find(installed) else {
            if std::env::var_os("CI").is_some() {
                bail!("neither redis-server nor valkey-server is installed");
            }
            eprintln!("skipped: neither redis-server nor valkey-server is installed");
            return Ok(None);
        };
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let child = Command::new(program)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let mut server = Self { child, port, folder };
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("{program} ended with {status}");
            }
            if begun.elapsed() > Duration::from_secs(30) {
                bail!("{program} does not answer");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Some(server))
    }

    /// A runtime configuration that makes it the default store.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn runtime_config(&self) -> Result<PathBuf> {
        let file = self.folder.path().join("runtime.toml");
        let url = format!("redis://127.0.0.1:{}/", self.port);
        std::fs::write(&file, format!("[key_value_store.default]\ntype = \"redis\"\nurl = {url:?}\n"))?;
        Ok(file)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone after the wait.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
