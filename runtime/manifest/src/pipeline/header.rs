//! The keys at the top of a pipeline.

use std::sync::Arc;

use dragoman_model::{Diagnostic, Source};

use super::{Block, FailureWord, Limits, Pipeline, block, decisions, limits, triggers};
use crate::fields::Fields;
use crate::reading::{Reading, plain};
use crate::yaml::{Entry, Node, NodeKind, resolve};
use crate::{Spanned, codes};

/// The version of the language that this runtime knows.
const LANGUAGE: u64 = 1;

/// What `key` is called elsewhere.
const KEYS: &[&str] = &["idempotency_key", "unique_key", "dedupe_key"];

pub(super) fn pipeline(reading: &mut Reading, source: &Arc<Source>, root: &Node) -> Option<Pipeline> {
    let mut fields = reading.fields(root, "a pipeline", "with `dragoman: 1` in its first line")?;
    version(reading, &mut fields);
    let unnamed = || Spanned::new("unnamed".to_owned(), fields_span(root));
    let name = fields
        .need(reading, "pipeline", "the-name-of-the-pipeline")
        .and_then(|n| reading.name(n, "_-", "order-received"));
    let summary = fields.take("summary").and_then(|n| reading.text(n, "what it is for"));
    reading.replies = fields.entries().iter().any(replies);
    let triggers = match fields.need(reading, "on", "[ { id: hook, http: { path: /orders } } ]") {
        Some(node) => triggers::triggers(reading, node),
        None => Vec::new(),
    };
    let key = fields.take_or("key", KEYS).map(|n| reading.expression(n));
    let serial = fields.take("serial").map(|n| reading.expression(n));
    let limits = fields
        .take("limits")
        .map_or_else(Limits::default, |n| limits::limits(reading, n));
    let decisions = fields
        .take_or("decisions", &["decision"])
        .map_or_else(Vec::new, |n| decisions::decisions(reading, n));
    let steps = match fields.need(reading, "steps", "[ ... ]") {
        Some(node) => block::list(reading, node),
        None => Block {
            steps: Vec::new(),
            value: None,
            span: root.span.clone(),
            refused: true,
        },
    };
    let output = fields.take("output").map(|n| reading.template(n));
    let on_failure = fields.take("on_failure").and_then(|n| {
        reading.word(
            n,
            &[
                ("park", FailureWord::Park),
                ("undo", FailureWord::Undo),
                ("fail", FailureWord::Fail),
            ],
        )
    });
    let observe = fields
        .take("mode")
        .and_then(|n| reading.word(n, &[("observe", true), ("live", false)]));
    fields.finish(reading);
    Some(Pipeline {
        source: source.clone(),
        name: name.unwrap_or_else(unnamed),
        summary: summary.map_or_else(String::new, |s| s.value),
        triggers,
        key,
        serial,
        limits,
        decisions,
        steps,
        output,
        on_failure,
        observe: observe.is_some_and(|o| o.value),
    })
}

/// Whether a step below a key of the pipeline replies; the key of that name in a trigger is another one.
fn replies(entry: &Entry) -> bool {
    entry.key.value != "on" && has_reply(&entry.value)
}

/// Whether a step somewhere in it has the word `reply`.
fn has_reply(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Mapping(mapping) => {
            let mut entries = mapping.entries.iter();
            entries.any(|entry| entry.key.value == "reply" || has_reply(&entry.value))
        }
        NodeKind::Sequence(items) => items.iter().any(has_reply),
        _ => false,
    }
}

fn fields_span(root: &Node) -> dragoman_model::Span {
    dragoman_model::Span::new(&root.span.source, root.span.range.start..root.span.range.start)
}

/// `dragoman: 1`, the version of the language; the first key of every file.
pub(crate) fn version(reading: &mut Reading, fields: &mut Fields<'_>) {
    let Some(node) = fields.need(reading, "dragoman", "1") else {
        return;
    };
    // Whatever stands here, there is one version to write.
    let help = format!("write `dragoman: {LANGUAGE}`");
    match plain(node).map(resolve).and_then(|value| value.as_u64()) {
        None => reading.wrong_type(node, "a whole number", &help),
        Some(version) if version != LANGUAGE => {
            let message =
                format!("this file is written in version {version} of the language; this runtime knows {LANGUAGE}");
            reading.push(Diagnostic::error(codes::LANGUAGE_VERSION, node.span.clone(), message).help(help));
        }
        Some(_) => {}
    }
}
