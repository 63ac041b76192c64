//! How deep a value may be nested.

use crate::Value;

/// Levels of arrays and objects in a value from outside. The journal wraps it in its own, and no reader goes deeper
/// than 127 levels: what is kept must be read back.
pub const LEVELS: usize = 64;

/// Whether a value is nested deeper than [`LEVELS`].
pub fn is_too_deep(value: &Value) -> bool {
    fn over(value: &Value, left: usize) -> bool {
        let below = |inner: &Value| over(inner, left - 1);
        match value {
            Value::Array(items) => left == 0 || items.iter().any(below),
            Value::Object(members) => left == 0 || members.values().any(below),
            _ => false,
        }
    }
    over(value, LEVELS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn values_are_bounded_in_depth() {
        for (text, expected) in [
            ("1".to_owned(), false),
            (nested(LEVELS), false),
            (nested(LEVELS + 1), true),
            (format!("{{\"a\": 1, \"b\": {}}}", nested(LEVELS - 1)), false),
            (format!("{{\"a\": 1, \"b\": {}}}", nested(LEVELS)), true),
        ] {
            let value = serde_json::from_str(&text).expect("the cases are JSON");
            assert_eq!(is_too_deep(&value), expected, "{text}");
        }
    }
}
