//! Events: handed to the site by `emit`, heard by triggers and by waits.

use super::beside::beside;
use super::{StepKind, TriggerKind, decisions};
use crate::reading::Reading;
use crate::said::{ExpressionText, Template};
use crate::yaml::{Node, NodeKind};
use crate::{Spanned, codes};
use dragoman_model::Diagnostic;

/// Hands an event to the site.
#[derive(Debug, Clone)]
pub struct Emit {
    /// The event's name.
    pub event: Spanned<String>,
    /// What waits find it by.
    pub key: Option<ExpressionText>,
    /// What it brings.
    pub data: Option<Template>,
}

/// A wait for an event.
#[derive(Debug, Clone)]
pub struct EventWait {
    /// The event's name.
    pub event: Spanned<String>,
    /// The key that it must have.
    pub key: ExpressionText,
    /// How long, in milliseconds.
    pub for_ms: Option<Spanned<u64>>,
}

pub(super) fn emit(reading: &mut Reading, node: &Node) -> Option<StepKind> {
    let example = "`{ event: order-shipped, key: trigger.message.number, data: { ... } }`";
    let mut fields = reading.fields(node, "`emit`", example)?;
    let event = fields
        .need(reading, "event", "...")
        .and_then(|n| reading.name(n, "_-", "order-shipped"));
    let key = fields.take("key").map(|n| reading.expression(n));
    let data = fields
        .take_or("data", &["payload", "body", "with", "message"])
        .map(|n| reading.template(n));
    fields.finish(reading);
    let event = event?;
    Some(StepKind::Emit(Box::new(Emit { event, key, data })))
}

/// Whether a `wait` is one for an event.
pub(super) fn is_event_wait(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Mapping(mapping) => {
            let has = |keys: &[&str]| {
                let mut said = mapping.entries.iter().map(|e| e.key.value.as_str());
                said.any(|said| keys.iter().any(|key| said == *key || crate::keys::means(said, key)))
            };
            // A key is what only an event has, and what is shown and answered only what a person is asked.
            let of_an_event = has(&["event"]) || has(&["key"]) && !has(&["answers", "fields", "show", "roles"]);
            of_an_event && !has(&["decision"])
        }
        _ => false,
    }
}

pub(super) fn wait(reading: &mut Reading, node: &Node) -> Option<StepKind> {
    let mut fields = reading.fields(node, "a wait for an event", "`{ event: order-shipped, key: ... }`")?;
    let event = fields
        .need(reading, "event", "...")
        .and_then(|n| reading.name(n, "_-", "order-shipped"));
    let key = fields.need(reading, "key", "...").map(|n| reading.expression(n));
    let for_ms = decisions::end_of_a_wait(reading, &mut fields);
    for entry in fields.entries() {
        let key = entry.key.value.as_str();
        if ["answers", "fields", "show", "roles", "check", "refusal"].contains(&key) {
            let message = format!("`{key}` belongs to a wait for a person, and this one is for an event");
            let diagnostic = Diagnostic::error(codes::MISPLACED_KEY, entry.key.span.clone(), message);
            reading.push(diagnostic.help("take it away, or write `decision:` in place of `event:`"));
            fields.explained(key);
        }
    }
    beside(reading, &mut fields, "wait");
    fields.finish(reading);
    Some(StepKind::WaitEvent(Box::new(EventWait {
        event: event?,
        key: key?,
        for_ms,
    })))
}

pub(super) fn trigger(reading: &mut Reading, node: &Node) -> Option<TriggerKind> {
    let mut fields = reading.fields(node, "a trigger of events", "`{ name: order-shipped }`")?;
    let name = fields
        .need(reading, "name", "...")
        .and_then(|n| reading.name(n, "_-", "order-shipped"));
    let from = fields.take("from").map(|n| reading.name(n, "_-", "ship-orders"));
    fields.finish(reading);
    let from = match from {
        None => None,
        Some(from) => Some(from?),
    };
    Some(TriggerKind::Event { name: name?, from })
}
