//! Callbacks of one call in many orders, repeated; `cargo prove` tries all.

use dering::provider::Provider;
use dering_sim::proof::orders::{ALL, Orders};
use dering_sim::proof::sweep;

/// Every so-manieth; no divisor of the number of orders or of repetitions, so that all kinds of both are among them.
const STRIDE: u64 = 101;

#[test]
fn any_order_and_repetition_of_requests_leaves_the_same_record_and_report() {
    for provider in Provider::ALL {
        let worker = || {
            let orders = Orders::new(provider);
            move |number| orders.one(number * STRIDE)
        };
        assert_eq!(sweep(0..ALL / STRIDE, 1, &|| (), worker, |(), ()| ()).failures, [], "{provider:?}");
    }
}
