//! From what the machine wants sent to a call of the runner.

use std::sync::Arc;
use std::time::Duration;

use dragoman_model::{Digest, RunId, Timestamp};

use super::Shell;
use super::lease::Held;
use crate::breaker::Heard;
use crate::machine::{Connections, Event, Outgoing, Paused, Request};
use crate::runner::{Boxed, Call};

/// The connections as the runner has them now.
pub(super) struct Live<'a> {
    pub(super) shell: &'a Shell,
    /// The run that would call, where it is about to; none where it is only foreseen what it would do.
    pub(super) run: Option<RunId>,
}

impl Connections for Live<'_> {
    fn settings(&self, connection: &str) -> Option<Digest> {
        self.shell.runner.settings(connection)
    }

    fn observes(&self, connection: &str) -> bool {
        self.shell.runner.observes(connection)
    }

    fn paused(&self, pipeline: &str, connection: &str) -> Option<Paused> {
        let paused = self.shell.runner.paused(pipeline, connection);
        paused.or_else(|| {
            let since = self.shell.held_by_breaker(self.run?, connection)?;
            Some(Paused::Failing { since })
        })
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
                let (path, connection) = (outgoing.path.clone(), outgoing.connection.clone());
                let call = self.call(run, pipeline, held, *outgoing);
                Box::pin(async move {
                    let report = Box::new(shell.runner.call(call).await);
                    let heard = report.result.as_ref().map_or_else(Heard::of, |_| Heard::Answer);
                    shell.heard_of(run, &connection, heard);
                    Event::Called { path, report }
                })
            }
            Request::Probe { call, first_sent_at } => {
                let path = call.path.clone();
                let call = self.call(run, pipeline, held, *call);
                Box::pin(async move { shell.ask(run, path, call, first_sent_at).await })
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

    async fn ask(self: &Arc<Self>, run: RunId, path: String, call: Call, first_sent_at: Timestamp) -> Event {
        let connection = call.connection.clone();
        let (result, usage) = self.runner.probe(call, first_sent_at).await;
        let heard = result.as_ref().map_or_else(Heard::of, |_| Heard::Answer);
        self.heard_of(run, &connection, heard);
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
