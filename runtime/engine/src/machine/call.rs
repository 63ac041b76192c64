//! Calls: what is sent, and when; what comes back is in `called`.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_expression::Expression;
use dragoman_journal::{OnceKey, Operation, Record, Refusal, TimerPurpose};
use dragoman_model::{Digest, DocumentReference, Effect, Failure, Part, RunId, Value, object};
use dragoman_plan::{CallStep, Step};
use serde_json::json;

use super::Live;
use super::event::{Outgoing, Request};
use super::fact::documents;
use super::progress;
use super::retry::key_lives;
use super::scope::Evaluated;
use super::walk::{Flow, Tail, Walk};

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
                // What is held back sleeps, and is woken by whoever lets it go on.
                let (due, waits) = (timer.due, timer.for_other && progress.held_since.is_none());
                return self.until(due, waits);
            }
            return match timer.purpose {
                _ if certain && self.draining => Flow::Held,
                TimerPurpose::Probe => self.probe(step, call),
                // The process was away for so long that the other side may have forgotten the key.
                _ if !certain && !self.is_key_known(call) => self.forgotten(step, call),
                _ => self.attempt(step, call, attempt + 1),
            };
        }
        match progress.failure.as_ref().map(|failed| failed.failure.clone()) {
            // A person let the step go on: what is known of the last attempt decides how.
            Some(failure) if failure.effect != Effect::None => self.after_failure(step, call, &failure),
            _ => self.attempt(step, call, attempt + 1),
        }
    }

    /// Whether the other side still knows the key of the first request.
    fn is_key_known(&self, call: &CallStep) -> bool {
        let first = self.progress().and_then(|p| p.first_at);
        first.is_some_and(|first| key_lives(call.effect, first, self.now))
    }

    /// What was to be sent again under a key that is forgotten now is decided anew: asked after, or put to a person.
    fn forgotten(&mut self, step: &'a Step, call: &'a CallStep) -> Flow {
        match self.progress().and_then(|p| p.failure.clone()) {
            Some(failed) => self.after_failure(step, call, &failed.failure),
            None => self.interrupted(step, call),
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

    /// Begins an attempt: a read leaves at once, anything else first becomes durable.
    pub(super) fn attempt(&mut self, step: &'a Step, call: &'a CallStep, attempt: u32) -> Flow {
        let request = match self.prepare(step, call) {
            Ok(Prepared::Ready(request)) => *request,
            Ok(Prepared::Observed) => {
                return self.observe("call", json!({ "operation": operation(call) }));
            }
            Err(failure) => return self.fail(step, failure),
        };
        if let Some(failure) = self.done_otherwise(call, &request) {
            return self.fail(step, failure);
        }
        if call.effect.is_read() {
            if let Some(held) = self.held_back(step, call, TimerPurpose::Retry) {
                return held;
            }
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
        if let Some(held) = self.held_back(step, call, TimerPurpose::Retry) {
            return held;
        }
        self.intend(call, request, attempt)
    }

    /// What the call sends: as in its first intent, or computed.
    fn prepare(&self, step: &Step, call: &CallStep) -> Result<Prepared, Failure> {
        let sent = self.progress().filter(|p| p.before.is_none() || p.is_uncertain());
        if let Some(request) = sent.and_then(|p| p.request.as_ref()) {
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
            input: input.unwrap_or_else(|| json!({})).into(),
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
        let documents = document_values(&request.documents);
        let body = object([("input", request.input.into_value()), ("documents", documents)]);
        let body = Arc::new(body);
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
                input_body: Part::member(&body, "input").unwrap_or_else(|| Value::Null.into()),
            }],
            (None, Some(reference)) => vec![Operation::Refer {
                reference: reference.clone(),
                path: self.path.clone(),
                scope: operation(call),
            }],
            (None, None) => Vec::new(),
        };
        let mut entry = self.draft(record, None, Some((call.plugin, &call.connection)));
        entry.body = Some(body);
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
        input: Part,
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
            None => own_key(self.state.run, &self.path, self.progress().map_or(0, |p| p.keys)),
        }
    }
}

/// The idempotency key of a step without a business key, which was given another one so often.
pub(super) fn own_key(run: RunId, path: &str, keys: u32) -> String {
    let name = match keys {
        0 => "key".to_owned(),
        keys => format!("key-{}", keys + 1),
    };
    run.child(path, &name).to_string()
}

/// Connection and operation in one word.
pub(super) fn operation(call: &CallStep) -> String {
    format!("{}.{}", call.connection, call.operation)
}

pub(super) fn document_values(documents: &BTreeMap<String, DocumentReference>) -> Value {
    // References are made of texts and a number, which always have a JSON form.
    serde_json::to_value(documents).unwrap_or_else(|_| json!({}))
}

fn would_send(call: &CallStep, request: &progress::Request) -> Value {
    json!({
        "operation": operation(call),
        "input": *request.input,
        "documents": document_values(&request.documents),
        "once": request.once.as_ref().map(|once| once.key.clone()),
        "reference": request.reference,
    })
}
