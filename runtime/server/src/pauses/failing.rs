//! What the circuit breakers find: it stands in the store, where all processes of the site see it, and in the trail.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_engine::Failing;
use dragoman_engine::shell::Handle;
use dragoman_journal::error::Error;
use dragoman_journal::{Journal, Operation};
use dragoman_model::{Actor, RunId, Timestamp, Value};
use serde_json::json;

use super::{MANY, PLACE};
use crate::deed::Deed;
use crate::desk::{Refusal, Who};

/// Keys of connections that fail begin so; what follows is the connection's name.
const PREFIX: &str = "failing:";
/// What the runs that tell of it have in place of a pipeline.
const PIPELINE: &str = "breakers";
/// What they are pinned to.
const VERSION: &[u8] = b"{\"breakers\":\"found by calls\"}";

/// A connection that fails as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    failing: Failing,
    version: u64,
}

/// The connections that fail, here and in the store.
pub(super) struct Breakers {
    handle: Handle,
    journal: Arc<dyn Journal>,
    worker: Who,
    /// What the store was last known to have.
    kept: BTreeMap<String, Kept>,
}

impl Breakers {
    /// Takes over what an earlier process, or another one, has found.
    pub(super) async fn load(journal: Arc<dyn Journal>, handle: Handle, worker: &str) -> Result<Breakers, Error> {
        let kept = load(&*journal).await?;
        for (connection, kept) in &kept {
            tracing::warn!(since = %kept.failing.since, code = kept.failing.code,
                "nothing worked over connection `{connection}`; it is called from time to time");
            handle.fails(connection, kept.failing.clone(), true);
        }
        let worker = Who {
            actor: Actor::system(worker),
            roles: Vec::new(),
        };
        Ok(Breakers {
            handle,
            journal,
            worker,
            kept,
        })
    }

    /// Keeps what was found here since the last look. `shared`: also hears what others have found.
    pub(super) async fn look(&mut self, shared: bool) -> Result<(), Refusal> {
        self.keep().await?;
        if shared {
            self.hear().await.map_err(crate::desk::store)?;
        }
        Ok(())
    }

    /// What fails here: `{ connection, since, until, code, held }` each.
    pub(super) fn list(&self) -> Vec<Value> {
        let told = |(connection, (failing, held)): (String, (Failing, usize))| {
            json!({ "connection": connection, "since": failing.since, "until": failing.until, "code": failing.code,
                "held": held })
        };
        self.handle.failing().into_iter().map(told).collect()
    }

    /// A person says that a connection works: `{ changed, run? }`, or `None` where nothing says that it does not.
    pub(super) async fn works(&mut self, connection: &str, reason: &str, who: &Who) -> Result<Option<Value>, Refusal> {
        let here = self.handle.failing().contains_key(connection);
        self.kept = load(&*self.journal).await.map_err(crate::desk::store)?;
        if !here && !self.kept.contains_key(connection) {
            return Ok(None);
        }
        let run = self.write(connection, None, reason, who).await?;
        self.handle.works(connection).await;
        Ok(Some(json!({ "changed": true, "run": run })))
    }

    async fn keep(&mut self) -> Result<(), Refusal> {
        let found = self.handle.failing();
        let worker = self.worker.clone();
        for (connection, (failing, _)) in &found {
            let kept = self.kept.get(connection);
            if kept.is_none() {
                tracing::warn!(since = %failing.since, code = failing.code,
                    "nothing works over connection `{connection}`; it is called from time to time");
            }
            if kept.is_none_or(|kept| kept.failing.until < failing.until) {
                let reason = format!("nothing has worked since {}: {}", failing.since, failing.code);
                self.write(connection, Some(failing.clone()), &reason, &worker).await?;
            }
        }
        let work: Vec<String> = self
            .kept
            .keys()
            .filter(|name| !found.contains_key(*name))
            .cloned()
            .collect();
        for connection in work {
            tracing::info!("connection `{connection}` works again");
            self.write(&connection, None, "a call was answered", &worker).await?;
        }
        Ok(())
    }

    /// Writes how a connection stands, as a run of its own. Where another process has written meanwhile, what it wrote
    /// stands, and is heard of at the next look.
    async fn write(
        &mut self,
        connection: &str,
        failing: Option<Failing>,
        reason: &str,
        who: &Who,
    ) -> Result<Option<RunId>, Refusal> {
        let (place, key) = (PLACE.to_owned(), format!("{PREFIX}{connection}"));
        let before = self.kept.remove(connection);
        let expected = Some(before.as_ref().map_or(0, |kept| kept.version));
        let act = match (&before, &failing) {
            (_, None) => "closed",
            (None, Some(_)) => "opened",
            (Some(_), Some(_)) => "stays_open",
        };
        let (connection_state, key_again) = (place.clone(), key.clone());
        let operation = match &failing {
            Some(failing) => Operation::StatePut {
                connection: place,
                key,
                value: to_json(failing).to_string().into_bytes(),
                expected,
            },
            None if before.is_none() => return Ok(None),
            None => Operation::StateDelete {
                connection: place,
                key,
                expected,
            },
        };
        let deed = Deed {
            pipeline: PIPELINE,
            act,
            key: None,
            version: VERSION,
            message: json!({ "connection": connection }),
            reason,
            records: Vec::new(),
            operations: vec![operation],
            output: Value::Null,
        };
        let written = deed.write(&*self.journal, who).await?;
        if let (Ok(_), Some(failing)) = (&written, failing) {
            let now = self.journal.state_get(connection_state, key_again).await;
            if let Some((_, version)) = now.map_err(crate::desk::store)? {
                self.kept.insert(connection.to_owned(), Kept { failing, version });
            }
        }
        Ok(written.ok())
    }

    async fn hear(&mut self) -> Result<(), Error> {
        let found = load(&*self.journal).await?;
        for (connection, kept) in &found {
            if self.kept.get(connection) != Some(kept) {
                self.handle.fails(connection, kept.failing.clone(), false);
            }
        }
        let before = std::mem::replace(&mut self.kept, found);
        for connection in before
            .into_keys()
            .filter(|name| !self.kept.contains_key(name))
            .collect::<Vec<_>>()
        {
            self.handle.works(&connection).await;
        }
        Ok(())
    }
}

/// What the store has.
async fn load(journal: &dyn Journal) -> Result<BTreeMap<String, Kept>, Error> {
    let mut found = BTreeMap::new();
    for key in journal.state_keys(PLACE.into(), PREFIX.into(), None, MANY).await? {
        let Some((value, version)) = journal.state_get(PLACE.into(), key.clone()).await? else {
            continue;
        };
        let failing = serde_json::from_slice(&value).ok().as_ref().and_then(of_json);
        if let (Some(name), Some(failing)) = (key.strip_prefix(PREFIX), failing) {
            found.insert(name.to_owned(), Kept { failing, version });
        }
    }
    Ok(found)
}

fn to_json(failing: &Failing) -> Value {
    json!({ "since": failing.since, "until": failing.until, "code": failing.code })
}

fn of_json(value: &Value) -> Option<Failing> {
    let time = |name: &str| Timestamp::parse(value.get(name)?.as_str()?).ok();
    Some(Failing {
        since: time("since")?,
        until: time("until")?,
        code: value.get("code")?.as_str()?.to_owned(),
    })
}
