//! What somebody has paused: pipelines whose runs call nobody, connections over which nobody is called. And connections
//! that nobody is called over because nothing works (circuit breakers).
//!
//! It stands in the store, where all processes of the site see it, and outlives them. Who paused what, and let it go on, is in
//! the trail; runs that are held back say so too.

mod acts;
mod failing;
mod held;
mod routes;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use dragoman_engine::shell::Handle;
use dragoman_engine::{Paused, StepRunner};
use dragoman_journal::Journal;
use dragoman_journal::error::Error;
use dragoman_model::Value;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

pub use acts::PauseChange;
pub(crate) use held::Held;
pub(crate) use routes::{change, list};

use crate::plans::Plans;
use failing::Breakers;

/// In the store it is the state of a connection that no site can have: its name is none.
const PLACE: &str = "@paused";
/// This key is written whenever something goes on: whoever has not seen the pause sees that.
const RESUMED: &str = "resumed";
/// More than anybody pauses.
const MANY: u32 = 10_000;
/// So often it is looked whether a process has found that a connection fails, or has paused something.
const LOOK: Duration = Duration::from_secs(1);

/// What can be paused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A pipeline, by its name.
    Pipeline(String),
    /// A connection.
    Connection(String),
}

impl What {
    fn key(&self) -> String {
        match self {
            What::Pipeline(name) => format!("pipeline:{name}"),
            What::Connection(name) => format!("connection:{name}"),
        }
    }

    fn of_key(key: &str) -> Option<What> {
        Some(match key.split_once(':')? {
            ("pipeline", name) => What::Pipeline(name.to_owned()),
            ("connection", name) => What::Connection(name.to_owned()),
            _ => return None,
        })
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            What::Pipeline(name) => write!(f, "pipeline `{name}`"),
            What::Connection(name) => write!(f, "connection `{name}`"),
        }
    }
}

/// What is paused, each with who did it, when and why: as this process knows it.
#[derive(Debug, Default)]
pub(crate) struct Known {
    paused: RwLock<BTreeMap<What, Value>>,
    /// The version of what is written whenever something goes on.
    resumed: AtomicU64,
}

impl Known {
    /// What the store has.
    pub(crate) async fn load(journal: &dyn Journal) -> Result<Known, Error> {
        let known = Known::default();
        known.look(journal).await?;
        Ok(known)
    }

    /// Looks anew; whether something goes on that was paused.
    async fn look(&self, journal: &dyn Journal) -> Result<bool, Error> {
        let keys = journal.state_keys(PLACE.into(), String::new(), None, MANY).await?;
        let mut found = BTreeMap::new();
        for key in keys {
            let Some(what) = What::of_key(&key) else { continue };
            if let Some((value, _)) = journal.state_get(PLACE.into(), key).await? {
                found.insert(what, serde_json::from_slice(&value).unwrap_or_default());
            }
        }
        let resumed = journal.state_get(PLACE.into(), RESUMED.into()).await?;
        let resumed = resumed.map_or(0, |(_, version)| version);
        let is_new = self.resumed.swap(resumed, Ordering::AcqRel) != resumed;
        let mut known = self.paused.write().unwrap_or_else(PoisonError::into_inner);
        let goes_on = is_new || known.keys().any(|what| !found.contains_key(what));
        *known = found;
        Ok(goes_on)
    }

    fn all(&self) -> BTreeMap<What, Value> {
        self.paused.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a pipeline may call nobody, or nobody over this connection.
    fn holds(&self, pipeline: &str, connection: &str) -> Option<Paused> {
        let known = self.paused.read().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            return None;
        }
        if known.contains_key(&What::Pipeline(pipeline.to_owned())) {
            return Some(Paused::Pipeline);
        }
        let connection = What::Connection(connection.to_owned());
        known.contains_key(&connection).then_some(Paused::Connection)
    }
}

/// What is paused, and whoever changes that.
pub struct Pauses {
    known: Arc<Known>,
    journal: Arc<dyn Journal>,
    handle: Handle,
    plans: Arc<Plans>,
    runner: Arc<dyn StepRunner>,
    breakers: Mutex<Breakers>,
}

impl Pauses {
    /// `worker`: the name of this process in the trail.
    pub(crate) async fn new(
        known: Arc<Known>,
        journal: Arc<dyn Journal>,
        handle: Handle,
        plans: Arc<Plans>,
        runner: Arc<dyn StepRunner>,
        worker: &str,
    ) -> Result<Arc<Self>, Error> {
        let breakers = Breakers::load(journal.clone(), handle.clone(), worker).await?;
        for (what, told) in known.all() {
            tracing::warn!(by = %told["by"], at = %told["at"], reason = %told["reason"], "{what} is paused");
        }
        Ok(Arc::new(Pauses {
            known,
            journal,
            handle,
            plans,
            runner,
            breakers: Mutex::new(breakers),
        }))
    }

    /// Keeps what the circuit breakers find, for as long as it is used. `shared`: also looks at what other processes do.
    pub(crate) fn follow(self: &Arc<Self>, shared: bool) {
        let pauses: Weak<Self> = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(pauses) = pauses.upgrade() else { return };
                if shared && let Err(error) = pauses.look().await {
                    tracing::debug!(%error, "it cannot be seen what is paused");
                }
                if let Err(refusal) = pauses.breakers.lock().await.look(shared).await {
                    tracing::debug!(?refusal, "it cannot be kept which connections fail");
                }
            }
        });
    }

    /// How much is paused.
    pub(crate) fn count(&self) -> usize {
        self.known.all().len()
    }

    /// Looks anew; what goes on is told to the engine.
    async fn look(&self) -> Result<(), Error> {
        if self.known.look(&*self.journal).await? {
            // What is not woken looks by itself after a while.
            if let Err(error) = self.handle.resumed().await {
                tracing::warn!(%error, "runs that were held back could not be woken; they look by themselves");
            }
        }
        Ok(())
    }
}
