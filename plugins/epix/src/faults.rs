//! What a hub's fault means: by its text, because the hub gives all of its own the same fault code.
//!
//! The hub's own faults (unepwcmc/epix, published code) come before anything is passed on, so they leave no effect;
//! those of the national system behind it are passed through in whatever words it has.

use dragoman_guest::{Effect, Failure};
use dragoman_xml::short;
use dragoman_xml::soap::Fault;
use serde_json::json;

/// How a known fault ends.
enum End {
    Permanent,
    Rejected,
    Retryable,
    /// The request went on to the national system, and what became of it there is not known.
    Open,
}

/// Texts that are looked for, in small letters; the first that is found counts.
const KNOWN: &[(&str, &str, End)] = &[
    ("certificatemissing", "epix.certificate_missing", End::Permanent),
    ("callernotfound", "epix.caller_not_found", End::Permanent),
    ("calleenotfound", "epix.callee_not_found", End::Rejected),
    ("adapternotavailable", "epix.adapter_not_available", End::Retryable),
    ("invalid request", "epix.invalid_request", End::Permanent),
    ("must be a token", "position.not_token", End::Rejected),
    ("structure is not valid", "epix.invalid_structure", End::Permanent),
    ("took too long", "epix.timeout", End::Open),
    ("something went wrong", "epix.hub_error", End::Open),
];

/// What a national system says when it has looked for something and changed nothing.
const MISSING: &[&str] = &["not found", "notfound", "not exist", "unknown", "no such"];

/// What may be missing. Without one of these words (`unknown error`, `file not found`) nothing follows from a text.
const SUBJECTS: &[(&str, &str)] = &[
    ("position", "position.not_found"),
    ("item", "position.not_found"),
    ("certificate", "permit.not_found"),
    ("permit", "permit.not_found"),
];

/// The failure for a fault. `acts` says whether the request was to change something.
pub(crate) fn failure(fault: &Fault, acts: bool) -> Failure {
    let text = fault
        .text
        .as_deref()
        .or(fault.code.as_deref())
        .unwrap_or("a fault without a text");
    let lower = text.to_lowercase();
    let client = fault
        .code
        .as_deref()
        .is_some_and(|code| code.eq_ignore_ascii_case("client") || code.eq_ignore_ascii_case("sender"));
    let known = KNOWN.iter().find(|(known, _, _)| lower.contains(known));
    let failure = match (known, missing(&lower)) {
        (Some((_, code, end)), _) => ended(code, end, text, acts),
        (None, Some(code)) => ended(code, &End::Rejected, text, acts),
        // SOAP 1.1 §4.4.1: the message itself is at fault and is not to be sent again as it is.
        (None, None) if client => ended("epix.fault", &End::Permanent, text, acts),
        (None, None) => ended("epix.fault", &End::Open, text, acts),
    };
    failure.detail(json!({
        "faultcode": fault.code, "faultstring": fault.text, "detail": fault.detail,
    }))
}

/// The code for what a text says is missing; none where it says nothing of the kind.
fn missing(text: &str) -> Option<&'static str> {
    let is_missing = MISSING.iter().any(|missing| text.contains(missing));
    let subject = SUBJECTS.iter().find(|(subject, _)| text.contains(subject));
    subject.filter(|_| is_missing).map(|(_, code)| *code)
}

fn ended(code: &str, end: &End, text: &str, acts: bool) -> Failure {
    let message = format!("EPIX answered with a fault: {}", short_text(text));
    match end {
        End::Permanent => Failure::permanent(code, message).effect(Effect::None),
        End::Rejected => Failure::rejected(code, message),
        End::Retryable => Failure::retryable(code, message).effect(Effect::None),
        End::Open if acts => Failure::retryable(code, message).unknown(),
        End::Open => Failure::retryable(code, message).effect(Effect::None),
    }
}

/// A fault's text, as long as a message for people should be.
fn short_text(text: &str) -> String {
    if text.chars().count() <= 200 {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(200).collect();
    cut.push_str("...");
    cut
}

/// What an unknown answer begins with, for a message.
pub(crate) fn root_name(name: &str) -> String {
    format!("<{}> is no SOAP answer", short(name))
}
