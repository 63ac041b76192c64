//! Calls: attempts, answers, and what is written of them.

use std::collections::BTreeMap;

use dragoman_expression::Expression;
use dragoman_journal::{Draft, OnceKey, Operation, Record, Refusal, Settled, TimerPurpose};
use dragoman_model::{Digest, DocumentReference, Effect, Failure, RunId, Timestamp, Usage, Value};
use dragoman_plan::{CallStep, Step};
use serde_json::json;

use super::Live;
use super::event::{Outgoing, Request};
use super::fact::documents;
use super::progress;
use super::retry::{Attempted, INTERRUPTED, Verdict, verdict};
use super::scope::Evaluated;
use super::walk::{Flow, Tail, Walk};
use crate::runner::{Output, Report, StateWrite};

/// What a call sends, as its templates give it.
pub(super) enum Prepared {
    Ready(Box<progress::Request>),
    Observed,
}

impl<'a> Walk<'a> {
    /// A `call` step, or the call that undoes one.
    pub(super) fn call(&mut self, step: &'a Step, call: &'a CallStep) -> Flow {
        match self.live.remove(&self.path) {
            Some(Live::Away) => return self.keep(Live::Away),
            Some(Live::Send) => return self.send(step, call),
            Some(Live::Called(report)) => return self.called(step, call, *report),
            Some(Live::Probed(result, usage)) => return self.probed(step, call, *result, usage),
            Some(Live::Refused(Refusal::Voided { reference, by })) => {
                return self.closed_meanwhile(step, call, &reference, by);
            }
            Some(Live::Refused(refusal)) => return self.once_refused(step, refusal),
            Some(Live::AwayAgain | Live::Again | Live::Found(_) | Live::Answered { .. }) | None => {}
        }
        let Some(progress) = self.progress() else {
            return self.attempt(step, call, 1);
        };
        if progress.open {
            return self.interrupted(step, call);
        }
        let attempt = progress.attempt;
        if let Some(timer) = &progress.timer {
            // What may have taken effect is first brought to certainty.
            let certain = !progress.is_uncertain();
            if certain && self.is_voided(step) {
                return self.voided_away(step);
            }
            if timer.due > self.now && !(self.woken && timer.for_other) {
                let (due, for_other) = (timer.due, timer.for_other);
                return self.until(due, for_other);
            }
            return match timer.purpose {
                _ if certain && self.draining => Flow::Held,
                TimerPurpose::Probe => self.probe(step, call),
                _ => self.attempt(step, call, attempt + 1),
            };
        }
        match progress.failure.as_ref().map(|failed| failed.failure.clone()) {
            // A person let the step go on: what is known of the last attempt decides how.
            Some(failure) if failure.effect != Effect::None => self.after_failure(step, call, &failure),
            _ => self.attempt(step, call, attempt + 1),
        }
    }

    pub(super) fn keep(&mut self, live: Live) -> Flow {
        self.live.insert(self.path.clone(), live);
        Flow::Pending
    }

    /// The store has not answered yet; what woke the step meanwhile may be newer than its answer.
    pub(super) fn keep_away(&mut self, away: Live) -> Flow {
        self.keep(if self.woken { Live::AwayAgain } else { away })
    }

    /// The worker that sent the request is gone; what became of it is not known.
    fn interrupted(&mut self, step: &'a Step, call: &'a CallStep) -> Flow {
        let message = "the worker stopped while the request may have been under way";
        let failure = Failure::retryable(INTERRUPTED, message).with_effect(Effect::Unknown);
        self.failed(step, call, failure, Usage::default())
    }

    /// Begins an attempt: a read leaves at once, anything else first becomes durable.
    pub(super) fn attempt(&mut self, step: &'a Step, call: &'a CallStep, attempt: u32) -> Flow {
        let request = match self.prepare(step, call) {
            Ok(Prepared::Ready(request)) => *request,
            Ok(Prepared::Observed) => {
                return self.observe("call", json!({ "operation": operation(call) }));
            }
            Err(failure) => return self.fail(step, failure),
        };
        if call.effect.is_read() {
            let key = self.key_of(None);
            let outgoing = self.outgoing(step, call, request.input, request.documents, attempt, key);
            self.requests.push(Request::Call(Box::new(outgoing)));
            return self.keep(Live::Away);
        }
        if self.observing() || self.connections.observes(&call.connection) {
            return self.observe("call", would_send(call, &request));
        }
        // What may have taken effect is first brought to certainty, whoever has closed the reference meanwhile.
        let certain = !self.progress().is_some_and(progress::Progress::is_uncertain);
        if certain && self.is_voided(step) {
            return self.voided_away(step);
        }
        self.intend(call, request, attempt)
    }

    /// What the call sends: as in its first intent, or computed.
    fn prepare(&self, step: &Step, call: &CallStep) -> Result<Prepared, Failure> {
        if let Some(request) = self.progress().and_then(|p| p.request.as_ref()) {
            return Ok(Prepared::Ready(Box::new(request.clone())));
        }
        let Evaluated::Value(input) = self.template(&call.with)? else {
            return Ok(Prepared::Observed);
        };
        let mut references = BTreeMap::new();
        for (name, template) in &call.documents {
            match self.template(template)? {
                Evaluated::Observed => return Ok(Prepared::Observed),
                Evaluated::Value(None) => {}
                Evaluated::Value(Some(value)) => {
                    let found = documents(Some(&json!({ name: value }))).remove(name);
                    let missing = || {
                        let message = format!("`{name}` of `{}` is not a document", self.path);
                        Failure::permanent("document.invalid", message)
                    };
                    references.insert(name.clone(), found.ok_or_else(missing)?);
                }
            }
        }
        // The business key and the reference are the step's; its undo has neither.
        let (once, reference) = if self.undoing {
            (None, None)
        } else {
            (step.once.as_ref(), step.reference.as_ref())
        };
        let Ok(once) = self.text(once, "once")? else {
            return Ok(Prepared::Observed);
        };
        let Ok(reference) = self.text(reference, "ref")? else {
            return Ok(Prepared::Observed);
        };
        Ok(Prepared::Ready(Box::new(progress::Request {
            input: input.unwrap_or_else(|| json!({})),
            documents: references,
            effect: call.effect,
            once: once.map(|key| OnceKey {
                scope: operation(call),
                key,
            }),
            reference,
        })))
    }

    /// A business key or reference as text. The inner error: it needs what was only observed.
    pub(super) fn text(
        &self,
        expression: Option<&Expression>,
        what: &str,
    ) -> Result<Result<Option<String>, ()>, Failure> {
        let Some(expression) = expression else {
            return Ok(Ok(None));
        };
        match self.evaluate(expression)? {
            Evaluated::Observed => Ok(Err(())),
            Evaluated::Value(Some(Value::String(text))) if !text.is_empty() => Ok(Ok(Some(text))),
            Evaluated::Value(Some(value @ (Value::Number(_) | Value::Bool(_)))) => Ok(Ok(Some(value.to_string()))),
            Evaluated::Value(_) => Err(Failure::permanent(
                "key.empty",
                format!("`{what}` of `{}` gives no text: `{}`", self.path, expression.text),
            )),
        }
    }

    fn intend(&mut self, call: &'a CallStep, request: progress::Request, attempt: u32) -> Flow {
        let digest = Digest::of_value(&request.input);
        let key = self.key_of(request.once.as_ref());
        let record = Record::Intent {
            connection: call.connection.clone(),
            operation: call.operation.clone(),
            attempt,
            key,
            effect: request.effect,
            input: digest,
            once: request.once.clone(),
            reference: request.reference.clone(),
            undo: self.undoing,
        };
        let operations = match (&request.once, &request.reference) {
            (Some(once), reference) => vec![Operation::OnceOpen {
                once: once.clone(),
                path: self.path.clone(),
                input: digest,
                reference: reference.clone(),
                input_body: request.input.clone(),
            }],
            (None, Some(reference)) => vec![Operation::Refer {
                reference: reference.clone(),
                path: self.path.clone(),
                scope: operation(call),
            }],
            (None, None) => Vec::new(),
        };
        let body = json!({ "input": request.input, "documents": document_values(&request.documents) });
        let entry = self.draft(record, Some(body), Some((call.plugin, &call.connection)));
        let path = self.path.clone();
        self.place(Tail {
            path,
            entries: vec![entry],
            operations,
            begins: Vec::new(),
            standing: None,
        })
    }

    /// The intent is durable: the request leaves.
    fn send(&mut self, step: &'a Step, call: &'a CallStep) -> Flow {
        let Some(progress) = self.progress() else {
            return Flow::Pending;
        };
        let Some(request) = progress.request.clone() else {
            return Flow::Pending;
        };
        let (attempt, key) = (progress.attempt, progress.key.clone());
        let outgoing = self.outgoing(step, call, request.input, request.documents, attempt, key);
        self.requests.push(Request::Call(Box::new(outgoing)));
        self.keep(Live::Away)
    }

    pub(super) fn outgoing(
        &self,
        step: &Step,
        call: &CallStep,
        input: Value,
        documents: BTreeMap<String, DocumentReference>,
        attempt: u32,
        key: String,
    ) -> Outgoing {
        Outgoing {
            path: self.path.clone(),
            plugin: call.plugin,
            connection: call.connection.clone(),
            operation: call.operation.clone(),
            input,
            documents,
            attempt,
            key,
            timeout_ms: step.timeout_ms,
            dry_run: self.observing() || self.connections.observes(&call.connection),
        }
    }

    /// The idempotency key: of the business key, the same over all runs, or of run and path.
    pub(super) fn key_of(&self, once: Option<&OnceKey>) -> String {
        match once {
            // The nil run stands for "any run": scope and key alone give the key.
            Some(once) => RunId(uuid::Uuid::nil()).child(&once.scope, &once.key).to_string(),
            None => self.state.run.child(&self.path, "key").to_string(),
        }
    }

    fn called(&mut self, step: &'a Step, call: &'a CallStep, report: Report) -> Flow {
        // What a read keeps in its connection's state may be refused, because another run has written there since the
        // call looked: then the call is made again. So it waits for its own commit, one step at a time.
        let keeps = call.effect.is_read() && report.result.is_ok() && !report.state.is_empty();
        if keeps && self.tail.is_some() {
            self.more = true;
            return self.keep(Live::Called(Box::new(report)));
        }
        match report.result {
            Ok(output) if keeps => {
                self.keep_documents(report.documents);
                let attempt = self.progress().map_or(0, |p| p.attempt) + 1;
                let usage = report.usage;
                let entry = self.output_draft(call, Record::Read { attempt, usage }, output, report.readings);
                let path = self.path.clone();
                self.place(Tail {
                    path,
                    entries: vec![entry],
                    operations: state_operations(call, report.state),
                    begins: Vec::new(),
                    standing: None,
                })
            }
            Ok(output) => {
                self.keep_documents(report.documents);
                // What took effect is written down in any case, even if its state is refused.
                self.desk.operations.extend(state_operations(call, report.state));
                self.answered(call, output, report.usage, report.readings)
            }
            Err(failure) => {
                self.keep_documents(report.documents);
                self.failed(step, call, failure, report.usage)
            }
        }
    }

    fn keep_documents(&mut self, documents: Vec<(DocumentReference, Vec<u8>)>) {
        let keep = |(document, bytes)| Operation::Keep { document, bytes };
        self.desk.operations.extend(documents.into_iter().map(keep));
    }

    fn answered(&mut self, call: &'a CallStep, output: Output, usage: Usage, readings: Value) -> Flow {
        if call.effect.is_read() {
            let attempt = self.progress().map_or(0, |p| p.attempt) + 1;
            self.note_output(call, Record::Read { attempt, usage }, output, readings);
            return Flow::Done;
        }
        self.took_effect(call, output, "answer", usage, readings)
    }

    /// The call took effect, and this is its output.
    pub(super) fn took_effect(
        &mut self,
        call: &'a CallStep,
        output: Output,
        known_by: &str,
        usage: Usage,
        readings: Value,
    ) -> Flow {
        let attempt = self.progress().map_or(1, |p| p.attempt.max(1));
        self.settle(Settled::Done(output.payload.clone()));
        let record = Record::Done {
            attempt,
            joined: None,
            known_by: known_by.into(),
            usage,
        };
        self.note_output(call, record, output, readings);
        self.desk.urgent = true;
        Flow::Done
    }

    fn note_output(&mut self, call: &CallStep, record: Record, output: Output, readings: Value) {
        let draft = self.output_draft(call, record, output, readings);
        self.note_draft(draft);
    }

    fn output_draft(&self, call: &CallStep, record: Record, output: Output, readings: Value) -> Draft {
        let mut body = json!({ "output": output.payload });
        if !output.documents.is_empty() {
            body["documents"] = document_values(&output.documents);
        }
        // Readings of clock and randomness: a replay gives the same ones.
        if !readings.is_null() {
            body["readings"] = readings;
        }
        let mut draft = self.draft(record, Some(body), Some((call.plugin, &call.connection)));
        draft.headers = output.attributes;
        draft
    }

    /// An attempt failed: it is written down with what follows.
    pub(super) fn failed(&mut self, step: &'a Step, call: &'a CallStep, mut failure: Failure, usage: Usage) -> Flow {
        if call.effect.is_read() {
            failure.effect = Effect::None;
        }
        let read_attempt = self.progress().map_or(0, |p| p.attempt) + u32::from(call.effect.is_read());
        let decided = self.verdict(step, call, &failure, read_attempt);
        let last = matches!(decided, Verdict::Over | Verdict::Person);
        self.note_attempt_failure(&failure, read_attempt, last, usage);
        self.follow(step, call, &failure, decided)
    }

    fn note_attempt_failure(&mut self, failure: &Failure, attempt: u32, last: bool, usage: Usage) {
        let (class, effect, code) = (failure.class, failure.effect, failure.code.clone());
        let body = serde_json::to_value(failure).unwrap_or(Value::Null);
        let record = Record::Failed {
            attempt: attempt.max(1),
            class,
            effect,
            code,
            last,
            usage,
        };
        self.note(record, Some(body), None);
        self.desk.urgent |= effect != Effect::None;
    }

    fn after_failure(&mut self, step: &'a Step, call: &'a CallStep, failure: &Failure) -> Flow {
        let attempt = self.progress().map_or(1, |p| p.attempt);
        let decided = match self.verdict(step, call, failure, attempt) {
            // It was written before that it goes on, by a person or by the last worker.
            Verdict::Person if call.has_probe => Verdict::Probe,
            other => other,
        };
        if matches!(decided, Verdict::Over | Verdict::Person) {
            self.note_attempt_failure(failure, attempt, true, Usage::default());
        }
        self.follow(step, call, failure, decided)
    }

    fn verdict(&self, step: &Step, call: &CallStep, failure: &Failure, attempt: u32) -> Verdict {
        let attempted = Attempted {
            run: self.state.run,
            path: &self.path,
            effect: call.effect,
            has_probe: call.has_probe,
            retry: &step.retry,
            progress: self.progress(),
            attempt,
            now: self.now,
        };
        verdict(&attempted, failure)
    }

    fn follow(&mut self, step: &'a Step, call: &'a CallStep, failure: &Failure, decided: Verdict) -> Flow {
        match decided {
            Verdict::Repeat(due) if due <= self.now => {
                let attempt = self.progress().map_or(0, |p| p.attempt) + 1;
                self.attempt(step, call, attempt)
            }
            Verdict::Repeat(due) => self.sleep_until(due, TimerPurpose::Retry),
            Verdict::Probe => self.probe(step, call),
            Verdict::Over => {
                self.settle(Settled::Failed);
                self.handle(step)
            }
            Verdict::Person => {
                self.settle(Settled::Parked);
                self.park_for_person(failure)
            }
        }
    }

    /// A durable pause of the step.
    pub(super) fn sleep_until(&mut self, due: Timestamp, purpose: TimerPurpose) -> Flow {
        let attempt = self.progress().map_or(0, |p| p.attempt) + 1;
        self.note(Record::Timer { due, purpose, attempt }, None, None);
        self.until(due, false)
    }
}

/// Connection and operation in one word.
pub(super) fn operation(call: &CallStep) -> String {
    format!("{}.{}", call.connection, call.operation)
}

fn document_values(documents: &BTreeMap<String, DocumentReference>) -> Value {
    // References are made of texts and a number, which always have a JSON form.
    serde_json::to_value(documents).unwrap_or_else(|_| json!({}))
}

fn would_send(call: &CallStep, request: &progress::Request) -> Value {
    json!({
        "operation": operation(call),
        "input": request.input,
        "documents": document_values(&request.documents),
        "once": request.once.as_ref().map(|once| once.key.clone()),
        "reference": request.reference,
    })
}

/// The connection's state as a call left it; it is written with the step's end.
fn state_operations(call: &CallStep, state: Vec<StateWrite>) -> Vec<Operation> {
    let operation = |write: StateWrite| {
        let (connection, key, expected) = (call.connection.clone(), write.key, write.expected);
        match write.value {
            Some(value) => Operation::StatePut {
                connection,
                key,
                value,
                expected,
            },
            None => Operation::StateDelete {
                connection,
                key,
                expected,
            },
        }
    };
    state.into_iter().map(operation).collect()
}
