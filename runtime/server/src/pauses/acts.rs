//! Pausing, and letting go on.

use dragoman_engine::shell::{Clock, SystemClock};
use dragoman_journal::Operation;
use dragoman_model::Value;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{PLACE, Pauses, RESUMED, What};
use crate::deed::Deed;
use crate::desk::{OPERATORS, Refusal, Who, store};

/// What the runs of these acts have in place of a pipeline.
const PIPELINE: &str = "pauses";
/// What they are pinned to.
const VERSION: &[u8] = b"{\"pauses\":\"changed by a person\"}";

/// What somebody wants paused, or going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseChange {
    /// The pipeline or connection.
    pub what: What,
    /// Pauses it; else it goes on.
    pub pause: bool,
    /// Why, for the trail.
    pub reason: String,
    /// On whose authority, as the administrator of the machine says.
    #[serde(default)]
    pub by: Option<String>,
}

impl Pauses {
    /// What is paused, and what fails: `{ paused: [{ pipeline | connection, by, at, reason }], failing: [{ connection, since,
    /// until, code, held }] }`.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn list(&self) -> Result<Value, Refusal> {
        self.look().await.map_err(store)?;
        let told = |(what, told): (What, Value)| {
            let mut told = told;
            match what {
                What::Pipeline(name) => told["pipeline"] = json!(name),
                What::Connection(name) => told["connection"] = json!(name),
            }
            told
        };
        let paused: Vec<Value> = self.known.all().into_iter().map(told).collect();
        Ok(json!({ "paused": paused, "failing": self.breakers.lock().await.list() }))
    }

    /// Pauses something, or lets it go on: `{ changed, run? }`. What is as it is wanted stays so. A connection that fails is
    /// called at once.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], [`Refusal::Unclear`] without a reason, [`Refusal::Unknown`] where the site has no such pipeline
    /// or connection, [`Refusal::Conflict`] where somebody else changes it in the same moment, [`Refusal::Store`].
    pub async fn change(&self, change: &PauseChange, who: Who) -> Result<Value, Refusal> {
        who.may(&OPERATORS)?;
        let reason = change.reason.trim();
        if reason.is_empty() {
            return Err(Refusal::Unclear(
                "what is done is kept in the trail with a `reason`: say one".into(),
            ));
        }
        let what = &change.what;
        let key = what.key();
        let before = self.journal.state_get(PLACE.into(), key.clone()).await.map_err(store)?;
        if before.is_none() {
            self.known_to_the_site(what)?;
        }
        let mut tried = None;
        if let (false, What::Connection(name)) = (change.pause, what) {
            let mut breakers = self.breakers.lock().await;
            tried = breakers.works(name, reason, &who).await?;
        }
        if before.is_none()
            && let Some(changed) = tried
        {
            return Ok(changed);
        }
        if before.is_some() == change.pause {
            self.look().await.map_err(store)?;
            return Ok(json!({ "changed": false }));
        }
        let told = json!({ "by": who.actor.id, "at": SystemClock.now(), "reason": reason });
        let seen = before.map_or(0, |(_, version)| version);
        let deed = Deed {
            pipeline: PIPELINE,
            act: if change.pause { "pause" } else { "resume" },
            key: None,
            version: VERSION,
            message: json!(what),
            reason,
            records: Vec::new(),
            operations: written_as(key, seen, change.pause.then_some(&told)),
            output: Value::Null,
        };
        let written = deed.write(&*self.journal, &who).await?;
        let run =
            written.map_err(|_| Refusal::Conflict(format!("somebody else changes {what} right now; look again")))?;
        self.look().await.map_err(store)?;
        Ok(json!({ "changed": true, "run": run }))
    }

    fn known_to_the_site(&self, what: &What) -> Result<(), Refusal> {
        let known = match what {
            What::Pipeline(name) => self.plans.all().iter().any(|plan| plan.pipeline == *name),
            What::Connection(name) => self.runner.settings(name).is_some(),
        };
        match known {
            true => Ok(()),
            false => Err(Refusal::Unknown(format!("the site has no {what}"))),
        }
    }
}

/// What is written of a pause over what was `seen`: what is `told` of it, or that it goes on.
fn written_as(key: String, seen: u64, told: Option<&Value>) -> Vec<Operation> {
    let (connection, expected) = (PLACE.to_owned(), Some(seen));
    match told {
        Some(told) => vec![Operation::StatePut {
            connection,
            key,
            value: told.to_string().into_bytes(),
            expected,
        }],
        // A process that has not seen the pause sees that something goes on.
        None => vec![
            Operation::StateDelete {
                connection: connection.clone(),
                key,
                expected,
            },
            Operation::StatePut {
                connection,
                key: RESUMED.into(),
                value: Vec::new(),
                expected: None,
            },
        ],
    }
}
