//! What an act would do and what is kept of a dead letter, as JSON.

use dragoman_engine::machine::{Aside, Foreseen, Next, Redo, Replay, Undoing};
use dragoman_journal::{Entry, Record};
use dragoman_model::{OperationEffect, Value};
use serde_json::json;

use super::found::Dead;

/// What an act would do.
pub(crate) fn foreseen(foreseen: &Foreseen) -> Value {
    let next: Vec<Value> = foreseen.next.iter().map(next).collect();
    let mut told = json!({ "next": next });
    if let Some(found) = &foreseen.replay {
        told["replay"] = replay(found);
    }
    if let Some(found) = &foreseen.undoing {
        told["undo"] = undoing(found);
    }
    told
}

fn next(next: &Next) -> Value {
    json!({ "step": next.path, "text": next.text })
}

fn replay(replay: &Replay) -> Value {
    let again: Vec<Value> = replay.aside.iter().map(aside).collect();
    json!({ "from": replay.from, "again": again, "kept": replay.kept })
}

fn aside(aside: &Aside) -> Value {
    let (how, key) = match &aside.redo {
        Redo::Anew => ("made anew", None),
        Redo::Asked => ("asked about first, because its effect is not known", None),
        Redo::SameKey(key) => ("took effect; asked again under the same key", Some(key)),
        Redo::NewKey(key) => ("had no effect; asked again under a new key", Some(key)),
        Redo::Joined(key) => (
            "took effect; its recorded result is taken by its business key",
            Some(key),
        ),
    };
    json!({
        "step": aside.path, "word": aside.word, "operation": aside.operation,
        "effect": aside.effect.map(effect), "how": how, "key": key,
    })
}

/// What a call does outside, in a word.
fn effect(effect: OperationEffect) -> &'static str {
    match effect {
        OperationEffect::Read => "read",
        OperationEffect::Idempotent { .. } => "idempotent",
        OperationEffect::Once { .. } => "once",
    }
}

fn undoing(undoing: &Undoing) -> Value {
    let pairs = |all: &[(String, String)], name: &str| -> Vec<Value> {
        all.iter()
            .map(|(step, what)| json!({ "step": step, name: what }))
            .collect()
    };
    json!({ "undone": pairs(&undoing.undone, "by"), "stays": pairs(&undoing.stays, "what") })
}

/// All that is kept of the step that a run stopped at, and what stands under the run.
pub(crate) fn kept(dead: &Dead) -> Value {
    let at_step = |entry: &&Entry| !dead.path.is_empty() && entry.header.path == dead.path;
    let attempts: Vec<Value> = dead.entries.iter().filter(at_step).filter_map(attempt).collect();
    let input = dead.state.step(&dead.path).and_then(|step| step.request.as_ref());
    json!({
        "failure": dead.failure,
        "input": input.map(|request| (*request.input).clone()),
        "attempts": attempts,
        "stands": stands(dead),
    })
}

/// An attempt of a step, or how it ended.
fn attempt(entry: &Entry) -> Option<Value> {
    let at = entry.header.at;
    let message = || entry.body.as_ref().and_then(|body| body.get("message")).cloned();
    match &entry.header.record {
        Record::Intent { attempt, key, .. } => {
            Some(json!({ "at": at, "what": "sent", "attempt": attempt, "key": key }))
        }
        Record::Failed {
            attempt, code, effect, ..
        } => Some(json!({
            "at": at, "what": "failed", "attempt": attempt, "code": code, "effect": effect, "message": message(),
        })),
        Record::Done { attempt, .. } | Record::Read { attempt, .. } => {
            Some(json!({ "at": at, "what": "done", "attempt": attempt }))
        }
        Record::Operated { act } => Some(json!({ "at": at, "what": act, "by": entry.header.actor.id })),
        _ => None,
    }
}

/// What the run did outside: what took effect, or may have, and what it holds.
fn stands(dead: &Dead) -> Vec<Value> {
    let mut found: Vec<(u64, Value)> = Vec::new();
    for (path, step) in dead.state.steps() {
        if dead.state.is_undone(path) {
            continue;
        }
        if let Some(claim) = &step.claim {
            let what = json!({
                "step": path, "what": format!("claimed in the ledger {}", claim.ledger),
                "once": claim.once.key, "reference": claim.reference,
            });
            found.push((step.ended_seq, what));
        }
        let Some(request) = &step.request else { continue };
        let what = match step.acted() {
            Some(u64::MAX) => "may have taken effect",
            Some(_) => "took effect",
            None => continue,
        };
        let operation = dead.entries.iter().rev().find_map(|entry| match &entry.header.record {
            Record::Intent {
                connection, operation, ..
            } if entry.header.path == path => Some(format!("{connection}.{operation}")),
            _ => None,
        });
        let what = json!({
            "step": path, "what": what, "operation": operation, "key": step.key,
            "once": request.once.as_ref().map(|once| &once.key), "reference": request.reference,
        });
        found.push((step.ended_seq, what));
    }
    found.sort_by_key(|(seq, _)| *seq);
    found.into_iter().map(|(_, what)| what).collect()
}
