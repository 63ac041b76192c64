//! What an operator asks and does: one implementation for the API and for the command line.

use std::sync::Arc;

use dragoman_engine::machine::Act;
use dragoman_engine::shell::Handle;
use dragoman_journal::{Entry, Journal, Record, RunFilter};
use dragoman_model::{Actor, Digest, Role, RunId, Value};
use serde_json::json;

use crate::view;

/// The operator's desk.
#[derive(Clone)]
pub struct Desk {
    journal: Arc<dyn Journal>,
    handle: Handle,
}

/// Who asks, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// As the trail will know them.
    pub actor: Actor,
    /// Their roles.
    pub roles: Vec<Role>,
}

impl Who {
    /// The administrator of this machine.
    pub fn administrator(actor: Actor) -> Self {
        Who {
            actor,
            roles: vec![Role::Administrator],
        }
    }

    /// Whether they may do what asks for one of these roles.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub fn may(&self, needed: &[Role]) -> Result<(), Refusal> {
        if needed
            .iter()
            .any(|need| self.roles.iter().any(|role| role.includes(*need)))
        {
            return Ok(());
        }
        let names = |roles: &[Role]| roles.iter().map(|r| r.name()).collect::<Vec<_>>().join(" or ");
        Err(Refusal::Forbidden {
            message: format!(
                "this needs the role {}; {} has {}",
                names(needed),
                self.actor.id,
                names(&self.roles).replace(" or ", " and ")
            ),
            needed: needed.to_vec(),
        })
    }
}

/// Why something cannot be answered or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such run or wait.
    Unknown(String),
    /// It cannot be done as things stand.
    Conflict(String),
    /// Whoever asks may not.
    Forbidden {
        /// For people.
        message: String,
        /// One of these roles is needed.
        needed: Vec<Role>,
    },
    /// The store does not answer.
    Store(String),
}

impl Desk {
    /// A desk over a store and an engine.
    pub fn new(journal: Arc<dyn Journal>, handle: Handle) -> Self {
        Desk { journal, handle }
    }

    /// Runs, newest first: `{ runs: [...] }`.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn runs(&self, mut filter: RunFilter) -> Result<Value, Refusal> {
        // Whoever asks what is parked or waits wants to see the item itself, not only the run it belongs to.
        filter.children |= matches!(filter.status.as_deref(), Some("parked" | "waiting"));
        let runs = self.journal.runs(filter).await.map_err(store)?;
        Ok(json!({ "runs": runs.iter().map(view::run).collect::<Vec<_>>() }))
    }

    /// A run with its timeline: `{ run, timeline, children }`; the children's timelines too.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], [`Refusal::Store`].
    pub async fn run(&self, id: &str, bodies: bool) -> Result<Value, Refusal> {
        let run = self.find(id).await?;
        let entries = self.journal.load(run).await.map_err(store)?;
        if entries.is_empty() {
            return Err(Refusal::Unknown(format!("there is no run {id}")));
        }
        let only = RunFilter {
            run: Some(run),
            children: true,
            limit: 1,
            ..RunFilter::default()
        };
        let summary = self.journal.runs(only).await.map_err(store)?.first().map(view::run);
        let mut children = Vec::new();
        for path in begun(&entries) {
            for child in self.journal.children(run, path.to_owned()).await.map_err(store)? {
                let entries = self.journal.load(child.run).await.map_err(store)?;
                children.push(json!({ "run": view::run(&child), "timeline": view::history(&entries, bodies) }));
            }
        }
        Ok(json!({ "run": summary, "timeline": view::history(&entries, bodies), "children": children }))
    }

    /// A run by its id, or by the beginning of its id where that is one run's only.
    async fn find(&self, id: &str) -> Result<RunId, Refusal> {
        if let Ok(run) = id.parse() {
            return Ok(run);
        }
        let everything = RunFilter {
            children: true,
            limit: 100_000,
            ..RunFilter::default()
        };
        let all = self.journal.runs(everything).await.map_err(store)?;
        let mut fitting = all.iter().map(|s| s.run).filter(|r| r.to_string().starts_with(id));
        match (fitting.next(), fitting.next()) {
            (Some(run), None) => Ok(run),
            (Some(_), Some(_)) => Err(Refusal::Conflict(format!("more than one run's id begins with {id}"))),
            _ => Err(Refusal::Unknown(format!("there is no run {id}"))),
        }
    }

    /// Open waits: `{ waits: [...] }`.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn waits(&self) -> Result<Value, Refusal> {
        let waits = self.journal.waits(None).await.map_err(store)?;
        Ok(json!({ "waits": waits.iter().map(view::wait).collect::<Vec<_>>() }))
    }

    /// Answers a wait. `shown`: the digest of what the person saw.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] where it is not open, [`Refusal::Forbidden`] where the person has none of its roles,
    /// [`Refusal::Conflict`] where the answer does not fit, or something else is shown now.
    pub async fn answer(&self, wait: &str, who: Who, answer: Value, shown: Digest) -> Result<Value, Refusal> {
        let waits = self.journal.waits(None).await.map_err(store)?;
        let mut fitting = waits.iter().filter(|w| w.id == wait || w.id.starts_with(wait));
        let (Some(found), None) = (fitting.next(), fitting.next()) else {
            return Err(Refusal::Unknown(format!(
                "no single open wait is called {wait}; `dragoman waits list` lists them"
            )));
        };
        who.may(&needed(&found.roles))?;
        let answered = self.handle.answer(&found.id, who.actor, answer, shown).await;
        answered.map_err(|e| Refusal::Conflict(e.to_string()))?;
        Ok(json!({ "wait": found.id, "run": found.run }))
    }

    /// Acts on a parked run: `resume`, `absent`, `skip` or `cancel`, with a reason for the trail.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] where there is no such run or act, [`Refusal::Conflict`] where it is not parked.
    pub async fn operate(&self, id: &str, act: &str, actor: Actor, reason: &str) -> Result<Value, Refusal> {
        let run = self.find(id).await?;
        let acts = [Act::Resume, Act::Absent, Act::Skip, Act::Cancel];
        let Some(act) = acts.into_iter().find(|a| a.name() == act) else {
            return Err(Refusal::Unknown(format!(
                "there is no act `{act}`: write resume, absent, skip or cancel"
            )));
        };
        let done = self.handle.operate(run, act, actor, reason).await;
        done.map_err(|e| Refusal::Conflict(e.to_string()))?;
        Ok(json!({ "run": run, "act": act.name() }))
    }

    /// How busy the engine is.
    pub fn status(&self) -> Value {
        let status = self.handle.status();
        json!({ "working": status.working, "queued": status.queued, "stopping": status.stopping })
    }
}

/// The roles of those who may answer a wait; where the pipeline names none, those who decide.
fn needed(roles: &[String]) -> Vec<Role> {
    let named: Vec<Role> = roles.iter().filter_map(|role| Role::parse(role)).collect();
    if named.is_empty() { vec![Role::Approver] } else { named }
}

/// The paths of the steps that began children, in the order in which they did, each once.
fn begun(entries: &[Entry]) -> Vec<&str> {
    let mut paths: Vec<&str> = Vec::new();
    let begins = |entry: &&Entry| matches!(entry.header.record, Record::Children { .. });
    for entry in entries.iter().filter(begins) {
        if !paths.contains(&&*entry.header.path) {
            paths.push(&entry.header.path);
        }
    }
    paths
}

pub(crate) fn store(error: dragoman_journal::Error) -> Refusal {
    Refusal::Store(format!("{} ({})", error.message, error.code))
}
