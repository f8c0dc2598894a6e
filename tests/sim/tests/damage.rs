//! Damaged bytes of every kind of key.

use dering_sim::proof::damage::Damage;
use dering_sim::proof::sweep;

/// Random changes.
const MUTATIONS: u64 = 4_000;

#[test]
fn every_kind_of_key_is_damaged() {
    assert!(Damage::default().kinds_amiss().is_empty(), "{:?}", Damage::default().kinds_amiss());
}

#[test]
fn whatever_is_damaged_nobody_is_called_on_its_account() {
    let worker = || {
        let damage = Damage::default();
        move |number| damage.every_way(number)
    };
    let swept = sweep(0..Damage::default().count(), 1, &|| (), worker, |sum, ways| *sum += ways);
    assert_eq!(swept.failures, []);
    assert!(swept.total > 2_000, "{}", swept.total);
}

#[test]
fn whatever_is_changed_at_random_nobody_is_called_on_its_account() {
    let worker = || {
        let damage = Damage::default();
        move |number| damage.mutation(number)
    };
    assert_eq!(sweep(0..MUTATIONS, 1, &|| (), worker, |(), ()| ()).failures, []);
}
