//! Writing: what a recorded case says, and what is expected after all, into a file whose comments stay.

use dragoman_model::Value;

use super::Case;
use crate::yaml::resolve;

/// The widest line of a list or an object that is written in one line.
const WIDE: usize = 96;

/// A document of YAML with the members of an object in the order given.
pub fn document(members: &[(&str, Value)]) -> String {
    members
        .iter()
        .map(|(key, value)| format!("{key}:{}\n", after_key(value, 0)))
        .collect()
}

impl Case {
    /// The text of the case with other values under some keys of `expect`; all else, comments included, stays as it is.
    /// A key without a value is taken away.
    pub fn with_expected(&self, changes: &[(&str, Option<Value>)]) -> String {
        let text = &self.source.text;
        let Some(said) = &self.expect.said else {
            let members: Vec<(&str, Value)> = changes.iter().filter_map(|(k, v)| Some((*k, v.clone()?))).collect();
            let newline = if text.ends_with('\n') { "" } else { "\n" };
            let members: serde_json::Map<String, Value> = members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
            return format!("{text}{newline}expect:{}\n", block(&Value::Object(members), 2));
        };
        if said.flow || said.keys.is_empty() {
            return self.rewritten(changes);
        }
        let column = column(text, said.keys[0].span.range.start);
        let mut out = text.clone();
        let mut edits: Vec<(std::ops::Range<usize>, String)> = Vec::new();
        let mut added = String::new();
        for (key, value) in changes {
            let place = said.keys.iter().find(|k| k.value == *key).map(|k| k.span.range.clone());
            match (place, value) {
                (Some(range), Some(value)) => edits.push((range, format!("{key}:{}", after_key(value, column)))),
                (Some(range), None) => edits.push((lines(text, range), String::new())),
                (None, Some(value)) => {
                    added.push_str(&format!("\n{}{key}:{}", " ".repeat(column), after_key(value, column)));
                }
                (None, None) => {}
            }
        }
        if !added.is_empty() {
            let end = said.keys.iter().map(|k| k.span.range.end).max().unwrap_or(text.len());
            edits.push((end..end, added));
        }
        edits.sort_by_key(|(range, _)| std::cmp::Reverse((range.start, range.end)));
        for (range, new) in edits {
            out.replace_range(range, &new);
        }
        out
    }

    /// As [`Case::with_expected`], where `expect` stands in braces: it is written anew.
    fn rewritten(&self, changes: &[(&str, Option<Value>)]) -> String {
        let text = &self.source.text;
        let Some(said) = &self.expect.said else {
            return text.clone();
        };
        let mut members = match said.value.value() {
            Value::Object(members) => members,
            _ => serde_json::Map::new(),
        };
        for (key, value) in changes {
            match value {
                Some(value) => drop(members.insert((*key).to_owned(), value.clone())),
                None => drop(members.remove(*key)),
            }
        }
        let range = said.value.span.range.clone();
        let begin = text[..range.start].trim_end_matches(' ').len();
        format!(
            "{}{}{}",
            &text[..begin],
            block(&Value::Object(members), 2),
            &text[range.end..]
        )
    }
}

/// The whole lines of a range, with the line break behind.
fn lines(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
    start..end
}

fn column(text: &str, offset: usize) -> usize {
    offset - text[..offset].rfind('\n').map_or(0, |at| at + 1)
}

/// A text that stands by itself in its line, where brackets are letters like others.
fn alone(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.contains(['[', ']']) => {
            let without = text.replace(['[', ']'], ".");
            (scalar(&without) == without).then(|| text.clone())
        }
        _ => None,
    }
}

/// What stands behind `key:`: a scalar or a short collection in the same line, else a block below.
fn after_key(value: &Value, indent: usize) -> String {
    match alone(value).or_else(|| flow(value)) {
        Some(line) if line.len() + indent < WIDE => format!(" {line}"),
        _ => block(value, indent + 2),
    }
}

/// The members of an object: what it is about first, the others by name.
fn members(object: &serde_json::Map<String, Value>) -> Vec<(&String, &Value)> {
    const FIRST: [&str; 7] = ["call", "pipeline", "after", "event", "wait", "ending", "reason"];
    let mut members: Vec<_> = object.iter().collect();
    members.sort_by_key(|(name, _)| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    members
}

/// A collection, a line for each member, each line with its break before it.
fn block(value: &Value, indent: usize) -> String {
    let space = " ".repeat(indent);
    match value {
        Value::Object(object) if !object.is_empty() => members(object)
            .into_iter()
            .map(|(key, value)| format!("\n{space}{}:{}", scalar(key), after_key(value, indent)))
            .collect(),
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .map(|item| format!("\n{space}-{}", after_dash(item, indent)))
            .collect(),
        other => format!(" {}", flow(other).unwrap_or_default()),
    }
}

/// What stands behind a dash: an object begins in the same line.
fn after_dash(value: &Value, indent: usize) -> String {
    match alone(value).or_else(|| flow(value)) {
        Some(line) if line.len() + indent < WIDE => format!(" {line}"),
        _ => match value {
            Value::Object(_) => format!(" {}", block(value, indent + 2).trim_start()),
            _ => block(value, indent + 2),
        },
    }
}

/// A value in one line; none: it has members that themselves have members with members.
fn flow(value: &Value) -> Option<String> {
    flow_within(value, 2)
}

fn flow_within(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::Array(items) if items.is_empty() => Some("[]".into()),
        Value::Object(members) if members.is_empty() => Some("{}".into()),
        Value::Array(_) | Value::Object(_) if depth == 0 => None,
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(|item| flow_within(item, depth - 1)).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Value::Object(object) => {
            let member =
                |(key, value): (&String, &Value)| Some(format!("{}: {}", scalar(key), flow_within(value, depth - 1)?));
            let members: Option<Vec<String>> = members(object).into_iter().map(member).collect();
            Some(format!("{{ {} }}", members?.join(", ")))
        }
        Value::String(text) => Some(scalar(text)),
        other => Some(other.to_string()),
    }
}

/// A text: as it is where YAML takes it for the same text anywhere, else in double quotes, as JSON.
fn scalar(text: &str) -> String {
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let fits = |c: char| c.is_ascii_alphanumeric() || " _./|-+".contains(c);
    let plain = begins && text.chars().all(fits) && !text.ends_with(' ') && resolve(text) == Value::String(text.into());
    if plain {
        text.into()
    } else {
        Value::String(text.into()).to_string()
    }
}
