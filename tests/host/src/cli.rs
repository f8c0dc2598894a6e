//! The command line, after that of `spin up`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{App, Setting};
use crate::component::Reuse;
use crate::kv::{self, COUNTS_ENV, Counts};
use crate::manifest::Manifest;
use crate::runtime_config::RuntimeConfig;
use crate::{server, variables};

/// Runs a Spin application locally, as `spin up` does.
#[derive(Debug, Parser)]
#[command(name = "dering-host", version)]
struct Args {
    /// The application's spin.toml, or the folder that has it
    #[arg(long, short = 'f', default_value = ".")]
    from: PathBuf,
    /// Address to listen on; port 0 takes any free port
    #[arg(long, env = "SPIN_HTTP_LISTEN_ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Where the stores are
    #[arg(long, env = "RUNTIME_CONFIG_FILE")]
    runtime_config_file: Option<PathBuf>,
    /// Folder of the default key-value store; `.spin` beside spin.toml if not given
    #[arg(long)]
    state_dir: Option<PathBuf>,
    /// A variable of the application: name=value, name=@file, or @file.toml, @file.json
    #[arg(long = "variable")]
    variables: Vec<String>,
    /// Folder of the components' output; `logs` in the state folder if not given, no files if empty
    #[arg(long, short = 'L')]
    log_dir: Option<PathBuf>,
    /// Do not repeat the components' output on the console
    #[arg(long, short = 'q')]
    quiet: bool,
    /// Requests an instance serves in all
    #[arg(long, default_value_t = 128, value_name = "COUNT")]
    max_instance_reuse_count: usize,
    /// Requests an instance serves at once
    #[arg(long, default_value_t = 16, value_name = "COUNT")]
    max_instance_concurrent_reuse_count: usize,
    /// How long an instance may be idle: a number with s, ms, us or ns
    #[arg(long, default_value = "1s", value_parser = duration, value_name = "TIME")]
    idle_instance_timeout: Duration,
}

/// Runs the program: parses the command line, serves until SIGINT or SIGTERM.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("Error: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(args));
    // Requests in flight are cut off, as Spin does: the process ends without winding them up.
    std::mem::forget(runtime);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let counts = Arc::new(Counts::default());
    let outcome = tokio::select! {
        outcome = serve(args, counts.clone()) => outcome,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    if let Some(file) = counts_file() {
        counts.write(&file);
    }
    outcome
}

async fn serve(args: Args, counts: Arc<Counts>) -> Result<()> {
    let listen = args.listen;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    if let Some(file) = counts_file() {
        let counts = counts.clone();
        tokio::spawn(async move { counts.keep_written(&file).await });
    }
    // Compiling takes seconds the first time; a signal must not wait for it.
    let app = tokio::task::spawn_blocking(move || load(args, &counts)).await??;
    server::serve(listener, Arc::new(app)).await
}

fn counts_file() -> Option<PathBuf> {
    std::env::var_os(COUNTS_ENV).map(PathBuf::from)
}

fn load(args: Args, counts: &Arc<Counts>) -> Result<App> {
    let (manifest, folder) = Manifest::load(&args.from)?;
    let config = match &args.runtime_config_file {
        Some(file) => RuntimeConfig::load(file)?,
        None => RuntimeConfig::default(),
    };
    let state_dir = args
        .state_dir
        .or(config.state_dir.filter(|dir| !dir.is_empty()).map(PathBuf::from))
        .unwrap_or_else(|| folder.join(".spin"));
    let log_dir = args.log_dir.or(config.log_dir.map(PathBuf::from)).unwrap_or_else(|| state_dir.join("logs"));
    let given = variables::parse_given(&args.variables)?;
    let values =
        variables::resolve(&manifest.variables, &given, |name| std::env::var(name).ok(), &variables::dotenv()?)?;
    let stores = kv::open(&config.key_value_store, &state_dir.join("sqlite_key_value.db"), counts)?;
    let setting = Setting {
        folder,
        variables: values,
        stores,
        log_dir: (!log_dir.as_os_str().is_empty()).then_some(log_dir),
        quiet: args.quiet,
        reuse: Reuse {
            total: args.max_instance_reuse_count,
            concurrent: args.max_instance_concurrent_reuse_count,
            idle: args.idle_instance_timeout,
        },
        state_dir,
    };
    App::load(&manifest, &setting)
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let number: u64 = digits.parse().map_err(|_| format!("{text:?} does not begin with a number"))?;
    match unit {
        "s" => Ok(Duration::from_secs(number)),
        "ms" => Ok(Duration::from_millis(number)),
        "us" => Ok(Duration::from_micros(number)),
        "ns" => Ok(Duration::from_nanos(number)),
        _ => Err(format!("{text:?} does not end in s, ms, us or ns")),
    }
}
