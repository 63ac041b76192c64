//! What an operator asks and does: one implementation for the API and for the command line.

use std::sync::Arc;

use dragoman_engine::machine::Act;
use dragoman_engine::shell::{Clock, Handle, SystemClock};
use dragoman_journal::{Journal, RunFilter};
use dragoman_model::{Actor, Digest, Role, Value};
use serde_json::json;

use crate::stuck::stuck;
use crate::{records, waits};

/// Whoever has one of these roles may repair runs and move them to other versions.
pub const OPERATORS: [Role; 1] = [Role::Operator];

/// The operator's desk.
#[derive(Clone)]
pub struct Desk {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) handle: Handle,
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
    /// It cannot be said what is meant: too little of an id, or a word that does not exist.
    Unclear(String),
    /// It cannot be done as things stand.
    Conflict(String),
    /// The engine does not do it, and says why.
    Engine(dragoman_engine::Error),
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
    /// [`Refusal::Unclear`] where there is no such status, [`Refusal::Store`].
    pub async fn runs(&self, filter: RunFilter) -> Result<Value, Refusal> {
        records::runs(&*self.journal, filter).await.map_err(store)?
    }

    /// Runs that nothing moves on, newest first, each with why in its `note`: `{ runs: [...] }`.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn stuck(&self, limit: usize) -> Result<Value, Refusal> {
        stuck(&*self.journal, SystemClock.now(), limit).await.map_err(store)
    }

    /// A run with its timeline: `{ run, timeline, children }`; the children's timelines too.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], [`Refusal::Conflict`] where several ids begin so, [`Refusal::Unclear`] where too little of the
    /// id is given, [`Refusal::Store`].
    pub async fn run(&self, id: &str, bodies: bool) -> Result<Value, Refusal> {
        records::run(&*self.journal, id, bodies).await.map_err(store)?
    }

    /// Open waits: `{ waits: [...] }`.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn waits(&self) -> Result<Value, Refusal> {
        waits::waits(&*self.journal).await.map_err(store)
    }

    /// Answers a wait. `shown`: the digest of what the person saw.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] where it is not open, [`Refusal::Unclear`] where too little of its id is given,
    /// [`Refusal::Forbidden`] where the person has none of its roles,
    /// [`Refusal::Engine`] where the answer does not fit, or something else is shown now.
    pub async fn answer(&self, wait: &str, who: Who, answer: Value, shown: Digest) -> Result<Value, Refusal> {
        records::says_enough(wait)?;
        let waits = self.journal.waits(None).await.map_err(store)?;
        let mut fitting = waits.iter().filter(|w| w.id == wait || w.id.starts_with(wait));
        let (Some(found), None) = (fitting.next(), fitting.next()) else {
            return Err(Refusal::Unknown(format!(
                "no single open wait is called {wait}; `dragoman waits list` lists them"
            )));
        };
        who.may(&waits::answerers(&found.roles))?;
        let answered = self.handle.answer(&found.id, who.actor, answer, shown).await;
        answered.map_err(Refusal::Engine)?;
        Ok(json!({ "wait": found.id, "run": found.run }))
    }

    /// Acts on a parked run: `resume`, `absent`, `skip` or `cancel`, with a reason for the trail.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] where the person is no operator, [`Refusal::Unknown`] where there is no such run or act,
    /// [`Refusal::Engine`] where it is not parked.
    pub async fn operate(&self, id: &str, act: &str, who: Who, reason: &str) -> Result<Value, Refusal> {
        who.may(&OPERATORS)?;
        let run = records::find(&*self.journal, id).await.map_err(store)??;
        let acts = [Act::Resume, Act::Absent, Act::Skip, Act::Cancel];
        let Some(act) = acts.into_iter().find(|a| a.name() == act) else {
            return Err(Refusal::Unknown(format!(
                "there is no act `{act}`: write resume, absent, skip or cancel"
            )));
        };
        let name = act.name();
        let done = self.handle.operate(run, act, who.actor, reason).await;
        done.map_err(Refusal::Engine)?;
        Ok(json!({ "run": run, "act": name }))
    }

    /// How busy the engine is.
    pub fn status(&self) -> Value {
        let status = self.handle.status();
        json!({ "working": status.working, "queued": status.queued, "stopping": status.stopping })
    }
}

pub(crate) fn store(error: dragoman_journal::Error) -> Refusal {
    Refusal::Store(format!("{} ({})", error.message, error.code))
}
