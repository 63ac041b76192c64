//! What was expected and what was found, each with its place in the case.

use dragoman_manifest::cases::{Expect, ExpectedCall, ExpectedRun};
use dragoman_model::{Span, Value};
use serde_json::json;

use crate::compare::{differences, holds};
use crate::found::{Begun, Called, Found};

/// Something that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The key of `expect`, or what else was not as it should be.
    pub key: String,
    /// A JSON Pointer into it; empty: the whole.
    pub pointer: String,
    /// `file:line:column` in the case; empty where the case does not say it.
    pub place: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// The two as lines, each with `-` (expected, not found), `+` (found, not expected) or a blank before it.
    pub lines: Vec<String>,
}

impl Mismatch {
    pub(crate) fn new(key: &str, place: String, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Mismatch {
            key: key.into(),
            pointer: String::new(),
            place,
            expected: expected.into(),
            found: found.into(),
            lines: Vec::new(),
        }
    }

    /// For people: what, where, expected and found.
    pub fn render(&self) -> String {
        let at = if self.pointer.is_empty() {
            String::new()
        } else {
            format!(" {}", self.pointer)
        };
        let place = if self.place.is_empty() {
            String::new()
        } else {
            format!("{}: ", self.place)
        };
        let mut text = format!("{place}{}{at}\n", self.key);
        if self.lines.is_empty() {
            text.push_str(&format!("  expected  {}\n  found     {}\n", self.expected, self.found));
        }
        for line in &self.lines {
            text.push_str(&format!("  {line}\n"));
        }
        text
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        json!({ "key": self.key, "pointer": self.pointer, "place": self.place, "expected": self.expected,
                "found": self.found, "lines": self.lines })
    }
}

/// What is not as the case expects.
pub(crate) fn compare(expect: &Expect, found: &Found) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    if let Some(ending) = &expect.ending
        && ending.value != found.ending
    {
        let why = found.reasons.first().map(|r| format!(": {r}")).unwrap_or_default();
        let seen = format!("{}{why}", found.ending.word());
        mismatches.push(Mismatch::new("ending", ending.span.place(), ending.word(), seen));
    }
    if let Some(reason) = &expect.reason
        && !found.reasons.iter().any(|r| r.contains(&reason.value))
    {
        let seen = found.reasons.first().map_or("no reason", String::as_str);
        mismatches.push(Mismatch::new("reason", reason.span.place(), &reason.value, seen));
    }
    if let Some(path) = &expect.path {
        let expected: Vec<&str> = path.iter().map(|p| p.value.as_str()).collect();
        mismatches.extend(listed("path", &path.span, &expected, &found.path));
    }
    if let Some(undo) = &expect.undo {
        let expected: Vec<&str> = undo.iter().map(|p| p.value.as_str()).collect();
        mismatches.extend(listed("undo", &undo.span, &expected, &found.undo));
    }
    if let Some(wanted) = &expect.calls {
        mismatches.extend(calls(&wanted.span, wanted, &found.calls));
    }
    mismatches.extend(values(expect, found));
    if let Some(wanted) = &expect.begun {
        mismatches.extend(begun(&wanted.span, wanted, &found.begun));
    }
    mismatches
}

/// What is expected as a value.
fn values(expect: &Expect, found: &Found) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    let list = |values: &[Value]| Some(Value::Array(values.to_vec()));
    let values = [
        ("output", &expect.output, found.output.clone()),
        ("observed", &expect.observed, list(&found.observed)),
        ("emitted", &expect.emitted, list(&found.emitted)),
        ("reply", &expect.reply, found.reply.clone()),
    ];
    for (key, expected, there) in values {
        let Some(expected) = expected else { continue };
        for differs in differences(expected, there.as_ref(), "") {
            let place = expected.place(&differs.pointer).place();
            let mut mismatch = Mismatch::new(key, place, differs.expected, differs.found);
            mismatch.pointer = differs.pointer;
            mismatches.push(mismatch);
        }
    }
    mismatches
}

/// All runs that events began must be listed, in their order; of each only what is said is looked at.
fn begun(span: &Span, expected: &[ExpectedRun], found: &[Begun]) -> Vec<Mismatch> {
    let wanted: Vec<&str> = expected.iter().map(|run| run.pipeline.value.as_str()).collect();
    let seen: Vec<&str> = found.iter().map(|run| run.pipeline.as_str()).collect();
    if wanted != seen {
        let mut mismatch = Mismatch::new("begun", span.place(), wanted.join(", "), seen.join(", "));
        mismatch.lines = diff(&wanted, &seen);
        return vec![mismatch];
    }
    let mut mismatches = Vec::new();
    for (number, (expected, run)) in expected.iter().zip(found).enumerate() {
        for mut inner in compare(&expected.expect, &run.found) {
            inner.pointer = format!("/{number}/{}{}", inner.key, inner.pointer);
            inner.key = "begun".into();
            mismatches.push(inner);
        }
    }
    mismatches
}

/// Two lists of lines.
fn listed(key: &str, span: &Span, expected: &[&str], found: &[String]) -> Option<Mismatch> {
    if expected == found {
        return None;
    }
    let mut mismatch = Mismatch::new(key, span.place(), expected.join(", "), found.join(", "));
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    mismatch.lines = diff(expected, &found);
    Some(mismatch)
}

/// All calls with an effect must be listed, in their order; a read only counts where it is listed.
fn calls(span: &Span, expected: &[ExpectedCall], found: &[Called]) -> Vec<Mismatch> {
    let listed = |call: &Called| expected.iter().any(|e| e.call.value == call.call);
    let counted: Vec<&Called> = found.iter().filter(|call| !call.read || listed(call)).collect();
    let wanted: Vec<&str> = expected.iter().map(|e| e.call.value.as_str()).collect();
    let seen: Vec<&str> = counted.iter().map(|c| c.call.as_str()).collect();
    if wanted != seen {
        let mut mismatch = Mismatch::new("calls", span.place(), wanted.join(", "), seen.join(", "));
        mismatch.lines = diff(&wanted, &seen);
        return vec![mismatch];
    }
    let mut mismatches = Vec::new();
    for (number, (expected, call)) in expected.iter().zip(&counted).enumerate() {
        if let Some(input) = expected.input.as_ref().filter(|input| !holds(input, &call.input)) {
            for differs in differences(input, Some(&call.input), "") {
                let place = input.place(&differs.pointer).place();
                let mut mismatch = Mismatch::new("calls", place, differs.expected, differs.found);
                mismatch.pointer = format!("/{number}/input{}", differs.pointer);
                mismatches.push(mismatch);
            }
        }
        if let Some(attempts) = expected
            .attempts
            .as_ref()
            .filter(|a| a.value != u64::from(call.attempts))
        {
            let (wanted, seen) = (attempts.value.to_string(), call.attempts.to_string());
            let mut mismatch = Mismatch::new("calls", attempts.span.place(), wanted, seen);
            mismatch.pointer = format!("/{number}/attempts");
            mismatches.push(mismatch);
        }
    }
    mismatches
}

/// The shortest way from one list to the other, a line for each item.
fn diff(expected: &[&str], found: &[&str]) -> Vec<String> {
    // Lengths of the longest common subsequences of what is left.
    let mut common = vec![vec![0usize; found.len() + 1]; expected.len() + 1];
    for row in (0..expected.len()).rev() {
        for column in (0..found.len()).rev() {
            common[row][column] = if expected[row] == found[column] {
                common[row + 1][column + 1] + 1
            } else {
                common[row + 1][column].max(common[row][column + 1])
            };
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut lines = Vec::new();
    while row < expected.len() || column < found.len() {
        if row < expected.len() && column < found.len() && expected[row] == found[column] {
            lines.push(format!("  {}", expected[row]));
            row += 1;
            column += 1;
        } else if row < expected.len() && (column == found.len() || common[row + 1][column] >= common[row][column + 1])
        {
            lines.push(format!("- {}", expected[row]));
            row += 1;
        } else {
            lines.push(format!("+ {}", found[column]));
            column += 1;
        }
    }
    lines
}
