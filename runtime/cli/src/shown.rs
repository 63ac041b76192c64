//! What is shown to a person before they decide, as lines at a terminal: all of it, and nothing that looks like more.

use dragoman_model::Value;

/// A value, a line each: `name: value` of an object, `- value` of a list, what is inside by two blanks further in.
pub(crate) fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) if !members.is_empty() => members
            .iter()
            .flat_map(|(name, value)| {
                let name = text(name);
                match scalar(value) {
                    Some(scalar) => vec![format!("{name}: {scalar}")],
                    None => {
                        let inside = lines(value).into_iter().map(|line| format!("  {line}"));
                        std::iter::once(format!("{name}:")).chain(inside).collect()
                    }
                }
            })
            .collect(),
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .flat_map(|item| {
                lines(item)
                    .into_iter()
                    .enumerate()
                    .map(|(number, line)| format!("{} {line}", if number == 0 { "-" } else { " " }))
            })
            .collect(),
        other => scalar(other).into_iter().collect(),
    }
}

/// What stands on one line; none: what has something inside.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Object(members) if !members.is_empty() => None,
        Value::Array(items) if !items.is_empty() => None,
        Value::String(said) => Some(text(said)),
        other => Some(other.to_string()),
    }
}

/// A text as it is, where it can be nothing else. What a partner wrote must neither steer the terminal nor begin a line
/// of its own: with such characters, and without any, it stands in quotation marks with them escaped.
pub(crate) fn text(said: &str) -> String {
    let is_plain = |c: char| matches!(c, '\'' | '"' | '\\') || c.escape_debug().eq([c]);
    if said.trim() == said && !said.is_empty() && said.chars().all(is_plain) {
        said.to_owned()
    } else {
        format!("{said:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(value: &Value, expected: &[&str]) {
        assert_eq!(lines(value), expected, "{value}");
    }

    #[test]
    fn all_that_is_shown_has_its_line() {
        check(&json!("counted at the border"), &["counted at the border"]);
        check(&json!(2.5), &["2.5"]);
        check(&json!(null), &["null"]);
        check(&json!({}), &["{}"]);
        check(
            &json!({ "number": "7", "lines": [{ "item": "a", "parts": [] }, [1, 2]], "by": { "id": "olga" } }),
            &[
                "by:",
                "  id: olga",
                "lines:",
                "  - item: a",
                "    parts: []",
                "  - - 1",
                "    - 2",
                "number: 7",
            ],
        );
    }

    #[test]
    fn what_a_partner_wrote_is_no_line_and_no_command_of_its_own() {
        check(&json!("a\nnumber: 8"), &["\"a\\nnumber: 8\""]);
        check(&json!("\u{1b}[2Kgone"), &["\"\\u{1b}[2Kgone\""]);
        check(&json!("\u{202e}reversed"), &["\"\\u{202e}reversed\""]);
        check(&json!(""), &["\"\""]);
        check(&json!({ "a\r": "żółw \"x\"" }), &["\"a\\r\": żółw \"x\""]);
    }
}
