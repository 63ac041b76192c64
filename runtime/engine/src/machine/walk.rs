//! The walk: from the root of the plan over everything that is settled to the frontier, and there one step further.

use std::collections::HashMap;
use std::sync::Arc;

use dragoman_journal::{Begin, Draft, Operation, Record, Standing, TimerPurpose, Versions};
use dragoman_model::{Actor, Digest, Failure, Part, Timestamp, Value};
use dragoman_plan::{Block, Plan, Step, StepKind, Template};

use super::event::Request;
use super::progress::{End, Progress};
use super::scope::{Evaluated, Memo, Names, Round};
use super::state::State;
use super::{Connections, Live};

/// Entries that are certain and wait for the next commit.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) entries: Vec<Draft>,
    pub(super) operations: Vec<Operation>,
    /// They must not wait for long: an effect is known by them alone.
    pub(super) urgent: bool,
}

/// What must be durable, and may be refused, before the step at a path goes on. One at a time.
#[derive(Debug)]
pub(super) struct Tail {
    pub(super) path: String,
    pub(super) entries: Vec<Draft>,
    pub(super) operations: Vec<Operation>,
    pub(super) begins: Vec<Begin>,
    /// How the run stands with it if nothing else is under way.
    pub(super) standing: Option<Standing>,
}

/// What a pending step waits for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    /// At the latest until then.
    pub(super) at: Option<Timestamp>,
    /// For a person or another run, and not only for time to pass.
    pub(super) waits: bool,
}

/// How a run stands that has nothing under way; none: it has.
pub(super) fn standing(dues: &[Due]) -> Option<Standing> {
    let first = dues.iter().filter_map(|due| due.at).min();
    if dues.iter().any(|due| due.waits) {
        return Some(Standing::Waiting(first));
    }
    first.map(Standing::Sleeping)
}

/// How far a step or a block has come.
#[derive(Debug)]
pub(super) enum Flow {
    /// It is settled; what follows may go on.
    Done,
    /// It was not begun, because the run is about to end.
    Held,
    /// It is under way.
    Pending,
    /// The run ends with it.
    Ended(Box<Ended>),
}

/// How a run ends before its last step.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) how: How,
    pub(super) code: String,
    pub(super) reason: String,
    /// The step.
    pub(super) path: String,
    pub(super) failure: Option<Failure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Stop,
    /// A `fail` step: meant so.
    Fail,
    /// A failure that nothing handled.
    Unhandled,
    Park,
}

/// One pass over the plan.
pub(super) struct Walk<'a> {
    pub(super) plan: &'a Plan,
    pub(super) state: &'a mut State,
    pub(super) memo: &'a mut Memo,
    pub(super) live: &'a mut HashMap<String, Live>,
    pub(super) desk: &'a mut Desk,
    pub(super) connections: &'a dyn Connections,
    pub(super) now: Timestamp,
    pub(super) actor: &'a Actor,
    /// The path of the step under the walk's foot.
    pub(super) path: String,
    /// Lengths of the path's beginnings that are open blocks.
    pub(super) frames: Vec<usize>,
    /// What failed, for the handlers that are open.
    pub(super) failures: Vec<Value>,
    /// The rounds of `repeat` steps that are open, outermost first.
    pub(super) rounds: Vec<Round>,
    /// A sibling has ended the run: what is open is brought to an end, nothing is begun.
    pub(super) draining: bool,
    /// How the run stands in the store.
    pub(super) stored: Standing,
    /// What waits for others looks again.
    pub(super) woken: bool,
    /// The run is being undone.
    pub(super) undoing: bool,
    pub(super) tail: Option<Tail>,
    /// A step could not place its tail, because another did.
    pub(super) more: bool,
    pub(super) requests: Vec<Request>,
    pub(super) dues: Vec<Due>,
}

impl<'a> Walk<'a> {
    /// Walks the steps of a block below a prefix of the path.
    pub(super) fn block(&mut self, block: &'a Block) -> Flow {
        let length = self.path.len();
        self.frames.push(length);
        let mut flow = Flow::Done;
        for step in &block.steps {
            self.path.push_str(&step.segment);
            flow = self.step(step);
            self.path.truncate(length);
            if !matches!(flow, Flow::Done) {
                break;
            }
        }
        self.frames.pop();
        flow
    }

    /// Walks a block at a segment below the step.
    pub(super) fn block_at(&mut self, segment: &str, block: &'a Block) -> Flow {
        let length = self.path.len();
        self.path.push('.');
        self.path.push_str(segment);
        self.path.push('.');
        let flow = self.block(block);
        self.path.truncate(length);
        flow
    }

    /// The value of a block at a segment below the step.
    pub(super) fn value_at(&mut self, segment: &str, block: &'a Block) -> Result<Evaluated, Failure> {
        let Some(value) = &block.value else {
            return Ok(Evaluated::Value(None));
        };
        let length = self.path.len();
        self.path.push('.');
        self.path.push_str(segment);
        self.path.push('.');
        self.frames.push(self.path.len());
        let result = self.template(value);
        self.frames.pop();
        self.path.truncate(length);
        result
    }

    fn step(&mut self, step: &'a Step) -> Flow {
        match self.ended(&self.path) {
            Some(End::Failed) => return self.handle(step),
            Some(_) => return Flow::Done,
            None => {}
        }
        let fresh = self.progress().is_none_or(|p| p.aside) && !self.live.contains_key(&self.path);
        if fresh && !self.memo.entered.contains(&self.path) {
            // What a process that is gone began inside it is brought to an end all the same.
            if self.draining && !self.state.has_begun_below(&self.path) {
                return Flow::Held;
            }
            match self.condition(step) {
                Ok(true) => {}
                Ok(false) => return Flow::Done,
                Err(failure) => return self.fail(step, failure),
            }
        }
        self.act(step)
    }

    /// How the step at a path ended, written or computed.
    pub(super) fn ended(&self, path: &str) -> Option<&End> {
        if let Some(end) = self.memo.ends.get(path) {
            return Some(end);
        }
        self.state.step(path).and_then(|progress| progress.end.as_ref())
    }

    /// Whether the step is taken; if not, its end is remembered.
    fn condition(&mut self, step: &'a Step) -> Result<bool, Failure> {
        if let Some(when) = &step.when {
            match self.evaluate(when)? {
                Evaluated::Observed => {
                    self.observe("condition", Value::Null);
                    return Ok(false);
                }
                Evaluated::Value(Some(Value::Bool(true))) => {}
                Evaluated::Value(_) => {
                    self.memo.ends.insert(self.path.clone(), End::Done(None));
                    return Ok(false);
                }
            }
        }
        self.memo.entered.insert(self.path.clone());
        Ok(true)
    }

    fn act(&mut self, step: &'a Step) -> Flow {
        match &step.kind {
            StepKind::Call(call) => self.call(step, call),
            StepKind::Choose(arms) => self.choose(step, arms),
            StepKind::Each(each) => self.each(step, each),
            StepKind::Parallel(branches) => self.parallel(step, branches),
            StepKind::Repeat(repeat) => self.repeat(step, repeat),
            StepKind::Try(block) => self.group(step, block),
            StepKind::Run(run) => self.run_pipeline(step, run),
            StepKind::Claim(claim) => self.claim(step, claim),
            StepKind::Release { ledger, once } => self.release(step, ledger, once),
            StepKind::Void { reference } => self.void(step, reference),
            StepKind::Wait(wait) => self.wait(step, wait),
            StepKind::WaitEvent(wait) => self.wait_event(step, wait),
            StepKind::Emit(emit) => self.emit(step, emit),
            StepKind::Sleep { millis } => self.sleep(*millis),
            StepKind::Set(value) => self.set(step, value),
            StepKind::Reply(value) => self.reply(step, value),
            StepKind::Stop { reason } => self.end_step(step, How::Stop, reason, dragoman_model::Class::Permanent),
            StepKind::Park { reason } => self.end_step(step, How::Park, reason, dragoman_model::Class::Permanent),
            StepKind::Fail { reason, class } => self.end_step(step, How::Fail, reason, *class),
        }
    }

    fn sleep(&mut self, millis: u64) -> Flow {
        let due = match self.progress().and_then(|p| p.timer.as_ref()) {
            Some(timer) => timer.due,
            None => {
                let due = self.now.plus_millis(i64::try_from(millis).unwrap_or(i64::MAX));
                self.note(
                    Record::Timer {
                        due,
                        purpose: TimerPurpose::Sleep,
                        attempt: 1,
                    },
                    None,
                    None,
                );
                due
            }
        };
        if due <= self.now {
            return Flow::Done;
        }
        self.until(due, false)
    }

    fn set(&mut self, step: &'a Step, value: &'a Template) -> Flow {
        match self.template(value) {
            Ok(evaluated) => self.computed(evaluated, "set"),
            Err(failure) => self.fail(step, failure),
        }
    }

    fn reply(&mut self, step: &'a Step, value: &'a Template) -> Flow {
        match self.template(value) {
            Err(failure) => self.fail(step, failure),
            Ok(Evaluated::Observed) => self.observe("reply", Value::Null),
            Ok(Evaluated::Value(value)) => {
                let value = value.unwrap_or(Value::Null);
                if self.observing() {
                    return self.observe("reply", value);
                }
                self.desk.urgent = true;
                self.note(
                    Record::Event { name: "replied".into() },
                    Some(serde_json::json!({ "value": value })),
                    None,
                );
                Flow::Done
            }
        }
    }

    /// The end of a step that writes nothing.
    pub(super) fn computed(&mut self, evaluated: Evaluated, what: &str) -> Flow {
        match evaluated {
            Evaluated::Observed => self.observe(what, Value::Null),
            Evaluated::Value(value) => {
                self.memo
                    .ends
                    .insert(self.path.clone(), End::Done(value.map(Part::from)));
                Flow::Done
            }
        }
    }

    /// The step waits until a time; not where the run is about to end and nothing of the step is uncertain.
    pub(super) fn until(&mut self, due: Timestamp, waits: bool) -> Flow {
        if self.draining && !self.progress().is_some_and(Progress::is_uncertain) {
            return Flow::Held;
        }
        self.dues.push(Due { at: Some(due), waits });
        Flow::Pending
    }

    /// How the step under the walk's foot stands.
    pub(super) fn progress(&self) -> Option<&Progress> {
        self.state.step(&self.path)
    }

    /// Evaluates an expression with the names of this place.
    pub(super) fn evaluate(&self, expression: &dragoman_expression::Expression) -> Result<Evaluated, Failure> {
        self.names().expression(expression)
    }

    /// Evaluates a template with the names of this place.
    pub(super) fn template(&self, template: &Template) -> Result<Evaluated, Failure> {
        self.names().template(template)
    }

    pub(super) fn names(&self) -> Names<'_> {
        Names::new(self.state, self.memo, &self.path, &self.frames, self.failures.last()).in_rounds(&self.rounds)
    }

    /// An entry of this run at the path of the step; its number is given when it is written or applied.
    pub(super) fn draft(&self, record: Record, body: Option<Value>, plugin: Option<(Digest, &str)>) -> Draft {
        let version = self
            .state
            .origin
            .as_ref()
            .map_or(self.plan.version, |origin| origin.version);
        Draft {
            run: self.state.run,
            seq: self.state.next,
            at: self.now,
            actor: self.actor.clone(),
            path: self.path.clone(),
            versions: Versions {
                pipeline: version,
                plugin: plugin.map(|(digest, _)| digest),
                settings: plugin.and_then(|(_, connection)| self.connections.settings(connection)),
            },
            record,
            headers: Vec::new(),
            body: body.map(Arc::new),
        }
    }

    /// Writes down what is certain; it is applied at once and goes with the next commit.
    pub(super) fn note(&mut self, record: Record, body: Option<Value>, plugin: Option<(Digest, &str)>) {
        let draft = self.draft(record, body, plugin);
        self.note_draft(draft);
    }

    /// As [`Walk::note`], for an entry with headers or another actor.
    pub(super) fn note_draft(&mut self, draft: Draft) {
        self.state.apply_draft(&draft);
        self.desk.entries.push(draft);
    }

    /// Asks for a commit that this step depends on. Where another step has asked in this turn, this one comes next.
    pub(super) fn place(&mut self, tail: Tail) -> Flow {
        if self.tail.is_some() {
            self.more = true;
        } else {
            self.tail = Some(tail);
        }
        Flow::Pending
    }
}
