//! The contract's exports over the dispatch, and what happens when a plugin panics.

use std::marker::PhantomData;
use std::sync::Once;
use std::time::Duration;

use serde_json::Value;

use crate::bindings::dragoman::connector::types as wit;
use crate::bindings::exports::dragoman::connector::connector as exported;
use crate::boundary;
use crate::call::Sent;
use crate::connector::{Connector, Descriptor, Operation, OperationEffect, Operations};
use crate::dispatch::{self, RawInput, RawOutput};
use crate::failure::{Class, Effect, Failure, FailureFacts, Issue};
use crate::log::Level;
use crate::output::Probed;

/// A connector with the contract's exports; `#[operations]` names it.
pub struct Exported<C>(PhantomData<C>);

impl<C: Connector + Operations> exported::Guest for Exported<C> {
    fn describe(_config: wit::Json, _files: Vec<(String, Vec<u8>)>) -> Result<exported::Descriptor, wit::Failure> {
        tell_panics();
        Ok(descriptor(dispatch::describe::<C>()))
    }

    fn check_config(config: wit::Json) -> Vec<wit::Issue> {
        tell_panics();
        issues(dispatch::check_config::<C>(&config))
    }

    fn invoke(operation: String, input: wit::Input) -> Result<wit::Output, wit::Failure> {
        tell_panics();
        match dispatch::invoke::<C>(&operation, raw(input)) {
            Ok(out) => Ok(output(out)),
            Err(failed) => Err(failure(failed)),
        }
    }

    fn probe(
        operation: String,
        original: wit::Input,
        key: String,
        first_at_ms: u64,
    ) -> Result<exported::Probed, wit::Failure> {
        tell_panics();
        let sent = Sent { key, first_at_ms };
        match dispatch::probe::<C>(&operation, raw(original), sent) {
            Ok(Probed::Applied(out)) => Ok(exported::Probed::Applied(output(out))),
            Ok(Probed::Absent) => Ok(exported::Probed::Absent),
            Ok(Probed::Pending(wait)) => Ok(exported::Probed::Pending(wait.map(ms))),
            Err(failed) => Err(failure(failed)),
        }
    }
}

/// Writes the message and place of a panic as a log line, once per instance, right before it becomes a trap.
/// The host makes the failure `plugin.panic` of the line whose field is `dragoman.panic`.
fn tell_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let message = panic.payload_as_str().unwrap_or("panic");
            boundary::log(Level::Error, message, &[("dragoman.panic", &place)]);
        }));
    });
}

/// A value as JSON text. Through the same writer as payloads: `to_string` would bring a second one along.
fn json(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn ms(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

fn raw(input: wit::Input) -> RawInput {
    let documents = input.documents.into_iter();
    RawInput {
        payload: input.payload,
        documents: documents.map(|(name, document)| (name, document.into())).collect(),
    }
}

fn output(out: RawOutput) -> wit::Output {
    let documents = out.documents.into_iter();
    wit::Output {
        payload: out.payload,
        documents: documents.map(|(name, document)| (name, document.into())).collect(),
        attributes: out.attributes,
    }
}

fn issues(found: Vec<Issue>) -> Vec<wit::Issue> {
    let issue = |Issue { path, code, message }| wit::Issue { path, code, message };
    found.into_iter().map(issue).collect()
}

fn failure(failed: Failure) -> wit::Failure {
    let effect = failed.known_effect();
    let failed = FailureFacts::from(failed);
    wit::Failure {
        class: match failed.class {
            Class::Retryable => wit::FailureClass::Retryable,
            Class::Permanent => wit::FailureClass::Permanent,
            Class::Rejected => wit::FailureClass::Rejected,
        },
        effect: match effect {
            Effect::None => wit::Effect::None,
            Effect::Unknown => wit::Effect::Unknown,
            Effect::Applied => wit::Effect::Applied,
        },
        code: failed.code,
        message: failed.message,
        retry_after_ms: failed.retry_after.map(ms),
        remote_reference: failed.remote_reference,
        issues: issues(failed.issues),
        detail: failed.detail.as_ref().map(json),
    }
}

fn owned(names: Vec<&str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

fn attributes(pairs: Vec<(&str, &str)>) -> Vec<(String, String)> {
    let pairs = pairs.into_iter();
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn descriptor(said: Descriptor) -> exported::Descriptor {
    exported::Descriptor {
        name: said.name.to_owned(),
        version: said.version.to_owned(),
        summary: said.summary.to_owned(),
        config_schema: json(&said.config_schema),
        endpoints: owned(said.endpoints),
        credentials: owned(said.credentials),
        operations: said.operations.into_iter().map(operation).collect(),
        attributes: attributes(said.attributes),
    }
}

fn operation(said: Operation) -> exported::Operation {
    exported::Operation {
        name: said.name.to_owned(),
        summary: said.summary.to_owned(),
        input_schema: json(&said.input_schema),
        output_schema: json(&said.output_schema),
        effect: match said.effect {
            OperationEffect::Read => wit::OperationEffect::Read,
            OperationEffect::Idempotent(lifetime) => wit::OperationEffect::Idempotent(lifetime),
            OperationEffect::Once(settle) => wit::OperationEffect::Once(settle),
        },
        has_probe: said.has_probe,
        undo: said.undo.map(str::to_owned),
        documents: owned(said.documents),
        codes: owned(said.codes),
        attributes: attributes(said.attributes),
    }
}
