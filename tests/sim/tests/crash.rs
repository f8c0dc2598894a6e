//! Crashes at every point of a tick, and two at random.

use dering_sim::proof::crash::{EveryPoint, Twice};
use dering_sim::proof::sweep;

#[test]
fn whatever_fails_every_contact_ends_once_and_every_call_counts_once() {
    let count = EveryPoint::default().count();
    let worker = || {
        let all = EveryPoint::default();
        move |number| all.one(number)
    };
    let swept = sweep(0..count, 1, &|| (), worker, |(), ()| ());
    assert_eq!(swept.failures, []);
}

#[test]
fn two_faults_are_no_worse_than_one() {
    let worker = || {
        let twice = Twice::default();
        move |number| twice.one(number)
    };
    let swept = sweep(0..300, 1, &|| (), worker, |sum, one| sum.add(one));
    assert_eq!(swept.failures, []);
    assert!(swept.total.both > 290 && swept.total.calls > 900, "{:?}", swept.total);
}
