//! The text of a case whose `expect` says what happened.

use dragoman_manifest::cases::{Case, Ending, Json};
use dragoman_model::Value;
use serde_json::{Map, json};

use crate::compare::part;
use crate::differences::compare;
use crate::found::{Called, Found};

/// The text with what was found under each key of `expect` that did not hold; where nothing was expected, with all that
/// can be. What holds, and every comment outside what is written anew, stays as it is.
pub fn updated(case: &Case, found: &Found) -> String {
    let expect = &case.expect;
    if expect.said.is_none() {
        let all: Vec<(&str, Option<Value>)> = expected(found).into_iter().map(|(k, v)| (k, Some(v))).collect();
        return case.with_expected(&all);
    }
    let mut keys: Vec<String> = compare(case, found).into_iter().map(|m| m.key).collect();
    keys.dedup();
    let mut changes: Vec<(&str, Option<Value>)> = Vec::new();
    for key in keys {
        match key.as_str() {
            "ending" => changes.push(("ending", Some(json!(found.ending.word())))),
            "reason" => changes.push(("reason", found.reasons.first().map(|reason| json!(reason)))),
            "path" => changes.push(("path", Some(json!(found.path)))),
            "undo" => changes.push(("undo", Some(json!(found.undo)))),
            "observed" => changes.push(("observed", Some(json!(found.observed)))),
            "output" => changes.push(("output", looked_at(expect.output.as_ref(), found.output.as_ref()))),
            "emitted" => {
                let there = json!(found.emitted);
                changes.push(("emitted", looked_at(expect.emitted.as_ref(), Some(&there))));
            }
            "reply" => changes.push(("reply", looked_at(expect.reply.as_ref(), found.reply.as_ref()))),
            "calls" => changes.push(("calls", Some(calls(case, found)))),
            _ => {}
        }
    }
    case.with_expected(&changes)
}

/// The part of what was found that the case looks at.
fn looked_at(wanted: Option<&Json>, there: Option<&Value>) -> Option<Value> {
    match (wanted, there) {
        (Some(wanted), Some(there)) => Some(part(wanted, there)),
        _ => there.cloned(),
    }
}

/// The calls as the case lists them: of a call that was expected at this place, the part of the input that it looked at.
fn calls(case: &Case, found: &Found) -> Value {
    let listed = case.expect.calls.as_ref().map_or(&[][..], |calls| &calls.value[..]);
    let mut left: Vec<_> = listed.iter().collect();
    let counted = found
        .calls
        .iter()
        .filter(|c| !c.read || listed.iter().any(|l| l.call.value == c.call));
    let call = |called: &Called| {
        let at = left.iter().position(|l| l.call.value == called.call);
        let known = at.map(|at| left.remove(at));
        let mut members = Map::from_iter([("call".to_owned(), json!(called.call))]);
        match known {
            Some(known) => {
                if let Some(input) = &known.input {
                    members.insert("input".into(), part(input, &called.input));
                }
                if known.attempts.is_some() {
                    members.insert("attempts".into(), json!(called.attempts));
                }
            }
            None => drop(members.insert("input".into(), called.input.clone())),
        }
        if members.len() == 1 {
            json!(called.call)
        } else {
            Value::Object(members)
        }
    };
    counted.map(call).collect()
}

/// All that can be expected of what happened.
pub(crate) fn expected(found: &Found) -> Vec<(&'static str, Value)> {
    let mut members = vec![("ending", json!(found.ending.word()))];
    if found.ending != Ending::Completed
        && let Some(reason) = found.reasons.first()
    {
        members.push(("reason", json!(reason)));
    }
    members.push(("path", json!(found.path)));
    let effects = found.calls.iter().filter(|call| !call.read);
    let call = |c: &Called| match c.attempts {
        1 => json!({ "call": c.call, "input": c.input }),
        attempts => json!({ "call": c.call, "input": c.input, "attempts": attempts }),
    };
    members.push(("calls", effects.map(call).collect()));
    if !found.undo.is_empty() {
        members.push(("undo", json!(found.undo)));
    }
    if !found.observed.is_empty() {
        members.push(("observed", json!(found.observed)));
    }
    if !found.emitted.is_empty() {
        members.push(("emitted", json!(found.emitted)));
    }
    if let Some(reply) = &found.reply {
        members.push(("reply", reply.clone()));
    }
    if let Some(output) = &found.output {
        members.push(("output", output.clone()));
    }
    members
}
