//! What happened, read from the entries of a run, and in their place those of its items.

use dragoman_journal::{Ending as Ended, Entry, Record, RunSummary, Standing, TimerPurpose};
use dragoman_manifest::cases::Ending;
use dragoman_model::{Class, Value};
use serde_json::{Map, json};

use crate::family::{Family, Told};
use crate::found::{Begun, Called, Found};
use crate::script::Made;

impl Family<'_> {
    /// How the whole stands: parked or waiting where one of them is.
    fn ending(&self) -> Ending {
        let members = self.members();
        let any = |is: fn(&RunSummary) -> bool| members.iter().any(|member| is(member));
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
        let members = self.members();
        let mut found = Found {
            ending: self.ending(),
            reasons: members.iter().filter_map(|member| member.note.clone()).collect(),
            output: self.root().and_then(|root| root.output.clone()),
            ..Found::nothing()
        };
        for told in self.ordered() {
            tell(&mut found, &told, made);
        }
        found.begun = self
            .begun()
            .iter()
            .map(|begun| begun.family.begun_found(made))
            .collect();
        found
    }

    fn begun_found(&self, made: &[Made]) -> Begun {
        Begun {
            pipeline: self.root().map(|root| root.pipeline.clone()).unwrap_or_default(),
            found: self.found(made),
        }
    }
}

/// Adds what an entry tells.
fn tell(found: &mut Found, told: &Told<'_>, made: &[Made]) {
    let entry = told.entry;
    let path = told.path();
    if did_something(&entry.header.record) && !path.is_empty() && !found.path.contains(&path) {
        found.path.push(path.clone());
    }
    match &entry.header.record {
        Record::Intent { undo, .. } => {
            // What undoes a step walks below it; a person thinks of the step.
            let undone = path.strip_suffix(".undo").unwrap_or(&path);
            if *undo && !found.undo.iter().any(|known| known == undone) {
                found.undo.push(undone.to_owned());
            }
            called(&mut found.calls, entry, &path);
        }
        Record::Read { .. } => read(&mut found.calls, made, told, &path),
        Record::Failed { last, class, .. } => {
            read(&mut found.calls, made, told, &path);
            if *last && *class == Class::Retryable {
                let calls = found.calls.iter_mut().filter(|call| call.step == path);
                calls.for_each(|call| call.gave_up = true);
            }
        }
        Record::Event { name } if name == "emitted" => found.emitted.extend(entry.body.clone()),
        Record::Event { name } if name == "replied" && found.reply.is_none() => {
            found.reply = entry.body.as_ref().and_then(|body| body.get("value").cloned());
        }
        Record::Observed { what } => found.observed.push(observed(what, &path, entry.body.as_ref())),
        _ => {}
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
fn called(calls: &mut Vec<Called>, entry: &Entry, step: &str) {
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
    if let Some(known) = calls.iter_mut().find(|c| c.call == call && c.step == step) {
        known.attempts = known.attempts.max(*attempt);
        return;
    }
    calls.push(Called {
        call,
        step: step.to_owned(),
        input: entry
            .body
            .as_ref()
            .and_then(|b| b.get("input"))
            .cloned()
            .unwrap_or_default(),
        attempts: *attempt,
        read: false,
        gave_up: false,
    });
}

/// A read, from what the scripted side saw.
fn read(calls: &mut Vec<Called>, made: &[Made], told: &Told<'_>, step: &str) {
    let own = &told.entry.header.path;
    for seen in made.iter().filter(|m| m.run == told.run && m.step == *own) {
        if calls.iter().any(|c| c.call == seen.operation && c.step == step) {
            continue;
        }
        calls.push(Called {
            call: seen.operation.clone(),
            step: step.to_owned(),
            input: seen.input.clone(),
            attempts: seen.attempts,
            read: true,
            gave_up: false,
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
