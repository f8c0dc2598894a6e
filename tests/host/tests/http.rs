//! Routes, headers, and what becomes of requests nobody can answer.

mod common;

use common::Setup;

#[test]
fn a_component_sees_an_absolute_uri_and_spins_headers_after_the_clients() {
    let host = Setup::new().start();
    let reply = host
        .raw(
            "POST /voice/twilio/a/b/?q=%31 HTTP/1.1\r\nHost: calls.example:8080\r\nConnection: close\r\n\
             spin-client-addr: 9.9.9.9:9\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 2\r\n\r\nhi",
        )
        .unwrap();
    assert_eq!(reply.status, 200);
    let (head, body) = reply.body.split_once("\n\n").unwrap();
    assert_eq!(body, "hi");
    let mut lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines.remove(0), "POST http://calls.example:8080/voice/twilio/a/b/?q=%31");
    let of = |name: &str| -> Vec<&str> {
        lines.iter().filter_map(|l| l.split_once(": ")).filter(|(n, _)| *n == name).map(|(_, v)| v).collect()
    };
    assert_eq!(of("host"), ["calls.example:8080"]);
    assert_eq!(of("x-one"), ["1", "2"]);
    assert_eq!(of("connection"), [""; 0]);
    assert_eq!(of("spin-full-url"), ["http://calls.example:8080/voice/twilio/a/b/?q=%31"]);
    assert_eq!(of("spin-path-info"), ["/a/b/"]);
    assert_eq!(of("spin-matched-route"), ["/voice/:provider/..."]);
    assert_eq!(of("spin-raw-component-route"), ["/voice/:provider/..."]);
    assert_eq!(of("spin-component-route"), ["/voice/:provider"]);
    assert_eq!(of("spin-base-path"), ["/"]);
    assert_eq!(of("spin-path-match-provider"), ["twilio"]);
    let addresses = of("spin-client-addr");
    assert_eq!(addresses[0], "9.9.9.9:9");
    assert!(addresses[1].starts_with("127.0.0.1:"));
}

#[test]
fn the_most_specific_trigger_answers() {
    let host = Setup::new().start();
    for (path, route) in [
        ("/exact/path", "/exact/path"),
        ("/exact/path/", "/exact/path"),
        ("/exact/path/more", "/..."),
        ("/call/7/status", "/call/:id/status"),
        ("/poor", "/poor/..."),
    ] {
        let seen = host.ok(path);
        assert!(seen.contains(&format!("spin-matched-route: {route}\n")), "{path}: {seen}");
    }
    let gone = host.get("/gone");
    assert_eq!((gone.status, gone.body.as_str()), (410, "gone"));
    assert!(gone.head.contains("content-type: text/plain"));
}

#[test]
fn without_a_route_it_is_404_and_spins_own_paths_answer_first() {
    let host = Setup::manifest(
        r#"
        spin_manifest_version = 2
        [application]
        name = "small"
        version = "1.2.3"
        [[trigger.http]]
        route = "/hello"
        component = "one"
        [[trigger.http]]
        route = "/.well-known/..."
        component = "one"
        [component.one]
        source = PROBE
        "#,
    )
    .start();
    assert_eq!(host.ok("/hello"), "hello");
    let missing = host.get("/other");
    assert_eq!((missing.status, missing.body.as_str()), (404, ""));
    assert_eq!(host.ok("/.well-known/spin/health"), "OK");
    assert_eq!(host.ok("/.well-known/spin/info"), "{\n  \"name\": \"small\",\n  \"version\": \"1.2.3\"\n}");
    assert_eq!(host.get("/.well-known/spin/other").status, 404);
    assert_eq!(host.get("/.well-known/else").status, 200);
}

#[test]
fn a_request_without_one_clear_host_is_closed_unanswered() {
    let host = Setup::new().start();
    assert!(host.raw("GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n").is_none());
    assert!(host.raw("GET http://a/hello HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n").is_none());
    assert_eq!(host.ok("/hello"), "hello");
}

#[test]
fn a_header_that_is_not_text_is_500() {
    let host = Setup::new().start();
    let mut request = b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\nx: ".to_vec();
    request.extend([0xff, b'\r', b'\n', b'\r', b'\n']);
    assert_eq!(host.raw_bytes(&request).unwrap().status, 500);
}

#[test]
fn a_head_request_reaches_the_component_and_has_no_body() {
    let host = Setup::new().start();
    let reply = host.raw("HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    assert!(reply.head.contains("content-length: 5"));
}
