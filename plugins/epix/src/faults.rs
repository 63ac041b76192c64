//! What a hub's fault means: by its text, because the hub gives all of its own the same fault code.
//!
//! The hub's own faults (unepwcmc/epix, published code) come before anything is passed on, so they leave no effect;
//! those of the national system behind it are passed through in whatever words it has.

use crate::error::short;
use dragoman_guest::{Effect, Failure};
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

/// What a national system says of a certificate or a position; it has looked for it and changed nothing.
const MISSING: &[&str] = &["not found", "notfound", "not exist", "unknown", "no such"];

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
    let failure = match KNOWN.iter().find(|(known, _, _)| lower.contains(known)) {
        Some((_, code, end)) => ended(code, end, text, acts),
        None if is_missing(&lower, "position") || is_missing(&lower, "item") => {
            ended("position.not_found", &End::Rejected, text, acts)
        }
        None if MISSING.iter().any(|missing| lower.contains(missing)) => {
            ended("permit.not_found", &End::Rejected, text, acts)
        }
        // SOAP 1.1 §4.4.1: the message itself is at fault and is not to be sent again as it is.
        None if client => ended("epix.fault", &End::Permanent, text, acts),
        None => ended("epix.fault", &End::Open, text, acts),
    };
    failure.detail(json!({
        "faultcode": fault.code, "faultstring": fault.text, "detail": fault.detail,
    }))
}

fn is_missing(text: &str, what: &str) -> bool {
    text.contains(what) && MISSING.iter().any(|missing| text.contains(missing))
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
