//! Observe mode: what would have been done is written down, and nothing is made up to go on with.

use dragoman_journal::Record;
use dragoman_model::Value;
use dragoman_plan::Step;

use super::walk::{Flow, Walk};

impl<'a> Walk<'a> {
    /// Whether effects are only written down in this run.
    pub(super) fn observing(&self) -> bool {
        self.plan.observe || self.state.origin.as_ref().is_some_and(|origin| origin.observe)
    }

    /// Writes down what would have been done. Steps that need the output of this one are observed too.
    pub(super) fn observe(&mut self, what: &str, would: Value) -> Flow {
        let body = (!would.is_null()).then_some(would);
        self.note(Record::Observed { what: what.into() }, body, None);
        Flow::Done
    }

    /// An expression of a step needs what was only observed.
    pub(super) fn observe_step(&mut self, _step: &'a Step, what: &str) -> Flow {
        self.observe(what, Value::Null)
    }
}
