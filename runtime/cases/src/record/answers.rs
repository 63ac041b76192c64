//! What calls and people answered in a run, as a case says it.

use std::collections::BTreeMap;

use dragoman_engine::machine::step_at;
use dragoman_journal::{Entry, Record};
use dragoman_manifest::written_duration;
use dragoman_model::{RunId, Timestamp, Value};
use dragoman_plan::StepKind;
use serde_json::{Map, json};

use crate::bench::Bench;
use crate::gather::Family;

/// What was answered.
pub(super) struct Told {
    /// By step.
    pub(super) answers: Value,
    pub(super) people: Vec<Value>,
    /// What the case cannot tell again: a sentence each.
    pub(super) notes: Vec<String>,
}

/// Reads it from the entries of a run and its items.
pub(super) fn told(family: &Family, bench: &Bench) -> Told {
    let plan = family.root().and_then(|root| {
        let plans = (bench.build)(&bench.values).ok()?;
        plans.into_iter().find(|plan| plan.pipeline == root.pipeline)
    });
    let is_call = |path: &str| {
        let step = plan.as_ref().and_then(|plan| step_at(plan, path));
        // Of a step that the pipeline does not have any more, an answer does no harm.
        step.is_none_or(|step| matches!(step.kind, StepKind::Call(_)))
    };
    let mut answers: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut told = Told {
        answers: Value::Null,
        people: Vec::new(),
        notes: Vec::new(),
    };
    let mut waits: BTreeMap<(RunId, String), Timestamp> = BTreeMap::new();
    for (run, entry) in family.ordered() {
        let path = entry.header.path.clone();
        match &entry.header.record {
            Record::Read { .. } => push(&mut answers, path, output(entry)),
            Record::Done { known_by, joined, .. } => {
                if joined.is_some() {
                    told.notes.push(format!(
                        "`{path}` took the result that another run had; here it is made anew."
                    ));
                }
                let output = output(entry);
                push(
                    &mut answers,
                    path,
                    if known_by == "probe" { probe(output) } else { output },
                );
            }
            Record::Failed { .. } if is_call(&path) => push(&mut answers, path, failure(entry)),
            Record::Failed { code, .. } if code.starts_with("ledger") => {
                told.notes.push(format!(
                    "`{path}` was refused by the ledger ({code}); what others had claimed is not told."
                ));
            }
            Record::Waiting { .. } => drop(waits.insert((run, path), entry.header.at)),
            Record::Answer { .. } => {
                let since = waits.get(&(run, path.clone())).copied().unwrap_or(entry.header.at);
                told.people.push(person(entry, since));
            }
            Record::Voided { .. } => {}
            Record::Event { name } => told
                .notes
                .push(format!("the run was told that `{name}`: write it under `later:`.")),
            Record::Operated { act } => told
                .notes
                .push(format!("an operator did `{act}`, which a case does not tell.")),
            _ => {}
        }
    }
    told.answers = by_step(answers);
    told
}

/// The answers by step: one alone, or a list of them.
fn by_step(answers: BTreeMap<String, Vec<Value>>) -> Value {
    let answers = answers.into_iter().map(|(path, mut all)| {
        let one = all.len() == 1;
        let value = if one { all.remove(0) } else { Value::Array(all) };
        (format!("steps.{path}"), value)
    });
    Value::Object(answers.collect())
}

fn push(answers: &mut BTreeMap<String, Vec<Value>>, path: String, answer: Value) {
    answers.entry(path).or_default().push(answer);
}

/// `{ output }`: written out, so that an output with a member `output` is one.
fn output(entry: &Entry) -> Value {
    let output = entry.body.as_ref().and_then(|body| body.get("output")).cloned();
    json!({ "output": output.unwrap_or_default() })
}

fn probe(output: Value) -> Value {
    json!({ "probe": "applied", "output": output["output"] })
}

fn failure(entry: &Entry) -> Value {
    let body = entry.body.clone().unwrap_or_default();
    let mut members = Map::new();
    for key in ["class", "effect", "code", "message", "remote_reference", "issues"] {
        if let Some(value) = body.get(key).filter(|v| !v.is_null()) {
            members.insert(key.into(), value.clone());
        }
    }
    if let Some(wait) = body.get("retry_after_ms").and_then(Value::as_u64) {
        members.insert("retry_after".into(), json!(written_duration(wait)));
    }
    json!({ "failure": members })
}

fn person(entry: &Entry, since: Timestamp) -> Value {
    let actor = &entry.header.actor;
    let mut members = Map::new();
    members.insert("wait".into(), json!(entry.header.path));
    members.insert("answer".into(), entry.body.clone().unwrap_or_default());
    members.insert(
        "by".into(),
        json!({ "id": actor.id, "authentication": actor.authentication }),
    );
    let after = u64::try_from(entry.header.at.millis() - since.millis()).unwrap_or(0);
    if after > 0 {
        members.insert("after".into(), json!(written_duration(after)));
    }
    Value::Object(members)
}
