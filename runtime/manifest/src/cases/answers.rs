//! What calls answer.

use dragoman_model::{Class, Diagnostic, Effect, Failure, Issue};

use super::{Answer, Answers, Gives, Json, Probe};
use crate::codes;
use crate::reading::Reading;
use crate::yaml::{Node, NodeKind};

/// The keys of an answer that says more than an output.
const KEYS: [&str; 4] = ["output", "failure", "probe", "joined"];

pub(super) fn answers(reading: &mut Reading, node: &Node) -> Vec<Answers> {
    let Some(fields) = reading.fields(node, "the answers", "`{ orders.get: { number: 7 } }`") else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for entry in fields.entries() {
        let key = &entry.key;
        if !key.contains('.') {
            let message = format!("`{}` names no operation", key.value);
            reading.push(
                Diagnostic::error(codes::BAD_NAME, key.span.clone(), message)
                    .help("write `connection.operation`, or `steps.` and the path of a step"),
            );
        }
        let answers = match &entry.value.kind {
            NodeKind::Sequence(items) => items.iter().filter_map(|item| answer(reading, item)).collect(),
            _ => answer(reading, &entry.value).into_iter().collect(),
        };
        all.push(Answers {
            key: key.clone(),
            answers,
        });
    }
    all
}

/// An answer: with one of its own keys it is what they say, else it is the output.
fn answer(reading: &mut Reading, node: &Node) -> Option<Answer> {
    let own = match &node.kind {
        NodeKind::Mapping(mapping) => mapping.entries.iter().any(|e| KEYS.contains(&e.key.value.as_str())),
        _ => false,
    };
    if !own {
        return Some(Answer {
            when: None,
            gives: Gives::Output(Json::of(node)),
            span: node.span.clone(),
        });
    }
    let mut fields = reading.fields(node, "an answer", "`{ output: { number: 7 } }`")?;
    let when = fields
        .take("when")
        .and_then(|n| super::read::object(reading, n, "what the input holds"));
    let failed = fields.take("failure");
    let probe = fields.take("probe");
    let output = fields.take("output").map(Json::of);
    let joined = fields.take("joined").map(Json::of);
    let heading = fields.heading();
    fields.finish(reading);
    let gives = match (failed, probe, output, joined) {
        (None, None, None, Some(joined)) => Gives::Joined(joined),
        (Some(node), None, None, None) => Gives::Failure {
            stated: says_effect(node),
            failure: failure(reading, node)?,
        },
        (None, Some(node), output, None) => Gives::Probe(found(reading, node, output)?),
        (None, None, Some(output), None) => Gives::Output(output),
        _ => {
            let message =
                "an answer is an `output`, a `failure`, what a `probe` finds, or what another run did (`joined`)";
            reading.push(Diagnostic::error(codes::STEP_WORD, heading, message).help("take the others away"));
            return None;
        }
    };
    Some(Answer {
        when,
        gives,
        span: node.span.clone(),
    })
}

fn found(reading: &mut Reading, node: &Node, output: Option<Json>) -> Option<Probe> {
    let word = reading.word(node, &[("applied", 0), ("absent", 1), ("pending", 2)])?;
    match (word.value, output) {
        (0, Some(output)) => Some(Probe::Applied(output)),
        (0, None) => {
            reading.missing(word.span, "a probe that finds it applied", "output", "{ id: A7 }");
            None
        }
        (_, Some(output)) => {
            let message = "only what was applied has an output";
            reading.push(Diagnostic::error(codes::MISPLACED_KEY, output.place(""), message).help("take it away"));
            None
        }
        (1, None) => Some(Probe::Absent),
        _ => Some(Probe::Pending),
    }
}

fn says_effect(failure: &Node) -> bool {
    match &failure.kind {
        NodeKind::Mapping(mapping) => mapping.entries.iter().any(|entry| entry.key.value == "effect"),
        _ => false,
    }
}

/// A failure: `{ class, effect, code, message, retry_after, remote_reference, issues, detail }`.
pub(super) fn failure(reading: &mut Reading, node: &Node) -> Option<Failure> {
    let example = "`{ class: retryable, code: http.503, message: try later }`";
    let mut fields = reading.fields(node, "a failure", example)?;
    let classes = [
        ("retryable", Class::Retryable),
        ("permanent", Class::Permanent),
        ("rejected", Class::Rejected),
    ];
    let effects = [
        ("none", Effect::None),
        ("unknown", Effect::Unknown),
        ("applied", Effect::Applied),
    ];
    let class = fields
        .need(reading, "class", "retryable")
        .and_then(|n| reading.word(n, &classes));
    let effect = fields.take("effect").and_then(|n| reading.word(n, &effects));
    let code = fields.take("code").and_then(|n| reading.text(n, "http.503"));
    let message = fields.take("message").and_then(|n| reading.text(n, "try later"));
    let retry_after = fields.take("retry_after").and_then(|n| reading.duration(n));
    let remote = fields.take("remote_reference").and_then(|n| reading.text(n, "R-7"));
    let issues = fields.take("issues").map_or_else(Vec::new, |n| {
        let items = reading.list(
            n,
            "a list of issues",
            "`- { path: /number, code: unknown, message: no such number }`",
        );
        items.iter().filter_map(|item| issue(reading, item)).collect()
    });
    let detail = fields.take("detail").map(|n| Json::of(n).value());
    fields.finish(reading);
    let class = class?.value;
    let code = code.map_or_else(|| "case.failure".to_owned(), |c| c.value);
    let message = message.map_or_else(|| code.clone(), |m| m.value);
    let mut failure = Failure::new(class, code, message).with_effect(effect.map_or(Effect::None, |e| e.value));
    failure.retry_after_ms = retry_after.map(|r| r.value);
    failure.remote_reference = remote.map(|r| r.value);
    failure.issues = issues;
    failure.detail = detail;
    Some(failure)
}

fn issue(reading: &mut Reading, node: &Node) -> Option<Issue> {
    let mut fields = reading.fields(
        node,
        "an issue",
        "`{ path: /number, code: unknown, message: no such number }`",
    )?;
    let mut text = |key, example: &str| {
        let node = fields.need(reading, key, example)?;
        reading.text(node, example).map(|t| t.value)
    };
    let (path, code, message) = (
        text("path", "/number"),
        text("code", "unknown"),
        text("message", "no such number"),
    );
    fields.finish(reading);
    Some(Issue {
        path: path?,
        code: code?,
        message: message?,
    })
}
