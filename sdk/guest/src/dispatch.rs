//! From JSON text to an operation's method and back: the one dispatch of plugins and native tests.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::boundary;
use crate::call::{Call, Document, Sent};
use crate::connector::{Connector, Descriptor, Operations};
use crate::failure::{Effect, Failure, Issue};
use crate::http;
use crate::output::{Answer, Output, ProbeAnswer, Probed};
use crate::payload;
use crate::schema;

/// What goes into an operation, as it comes from the host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawInput {
    /// JSON text.
    pub payload: String,
    /// Documents beside the payload, by name.
    pub documents: Vec<(String, Document)>,
}

/// What comes out of an operation, as it goes to the host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawOutput {
    /// JSON text.
    pub payload: String,
    /// Documents beside the payload, by name.
    pub documents: Vec<(String, Document)>,
    /// Message headers, receipts and so on.
    pub attributes: Vec<(String, String)>,
}

/// What a connector says of itself. Pure.
pub fn describe<C: Connector + Operations>() -> Descriptor {
    Descriptor {
        name: C::NAME,
        version: C::VERSION,
        summary: C::SUMMARY,
        config_schema: schema::of_input::<C::Config>(),
        endpoints: C::ENDPOINTS.to_vec(),
        credentials: C::CREDENTIALS.to_vec(),
        operations: C::operations(),
        attributes: vec![("sdk", concat!("dragoman-guest ", env!("CARGO_PKG_VERSION")))],
    }
}

/// What is wrong with a configuration: that it does not fit its type, else what the connector finds. Pure.
pub fn check_config<C: Connector>(config: &str) -> Vec<Issue> {
    match payload::read::<C::Config>(config) {
        Ok(config) => C::check(&config),
        Err(issue) => vec![Issue {
            code: "config.invalid".to_owned(),
            ..issue
        }],
    }
}

/// Does an operation.
///
/// # Errors
/// The failure with its effect stated: where the operation did not, it is unknown after a non-safe request
/// that was not clearly refused, and none otherwise.
pub fn invoke<C: Connector + Operations>(operation: &str, input: RawInput) -> Result<RawOutput, Failure> {
    http::nothing_done_yet();
    let answer =
        construct::<C>().and_then(|connector| connector.invoke(operation, &Call::new(input.documents), &input.payload));
    answer.map_err(stated)
}

/// Asks whether an earlier request took effect.
///
/// # Errors
/// The probe's failure; permanent `probe.none` where the operation has none.
pub fn probe<C: Connector + Operations>(
    operation: &str,
    original: RawInput,
    sent: Sent,
) -> Result<Probed<RawOutput>, Failure> {
    http::nothing_done_yet();
    let answer = construct::<C>()
        .and_then(|connector| connector.probe(operation, &Call::new(original.documents), &original.payload, sent));
    answer.map_err(stated)
}

fn construct<C: Connector>() -> Result<C, Failure> {
    // Asking the host costs a copy; a connector without configuration does not ask.
    let text = if C::CONFIGURED {
        boundary::config()
    } else {
        "{}".to_owned()
    };
    match payload::read(&text) {
        Ok(config) => Ok(C::new(config)),
        Err(issue) => Err(Failure::permanent(
            "config.invalid",
            format!("the connection's configuration does not fit: {}", issue.message),
        )
        .issue(issue.path, "config.invalid", issue.message)),
    }
}

fn stated(failure: Failure) -> Failure {
    let effect = failure.effect.unwrap_or(if http::may_have_acted() {
        Effect::Unknown
    } else {
        Effect::None
    });
    failure.effect(effect)
}

/// Reads an operation's payload, does its `work` and writes its answer; called by what `#[operations]` writes.
///
/// # Errors
/// Permanent `input.invalid`, else what `work` answers.
pub fn run<I: DeserializeOwned, A: Answer>(payload: &str, work: impl FnOnce(I) -> A) -> Result<RawOutput, Failure> {
    written(work(fitting(payload)?).into_answer()?)
}

/// As [`run`], for a method that takes no payload.
///
/// # Errors
/// What the method answers.
pub fn run_bare<A: Answer>(answer: A) -> Result<RawOutput, Failure> {
    written(answer.into_answer()?)
}

/// As [`run`], for a probe; its payload type is the operation's own.
///
/// # Errors
/// Permanent `input.invalid`, else what `work` answers.
pub fn run_probe<I: DeserializeOwned, A: ProbeAnswer>(
    payload: &str,
    work: impl FnOnce(I) -> A,
) -> Result<Probed<RawOutput>, Failure> {
    probed(work(fitting(payload)?))
}

/// As [`run_probe`], for a probe that takes no payload.
///
/// # Errors
/// What the probe answers.
pub fn run_bare_probe<A: ProbeAnswer>(answer: A) -> Result<Probed<RawOutput>, Failure> {
    probed(answer)
}

fn probed<A: ProbeAnswer>(answer: A) -> Result<Probed<RawOutput>, Failure> {
    Ok(match answer.into_answer()? {
        Probed::Applied(output) => Probed::Applied(written(output)?),
        Probed::Absent => Probed::Absent,
        Probed::Pending(wait) => Probed::Pending(wait),
    })
}

/// The failure for an operation that the connector does not have.
pub fn unknown_operation(operation: &str, known: &[&str]) -> Failure {
    Failure::permanent(
        "operation.unknown",
        format!("there is no operation `{operation}`; there are: {}", known.join(", ")),
    )
}

/// The failure for an operation that has no probe.
pub fn no_probe(operation: &str) -> Failure {
    Failure::permanent("probe.none", format!("the operation `{operation}` has no probe"))
}

fn fitting<I: DeserializeOwned>(payload: &str) -> Result<I, Failure> {
    payload::read(payload).map_err(|issue| {
        let message = format!("the input does not fit: {}", issue.message);
        Failure::permanent("input.invalid", message).issues([issue])
    })
}

fn written<T: Serialize>(output: Output<T>) -> Result<RawOutput, Failure> {
    let payload = serde_json::to_string(&output.value)
        .map_err(|error| Failure::permanent("output.unwritable", format!("the answer cannot be written: {error}")))?;
    Ok(RawOutput {
        payload,
        documents: output.documents,
        attributes: output.attributes,
    })
}

/// Lets a probe's answer through whose payload is of the same type as its operation's answer `A`.
pub fn same_payload<A: Answer, P: ProbeAnswer<Value = A::Value>>(answer: P) -> P {
    answer
}
