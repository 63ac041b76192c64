//! The runner as the engine has it: it also says what is paused.

use std::sync::Arc;

use dragoman_engine::{Boxed, Call, Paused, Probed, Report, StepRunner};
use dragoman_model::{Digest, Failure, Timestamp, Usage};

use super::Known;

/// A runner, and what is paused.
pub(crate) struct Held {
    pub(crate) runner: Arc<dyn StepRunner>,
    pub(crate) known: Arc<Known>,
}

impl StepRunner for Held {
    fn call(&self, call: Call) -> Boxed<'_, Report> {
        self.runner.call(call)
    }

    fn probe(&self, call: Call, first_sent_at: Timestamp) -> Boxed<'_, (Result<Probed, Failure>, Usage)> {
        self.runner.probe(call, first_sent_at)
    }

    fn settings(&self, connection: &str) -> Option<Digest> {
        self.runner.settings(connection)
    }

    fn observes(&self, connection: &str) -> bool {
        self.runner.observes(connection)
    }

    fn paused(&self, pipeline: &str, connection: &str) -> Option<Paused> {
        self.known.holds(pipeline, connection)
    }
}
