//! An example made of the word that somebody wrote: what stands where a mapping is wanted is most often one of its values.

use crate::measure;
use crate::reading::plain;
use crate::yaml::{Node, NodeKind, Scalar, resolve};

/// How a mapping is written with the word that stands in its place; none where that word says nothing of it.
pub(crate) fn example(node: &Node, what: &str) -> Option<String> {
    let NodeKind::Scalar(Scalar { text, .. }) = &node.kind else {
        return None;
    };
    let text = text.trim();
    if node.is_null() || text.is_empty() || text.len() > 80 || text.contains(['\n', '`', '"', '{', '}']) {
        return None;
    }
    let name = is_name(text);
    let is_operation = text
        .split_once('.')
        .is_some_and(|(connection, operation)| is_name(connection) && is_name(operation));
    let said = text.trim_start_matches('=').trim();
    // Inside of braces some characters end a value, and others begin something else.
    let bare = !said.contains([',', '[', ']', '#', ':', '\'', '&', '!']);
    Some(match what {
        "a trigger of events" if name => format!("`{{ name: {text} }}`"),
        "`undo`" if is_operation => format!("`{{ call: {text}, with: {{ ... }} }}`"),
        "`release`" if name => format!("`{{ ledger: {text}, once: ... }}`"),
        "`claim`" if name => format!("`{{ ledger: {text}, account: ..., once: ..., lines: ..., limits: ... }}`"),
        "`emit`" if name => format!("`{{ event: {text}, data: {{ ... }} }}`"),
        "`wait`" if name => format!("`{{ decision: {text}, answers: [...], for: 30d }}`"),
        "`void`" if bare => format!("`{{ ref: {said} }}`"),
        "`per_key`" => per_key(node, text, said, bare)?,
        "an HTTP trigger" if text.starts_with('/') && bare => format!("`{{ path: {text} }}`"),
        "a trigger of files" if bare && !text.starts_with(['/', '=']) => format!("`{{ folder: {text} }}`"),
        "an AMQP trigger" if bare && !text.starts_with('=') => format!("`{{ queue: {text}, from: ... }}`"),
        "a schedule" if measure::duration(text).is_some() => format!("`{{ every: {text} }}`"),
        "a schedule" if text.split_whitespace().count() == 5 => format!("`{{ cron: \"{text}\" }}`"),
        "`stop`" | "`park`" | "`fail`" if text.starts_with('=') => {
            format!("`{{ reason: '{}' }}`", text.replace('\'', "''"))
        }
        "`stop`" | "`park`" | "`fail`" => format!("`{{ reason: \"{text}\" }}`"),
        _ => return None,
    })
}

/// A number alone is how many; an expression is what they have in common.
fn per_key(node: &Node, text: &str, said: &str, bare: bool) -> Option<String> {
    if plain(node).is_some_and(|text| resolve(text).is_u64()) {
        return Some(format!("`{{ by: trigger.message.<field>, concurrent: {text} }}`"));
    }
    let path = bare && said.starts_with(|c: char| c.is_ascii_lowercase()) && !said.contains(' ');
    path.then(|| format!("`{{ by: {said}, concurrent: 2 }}`"))
}

/// Values that stand in a list, as an expression that gives them.
pub(crate) fn list(node: &Node) -> Option<String> {
    let NodeKind::Sequence(items) = &node.kind else {
        return None;
    };
    let items: Option<Vec<String>> = items.iter().map(item).collect();
    let items = items.filter(|items| !items.is_empty() && items.len() <= 12)?;
    Some(format!("'[{}]'", items.join(", ").replace('\'', "''")))
}

fn item(node: &Node) -> Option<String> {
    let NodeKind::Scalar(scalar) = &node.kind else {
        return None;
    };
    if let Some(expression) = scalar.text.strip_prefix('=') {
        return Some(expression.trim().to_owned());
    }
    let value = match plain(node) {
        Some(text) => resolve(text),
        None => serde_json::Value::String(scalar.text.clone()),
    };
    (!value.is_null()).then(|| value.to_string())
}

/// The word that a mapping gives to one of some keys, where one alone was to be written.
pub(crate) fn value_of<'a>(node: &'a Node, keys: &[&str], fits: fn(&str) -> bool) -> Option<&'a str> {
    let NodeKind::Mapping(mapping) = &node.kind else {
        return None;
    };
    let entry = mapping.entries.iter().find(|e| keys.contains(&&*e.key.value))?;
    plain(&entry.value).filter(|text| fits(text))
}

/// Whether a text can be the name of something that a site or a pipeline names.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(fits)
}
