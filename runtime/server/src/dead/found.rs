//! Finding dead letters: it needs the store alone.

use std::collections::{BTreeMap, HashMap};

use dragoman_engine::machine::{State, handled_step};
use dragoman_journal::{Ending, Entry, Error, Record, Records, RunFilter, RunSummary};
use dragoman_manifest::pipeline::StepKind;
use dragoman_manifest::{Pipeline, parse_pipeline};
use dragoman_model::{Digest, Effect, Failure, RunId, Source, Timestamp, Value};
use dragoman_plan::said_at;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::about::{is_about, names};
use crate::view;

/// All of them.
const ALL: usize = 10_000_000;

/// Which dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeadFilter {
    /// Of this pipeline only.
    pub pipeline: Option<String>,
    /// Known by this: a business reference or key, the key of the run or of the item, or a whole part of one.
    pub about: Option<String>,
    /// Stopped at a call over this connection.
    pub partner: Option<String>,
    /// Stopped with this failure.
    pub failure: Option<String>,
    /// Stopped then or later.
    pub since: Option<Timestamp>,
    /// Stopped before then.
    pub until: Option<Timestamp>,
    /// Also those that failed, and are closed.
    pub failed: bool,
    /// At most so many, the oldest; 0: all.
    pub limit: usize,
}

impl DeadFilter {
    /// Whether it says which ones.
    pub fn says_which(&self) -> bool {
        let texts = [&self.pipeline, &self.about, &self.partner, &self.failure];
        texts.into_iter().any(Option::is_some) || self.since.is_some() || self.until.is_some()
    }
}

/// A run that stopped for a person, or failed.
#[derive(Debug, Clone)]
pub(crate) struct Dead {
    pub(crate) summary: RunSummary,
    pub(crate) entries: Vec<Entry>,
    pub(crate) state: State,
    /// When it stopped.
    pub(crate) since: Timestamp,
    /// The step that it stopped at; empty: none.
    pub(crate) path: String,
    /// The failure's code, or what it stopped with.
    pub(crate) code: String,
    pub(crate) failure: Option<Failure>,
    /// Of the step's call.
    pub(crate) connection: Option<String>,
}

impl Dead {
    /// Reads what a run's entries tell; none: it is neither parked nor failed.
    pub(crate) fn read(summary: RunSummary, entries: Vec<Entry>) -> Option<Dead> {
        let mut state = State::new(summary.run);
        entries.iter().for_each(|entry| state.apply(entry));
        let fits = |entry: &&Entry| match entry.header.record {
            Record::Parked { .. } => state.parked.is_some(),
            Record::Closed { ending } => ending == Ending::Failed,
            _ => false,
        };
        let last = entries.iter().rev().find(fits)?;
        let text = |member: &str| last.body.as_ref().and_then(|body| body.get(member)?.as_str());
        let failure = last.body.as_ref().and_then(|body| body.get("failure"));
        let failure: Option<Failure> = failure.and_then(|failure| serde_json::from_value(failure.clone()).ok());
        let (path, said) = match &last.header.record {
            Record::Parked { code } => (last.header.path.as_str(), code.as_str()),
            _ => (text("path").unwrap_or_default(), text("code").unwrap_or("failed")),
        };
        let code = failure
            .as_ref()
            .map_or(said, |failure| failure.code.as_str())
            .to_owned();
        let path = handled_step(path).to_owned();
        Some(Dead {
            since: last.header.at,
            connection: None,
            summary,
            state,
            path,
            code,
            failure,
            entries,
        })
    }

    pub(crate) fn run(&self) -> RunId {
        self.summary.run
    }

    pub(crate) fn is_failed(&self) -> bool {
        self.state.closed.is_some()
    }

    /// What is known of the effect of the step that it stopped at.
    pub(crate) fn effect(&self) -> Effect {
        let said = self.failure.as_ref().map_or(Effect::None, |failure| failure.effect);
        let step = self.state.step(&self.path);
        match said {
            Effect::None if step.is_some_and(|step| step.before.is_some()) => Effect::Applied,
            Effect::None if step.is_some_and(|step| step.is_uncertain()) => Effect::Unknown,
            said => said,
        }
    }

    fn item(&self) -> Option<&str> {
        let parent = self.state.origin.as_ref()?.parent.as_ref()?;
        Some(parent.item.as_str())
    }

    /// What can be done, as far as its entries tell; whether it is safe is said when it is looked at.
    fn can(&self) -> Vec<&'static str> {
        if self.is_failed() {
            return match self.summary.parent {
                // Its parent has gone on without it.
                Some(_) => Vec::new(),
                None => vec!["replay"],
            };
        }
        let origin = self.state.origin.as_ref();
        let message = origin.and_then(|origin| origin.roots.get("trigger")?.get("message"));
        if message.is_none() {
            return vec!["cancel"];
        }
        let unknown = self.effect() == Effect::Unknown;
        let mut can = vec!["replay"];
        can.extend(unknown.then_some("absent"));
        can.extend((!self.path.is_empty()).then_some("skip"));
        can.extend((self.state.has_effects() && !unknown).then_some("undo"));
        can.push("cancel");
        can
    }

    /// In a list.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "run": self.run(), "parent": self.summary.parent, "pipeline": self.summary.pipeline,
            "key": self.summary.run_key, "item": self.item(), "status": view::status(&self.summary),
            "since": self.since, "step": self.path, "code": self.code, "connection": self.connection,
            "effect": self.effect(), "note": self.summary.note, "can": self.can(),
        })
    }
}

/// Dead letters, oldest first, with the others' names to find them by.
pub(crate) struct Search<'a> {
    records: &'a dyn Records,
    pipelines: HashMap<Digest, Option<Pipeline>>,
    above: HashMap<RunId, Vec<String>>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(records: &'a dyn Records) -> Self {
        Search {
            records,
            pipelines: HashMap::new(),
            above: HashMap::new(),
        }
    }

    /// Those that a filter asks for, the oldest first.
    pub(crate) async fn find(&mut self, filter: &DeadFilter) -> Result<Vec<Dead>, Error> {
        let mut found = Vec::new();
        let statuses: &[&str] = if filter.failed {
            &["parked", "failed"]
        } else {
            &["parked"]
        };
        for status in statuses {
            let runs = RunFilter {
                pipeline: filter.pipeline.clone(),
                status: Some((*status).to_owned()),
                children: true,
                limit: ALL,
                ..RunFilter::default()
            };
            for summary in self.records.runs(runs).await? {
                // Whatever came to the run comes not before it stopped.
                if filter.since.is_some_and(|since| summary.touched < since) {
                    continue;
                }
                let Some(dead) = self.read(summary).await? else {
                    continue;
                };
                if self.fits(&dead, filter).await? {
                    found.push(dead);
                }
            }
        }
        found.sort_by_key(|dead| (dead.since, dead.run()));
        if filter.limit > 0 {
            found.truncate(filter.limit);
        }
        Ok(found)
    }

    /// A run; none: it is neither parked nor failed.
    pub(crate) async fn one(&mut self, run: RunId) -> Result<Option<Dead>, Error> {
        let only = RunFilter {
            run: Some(run),
            children: true,
            limit: 1,
            ..RunFilter::default()
        };
        match self.records.runs(only).await?.into_iter().next() {
            Some(summary) => self.read(summary).await,
            None => Ok(None),
        }
    }

    async fn read(&mut self, summary: RunSummary) -> Result<Option<Dead>, Error> {
        let entries = self.records.load(summary.run).await?;
        let Some(mut dead) = Dead::read(summary, entries) else {
            return Ok(None);
        };
        dead.connection = self.connection(&dead).await?;
        Ok(Some(dead))
    }

    async fn fits(&mut self, dead: &Dead, filter: &DeadFilter) -> Result<bool, Error> {
        let since = filter.since.is_none_or(|since| dead.since >= since);
        let until = filter.until.is_none_or(|until| dead.since < until);
        let failure = filter.failure.as_ref().is_none_or(|code| *code == dead.code);
        let partner = filter
            .partner
            .as_ref()
            .is_none_or(|name| dead.connection.as_ref() == Some(name));
        if !(since && until && failure && partner) {
            return Ok(false);
        }
        let Some(text) = &filter.about else { return Ok(true) };
        if names(&dead.entries).iter().any(|name| is_about(name, text)) {
            return Ok(true);
        }
        let mut parent = dead.summary.parent;
        // An item is about what its run is about.
        while let Some(run) = parent {
            if !self.above.contains_key(&run) {
                let entries = self.records.load(run).await?;
                let mut known: Vec<String> = names(&entries[..entries.len().min(1)])
                    .into_iter()
                    .map(Into::into)
                    .collect();
                let above = entries.first().and_then(|first| match &first.header.record {
                    Record::Accepted { parent, .. } => parent.as_ref().map(|parent| parent.run),
                    _ => None,
                });
                // The first stands for the run above it.
                known.insert(0, above.map(|run| run.to_string()).unwrap_or_default());
                self.above.insert(run, known);
            }
            let Some((above, known)) = self.above.get(&run).and_then(|known| known.split_first()) else {
                break;
            };
            if known.iter().any(|name| is_about(name, text)) {
                return Ok(true);
            }
            parent = above.parse().ok();
        }
        Ok(false)
    }

    /// The connection of the step that a run stopped at, as its pipeline says.
    async fn connection(&mut self, dead: &Dead) -> Result<Option<String>, Error> {
        let Some(version) = dragoman_engine::machine::version(&dead.entries) else {
            return Ok(None);
        };
        if !self.pipelines.contains_key(&version) {
            let kept = self.records.version(version).await?;
            let kept: Value = kept
                .and_then(|bytes| serde_json::from_slice(&bytes).ok())
                .unwrap_or_default();
            let text = |member: &str| kept[member].as_str();
            let said = text("text").and_then(|said| {
                let name = text("name").unwrap_or_default();
                parse_pipeline(Source::new(name, said)).0
            });
            self.pipelines.insert(version, said);
        }
        let said = self.pipelines.get(&version).and_then(Option::as_ref);
        let path = dead.path.strip_suffix(".undo");
        let step = said.and_then(|said| said_at(said, path.unwrap_or(&dead.path)));
        Ok(step.and_then(|step| match (&step.kind, &step.undo) {
            (_, Some(undo)) if path.is_some() => Some(undo.operation.connection.to_string()),
            (StepKind::Call(call), _) => Some(call.operation.connection.to_string()),
            _ => None,
        }))
    }
}

/// Dead letters with how many there are of each kind: `{ dead: [...], groups: [{ code, connection, runs }] }`.
pub(crate) async fn dead(records: &dyn Records, filter: &DeadFilter) -> Result<Value, Error> {
    let found = Search::new(records).find(filter).await?;
    let mut groups: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
    for dead in &found {
        *groups.entry((&dead.code, dead.connection.as_deref())).or_default() += 1;
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, runs)| std::cmp::Reverse(*runs));
    let group = |((code, connection), runs)| json!({ "code": code, "connection": connection, "runs": runs });
    let groups: Vec<Value> = groups.into_iter().map(group).collect();
    let listed: Vec<Value> = found.iter().map(Dead::to_json).collect();
    Ok(json!({ "dead": listed, "groups": groups }))
}
