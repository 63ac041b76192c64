//! `repeat`: rounds of the same steps, each of which sees what the one before gave.

use dragoman_expression::Expression;
use dragoman_manifest::pipeline as said;
use dragoman_model::Diagnostic;
use dragoman_schema::{Marks, Shape};

use super::Checker;
use super::group::gives;
use super::scope::Scope;
use super::step::Made;
use crate::{Block, OnFailure, RepeatStep, Retry, StepKind, codes};

/// Rounds where nothing is said.
const ROUNDS: u64 = 10_000;

/// What a round gives may hang on what the one before gave: its shape is looked for so often.
const LOOKS: usize = 4;

/// In rounds of rounds of rounds it is not looked for any more: each level would multiply the work.
const NESTED: usize = 3;

/// What the check of a round gives.
struct Round {
    block: Option<Block>,
    until: Option<Expression>,
    shape: Option<Shape>,
    marks: Marks,
    ends: bool,
}

impl Checker<'_> {
    /// `repeat`: the output is what the last round gives: the block's value, else the outputs of its steps by name.
    pub(super) fn repeat(&mut self, step: &said::Step, repeat: &said::Repeat, scope: &mut Scope) -> Made {
        self.does_something(step, &repeat.block, "`repeat`");
        let every = self.pauses(repeat);
        let round = self.rounds(repeat, scope);
        let on_failure = super::header::on_failure(self.said);
        let kind = round.block.zip(round.until).map(|(block, until)| {
            StepKind::Repeat(Box::new(RepeatStep {
                until,
                every,
                for_ms: repeat.for_ms.as_ref().map(|f| f.value),
                rounds: repeat.rounds.as_ref().map_or(ROUNDS, |r| r.value),
                keeps: on_failure == OnFailure::Undo && may_be_undone(&block),
                block,
            }))
        });
        let mut made = Made::new(kind, round.shape).marked(round.marks);
        made.ends = round.ends && step.on_failure.is_none();
        made
    }

    /// Checks a round until the shape of what it gives is the one that `last` was taken to have.
    fn rounds(&mut self, repeat: &said::Repeat, scope: &Scope) -> Round {
        let deep = self.repeats >= NESTED;
        let looked_back = self.looks_back;
        let mut last = if deep { Shape::Any } else { Shape::never() };
        let mut marks = Marks::default();
        self.repeats += 1;
        let mut look = 1;
        let round = loop {
            let said_before = self.diagnostics.len();
            self.looks_back = false;
            let round = self.round(repeat, (&last, &marks), scope.clone());
            let settled = round
                .shape
                .as_ref()
                .is_none_or(|shape| *shape == last && round.marks == marks);
            if settled || !self.looks_back || deep || look > LOOKS {
                break round;
            }
            let found = round.shape.unwrap_or(Shape::Any);
            marks = marks.with(&round.marks);
            // One look more with what joins all that was seen; where nothing does, `last` needs a cast.
            last = match look {
                LOOKS => Shape::Any,
                _ => last.join(&found).unwrap_or(Shape::Any),
            };
            self.diagnostics.truncate(said_before);
            look += 1;
        };
        self.repeats -= 1;
        self.looks_back = looked_back;
        round
    }

    fn round(&mut self, repeat: &said::Repeat, (last, marks): (&Shape, &Marks), mut scope: Scope) -> Round {
        scope.add_name("round", Shape::Integer);
        scope.add_name("last", last.clone().optional());
        scope.mark_name("last", marks.clone());
        let outcome = self.block(&repeat.block, None, &mut scope, false);
        let until = self.condition(&repeat.until, &mut scope);
        Round {
            until,
            shape: gives(&repeat.block, &outcome),
            marks: outcome.marks,
            ends: outcome.ends.is_some(),
            block: outcome.block,
        }
    }

    /// The pauses between rounds.
    fn pauses(&mut self, repeat: &said::Repeat) -> Option<Retry> {
        let said = repeat.every.as_ref()?;
        if let Some(time) = repeat.for_ms.as_ref().filter(|time| said.first_ms >= time.value) {
            let message = "the first pause is as long as the whole time of the `repeat`: there is no second round";
            self.report(
                Diagnostic::error(codes::RETRY, time.span.clone(), message)
                    .label(said.span.clone(), "this pause")
                    .help("write a longer `for`, or a shorter `every`"),
            );
        }
        Some(Retry {
            first_ms: said.first_ms,
            longest_ms: said.longest_ms,
            factor: said.factor,
            jitter: said.jitter,
            ..Retry::default()
        })
    }
}

/// Whether something that a block does may be taken back later, so that what it rests on must be kept.
fn may_be_undone(block: &Block) -> bool {
    block.steps.iter().any(|step| {
        let handlers = [&step.on_rejected, &step.on_refused, &step.on_failure, &step.on_timeout];
        let inside = match &step.kind {
            StepKind::Claim(_) => return true,
            StepKind::Choose(arms) => arms.iter().any(|arm| may_be_undone(&arm.block)),
            StepKind::Parallel(branches) => branches.iter().any(|(_, block)| may_be_undone(block)),
            StepKind::Try(block) => may_be_undone(block),
            StepKind::Repeat(repeat) => may_be_undone(&repeat.block),
            _ => false,
        };
        step.undo.is_some() || inside || handlers.into_iter().flatten().any(may_be_undone)
    })
}
