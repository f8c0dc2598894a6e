//! A host with the probe in it, and a client that says and sees exactly what is on the wire.

#![allow(dead_code, reason = "every test file uses its own part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Once;
use std::time::Duration;

use tempfile::TempDir;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The compiled probe.
pub fn probe() -> PathBuf {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| dering_host::build::components(&root(), &["probe"]).expect("the probe builds"));
    root().join("target/wasm32-wasip2/release/probe.wasm")
}

/// A host to be started.
pub struct Setup {
    command: Command,
    folder: TempDir,
}

impl Setup {
    /// The probe's own application, with an empty state folder.
    pub fn new() -> Self {
        Self::of(&root().join("tests/probe")).args(&["--variable", "secret=rahasia"])
    }

    /// Another manifest, in which `PROBE` stands for the compiled probe.
    pub fn manifest(text: &str) -> Self {
        let setup = Self::of(Path::new("."));
        let text = text.replace("PROBE", &format!("{:?}", probe()));
        std::fs::write(setup.folder.path().join("spin.toml"), text).unwrap();
        setup
    }

    fn of(from: &Path) -> Self {
        probe();
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dering-host"));
        command.args(["--listen", "127.0.0.1:0", "--from"]).arg(from);
        command.current_dir(folder.path()).arg("--state-dir").arg(folder.path().join("state"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SPIN_") {
                command.env_remove(name);
            }
        }
        Self { command, folder }
    }

    pub fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// A file in the folder the host is started in.
    pub fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    /// Starts a host that is expected to refuse, and gives what it says on stderr.
    pub fn refusal(mut self) -> String {
        let Output { status, stderr, stdout } = self.command.output().unwrap();
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        assert!(!status.success(), "{}{stderr}", String::from_utf8_lossy(&stdout));
        stderr
    }

    pub fn start(mut self) -> Host {
        let mut child = self.command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .find_map(|line| line.unwrap().strip_prefix("Serving http://").map(str::to_owned))
            .expect("the host says where it serves");
        // What else it says must be read, or its pipe fills.
        std::thread::spawn(move || lines.for_each(drop));
        Host { child, address, setup: self }
    }
}

/// A running host.
pub struct Host {
    child: Child,
    pub address: String,
    setup: Setup,
}

impl Host {
    pub fn folder(&self) -> &Path {
        self.setup.folder.path()
    }

    pub fn get(&self, path: &str) -> Reply {
        self.raw(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address))
            .expect("an answer")
    }

    /// The body of a 200.
    pub fn ok(&self, path: &str) -> String {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.body
    }

    /// Sends `request` as it stands; `None` if the connection is closed without an answer.
    pub fn raw(&self, request: &str) -> Option<Reply> {
        self.raw_bytes(request.as_bytes())
    }

    pub fn raw_bytes(&self, request: &[u8]) -> Option<Reply> {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        Reply::read(stream)
    }

    /// Begins a request to `path` that is in flight until it is let go.
    pub fn hold(&self, path: &str) -> Held {
        let mut stream = self.connect();
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        Held(stream)
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// Ends the host by SIGTERM, and gives its folder back.
    pub fn stop(mut self) -> Setup {
        let done = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(done.success());
        assert!(self.child.wait().unwrap().success());
        let empty = Setup { command: Command::new("true"), folder: tempfile::tempdir().unwrap() };
        std::mem::replace(&mut self.setup, empty)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Already ended, perhaps: both errors mean only that.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A request that waits for the rest of its body.
pub struct Held(TcpStream);

impl Held {
    pub fn let_go(mut self) -> Option<Reply> {
        // The host may have answered and closed already.
        drop(self.0.write_all(b"x"));
        Reply::read(self.0)
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub head: String,
    pub body: String,
}

impl Reply {
    fn read(mut stream: TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        // A reset after the answer still leaves the answer.
        drop(stream.read_to_end(&mut bytes));
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.get(9..12)?.parse().ok()?;
        Some(Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() })
    }
}
