//! Erasing.

use std::collections::BTreeSet;
use std::sync::Arc;

use dragoman_journal::{Erasure, Operation, Record, Store};
use dragoman_manifest::Site;
use dragoman_model::{Role, RunId, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

use super::Periods;
use super::family::{Family, root_of};
use super::hold::Holds;
use crate::deed::{Deed, now};
use crate::desk::{Refusal, Who, store};
use crate::records::find;

/// What the runs of these acts have in place of a pipeline.
pub(super) const PIPELINE: &str = "retention";
/// What they are pinned to.
pub(super) const VERSION: &[u8] = b"{\"retention\":\"of what runs have said\"}";
/// So many are looked for to say how many are due.
const COUNTED: usize = 1_000;

/// What somebody wants erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Erasing {
    /// Runs, by their ids or the beginnings of them; with each goes its whole family.
    pub runs: Vec<String>,
    /// And all that did something under this reference.
    pub reference: Option<String>,
    /// Why, for the trail.
    pub reason: Option<String>,
    /// Does it; else it is only said what would be done.
    pub yes: bool,
    /// On whose authority, as the administrator of the machine says.
    pub by: Option<String>,
}

/// Whoever erases and holds.
#[derive(Clone)]
pub struct Retention {
    pub(super) journal: Arc<dyn Store>,
    pub(super) periods: watch::Receiver<Periods>,
}

impl Retention {
    /// Over a store, with the periods that a site file says.
    pub(crate) fn of(journal: Arc<dyn Store>, said: &Site) -> Self {
        let (_, periods) = watch::channel(Periods::of(said));
        Retention::new(journal, periods)
    }

    /// Over a store, with periods that may change.
    pub(crate) fn new(journal: Arc<dyn Store>, periods: watch::Receiver<Periods>) -> Self {
        Retention { journal, periods }
    }

    /// The periods, what is held, and of which pipelines something is due: `{ after_ms, pipelines: { NAME: MS }, due: [{
    /// pipeline, runs, more }], held: [{ what, by, at, reason }] }`.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn show(&self) -> Result<Value, Refusal> {
        let periods = self.periods.borrow().clone();
        let mut due = Vec::new();
        let mut behind = String::new();
        while let Some(pipeline) = self.journal.next_ended(behind).await.map_err(store)? {
            if let Some(before) = periods.before(&pipeline, now()) {
                let ended = self.journal.ended(pipeline.clone(), before, None, COUNTED + 1).await;
                let runs = ended.map_err(store)?.len();
                if runs > 0 {
                    due.push(json!({ "pipeline": pipeline, "runs": runs.min(COUNTED), "more": runs > COUNTED }));
                }
            }
            behind = pipeline;
        }
        let held = Holds::load(&*self.journal).await.map_err(store)?.list();
        Ok(json!({ "after_ms": periods.others_ms, "pipelines": periods.named_ms, "due": due, "held": held }))
    }

    /// Erases what runs have said, or says what would be: `{ runs: [{ run, pipeline, key, began, touched, runs, bodies }],
    /// refused: [{ run, why }], done, by? }`. Where one is refused nothing is erased.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], [`Refusal::Unclear`] without a reason or without anything that is named, [`Refusal::Unknown`],
    /// [`Refusal::Conflict`] where one has not ended or is held, [`Refusal::Store`].
    pub async fn erase(&self, wanted: &Erasing, who: Who) -> Result<Value, Refusal> {
        who.may(&[Role::Administrator])?;
        let reason = wanted.reason.as_deref().map(str::trim).unwrap_or_default();
        if wanted.yes && reason.is_empty() {
            return Err(Refusal::Unclear(
                "what is done is kept in the trail with a `reason`: say one".into(),
            ));
        }
        let families = self.families(wanted).await?;
        let holds = Holds::load(&*self.journal).await.map_err(store)?;
        let mut refused = Vec::new();
        for family in &families {
            let why = match (family.open, holds.of(family)) {
                (Some(open), _) => format!("run {open} has not ended"),
                (_, Some(held)) => format!("{held} is held; `dragoman retention show` says by whom"),
                (None, None) => continue,
            };
            refused.push((family.root.run, why));
        }
        if let (true, Some((run, why))) = (wanted.yes, refused.first()) {
            return Err(Refusal::Conflict(format!(
                "run {run} is not erased: {why}; nothing was erased"
            )));
        }
        let mut told = json!({
            "runs": families.iter().map(shown).collect::<Vec<_>>(),
            "refused": refused.iter().map(|(run, why)| json!({ "run": run, "why": why })).collect::<Vec<_>>(),
            "done": wanted.yes,
        });
        if wanted.yes {
            told["by"] = json!(write(&*self.journal, &families, reason, &who).await?);
        }
        Ok(told)
    }

    /// A run by its id, or by the beginning of it.
    pub(super) async fn named(&self, run: &str) -> Result<RunId, Refusal> {
        find(&*self.journal, run).await.map_err(store)?
    }

    /// What is named, each family once.
    async fn families(&self, wanted: &Erasing) -> Result<Vec<Family>, Refusal> {
        let mut runs = Vec::new();
        for run in &wanted.runs {
            runs.push(self.named(run).await?);
        }
        if let Some(reference) = &wanted.reference {
            let effects = self.journal.effects(reference.clone()).await.map_err(store)?;
            if effects.is_empty() {
                return Err(Refusal::Unknown(format!(
                    "nothing was done under the reference `{reference}`"
                )));
            }
            runs.extend(effects.iter().map(|effect| effect.run));
        }
        if runs.is_empty() {
            return Err(Refusal::Unclear(
                "it is not said what is to be erased: name runs, or a reference".into(),
            ));
        }
        let (mut seen, mut families) = (BTreeSet::new(), Vec::new());
        for run in runs {
            let root = root_of(&*self.journal, run).await.map_err(store)?;
            let root = root.ok_or_else(|| Refusal::Unknown(format!("there is no run {run}")))?;
            if seen.insert(root.run) {
                families.push(Family::of(&*self.journal, root).await.map_err(store)?);
            }
        }
        Ok(families)
    }
}

fn shown(family: &Family) -> Value {
    let root = &family.root;
    json!({ "run": root.run, "pipeline": root.pipeline, "key": root.run_key, "began": root.began, "touched": root.touched,
            "runs": family.erasure.runs.len(), "bodies": family.bodies })
}

/// Erases families in one transaction; the run that says so.
///
/// # Errors
/// [`Refusal::Store`].
pub(super) async fn write(journal: &dyn Store, families: &[Family], reason: &str, who: &Who) -> Result<RunId, Refusal> {
    let mut erasure = Erasure::default();
    for family in families {
        let of = family.erasure.clone();
        erasure.runs.extend(of.runs);
        erasure
            .onces
            .extend(of.onces.into_iter().filter(|(once, _)| !once.is_claim()));
        erasure.effects.extend(of.effects);
        erasure.events.extend(of.events);
    }
    let says = |family: &Family| {
        let record = Record::Operated { act: "erase".into() };
        (record, family.root.run.to_string(), None)
    };
    let deed = Deed {
        pipeline: PIPELINE,
        act: "erasure",
        key: None,
        version: VERSION,
        message: json!({ "runs": families.iter().map(|family| family.root.run).collect::<Vec<_>>() }),
        reason,
        records: families.iter().map(says).collect(),
        operations: vec![Operation::Erase {
            erasure: Box::new(erasure),
        }],
        output: Value::Null,
    };
    let written = deed.write(journal, who).await?;
    written.map_err(|refused| Refusal::Store(format!("the store does not take it: {refused:?}")))
}
