//! What comes back from a call: its answer or its failure, what is written of it, and what follows.

use dragoman_journal::{Draft, Operation, Record, Settled, TimerPurpose};
use dragoman_model::{DocumentReference, Effect, Failure, Part, Timestamp, Usage, Value, object};
use dragoman_plan::{CallStep, Step};

use super::Live;
use super::call::document_values;
use super::retry::{Attempted, INTERRUPTED, Verdict, key_lives, verdict};
use super::state::is_rejection;
use super::walk::{Flow, Tail, Walk};
use crate::runner::{Output, Report, StateWrite, Written};

impl<'a> Walk<'a> {
    pub(super) fn called(&mut self, step: &'a Step, call: &'a CallStep, report: Report) -> Flow {
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
                let entry = self.output_draft(call, self.read(call, report.usage), output, report.readings);
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
                let failure = self.with_doubt(call, failure);
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
            let draft = self.output_draft(call, self.read(call, usage), output, readings);
            self.note_draft(draft);
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
        let record = Record::Done {
            attempt,
            joined: None,
            known_by: known_by.into(),
            usage,
        };
        let draft = self.output_draft(call, record, output, readings);
        if let Some(output) = draft.body.as_ref().and_then(|body| Part::member(body, "output")) {
            self.settle(Settled::Done(output));
        }
        self.note_draft(draft);
        self.desk.urgent = true;
        Flow::Done
    }

    fn read(&self, call: &CallStep, usage: Usage) -> Record {
        Record::Read {
            connection: Some(call.connection.clone()),
            operation: Some(call.operation.clone()),
            attempt: self.progress().map_or(0, |p| p.attempt) + 1,
            usage,
        }
    }

    fn output_draft(&self, call: &CallStep, record: Record, output: Output, readings: Value) -> Draft {
        let mut body = object([("output", output.payload)]);
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

    /// The worker that sent the request is gone; what became of it is not known.
    pub(super) fn interrupted(&mut self, step: &'a Step, call: &'a CallStep) -> Flow {
        let message = "the worker stopped while the request may have been under way";
        let failure = Failure::retryable(INTERRUPTED, message).with_effect(Effect::Unknown);
        self.failed(step, call, failure, Usage::default())
    }

    /// What an attempt without effect says of the step: nothing, where an earlier attempt may have taken effect. Only a
    /// partner that honours the key settles it by saying no: to what it did before it would have given its answer again.
    fn with_doubt(&self, call: &CallStep, failure: Failure) -> Failure {
        let doubt = self.progress().is_some_and(|progress| progress.doubt);
        let decided = is_rejection(&failure) && self.key_honoured(call);
        if !doubt || decided || failure.effect != Effect::None {
            return failure;
        }
        let message = format!("{}; an earlier attempt may have taken effect", failure.message);
        Failure { message, ..failure }.with_effect(Effect::Unknown)
    }

    /// Whether the partner knows the key of the first attempt still.
    fn key_honoured(&self, call: &CallStep) -> bool {
        let first = self.progress().and_then(|progress| progress.first_at);
        key_lives(call.effect, first.unwrap_or(self.now), self.now)
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

    /// Writes a failed attempt down.
    pub(super) fn note_attempt_failure(&mut self, failure: &Failure, attempt: u32, last: bool, usage: Usage) {
        self.note_failure_of(failure, None, attempt, last, usage);
    }

    /// As [`Walk::note_attempt_failure`], with the path of the step below it that failed, where one did.
    pub(super) fn note_failure_of(
        &mut self,
        failure: &Failure,
        cause: Option<&str>,
        attempt: u32,
        last: bool,
        usage: Usage,
    ) {
        let (class, effect, code) = (failure.class, failure.effect, failure.code.clone());
        // A failure is made of texts and numbers, which always have a JSON form.
        let mut body = serde_json::to_value(failure).unwrap_or(Value::Null);
        if let Some(cause) = cause {
            body["step"] = Value::String(cause.to_owned());
        }
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

    pub(super) fn after_failure(&mut self, step: &'a Step, call: &'a CallStep, failure: &Failure) -> Flow {
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

/// The connection's state as a call left it; it is written with the step's end.
fn state_operations(call: &CallStep, state: Vec<StateWrite>) -> Vec<Operation> {
    let operation = |write: StateWrite| {
        let (connection, key, expected) = (call.connection.clone(), write.key, write.expected);
        match write.written {
            Written::Put(value) => Operation::StatePut {
                connection,
                key,
                value,
                expected,
            },
            Written::Removed => Operation::StateDelete {
                connection,
                key,
                expected,
            },
            Written::Relied => Operation::StateRelied {
                connection,
                key,
                expected: expected.unwrap_or(0),
            },
        }
    };
    state.into_iter().map(operation).collect()
}
