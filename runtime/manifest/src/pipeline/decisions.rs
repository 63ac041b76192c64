//! Decisions: the answers that a person may give, and what an answer holds.

use std::collections::BTreeMap;

use dragoman_model::Span;

use super::beside::beside;
use super::triggers::optional;
use super::{Answer, AnswerField, Decision, Wait};
use crate::Spanned;
use crate::codes;
use crate::fields::Fields;
use crate::reading::{Reading, plain};
use crate::yaml::{Node, NodeKind};
use dragoman_model::Diagnostic;

/// The key `decisions` at the top.
pub(super) fn decisions(reading: &mut Reading, node: &Node) -> Vec<(Spanned<String>, Decision)> {
    let Some(fields) = reading.fields(
        node,
        "the decisions",
        "`{ accept-order: { answers: [accept, refuse] } }`",
    ) else {
        return Vec::new();
    };
    let mut decisions = Vec::new();
    for entry in fields.entries() {
        if !reading.check_name(&entry.key, "_-") {
            continue;
        }
        let Some(mut inner) = reading.fields(&entry.value, "a decision", "`{ answers: [accept, refuse] }`") else {
            continue;
        };
        let decision = decision(reading, &mut inner).unwrap_or_default();
        if decision.answers.is_empty() {
            reading.missing(inner.heading(), "a decision", "answers", "[accept, refuse]");
        }
        inner.finish(reading);
        decisions.push((entry.key.clone(), decision));
    }
    decisions
}

/// The keys `answers` and `fields`; none where neither is there.
pub(super) fn decision(reading: &mut Reading, fields: &mut Fields<'_>) -> Option<Decision> {
    let answers = fields.take("answers");
    let further = fields.take("fields");
    if answers.is_none() && further.is_none() {
        return None;
    }
    Some(Decision {
        answers: answers.map_or_else(Vec::new, |n| self::answers(reading, n)),
        fields: further.map_or_else(Vec::new, |n| self::further(reading, n)),
    })
}

/// A list of answers, or a mapping from each answer to the fields that must come with it.
fn answers(reading: &mut Reading, node: &Node) -> Vec<Answer> {
    if let NodeKind::Mapping(mapping) = &node.kind {
        let mut answers = Vec::new();
        let mut nothing_said = false;
        for entry in &mapping.entries {
            // `yes:` alone: an answer that brings nothing; of several it is said once.
            let fields = match entry.value.is_null() {
                true if nothing_said => Vec::new(),
                true => {
                    nothing_said = true;
                    let help = format!(
                        "an answer that brings nothing is written `{}: []`; all of them so: `[accept, refuse]`",
                        *entry.key
                    );
                    reading.wrong_type(&entry.value, "a list of texts", &help);
                    Vec::new()
                }
                false => reading.texts(&entry.value, "`[reason]`"),
            };
            if reading.check_name(&entry.key, "_-") {
                answers.push(Answer {
                    name: entry.key.clone(),
                    needs: fields,
                });
            }
        }
        return answers;
    }
    let items = reading.list(node, "a list of answers", "`[accept, refuse]`");
    items
        .iter()
        .filter_map(|item| reading.name(item, "_-", "accept"))
        .map(|name| Answer {
            name,
            needs: Vec::new(),
        })
        .collect()
}

fn further(reading: &mut Reading, node: &Node) -> Vec<AnswerField> {
    let Some(fields) = reading.fields(node, "the fields of an answer", "`{ amount: { type: string } }`") else {
        return Vec::new();
    };
    let mut further = Vec::new();
    for entry in fields.entries() {
        if !reading.check_name(&entry.key, "_") {
            continue;
        }
        match &entry.value.kind {
            NodeKind::Mapping(_) => {
                let mut places = BTreeMap::new();
                note_places(&entry.value, String::new(), &mut places);
                let schema = reading.value(&entry.value);
                further.push(AnswerField {
                    name: entry.key.clone(),
                    schema,
                    places,
                });
            }
            _ => reading.wrong_type(&entry.value, "a JSON Schema", "write, for example, `{ type: string }`"),
        }
    }
    further
}

/// Where the pieces of a value stand. Of a member that is one value, this value's own place is noted under the pointer and a
/// slash.
pub(super) fn note_places(node: &Node, pointer: String, places: &mut BTreeMap<String, Span>) {
    match &node.kind {
        NodeKind::Mapping(mapping) => {
            for entry in &mapping.entries {
                let pointer = format!("{pointer}/{}", entry.key.value);
                places.insert(pointer.clone(), entry.key.span.clone());
                if matches!(entry.value.kind, NodeKind::Scalar(_)) {
                    places.insert(format!("{pointer}/"), entry.value.span.clone());
                }
                note_places(&entry.value, pointer, places);
            }
        }
        NodeKind::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                let pointer = format!("{pointer}/{index}");
                places.insert(pointer.clone(), item.span.clone());
                note_places(item, pointer, places);
            }
        }
        NodeKind::Scalar(_) | NodeKind::Refused => {}
    }
}

/// How long a wait takes at most. One that cannot be read, or stands beside the wait, is an end nevertheless: nothing
/// is said about a wait without one.
pub(super) fn end_of_a_wait(reading: &mut Reading, fields: &mut Fields<'_>) -> Option<Spanned<u64>> {
    match fields.take_or("for", &["timeout"]) {
        Some(node) => {
            let time = reading.some_time(node, "30d");
            Some(time.unwrap_or_else(|| Spanned::new(0, node.span.clone())))
        }
        None => fields.is_beside("for").then(|| Spanned::new(0, fields.heading())),
    }
}

/// A wait is for a person or for an event, never for both.
fn both_waits(reading: &mut Reading, fields: &mut Fields<'_>) -> bool {
    let entries = fields.entries();
    let Some(event) = entries.iter().find(|e| *e.key == "event") else {
        return false;
    };
    let decision = entries.iter().find(|e| *e.key == "decision");
    let message = "a `wait` has `decision` or `event`, and here are both";
    let mut diagnostic = Diagnostic::error(codes::MISPLACED_KEY, event.key.span.clone(), message);
    if let Some(decision) = decision {
        diagnostic = diagnostic.label(decision.key.span.clone(), "it waits for a person already");
    }
    reading.push(diagnostic.help("write two steps in a `parallel`, or take `event` and its `key` away"));
    fields.explained("event");
    fields.explained("key");
    true
}

/// A wait for a person.
pub(super) fn wait(reading: &mut Reading, node: &Node) -> Option<Wait> {
    let example = "`{ decision: accept-order, answers: [accept, refuse], for: 30d, roles: [approver] }`";
    if let Some(time) = plain(node).filter(|text| crate::measure::duration(text).is_some()) {
        let help = format!("to let time pass, write `sleep: {time}`; a `wait` is for a person or an event");
        reading.wrong_type(node, "a mapping", &help);
        return None;
    }
    let mut fields = reading.fields(node, "`wait`", example)?;
    let both = both_waits(reading, &mut fields);
    let name = fields
        .need(reading, "decision", "accept-order")
        .and_then(|n| reading.name(n, "_-", "accept-order"));
    let said = decision(reading, &mut fields);
    let for_ms = end_of_a_wait(reading, &mut fields);
    let show = optional(&mut fields, "show").map(|n| reading.template(n));
    let roles = fields
        .take("roles")
        .map_or_else(Vec::new, |n| reading.texts(n, "`[approver]`"));
    let check = fields.take("check").map(|n| reading.expression(n));
    let refusal = fields.take_or("refusal", &["message", "error"]);
    if let (None, Some(refusal)) = (&check, refusal) {
        let example = "size(answer.lines) > 0";
        reading.missing(refusal.span.clone(), "a wait with a `refusal`", "check", example);
    }
    let refusal = refusal.and_then(|n| reading.text(n, "an item is not in the order"));
    beside(reading, &mut fields, "wait");
    fields.finish(reading);
    // Of what was meant as an event the decision is not looked up too.
    Some(Wait {
        decision: name.filter(|_| !both)?,
        said,
        for_ms,
        show,
        roles,
        check,
        refusal,
    })
}
