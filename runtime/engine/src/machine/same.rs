//! When two pieces of plans say the same.

use dragoman_expression::Expression;
use dragoman_model::Value;
use dragoman_plan::{StepKind, Template};

/// The word of a step.
pub(super) fn word(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::Call(_) => "call",
        StepKind::Choose(_) => "choose",
        StepKind::Each(_) => "each",
        StepKind::Parallel(_) => "parallel",
        StepKind::Repeat(_) => "repeat",
        StepKind::Try(_) => "try",
        StepKind::Run(_) => "run",
        StepKind::Claim(_) => "claim",
        StepKind::Release { .. } => "release",
        StepKind::Void { .. } => "void",
        StepKind::Wait(_) => "wait for a person",
        StepKind::WaitEvent(_) => "wait for an event",
        StepKind::Emit(_) => "emit",
        StepKind::Sleep { .. } => "sleep",
        StepKind::Set(_) => "set",
        StepKind::Reply(_) => "reply",
        StepKind::Stop { .. } => "stop",
        StepKind::Park { .. } => "park",
        StepKind::Fail { .. } => "fail",
    }
}

/// Both are there and say the same, or neither is.
pub(super) fn optional<T>(one: Option<&T>, other: Option<&T>, same: impl Fn(&T, &T) -> bool) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => same(one, other),
        (None, None) => true,
        _ => false,
    }
}

/// Whether two expressions are written alike; what they name is the same where the steps before are.
pub(super) fn expression(one: &Expression, other: &Expression) -> bool {
    one.text.trim() == other.text.trim()
}

pub(super) fn expressions(one: Option<&Expression>, other: Option<&Expression>) -> bool {
    optional(one, other, expression)
}

pub(super) fn template(one: &Template, other: &Template) -> bool {
    match (one, other) {
        (Template::Literal(one), Template::Literal(other)) => one == other,
        (Template::Expression(one), Template::Expression(other)) => expression(one, other),
        (Template::List(one), Template::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| template(one, other))
        }
        (Template::Object(one), Template::Object(other)) => {
            let found = |name: &str| other.iter().find(|(known, _)| known == name).map(|(_, value)| value);
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, one)| found(name).is_some_and(|other| template(one, other)))
        }
        _ => false,
    }
}

/// Whether a value is of the same kind as another, member by member; lists are not looked into.
pub(super) fn is_alike(one: Option<&Value>, other: &Value) -> bool {
    match (one, other) {
        (Some(Value::Object(one)), Value::Object(other)) => {
            other.iter().all(|(name, value)| is_alike(one.get(name), value))
        }
        (Some(one), other) => std::mem::discriminant(one) == std::mem::discriminant(other),
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_alike_by_their_kinds() {
        for (one, other, alike) in [
            (json!({ "a": 1, "b": "x" }), json!({ "a": 2 }), true),
            (json!({ "a": 1 }), json!({ "a": 2, "b": 3 }), false),
            (json!({ "a": 1 }), json!({ "a": "1" }), false),
            (json!({ "a": { "b": [] } }), json!({ "a": { "b": [1] } }), true),
            (json!({ "a": { "b": null } }), json!({ "a": { "b": [1] } }), false),
        ] {
            assert_eq!(is_alike(Some(&one), &other), alike, "{one} {other}");
        }
        assert!(!is_alike(None, &json!(1)));
    }
}
