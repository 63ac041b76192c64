//! Steps in order.

use std::collections::BTreeMap;

use dragoman_manifest::{Spanned, pipeline as said};
use dragoman_model::{Diagnostic, Span};
use dragoman_schema::{Marks, Shape};

use super::Checker;
use super::literal::written;
use super::scope::Scope;
use crate::{Block, Step, Template, codes};

/// A block beside another one of the same step.
pub(super) struct Other<'a> {
    /// What it is: `another branch`.
    pub(super) what: &'a str,
    /// Why the one does not see what the other has.
    pub(super) why: &'a str,
    /// The word of the step.
    pub(super) word: &'a str,
}

/// What the check of a block gives.
pub(super) struct Outcome {
    /// There where it has no error.
    pub(super) block: Option<Block>,
    /// The step that always ends the run, where there is one.
    pub(super) ends: Option<Span>,
    /// Whether a part was refused, so that less is known than was meant.
    pub(super) refused: bool,
    /// The shape of its value, where it has one and it is known.
    pub(super) value: Option<Shape>,
    /// The outputs of its own steps, in order.
    pub(super) outputs: Vec<(String, Shape)>,
    /// What its last step gives, with what is personal or secret of it; none where nothing can be said.
    pub(super) last: Option<(Shape, Marks)>,
    /// What is personal or secret of its value; without one, of the outputs of its steps by id.
    pub(super) marks: Marks,
}

impl Checker<'_> {
    /// Checks a block. The scope is the block's own: it is left with the names at the block's end.
    /// `child`: the block is a run of its own, so its ids may be those of steps outside.
    pub(super) fn block(
        &mut self,
        block: &said::Block,
        expected: Option<&Shape>,
        scope: &mut Scope,
        child: bool,
    ) -> Outcome {
        self.own_ids(block, scope, child);
        let mut steps: Vec<Option<Step>> = Vec::new();
        let mut numbers: BTreeMap<&'static str, usize> = BTreeMap::new();
        let mut outputs = Vec::new();
        let mut ends: Option<Span> = None;
        let mut refused = block.refused;
        let mut unreachable = false;
        let mut last = None;
        for step in &block.steps {
            // Once is enough: the steps behind the first unreachable one are so for the same reason.
            if let Some(end) = ends.as_ref().filter(|_| !unreachable) {
                self.unreachable(step, end);
                unreachable = true;
            }
            let segment = segment(step, &mut numbers);
            refused |= matches!(step.kind, said::StepKind::Refused);
            let was_reachable = ends.is_none();
            let done = self.step(step, segment, scope);
            if was_reachable {
                ends = done.ends;
            }
            last = done.shape.map(|shape| (shape, done.marks));
            if let Some(id) = &step.id {
                match scope.step(&id.value) {
                    Some(shape) => outputs.push((id.value.clone(), shape.clone())),
                    None => refused = true,
                }
            }
            steps.push(done.planned);
        }
        let (value, shape) = self.block_value(block, expected, scope);
        let marks = match &value {
            Some(Some(value)) => value.marks(),
            _ => Marks::object(
                outputs
                    .iter()
                    .map(|(id, _)| (id.clone(), scope.environment().step_marks(id))),
            ),
        };
        let steps: Option<Vec<Step>> = steps.into_iter().collect();
        let block = steps.zip(value).map(|(steps, value)| Block { steps, value });
        Outcome {
            block,
            ends,
            refused,
            value: shape,
            outputs,
            last,
            marks,
        }
    }

    /// The value that a block yields, and its shape; no template where it is wrong.
    fn block_value(
        &mut self,
        block: &said::Block,
        expected: Option<&Shape>,
        scope: &mut Scope,
    ) -> (Option<Option<Template>>, Option<Shape>) {
        match &block.value {
            Some(value) => {
                let (template, shape) = self.template(value, expected, scope);
                // What is written is one of the texts that a place may ask for; of what was asked for the shape is known.
                let shape = match expected {
                    None => shape.map(|shape| written(value, shape)),
                    Some(_) => shape,
                };
                (template.map(Some), shape)
            }
            None => (Some(None), None),
        }
    }

    /// The ids of a block's own steps: hidden until each is made, refused where they are there twice.
    fn own_ids(&mut self, block: &said::Block, scope: &mut Scope, child: bool) {
        let mut seen: Vec<&Spanned<String>> = Vec::new();
        for step in &block.steps {
            let Some(id) = &step.id else { continue };
            self.refuse_reserved(id, false);
            let first = seen.iter().find(|s| s.value == id.value).map(|s| s.span.clone());
            let outer = scope.place_of(&id.value).filter(|_| !child).cloned();
            if let Some(first) = first.or(outer) {
                let message = format!("there is a step `{}` already", id.value);
                self.report(
                    Diagnostic::error(codes::DUPLICATE_ID, id.span.clone(), message)
                        .mark("again")
                        .label(first, "first here")
                        .help("give one of them another id"),
                );
            }
            seen.push(id);
        }
        for id in seen {
            let line = id.span.source.position(id.span.range.start).0;
            let help = format!("put the step `{}` before this one", id.value);
            scope.hide_step(&id.value, format!("it comes later, in line {line}"), help);
        }
    }

    fn unreachable(&mut self, step: &said::Step, end: &Span) {
        self.report(
            Diagnostic::error(codes::UNREACHABLE, step.word.span.clone(), "this step is never reached")
                .label(end.clone(), "the run always ends here")
                .help("take the step away, or write a `when` at the step that ends the run"),
        );
    }

    /// Hides what a block has in it from those beside it, which do not see it. The block itself is then given what is its
    /// own by [`Checker::hide_all`].
    pub(super) fn hide_other(other: &Other<'_>, block: &said::Block, scope: &mut Scope) {
        for step in &block.steps {
            if let Some(id) = step.id.as_ref().filter(|id| scope.place_of(&id.value).is_none()) {
                let line = id.span.source.position(id.span.range.start).0;
                let why = format!("it is inside {} (line {line}), {}", other.what, other.why);
                let help = format!("put the step `{}` before the `{}`", id.value, other.word);
                scope.hide_step(&id.value, why, help);
            }
            for (inner, _) in inner_blocks(step) {
                Self::hide_other(other, inner, scope);
            }
        }
    }

    /// Hides every id of a pipeline: those that are not made visible by their own block are in another one.
    pub(super) fn hide_all(&mut self, block: &said::Block, scope: &mut Scope) {
        for step in &block.steps {
            for (inner, what) in inner_blocks(step) {
                let ids = inner.steps.iter().filter_map(|s| s.id.as_ref());
                for id in ids.filter(|id| scope.place_of(&id.value).is_none()).collect::<Vec<_>>() {
                    let line = id.span.source.position(id.span.range.start).0;
                    if let Some(hint) = of_branch(step, inner, &id.value) {
                        scope.hide_step(&id.value, format!("it is inside {what} in line {line}"), hint);
                        continue;
                    }
                    let by_name = matches!(step.kind, said::StepKind::Try(_) | said::StepKind::Repeat(_))
                        && inner.value.is_none()
                        && !what.ends_with("handler");
                    let (why, help) = match step.id.as_ref() {
                        Some(outer) if by_name => (
                            format!("it is inside {what} in line {line}"),
                            format!("write `steps.{}.{}`", outer.value, id.value),
                        ),
                        outer => {
                            let name = outer.map_or("<id>", |outer| &outer.value);
                            (
                                format!("it is inside {what} in line {line}, which gives only its `value`"),
                                format!("write a `value:` there, and use it as `steps.{name}`"),
                            )
                        }
                    };
                    scope.hide_step(&id.value, why, help);
                }
                self.hide_all(inner, scope);
            }
        }
    }
}

/// What to write for a step of a branch behind its `parallel`: each branch gives its value, else what its last step gives.
fn of_branch(step: &said::Step, block: &said::Block, id: &str) -> Option<String> {
    let said::StepKind::Parallel(branches) = &step.kind else {
        return None;
    };
    let (name, _) = branches.iter().find(|(_, branch)| std::ptr::eq(branch, block))?;
    let Some(outer) = &step.id else {
        let path = format!("steps.<id>.{}", name.value);
        return Some(format!(
            "give the `parallel` an `id`, and use what the branch gives as `{path}`"
        ));
    };
    let path = format!("steps.{}.{}", outer.value, name.value);
    let last = block.steps.last().and_then(|step| step.id.as_ref());
    Some(match &block.value {
        None if last.is_some_and(|last| last.value == id) => format!("write `{path}`"),
        None => format!("write a `value:` in the branch, and use it as `{path}`"),
        Some(_) => format!("the branch gives its `value`: use it as `{path}`"),
    })
}

/// The part of a step's path in the journal: its id, else its word with the number that it has among those of this word.
fn segment(step: &said::Step, numbers: &mut BTreeMap<&'static str, usize>) -> String {
    let number = numbers.entry(step.word.value).or_default();
    *number += 1;
    let unnamed = || format!("{}-{number}", step.word.value);
    step.id.as_ref().map_or_else(unnamed, |id| id.value.clone())
}

/// The blocks inside a step, and what each is.
fn inner_blocks(step: &said::Step) -> Vec<(&said::Block, &'static str)> {
    let mut blocks: Vec<(&said::Block, &'static str)> = Vec::new();
    match &step.kind {
        said::StepKind::Choose(arms) => blocks.extend(arms.iter().map(|arm| (&arm.block, "an arm"))),
        said::StepKind::Each(each) => blocks.push((&each.block, "the `each`")),
        said::StepKind::Repeat(repeat) => blocks.push((&repeat.block, "the `repeat`")),
        said::StepKind::Try(block) => blocks.push((block, "the `try`")),
        said::StepKind::Parallel(branches) => blocks.extend(branches.iter().map(|(_, b)| (b, "a branch"))),
        _ => {}
    }
    let handlers = [&step.on_rejected, &step.on_refused, &step.on_failure, &step.on_timeout];
    blocks.extend(
        handlers
            .into_iter()
            .flatten()
            .map(|handler| (&handler.block, "a handler")),
    );
    blocks
}
