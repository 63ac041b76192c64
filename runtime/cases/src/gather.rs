//! What happened, read from the journal: a run's entries, and in their place those of its items.

use std::collections::{BTreeMap, btree_map};

use dragoman_journal::{Ending as Ended, Entry, Journal, Record, RunSummary, Standing, TimerPurpose};
use dragoman_manifest::cases::Ending;
use dragoman_model::{RunId, Value};
use serde_json::{Map, json};

use crate::error::Error;
use crate::found::{Called, Found};
use crate::life::all_runs;
use crate::script::Made;

/// A run with all that belongs to it.
pub(crate) struct Family {
    /// The run first, then its items' in the order in which they stand in its path.
    pub(crate) members: Vec<RunSummary>,
    /// By run.
    pub(crate) entries: BTreeMap<RunId, Vec<Entry>>,
}

impl Family {
    /// Reads a run and the runs of its items.
    pub(crate) async fn load(journal: &dyn Journal, root: RunId) -> Result<Family, Error> {
        let all = all_runs(journal).await?;
        let mut family = Family {
            members: Vec::new(),
            entries: BTreeMap::new(),
        };
        let mut open = vec![root];
        while let Some(run) = open.pop() {
            let entries = journal.load(run).await?;
            for entry in &entries {
                if matches!(entry.header.record, Record::Children { .. }) {
                    let children = journal.children(run, entry.header.path.clone()).await?;
                    open.extend(children.iter().map(|child| child.run));
                }
            }
            family.entries.insert(run, entries);
            family.members.extend(all.iter().filter(|r| r.run == run).cloned());
        }
        family.members.extend(
            all.iter()
                .filter(|r| r.parent.is_some_and(|p| family.entries.contains_key(&p)))
                .filter(|r| !family.entries.contains_key(&r.run))
                .cloned(),
        );
        for member in &family.members {
            if let btree_map::Entry::Vacant(unread) = family.entries.entry(member.run) {
                unread.insert(journal.load(member.run).await?);
            }
        }
        Ok(family)
    }

    /// The run itself.
    pub(crate) fn root(&self) -> Option<&RunSummary> {
        self.members.first()
    }

    /// All entries in the order of the path: those of an item in the place of its step.
    pub(crate) fn ordered(&self) -> Vec<(RunId, &Entry)> {
        let mut ordered = Vec::new();
        if let Some(root) = self.root() {
            self.order(root.run, &mut ordered);
        }
        ordered
    }

    fn order<'a>(&'a self, run: RunId, ordered: &mut Vec<(RunId, &'a Entry)>) {
        for entry in self.entries.get(&run).into_iter().flatten() {
            ordered.push((run, entry));
            if matches!(entry.header.record, Record::Children { .. }) {
                for child in self.children(run, &entry.header.path) {
                    self.order(child, ordered);
                }
            }
        }
    }

    /// The children of a step in the order of their items.
    fn children(&self, run: RunId, path: &str) -> Vec<RunId> {
        let mut children: Vec<(u64, RunId)> = Vec::new();
        for (child, entries) in &self.entries {
            if let Some(Record::Accepted {
                parent: Some(parent), ..
            }) = entries.first().map(|e| &e.header.record)
                && parent.run == run
                && parent.path == path
            {
                children.push((parent.index, *child));
            }
        }
        children.sort_unstable();
        children.into_iter().map(|(_, run)| run).collect()
    }

    /// How the whole stands: parked or waiting where one of them is.
    fn ending(&self) -> Ending {
        let any = |is: fn(&RunSummary) -> bool| self.members.iter().any(is);
        match self.root().map(|root| (root.standing, root.ending)) {
            Some((Standing::Closed, Some(Ended::Stopped))) => Ending::Stopped,
            Some((Standing::Closed, Some(Ended::Failed | Ended::Cancelled))) => Ending::Failed,
            Some((Standing::Closed, _)) => Ending::Completed,
            _ if any(|run| run.standing == Standing::Parked) => Ending::Parked,
            _ => Ending::Waiting,
        }
    }

    /// What happened. `made`: the calls that the scripted side saw, for the inputs of reads, which no journal keeps.
    pub(crate) fn found(&self, made: &[Made]) -> Found {
        let mut found = Found {
            ending: self.ending(),
            reasons: self.members.iter().filter_map(|member| member.note.clone()).collect(),
            path: Vec::new(),
            calls: Vec::new(),
            output: self.root().and_then(|root| root.output.clone()),
            undo: Vec::new(),
            observed: Vec::new(),
            emitted: Vec::new(),
            reply: None,
        };
        for (run, entry) in self.ordered() {
            let path = &entry.header.path;
            if did_something(&entry.header.record) && !path.is_empty() && !found.path.contains(path) {
                found.path.push(path.clone());
            }
            match &entry.header.record {
                Record::Intent { undo, .. } => {
                    // What undoes a step walks below it; a person thinks of the step.
                    let undone = path.strip_suffix(".undo").unwrap_or(path);
                    if *undo && !found.undo.iter().any(|known| known == undone) {
                        found.undo.push(undone.to_owned());
                    }
                    called(&mut found.calls, entry);
                }
                Record::Read { .. } | Record::Failed { .. } => read(&mut found.calls, made, run, path),
                Record::Event { name } if name == "emitted" => found.emitted.extend(entry.body.clone()),
                Record::Event { name } if name == "replied" && found.reply.is_none() => {
                    found.reply = entry.body.as_ref().and_then(|body| body.get("value").cloned());
                }
                Record::Observed { what } => found.observed.push(observed(what, path, entry.body.as_ref())),
                _ => {}
            }
        }
        found
    }
}

/// Whether a record tells that a step did something.
fn did_something(record: &Record) -> bool {
    match record {
        Record::Accepted { .. }
        | Record::Closed { .. }
        | Record::Event { .. }
        | Record::Migrated { .. }
        | Record::Operated { .. } => false,
        Record::Timer { purpose, .. } => *purpose == TimerPurpose::Sleep,
        _ => true,
    }
}

/// A call with an effect, from its intent.
fn called(calls: &mut Vec<Called>, entry: &Entry) {
    let Record::Intent {
        connection,
        operation,
        attempt,
        ..
    } = &entry.header.record
    else {
        return;
    };
    let call = format!("{connection}.{operation}");
    let step = &entry.header.path;
    if let Some(known) = calls.iter_mut().find(|c| c.call == call && c.step == *step) {
        known.attempts = known.attempts.max(*attempt);
        return;
    }
    calls.push(Called {
        call,
        step: step.clone(),
        input: entry
            .body
            .as_ref()
            .and_then(|b| b.get("input"))
            .cloned()
            .unwrap_or_default(),
        attempts: *attempt,
        read: false,
    });
}

/// A read, from what the scripted side saw.
fn read(calls: &mut Vec<Called>, made: &[Made], run: RunId, step: &str) {
    for seen in made.iter().filter(|m| m.run == run && m.step == step) {
        if calls.iter().any(|c| c.call == seen.operation && c.step == step) {
            continue;
        }
        calls.push(Called {
            call: seen.operation.clone(),
            step: step.to_owned(),
            input: seen.input.clone(),
            attempts: seen.attempts,
            read: true,
        });
    }
}

fn observed(what: &str, path: &str, body: Option<&Value>) -> Value {
    let mut members = match body {
        Some(Value::Object(members)) => members.clone(),
        Some(other) => Map::from_iter([("value".to_owned(), other.clone())]),
        None => Map::new(),
    };
    members.insert("what".into(), json!(what));
    members.insert("path".into(), json!(path));
    Value::Object(members)
}
