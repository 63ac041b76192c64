//! What a plain scalar stands for: the core schema of YAML 1.2 (YAML 1.2.2, 10.3.2). `on`, `no` and `yes` are text.

use serde_json::{Number, Value};

/// Whether a plain scalar is `null`.
pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The value that a plain scalar stands for where nothing says which type is meant.
pub(crate) fn resolve(text: &str) -> Value {
    if is_null(text) {
        return Value::Null;
    }
    match text {
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::String(text.into()), Value::Number)
}

fn number(text: &str) -> Option<Number> {
    let radix = |prefix: &str, radix| {
        text.strip_prefix(prefix)
            .and_then(|t| i64::from_str_radix(t, radix).ok())
    };
    if let Some(value) = radix("0o", 8).or_else(|| radix("0x", 16)) {
        return Some(value.into());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return text
            .strip_prefix('+')
            .unwrap_or(text)
            .parse::<i64>()
            .ok()
            .map(Number::from);
    }
    let looks_like_a_number = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.contains(|c: char| c.is_ascii_digit())
        && unsigned
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    if looks_like_a_number {
        text.parse::<f64>().ok().and_then(Number::from_f64)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_text_takes_the_types_of_the_core_schema_and_no_others() {
        for (text, value) in [
            ("on", json!("on")),
            ("no", json!("no")),
            ("Yes", json!("Yes")),
            ("true", json!(true)),
            ("~", json!(null)),
            ("-12", json!(-12)),
            ("+7", json!(7)),
            ("0x1f", json!(31)),
            ("1.5e3", json!(1500.0)),
            ("1.2.3", json!("1.2.3")),
            ("2026-11-21", json!("2026-11-21")),
            ("12:30", json!("12:30")),
            ("99999999999999999999", json!("99999999999999999999")),
            (".inf", json!(".inf")),
        ] {
            assert_eq!(resolve(text), value, "{text}");
        }
    }
}
