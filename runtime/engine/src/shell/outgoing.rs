//! From what the machine wants sent to a call of the runner.

use std::sync::Arc;
use std::time::Duration;

use dragoman_model::{Digest, RunId, Timestamp};

use super::Shell;
use super::lease::Held;
use crate::machine::{Connections, Event, Outgoing, Paused, Request};
use crate::runner::{Boxed, Call, StepRunner};

/// The connections as the runner has them now.
pub(super) struct Live<'a>(pub(super) &'a dyn StepRunner);

impl Connections for Live<'_> {
    fn settings(&self, connection: &str) -> Option<Digest> {
        self.0.settings(connection)
    }

    fn observes(&self, connection: &str) -> bool {
        self.0.observes(connection)
    }

    fn paused(&self, pipeline: &str, connection: &str) -> Option<Paused> {
        self.0.paused(pipeline, connection)
    }
}

impl Shell {
    /// Makes a request; the answer comes back as an event of the run.
    pub(super) fn request(
        self: &Arc<Self>,
        run: RunId,
        pipeline: &str,
        held: &Held,
        request: Request,
    ) -> Boxed<'static, Event> {
        let shell = Arc::clone(self);
        match request {
            Request::Call(outgoing) => {
                let path = outgoing.path.clone();
                let call = self.call(run, pipeline, held, *outgoing);
                Box::pin(async move {
                    let report = Box::new(shell.runner.call(call).await);
                    Event::Called { path, report }
                })
            }
            Request::Probe { call, first_sent_at } => {
                let path = call.path.clone();
                let call = self.call(run, pipeline, held, *call);
                Box::pin(async move { shell.ask(path, call, first_sent_at).await })
            }
            Request::Children { path, all } => Box::pin(async move { shell.find_children(run, path, all).await }),
            Request::Event {
                path,
                name,
                key,
                since,
                after,
            } => {
                // Before the store is asked: what comes after its answer wakes the run.
                shell.wakes.await_event(&name, &key, run);
                Box::pin(async move { shell.find_event(path, name, key, since, after).await })
            }
            Request::Effects { path, reference } => {
                Box::pin(async move { shell.find_effects(run, path, reference).await })
            }
        }
    }

    async fn ask(&self, path: String, call: Call, first_sent_at: Timestamp) -> Event {
        let (result, usage) = self.runner.probe(call, first_sent_at).await;
        Event::Probed {
            path,
            result: Box::new(result),
            usage,
        }
    }

    fn call(&self, run: RunId, pipeline: &str, held: &Held, outgoing: Outgoing) -> Call {
        Call {
            plugin: outgoing.plugin,
            connection: outgoing.connection,
            operation: outgoing.operation,
            input: outgoing.input,
            documents: outgoing.documents,
            unstored: Vec::new(),
            run,
            pipeline: pipeline.to_owned(),
            step: outgoing.path,
            attempt: outgoing.attempt,
            key: outgoing.key,
            deadline: Duration::from_millis(outgoing.timeout_ms.unwrap_or(self.limits.call_ms)),
            fence: Some(held.fence(self.clock.as_ref())),
            dry_run: outgoing.dry_run,
            traceparent: traceparent(run),
        }
    }
}

/// W3C trace context of a run: its id is the trace's.
pub(super) fn traceparent(run: RunId) -> String {
    let trace = run.0.simple();
    let span = &Digest::of(run.0.as_bytes()).hex()[..16];
    format!("00-{trace}-{span}-01")
}
