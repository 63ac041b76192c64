//! Short texts for what was said: templates, durations, names.

use dragoman_manifest::Template;
use dragoman_model::Value;

/// A template in a few words: a text as it is, an expression as it was written, an object by its members.
pub(crate) fn template(template: &Template) -> String {
    match template {
        Template::Literal(literal) => match &literal.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        },
        Template::Expression(expression) => expression.text.clone(),
        Template::List(items, _) => match items.as_slice() {
            [] => "an empty list".into(),
            items => items.iter().map(self::template).collect::<Vec<_>>().join(", "),
        },
        Template::Object(members, _) => match members.as_slice() {
            [] => "nothing".into(),
            members => members
                .iter()
                .map(|(name, _)| name.value.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        },
        Template::Refused(_) => "…".into(),
    }
}

/// A duration as people write it.
pub(crate) fn duration(millis: u64) -> String {
    const UNITS: [(u64, &str); 5] = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
        (1, "ms"),
    ];
    let mut rest = millis;
    let mut out = String::new();
    for (unit, name) in UNITS {
        if rest >= unit {
            out.push_str(&format!("{}{name}", rest / unit));
            rest %= unit;
        }
    }
    if out.is_empty() { "0s".into() } else { out }
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_are_told_as_they_are_written() {
        for (millis, told) in [
            (0, "0s"),
            (1_500, "1s500ms"),
            (90_000, "1m30s"),
            (30 * 86_400_000, "30d"),
        ] {
            assert_eq!(super::duration(millis), told);
        }
    }
}
