//! The key-value verbs of both interfaces, over SQLite and over Redis.

mod common;

use common::{Host, Setup};
use dering_host::redis_server::RedisServer;
use rusqlite::Connection;

/// Answers both backends give.
fn verbs_every_backend_has(host: &Host) {
    for kv in ["/spin-kv", "/wasi-kv"] {
        let ok = |verb_and_query: &str| host.ok(&format!("{kv}/{verb_and_query}"));
        let get = format!("{kv}/get?key=a");
        assert_eq!(host.get(&get).status, 404);
        assert_eq!(ok("exists?key=a"), "false");
        ok("set?key=a&value=1");
        ok("set?key=a&value=two");
        assert_eq!(ok("get?key=a"), "two");
        assert_eq!(ok("exists?key=a"), "true");
        assert_eq!(ok("keys"), "a");
        ok("delete?key=a");
        ok("delete?key=a");
        assert_eq!(host.get(&get).status, 404);
    }
    assert_eq!(host.ok("/wasi-kv/increment?key=n&delta=5"), "5");
    assert_eq!(host.ok("/wasi-kv/increment?key=n&delta=-7"), "-2");
    assert_eq!(host.ok("/wasi-kv/increment?key=n&delta=0"), "-2");
    host.ok("/wasi-kv/set-many?key=x&key=y&key=z&value=v");
    assert_eq!(host.ok("/spin-kv/get-joined?key=x&key=no&key=z"), "v,-,v");
    host.ok("/wasi-kv/delete-many?key=x&key=no&key=y");
    assert_eq!(host.ok("/spin-kv/keys"), "n,z");
    host.ok("/wasi-kv/set-many?value=v");
    host.ok("/wasi-kv/delete-many");
    let cursor = host.get("/wasi-kv/cursor");
    assert!(cursor.status == 502 && cursor.body.contains("cursor not supported"), "{}", cursor.body);
}

#[test]
fn sqlite_has_every_verb_and_reads_many_at_once() {
    let host = Setup::new().start();
    verbs_every_backend_has(&host);
    host.ok("/wasi-kv/set-many?key=p&key=q&value=v");
    assert_eq!(host.ok("/wasi-kv/get-many?key=p&key=no&key=q"), "p=v,q=v");
    assert_eq!(host.ok("/wasi-kv/get-many"), "");
}

#[test]
fn sqlite_refuses_to_count_on_what_is_no_counter_and_goes_on() {
    let host = Setup::new().start();
    host.ok("/spin-kv/set?key=a&value=text");
    for query in ["key=a&delta=1", "key=a&delta=0"] {
        assert_eq!(host.get(&format!("/wasi-kv/increment?{query}")).status, 502);
    }
    host.ok(&format!("/wasi-kv/increment?key=n&delta={}", i64::MAX));
    assert_eq!(host.get("/wasi-kv/increment?key=n&delta=1").status, 502);
    assert_eq!(host.ok("/wasi-kv/increment?key=n&delta=0"), i64::MAX.to_string());
    assert_eq!(host.ok("/spin-kv/get?key=a"), "text");
}

#[test]
fn sqlite_keeps_its_data_over_a_restart_in_spins_own_table() {
    let host = Setup::new().start();
    host.ok("/spin-kv/set?key=a&value=kept");
    host.ok("/wasi-kv/increment?key=n&delta=258");
    let setup = host.stop();
    let host = setup.start();
    assert_eq!(host.ok("/wasi-kv/get?key=a"), "kept");
    assert_eq!(host.ok("/wasi-kv/increment?key=n&delta=0"), "258");

    let file = Connection::open(host.folder().join("state/sqlite_key_value.db")).unwrap();
    let value = |key: &str| -> Vec<u8> {
        let query = "SELECT value FROM spin_key_value WHERE store = 'default' AND key = ?1";
        file.query_row(query, [key], |row| row.get(0)).unwrap()
    };
    assert_eq!(value("a"), b"kept");
    assert_eq!(value("n"), 258_i64.to_le_bytes());
}

#[test]
fn concurrent_increments_give_every_number_once() {
    let host = Setup::new().start();
    let mut numbers: Vec<i64> = std::thread::scope(|scope| {
        let count = || (0..10).map(|_| host.ok("/wasi-kv/increment?key=n&delta=1").parse().unwrap()).collect();
        let workers: Vec<_> = (0..8).map(|_| scope.spawn(count)).collect();
        workers.into_iter().flat_map(|w| -> Vec<i64> { w.join().unwrap() }).collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=80).collect::<Vec<_>>());
}

#[test]
fn runtime_configuration_names_the_file_of_a_store() {
    let config = "[key_value_store.default]\ntype = \"spin\"\npath = \"deep/er.db\"\n";
    let host = Setup::new().file("runtime.toml", config).args(&["--runtime-config-file", "runtime.toml"]).start();
    assert_eq!(host.get("/bare").status, 204);
    assert!(host.folder().join("deep/er.db").is_file());
    assert!(!host.folder().join("state/sqlite_key_value.db").exists());
}

#[test]
fn verbs_and_commits_are_counted_for_measurements() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counts.json");
    let host = Setup::new().env("DERING_HOST_COMMITS", &file).start();
    for path in [
        "/spin-kv/set?key=a&value=1",
        "/spin-kv/get?key=a",
        "/spin-kv/get?key=a",
        "/wasi-kv/set-many?key=x&key=y&value=v",
        "/wasi-kv/get-many?key=x&key=y",
        "/wasi-kv/delete-many?key=x&key=y",
        "/wasi-kv/increment?key=n&delta=1",
        "/spin-kv/delete?key=a",
        "/spin-kv/delete?key=a",
    ] {
        host.ok(path);
    }
    host.stop();
    let counts: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let expected = serde_json::json!({
        "get": 2, "set": 1, "set_many": 1, "delete": 2, "delete_many": 1, "increment": 1, "get_many": 1,
        // The second deletion of the same key changed nothing.
        "commits": 5,
    });
    assert_eq!(counts, expected);
}

#[test]
fn redis_has_the_verbs_but_cannot_read_many_at_once() {
    let Some(redis) = RedisServer::start().unwrap() else { return };
    let config = redis.runtime_config().unwrap().display().to_string();
    let host = Setup::new().args(&["--runtime-config-file", &config]).start();
    verbs_every_backend_has(&host);
    let many = host.get("/wasi-kv/get-many?key=n&key=z");
    assert_eq!(many.status, 502, "{}", many.body);
    // A counter is decimal text here.
    assert_eq!(host.ok("/spin-kv/get?key=n"), "-2");
    assert_eq!(host.get("/wasi-kv/increment?key=z&delta=1").status, 502);
}
