//! What a tick learns from the provider's answers to its orders. Within the tick it stops the orders that follow; the
//! next tick finds it as a page, written together with the answers' events, and folds it into the state.

use super::{ProviderPace, refused};
use crate::attempt::Refusal;
use crate::provider::{Placing, Provider};
use crate::store::{decode, encode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const VERSION: u8 = 1;

/// What the answers to a tick's orders say about its providers and caller ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    pub at_ms: i64,
    /// From the first order that was answered, or too late, to the last.
    pub span_ms: i64,
    /// Orders that went out in their turn.
    pub sent: u32,
    /// Orders whose turn was over when the tick came to them.
    pub late: u32,
    pub providers: BTreeMap<Provider, Heard>,
    pub caller_ids: Vec<RefusedId>,
}

/// What a provider answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Orders it took, or refused for a reason of the order's own.
    pub taken: u32,
    /// Orders that failed by its fault, or by our account's.
    pub failed: u32,
    /// It asked to be left alone until then.
    pub rest_until_ms: Option<i64>,
}

/// A caller id that a provider did not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedId {
    pub provider: Provider,
    pub number: String,
    /// The provider's code.
    pub code: String,
    pub campaign: String,
    /// Of the campaign's caller ids as they were.
    pub fingerprint: u64,
}

impl Answers {
    /// The page's bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode(VERSION, self)
    }

    /// Reads a page; `None` if the bytes are of no version known here.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        decode(VERSION, bytes)
    }
}

/// An order, as far as pacing is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Ordered<'a> {
    pub provider: Provider,
    pub caller_id: &'a str,
    pub campaign: &'a str,
    pub fingerprint: u64,
}

/// Watches a tick's orders.
#[derive(Debug, Default)]
pub struct Guard {
    providers: BTreeMap<Provider, ProviderPace>,
    answers: Answers,
    /// When the first order was answered, or too late.
    first_ms: Option<i64>,
}

impl Guard {
    pub fn new(providers: BTreeMap<Provider, ProviderPace>) -> Self {
        Guard { providers, ..Guard::default() }
    }

    /// Whether an order may still go out, after what was heard since it was claimed.
    pub fn lets_out(&self, order: &Ordered<'_>, now_ms: i64) -> Result<(), &'static str> {
        if refused(&self.answers.caller_ids, order.provider, order.caller_id) {
            return Err(super::CALLER_ID_OUT);
        }
        // Whoever asked for a rest gets no more orders of this tick, however short the rest.
        if self.answers.providers.get(&order.provider).is_some_and(|heard| heard.rest_until_ms.is_some()) {
            return Err(super::RESTING);
        }
        match self.providers.get(&order.provider) {
            Some(pace) if pace.rest_until_ms > now_ms => Err(super::RESTING),
            Some(pace) if !pace.breaker.lets_out(now_ms) => Err(super::BREAKER_OPEN),
            _ => Ok(()),
        }
    }

    /// The answer to an order.
    pub fn heard(&mut self, order: &Ordered<'_>, now_ms: i64, answer: &Placing) {
        self.at(now_ms);
        self.answers.sent = self.answers.sent.saturating_add(1);
        let pace = self.providers.entry(order.provider).or_default();
        let heard = self.answers.providers.entry(order.provider).or_default();
        let (taken, failed) = match answer {
            Placing::Placed { .. } => (1, 0),
            Placing::Unclear => (0, 1),
            Placing::Refused { refusal, code, retry_after_s } => {
                if *refusal == Refusal::Busy || retry_after_s.is_some() {
                    let until_ms = now_ms.saturating_add(pace.rest_ms(*retry_after_s, now_ms));
                    pace.rest_until_ms = pace.rest_until_ms.max(until_ms);
                    heard.rest_until_ms = heard.rest_until_ms.max(Some(until_ms));
                }
                match refusal {
                    Refusal::Busy | Refusal::Held => (0, 0),
                    Refusal::InvalidNumber | Refusal::Blocked => (1, 0),
                    Refusal::CallerId => {
                        if !refused(&self.answers.caller_ids, order.provider, order.caller_id) {
                            self.answers.caller_ids.push(RefusedId {
                                provider: order.provider,
                                number: order.caller_id.to_owned(),
                                code: code.clone(),
                                campaign: order.campaign.to_owned(),
                                fingerprint: order.fingerprint,
                            });
                        }
                        (1, 0)
                    }
                    Refusal::Configuration | Refusal::Unreachable => (0, 1),
                }
            }
        };
        pace.breaker.ordered(now_ms, taken, failed);
        heard.taken = heard.taken.saturating_add(taken);
        heard.failed = heard.failed.saturating_add(failed);
    }

    /// An order that was not sent because its turn was over.
    pub fn late(&mut self, now_ms: i64) {
        self.at(now_ms);
        self.answers.late = self.answers.late.saturating_add(1);
    }

    fn at(&mut self, now_ms: i64) {
        let first_ms = *self.first_ms.get_or_insert(now_ms);
        self.answers.at_ms = now_ms;
        self.answers.span_ms = now_ms.saturating_sub(first_ms);
    }

    /// What there is to tell the next tick; `None` if nothing came of its orders.
    pub fn finish(self) -> Option<Answers> {
        (!self.answers.providers.is_empty() || self.answers.late > 0).then_some(self.answers)
    }
}
