//! The domain of Dering: everything that decides anything, with no SDK, no clock, no dice and no network.
//! What it needs is passed in, so the same code runs in a component, in a test on the host and in a simulation.
//!
//! | module | what it is for |
//! |---|---|
//! | [`campaign`] | what an admin sets: hours, attempts, rates, script, state |
//! | [`contact`] | one taxpayer and one matter, as a list row became it |
//! | [`list`] | bytes of an upload in, accepted contacts and rejected rows with reasons out; pages |
//! | [`hours`] | callable hours: may this contact be rung now, and if not, from when? |
//! | [`person`] | persons over all lists and campaigns, and how often they were called |
//! | [`suppression`] | do-not-call, wrong number, deceased: may this person be called at all? |
//! | [`settlement`] | who filed or paid what: the feed, and what it settles |
//! | [`assist`] | agents and diallers of the house claim calls: hand-out, the go, what they report |
//! | [`attempt`] | one call: its id, its events, its disposition, what follows |
//! | [`callback`] | what a webhook keeps: one event under a key of its own |
//! | [`flow`] | the call script as neutral verbs: say, gather, transfer, hang up |
//! | [`tick`] | fold the news, choose, look up, commit, place: the only writer of a shard's cell |
//! | [`forecast`] | dry run: the tick's rules on a virtual clock |
//! | [`report`] | figures out of the shards' tallies |
//! | [`store`] | the five verbs, the two primitives `Cell` and `Log`, every key |
//! | [`vault`] | keys derived from the master key, sealed pages, keyed hashes |
//! | [`provider`] | the four things an adapter does; the registry of providers |
//! | [`problem`] | refusals as RFC 9457 problem documents |

pub mod assist;
pub mod attempt;
pub mod callback;
pub mod campaign;
pub mod contact;
pub mod flow;
pub mod forecast;
pub mod hours;
pub mod list;
pub mod person;
pub mod problem;
pub mod provider;
pub mod report;
pub mod settlement;
pub mod store;
pub mod suppression;
pub mod tick;
pub mod vault;
