//! The host as the engine's plug: calls and probes of operations.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dragoman_engine::runner::{Boxed, Call, Output, Probed, Report, StepRunner};
use dragoman_model::{Digest, DocumentReference, Effect, Failure, OperationEffect, Timestamp, Usage, Value, nesting};
use serde_json::json;

use crate::checked::check_reveal;
use crate::documents::Documents;
use crate::failure;
use crate::guest::{Answer, Ask, Ran};
use crate::host::{Host, Job, NotRun};
use crate::prepared::{Operation, Prepared};
use crate::requests::Requests;
use crate::session::{Facts, Powers, Session};
use crate::settings::{CallLimits, Mode};
use crate::v0_1::bindings::dragoman::connector::types as wit;
use crate::v0_1::bindings::exports::dragoman::connector::connector::Probed as WireProbed;
use crate::v0_1::documents::reference;

/// Calls operations over the host's connections. Cheap to clone.
#[derive(Clone)]
pub struct Runner(Arc<Host>);

impl Runner {
    /// Over a host.
    pub fn new(host: Arc<Host>) -> Self {
        Runner(host)
    }

    /// The host.
    pub fn host(&self) -> &Arc<Host> {
        &self.0
    }

    async fn prepare(&self, call: &Call) -> Result<Arc<Prepared>, Failure> {
        let bound = self.0.bound(&call.connection).ok_or_else(|| {
            let message = format!("there is no connection `{}`", call.connection);
            Failure::permanent("connection.unknown", message)
        })?;
        let prepared = self
            .0
            .prepare(&bound, call.plugin)
            .await
            .map_err(|e| failure::of_error(&e))?;
        check_reveal(&prepared.plugin, &prepared.connection).map_err(|e| failure::of_error(&e))?;
        Ok(prepared)
    }

    async fn do_call(&self, call: Call, began: Instant) -> Result<Report, Failure> {
        let prepared = self.prepare(&call).await?;
        let operation = prepared.operation(&call.operation)?;
        operation.check_input(&call.input)?;
        let ask = Ask::Invoke {
            operation: call.operation.clone(),
            input: input(&call),
        };
        let job = self.job(call, &prepared, operation.effect, began);
        let limits = job.limits;
        let ran = self.0.ask(&prepared.plugin, job, ask).await;
        let ran = ran.map_err(|why| not_answered(why, operation.effect))?;
        Ok(report(ran, operation, limits, began))
    }

    async fn do_probe(
        &self,
        call: Call,
        first: Timestamp,
        began: Instant,
    ) -> Result<(Result<Probed, Failure>, Usage), Failure> {
        let prepared = self.prepare(&call).await?;
        let operation = prepared.operation(&call.operation)?;
        if !operation.has_probe {
            return Err(Failure::permanent(
                "probe.none",
                format!("`{}` has no probe", call.operation),
            ));
        }
        let ask = Ask::Probe {
            operation: call.operation.clone(),
            input: input(&call),
            key: call.key.clone(),
            first_sent_at: u64::try_from(first.millis()).unwrap_or(0),
        };
        // A probe only asks: whatever its operation may do, it may not.
        let job = self.job(call, &prepared, OperationEffect::Read, began);
        let limits = job.limits;
        let ran = self.0.ask(&prepared.plugin, job, ask).await;
        let ran = ran.map_err(|why| not_answered(why, OperationEffect::Read))?;
        let usage = usage(&ran.session, began);
        let requests = ran.session.requests;
        let probed = match ran.answer {
            Ok(Answer::Probed(Ok(found))) => take_probed(found, operation, &ran.session, limits)
                .map_err(|f| failure::unusable(f, OperationEffect::Read, &requests)),
            Ok(Answer::Probed(Err(wire))) => Err(failure::given(wire, OperationEffect::Read, &requests)),
            Ok(_) => Err(Failure::permanent(
                "plugin.contract",
                "the plugin answered another question",
            )),
            Err(broken) => Err(failure::broken(&broken, OperationEffect::Read, &requests)),
        };
        Ok((probed, usage))
    }

    fn job(&self, call: Call, prepared: &Prepared, effect: OperationEffect, began: Instant) -> Job {
        let connection = &prepared.connection;
        let limits = connection.limits;
        let wall = call.deadline.min(Duration::from_millis(limits.wall_ms));
        let dry_run = call.dry_run || connection.mode == Mode::Observe;
        Job {
            documents: Documents::new(&call.documents, &call.input, call.unstored, limits.document_bytes),
            facts: Facts {
                run: call.run.to_string(),
                pipeline: call.pipeline,
                step: call.step,
                connection: call.connection,
                attempt: call.attempt,
                key: call.key,
                deadline: wall,
                dry_run,
                traceparent: call.traceparent,
                config: prepared.config.clone(),
            },
            limits,
            powers: Some(Powers {
                connection: connection.clone(),
                egress: self.0.egress.clone(),
                storage: self.0.storage.clone(),
            }),
            requests: Requests::new(effect, dry_run, call.fence),
            until: began + wall,
            places: Some(prepared.places.clone()),
        }
    }
}

/// A call that left no trace of itself, with the most careful word about its effect.
fn not_answered(why: NotRun, effect: OperationEffect) -> Failure {
    match why {
        NotRun::Busy => Failure::retryable("host.busy", "the host had no room for the call within its time"),
        NotRun::Lost => {
            let known = if effect.is_read() {
                Effect::None
            } else {
                Effect::Unknown
            };
            Failure::retryable("host.fault", "the host stopped while the plugin ran").with_effect(known)
        }
    }
}

fn input(call: &Call) -> wit::Input {
    let named = |(name, document): (&String, &DocumentReference)| (name.clone(), reference(document));
    wit::Input {
        payload: serde_json::to_string(&*call.input).unwrap_or_default(),
        documents: call.documents.iter().map(named).collect(),
    }
}

fn usage(session: &Session, began: Instant) -> Usage {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    Usage {
        cpu_us: micros(session.meter.spent()),
        wall_us: micros(began.elapsed()),
        peak_memory: session.memory.peak() as u64,
        host_calls: session.host_calls,
        requests: session.requests.count,
        bytes_out: session.requests.bytes_out,
        bytes_in: session.requests.bytes_in,
    }
}

/// A report of a call for which no guest ran.
fn not_run(failure: Failure, began: Instant) -> Report {
    let wall_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    Report {
        result: Err(failure),
        usage: Usage {
            wall_us,
            ..Usage::default()
        },
        state: Vec::new(),
        documents: Vec::new(),
        readings: json!({}),
    }
}

fn report(ran: Ran, operation: &Operation, limits: CallLimits, began: Instant) -> Report {
    let Ran { answer, session } = ran;
    let (effect, requests) = (operation.effect, session.requests);
    let result = match answer {
        Ok(Answer::Invoked(Ok(wire))) => {
            take_output(wire, operation, &session, limits).map_err(|f| failure::unusable(f, effect, &requests))
        }
        Ok(Answer::Invoked(Err(wire))) => Err(failure::given(wire, effect, &requests)),
        Ok(_) => Err(Failure::permanent(
            "plugin.contract",
            "the plugin answered another question",
        )),
        Err(broken) => Err(failure::broken(&broken, effect, &requests)),
    };
    let (usage, readings) = (usage(&session, began), session.readings.to_value());
    let (state, documents) = match result {
        Ok(_) => (
            session.state.into_writes(effect == OperationEffect::Read),
            session.documents.into_made(),
        ),
        Err(_) => (Vec::new(), Vec::new()),
    };
    Report {
        result,
        usage,
        state,
        documents,
        readings,
    }
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::permanent("output.invalid", message)
}

/// An output out of the contract's words, checked.
fn take_output(
    wire: wit::Output,
    operation: &Operation,
    session: &Session,
    limits: CallLimits,
) -> Result<Output, Failure> {
    let attributes: usize = wire
        .attributes
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if wire.payload.len() + attributes + wire.documents.len() * 100 > limits.output_bytes {
        let message = format!("the plugin's output has more than {} bytes", limits.output_bytes);
        return Err(Failure::permanent("plugin.output", message));
    }
    let payload: Value =
        serde_json::from_str(&wire.payload).map_err(|e| invalid(format!("the plugin's output is not JSON: {e}")))?;
    if nesting::is_too_deep(&payload) {
        let message = format!("the plugin's output is nested deeper than {} levels", nesting::LEVELS);
        return Err(invalid(message));
    }
    operation.check_output(&payload)?;
    let mut documents = BTreeMap::new();
    for (name, document) in wire.documents {
        let shown = crate::log::escape(&name, 100);
        let digest: Digest = document
            .digest
            .parse()
            .map_err(|e| invalid(format!("the document `{shown}` of the output: {e}")))?;
        if !session.documents.may_name(digest) {
            return Err(invalid(format!(
                "the document `{shown}` of the output is not one that the call had or made"
            )));
        }
        let reference = DocumentReference {
            digest,
            media_type: document.media_type,
            size: document.size,
        };
        documents.insert(name, reference);
    }
    Ok(Output {
        payload,
        documents,
        attributes: wire.attributes,
    })
}

fn take_probed(
    found: WireProbed,
    operation: &Operation,
    session: &Session,
    limits: CallLimits,
) -> Result<Probed, Failure> {
    Ok(match found {
        WireProbed::Applied(wire) => Probed::Applied(take_output(wire, operation, session, limits)?),
        WireProbed::Absent => Probed::Absent,
        WireProbed::Pending(after) => Probed::Pending(after.map(Duration::from_millis)),
    })
}

impl StepRunner for Runner {
    fn call(&self, call: Call) -> Boxed<'_, Report> {
        let began = Instant::now();
        Box::pin(async move {
            match self.do_call(call, began).await {
                Ok(report) => report,
                Err(failure) => not_run(failure, began),
            }
        })
    }

    fn probe(&self, call: Call, first_sent_at: Timestamp) -> Boxed<'_, (Result<Probed, Failure>, Usage)> {
        let began = Instant::now();
        Box::pin(async move {
            match self.do_probe(call, first_sent_at, began).await {
                Ok(answer) => answer,
                Err(failure) => (Err(failure), not_run(Failure::permanent("", ""), began).usage),
            }
        })
    }

    fn settings(&self, connection: &str) -> Option<Digest> {
        self.0.bound(connection).map(|bound| bound.digest)
    }

    fn observes(&self, connection: &str) -> bool {
        self.0
            .bound(connection)
            .is_some_and(|bound| bound.connection.mode == Mode::Observe)
    }
}
