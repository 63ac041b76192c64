//! `try`: what its steps did not handle, it handles; and what a group of steps gives to those outside.

use dragoman_model::{Effect, Failure, Value};
use dragoman_plan::{Block, Step};
use serde_json::Map;

use super::failing::handler;
use super::progress::{End, Progress};
use super::scope::Evaluated;
use super::state::is_below;
use super::walk::{Ended, Flow, How, Walk};

/// The segment under which the steps of a `try` walk.
pub(super) const BODY: &str = "steps";

impl<'a> Walk<'a> {
    /// A `try` step.
    pub(super) fn group(&mut self, step: &'a Step, block: &'a Block) -> Flow {
        let flow = match self.block_at(BODY, block) {
            Flow::Done => self.gives_at(BODY, block),
            Flow::Ended(ended) => return self.catch(step, ended),
            other => return other,
        };
        match flow {
            Ok(Evaluated::Observed) => self.observe_step(step, "try"),
            Ok(evaluated) => self.computed(evaluated, "try"),
            Err(failure) => self.fail(step, failure),
        }
    }

    /// What a block at a segment below the step gives: its value, else the outputs of its steps by id.
    fn gives_at(&mut self, segment: &str, block: &'a Block) -> Result<Evaluated, Failure> {
        if block.value.is_some() {
            return self.value_at(segment, block);
        }
        let below = format!("{}.{segment}.", self.path);
        Ok(self.outputs_by_id(&below, block))
    }

    /// The outputs of a block's own steps by id; `below` is what their paths begin with.
    pub(super) fn outputs_by_id(&self, below: &str, block: &Block) -> Evaluated {
        let mut outputs = Map::new();
        for id in block.steps.iter().filter_map(|step| step.id.as_ref()) {
            match self.ended(&format!("{below}{id}")) {
                // A part that is missing would look like one that is not there.
                Some(End::Observed) => return Evaluated::Observed,
                Some(End::Done(Some(value))) => drop(outputs.insert(id.clone(), Value::clone(value))),
                _ => {}
            }
        }
        Evaluated::Value(Some(Value::Object(outputs)))
    }

    /// A step below the one under the walk's foot has ended the run. A failure that nothing handled is this step's,
    /// where it has a handler for it; what ends the run on purpose ends it from everywhere.
    pub(super) fn catch(&mut self, step: &'a Step, ended: Box<Ended>) -> Flow {
        let unhandled = ended.failure.as_ref().filter(|_| ended.how == How::Unhandled);
        let Some(failure) = unhandled.filter(|failure| failure.effect == Effect::None).cloned() else {
            return Flow::Ended(ended);
        };
        if handler(step, &failure).is_none() {
            return Flow::Ended(ended);
        }
        if let Some(uncertain) = self.uncertain_below() {
            return uncertain;
        }
        self.give_up_open(&self.path.clone());
        self.note_caught(&failure, &ended.path);
        self.handle(step)
    }

    /// A sibling of what failed may have done something: that is a person's, and is not handled away with the failure.
    pub(super) fn uncertain_below(&mut self) -> Option<Flow> {
        let below = |path: &str, progress: &Progress| is_below(path, &self.path) && progress.is_uncertain();
        let steps = self.state.steps().filter(|(path, progress)| below(path, progress));
        let (path, failure) = steps
            .map(|(path, progress)| (path.to_owned(), progress.failure.clone()))
            .min_by(|(one, _), (other, _)| one.cmp(other))?;
        let failure = failure.map_or_else(
            || Failure::permanent("engine.uncertain", "its end was not seen").with_effect(Effect::Unknown),
            |failed| failed.failure,
        );
        let outer = std::mem::replace(&mut self.path, path);
        let parked = self.park_for_person(&failure);
        self.path = outer;
        Some(parked)
    }
}
