//! One step: its condition, its word, its handlers, its output.

use dragoman_expression::Expected;
use dragoman_manifest::{self as manifest, pipeline as said};
use dragoman_model::{Diagnostic, Span};
use dragoman_schema::{Marks, Shape};

use super::Checker;
use super::literal::written;
use super::scope::Scope;
use crate::{Step, StepKind, codes};

/// What a step's word gives.
pub(super) struct Made {
    /// There where it has no error.
    pub(super) kind: Option<StepKind>,
    /// The shape of the output; none: nothing can be said.
    pub(super) shape: Option<Shape>,
    /// What of the output is personal or secret.
    pub(super) marks: Marks,
    /// Whether it ends the run.
    pub(super) ends: bool,
}

impl Made {
    pub(super) fn new(kind: Option<StepKind>, shape: Option<Shape>) -> Self {
        Made {
            kind,
            shape,
            marks: Marks::default(),
            ends: false,
        }
    }

    /// The same with what is personal or secret of the output.
    pub(super) fn marked(self, marks: Marks) -> Self {
        Made { marks, ..self }
    }

    fn end(kind: Option<StepKind>) -> Self {
        Made {
            kind,
            shape: Some(Shape::Nothing),
            marks: Marks::default(),
            ends: true,
        }
    }
}

/// What the check of a step gives.
pub(super) struct Done {
    /// There where it has no error.
    pub(super) planned: Option<Step>,
    /// Its place, where it always ends the run.
    pub(super) ends: Option<Span>,
    /// The shape of its output; none: nothing can be said.
    pub(super) shape: Option<Shape>,
    /// What of the output is personal or secret.
    pub(super) marks: Marks,
}

impl Checker<'_> {
    /// Checks a step and adds its output to the scope.
    pub(super) fn step(&mut self, step: &said::Step, segment: String, scope: &mut Scope) -> Done {
        let when = step.when.as_ref().map(|said| self.condition(said, scope));
        let mut inner = scope.clone();
        if let Some(Some(when)) = &when {
            inner.assume(when.shows(true));
        }
        inner.doubtful |= matches!(when, Some(None));
        Self::hide_itself(step, scope, &mut inner);
        let made = self.word(step, &mut inner);
        let once = self.once(step, &mut inner);
        let reference = self.optional(step.reference.as_ref(), &Expected::Key, &mut inner);
        let undo = step
            .undo
            .as_ref()
            .map(|undo| self.undo(step, undo, (made.shape.as_ref(), &made.marks), &inner));
        let on_rejected = self.handler(step.on_rejected.as_ref(), step, made.shape.as_ref(), &inner);
        let on_refused = self.handler(step.on_refused.as_ref(), step, made.shape.as_ref(), &inner);
        let on_failure = self.handler(step.on_failure.as_ref(), step, made.shape.as_ref(), &inner);
        let on_timeout = self.handler(step.on_timeout.as_ref(), step, made.shape.as_ref(), &inner);
        let retry = self.retry(step.retry.as_ref());
        let conditional = step.when.is_some();
        let shape = made.shape.map(|s| if conditional { s.optional() } else { s });
        let handlers = [&on_rejected, &on_refused, &on_failure, &on_timeout];
        let marks = with_handlers(made.marks, handlers);
        self.add_output(step, shape.as_ref(), marks.clone(), scope);
        scope.doubtful |= inner.doubtful && made.ends || matches!(step.kind, said::StepKind::Refused);
        if made.ends
            && let Some(Some(when)) = &when
        {
            scope.assume(when.shows(false));
        }
        let ends = (made.ends && !conditional).then(|| step.word.span.clone());
        let planned = made.kind.zip(shape.clone()).and_then(|(kind, shape)| {
            Some(Step {
                segment,
                id: step.id.as_ref().map(|id| id.value.clone()),
                when: settled(when)?,
                kind,
                retry,
                timeout_ms: step.timeout_ms.as_ref().map(|t| t.value),
                once,
                reference,
                undo: settled(undo)?,
                on_rejected: settled(on_rejected)?,
                on_refused: settled(on_refused)?,
                on_failure: settled(on_failure)?,
                on_timeout: settled(on_timeout)?,
                shape,
            })
        });
        Done {
            planned,
            ends,
            shape,
            marks,
        }
    }

    /// What a step gives is not there in the step itself.
    fn hide_itself(step: &said::Step, scope: &mut Scope, inner: &mut Scope) {
        let Some(id) = &step.id else { return };
        if scope.place_of(&id.value).is_none() {
            let help = "use a step before this one".into();
            return inner.hide_step(&id.value, "it is made by this very step".into(), help);
        }
        // The second of two steps with one id, which was reported: a name that is not known may be the one that it had.
        inner.nameless = true;
        scope.nameless = true;
    }

    /// Makes a step's output visible to what follows.
    fn add_output(&mut self, step: &said::Step, shape: Option<&Shape>, marks: Marks, scope: &mut Scope) {
        // Of two steps with one id, which was reported, the first is the one that is meant.
        if let Some(id) = step.id.as_ref().filter(|id| scope.place_of(&id.value).is_none()) {
            match shape {
                Some(shape) => {
                    scope.add_step(&id.value, shape.clone(), marks, id.span.clone());
                    if let said::StepKind::Set(said) = &step.kind {
                        scope.add_units(&format!("steps.{}", id.value), said, shape);
                    }
                    if let said::StepKind::Wait(wait) = &step.kind {
                        scope.add_answers(&id.value, self.answers_of(wait));
                    }
                }
                None => scope.poison(format!("steps.{}", id.value)),
            }
        }
    }

    fn word(&mut self, step: &said::Step, scope: &mut Scope) -> Made {
        match &step.kind {
            said::StepKind::Refused => Made::new(None, None),
            said::StepKind::Call(call) => self.call(step, call, scope),
            said::StepKind::Choose(arms) => self.choose(step, arms, scope),
            said::StepKind::Each(each) => self.each(each, scope),
            said::StepKind::Parallel(branches) => self.parallel(step, branches, scope),
            said::StepKind::Repeat(repeat) => self.repeat(step, repeat, scope),
            said::StepKind::Run(run) => self.run(run, scope),
            said::StepKind::Try(block) => self.group(step, block, scope),
            said::StepKind::Claim(claim) => self.claim(claim, scope),
            said::StepKind::Release { ledger, once } => self.release(ledger, once, scope),
            said::StepKind::Void { reference } => self.void(reference, scope),
            said::StepKind::Wait(wait) => self.wait(wait, scope),
            said::StepKind::WaitEvent(wait) => self.wait_event(wait, scope),
            said::StepKind::Emit(emit) => self.emit(emit, scope),
            said::StepKind::Sleep(millis) => {
                Made::new(Some(StepKind::Sleep { millis: millis.value }), Some(Shape::Nothing))
            }
            said::StepKind::Set(said) => {
                let (template, shape) = self.template(said, None, scope);
                let shape = shape.map(|shape| written(said, shape));
                let marks = template.as_ref().map(crate::Template::marks).unwrap_or_default();
                Made::new(template.map(StepKind::Set), shape).marked(marks)
            }
            said::StepKind::Reply(template) => self.reply(step, template, scope),
            said::StepKind::Stop { reason } => {
                Made::end(self.reason(reason, scope).map(|reason| StepKind::Stop { reason }))
            }
            said::StepKind::Park { reason } => {
                Made::end(self.reason(reason, scope).map(|reason| StepKind::Park { reason }))
            }
            said::StepKind::Fail { reason, class } => Made::end(
                self.reason(reason, scope)
                    .map(|reason| StepKind::Fail { reason, class: *class }),
            ),
        }
    }

    /// A reason is text, and what people see of a run that ended: it is there.
    fn reason(&mut self, said: &manifest::Template, scope: &mut Scope) -> Option<crate::Template> {
        let reason = self.template(said, Some(&Shape::Text), scope).0?;
        self.written(&reason);
        Some(reason)
    }

    fn reply(&mut self, step: &said::Step, template: &manifest::Template, scope: &mut Scope) -> Made {
        let waits = |kind: &said::TriggerKind| matches!(kind, said::TriggerKind::Http { replied: true, .. });
        if !self.said.triggers.iter().any(|t| waits(&t.kind)) {
            self.report(
                Diagnostic::error(
                    codes::NOBODY_WAITS,
                    step.word.span.clone(),
                    "nobody waits for this reply",
                )
                .warning()
                .help("write `reply: replied` at a trigger over HTTP, or take the step away"),
            );
        }
        let (template, _) = self.template(template, None, scope);
        self.replied(template.as_ref());
        Made::new(template.map(StepKind::Reply), Some(Shape::Nothing))
    }
}

/// What of a step's output is personal or secret: what its word gives, or a handler in its place.
fn with_handlers(made: Marks, handlers: [&Option<Option<crate::Block>>; 4]) -> Marks {
    let yielded = handlers.into_iter().flatten().flatten();
    let values = yielded.filter_map(|block| block.value.as_ref());
    values.fold(made, |all, value| all.with(&value.marks()))
}

/// What may be left out: right where it was left out, or is right.
fn settled<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(Some(part)) => Some(Some(part)),
        Some(None) => None,
    }
}
