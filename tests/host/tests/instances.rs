//! How instances are shared, and whom a failing request takes with it.

mod common;

use common::{Host, Setup};

fn number(host: &Host, path: &str) -> u64 {
    host.ok(path).parse().unwrap()
}

#[test]
fn an_instance_is_reused_up_to_its_count() {
    let host = Setup::new().start();
    let served: Vec<u64> = (0..200).map(|_| number(&host, "/served")).collect();
    assert_eq!(served.iter().max(), Some(&128), "{served:?}");

    let fresh = Setup::new().args(&["--max-instance-reuse-count", "1"]).start();
    assert!((0..5).all(|_| number(&fresh, "/served") == 1));
}

#[test]
fn an_instance_takes_several_requests_at_once_up_to_its_count() {
    let host = Setup::new().args(&["--max-instance-concurrent-reuse-count", "3"]).start();
    let held: Vec<_> = (0..8).map(|_| host.hold("/hold")).collect();
    let began_with: Vec<u64> = held.into_iter().map(|held| held.let_go().unwrap().body.parse().unwrap()).collect();
    assert!(began_with.iter().all(|n| (1..=3).contains(n)), "{began_with:?}");

    let alone = Setup::new().args(&["--max-instance-concurrent-reuse-count", "1"]).start();
    let held: Vec<_> = (0..3).map(|_| alone.hold("/hold")).collect();
    assert!(held.into_iter().all(|held| held.let_go().unwrap().body == "1"));
}

/// Asks until the answer comes from an instance that has a second request in flight.
fn wait_until_shared(host: &Host) {
    assert!((0..10_000).any(|_| number(host, "/in-flight") >= 2), "no instance is shared");
}

/// Holds a request until it is known to share its instance with others, lets another one trap, and tells what became
/// of the held one.
fn trap_beside_a_held_request(host: &Host) -> u16 {
    let held = host.hold("/hold");
    wait_until_shared(host);
    let trapped = host.get("/trap");
    assert_eq!((trapped.status, trapped.body.as_str()), (500, ""));
    held.let_go().unwrap().status
}

#[test]
fn a_trap_takes_its_neighbours_along() {
    let host = Setup::new().args(&["--idle-instance-timeout", "1ms"]).start();
    // The trapping request may start an instance of its own, if the held one's happens to be busy: then once more.
    assert!((0..20).any(|_| trap_beside_a_held_request(&host) == 500));
    assert_eq!(host.ok("/hello"), "hello");
}

#[test]
fn a_trap_leaves_other_instances_alone() {
    let host = Setup::new().args(&["--max-instance-concurrent-reuse-count", "1"]).start();
    let held: Vec<_> = (0..3).map(|_| host.hold("/hold")).collect();
    for _ in 0..3 {
        assert_eq!(host.get("/trap").status, 500);
    }
    assert!(held.into_iter().all(|held| held.let_go().unwrap().status == 200));
}

#[test]
fn an_error_is_the_failing_requests_own() {
    let host = Setup::new().args(&["--idle-instance-timeout", "1ms"]).start();
    let held = host.hold("/hold");
    wait_until_shared(&host);
    let failed = host.get("/error");
    assert_eq!((failed.status, failed.body.as_str()), (500, ""));
    assert_eq!(held.let_go().unwrap().status, 200);
}
