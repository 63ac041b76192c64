//! The text of a case whose `expect` says what happened.

use dragoman_manifest::cases::{Case, Ending, Expect, ExpectedRun, Json};
use dragoman_model::Value;
use serde_json::{Map, json};

use crate::compare::part;
use crate::differences::compare;
use crate::found::{Begun, Called, Found};

/// The text with what was found under each key of `expect` that did not hold; where nothing was expected, with all that
/// can be. What holds, and every comment outside what is written anew, stays as it is.
pub fn updated(case: &Case, found: &Found) -> String {
    let expect = &case.expect;
    if expect.said.is_none() {
        let all: Vec<(&str, Option<Value>)> = expected(found).into_iter().map(|(k, v)| (k, Some(v))).collect();
        return case.with_expected(&all);
    }
    let mut keys: Vec<String> = compare(expect, found).into_iter().map(|m| m.key).collect();
    keys.dedup();
    let changes: Vec<(&str, Option<Value>)> = keys
        .iter()
        .map(|key| (key.as_str(), under(key, expect, found)))
        .collect();
    case.with_expected(&changes)
}

/// What is written under a key, as far as it was looked at there; none: nothing can be.
fn under(key: &str, expect: &Expect, found: &Found) -> Option<Value> {
    match key {
        "ending" => Some(json!(found.ending.word())),
        "reason" => found.reasons.first().map(|reason| json!(reason)),
        "path" => Some(json!(found.path)),
        "undo" => Some(json!(found.undo)),
        "observed" => looked_at(expect.observed.as_ref(), Some(&json!(found.observed))),
        "output" => looked_at(expect.output.as_ref(), found.output.as_ref()),
        "emitted" => looked_at(expect.emitted.as_ref(), Some(&json!(found.emitted))),
        "reply" => looked_at(expect.reply.as_ref(), found.reply.as_ref()),
        "calls" => Some(calls(expect, found)),
        "begun" => Some(begun(expect, found)),
        _ => None,
    }
}

/// The runs that events began: of one that was expected at this place, what was looked at; of another all.
fn begun(expect: &Expect, found: &Found) -> Value {
    let mut left: Vec<&ExpectedRun> = expect.begun.iter().flat_map(|runs| &runs.value).collect();
    let run = |run: &Begun| {
        let at = left.iter().position(|known| known.pipeline.value == run.pipeline);
        let members: Vec<(&str, Value)> = match at.map(|at| left.remove(at)) {
            None => expected(&run.found),
            Some(known) => {
                let differing: Vec<String> = compare(&known.expect, &run.found).into_iter().map(|m| m.key).collect();
                let value = |key: &'static str| match differing.iter().any(|d| d == key) {
                    true => under(key, &known.expect, &run.found),
                    false => as_said(key, &known.expect, &run.found),
                };
                KEYS.iter().filter_map(|key| Some((*key, value(key)?))).collect()
            }
        };
        begun_run(&run.pipeline, members)
    };
    found.begun.iter().map(run).collect()
}

/// The keys of what is expected, in the order in which they are written.
const KEYS: [&str; 10] = [
    "ending", "reason", "path", "calls", "undo", "observed", "emitted", "reply", "output", "begun",
];

/// What holds under a key and was said; none: it was not said.
fn as_said(key: &str, expect: &Expect, found: &Found) -> Option<Value> {
    let said = match key {
        "ending" => expect.ending.is_some(),
        // A part of the reason is as good as the whole.
        "reason" => return expect.reason.as_ref().map(|reason| json!(reason.value)),
        "path" => expect.path.is_some(),
        "calls" => expect.calls.is_some(),
        "undo" => expect.undo.is_some(),
        "observed" => expect.observed.is_some(),
        "emitted" => expect.emitted.is_some(),
        "reply" => expect.reply.is_some(),
        "output" => expect.output.is_some(),
        "begun" => expect.begun.is_some(),
        _ => false,
    };
    said.then(|| under(key, expect, found)).flatten()
}

/// A run as it is listed: by its name alone where no more is said of it.
fn begun_run(pipeline: &str, members: Vec<(&str, Value)>) -> Value {
    if members.is_empty() {
        return json!(pipeline);
    }
    let mut run = Map::from_iter([("pipeline".to_owned(), json!(pipeline))]);
    run.extend(members.into_iter().map(|(key, value)| (key.to_owned(), value)));
    Value::Object(run)
}

/// The part of what was found that the case looks at.
fn looked_at(wanted: Option<&Json>, there: Option<&Value>) -> Option<Value> {
    match (wanted, there) {
        (Some(wanted), Some(there)) => Some(part(wanted, there)),
        _ => there.cloned(),
    }
}

/// The calls as the case lists them: of a call that was expected at this place, the part of the input that it looked at.
fn calls(expect: &Expect, found: &Found) -> Value {
    let listed = expect.calls.as_ref().map_or(&[][..], |calls| &calls.value[..]);
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
    if !found.begun.is_empty() {
        let run = |run: &Begun| begun_run(&run.pipeline, expected(&run.found));
        members.push(("begun", found.begun.iter().map(run).collect()));
    }
    members
}
