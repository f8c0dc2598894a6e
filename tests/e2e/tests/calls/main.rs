//! What the service promises of its calls, on the real components with the simulated carrier. One module a promise.

mod callbacks_repeated_late_and_out_of_order;
mod failover_to_the_next_provider;
mod killed_at_random_moments;
mod the_demo_on_a_fixed_seed;
mod two_hosts_on_one_redis;
mod two_overlapping_ticks;
