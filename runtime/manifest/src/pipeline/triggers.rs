//! What begins a run: the key `on`.

use dragoman_model::{Diagnostic, Span};

use super::{OperationName, Trigger, TriggerKind, events, schedule, shapes};
use crate::fields::Fields;
use crate::reading::Reading;
use crate::yaml::{Entry, Node, NodeKind};
use crate::{Spanned, codes};

/// How long a file must not have changed where nothing is said, in milliseconds.
const SETTLE_MS: u64 = 2_000;

/// The longest name of a queue, in bytes: AMQP sends its length in one.
const LONGEST_QUEUE: usize = 255;

/// The ways in which a run begins.
const WAYS: &[&str] = &["http", "files", "schedule", "event", "amqp", "manual"];

pub(super) fn triggers(reading: &mut Reading, node: &Node) -> Vec<Trigger> {
    let items = reading.list(node, "a list of triggers", "each trigger behind a dash: `- id: hook`");
    if items.is_empty() && matches!(node.kind, NodeKind::Sequence(_)) {
        let message = "nothing begins a run";
        reading.push(
            Diagnostic::error(codes::WRONG_VALUE, node.span.clone(), message)
                .help("write a trigger: `- { id: by-hand, manual: {} }`"),
        );
    }
    let mut triggers: Vec<Trigger> = Vec::new();
    for item in items {
        let Some(trigger) = trigger(reading, item, triggers.len() + 1) else {
            continue;
        };
        if let Some(first) = triggers.iter().find(|t| t.id.value == trigger.id.value) {
            let message = format!("two triggers have the id `{}`", *trigger.id);
            reading.push(
                Diagnostic::error(codes::DUPLICATE_KEY, trigger.id.span.clone(), message)
                    .mark("again")
                    .label(first.id.span.clone(), "first here")
                    .help("give one of them another id"),
            );
        }
        triggers.push(trigger);
    }
    triggers
}

/// A trigger that says no way, or says it by another name, which is said once.
fn no_way(reading: &mut Reading, fields: &mut Fields<'_>) {
    let strange = |e: &&Entry| !["id", "read"].contains(&e.key.value.as_str());
    let Some(entry) = fields.entries().iter().find(strange) else {
        return reading.missing(fields.heading(), "a trigger", "http", "{ path: /orders }");
    };
    let message = format!("unknown key `{}`", *entry.key);
    let diagnostic = Diagnostic::error(codes::UNKNOWN_KEY, entry.key.span.clone(), message);
    reading.push(diagnostic.mark("not a key of a trigger").help(way_of(&entry.key)));
    fields.explained(&entry.key.value);
}

/// The way in which a run begins that has another name elsewhere.
fn way_of(key: &str) -> String {
    let way = match key {
        "webhook" | "https" | "rest" | "api" | "endpoint" | "url" | "post" | "path" => "http",
        "file" | "folder" | "directory" | "watch" | "inbox" => "files",
        "cron" | "timer" | "interval" | "every" | "at" => "schedule",
        "queue" | "rabbitmq" | "broker" | "topic" | "mq" => "amqp",
        "workflow_dispatch" | "hand" | "button" | "call" | "workflow_call" | "input" => "manual",
        "events" | "on_event" | "signal" | "emit" => "event",
        _ => return format!("a trigger says how a run begins with one of: {}", WAYS.join(", ")),
    };
    format!(
        "write `{way}`: a trigger says how a run begins with one of {}",
        WAYS.join(", ")
    )
}

fn trigger(reading: &mut Reading, node: &Node, number: usize) -> Option<Trigger> {
    let mut fields = reading.fields(node, "a trigger", "`{ id: hook, http: { path: /orders } }`")?;
    let span = fields.heading();
    let id = fields.take("id").and_then(|n| reading.name(n, "_-", "hook"));
    let read = fields.take("read").and_then(|n| operation_name(reading, n));
    let ways: Vec<(&str, &Entry)> = WAYS.iter().filter_map(|way| Some((*way, fields.entry(way)?))).collect();
    let mut input = None;
    let kind = match ways
        .iter()
        .map(|(way, entry)| (*way, &entry.value))
        .collect::<Vec<_>>()
        .as_slice()
    {
        [("http", node)] => http(reading, node),
        [("files", node)] => files(reading, node),
        [("schedule", node)] => schedule::schedule(reading, node),
        [("event", node)] => events::trigger(reading, node),
        [("amqp", node)] => amqp(reading, node),
        [(_, node)] => {
            let example = "`manual: {}`, or `manual: { input: orders.read_order }`";
            if let Some(mut fields) = reading.fields(node, "a manual trigger", example) {
                input = fields.take("input").and_then(|n| shapes::shape(reading, n));
                fields.finish(reading);
            }
            Some(TriggerKind::Manual)
        }
        [] => {
            no_way(reading, &mut fields);
            stand_in(read.as_ref())
        }
        _ => {
            let names: Vec<String> = ways.iter().map(|(way, _)| format!("`{way}`")).collect();
            let message = format!(
                "a trigger says one way in which a run begins; here are {}",
                names.join(" and ")
            );
            reading.push(
                Diagnostic::error(codes::STEP_WORD, span.clone(), message)
                    .help("write two triggers, each behind a dash"),
            );
            stand_in(read.as_ref())
        }
    };
    fields.finish(reading);
    let kind = kind.or_else(|| stand_in(read.as_ref()));
    let id = id.unwrap_or_else(|| Spanned::new(format!("trigger-{number}"), span.clone()));
    Some(Trigger {
        id,
        kind: kind?,
        read,
        input,
        span,
    })
}

/// In place of a way that was refused, so that what the message is checked against is known: another mistake is not
/// hidden by this one. None where nothing says what the message is.
fn stand_in(read: Option<&OperationName>) -> Option<TriggerKind> {
    read.map(|_| TriggerKind::Manual)
}

fn http(reading: &mut Reading, node: &Node) -> Option<TriggerKind> {
    let mut fields = reading.fields(
        node,
        "an HTTP trigger",
        "`{ path: /orders, from: partner, reply: accepted }`",
    )?;
    let path = fields
        .need(reading, "path", "/orders")
        .and_then(|n| reading.text(n, "/orders"));
    let from = fields
        .take("from")
        .and_then(|n| reading.text(n, "the name of a sender of the site file"));
    // A word that is none is taken for `replied`, so that nothing else is said to be wrong because of it.
    let replied = fields.take("reply").map(|n| {
        let before = reading.diagnostics.len();
        let word = reading.word(n, &[("accepted", false), ("replied", true)]);
        let right = if reading.replies { "replied" } else { "accepted" };
        for said in reading.diagnostics.iter_mut().skip(before) {
            // What is nearly one of the two was meant as that one.
            if said.help.iter().any(|help| help.starts_with("write one of")) {
                said.help = vec![format!("write `{right}`")];
            }
        }
        word.is_none_or(|word| word.value)
    });
    fields.finish(reading);
    let path = path?;
    let segments_fit = path
        .split('/')
        .skip(1)
        .all(|s| !s.is_empty() && s != ".." && s.bytes().all(|b| b.is_ascii_graphic() && !b"?#{}*".contains(&b)));
    if !path.starts_with('/') || !segments_fit {
        let message = format!("`{}` is not a path", path.value);
        reading.push(
            Diagnostic::error(codes::WRONG_VALUE, path.span.clone(), message).help("write, for example, `/orders/new`"),
        );
    }
    Some(TriggerKind::Http {
        path,
        from,
        replied: replied.unwrap_or(false),
    })
}

fn files(reading: &mut Reading, node: &Node) -> Option<TriggerKind> {
    let mut fields = reading.fields(
        node,
        "a trigger of files",
        "`{ folder: inbox, match: \"*.xml\", settle: 2s }`",
    )?;
    let folder = fields
        .need(reading, "folder", "inbox")
        .and_then(|n| reading.text(n, "inbox"));
    let matching = fields.take("match").and_then(|n| reading.text(n, "*.xml"));
    let settle = fields.take("settle").and_then(|n| reading.duration(n));
    fields.finish(reading);
    let folder = folder?;
    if folder.starts_with('/') || folder.split('/').any(|part| part == "..") {
        let message = "a folder stands below the folder of the site file";
        reading.push(
            Diagnostic::error(codes::WRONG_VALUE, folder.span.clone(), message)
                .help("write a path without `/` at its beginning and without `..`"),
        );
    }
    if let Some(matching) = matching.as_ref().filter(|m| m.contains('/')) {
        names_a_folder(reading, &folder, matching);
    }
    Some(TriggerKind::Files {
        folder,
        matching: matching.map_or_else(|| "*".into(), |m| m.value),
        settle_ms: settle.map_or(SETTLE_MS, |s| s.value),
    })
}

/// The glob is one on the names of files, in which there is no `/`.
fn names_a_folder(reading: &mut Reading, folder: &str, matching: &Spanned<String>) {
    let message = "`match` is a glob on the name of a file, in which there is no `/`: this one matches nothing";
    let (inner, name) = matching.rsplit_once('/').unwrap_or_default();
    let (folder, inner) = (folder.trim_end_matches('/'), inner.trim_matches('/'));
    let name = if name.is_empty() { "*" } else { name };
    let plain = !inner.is_empty() && !inner.contains(['*', '?', '[', '{']) && !inner.contains("..");
    let help = if plain {
        format!("write `folder: {folder}/{inner}, match: \"{name}\"`")
    } else {
        format!("write the folder as `folder`, and only the name here: `match: \"{name}\"`")
    };
    reading.push(Diagnostic::error(codes::WRONG_VALUE, matching.span.clone(), message).help(help));
}

/// A queue of a message broker. The sender is what says which broker.
fn amqp(reading: &mut Reading, node: &Node) -> Option<TriggerKind> {
    let mut fields = reading.fields(node, "an AMQP trigger", "`{ queue: orders, from: partner }`")?;
    let queue = fields
        .need(reading, "queue", "orders")
        .and_then(|n| reading.text(n, "orders"));
    let from = fields
        .need(reading, "from", "partner")
        .and_then(|n| reading.text(n, "the name of a sender of the site file"));
    fields.finish(reading);
    let queue = queue?;
    if queue.is_empty() || queue.len() > LONGEST_QUEUE || queue.chars().any(char::is_control) {
        let message = "this cannot be the name of a queue";
        reading.push(
            Diagnostic::error(codes::WRONG_VALUE, queue.span.clone(), message)
                .help("write the name that the broker has for it: at most 255 bytes, without control characters"),
        );
    }
    Some(TriggerKind::Amqp { queue, from: from? })
}

/// `connection.operation`.
pub(super) fn operation_name(reading: &mut Reading, node: &Node) -> Option<OperationName> {
    let text = reading.text(node, "orders.get")?;
    let named = text
        .split_once('.')
        .filter(|(connection, operation)| !connection.is_empty() && !operation.is_empty() && !text.starts_with('='));
    let Some((connection, operation)) = named else {
        let message = format!("`{}` names no operation", text.value);
        reading.push(Diagnostic::error(codes::WRONG_VALUE, text.span, message).help(
            match text.value.split_once(['/', ':', '#']) {
                Some((connection, operation)) => {
                    let operation = operation.trim_start_matches([':', '/']);
                    format!("write a dot between the connection and the operation: `{connection}.{operation}`")
                }
                None => "write the connection, a dot and the operation: `orders.get`".to_owned(),
            },
        ));
        return None;
    };
    // Where the scalar is quoted the offsets are one further.
    let quote = usize::from(text.span.range.len() > text.value.len());
    let start = text.span.range.start + quote;
    let place = |from: usize, to: usize| Span::new(&text.span.source, start + from..start + to);
    let dot = connection.len();
    let connection = Spanned::new(connection.to_owned(), place(0, dot));
    let operation = Spanned::new(operation.to_owned(), place(dot + 1, text.value.len()));
    let good = reading.check_name(&connection, "_-") & reading.check_name(&operation, "_-");
    good.then_some(OperationName { connection, operation })
}

/// Takes the fields of a mapping that is allowed to be left out.
pub(super) fn optional<'a>(fields: &mut Fields<'a>, key: &'static str) -> Option<&'a Node> {
    fields.take(key).filter(|n| !n.is_null())
}
