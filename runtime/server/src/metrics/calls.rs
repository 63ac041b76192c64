//! The runner as the engine has it: it also counts calls and how long they take.

use std::sync::Arc;
use std::time::Instant;

use dragoman_engine::{Boxed, Call, Paused, Probed, Report, StepRunner};
use dragoman_model::{Digest, Failure, Timestamp, Usage};

use super::Counted;

/// A runner whose calls are counted.
pub(crate) struct Timed {
    pub(crate) runner: Arc<dyn StepRunner>,
    pub(crate) counted: Arc<Counted>,
}

impl StepRunner for Timed {
    fn call(&self, call: Call) -> Boxed<'_, Report> {
        let (connection, operation, began) = (call.connection.clone(), call.operation.clone(), Instant::now());
        Box::pin(async move {
            let report = self.runner.call(call).await;
            self.counted.took(&connection, &operation, began.elapsed());
            self.counted
                .called(&connection, &operation, report.result.as_ref().err(), false);
            report
        })
    }

    fn probe(&self, call: Call, first_sent_at: Timestamp) -> Boxed<'_, (Result<Probed, Failure>, Usage)> {
        let (connection, operation) = (call.connection.clone(), call.operation.clone());
        Box::pin(async move {
            let found = self.runner.probe(call, first_sent_at).await;
            self.counted
                .called(&connection, &operation, found.0.as_ref().err(), true);
            found
        })
    }

    fn settings(&self, connection: &str) -> Option<Digest> {
        self.runner.settings(connection)
    }

    fn observes(&self, connection: &str) -> bool {
        self.runner.observes(connection)
    }

    fn paused(&self, pipeline: &str, connection: &str) -> Option<Paused> {
        self.runner.paused(pipeline, connection)
    }
}
