//! The keys at the top of a case, its messages and its people.

use std::sync::Arc;

use dragoman_model::{Diagnostic, Source, Timestamp};

use super::answers::{answers, failure};
use super::expect::expect;
use super::{
    Before, Case, Content, Crash, Json, Later, LaterEvent, LaterKind, Message, Mode, Operator, OperatorAct, Person,
};
use crate::fields::Fields;
use crate::reading::Reading;
use crate::yaml::{Node, NodeKind};
use crate::{Spanned, codes};

pub(super) fn case(reading: &mut Reading, source: &Arc<Source>, root: &Node) -> Option<Case> {
    let mut fields = reading.fields(root, "a case", "with `case:` and what it shows in its first line")?;
    let summary = fields
        .need(reading, "case", "what it shows")
        .and_then(|n| reading.text(n, "what it shows"));
    let pipeline = fields
        .need(reading, "pipeline", "ship-orders")
        .and_then(|n| reading.text(n, "ship-orders"));
    let about = pipeline
        .clone()
        .unwrap_or_else(|| Spanned::new(String::new(), root.span.clone()));
    let site = fields
        .take("site")
        .and_then(|n| object(reading, n, "the values of the site"));
    let mode = fields.take("mode").and_then(|n| mode(reading, n));
    let example = "`- { pipeline: ship-orders, message: { number: 7 } }`";
    let before = fields.take("before").map_or_else(Vec::new, |n| {
        let items = reading.list(n, "a list of messages", example);
        items.iter().filter_map(|item| before(reading, item, &about)).collect()
    });
    let trigger = fields
        .need(reading, "trigger", "{ message: { number: 7 } }")
        .and_then(|n| message(reading, n, &about));
    let later = fields.take("later").map_or_else(Vec::new, |n| {
        let items = reading.list(n, "a list of what happens later", "`- { after: 1h, void: REFERENCE }`");
        items.iter().filter_map(|item| later(reading, item, &about)).collect()
    });
    let answers = fields.take("answers").map_or_else(Vec::new, |n| answers(reading, n));
    let people = fields.take("people").map_or_else(Vec::new, |n| {
        let items = reading.list(n, "a list of people's answers", "`- { wait: clerk, answer: accept }`");
        items.iter().filter_map(|item| person(reading, item)).collect()
    });
    let operators = fields.take("operators").map_or_else(Vec::new, |n| {
        let items = reading.list(n, "a list of acts", "`- { parked: shipped, act: resume }`");
        items.iter().filter_map(|item| operator(reading, item)).collect()
    });
    let until = fields.take("until").and_then(|n| reading.duration(n));
    let crash = fields
        .take("crash")
        .and_then(|n| reading.word(n, &[("every_commit", Crash::EveryCommit), ("never", Crash::Never)]));
    let expect = fields.take("expect").map(|n| expect(reading, n));
    fields.finish(reading);
    Some(Case {
        source: source.clone(),
        summary: summary?,
        pipeline: pipeline?,
        site,
        mode,
        before,
        trigger: trigger?,
        later,
        answers,
        people,
        operators,
        until,
        crash: crash.map_or(Crash::Never, |c| c.value),
        expect: expect.unwrap_or_default(),
    })
}

/// `live`, `observe`, or the connections that only observe.
fn mode(reading: &mut Reading, node: &Node) -> Option<Mode> {
    if !matches!(node.kind, NodeKind::Mapping(_)) {
        let word = reading.word(node, &[("live", false), ("observe", true)])?;
        return Some(if word.value { Mode::Observe } else { Mode::Live });
    }
    let mut fields = reading.fields(node, "a mode", "`{ observe: [mail] }`")?;
    let connections = fields
        .need(reading, "observe", "[mail]")
        .map(|n| reading.texts(n, "[mail]"));
    fields.finish(reading);
    connections.map(Mode::Connections)
}

/// A value that must be an object.
pub(super) fn object(reading: &mut Reading, node: &Node, what: &str) -> Option<Json> {
    if matches!(node.kind, NodeKind::Mapping(_)) {
        return Some(Json::of(node));
    }
    reading.wrong_type(node, "a mapping", &format!("write {what} as keys and values"));
    None
}

/// A message, or a reference that is closed.
fn before(reading: &mut Reading, node: &Node, about: &Spanned<String>) -> Option<Before> {
    let mut fields = reading.fields(node, "what happens before", "`{ message: { number: 7 } }`")?;
    let before = match fields.take("void") {
        Some(node) => reading.text(node, "the reference").map(Before::Void),
        None => message_fields(reading, &mut fields, about).map(|message| Before::Message(Box::new(message))),
    };
    fields.finish(reading);
    before
}

fn message(reading: &mut Reading, node: &Node, about: &Spanned<String>) -> Option<Message> {
    let mut fields = reading.fields(node, "a message", "`{ id: hook, message: { number: 7 } }`")?;
    let message = message_fields(reading, &mut fields, about);
    fields.finish(reading);
    message
}

fn message_fields(reading: &mut Reading, fields: &mut Fields<'_>, about: &Spanned<String>) -> Option<Message> {
    let pipeline = fields.take("pipeline").and_then(|n| reading.text(n, "ship-orders"));
    let id = fields.take("id").and_then(|n| reading.text(n, "hook"));
    let failed = fields.take("failure");
    let said = fields.take("message");
    let content = match (said, failed) {
        (Some(node), None) => Some(Content::Message(Json::of(node))),
        (None, Some(node)) => failure(reading, node).map(Content::Unreadable),
        (None, None) => {
            reading.missing(fields.heading(), "a message", "message", "{ number: 7 }");
            None
        }
        (Some(_), Some(node)) => {
            let text = "a message has either a `message` or the `failure` of reading it";
            reading.push(Diagnostic::error(codes::STEP_WORD, node.span.clone(), text).help("take one of them away"));
            None
        }
    };
    let document = fields.take("document").and_then(|n| reading.text(n, "message.xml"));
    let sender = fields.take("sender").and_then(|n| reading.text(n, "partner"));
    let at = fields.take("at").and_then(|n| time(reading, n));
    let headers = fields.take("headers").map_or_else(Vec::new, |n| headers(reading, n));
    let attributes = fields
        .take("attributes")
        .and_then(|n| object(reading, n, "what is told of the message"));
    Some(Message {
        pipeline: pipeline.unwrap_or_else(|| about.clone()),
        id,
        content: content?,
        document,
        sender,
        at,
        headers,
        attributes,
        span: fields.heading(),
    })
}

fn time(reading: &mut Reading, node: &Node) -> Option<Spanned<Timestamp>> {
    let text = reading.text(node, "2026-03-02T09:00:00Z")?;
    match Timestamp::parse(&text) {
        Ok(time) => Some(Spanned::new(time, text.span)),
        Err(_) => {
            let message = format!("`{}` is not a time with its zone", text.value);
            reading.push(
                Diagnostic::error(codes::WRONG_VALUE, text.span, message).help("write it as 2026-03-02T09:00:00Z"),
            );
            None
        }
    }
}

fn headers(reading: &mut Reading, node: &Node) -> Vec<(String, String)> {
    let Some(fields) = reading.fields(node, "the headers", "`{ message-id: A7 }`") else {
        return Vec::new();
    };
    let entries = fields.entries().iter();
    let header = |e: &crate::yaml::Entry| Some((e.key.value.to_lowercase(), reading.text(&e.value, "A7")?.value));
    entries.filter_map(header).collect()
}

fn later(reading: &mut Reading, node: &Node, about: &Spanned<String>) -> Option<Later> {
    let mut fields = reading.fields(node, "what happens later", "`{ after: 1h, void: REFERENCE }`")?;
    let after = fields.need(reading, "after", "1h").and_then(|n| reading.duration(n));
    let what = match (fields.take("void"), fields.take("event")) {
        (Some(node), None) => reading.text(node, "the reference").map(LaterKind::Void),
        (None, Some(node)) => {
            let name = reading.text(node, "order-shipped");
            let key = fields.take("key").and_then(|n| reading.text(n, "A7"));
            let data = fields
                .take("data")
                .and_then(|n| object(reading, n, "what the event brings"));
            name.map(|name| LaterKind::Event(LaterEvent { name, key, data }))
        }
        (None, None) => message_fields(reading, &mut fields, about).map(|m| LaterKind::Message(Box::new(m))),
        (Some(_), Some(node)) => {
            let text = "either a reference is closed or an event comes";
            reading.push(
                Diagnostic::error(codes::STEP_WORD, node.span.clone(), text).help("write them one below the other"),
            );
            None
        }
    };
    fields.finish(reading);
    Some(Later {
        after: after?,
        what: what?,
    })
}

fn person(reading: &mut Reading, node: &Node) -> Option<Person> {
    let mut fields = reading.fields(node, "a person's answer", "`{ wait: clerk, answer: accept }`")?;
    let wait = fields
        .need(reading, "wait", "the path of the wait")
        .and_then(|n| reading.text(n, "the path of the wait"));
    let answer = fields.need(reading, "answer", "{ answer: accept }").map(Json::of);
    let after = fields.take("after").and_then(|n| reading.duration(n));
    let mut by = None;
    let mut roles = Vec::new();
    let mut authentication = None;
    if let Some(node) = fields.take("by") {
        if matches!(node.kind, NodeKind::Scalar(_)) {
            by = reading.text(node, "olga");
        } else if let Some(mut inner) = reading.fields(node, "a person", "`{ id: olga, roles: [approver] }`") {
            by = inner.need(reading, "id", "olga").and_then(|n| reading.text(n, "olga"));
            roles = inner
                .take("roles")
                .map_or_else(Vec::new, |n| reading.texts(n, "[approver]"));
            authentication = inner.take("authentication").and_then(|n| reading.text(n, "password"));
            inner.finish(reading);
        }
    }
    let span = fields.heading();
    fields.finish(reading);
    Some(Person {
        wait: wait?,
        answer: answer?,
        by: by.unwrap_or_else(|| Spanned::new("somebody".into(), span)),
        roles,
        authentication: authentication.map_or_else(|| "password".into(), |a| a.value),
        after: after.map_or(0, |a| a.value),
    })
}

/// What an operator does.
fn operator(reading: &mut Reading, node: &Node) -> Option<Operator> {
    let mut fields = reading.fields(node, "an act", "`{ parked: shipped, act: resume }`")?;
    let parked = fields
        .take("parked")
        .and_then(|n| reading.text(n, "the path of the step"));
    let act = fields
        .need(reading, "act", "resume")
        .and_then(|n| reading.word(n, &OperatorAct::WORDS));
    let after = fields.take("after").and_then(|n| reading.duration(n));
    let by = fields.take("by").and_then(|n| reading.text(n, "olga"));
    let reason = fields
        .take("reason")
        .and_then(|n| reading.text(n, "the partner is up again"));
    let heading = fields.heading();
    fields.finish(reading);
    let act = act?;
    if parked.is_none() && act.value != OperatorAct::Cancel {
        reading.missing(heading, "an act on a run that is parked", "parked", "shipped");
        return None;
    }
    Some(Operator {
        parked,
        act,
        after: after.map_or(0, |after| after.value),
        by: by.map_or_else(|| "somebody".into(), |by| by.value),
        reason: reason.map_or_else(|| "an operator decided so".into(), |reason| reason.value),
    })
}
