//! What is done where a step did not end well: it ends the run, or yields a value of the step's kind.

use std::sync::Arc;

use dragoman_manifest::pipeline as said;
use dragoman_model::Diagnostic;
use dragoman_schema::Shape;

use super::Checker;
use super::scope::Scope;
use crate::{Block, codes};

impl Checker<'_> {
    /// A handler of a step. `shape`: of the step's output, where that is known.
    pub(super) fn handler(
        &mut self,
        handler: Option<&said::Handler>,
        step: &said::Step,
        shape: Option<&Shape>,
        scope: &Scope,
    ) -> Option<Option<Block>> {
        let handler = handler?;
        self.without_an_end(handler, step);
        let mut inner = scope.clone();
        inner.add_name("failure", failure());
        inner.codes = self.codes_of(step);
        if let Some(id) = &step.id {
            let help = "use `failure`, or a step before this one".into();
            inner.hide_step(&id.value, "it did not end well, so it gives nothing here".into(), help);
        }
        let outcome = self.block(&handler.block, shape, &mut inner, false);
        let yields = handler.block.value.is_some();
        if outcome.ends.is_none() && !yields && !outcome.refused {
            let message = "this handler neither ends the run nor yields a value";
            let mut diagnostic = Diagnostic::error(codes::FALLS_THROUGH, handler.key.clone(), message)
                .help("end it with `park`, `stop` or `fail`");
            if let Some(shape) = shape.filter(|s| **s != Shape::Nothing) {
                diagnostic = diagnostic.help(format!("or write `value:` with {}", shape.describe()));
            }
            self.report(diagnostic);
        }
        Some(outcome.block)
    }
}

impl Checker<'_> {
    /// The codes that a plugin lists for the operation of a call.
    fn codes_of(&self, step: &said::Step) -> Arc<[String]> {
        let said::StepKind::Call(call) = &step.kind else {
            return Arc::default();
        };
        let connection = self.world.connections.get(&call.operation.connection.value);
        let operation = connection.and_then(|c| c.surface.operations.get(&call.operation.operation.value));
        operation
            .map(|operation| operation.codes.clone().into())
            .unwrap_or_default()
    }

    /// A wait that has no end is never too late.
    fn without_an_end(&mut self, handler: &said::Handler, step: &said::Step) {
        let said::StepKind::Wait(wait) = &step.kind else {
            return;
        };
        if wait.for_ms.is_none() {
            let message = "this handler is never reached: the wait has no end";
            self.report(
                Diagnostic::error(codes::UNREACHABLE, handler.key.clone(), message)
                    .label(step.word.span.clone(), "this wait")
                    .help("write `for: 30d` inside `wait`, or take the handler away"),
            );
        }
    }
}

/// The name `failure` inside a handler.
fn failure() -> Shape {
    let issue = Shape::object([("path", Shape::Text), ("code", Shape::Text), ("message", Shape::Text)]);
    Shape::object([
        ("class", Shape::enumeration(["retryable", "permanent", "rejected"])),
        ("effect", Shape::enumeration(["none", "unknown", "applied"])),
        ("code", Shape::Text),
        ("message", Shape::Text),
        ("remote_reference", Shape::Text.optional()),
        ("issues", Shape::Optional(Arc::new(Shape::List(Arc::new(issue))))),
    ])
}
