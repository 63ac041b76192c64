//! How a run ends: completed, stopped, failed, parked; and what an operator does to one that is parked.

use dragoman_journal::{Ending, Operation, Record, Settled};
use dragoman_model::{Actor, Class, Failure, Value, object};
use dragoman_plan::{Block, OnFailure, Step, StepKind, Template};
use serde_json::{Map, json};

use super::event::Act;
use super::failing::settlement;
use super::locate::{block_of, handled_step, step_at};
use super::progress::End;
use super::scope::{Evaluated, Memo};
use super::state::is_below;
use super::walk::{Ended, Flow, How, Walk};
use super::{Live, Operated};

impl<'a> Walk<'a> {
    /// Walks the run from its root, and ends it where the walk comes to an end.
    pub(super) fn run(&mut self) {
        if self.state.closed.is_some() || self.state.parked.is_some() || self.state.origin.is_none() {
            return;
        }
        let parent = self.state.origin.as_ref().and_then(|origin| origin.of_item().cloned());
        let plan = self.plan;
        let block = match &parent {
            None => Some(&plan.steps),
            Some(parent) => {
                self.path = format!("{}[{}].", parent.path, parent.index);
                block_of(plan, &parent.path)
            }
        };
        let Some(block) = block else {
            let reason = "the step that began this run is not in its pipeline";
            return self.park("engine.no_step", reason, None);
        };
        if let Some(reason) = self.state.undo.clone() {
            return self.undo_all(&reason);
        }
        let given_up = self.state.given_up.clone();
        self.draining = given_up.is_some();
        match (self.block(block), given_up) {
            (Flow::Done, _) => self.complete(block, parent.is_some()),
            (Flow::Held, Some(reason)) => self.give_up(&reason),
            // What may have taken effect and nobody can be asked about needs a person all the same; an undo that has begun
            // is brought to its end.
            (Flow::Ended(ended), Some(reason)) if ended.how != How::Park && !self.has_begun_undo() => {
                self.give_up(&reason);
            }
            (Flow::Pending, Some(_)) => {}
            (Flow::Held | Flow::Pending, None) => self.watch_deadline(),
            (Flow::Ended(ended), _) => self.end(*ended),
        }
    }

    /// A person has all of it undone.
    fn undo_all(&mut self, reason: &str) {
        match self.undo() {
            Flow::Done => self.close(Ending::Cancelled, json!({ "code": "undone", "reason": reason })),
            Flow::Held | Flow::Pending => {}
            Flow::Ended(stuck) => self.park_at(*stuck),
        }
    }

    fn has_begun_undo(&self) -> bool {
        self.state.has_begun_undo()
    }

    /// The end of a run that a person has given up.
    fn give_up(&mut self, reason: &str) {
        self.path.clear();
        self.release_unused();
        self.close(Ending::Cancelled, json!({ "reason": reason }));
    }

    /// An unparked run is given up: nothing more of it begins, and what it began is brought to certainty.
    fn cancel(&mut self, actor: Actor, reason: &str) {
        self.path.clear();
        self.note_act(&Act::Cancel, actor, reason, json!({}));
        self.desk.urgent = true;
    }

    /// Writes down what a person does to the run; `more`: what else the entry says.
    pub(super) fn note_act(&mut self, act: &Act, actor: Actor, reason: &str, more: Value) {
        let record = Record::Operated { act: act.name().into() };
        let mut body = json!({ "reason": reason });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        let mut draft = self.draft(record, Some(body), None);
        draft.actor = actor;
        self.note_draft(draft);
    }

    /// A `stop`, `park` or `fail` step.
    pub(super) fn end_step(&mut self, step: &'a Step, how: How, reason: &'a Template, class: Class) -> Flow {
        let reason = match self.template(reason) {
            Err(failure) => return self.fail(step, failure),
            Ok(Evaluated::Observed) => String::new(),
            Ok(Evaluated::Value(Some(Value::String(text)))) => text,
            Ok(Evaluated::Value(value)) => value.map(|value| value.to_string()).unwrap_or_default(),
        };
        let code = match how {
            How::Stop => "stop",
            How::Park => "park",
            How::Fail | How::Unhandled => "fail",
        };
        let failure = match how {
            How::Fail => Some(Failure::new(class, "fail", reason.clone())),
            // A handler that parks keeps what it handles: the person who repairs must see it.
            How::Park => self
                .failures
                .last()
                .and_then(|value| serde_json::from_value(value.clone()).ok()),
            How::Stop | How::Unhandled => None,
        };
        let path = self.path.clone();
        Flow::Ended(Box::new(Ended {
            how,
            code: code.into(),
            reason,
            path,
            failure,
        }))
    }

    /// All steps are settled.
    fn complete(&mut self, block: &'a Block, child: bool) {
        self.frames.push(self.path.len());
        let output = match (child, &block.value, &self.plan.output) {
            (true, Some(value), _) | (false, _, Some(value)) => self.template(value),
            (true, None, _) => Ok(Evaluated::Value(Some(self.outputs(block)))),
            (false, _, None) => Ok(Evaluated::Value(None)),
        };
        self.frames.pop();
        match output {
            Ok(Evaluated::Value(output)) => {
                self.come_to(Ending::Completed, object([("output", output.unwrap_or(Value::Null))]));
            }
            Ok(Evaluated::Observed) => self.come_to(Ending::Completed, json!({ "output": null })),
            Err(failure) => self.end(Ended {
                how: How::Unhandled,
                code: failure.code.clone(),
                reason: format!("the output of the run cannot be given: {}", failure.message),
                path: String::new(),
                failure: Some(failure),
            }),
        }
    }

    /// The outputs of a block's steps by id.
    fn outputs(&self, block: &Block) -> Value {
        let output = |step: &Step| {
            let id = step.id.clone()?;
            match self.ended(&format!("{}{id}", self.path))? {
                End::Done(Some(value)) => Some((id, Value::clone(value))),
                _ => None,
            }
        };
        json!({ "steps": block.steps.iter().filter_map(output).collect::<Map<String, Value>>() })
    }

    fn end(&mut self, ended: Ended) {
        match ended.how {
            How::Stop => self.come_to(Ending::Stopped, json!({ "code": ended.code, "reason": ended.reason })),
            How::Park => self.park_at(ended),
            How::Fail => self.fail_run(ended),
            How::Unhandled => match self.plan.on_failure {
                // A no without any effect is an outcome that needs no repair.
                OnFailure::Park
                    if ended.failure.as_ref().is_some_and(super::state::is_rejection) && !self.state.has_effects() =>
                {
                    self.fail_run(ended);
                }
                OnFailure::Park => self.park_at(ended),
                OnFailure::Undo | OnFailure::Fail => self.fail_run(ended),
            },
        }
    }

    /// The run fails; before, what it did is undone where the pipeline says so.
    fn fail_run(&mut self, ended: Ended) {
        if self.plan.on_failure == OnFailure::Undo {
            match self.undo() {
                Flow::Done => {}
                Flow::Held | Flow::Pending => return,
                Flow::Ended(stuck) => return self.park_at(*stuck),
            }
        }
        let body = json!({ "code": ended.code, "reason": ended.reason, "path": ended.path, "failure": ended.failure });
        self.come_to(Ending::Failed, body);
    }

    fn park_at(&mut self, ended: Ended) {
        self.path = ended.path;
        self.park(&ended.code, &ended.reason, ended.failure);
    }

    pub(super) fn park(&mut self, code: &str, reason: &str, failure: Option<Failure>) {
        let body = json!({ "reason": reason, "failure": failure });
        self.note(Record::Parked { code: code.to_owned() }, Some(body), None);
    }

    /// Ends the run, unless it did something before a replay that is not on the way that it has taken since: whether that
    /// is right, a person says.
    fn come_to(&mut self, ending: Ending, body: Value) {
        let Some(path) = self.state.left_behind().map(str::to_owned) else {
            return self.close(ending, body);
        };
        let reason = format!(
            "`{path}` took effect before the replay, and the way that the run has taken since does not come to it again; \
             undo what the run did, or skip the step to let its effect stand"
        );
        self.path = path;
        self.park("replay.left", &reason, None);
    }

    /// Ends the run; what it has open in the store without effect is given back.
    fn close(&mut self, ending: Ending, body: Value) {
        self.give_up_open("");
        self.path.clear();
        self.note(Record::Closed { ending }, Some(body), None);
    }

    /// Gives back what the steps below a path have open in the store without effect; the empty path has all below it.
    pub(super) fn give_up_open(&mut self, above: &str) {
        let mut operations = Vec::new();
        for (path, progress) in self.state.steps().filter(|(path, _)| is_below(path, above)) {
            if let Some(wait) = &progress.wait {
                operations.push(Operation::WaitEnd { wait: wait.id.clone() });
            }
            if progress.end.is_none() {
                let unknown = progress.is_uncertain();
                let state = if unknown { Settled::Parked } else { Settled::Failed };
                operations.extend(settlement(path, progress, state));
            }
        }
        self.desk.operations.extend(operations);
    }

    /// What comes from outside the run's own steps.
    pub(super) fn operate(&mut self, operated: Operated) {
        if self.state.closed.is_some() {
            return;
        }
        match operated {
            Operated::Voided { reference, by } => self.void_run(&reference, &by.to_string()),
            Operated::Act { act, actor, reason } => self.operator_acts(act, actor, &reason),
        }
    }

    /// A reference of this run was closed. A parked run without unknown effects has nothing more to do.
    fn void_run(&mut self, reference: &str, by: &str) {
        if self.state.voided.contains_key(reference) {
            return;
        }
        self.note_voided(reference, by);
        self.desk.urgent = true;
        let unknown = self.state.steps().any(|(_, progress)| progress.is_uncertain());
        if self.state.parked.is_some() && !unknown {
            let reason = format!("reference `{reference}` was voided by run {by}");
            self.close(Ending::Stopped, json!({ "code": "voided", "reason": reason }));
        }
    }

    fn operator_acts(&mut self, act: Act, actor: Actor, reason: &str) {
        let Some(parking) = self.state.parked.clone() else {
            if act == Act::Cancel {
                self.cancel(actor, reason);
            }
            return;
        };
        let path = handled_step(&parking.path).to_owned();
        // A `park` step that stands alone is passed; one in a handler gives the handled step another chance.
        let park_step = step_at(self.plan, &parking.path).is_some_and(|s| matches!(s.kind, StepKind::Park { .. }));
        let act = match act {
            Act::Resume if park_step && path == parking.path => Act::Skip,
            act => act,
        };
        if let Act::Replay { from, new_key } = &act {
            return self.replay(from.as_deref(), *new_key, actor, reason);
        }
        self.path = path;
        let settled = match &act {
            Act::Skip => Some(Value::Null),
            Act::Pass { output } => Some(output.clone().unwrap_or(Value::Null)),
            _ => None,
        };
        // What it did before a replay, and what the store has of that, stays.
        let done = settled.filter(|_| self.progress().is_none_or(|step| step.before.is_none()));
        let more = match &act {
            Act::Pass { output: Some(output) } => json!({ "output": output }),
            _ => json!({}),
        };
        self.note_act(&act, actor, reason, more);
        if let Some(output) = done {
            self.settle(Settled::Done(output.into()));
        }
        self.after_act();
        if act == Act::Cancel {
            self.give_up(reason);
        }
    }

    /// What an operator did is durable soon, and what was computed before says nothing any more.
    pub(super) fn after_act(&mut self) {
        self.desk.urgent = true;
        *self.memo = Memo::default();
        self.live
            .retain(|_, live| matches!(live, Live::Away | Live::AwayAgain | Live::Answered { .. }));
        self.path.clear();
    }
}
