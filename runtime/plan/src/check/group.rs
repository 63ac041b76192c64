//! `try`: steps whose failures are handled together.

use dragoman_manifest::pipeline as said;
use dragoman_model::Diagnostic;
use dragoman_schema::Shape;

use super::Checker;
use super::block::Outcome;
use super::scope::Scope;
use super::step::Made;
use crate::{StepKind, codes};

impl Checker<'_> {
    /// `try`: the output is the block's value, else the outputs of its steps by name.
    pub(super) fn group(&mut self, step: &said::Step, block: &said::Block, scope: &mut Scope) -> Made {
        self.does_something(step, block, "`try`");
        let handled = step.on_failure.is_some() || step.on_rejected.is_some();
        if !handled {
            let message = "this `try` has no handler, so it catches nothing";
            self.report(
                Diagnostic::error(codes::CATCHES_NOTHING, step.word.span.clone(), message)
                    .warning()
                    .help("write `on_failure:` beside `try`, or put the steps in its place"),
            );
        }
        let mut inner = scope.clone();
        let outcome = self.block(block, None, &mut inner, false);
        let shape = gives(block, &outcome);
        let mut made = Made::new(outcome.block.map(StepKind::Try), shape).marked(outcome.marks);
        // Where a handler may yield a value, the run can go on behind steps that end it.
        made.ends = outcome.ends.is_some() && !handled;
        made
    }

    /// Refuses a block in which nothing is.
    pub(super) fn does_something(&mut self, step: &said::Step, block: &said::Block, what: &str) {
        if block.steps.is_empty() && !block.refused {
            let message = format!("{what} without steps does nothing");
            self.report(
                Diagnostic::error(codes::EMPTY, step.word.span.clone(), message)
                    .help("write a step: `- call: orders.get`"),
            );
        }
    }
}

/// What a block gives to those outside: its value, else the outputs of its own steps by id.
pub(super) fn gives(said: &said::Block, outcome: &Outcome) -> Option<Shape> {
    match &said.value {
        Some(_) => outcome.value.clone(),
        None if outcome.refused => None,
        None => {
            let fields = outcome.outputs.iter().map(|(id, shape)| (id.as_str(), shape.clone()));
            Some(Shape::object(fields))
        }
    }
}
