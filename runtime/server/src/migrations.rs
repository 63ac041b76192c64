//! Runs in flight that go on with another version: what would become of each, and doing it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use dragoman_engine::machine::{State, hindrances, version};
use dragoman_engine::shell::{Handle, PlanSource};
use dragoman_journal::{Journal, RunFilter, RunSummary};
use dragoman_manifest::{Pipeline, parse_pipeline};
use dragoman_model::{Actor, Diagnostic, Digest, RunId, Source, Value};
use dragoman_plan::{Plan, place_of};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::contract;
use crate::desk::{Refusal, store};
use crate::plans::Plans;
use crate::served::told;
use crate::{records, view};

/// All of them.
const ALL: usize = 10_000_000;
/// A run that waits for its place among others does not answer before it has it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A pipeline: its runs go on with the pipeline and the plugins of now.
    Pipeline(String),
    /// The text of a pipeline: its runs go on with it and the plugins that they have.
    Text(String),
    /// A connection: runs go on with its plugin of now and the text of the pipeline that they have.
    Connection(String),
}

/// Runs in flight and the versions that they are pinned to.
#[derive(Clone)]
pub struct Migrations {
    journal: Arc<dyn Journal>,
    plans: Arc<Plans>,
    handle: Handle,
}

/// A run in flight.
struct InFlight {
    summary: RunSummary,
    state: State,
    /// What is in the way.
    diagnostics: Vec<Diagnostic>,
}

/// The runs that are pinned to one version.
struct Pinned {
    pipeline: String,
    from: Digest,
    /// Where they would go; none: they are there.
    to: Option<Digest>,
    /// What keeps all of them from it.
    diagnostics: Vec<Diagnostic>,
    runs: Vec<InFlight>,
}

impl Migrations {
    /// Over a store, the plans of a site and an engine.
    pub fn new(journal: Arc<dyn Journal>, plans: Arc<Plans>, handle: Handle) -> Self {
        Migrations { journal, plans, handle }
    }

    /// What would become of each run: `{ versions: [{ pipeline, version, to?, runs, diagnostics, groups: [{ status, at,
    /// moves, runs, diagnostics }] }], move, stay, parts }`. Nothing is changed.
    ///
    /// `parts`, where the change is about a pipeline of which runs in flight have another plugin than that of now: what
    /// would become of its runs if only its text were changed, or only one plugin: `[{ change, move, stay }]`.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] where the site has no such pipeline or connection, [`Refusal::Store`].
    pub async fn plan(&self, change: &Change, colour: bool) -> Result<Value, Refusal> {
        let all = self.look(change).await?;
        let versions: Vec<Value> = all.iter().map(|pinned| pinned.to_json(colour)).collect();
        let (moves, stay) = counted(&all);
        let mut told = json!({ "versions": versions, "move": moves, "stay": stay });
        if let Change::Pipeline(name) = change {
            told["parts"] = self.parts(name).await?.into();
        }
        Ok(told)
    }

    /// What would become of a pipeline's runs if only a part of what is new came to them: its text, or the plugin of one
    /// connection. Nothing where they have the plugins of now, and the text is all that can be new.
    async fn parts(&self, pipeline: &str) -> Result<Vec<Value>, Refusal> {
        let mut plugins: BTreeSet<String> = BTreeSet::new();
        for summary in self.in_flight(&Change::Pipeline(pipeline.into())).await? {
            let entries = self.journal.load(summary.run).await.map_err(store)?;
            let Some(version) = version(&entries) else { continue };
            let Some(plan) = self.plans.pinned(version).await else {
                continue;
            };
            let other = |(name, digest): &(&String, &Digest)| self.plans.plugin_now(name).as_ref() != Some(*digest);
            plugins.extend(plan.plugins.iter().filter(other).map(|(name, _)| name.clone()));
        }
        // A connection that is gone has no plugin that runs could go on with.
        plugins.retain(|name| self.plans.plugin_now(name).is_some());
        if plugins.is_empty() {
            return Ok(Vec::new());
        }
        let text = [Change::Text(pipeline.into())];
        let mut parts = Vec::new();
        for change in text.into_iter().chain(plugins.into_iter().map(Change::Connection)) {
            let mut all = self.look(&change).await?;
            all.retain(|pinned| pinned.pipeline == pipeline);
            let (moves, stay) = counted(&all);
            parts.push(json!({ "change": change, "move": moves, "stay": stay }));
        }
        Ok(parts)
    }

    /// Moves the runs that can: `{ moved: [run], stayed: [{ run, why }] }`. `only`: those, and the items that they work
    /// on; ids or their beginnings. Each run is looked at again when it is moved.
    ///
    /// # Errors
    /// As [`Migrations::plan`], and [`Refusal::Unknown`] where one of `only` is not in flight, [`Refusal::Unclear`] where it
    /// is too little of an id.
    pub async fn carry_out(
        &self,
        change: &Change,
        only: &[String],
        actor: &Actor,
        reason: &str,
    ) -> Result<Value, Refusal> {
        only.iter().try_for_each(|id| records::says_enough(id))?;
        let all = self.look(change).await?;
        let parents: BTreeMap<RunId, Option<RunId>> = all
            .iter()
            .flat_map(|p| &p.runs)
            .map(|run| (run.summary.run, run.summary.parent))
            .collect();
        if let Some(gone) = only
            .iter()
            .find(|id| !parents.keys().any(|run| run.to_string().starts_with(*id)))
        {
            return Err(Refusal::Unknown(format!(
                "no run in flight that this is about has the id {gone}"
            )));
        }
        let (mut moved, mut stayed) = (Vec::new(), Vec::new());
        for pinned in &all {
            let Some(to) = pinned.to else { continue };
            for run in pinned
                .runs
                .iter()
                .filter(|run| is_wanted(run.summary.run, only, &parents))
            {
                let id = run.summary.run;
                let why = match pinned.in_the_way(run).next() {
                    Some(first) => Some(first.message.clone()),
                    None => self.carry_over(id, to, actor, reason).await,
                };
                match why {
                    None => moved.push(id),
                    Some(why) => stayed.push(json!({ "run": id, "why": why })),
                }
            }
        }
        Ok(json!({ "moved": moved, "stayed": stayed }))
    }

    /// Moves a run; says why where it stayed.
    async fn carry_over(&self, run: RunId, to: Digest, actor: &Actor, reason: &str) -> Option<String> {
        let moving = self.handle.migrate(run, to, actor.clone(), reason);
        match tokio::time::timeout(PATIENCE, moving).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("it waits for its place among others; try again in a moment".into()),
        }
    }

    /// All runs in flight that the change is about, by their versions.
    async fn look(&self, change: &Change) -> Result<Vec<Pinned>, Refusal> {
        self.is_there(change)?;
        let mut by_version: BTreeMap<Digest, Vec<InFlight>> = BTreeMap::new();
        for summary in self.in_flight(change).await? {
            let entries = self.journal.load(summary.run).await.map_err(store)?;
            let Some(from) = version(&entries) else { continue };
            let mut state = State::new(summary.run);
            entries.iter().for_each(|entry| state.apply(entry));
            by_version.entry(from).or_default().push(InFlight {
                summary,
                state,
                diagnostics: Vec::new(),
            });
        }
        let mut all = Vec::new();
        for (from, runs) in by_version {
            all.extend(self.compare(change, from, runs).await?);
        }
        all.sort_by(|one, other| (&one.pipeline, one.from).cmp(&(&other.pipeline, other.from)));
        Ok(all)
    }

    fn is_there(&self, change: &Change) -> Result<(), Refusal> {
        match change {
            Change::Pipeline(name) | Change::Text(name) if self.plans.current(name).is_none() => {
                Err(Refusal::Unknown(format!("the site has no pipeline `{name}`")))
            }
            Change::Connection(name) if self.plans.plugin_now(name).is_none() => {
                Err(Refusal::Unknown(format!("the site has no connection `{name}`")))
            }
            _ => Ok(()),
        }
    }

    /// Runs that have not ended, oldest first.
    async fn in_flight(&self, change: &Change) -> Result<Vec<RunSummary>, Refusal> {
        let mut runs: BTreeMap<RunId, RunSummary> = BTreeMap::new();
        for status in ["active", "sleeping", "waiting", "parked"] {
            let filter = RunFilter {
                pipeline: match change {
                    Change::Pipeline(name) | Change::Text(name) => Some(name.clone()),
                    Change::Connection(_) => None,
                },
                status: Some(status.into()),
                children: true,
                limit: ALL,
                ..RunFilter::default()
            };
            let found = self.journal.runs(filter).await.map_err(store)?;
            runs.extend(found.into_iter().map(|run| (run.run, run)));
        }
        let mut runs: Vec<RunSummary> = runs.into_values().collect();
        runs.sort_by_key(|run| (run.began, run.run));
        Ok(runs)
    }

    /// What the change means for the runs of a version; none: it is not about them.
    async fn compare(&self, change: &Change, from: Digest, mut runs: Vec<InFlight>) -> Result<Option<Pinned>, Refusal> {
        let pipeline = runs
            .first()
            .map_or_else(String::new, |run| run.summary.pipeline.clone());
        let pinned = |to, diagnostics, runs| Pinned {
            pipeline,
            from,
            to,
            diagnostics,
            runs,
        };
        let Some(old) = self.plans.pinned(from).await else {
            let missing = "the version that these runs are pinned to is not in the store, or cannot be built any more";
            let code = dragoman_engine::error::NO_PLAN;
            return Ok(Some(pinned(
                Some(from),
                vec![Diagnostic::without_place(code, missing)],
                runs,
            )));
        };
        let new = match change {
            Change::Pipeline(name) => match self.plans.current(name) {
                Some(plan) if plan.version == from => return Ok(Some(pinned(None, Vec::new(), runs))),
                plan => plan.ok_or(Vec::new()),
            },
            Change::Text(name) => match self.plans.with_text_of_now(name, &old).await {
                Ok(plan) if plan.version == from => return Ok(Some(pinned(None, Vec::new(), runs))),
                plan => plan,
            },
            Change::Connection(name) => match old.plugins.get(name) {
                None => return Ok(None),
                digest if digest == self.plans.plugin_now(name).as_ref() => {
                    return Ok(Some(pinned(None, Vec::new(), runs)));
                }
                _ => self.plans.with_plugin_of_now(from, name).await,
            },
        };
        let new = match new {
            Ok(new) => new,
            Err(diagnostics) => return Ok(Some(pinned(Some(from), diagnostics, runs))),
        };
        let kept = self.contract(&old, &new).await?;
        let said = self.said(new.version).await?;
        let site = self.plans.site();
        for run in &mut runs {
            let found = hindrances(&run.state, &old, &new, &site);
            run.diagnostics = found.iter().map(|one| diagnostic(one, said.as_ref())).collect();
        }
        Ok(Some(pinned(Some(new.version), kept, runs)))
    }

    /// What the plugins of another version do not keep.
    async fn contract(&self, old: &Plan, new: &Plan) -> Result<Vec<Diagnostic>, Refusal> {
        let Some(said) = self.said(old.version).await? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for (connection, digest) in &old.plugins {
            let Some(now) = new.plugins.get(connection).filter(|now| *now != digest) else {
                continue;
            };
            let was = self.plans.surface(connection, *digest).await;
            let now = self.plans.surface(connection, *now).await;
            if let (Some(was), Some(now)) = (was, now) {
                found.extend(contract::differences(old, &said, connection, (&was, &now)));
            }
        }
        Ok(found)
    }

    /// The pipeline of a version, as it was said.
    async fn said(&self, version: Digest) -> Result<Option<Pipeline>, Refusal> {
        let Some(bytes) = self.journal.version(version).await.map_err(store)? else {
            return Ok(None);
        };
        let edition: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = |member: &str| edition[member].as_str().unwrap_or_default();
        Ok(parse_pipeline(Source::new(text("name"), text("text"))).0)
    }
}

/// Whether a run, or one that it works for, is among those that are asked for.
fn is_wanted(run: RunId, only: &[String], parents: &BTreeMap<RunId, Option<RunId>>) -> bool {
    let mut at = Some(run);
    while let Some(one) = at {
        let id = one.to_string();
        if only.is_empty() || only.iter().any(|wanted| id.starts_with(wanted)) {
            return true;
        }
        at = parents.get(&one).copied().flatten();
    }
    false
}

/// How many runs can move, and how many stay; those that are there already are not counted.
fn counted(all: &[Pinned]) -> (usize, usize) {
    let open = || all.iter().filter(|pinned| pinned.to.is_some());
    let runs = open().flat_map(|pinned| pinned.runs.iter().map(|run| pinned.moves(run)));
    let moves = runs.filter(|moves| *moves).count();
    (moves, open().map(|pinned| pinned.runs.len()).sum::<usize>() - moves)
}

/// What is in the way, at its place in the new text.
fn diagnostic(one: &dragoman_engine::machine::Hindrance, said: Option<&Pipeline>) -> Diagnostic {
    let code = dragoman_engine::error::BOUND;
    let at = if one.path.is_empty() {
        String::new()
    } else {
        format!("`{}`: ", one.path)
    };
    let message = format!("{at}{}", one.reason);
    match said {
        Some(said) => Diagnostic::error(code, place_of(said, &one.path), message),
        None => Diagnostic::without_place(code, message),
    }
}

impl Pinned {
    fn in_the_way<'a>(&'a self, run: &'a InFlight) -> impl Iterator<Item = &'a Diagnostic> {
        self.diagnostics.iter().chain(&run.diagnostics)
    }

    fn moves(&self, run: &InFlight) -> bool {
        self.to.is_some() && self.in_the_way(run).next().is_none()
    }

    /// Runs that stand alike and have the same in their way are one group.
    fn to_json(&self, colour: bool) -> Value {
        let mut groups: Vec<(Value, Vec<RunId>)> = Vec::new();
        for run in &self.runs {
            let group = json!({
                "status": view::status(&run.summary),
                "at": run.state.stands_at(),
                "moves": self.moves(run),
                "diagnostics": told(&run.diagnostics, colour),
            });
            match groups.iter_mut().find(|(known, _)| *known == group) {
                Some((_, runs)) => runs.push(run.summary.run),
                None => groups.push((group, vec![run.summary.run])),
            }
        }
        let groups: Vec<Value> = groups
            .into_iter()
            .map(|(mut group, runs)| {
                group["runs"] = json!(runs);
                group
            })
            .collect();
        json!({
            "pipeline": self.pipeline, "version": self.from, "to": self.to, "runs": self.runs.len(),
            "diagnostics": told(&self.diagnostics, colour), "groups": groups,
        })
    }
}
