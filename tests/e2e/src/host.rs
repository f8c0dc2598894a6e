//! The host as a child process: started, waited for, killed, started again on the same port and store.

use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::api::Client;

/// Tells a program of this package to be the host.
const ROLE: &str = "DERING_E2E_ROLE";
/// Chooses the host: `spin`, or the path of a Spin program. Unset: the local host.
const HOST: &str = "DERING_HOST";
/// Compiling the components for the first time takes its time on a slow machine.
const START: Duration = Duration::from_secs(180);

/// The components of the application.
pub const COMPONENTS: [&str; 6] = ["ingest", "campaigns", "dialer", "voice", "outcomes", "reports"];

/// The first line of every program that starts hosts: a child that is to be the host becomes it here.
pub fn become_host() -> Option<ExitCode> {
    (std::env::var_os(ROLE).as_deref() == Some(OsStr::new("host"))).then(dering_host::main)
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_owned()
}

/// Builds packages for the components' target, once a process and package list.
///
/// # Errors
/// What kept cargo from it.
pub fn build(packages: &[&str]) -> Result<()> {
    dering_host::build::components(&root(), packages)
}

/// Builds the application's components, once a process.
///
/// # Errors
/// What kept cargo from it.
pub fn build_application() -> Result<()> {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    BUILT.get_or_init(|| build(&COMPONENTS).map_err(|e| format!("{e:#}"))).clone().map_err(anyhow::Error::msg)
}

fn spin() -> Option<OsString> {
    std::env::var_os(HOST).filter(|v| !v.is_empty())
}

/// Whether Spin is used rather than the local host.
pub fn is_spin() -> bool {
    spin().is_some()
}

/// What to start.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// `None`: the application's own.
    pub manifest: Option<PathBuf>,
    pub variables: Vec<(String, String)>,
    /// Folder of the store; `None`: a temporary one, gone with the host.
    pub state_dir: Option<PathBuf>,
    pub runtime_config: Option<PathBuf>,
    /// Where the local host writes its counts of verbs and commits.
    pub counts: Option<PathBuf>,
}

/// A host that runs. Killed when dropped.
pub struct Host {
    setup: Setup,
    port: u16,
    state_dir: PathBuf,
    child: Option<Child>,
    _temporary: Option<TempDir>,
}

impl Host {
    /// Chooses a port and a folder; nothing is started yet.
    ///
    /// # Errors
    /// No free port, no temporary folder.
    pub fn prepare(setup: Setup) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let (state_dir, temporary) = match &setup.state_dir {
            Some(dir) => (dir.clone(), None),
            None => {
                let dir = tempfile::Builder::new().prefix("dering-").tempdir()?;
                (dir.path().to_owned(), Some(dir))
            }
        };
        std::fs::create_dir_all(&state_dir)?;
        Ok(Self { setup, port, state_dir, child: None, _temporary: temporary })
    }

    /// Another host of the same application and variables, on a port and a folder of its own: two on one store, where
    /// the runtime configuration names a shared one.
    ///
    /// # Errors
    /// As [`Host::prepare`].
    pub fn twin(&self) -> Result<Self> {
        Self::prepare(Setup { state_dir: None, counts: None, ..self.setup.clone() })
    }

    /// Adds a variable before the start.
    pub fn variable(&mut self, name: &str, value: impl Into<String>) {
        self.setup.variables.push((name.to_owned(), value.into()));
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Folder of the store and the logs.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// What the host itself has printed so far.
    pub fn output(&self) -> String {
        std::fs::read(self.log_file()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.state_dir.join("host.log")
    }

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// It cannot be started, ends at once, or does not answer in time; with the end of its output.
    pub async fn start(&mut self) -> Result<()> {
        ensure!(self.child.is_none(), "the host runs already");
        self.spawn()?;
        let client = Client::new(&self.url(), "");
        let begun = Instant::now();
        loop {
            if client.healthy().await {
                return Ok(());
            }
            if let Some(status) = self.child.as_mut().map(Child::try_wait).transpose()?.flatten() {
                self.child = None;
                bail!("the host ended with {status}:\n{}", self.tail());
            }
            if begun.elapsed() > START {
                self.kill9();
                bail!("the host does not answer:\n{}", self.tail());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    fn spawn(&mut self) -> Result<()> {
        let log = std::fs::File::options().create(true).append(true).open(self.log_file())?;
        let mut command = match spin() {
            Some(spin) => {
                let mut command = Command::new(spin);
                // Spin serves from a process of its own: a group is what can be killed as a whole.
                command.arg("up").process_group(0);
                command
            }
            None => {
                let mut command = Command::new(program()?);
                command.env(ROLE, "host");
                command
            }
        };
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|n| n.starts_with("SPIN_VARIABLE_")) {
                command.env_remove(name);
            }
        }
        let manifest = self.setup.manifest.clone().unwrap_or_else(|| root().join("spin.toml"));
        command
            .arg("--from")
            .arg(manifest)
            .arg("--listen")
            .arg(format!("127.0.0.1:{}", self.port))
            .arg("--state-dir")
            .arg(&self.state_dir)
            .arg("--quiet");
        if let Some(config) = &self.setup.runtime_config {
            command.arg("--runtime-config-file").arg(config);
        }
        for (name, value) in &self.setup.variables {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        }
        if let Some(file) = &self.setup.counts {
            command.env("DERING_HOST_COMMITS", file);
        }
        let child = command
            .current_dir(&self.state_dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {:?}", command.get_program()))?;
        self.child = Some(child);
        Ok(())
    }

    /// Ends it as a power failure would: no signal handler, nothing flushed.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            if is_spin() {
                let group = format!("-{}", child.id());
                let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
            }
            // It may have ended by itself; either way it is gone after the wait.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again on the same port and store.
    ///
    /// # Errors
    /// As [`Host::start`].
    pub async fn restart(&mut self) -> Result<()> {
        self.kill9();
        self.start().await
    }

    /// How much memory the host has (KiB): now, and at most since [`Host::forget_peak`]. `None` where the system does not tell.
    pub fn memory_kib(&self) -> Option<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.as_ref()?.id())).ok()?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().ok()
        };
        Some((of("VmRSS")?, of("VmHWM")?))
    }

    /// From now on the peak is counted anew.
    pub fn forget_peak(&self) {
        if let Some(child) = &self.child {
            let _ = std::fs::write(format!("/proc/{}/clear_refs", child.id()), "5");
        }
    }

    /// Processor seconds the host has spent so far, of all its threads; `None` where the system does not tell (Linux does).
    pub fn processor_s(&self) -> Option<f64> {
        /// `USER_HZ`: clock ticks a second in these files on all of Linux's common platforms.
        const HZ: f64 = 100.0;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.as_ref()?.id())).ok()?;
        // The program's name may hold anything; behind it, `utime` and `stime` are the 12th and 13th.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11).map(str::parse::<f64>);
        Some((fields.next()?.ok()? + fields.next()?.ok()?) / HZ)
    }

    /// Whether the process still runs.
    pub fn runs(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// The last lines of its output.
    pub fn tail(&self) -> String {
        let output = self.output();
        let lines: Vec<&str> = output.lines().collect();
        lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// A program of this package that can be the host: this one, or for a test the demo beside it.
fn program() -> Result<PathBuf> {
    let this = std::env::current_exe()?;
    if this.file_stem().is_some_and(|stem| stem == "demo" || stem == "figures") {
        return Ok(this);
    }
    let demo = this.ancestors().nth(2).unwrap_or(&this).join("demo");
    ensure!(demo.is_file(), "{} is missing: build the package's programs first", demo.display());
    Ok(demo)
}
