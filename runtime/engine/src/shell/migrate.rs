//! A run goes on with another version of its pipeline: under its lease, while nothing of it is under way.

use std::sync::Arc;

use dragoman_journal::{Append, Draft, Lease, Record, Standing, Versions};
use dragoman_model::{Actor, Digest, RunId};
use dragoman_plan::Plan;
use serde_json::json;

use super::answer::{Answered, Signal};
use super::{Handle, Shell};
use crate::Error;
use crate::machine::{Machine, hindrances};

/// What is asked for when a run is to go on with another version.
#[derive(Debug)]
pub(super) struct Moving {
    to: Digest,
    actor: Actor,
    reason: String,
    pub(super) answered: Answered,
}

impl Handle {
    /// Lets a run go on with another version of its pipeline, which the store must have. When it resolves with `Ok`, that
    /// is durable; a run that has this version already is left as it is.
    ///
    /// # Errors
    /// [`Error::Bound`] where the two versions differ in what the run has reached, [`Error::Busy`] where something of the
    /// run is under way, [`Error::Ended`], [`Error::NoRun`], [`Error::NoPlan`], [`Error::Store`].
    pub async fn migrate(&self, run: RunId, to: Digest, actor: Actor, reason: &str) -> Result<(), Error> {
        let reason = reason.to_owned();
        self.0
            .ask_run(run, |answered| {
                Signal::Migrated(Box::new(Moving {
                    to,
                    actor,
                    reason,
                    answered,
                }))
            })
            .await
    }
}

impl Shell {
    /// Moves a run that was just taken from the store, and has nothing under way for that reason. The machine that is to
    /// work on it; none: the run is left to its next owner.
    pub(super) async fn move_over(&self, machine: Machine, lease: Lease, moving: Moving) -> Option<Machine> {
        if moving.answered.is_closed() {
            // Whoever asked was told that nothing came of it.
            return Some(machine);
        }
        let result = match self.plan_for(&machine, moving.to).await {
            Ok(None) => Ok(()),
            Err(error) => Err(error),
            Ok(Some(plan)) => match self.write_move(&machine, lease, &plan, &moving).await {
                Err(error) => {
                    let _ = moving.answered.send(Err(error));
                    return None;
                }
                Ok(()) => {
                    let _ = moving.answered.send(Ok(()));
                    let entries = self.journal.load(lease.run).await.ok()?;
                    return Some(Machine::from_entries(plan, lease.run, &entries, &self.worker));
                }
            },
        };
        // Whoever asked may have gone.
        let _ = moving.answered.send(result);
        Some(machine)
    }

    /// The plan of the version, where the run can go on with it; none: it has it already.
    async fn plan_for(&self, machine: &Machine, to: Digest) -> Result<Option<Arc<Plan>>, Error> {
        let state = machine.state();
        let run = state.run;
        if state.origin.as_ref().is_some_and(|origin| origin.version == to) {
            return Ok(None);
        }
        let version = to.to_string();
        let Some(plan) = self.plans.pinned(to).await else {
            return Err(Error::NoPlan { run, version });
        };
        let found = hindrances(state, machine.plan(), &plan, &self.plans.site());
        match found.into_iter().next() {
            None => Ok(Some(plan)),
            Some(first) => {
                let at = if first.path.is_empty() {
                    String::new()
                } else {
                    format!("`{}`: ", first.path)
                };
                let why = format!("{at}{}", first.reason);
                Err(Error::Bound { run, version, why })
            }
        }
    }

    async fn write_move(&self, machine: &Machine, lease: Lease, plan: &Plan, moving: &Moving) -> Result<(), Error> {
        let state = machine.state();
        let from = state.origin.as_ref().map_or(moving.to, |origin| origin.version);
        let draft = Draft {
            run: state.run,
            seq: state.next,
            at: self.clock.now(),
            actor: moving.actor.clone(),
            path: String::new(),
            versions: Versions {
                pipeline: moving.to,
                plugin: None,
                settings: None,
            },
            record: Record::Migrated { from, to: moving.to },
            headers: Vec::new(),
            body: Some(Arc::new(json!({ "reason": moving.reason }))),
        };
        let append = Append {
            lease,
            entries: vec![draft.clone()],
            operations: Vec::new(),
            begins: Vec::new(),
            // It is brought to rest again by the new plan; what a person must repair stays so.
            standing: if state.parked.is_some() {
                Standing::Parked
            } else {
                Standing::Active
            },
        };
        match self.journal.append(append).await? {
            Ok(()) => {
                self.tell(plan, vec![draft]);
                Ok(())
            }
            Err(_) => Err(Error::Busy(state.run)),
        }
    }
}
