//! What somebody holds: it is not erased, whatever its period, until it is let go.

use std::collections::BTreeMap;

use dragoman_journal::error::Error;
use dragoman_journal::{Journal, Operation};
use dragoman_model::{Role, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::act::Retention;
use super::family::Family;
use crate::deed::{Deed, now};
use crate::desk::{Refusal, Who, store};

/// In the store it is the state of a connection that no site can have: its name is none.
const PLACE: &str = "@held";
/// More than anybody holds.
const MANY: u32 = 100_000;

/// What is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// A run with all that it began, by its id.
    Run(String),
    /// All that was done under a reference.
    Reference(String),
    /// All runs of a pipeline.
    Pipeline(String),
}

impl Held {
    fn key(&self) -> String {
        match self {
            Held::Run(run) => format!("run:{run}"),
            Held::Reference(name) => format!("reference:{name}"),
            Held::Pipeline(name) => format!("pipeline:{name}"),
        }
    }

    fn of_key(key: &str) -> Option<Held> {
        Some(match key.split_once(':')? {
            ("run", run) => Held::Run(run.to_owned()),
            ("reference", name) => Held::Reference(name.to_owned()),
            ("pipeline", name) => Held::Pipeline(name.to_owned()),
            _ => return None,
        })
    }
}

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Held::Run(run) => write!(f, "run {run}"),
            Held::Reference(name) => write!(f, "reference `{name}`"),
            Held::Pipeline(name) => write!(f, "pipeline `{name}`"),
        }
    }
}

/// What somebody wants held, or let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldChange {
    /// What.
    pub what: Held,
    /// Holds it; else it is let go.
    pub hold: bool,
    /// Why, for the trail.
    pub reason: String,
    /// On whose authority, as the administrator of the machine says.
    #[serde(default)]
    pub by: Option<String>,
}

/// All that is held, each with who did it, when and why.
pub(super) struct Holds(BTreeMap<Held, Value>);

impl Holds {
    pub(super) async fn load(journal: &dyn Journal) -> Result<Self, Error> {
        let mut holds = BTreeMap::new();
        for key in journal.state_keys(PLACE.into(), String::new(), None, MANY).await? {
            let Some(what) = Held::of_key(&key) else { continue };
            if let Some((value, _)) = journal.state_get(PLACE.into(), key).await? {
                holds.insert(what, serde_json::from_slice(&value).unwrap_or_default());
            }
        }
        Ok(Holds(holds))
    }

    /// By what a family is held; none: by nothing.
    pub(super) fn of(&self, family: &Family) -> Option<&Held> {
        let is = |what: &&Held| match what {
            Held::Run(run) => family.erasure.runs.iter().any(|one| one.to_string() == *run),
            Held::Reference(name) => family.references.contains(name),
            Held::Pipeline(name) => family.root.pipeline == *name,
        };
        self.0.keys().find(is)
    }

    /// For people and programs.
    pub(super) fn list(&self) -> Vec<Value> {
        let told = |(what, told): (&Held, &Value)| {
            let mut told = told.clone();
            told["what"] = json!(what);
            told
        };
        self.0.iter().map(told).collect()
    }
}

impl Retention {
    /// Holds something, or lets it go: `{ changed, run? }`. What is as it is wanted stays so.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], [`Refusal::Unclear`] without a reason or where several runs begin so, [`Refusal::Unknown`] where
    /// there is no such run, [`Refusal::Conflict`] where somebody else changes it in the same moment, [`Refusal::Store`].
    pub async fn hold(&self, change: &HoldChange, who: Who) -> Result<Value, Refusal> {
        who.may(&[Role::Administrator])?;
        let reason = change.reason.trim();
        if reason.is_empty() {
            return Err(Refusal::Unclear(
                "what is done is kept in the trail with a `reason`: say one".into(),
            ));
        }
        let what = match &change.what {
            Held::Run(run) => Held::Run(self.named(run).await?.to_string()),
            other => other.clone(),
        };
        let (key, connection) = (what.key(), PLACE.to_owned());
        let before = self.journal.state_get(PLACE.into(), key.clone()).await.map_err(store)?;
        if before.is_some() == change.hold {
            return Ok(json!({ "changed": false }));
        }
        let expected = Some(before.map_or(0, |(_, version)| version));
        let told = json!({ "by": who.actor.id, "at": now(), "reason": reason });
        let operation = match change.hold {
            true => Operation::StatePut {
                connection,
                key,
                value: told.to_string().into_bytes(),
                expected,
            },
            false => Operation::StateDelete {
                connection,
                key,
                expected,
            },
        };
        let deed = Deed {
            pipeline: super::act::PIPELINE,
            act: if change.hold { "hold" } else { "let_go" },
            key: None,
            version: super::act::VERSION,
            message: json!(what),
            reason,
            records: Vec::new(),
            operations: vec![operation],
            output: Value::Null,
        };
        let written = deed.write(&*self.journal, &who).await?;
        let conflict = |_| Refusal::Conflict(format!("somebody else changes {what} right now; look again"));
        Ok(json!({ "changed": true, "run": written.map_err(conflict)? }))
    }
}
