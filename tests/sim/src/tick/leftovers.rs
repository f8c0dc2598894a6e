//! Pages in the store that nobody refers to any more.

use super::{Stage, drive};
use dering::store::{Store, keys};
use dering::tick::Results;
use std::collections::BTreeSet;

impl Stage {
    /// Keys of agenda pages, results pages and claims that nothing leads to: neither the shard's state nor the record of the
    /// attempts of these campaigns.
    pub fn leftovers(&self, campaigns: &[&str]) -> Vec<String> {
        let state = self.state();
        let retries = state.retries.iter().map(|bucket| keys::agenda(0, bucket.ballot, bucket.n));
        let sweeps = state.sweeps.iter().map(|sweep| keys::agenda(0, sweep.ballot, sweep.n));
        let mut known: BTreeSet<String> = retries.chain(sweeps).collect();
        let mut at = state.results;
        while let Some(ballot) = at {
            let place = keys::results(0, ballot);
            let page = drive(&self.clock, self.store.get(&place)).expect("it ends").expect("the store answers");
            at = Results::decode(&page.expect("a results page is there")).expect("it can be read").previous;
            known.insert(place);
        }
        let attempts: Vec<_> = campaigns.iter().flat_map(|campaign| self.attempts(campaign)).map(|a| a.call).collect();
        let calls = state.open.iter().map(|open| open.call).chain(state.offers.iter().map(|offer| offer.call));
        known.extend(calls.chain(attempts).map(|(ballot, index)| keys::claim(0, ballot, index)));
        let kinds = ["dering/a/", "dering/o/", "dering/q/"];
        let pages = self.store.keys().into_iter().filter(|key| kinds.iter().any(|kind| key.starts_with(kind)));
        pages.filter(|key| !known.contains(key)).collect()
    }
}
