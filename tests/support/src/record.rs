//! What a partner saw and what really took effect there.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::faults::Fault;

/// Locks a mutex even where another thread panicked under it: a simulator's state is plain data, whole after each
/// statement, and a test that failed elsewhere must not make this one report a poisoned lock instead of its cause.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of a business fact: the act and the things it is about, joined by `|`, as in
/// `endorsed|XACP1|24XA0000000000001`. Never an idempotency key: a fact counted twice is a thing done twice,
/// whatever keys it was asked for under.
#[must_use]
pub fn fact(act: &str, about: &[&str]) -> String {
    let mut name = act.to_owned();
    for part in about {
        name.push('|');
        name.push_str(part);
    }
    name
}

/// One request as the partner saw it, and what it answered.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// The order of arrival, from 1.
    pub number: u64,
    /// When it arrived (RFC 3339, UTC).
    pub at: String,
    /// The HTTP method.
    pub method: String,
    /// The path with its query, still percent-encoded.
    pub path: String,
    /// The request headers, names in lower case; of a repeated header the last value.
    pub headers: BTreeMap<String, String>,
    /// The request body as text (invalid UTF-8 replaced).
    pub body: String,
    /// The fault that struck it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// The status answered; absent while at work and where the connection was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// The counts and the request log of one partner.
#[derive(Debug, Default)]
pub struct Record {
    facts: Mutex<BTreeMap<String, u32>>,
    log: Mutex<Vec<Exchange>>,
}

impl Record {
    /// Counts one business fact that has just taken effect.
    pub fn effect(&self, fact: String) {
        *locked(&self.facts).entry(fact).or_default() += 1;
    }

    /// How often each business fact has taken effect.
    pub fn facts(&self) -> BTreeMap<String, u32> {
        locked(&self.facts).clone()
    }

    /// All requests so far, in order of arrival.
    pub fn log(&self) -> Vec<Exchange> {
        locked(&self.log).clone()
    }

    /// Forgets counts and log.
    pub fn clear(&self) {
        locked(&self.facts).clear();
        locked(&self.log).clear();
    }

    /// Writes down a request that arrived; answers its number.
    pub(crate) fn arrived(&self, mut exchange: Exchange) -> u64 {
        let mut log = locked(&self.log);
        exchange.number = log.last().map_or(1, |last| last.number + 1);
        let number = exchange.number;
        log.push(exchange);
        number
    }

    /// Writes down what was answered to a request.
    pub(crate) fn answered(&self, number: u64, status: u16) {
        let mut log = locked(&self.log);
        if let Some(exchange) = log.iter_mut().rev().find(|entry| entry.number == number) {
            exchange.status = Some(status);
        }
    }
}
