//! Makes a case of a run that really was: what came, what each call and each person answered, and what is expected when
//! it is told all that again. Names of people, and the numbers by which business is found, become others.

mod answers;
mod heard;
mod hide;
mod history;
mod moment;
mod names;
mod proof;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use dragoman_journal::{Entry, Journal, Record};
use dragoman_manifest::cases::{Case, document};
use dragoman_model::{RunId, Timestamp, Value};
use serde_json::{Map, json};

use crate::bench::Bench;
use crate::crash::lives;
use crate::error::Error;
use crate::family::{Family, Runs};
use crate::mortal::Dies;
use crate::prepared::Prepared;
use crate::timeless::pruned;
use crate::update::expected;
use hide::Hiding;

pub use heard::{Hearer, hearers};
pub use names::Privacy;
pub use proof::prove;

/// A case of a run: its text.
///
/// In: the store, the run (of a message, not of an item), the bench for schemas of calls, and what is private.
///
/// # Errors
/// The run is not there, is the run of an item, has lost its bodies, or the store does not answer.
pub async fn record(journal: &dyn Journal, run: RunId, bench: &Bench, privacy: &Privacy) -> Result<String, Error> {
    recorded(&Runs::load(journal, run).await?, run, bench, privacy)
}

/// As [`record`], of a run as the operator API tells it: `{ run, timeline }` of the run with bodies, then of its items, of
/// the pipelines that it runs, and of the runs that its events began.
///
/// # Errors
/// As [`record`].
pub fn record_history(history: &[Value], bench: &Bench, privacy: &Privacy) -> Result<String, Error> {
    let runs = history::runs(history)?;
    let run = runs.summaries.first().map(|first| first.run);
    recorded(&runs, run.ok_or_else(nowhere)?, bench, privacy)
}

/// As [`record`], of the run that a case makes when it is run. It must not be called within a tokio runtime.
///
/// In: the case and the folder of its file. None: its message is not taken, so that there is no run.
///
/// # Errors
/// The case is wrong, or as [`record`].
pub fn record_case(case: &Case, folder: &Path, bench: &Arc<Bench>, privacy: &Privacy) -> Result<Option<String>, Error> {
    let prepared = Arc::new(Prepared::new(case, folder, bench)?);
    let lived = lives(case, &prepared, bench, &[Dies::Never])?;
    let text = |run| recorded(&lived.runs, run, bench, privacy);
    lived.begun.run.map(text).transpose()
}

fn nowhere() -> Error {
    Error::record("there is no such run; `dragoman runs list` shows those that there are")
}

fn recorded(runs: &Runs, run: RunId, bench: &Bench, privacy: &Privacy) -> Result<String, Error> {
    let Some(first) = runs.entries.get(&run).and_then(|entries| entries.first()) else {
        return Err(nowhere());
    };
    let Record::Accepted {
        trigger, parent, mode, ..
    } = &first.header.record
    else {
        return Err(Error::record(format!("run {run} does not begin as a run does")));
    };
    if let Some(parent) = parent {
        let text = format!(
            "run {run} is that of an item: record run {}, which it belongs to",
            parent.run
        );
        return Err(Error::record(text));
    }
    let Some(body) = &first.body else {
        return Err(Error::record(format!(
            "the message of run {run} was erased: nothing is left to tell again"
        )));
    };
    let began = first.header.at;
    let family = &runs.family(run);
    let told = answers::told(family, bench);
    let found = family.found(&[]);
    let mut case = Map::new();
    case.insert("trigger".into(), message(first, trigger, body));
    if let Some(site) = site(body, &bench.values) {
        case.insert("site".into(), site);
    }
    if let Some(mode) = mode_of(family, mode, bench, &found) {
        case.insert("mode".into(), mode);
    }
    case.insert("before".into(), Value::Array(told.before));
    case.insert("later".into(), Value::Array(told.later));
    case.insert("answers".into(), told.answers);
    case.insert("people".into(), Value::Array(told.people));
    let operators = told.operators.into_iter().map(|(_, act)| act);
    case.insert("operators".into(), operators.collect());
    if let Some(until) = moment::until(family) {
        case.insert("until".into(), until);
    }
    case.insert("expect".into(), expectation(&found, began));
    let hiding = Hiding::new(family, bench, privacy);
    let hidden = hiding.hide(&Value::Object(case));
    let pipeline = family.root().map(|root| root.pipeline.as_str()).unwrap_or_default();
    Ok(written(pipeline, &told.notes, &hidden))
}

/// The message that began the run.
fn message(first: &Entry, trigger: &str, body: &Value) -> Value {
    let mut message = Map::from_iter([("id".to_owned(), json!(trigger))]);
    message.insert("at".into(), json!(first.header.at.to_string()));
    if first.header.actor.kind == dragoman_model::ActorKind::Sender {
        message.insert("sender".into(), json!(first.header.actor.id));
    }
    if !first.header.headers.is_empty() {
        let headers = first.header.headers.iter();
        let headers: Map<String, Value> = headers.map(|(name, value)| (name.clone(), json!(value))).collect();
        message.insert("headers".into(), Value::Object(headers));
    }
    // Which run emitted an event, and where, is nothing that another run could tell.
    let told = body.get("attributes").and_then(Value::as_object).into_iter().flatten();
    let told: Map<String, Value> = told
        .filter(|(name, _)| !["run", "step"].contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if !told.is_empty() {
        message.insert("attributes".into(), Value::Object(told));
    }
    message.insert("message".into(), body.get("message").cloned().unwrap_or_default());
    Value::Object(message)
}

/// What only observed when the run was made; none: the site and the pipeline say it, or nothing did and does.
fn mode_of(family: &Family<'_>, mode: &str, bench: &Bench, found: &crate::Found) -> Option<Value> {
    if mode == "observe" {
        return Some(json!("observe"));
    }
    let all = family.all();
    let of_live = all
        .iter()
        .flat_map(|family| family.ordered())
        .filter(|told| told.is_live());
    let connections: BTreeSet<String> = of_live.filter_map(|told| observing(told.entry)).collect();
    if !connections.is_empty() {
        return Some(json!({ "observe": connections }));
    }
    let plans = (bench.build)(&bench.values).unwrap_or_default();
    let pipeline = family.root().map(|root| &root.pipeline);
    let observes = plans
        .iter()
        .any(|plan| plan.observe && Some(&plan.pipeline) == pipeline);
    let now = observes || bench.observe || !bench.observed.is_empty();
    (now && found.observed.is_empty()).then(|| json!("live"))
}

/// The connection that did not make a call.
fn observing(entry: &Entry) -> Option<String> {
    match &entry.header.record {
        Record::Observed { what } if what == "call" => {
            let operation = entry.body.as_ref()?.get("operation")?.as_str()?;
            Some(operation.split_once('.')?.0.to_owned())
        }
        _ => None,
    }
}

/// The values of the site that were others when the run began.
fn site(body: &Value, now: &Value) -> Option<Value> {
    let then = body.get("site")?.as_object()?;
    let other: Map<String, Value> = then
        .iter()
        .filter(|(name, value)| now.get(name.as_str()).is_some_and(|now| now != *value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    (!other.is_empty()).then_some(Value::Object(other))
}

/// What is expected, without what is another each time: times of the clock, ids of runs, digests of documents.
fn expectation(found: &crate::Found, began: Timestamp) -> Value {
    let mut found = found.clone();
    uncounted(&mut found);
    let members = expected(&found).into_iter();
    let kept = members.filter_map(|(key, value)| Some((key.to_owned(), without_documents(pruned(&value, began)?))));
    Value::Object(kept.collect())
}

/// How often a call was tried that was given up because its time was over is another number each time: pauses are drawn.
fn uncounted(found: &mut crate::Found) {
    for call in found.calls.iter_mut().filter(|call| call.gave_up) {
        call.attempts = 1;
    }
    found.begun.iter_mut().for_each(|begun| uncounted(&mut begun.found));
}

/// References to documents name bytes that the case does not have.
fn without_documents(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(without_documents).collect(),
        Value::Object(members) => {
            let is_reference = |v: &Value| v.get("digest").is_some() && v.get("media_type").is_some();
            let kept = members.into_iter().filter(|(_, v)| !is_reference(v));
            Value::Object(kept.map(|(k, v)| (k, without_documents(v))).collect())
        }
        other => other,
    }
}

fn written(pipeline: &str, notes: &[String], case: &Value) -> String {
    let mut text = String::from("# Recorded from a run; names of people and business numbers are pseudonyms.\n");
    for note in notes {
        text.push_str(&format!("# {note}\n"));
    }
    let part = |key: &str| case.get(key).cloned().unwrap_or_default();
    let mut members = vec![
        ("case", json!(format!("A recorded run of {pipeline}."))),
        ("pipeline", json!(pipeline)),
    ];
    let order = [
        "site",
        "mode",
        "before",
        "trigger",
        "later",
        "answers",
        "people",
        "operators",
        "until",
        "expect",
    ];
    for key in order {
        let part = part(key);
        let is_empty = match &part {
            Value::Object(members) => members.is_empty(),
            Value::Array(items) => items.is_empty(),
            other => other.is_null(),
        };
        if !is_empty || key == "trigger" {
            members.push((key, part));
        }
    }
    text.push_str(&document(&members));
    text
}
