//! The same file by PostgreSQL's `\copy`, into a table with a primary key and one index.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

const TABLE: &str = "create table list (npwp text, name text, phone text, matter text, period text, year text, due text, \
                     province text, primary key (npwp, period, year)); create index on list (phone);";
const PATIENCE: Duration = Duration::from_secs(30);

/// A server of its own; stopped and deleted when dropped.
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    server: Child,
}

impl Postgres {
    /// `None` where Debian's package `postgresql` is not installed.
    ///
    /// # Errors
    /// It is, and does not start.
    pub fn start(folder: &Path) -> Result<Option<Self>> {
        let Some(programs) = programs() else { return Ok(None) };
        let folder = folder.join("postgres");
        std::fs::create_dir_all(&folder)?;
        give_to_postgres(&folder)?;
        let data = folder.join("data");
        let made = as_postgres(&programs.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--pgdata"])
            .arg(&data)
            .stdout(Stdio::null())
            .status()?;
        ensure!(made.success(), "initdb failed");
        let server = as_postgres(&programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=", "-c"])
            .arg(format!("unix_socket_directories={}", folder.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let started = Self { programs, folder, server };
        let begun = Instant::now();
        while started.psql(&["-c", "select 1"]).is_err() {
            ensure!(begun.elapsed() < PATIENCE, "PostgreSQL did not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(Some(started))
    }

    /// Seconds for the file, whose first line is a header and whose delimiter a semicolon.
    ///
    /// # Errors
    /// It is not taken.
    pub fn copy(&self, file: &Path, rows: u32) -> Result<f64> {
        self.psql(&["-c", &format!("drop table if exists list; {TABLE}")])?;
        let copy = format!("\\copy list from '{}' with (format csv, header, delimiter ';')", file.display());
        let begun = Instant::now();
        self.psql(&["-c", &copy])?;
        let took = begun.elapsed().as_secs_f64();
        let counted = self.psql(&["-tA", "-c", "select count(*) from list"])?;
        ensure!(counted.trim() == rows.to_string(), "{counted} rows of {rows}");
        Ok(took)
    }

    fn psql(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(self.programs.join("psql"))
            .args(["-X", "-q", "-U", "postgres", "-d", "postgres", "-h"])
            .arg(&self.folder)
            .args(arguments)
            .output()?;
        ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let stopped = as_postgres(&self.programs.join("pg_ctl"))
            .args(["-D"])
            .arg(self.folder.join("data"))
            .args(["-m", "immediate", "-s", "stop"])
            .status();
        if !stopped.is_ok_and(|status| status.success()) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin"));
    versions.filter(|bin| bin.join("initdb").is_file()).max()
}

/// A program that runs as the user `postgres`, if we are root: the server refuses to be.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program).current_dir("/");
    command
}

fn give_to_postgres(folder: &Path) -> Result<()> {
    if is_root() {
        let given = Command::new("chown").arg("postgres").arg(folder).status().context("chown")?;
        ensure!(given.success(), "the folder cannot be given to the user postgres");
    }
    Ok(())
}

fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|s| s.lines().any(|l| l.starts_with("Uid:\t0\t")))
}
