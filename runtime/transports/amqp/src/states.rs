//! How each queue stands, for the status and for the log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dragoman_model::{Timestamp, Value};
use serde_json::json;

use crate::error::Error;
use crate::queue::Queue;

/// How a queue stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing is known yet.
    Connecting,
    /// Messages are taken.
    Taking,
    /// None come.
    Troubled(Error),
}

impl State {
    fn name(&self) -> &'static str {
        match self {
            State::Connecting => "connecting",
            State::Taking => "taking",
            State::Troubled(Error::Away(_)) => "away",
            State::Troubled(Error::Refused(_)) => "refused",
            State::Troubled(Error::NoQueue(_)) => "no_queue",
        }
    }
}

#[derive(Debug)]
struct Entry {
    state: State,
    since: Timestamp,
    held: usize,
}

type Entries = BTreeMap<(String, String), Entry>;

/// How the queues of a site stand; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct States(Arc<Mutex<Entries>>);

impl States {
    /// For the status: a list of `{ broker, queue, state, since, held, code?, message? }`. `state` is `connecting`,
    /// `taking`, `away`, `refused` or `no_queue`; `held`: messages that are being delivered or held back.
    pub fn to_json(&self) -> Value {
        let entries = self.entries();
        let told = entries.iter().map(|((broker, queue), entry)| {
            let mut told = json!({
                "broker": broker, "queue": queue, "state": entry.state.name(), "since": entry.since, "held": entry.held,
            });
            if let State::Troubled(error) = &entry.state {
                told["code"] = error.code().id.into();
                told["message"] = error.to_string().into();
            }
            told
        });
        told.collect()
    }

    /// A queue stands so from here on. The log says it once, however often it is tried in vain.
    pub(crate) fn set(&self, queue: &Queue, state: State) {
        let since = now();
        let mut entries = self.entries();
        let entry = entries.entry(key(queue)).or_insert(Entry {
            state: State::Connecting,
            since,
            held: 0,
        });
        let changed = entry.state.name() != state.name();
        if changed {
            entry.since = since;
            tell(queue, &state);
        }
        // The newest reason, also where it says the same in other words.
        entry.state = state;
    }

    /// So many messages of it are held.
    pub(crate) fn hold(&self, queue: &Queue, held: usize) {
        if let Some(entry) = self.entries().get_mut(&key(queue)) {
            entry.held = held;
        }
    }

    /// Nobody reads the queue any more.
    pub(crate) fn forget(&self, queue: &Queue) {
        self.entries().remove(&key(queue));
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(queue: &Queue) -> (String, String) {
    (queue.broker.name.clone(), queue.name.clone())
}

fn tell(queue: &Queue, state: &State) {
    let (broker, name) = (&queue.broker.name, &queue.name);
    match state {
        State::Connecting => {}
        State::Taking => {
            tracing::info!(target: "dragoman::queues", broker, queue = name, "messages are taken from the queue");
        }
        State::Troubled(error) => {
            let code = error.code().id;
            tracing::warn!(target: "dragoman::queues", code, broker, queue = name, "{error}: {}", error.advice());
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
