//! Ticks on a virtual clock, over a store and a carrier that fail on request. One program, for the compiler's sake.

mod abandonment;
mod after_due;
mod assist;
mod assist_crash;
mod cost;
mod failover;
mod hours;
mod limits;
mod lists;
mod matters;
mod order;
mod overlap;
mod pace;
mod persons;
mod rate;
mod register;
mod rewrap;
mod rules;
mod settle;
mod shards;
mod unread;
mod upload_cut;
mod whole;
mod why;
