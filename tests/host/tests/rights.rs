//! Variables, outbound hosts, stores: a component has what its manifest entry says, and nothing else.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use common::Setup;

/// A server that answers one request with `body`, and its address.
fn answering_once(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        write!(stream, "HTTP/1.1 202 Accepted\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    address
}

#[test]
fn only_allowed_hosts_can_be_called() {
    let server = answering_once("called");
    let host = Setup::new().args(&["--variable", &format!("carrier=http://{server}")]).start();
    assert_eq!(host.ok(&format!("/get?url=http://{server}/x")), "202 called");
    for url in ["http://127.0.0.1:2/".to_owned(), "http://localhost:1/".to_owned(), "https://example.com/".to_owned()] {
        let denied = host.get(&format!("/get?url={url}"));
        assert_eq!(denied.status, 502, "{url}");
        assert!(denied.body.contains("HttpRequestDenied"), "{url}: {}", denied.body);
    }
    let poor = host.get(&format!("/poor/get?url=http://{server}/x"));
    assert!(poor.body.contains("HttpRequestDenied"), "{}", poor.body);
}

#[test]
fn a_host_that_does_not_listen_is_an_error_of_its_own() {
    let host = Setup::new().start();
    let refused = host.get("/get?url=http://127.0.0.1:1/");
    assert_eq!(refused.status, 502);
    assert!(refused.body.contains("ConnectionRefused"), "{}", refused.body);
}

#[test]
fn a_component_reads_its_own_variables_only() {
    let host = Setup::new().args(&["--variable", "greeting=halo"]).start();
    assert_eq!(host.ok("/variable?name=greeting"), "halo!");
    assert_eq!(host.ok("/variable?name=secret"), "rahasia");
    assert_eq!(host.ok("/variable?name=fixed"), "as written");
    for (name, word) in [("carrier", "Undefined"), ("other", "Undefined"), ("No-Name", "InvalidName")] {
        let reply = host.get(&format!("/variable?name={name}"));
        assert_eq!(reply.status, 502);
        assert!(reply.body.contains(word), "{name}: {}", reply.body);
    }
    assert!(host.get("/poor/variable?name=secret").body.contains("Undefined"));
    assert_eq!(host.ok("/environment"), "ZONE=WIB");
    assert_eq!(host.ok("/poor/environment"), "");
}

const ONE_VARIABLE: &str = r#"
    spin_manifest_version = 2
    [application]
    name = "a"
    [variables]
    token = { required = true }
    [[trigger.http]]
    route = "/..."
    component = "one"
    [component.one]
    source = PROBE
    variables = { token = "{{ token }}" }
"#;

#[test]
fn a_required_variable_comes_from_somewhere_or_nothing_starts() {
    let refusal = Setup::manifest(ONE_VARIABLE).refusal();
    assert!(refusal.contains("token") && refusal.contains("SPIN_VARIABLE_TOKEN"), "{refusal}");

    let dotenv = "SPIN_VARIABLE_TOKEN=file\n";
    let host = Setup::manifest(ONE_VARIABLE).file(".env", dotenv).start();
    assert_eq!(host.ok("/variable?name=token"), "file");
    let host = Setup::manifest(ONE_VARIABLE).file(".env", dotenv).env("SPIN_VARIABLE_TOKEN", "env").start();
    assert_eq!(host.ok("/variable?name=token"), "env");
    let host = Setup::manifest(ONE_VARIABLE)
        .env("SPIN_VARIABLE_TOKEN", "env")
        .file("secret", "from a file")
        .args(&["--variable", "token=@secret"])
        .start();
    assert_eq!(host.ok("/variable?name=token"), "from a file");
}

#[test]
fn a_store_that_is_not_granted_is_denied() {
    let host = Setup::new().start();
    for path in ["/poor/spin-kv/get?key=a", "/poor/wasi-kv/get?key=a", "/spin-kv/get?label=other&key=a"] {
        let reply = host.get(path);
        assert_eq!(reply.status, 502, "{path}");
        assert!(reply.body.contains("AccessDenied"), "{path}: {}", reply.body);
    }
}

#[test]
fn what_the_host_cannot_honour_keeps_it_from_starting() {
    let with = |line: &str| Setup::manifest(&format!("{ONE_VARIABLE}\n{line}")).args(&["--variable", "token=x"]);
    for (line, word) in [
        ("colour = 1", "colour"),
        ("key_value_stores = [\"other\"]", "unknown key_value_stores label \"other\""),
        ("allowed_outbound_hosts = [\"no-scheme\"]", "no-scheme"),
        ("files = [\"x\"]", "files"),
    ] {
        let refusal = with(line).refusal();
        assert!(refusal.contains(word), "{line}: {refusal}");
    }
    let config = with("").file("runtime.toml", "colour = 1").args(&["--runtime-config-file", "runtime.toml"]);
    assert!(config.refusal().contains("runtime.toml"));
}

#[test]
fn what_a_component_says_is_kept_in_its_log_files() {
    let host = Setup::new().start();
    assert_eq!(host.get("/say?out=keluar&err=salah").status, 204);
    let read = |name: &str| std::fs::read_to_string(host.folder().join("state/logs").join(name)).unwrap();
    assert_eq!(read("probe_stdout.txt"), "keluar\n");
    assert_eq!(read("probe_stderr.txt"), "salah\n");
}
