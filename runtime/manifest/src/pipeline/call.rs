//! Calls, their retries and their undo.

use super::triggers::operation_name;
use super::{Call, Retry, slips};
use crate::Spanned;
use crate::fields::Fields;
use crate::nearly;
use crate::reading::Reading;
use crate::said::Template;
use crate::yaml::{Node, NodeKind};

/// A call: its operation, and `with` and `documents` beside it.
pub(super) fn call(reading: &mut Reading, fields: &mut Fields<'_>, node: &Node) -> Option<Call> {
    let with = match slips::members(reading, fields, "call", "with") {
        Some((members, span)) => Some(Template::Object(members, span)),
        None => fields.take("with").map(|n| reading.template(n)),
    };
    let documents = match slips::members(reading, fields, "call", "documents") {
        Some((members, _)) => members,
        None => fields
            .take("documents")
            .map_or_else(Vec::new, |n| documents(reading, n)),
    };
    let operation = operation_name(reading, node)?;
    Some(Call {
        operation,
        with,
        documents,
        span: node.span.clone(),
    })
}

fn documents(reading: &mut Reading, node: &Node) -> Vec<(Spanned<String>, Template)> {
    let Some(fields) = reading.fields(node, "the documents of a call", "`{ message: =trigger.document }`") else {
        return Vec::new();
    };
    fields
        .entries()
        .iter()
        .map(|e| (e.key.clone(), reading.template(&e.value)))
        .collect()
}

/// How a step is undone.
pub(super) fn undo(reading: &mut Reading, node: &Node) -> Option<Call> {
    let mut fields = reading.fields(
        node,
        "`undo`",
        "`{ call: orders.cancel, with: { id: =steps.order.id } }`",
    )?;
    let target = fields.need(reading, "call", "orders.cancel");
    let call = match target {
        Some(target) => call(reading, &mut fields, target),
        None => None,
    };
    fields.allow(&["with", "documents"]);
    fields.finish(reading);
    call
}

/// Retry of a call.
pub(super) fn retry(reading: &mut Reading, node: &Node) -> Option<Retry> {
    if let NodeKind::Scalar(scalar) = &node.kind
        && let Some(attempts) = nearly::whole(&scalar.text)
    {
        let help = format!(
            "write `retry: {{ attempts: {attempts} }}`; with its pauses `{{ backoff: 1s..15m x2 jitter, for: 10d }}`"
        );
        reading.wrong_type(node, "a mapping", &help);
        return None;
    }
    let mut fields = reading.fields(node, "`retry`", "`{ backoff: 1s..15m x2 jitter, for: 10d }`")?;
    let retry = Retry {
        backoff: fields.take("backoff").and_then(|n| reading.backoff(n)),
        for_ms: fields.take("for").and_then(|n| reading.some_time(n, "24h")),
        attempts: fields.take("attempts").and_then(|n| reading.whole(n, 1, 1_000_000)),
        span: fields.heading(),
    };
    fields.finish(reading);
    Some(retry)
}
