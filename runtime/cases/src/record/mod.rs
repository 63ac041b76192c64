//! Makes a case of a run that really was: what came, what each call and each person answered, and what is expected when
//! it is told all that again. Names of people, and the numbers by which business is found, become others.

mod answers;
mod hide;
mod history;
mod names;

use dragoman_journal::{Journal, Record};
use dragoman_manifest::cases::document;
use dragoman_model::{RunId, Timestamp, Value};
use serde_json::{Map, json};

use crate::bench::Bench;
use crate::error::Error;
use crate::gather::Family;
use crate::timeless::pruned;
use crate::update::expected;
use hide::Hiding;

pub use names::Privacy;

/// A case of a run: its text.
///
/// In: the store, the run (of a message, not of an item), the bench for schemas of calls, and what is private.
///
/// # Errors
/// The run is not there, is the run of an item, has lost its bodies, or the store does not answer.
pub async fn record(journal: &dyn Journal, run: RunId, bench: &Bench, privacy: &Privacy) -> Result<String, Error> {
    recorded(&Family::load(journal, run).await?, bench, privacy)
}

/// As [`record`], of a run as the operator API tells it: `{ run, timeline }` of the run with bodies, then of its items.
///
/// # Errors
/// As [`record`].
pub fn record_history(history: &[Value], bench: &Bench, privacy: &Privacy) -> Result<String, Error> {
    recorded(&history::family(history)?, bench, privacy)
}

fn recorded(family: &Family, bench: &Bench, privacy: &Privacy) -> Result<String, Error> {
    let Some(root) = family.root() else {
        return Err(Error::record(
            "there is no such run; `dragoman runs list` shows those that there are",
        ));
    };
    let run = root.run;
    let entries = &family.entries[&run];
    let Some(first) = entries.first() else {
        return Err(Error::record(format!("run {run} has no entries")));
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
    let told = answers::told(family, bench);
    let found = family.found(&[]);
    let mut message = Map::from_iter([("id".to_owned(), json!(trigger))]);
    message.insert("at".into(), json!(began.to_string()));
    if first.header.actor.kind == dragoman_model::ActorKind::Sender {
        message.insert("sender".into(), json!(first.header.actor.id));
    }
    message.insert("message".into(), body.get("message").cloned().unwrap_or_default());
    let mut case = Map::new();
    case.insert("trigger".into(), Value::Object(message));
    if let Some(site) = site(body, &bench.values) {
        case.insert("site".into(), site);
    }
    case.insert("answers".into(), told.answers);
    case.insert("people".into(), Value::Array(told.people));
    case.insert("expect".into(), expectation(&found, began));
    let hiding = Hiding::new(family, bench, privacy);
    let hidden = hiding.hide(&Value::Object(case));
    Ok(written(&root.pipeline, mode, &told.notes, &hidden))
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
    let members = expected(found).into_iter();
    let kept = members.filter_map(|(key, value)| Some((key.to_owned(), without_documents(pruned(&value, began)?))));
    Value::Object(kept.collect())
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

fn written(pipeline: &str, mode: &str, notes: &[String], case: &Value) -> String {
    let mut text = String::from("# Recorded from a run; names of people and business numbers are pseudonyms.\n");
    if mode == "observe" {
        text.push_str(
            "# The run only observed; the case does so where the pipeline or the site says `mode: observe`.\n",
        );
    }
    for note in notes {
        text.push_str(&format!("# {note}\n"));
    }
    let part = |key: &str| case.get(key).cloned().unwrap_or_default();
    let mut members = vec![
        ("case", json!(format!("A recorded run of {pipeline}."))),
        ("pipeline", json!(pipeline)),
    ];
    if case.get("site").is_some() {
        members.push(("site", part("site")));
    }
    members.push(("trigger", part("trigger")));
    for key in ["answers", "people"] {
        let empty = part(key).as_object().is_some_and(Map::is_empty) || part(key).as_array().is_some_and(Vec::is_empty);
        if !empty {
            members.push((key, part(key)));
        }
    }
    members.push(("expect", part("expect")));
    text.push_str(&document(&members));
    text
}
