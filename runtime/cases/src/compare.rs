//! Whether a found value holds what is expected: members that are not named are not looked at.

use dragoman_manifest::cases::{Json, JsonKind};
use dragoman_model::Value;

/// A place where a value does not hold what is expected.
pub(crate) struct Differs {
    /// JSON Pointer.
    pub(crate) pointer: String,
    pub(crate) expected: String,
    pub(crate) found: String,
}

/// Whether a value holds what is expected.
pub(crate) fn holds(expected: &Json, found: &Value) -> bool {
    differences(expected, Some(found), "").is_empty()
}

/// Where a value does not hold what is expected. An expected `null` is an absent member; a plain scalar is the same as
/// the text that it is written as, so that nobody quotes decimals.
pub(crate) fn differences(expected: &Json, found: Option<&Value>, pointer: &str) -> Vec<Differs> {
    let differs = |found: Option<&Value>| {
        vec![Differs {
            pointer: pointer.to_owned(),
            expected: shown(Some(&expected.value())),
            found: shown(found),
        }]
    };
    match (&expected.kind, found) {
        (JsonKind::Scalar { value: Value::Null, .. }, None | Some(Value::Null)) => Vec::new(),
        (JsonKind::Scalar { value, plain }, Some(found)) => {
            let same = value == found || same_number(value, found);
            let written = plain.as_deref().is_some_and(|plain| found.as_str() == Some(plain));
            if same || written {
                Vec::new()
            } else {
                differs(Some(found))
            }
        }
        (JsonKind::Object(members), Some(Value::Object(there))) => members
            .iter()
            .flat_map(|(name, value)| {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                differences(value, there.get(&name.value), &format!("{pointer}/{escaped}"))
            })
            .collect(),
        (JsonKind::List(items), Some(Value::Array(there))) if items.len() == there.len() => items
            .iter()
            .zip(there)
            .enumerate()
            .flat_map(|(at, (item, there))| differences(item, Some(there), &format!("{pointer}/{at}")))
            .collect(),
        (JsonKind::List(items), Some(Value::Array(there))) => vec![Differs {
            pointer: pointer.to_owned(),
            expected: format!("a list of {}", items.len()),
            found: format!("a list of {}: {}", there.len(), shown(found)),
        }],
        (_, found) => differs(found),
    }
}

fn same_number(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => (left - right).abs() < f64::EPSILON,
        _ => false,
    }
}

/// The part of a found value that an expected one looks at: what `--update` writes in its place.
pub(crate) fn part(expected: &Json, found: &Value) -> Value {
    match (&expected.kind, found) {
        (JsonKind::Object(members), Value::Object(there)) => members
            .iter()
            .filter_map(|(name, value)| Some((name.value.clone(), part(value, there.get(&name.value)?))))
            .collect(),
        (JsonKind::List(items), Value::Array(there)) if items.len() == there.len() => {
            items.iter().zip(there).map(|(item, there)| part(item, there)).collect()
        }
        _ => found.clone(),
    }
}

/// A value in a line.
pub(crate) fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".into(), crate::script::shortened)
}
