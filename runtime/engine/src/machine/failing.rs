//! What happens after a failure: handlers, or the end of the run.

use dragoman_journal::{Operation, Settled};
use dragoman_model::{Effect, Failure, Usage, Value};
use dragoman_plan::{Block, Step, StepKind};

use super::progress::Progress;
use super::repeat;
use super::state::is_rejection;
use super::walk::{Ended, Flow, How, Walk};

/// The code of a wait that nobody answered.
pub(super) const TIMEOUT: &str = "wait.timeout";

impl<'a> Walk<'a> {
    /// The step fails for good, without effect, before or without a call.
    pub(super) fn fail(&mut self, step: &'a Step, failure: Failure) -> Flow {
        self.note_failure(&failure, true, Usage::default());
        self.settle(Settled::Failed);
        self.handle(step)
    }

    /// Writes down that the step failed with what a step below it did not handle: that step goes on where a person lets
    /// this one go on.
    pub(super) fn note_caught(&mut self, failure: &Failure, cause: &str) {
        self.note_failure_of(failure, Some(cause), 1, true, Usage::default());
    }

    /// Writes a failed attempt down.
    pub(super) fn note_failure(&mut self, failure: &Failure, last: bool, usage: Usage) {
        let attempt = self.progress().map_or(1, |p| p.attempt.max(1));
        self.note_attempt_failure(failure, attempt, last, usage);
    }

    /// Tells the store how what the step opened has ended.
    pub(super) fn settle(&mut self, state: Settled) {
        let Some(progress) = self.progress() else { return };
        if let Some(settle) = settlement(&self.path, progress, state) {
            self.desk.operations.push(settle);
        }
    }

    /// After a step has failed for good: its handler, or the end.
    pub(super) fn handle(&mut self, step: &'a Step) -> Flow {
        let Some(failed) = self.progress().and_then(|p| p.failure.as_ref()) else {
            return Flow::Done;
        };
        let failure = failed.failure.clone();
        if failure.effect != Effect::None {
            return self.park_for_person(&failure);
        }
        let found = if self.undoing { None } else { handler(step, &failure) };
        let Some((segment, block)) = found else {
            return Flow::Ended(Box::new(Ended {
                how: How::Unhandled,
                code: failure.code.clone(),
                reason: failure.message.clone(),
                path: self.path.clone(),
                failure: Some(failure),
            }));
        };
        self.failures
            .push(serde_json::to_value(&failure).unwrap_or(Value::Null));
        let flow = self.handler(step, segment, block);
        self.failures.pop();
        flow
    }

    fn handler(&mut self, step: &'a Step, segment: &str, block: &'a Block) -> Flow {
        let flow = self.block_at(segment, block);
        if !matches!(flow, Flow::Done) {
            return flow;
        }
        match self.value_at(segment, block) {
            Ok(evaluated) => self.computed(evaluated, "handler"),
            // The handler itself cannot give its value: nothing is left to handle that.
            Err(failure) => Flow::Ended(Box::new(Ended {
                how: How::Unhandled,
                code: failure.code.clone(),
                reason: format!(
                    "the handler of `{}` cannot give its value: {}",
                    step.segment, failure.message
                ),
                path: self.path.clone(),
                failure: Some(failure),
            })),
        }
    }

    /// The effect of the step is not known, or known and of no use, and nobody can be asked but a person.
    pub(super) fn park_for_person(&self, failure: &Failure) -> Flow {
        let known = match failure.effect {
            Effect::Applied => "it took effect, but its answer is of no use",
            _ => "it is not known whether it took effect",
        };
        Flow::Ended(Box::new(Ended {
            how: How::Park,
            code: failure.code.clone(),
            reason: format!("`{}` needs a person: {known} ({})", self.path, failure.message),
            path: self.path.clone(),
            failure: Some(failure.clone()),
        }))
    }
}

/// What the store is told of how a step that has opened something there has ended; none: nothing.
pub(super) fn settlement(path: &str, progress: &Progress, state: Settled) -> Option<Operation> {
    let request = progress.request.as_ref()?;
    if request.once.is_none() && request.reference.is_none() {
        return None;
    }
    let state = match (&progress.before, state) {
        (None, state) | (Some(_), state @ (Settled::Done(_) | Settled::Undone)) => state,
        // What it did before a replay stands, whatever has become of it now; its business key was never opened again.
        (Some(_), _) if request.once.is_some() => return None,
        (Some(before), _) => Settled::Done(before.output.clone().unwrap_or_else(|| Value::Null.into())),
    };
    Some(Operation::Settle {
        once: request.once.clone(),
        reference: request.reference.clone(),
        path: path.to_owned(),
        state,
    })
}

/// The handler of a step for a failure.
pub(super) fn handler<'a>(step: &'a Step, failure: &Failure) -> Option<(&'static str, &'a Block)> {
    let on_failure = step.on_failure.as_ref().map(|block| ("on_failure", block));
    match step.kind {
        StepKind::Wait(_) | StepKind::WaitEvent(_) if failure.code == TIMEOUT => step
            .on_timeout
            .as_ref()
            .map(|block| ("on_timeout", block))
            .or(on_failure),
        StepKind::Repeat(_) if matches!(failure.code.as_str(), repeat::TIMEOUT | repeat::ROUNDS) => step
            .on_timeout
            .as_ref()
            .map(|block| ("on_timeout", block))
            .or(on_failure),
        StepKind::Claim(_) if is_rejection(failure) => step
            .on_refused
            .as_ref()
            .map(|block| ("on_refused", block))
            .or(on_failure),
        _ if is_rejection(failure) => step
            .on_rejected
            .as_ref()
            .map(|block| ("on_rejected", block))
            .or(on_failure),
        _ => on_failure,
    }
}
